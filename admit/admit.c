/*
 * admit.c: from bytes and an envelope to a message the store can keep.
 *
 * What is read here was written by strangers; what is decided here is decided
 * by policy alone. An ordinary message never passes; a recipient that is no
 * text is held as bytes.
 */
#include "admit/admit.h"

#include <stdlib.h>
#include <string.h>

#include "admit/altered.h"
#include "admit/judge.h"
#include "base/cleanup.h"
#include "report/copy.h"

static void
judge_rcpt(const struct submission *s, struct submission_rcpt *rcpt, struct altered_memo *memo)
{
	const struct judge_subject subject = {
		.facts = s->facts,
		.truncated = spool_truncated(s->spool),
		.size_bytes = spool_size(s->spool),
		.received_at_ms = s->received_at_ms,
		.delivered_to_is_ours = s->source->delivered_to_is_ours,
		.rcpt = buffer_span(&rcpt->path),
		.orcpt = rcpt->orcpt,
		.bytes = spool_bytes(s->spool),
		.memo = memo,
	};

	rcpt->state = judge(s->policy, &subject, &rcpt->decision);
}

/* observe changes nothing */
static bool
is_altered(const struct submission *s, const struct submission_rcpt *rcpt)
{
	return altered_is_asked(&rcpt->decision) && !policy_observes(s->policy);
}

/* What we alter goes where the mail server signs; what came as a file leaves as one. */
static const char *
route_of(const struct submission *s, const struct submission_rcpt *rcpt)
{
	return s->route == NULL && is_altered(s, rcpt) ? STORE_ROUTE_SUBMIT : s->route;
}

static enum store_budget_kind
budget_kind(enum policy_budget_kind kind)
{
	switch (kind) {
	case POLICY_BUDGET_LIMIT:
		return STORE_BUDGET_LIMIT;
	case POLICY_BUDGET_STORM:
		return STORE_BUDGET_STORM;
	case POLICY_BUDGET_HARVEST:
		return STORE_BUDGET_HARVEST;
	}
	return STORE_BUDGET_STORM;
}

/* What policy leaves to be counted; the strings stay the decision's. */
static void
fill_budgets(struct submission_rcpt *rcpt, struct store_new_record *record)
{
	const struct policy_decision *d = &rcpt->decision;

	if (d->budgets_len == 0)
		return;
	rcpt->budgets = xcalloc(d->budgets_len, sizeof(*rcpt->budgets));
	for (size_t i = 0; i < d->budgets_len; i++) {
		const struct policy_budget *b = &d->budgets[i];

		rcpt->budgets[i] = (struct store_budget){
			.kind = budget_kind(b->kind),
			.rule = b->rule,
			.key = b->key,
			.window_ms = b->window_ms,
			.max = b->max,
			.verdict = policy_action_name(b->else_action),
			.client = b->kind == POLICY_BUDGET_HARVEST ? strchr(b->key, ' ') + 1 : NULL,
			.mark_ms = b->mark_ms,
			.values = (const char *const *)b->values,
			.values_len = b->values_len,
		};
	}
	record->budgets = rcpt->budgets;
	record->budgets_len = d->budgets_len;
}

/* A server tried in vain: sent again by the thousand it would be backscatter. A human may. */
static void
hold_badmail(struct store_new_record *record)
{
	record->state = RECORD_HELD;
	record->rule = "badmail";
	record->budgets_len = 0;
}

static void
fill_records(struct submission *s)
{
	struct store_new_record *records = xcalloc(s->rcpts_len, sizeof(*records));

	for (size_t i = 0; i < s->rcpts_len; i++) {
		struct submission_rcpt *rcpt = &s->rcpts[i];

		records[i] = (struct store_new_record){
			.rcpt = buffer_span(&rcpt->path),
			.domain = rcpt->decision.domain,
			.orcpt = rcpt->orcpt,
			.notify = rcpt->notify,
			.state = rcpt->state,
			.verdict = policy_action_name(rcpt->decision.action),
			.rule = rcpt->decision.rule,
			.route = route_of(s, rcpt),
			.no_diagnostics = is_altered(s, rcpt) && rcpt->decision.no_diagnostics,
			.returned = is_altered(s, rcpt)
					    ? altered_returned_name(rcpt->decision.returned)
					    : NULL,
			.proof = rcpt->decision.proof == POLICY_PROOF_NONE
					 ? NULL
					 : policy_proof_name(rcpt->decision.proof),
			.observed = policy_observes(s->policy),
		};
		fill_budgets(rcpt, &records[i]);
		if (s->source->undeliverable && records[i].state == RECORD_SENDING)
			hold_badmail(&records[i]);
	}
	s->message.records = records;
	s->message.records_len = s->rcpts_len;
}

static void
fill_message(struct submission *s)
{
	struct store_new_message *m = &s->message;

	memcpy(m->sha256, spool_sha256(s->spool), sizeof(m->sha256));
	m->body = spool_bytes(s->spool);
	m->size_bytes = spool_size(s->spool);
	m->truncated = spool_truncated(s->spool);
	m->received_at_ms = s->received_at_ms;
	m->intake = s->source->intake;
	m->mail_body = s->mail_body;
	m->smtputf8 = s->smtputf8;
	m->ret = s->ret;
	m->envid = s->envid;
	m->class = facts_class_name(s->facts->class);
	m->facts = s->facts_json;
	m->subject = s->facts->subject;
	m->message_id = s->facts->message_id;
	m->original_message_id = s->facts->original.message_id;
	m->policy_revision = policy_revision(s->policy);
	if (s->facts->original.walk == FACTS_WALK_BORDER)
		m->client = s->facts->original.client_ip;
	for (size_t i = 0; i < s->facts->traces_len; i++) {
		s->traces[i].record = s->facts->traces[i].record;
		memcpy(s->traces[i].token, s->facts->traces[i].token, STORE_TOKEN_BYTES);
	}
	m->traces = s->traces;
	m->traces_len = s->facts->traces_len;
}

void
admit_judge(struct submission *s)
{
	const struct facts_envelope envelope = {
		.sender = s->sender,
		.rcpt = s->rcpts_len > 0 ? judge_rcpt_text(buffer_span(&s->rcpts[0].path)) : NULL,
	};
	struct altered_memo memo = { 0 };
	struct facts_site site;

	site = policy_site(s->policy);
	s->facts = facts_from_message_at(spool_bytes(s->spool), &envelope,
					 site.hosts_len > 0 ? &site : NULL);
	s->facts_json = facts_to_json(s->facts, NULL);
	for (size_t i = 0; i < s->rcpts_len; i++)
		judge_rcpt(s, &s->rcpts[i], &memo);
	fill_message(s);
	fill_records(s);
}

bool
admit_is_mail(const struct submission *s)
{
	if (s->source->null_sender_only && (s->sender == NULL || s->sender[0] != '\0'))
		return true;
	return s->facts->class == FACTS_MAIL;
}

bool
admit_has_arrived(const struct submission *s)
{
	for (size_t i = 0; s->source->has_arrived && i < s->rcpts_len; i++)
		if (strcmp(s->rcpts[i].decision.rule, "local") == 0)
			return true;
	return false;
}

int
admit_set_aside(struct submission *s, const struct store_place *place, const char *reason,
		struct error *err)
{
	AUTO(freep) struct span *rcpts = xcalloc(s->rcpts_len, sizeof(*rcpts));
	const struct store_damaged damaged = {
		.place = *place,
		.body = spool_bytes(s->spool),
		.intake = s->source->intake,
		.reason = reason,
		.sender = s->sender,
		.rcpts = rcpts,
		.rcpts_len = s->rcpts_len,
		.received_at_ms = s->received_at_ms,
		.sha256 = spool_sha256(s->spool),
	};

	for (size_t i = 0; i < s->rcpts_len; i++)
		rcpts[i] = buffer_span(&s->rcpts[i].path);
	if (store_put_damaged(&damaged, err) < 0)
		return -1;
	s->outcome = SUBMISSION_DAMAGED;
	(void)error_set(&s->err, ERROR_PERM, "%s", reason);
	return 0;
}

/* For the postmaster, who has asked for it: not of what came before, nor of what came back. */
static bool
wants_copy(const struct submission *s, size_t i)
{
	return s->hostname != NULL && s->message.records[i].outcome == STORE_PUT_NEW &&
	       policy_wants_copy(s->policy, &s->rcpts[i].decision, s->facts);
}

static int
make_copy(struct submission *s, struct store *store, size_t i, struct error *err)
{
	const struct policy_postmaster postmaster = policy_postmaster(s->policy);
	const struct store_new_record *r = &s->message.records[i];
	const struct copy_request request = {
		.record = r->id,
		.state = r->became,
		.rule = r->became_by,
		.rcpt = r->rcpt,
		.facts = s->facts,
		.body = spool_bytes(s->spool),
		.truncated = spool_truncated(s->spool),
		.smtputf8 = s->smtputf8,
		.to = postmaster.address,
		.hostname = s->hostname,
		.now_ms = s->received_at_ms,
		.max = postmaster.copy_max,
		.window_ms = postmaster.copy_window_ms,
	};
	int made = copy_put(store, &request, &s->rcpts[i].copy, err);

	if (made == 0)
		s->rcpts[i].copy = -1;
	return made < 0 ? -1 : 0;
}

static int
make_copies(struct store *store, void *ctx, struct error *err)
{
	struct submission *s = ctx;

	for (size_t i = 0; i < s->rcpts_len; i++) {
		s->rcpts[i].copy = 0;
		if (wants_copy(s, i) && make_copy(s, store, i, err) < 0) {
			/* the notification itself may be as good as any: it stays where it is */
			err->class = ERROR_TEMP;
			return -1;
		}
	}
	return 0;
}

int
admit_store(struct submission *s, struct store *store, struct error *err)
{
	if (store_put_then(store, &s->message, make_copies, s, err) < 0)
		return -1;
	s->outcome = SUBMISSION_COMMITTED;
	return 0;
}
