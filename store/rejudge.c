/*
 * rejudge.c: what waits in the outbox, when the policy has changed.
 *
 * Promises that only a record that waits, unleased, leaves it here, and that
 * its new state, its verdict, its journal row and the end of its outbox row
 * are made together. One that stays may lose a part of what goes out, and never
 * gets it back. How it had come in stays known: the journal's row keeps
 * the rule that let it pass.
 */
#include <assert.h>

#include "base/cleanup.h"
#include "store/journal.h"
#include "store/transaction.h"

int
store_waiting(struct store *store, const char *revision, size_t max, int64_t *after_id,
	      int64_t *ids, size_t *ret_len, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_WAITING_LOOK);
	int64_t last = 0;
	size_t len = 0;
	int row;

	query_text(&q, revision);
	query_int(&q, *after_id);
	query_int(&q, (int64_t)max);
	while ((row = query_row(&q, err)) > 0) {
		last = sqlite3_column_int64(q.statement, 0);
		if (sqlite3_column_int(q.statement, 1) != 0)
			ids[len++] = last;
	}
	if (row < 0 || last == 0)
		return row;
	*after_id = last;
	*ret_len = len;
	return 1;
}

/* The rule that let it pass, the caller's: 1; 0 it does not wait, -1. */
static int
find_rule(struct store *store, int64_t record, char **ret_rule, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_WAITING_RULE);
	int row;

	query_int(&q, record);
	row = query_row(&q, err);
	if (row > 0)
		*ret_rule = xstrdup(query_column_text(&q, 0));
	return row;
}

static int
set_verdict(struct store *store, const struct store_rejudged *r, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_VERDICT_SET);

	query_int(&q, r->record);
	query_text(&q, r->verdict);
	query_text(&q, r->rule);
	query_text(&q, r->proof);
	return query_run(&q, err);
}

static int
leave_outbox(struct store *store, int64_t record, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_REMOVE);

	query_int(&q, record);
	return query_run(&q, err);
}

static int
rejudge(struct store *store, const struct store_rejudged *r, int64_t now_ms, struct error *err)
{
	AUTO(freep) char *rule = NULL;
	AUTO(freep) char *why = NULL;
	struct cause cause = { .who = "policy", .at_ms = now_ms };
	int waits = find_rule(store, r->record, &rule, err);
	int moved;

	if (waits <= 0)
		return waits;
	cause.why = why =
		xasprintf("%s; policy %s" REJUDGED_BEFORE "%s", r->rule, r->policy_revision, rule);
	moved = journal_move(store, r->record, RECORD_SENDING, r->state, &cause, err);
	assert(moved != 0); /* it was so a moment ago, in this transaction */
	if (moved < 0 || set_verdict(store, r, err) < 0 || leave_outbox(store, r->record, err) < 0)
		return -1;
	return 1;
}

int
store_rejudge(struct store *store, const struct store_rejudged *rejudged, int64_t now_ms,
	      int *ret_done, struct error *err)
{
	struct write write;
	int done;

	assert(rejudged->state == RECORD_HELD || rejudged->state == RECORD_DELETED);
	if (write_begin(store, &write, err) < 0)
		return -1;
	done = write_end(&write, rejudge(store, rejudged, now_ms, err), err);
	if (done < 0)
		return -1;
	*ret_done = done;
	return 0;
}

/* ---- less of it ------------------------------------------------------------- */

static int
set_less(struct store *store, int64_t record, bool no_diagnostics, const char *returned,
	 struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_SHORTEN);

	query_int(&q, record);
	query_int(&q, no_diagnostics);
	query_text(&q, returned);
	return query_run(&q, err) < 0 ? -1 : sqlite3_changes(store->db) > 0;
}

static int
follow_route(struct store *store, int64_t record, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_REROUTE);

	query_int(&q, record);
	return query_run(&q, err);
}

static int
shorten(struct store *store, int64_t record, bool no_diagnostics, const char *returned,
	const struct cause *cause, struct error *err)
{
	AUTO(freep) char *rule = NULL;
	int rc = find_rule(store, record, &rule, err);

	if (rc > 0)
		rc = set_less(store, record, no_diagnostics, returned, err);
	if (rc > 0 && (follow_route(store, record, err) < 0 ||
		       journal_note(store, record, RECORD_SENDING, cause, err) < 0))
		return -1;
	return rc;
}

int
store_shorten(struct store *store, int64_t record, bool no_diagnostics, const char *returned,
	      const char *policy_revision, int64_t now_ms, int *ret_done, struct error *err)
{
	AUTO(freep) char *why = xasprintf("less of it goes out; policy %s", policy_revision);
	const struct cause cause = { .who = "policy", .why = why, .at_ms = now_ms };
	struct write write;
	int done;

	if (write_begin(store, &write, err) < 0)
		return -1;
	done = write_end(&write, shorten(store, record, no_diagnostics, returned, &cause, err),
			 err);
	if (done < 0)
		return -1;
	*ret_done = done;
	return 0;
}
