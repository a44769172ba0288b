/*
 * rejudge.c: the outbox, judged again in small pieces.
 *
 *	                fetch                 judge                apply
 *	idle ──run──► (committer: rows ──► (pool: facts and ──► (committer: out of ──┐
 *	 ▲             and bodies)          decision)            the outbox)         │
 *	 │               ▲    │                                                      │
 *	 └── no row left ┼────┘                                                      │
 *	                 └────── next piece ◄────────────────────────────────────────┘
 *
 * A piece is PIECE_ROWS rows, or fewer when they are large, so that nobody
 * waits long for the store or the pool behind it. A step that fails for now is
 * tried again, and the outbox waits: what cannot be judged is not let go. Each
 * step is a whole; a kill between two of them leaves rows for the next start.
 * Counts were taken when it came in: what a rule would count is let pass.
 * What crashed a reader before, or whose body the store cannot give, is held
 * by the rule "unreadable".
 */
#include "qmgr/rejudge.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit/judge.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

enum { PIECE_ROWS = 32, PIECE_BYTES = 4 << 20, AGAIN_S = 1 };

struct row {
	int64_t id;
	char *orcpt, *intake, *class;
	struct buffer rcpt;
	bool truncated;
	int64_t size_bytes, received_at_ms;
	struct spool *spool; /* NULL: it has no body any more */
	bool unreadable;     /* though it should have one */
	enum record_state state;
	struct policy_decision decision;
	int moved;        /* store_rejudge's *ret_done */
	struct error err; /* why it was left as it is; no text: it was not */
};

struct rejudge {
	struct job job; /* first: fetch and apply */
	struct task task;
	struct rejudge_options options;
	ev_timer again;
	struct policy *policy, *next; /* next: what to begin anew with */
	int64_t after_id;             /* the last row of the piece before */
	int64_t last_id;              /* of this piece */
	bool ended;                   /* there is no row behind it */
	struct row rows[PIECE_ROWS];
	size_t len;
	int64_t records, held, deleted, shortened;
	bool busy, draining;
};

static void fetch(struct rejudge *r);

static struct rejudge *
of_task(struct task *task)
{
	return (struct rejudge *)((char *)task - offsetof(struct rejudge, task));
}

static void
drop_piece(struct rejudge *r)
{
	for (size_t i = 0; i < r->len; i++) {
		struct row *row = &r->rows[i];

		free(row->orcpt);
		free(row->intake);
		free(row->class);
		buffer_done(&row->rcpt);
		spool_freep(&row->spool);
		policy_decision_done(&row->decision);
		*row = (struct row){ 0 };
	}
	r->len = 0;
}

/* ---- ends ---------------------------------------------------------------- */

static void
end(struct rejudge *r)
{
	if (r->records > 0)
		log_event(LOG_NOTICE, "rejudge-ended", LOG_I("records", r->records),
			  LOG_I("held", r->held), LOG_I("deleted", r->deleted),
			  LOG_I("shortened", r->shortened),
			  LOG_S("policy", policy_revision(r->policy)));
	r->busy = false;
	policy_unrefp(&r->policy);
	r->options.hold(r->options.ctx, false);
}

static void
begin(struct rejudge *r)
{
	policy_unrefp(&r->policy);
	r->policy = TAKE(r->next);
	r->after_id = 0;
	r->records = r->held = r->deleted = r->shortened = 0;
	r->busy = true;
	if (policy_observes(r->policy)) /* which sends everything: nothing becomes stricter */
		end(r);
	else
		fetch(r);
}

/* Between two pieces. */
static void
go_on(struct rejudge *r)
{
	if (r->draining)
		r->busy = false;
	else if (r->next != NULL)
		begin(r);
	else if (r->ended)
		end(r);
	else
		fetch(r);
}

/* The piece is tried again as a whole. */
static void
step_failed(struct rejudge *r)
{
	log_event(LOG_ERR, "rejudge-failed", LOG_S("reason", r->job.err.text));
	drop_piece(r);
	if (r->draining) {
		r->busy = false;
		return;
	}
	ev_timer_set(&r->again, AGAIN_S, 0);
	ev_timer_start(r->options.loop, &r->again);
}

static void
on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct rejudge *r = timer->data;

	(void)loop;
	(void)events;
	if (r->next != NULL)
		begin(r);
	else
		fetch(r);
}

/* ---- apply ---------------------------------------------------------------- */

/* Also what was not looked at: it stays. */
static bool
stays(const struct row *row)
{
	return row->state == RECORD_SENDING;
}

static int
apply_row(const struct rejudge *r, struct row *row, struct store *store, struct error *err)
{
	const struct store_rejudged rejudged = {
		.record = row->id,
		.state = row->state,
		.verdict = policy_action_name(row->decision.action),
		.rule = row->decision.rule,
		.policy_revision = policy_revision(r->policy),
		.proof = row->decision.proof == POLICY_PROOF_NONE
				 ? NULL
				 : policy_proof_name(row->decision.proof),
	};

	if (store_rejudge(store, &rejudged, clock_now_ms(), &row->moved, err) == 0)
		return 0;
	if (err->class == ERROR_TEMP)
		return -1;
	row->err = *err; /* never, for this one: the others go on */
	return 0;
}

/* One that still is to be sent: as short as the policy says. */
static int
shorten_row(const struct rejudge *r, struct row *row, struct store *store, struct error *err)
{
	const struct policy_decision *d = &row->decision;

	if (!altered_is_asked(d))
		return 0;
	return store_shorten(store, row->id, d->no_diagnostics, altered_returned_name(d->returned),
			     policy_revision(r->policy), clock_now_ms(), &row->moved, err);
}

static int
apply_execute(struct job *job, struct store *store, struct error *err)
{
	struct rejudge *r = (struct rejudge *)job;

	for (size_t i = 0; i < r->len; i++)
		if ((stays(&r->rows[i]) ? shorten_row(r, &r->rows[i], store, err)
					: apply_row(r, &r->rows[i], store, err)) < 0)
			return -1;
	return 0;
}

static void
report(struct rejudge *r, const struct row *row)
{
	r->records++;
	if (row->err.text[0] != '\0')
		log_event(LOG_ERR, "rejudge-skipped", LOG_I("id", row->id),
			  LOG_S("reason", row->err.text));
	if (row->moved <= 0)
		return;
	r->held += row->state == RECORD_HELD;
	r->deleted += row->state == RECORD_DELETED;
	r->shortened += row->state == RECORD_SENDING;
	log_event(LOG_INFO, "rejudged", LOG_I("id", row->id),
		  LOG_S("state", record_state_name(row->state)), LOG_S("rule", row->decision.rule),
		  LOG_S("policy", policy_revision(r->policy)));
}

static void
piece_done(struct rejudge *r)
{
	for (size_t i = 0; i < r->len; i++)
		report(r, &r->rows[i]);
	drop_piece(r);
	r->after_id = r->last_id;
	go_on(r);
}

static void
apply_done(struct task *task)
{
	struct rejudge *r = (struct rejudge *)task;

	if (r->job.result < 0)
		step_failed(r);
	else
		piece_done(r);
}

static void
apply(struct rejudge *r)
{
	bool stricter = false;

	for (size_t i = 0; i < r->len; i++)
		stricter |= !stays(&r->rows[i]) || altered_is_asked(&r->rows[i].decision);
	if (!stricter) {
		piece_done(r);
		return;
	}
	r->job.execute = apply_execute;
	r->job.task.done = apply_done;
	r->job.undoes_itself = false;
	committer_submit(r->options.committer, &r->job);
}

/* ---- judge ---------------------------------------------------------------- */

static void
judge_unreadable(struct row *row)
{
	row->decision = (struct policy_decision){ .action = POLICY_HOLD };
	(void)snprintf(row->decision.rule, sizeof(row->decision.rule), "unreadable");
	row->state = RECORD_HELD;
}

static void
judge_row(const struct rejudge *r, struct row *row)
{
	const struct store_record record = {
		.rcpt = buffer_span(&row->rcpt),
		.orcpt = row->orcpt,
		.intake = row->intake,
		.class = row->class,
		.truncated = row->truncated,
		.size_bytes = row->size_bytes,
		.received_at_ms = row->received_at_ms,
	};
	AUTO(facts_freep) struct facts *facts = NULL;
	struct altered_memo memo = { 0 };

	row->state = RECORD_SENDING;
	if (row->spool == NULL && !row->unreadable)
		return;
	if (row->unreadable ||
	    crashmark_is_suspect(r->options.crashmark, spool_sha256(row->spool))) {
		judge_unreadable(row);
		return;
	}
	crashmark_enter(spool_sha256(row->spool));
	facts = judge_read_record(r->policy, &record, spool_bytes(row->spool));
	row->state = judge_record(r->policy, &record, facts, spool_bytes(row->spool), &memo,
				  &row->decision);
	crashmark_leave();
}

/* In the pool. */
static bool
judge_run(struct task *task, void *ctx)
{
	struct rejudge *r = of_task(task);

	(void)ctx;
	for (size_t i = 0; i < r->len; i++)
		judge_row(r, &r->rows[i]);
	return true;
}

static void
judge_done(struct task *task)
{
	struct rejudge *r = of_task(task);

	if (!r->draining) {
		apply(r);
		return;
	}
	drop_piece(r);
	r->busy = false;
}

/* ---- fetch ---------------------------------------------------------------- */

static int
copy_record(const struct store_record *record, void *ctx)
{
	struct row *row = ctx;

	buffer_add(&row->rcpt, record->rcpt.data, record->rcpt.len);
	row->orcpt = xstrdup(record->orcpt);
	row->intake = xstrdup(record->intake);
	row->class = xstrdup(record->class);
	row->truncated = record->truncated;
	row->size_bytes = record->size_bytes;
	row->received_at_ms = record->received_at_ms;
	return 0;
}

static int
add_piece(void *ctx, const void *data, size_t len, struct error *err)
{
	return spool_add(ctx, (struct span){ data, len }, err);
}

/* 0, or -1: not now. A body that the store has lost, though there is room to read it, is held. */
static int
read_body(const struct rejudge *r, struct row *row, struct store *store, struct error *err)
{
	int found;

	row->spool = spool_new(r->options.spool_folder, INT64_MAX);
	found = store_read_body(store, row->id, add_piece, row->spool, err);
	if (spool_finish(row->spool, err) < 0)
		return -1;
	row->unreadable = found < 0;
	if (found <= 0)
		spool_freep(&row->spool);
	return 0;
}

static int
fetch_row(const struct rejudge *r, struct row *row, struct store *store, struct error *err)
{
	int found = store_get(store, row->id, copy_record, row, err);

	if (found <= 0)
		return found;
	return read_body(r, row, store, err);
}

static int
fetch_execute(struct job *job, struct store *store, struct error *err)
{
	struct rejudge *r = (struct rejudge *)job;
	int64_t ids[PIECE_ROWS], bytes = 0;
	size_t len = 0;
	int more;

	r->last_id = r->after_id;
	more = store_waiting(store, policy_revision(r->policy), PIECE_ROWS, &r->last_id, ids, &len,
			     err);
	if (more < 0)
		return -1;
	r->ended = more == 0;
	for (size_t i = 0; i < len && bytes < PIECE_BYTES; i++) {
		r->rows[i].id = ids[i];
		r->len = i + 1;
		if (fetch_row(r, &r->rows[i], store, err) < 0)
			return -1;
		if (r->rows[i].spool != NULL)
			bytes += spool_size(r->rows[i].spool);
	}
	if (r->len < len)
		r->last_id = r->rows[r->len - 1].id;
	return 0;
}

static void
fetch_done(struct task *task)
{
	struct rejudge *r = (struct rejudge *)task;

	if (r->job.result < 0) {
		step_failed(r);
	} else if (r->len == 0 || r->draining) {
		drop_piece(r);
		r->after_id = r->last_id;
		go_on(r);
	} else {
		admission_run(r->options.admission, &r->task);
	}
}

static void
fetch(struct rejudge *r)
{
	r->job.execute = fetch_execute;
	r->job.task.done = fetch_done;
	r->job.undoes_itself = true; /* it only reads */
	committer_submit(r->options.committer, &r->job);
}

/* ---- start and stop -------------------------------------------------------- */

struct rejudge *
rejudge_start(const struct rejudge_options *options)
{
	struct rejudge *r = xcalloc(1, sizeof(*r));

	r->options = *options;
	r->task.run = judge_run;
	r->task.done = judge_done;
	ev_init(&r->again, on_again);
	r->again.data = r;
	return r;
}

void
rejudge_run(struct rejudge *r, struct policy *policy)
{
	if (r->draining)
		return;
	policy_unrefp(&r->next);
	r->next = policy_ref(policy);
	r->options.hold(r->options.ctx, true);
	if (!r->busy)
		begin(r);
}

void
rejudge_drain(struct rejudge *r)
{
	r->draining = true;
	if (!ev_is_active(&r->again))
		return;
	ev_timer_stop(r->options.loop, &r->again);
	r->busy = false;
}

bool
rejudge_busy(const struct rejudge *r)
{
	return r->busy;
}

void
rejudge_stopp(struct rejudge **ret_rejudge)
{
	struct rejudge *r = *ret_rejudge;

	if (r == NULL)
		return;
	ev_timer_stop(r->options.loop, &r->again);
	drop_piece(r);
	policy_unrefp(&r->policy);
	policy_unrefp(&r->next);
	free(r);
	*ret_rejudge = NULL;
}
