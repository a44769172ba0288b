/*
 * outbox.c: what is still to be sent, and by whom.
 *
 * Promises that a row is leased to one run of the daemon at a time and that
 * only that run can end the lease, with the record's new state, its journal
 * row and the relay's words in one transaction. Leases never expire: a run
 * that is gone is known by its instance (store_outbox_recover). A row that is
 * to be tried again costs no journal row, so a relay that is down for days
 * does not fill the disk.
 */
#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/journal.h"
#include "store/transaction.h"

#define UNKNOWN "outcome unknown"

/* ---- recover --------------------------------------------------------- */

/* The next record after *record that an earlier run leased: 1, 0 none, -1. */
static int
next_stale(struct store *store, int64_t *record, enum record_state *ret_state, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_LEASE_STALE);
	int row;

	query_int(&q, store->instance);
	query_int(&q, *record);
	row = query_row(&q, err);
	if (row > 0) {
		*record = sqlite3_column_int64(q.statement, 0);
		*ret_state = query_column_state(&q, 1);
	}
	return row;
}

static int
clear_lease(struct store *store, int64_t record, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_LEASE_CLEAR);

	query_int(&q, record);
	return query_run(&q, err);
}

static int
recover_all(struct store *store, int64_t now_ms, int64_t *cleared, struct error *err)
{
	const struct cause cause = { .who = "daemon", .why = UNKNOWN, .at_ms = now_ms };
	enum record_state state;
	int64_t record = 0;
	int row;

	while ((row = next_stale(store, &record, &state, err)) > 0) {
		if (journal_note(store, record, state, &cause, err) < 0 ||
		    clear_lease(store, record, err) < 0)
			return -1;
		++*cleared;
	}
	return row;
}

int
store_outbox_recover(struct store *store, int64_t now_ms, int64_t *ret_cleared, struct error *err)
{
	struct write write;
	int64_t cleared = 0;

	if (write_begin(store, &write, err) < 0 ||
	    write_end(&write, recover_all(store, now_ms, &cleared, err), err) < 0)
		return -1;
	*ret_cleared = cleared;
	return 0;
}

/* ---- lease ----------------------------------------------------------- */

void
store_lease_done(struct store_lease *lease)
{
	free(lease->rcpt);
	free(lease->orcpt);
	free(lease->notify);
	free(lease->mail_body);
	free(lease->ret);
	free(lease->envid);
	free(lease->returned);
	*lease = (struct store_lease){ 0 };
}

/* The first max due records of a route. */
static int
find_due(struct store *store, const char *route, int64_t now_ms, size_t max, int64_t *ids,
	 size_t *ret_len, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_DUE);
	int row;

	*ret_len = 0;
	query_text(&q, route);
	query_int(&q, now_ms);
	query_int(&q, (int64_t)max);
	while ((row = query_row(&q, err)) > 0)
		ids[(*ret_len)++] = sqlite3_column_int64(q.statement, 0);
	return row;
}

static int
set_lease(struct store *store, int64_t record, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_LEASE_SET);

	query_int(&q, record);
	query_int(&q, store->instance);
	return query_run(&q, err);
}

static char *
dup_text(const struct query *q, int column)
{
	return xstrdup(query_column_text(q, column));
}

static void
fill_lease(const struct query *q, int64_t record, struct store_lease *lease)
{
	sqlite3_stmt *s = q->statement;
	struct span token = query_column_blob(q, 0);

	*lease = (struct store_lease){
		.record = record,
		.rcpt = span_dup(query_column_blob(q, 1)),
		.rcpt_replaced = sqlite3_column_int(s, 2) != 0,
		.orcpt = dup_text(q, 3),
		.notify = dup_text(q, 4),
		.mail_body = dup_text(q, 5),
		.ret = dup_text(q, 6),
		.envid = dup_text(q, 7),
		.smtputf8 = sqlite3_column_int(s, 8) != 0,
		.truncated = sqlite3_column_int(s, 9) != 0,
		.attempts = sqlite3_column_int64(s, 10),
		.size_bytes = sqlite3_column_int64(s, 11),
		.received_at_ms = sqlite3_column_int64(s, 12),
		.no_diagnostics = sqlite3_column_int(s, 13) != 0,
		.returned = dup_text(q, 14),
	};
	if (token.len == STORE_TOKEN_BYTES)
		memcpy(lease->token, token.data, STORE_TOKEN_BYTES);
}

static int
get_lease(struct store *store, int64_t record, struct store_lease *lease, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_LEASE_GET);
	int row;

	query_int(&q, record);
	row = query_row(&q, err);
	if (row > 0)
		fill_lease(&q, record, lease);
	return row < 0 ? -1 : 0;
}

static int
lease_due(struct store *store, const char *route, int64_t now_ms, size_t max,
	  struct store_lease *leases, size_t *len, struct error *err)
{
	AUTO(freep) int64_t *ids = xcalloc(max, sizeof(*ids));
	size_t due;

	if (find_due(store, route, now_ms, max, ids, &due, err) < 0)
		return -1;
	for (; *len < due; ++*len)
		if (set_lease(store, ids[*len], err) < 0 ||
		    get_lease(store, ids[*len], &leases[*len], err) < 0)
			return -1;
	return 0;
}

int
store_outbox_lease(struct store *store, const char *route, int64_t now_ms, size_t max,
		   struct store_lease *leases, size_t *ret_len, struct error *err)
{
	struct write write;
	int64_t first;
	size_t len = 0;

	assert(store->instance != 0);
	*ret_len = 0;
	if (max == 0 || find_due(store, route, now_ms, 1, &first, &len, err) < 0)
		return max == 0 ? 0 : -1;
	if (len == 0)
		return 0; /* no write lock is taken for nothing */
	len = 0;
	if (write_begin(store, &write, err) < 0)
		return -1;
	if (write_end(&write, lease_due(store, route, now_ms, max, leases, &len, err), err) < 0) {
		while (len > 0)
			store_lease_done(&leases[--len]);
		return -1;
	}
	*ret_len = len;
	return 0;
}

/* ---- finish ---------------------------------------------------------- */

/* 1 and the record's state when the lease is ours, 0, -1. */
static int
find_lease(struct store *store, int64_t record, enum record_state *ret_state, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_LEASE_FIND);
	int row;

	query_int(&q, record);
	query_int(&q, store->instance);
	row = query_row(&q, err);
	if (row > 0)
		*ret_state = query_column_state(&q, 0);
	return row;
}

static int
set_reply(struct store *store, int64_t record, const char *reply, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_REPLY_SET);

	query_int(&q, record);
	query_text(&q, reply);
	return query_run(&q, err);
}

static int
retry_later(struct store *store, int64_t record, int64_t due_at_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_RETRY);

	query_int(&q, record);
	query_int(&q, due_at_ms);
	return query_run(&q, err);
}

/* The end of the way: the row goes, the record gets its last state. */
static int
leave_outbox(struct store *store, int64_t record, enum record_state from, enum record_state to,
	     const struct cause *cause, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_REMOVE);
	int moved = journal_move(store, record, from, to, cause, err);

	assert(moved != 0); /* nothing but this takes a record out of an outbox state */
	if (moved < 0)
		return -1;
	query_int(&q, record);
	return query_run(&q, err);
}

static int
note_unknown(struct store *store, int64_t record, enum record_state state,
	     const struct cause *cause, struct error *err)
{
	AUTO(freep)
	char *why = cause->why == NULL ? xstrdup(UNKNOWN) : xasprintf(UNKNOWN ": %s", cause->why);
	struct cause unknown = *cause;

	unknown.why = why;
	return journal_note(store, record, state, &unknown, err);
}

static int
settle(struct store *store, int64_t record, enum record_state state, enum store_delivery outcome,
       const struct cause *cause, int64_t next_due_ms, struct error *err)
{
	switch (outcome) {
	case STORE_DELIVERY_DONE:
		return leave_outbox(store, record, state,
				    state == RECORD_SENDING ? RECORD_SENT : RECORD_RELEASED, cause,
				    err);
	case STORE_DELIVERY_REFUSED:
		return leave_outbox(store, record, state, RECORD_FAILED, cause, err);
	case STORE_DELIVERY_UNKNOWN:
		if (note_unknown(store, record, state, cause, err) < 0)
			return -1;
		return retry_later(store, record, next_due_ms, err);
	case STORE_DELIVERY_RETRY:
		return retry_later(store, record, next_due_ms, err);
	}
	assert(false);
	return -1;
}

static int
finish(struct store *store, int64_t record, enum store_delivery outcome, const struct cause *cause,
       int64_t next_due_ms, struct error *err)
{
	enum record_state state;
	int ours = find_lease(store, record, &state, err);

	if (ours <= 0)
		return ours;
	if (set_reply(store, record, cause->why, err) < 0 ||
	    settle(store, record, state, outcome, cause, next_due_ms, err) < 0)
		return -1;
	return 1;
}

int
store_outbox_finish(struct store *store, int64_t record, enum store_delivery outcome,
		    const char *reply, int64_t next_due_ms, int64_t now_ms, int *ret_done,
		    struct error *err)
{
	const struct cause cause = { .who = "outbox", .why = reply, .at_ms = now_ms };
	struct write write;
	int done;

	if (write_begin(store, &write, err) < 0)
		return -1;
	done = write_end(&write, finish(store, record, outcome, &cause, next_due_ms, err), err);
	if (done < 0)
		return -1;
	*ret_done = done;
	return 0;
}

int
store_outbox_next(struct store *store, const char *route, int64_t *ret_due_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_NEXT);
	int row;

	query_text(&q, route);
	row = query_row(&q, err);
	if (row > 0)
		*ret_due_ms = sqlite3_column_int64(q.statement, 0);
	return row;
}

int
store_outbox_routes(struct store *store, int (*each)(const char *route, int64_t rows, void *ctx),
		    void *ctx, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_ROUTES);
	int row;

	while ((row = query_row(&q, err)) > 0)
		if (each(query_column_text(&q, 0), sqlite3_column_int64(q.statement, 1), ctx) != 0)
			return 0;
	return row;
}
