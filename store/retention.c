/*
 * retention.c: emptying bodies, forgetting records.
 *
 * Promises never to touch a record with an outbox row, to remove a body only
 * when the last record that shares it is purged, and to hold the write lock
 * for a bounded piece of work: a call ends at its limit of records or after
 * PURGE_BYTES of bodies, whichever is first, so callers repeat until nothing
 * was done. When there is nothing to do, nothing is locked.
 */
#include <assert.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/journal.h"
#include "store/room.h"
#include "store/transaction.h"

#define PURGE_BYTES (INT64_C(64) << 20)

struct old {
	int64_t id, message;
	int64_t storm; /* to forget: 0 none */
	enum record_state state;
};

struct old_list {
	struct old *items;
	size_t len, size;
};

static void
old_list_done(struct old_list *list)
{
	free(list->items);
}

static int
collect(struct query *q, enum record_state state, struct old_list *list, struct error *err)
{
	int row;

	while ((row = query_row(q, err)) > 0) {
		list->items = array_grow(list->items, &list->size, list->len, sizeof(*list->items));
		list->items[list->len++] = (struct old){
			.id = sqlite3_column_int64(q->statement, 0),
			.message = sqlite3_column_int64(q->statement, 1),
			.storm = sqlite3_column_int64(q->statement, 2),
			.state = state,
		};
	}
	return row;
}

/* ---- purge ----------------------------------------------------------- */

static int
pick_of_state(struct store *store, enum record_state state, int64_t before_ms, int64_t limit,
	      struct old_list *list, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_PURGE_PICK);

	query_text(&q, record_state_name(state));
	query_int(&q, before_ms);
	query_int(&q, limit);
	return collect(&q, state, list, err);
}

static int
pick_purgeable(struct store *store, unsigned states, int64_t before_ms, int64_t limit,
	       struct old_list *list, struct error *err)
{
	for (int i = 0; i < RECORD_STATES && (int64_t)list->len < limit; i++)
		if (states & 1U << i && pick_of_state(store, (enum record_state)i, before_ms,
						      limit - (int64_t)list->len, list, err) < 0)
			return -1;
	return 0;
}

static int
mark_purged(struct store *store, int64_t id, int64_t now_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_PURGE_SET);

	query_int(&q, id);
	query_int(&q, now_ms);
	return query_run(&q, err);
}

/* The size of a body that no record needs any more: 1, 0 it is needed (or gone), -1. */
static int
body_is_unused(struct store *store, int64_t message, int64_t *ret_bytes, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_BODY_UNUSED);
	int row;

	query_int(&q, message);
	row = query_row(&q, err);
	if (row > 0)
		*ret_bytes = sqlite3_column_int64(q.statement, 0);
	return row;
}

static int
run_on(struct store *store, enum sql_id id, int64_t row, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, id);

	query_int(&q, row);
	return query_run(&q, err);
}

static int
purge_one(struct store *store, const struct old *old, const struct cause *cause, int64_t *bytes,
	  struct error *err)
{
	int64_t size;
	int unused;

	if (mark_purged(store, old->id, cause->at_ms, err) < 0 ||
	    journal_note(store, old->id, old->state, cause, err) < 0)
		return -1;
	unused = body_is_unused(store, old->message, &size, err);
	if (unused <= 0)
		return unused;
	*bytes += size;
	if (run_on(store, SQL_SIDECAR_REMOVE, old->message, err) < 0)
		return -1;
	return run_on(store, SQL_BODY_REMOVE, old->message, err);
}

static int
purge_all(struct store *store, unsigned states, int64_t before_ms, int64_t limit,
	  const struct cause *cause, int64_t *records, int64_t *bytes, struct error *err)
{
	AUTO(old_list_done) struct old_list list = { 0 };

	if (pick_purgeable(store, states, before_ms, limit, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.len && *bytes < PURGE_BYTES; i++) {
		if (purge_one(store, &list.items[i], cause, bytes, err) < 0)
			return -1;
		++*records;
	}
	return 0;
}

static int
count_purgeable(struct store *store, unsigned states, int64_t before_ms, int64_t limit,
		int64_t *ret_records, int64_t *ret_bytes, struct error *err)
{
	AUTO(freep) char *names = sql_state_list(states);
	AUTO(query_end) struct query q = query_start(store, SQL_PURGE_COUNT);

	query_text(&q, names);
	query_int(&q, before_ms);
	query_int(&q, limit > 0 ? limit : -1);
	if (query_row(&q, err) < 0)
		return -1;
	*ret_records = sqlite3_column_int64(q.statement, 0);
	*ret_bytes = sqlite3_column_int64(q.statement, 1);
	return 0;
}

/* Read only: 1 something to purge, 0 nothing, -1. */
static int
any_purgeable(struct store *store, unsigned states, int64_t before_ms, struct error *err)
{
	AUTO(old_list_done) struct old_list list = { 0 };

	if (pick_purgeable(store, states, before_ms, 1, &list, err) < 0)
		return -1;
	return list.len > 0;
}

int
store_purge(struct store *store, unsigned states, int64_t before_ms, int64_t limit, bool dry_run,
	    const char *who, const char *why, int64_t now_ms, int64_t *ret_records,
	    int64_t *ret_bytes, struct error *err)
{
	const struct cause cause = { .who = who, .why = why, .at_ms = now_ms };
	int64_t records = 0, bytes = 0;
	struct write write;
	int any;

	if (dry_run)
		return count_purgeable(store, states, before_ms, limit, ret_records, ret_bytes,
				       err);
	assert(limit > 0);
	any = any_purgeable(store, states, before_ms, err);
	if (any < 0)
		return -1;
	if (any > 0) {
		if (write_begin(store, &write, err) < 0 ||
		    write_end(&write,
			      purge_all(store, states, before_ms, limit, &cause, &records, &bytes,
					err),
			      err) < 0)
			return -1;
		room_give_back(store);
	}
	*ret_records = records;
	*ret_bytes = bytes;
	return 0;
}

/* ---- forget ---------------------------------------------------------- */

static int
pick_forgettable(struct store *store, int64_t before_ms, int64_t limit, struct old_list *list,
		 struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_FORGET_PICK);

	query_int(&q, before_ms);
	query_int(&q, limit);
	return collect(&q, RECORD_HELD, list, err);
}

static int
forget_all(struct store *store, const struct old_list *list, struct error *err)
{
	for (size_t i = 0; i < list->len; i++)
		if (run_on(store, SQL_JOURNAL_REMOVE, list->items[i].id, err) < 0 ||
		    run_on(store, SQL_RECORD_REMOVE, list->items[i].id, err) < 0 ||
		    run_on(store, SQL_MESSAGE_REMOVE, list->items[i].message, err) < 0 ||
		    (list->items[i].storm != 0 &&
		     run_on(store, SQL_STORM_REMOVE, list->items[i].storm, err) < 0))
			return -1;
	return 0;
}

int
store_forget(struct store *store, int64_t before_ms, int64_t limit, int64_t *ret_records,
	     struct error *err)
{
	AUTO(old_list_done) struct old_list list = { 0 };
	struct write write;

	assert(limit > 0);
	if (pick_forgettable(store, before_ms, limit, &list, err) < 0)
		return -1;
	if (list.len > 0 && (write_begin(store, &write, err) < 0 ||
			     write_end(&write, forget_all(store, &list, err), err) < 0))
		return -1;
	*ret_records = (int64_t)list.len;
	return 0;
}

/* ---- counts ----------------------------------------------------------- */

#define HARVESTERS_KEPT_MS (30 * CLOCK_DAY_MS)

/* 1 there is one, 0, -1. */
static int
any_older(struct store *store, enum sql_id id, int64_t before_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, id);

	query_int(&q, before_ms);
	return query_row(&q, err);
}

static int
forget_older(struct store *store, enum sql_id id, int64_t before_ms, int64_t limit, int64_t *rows,
	     struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, id);

	query_int(&q, before_ms);
	query_int(&q, limit);
	if (query_run(&q, err) < 0)
		return -1;
	*rows += sqlite3_changes(store->db);
	return 0;
}

static int
forget_counted(struct store *store, int64_t now_ms, int64_t limit, int64_t *rows, struct error *err)
{
	if (forget_older(store, SQL_EVENT_FORGET, now_ms, limit, rows, err) < 0)
		return -1;
	return forget_older(store, SQL_HARVESTER_FORGET, now_ms - HARVESTERS_KEPT_MS, limit, rows,
			    err);
}

int
store_forget_counted(struct store *store, int64_t now_ms, int64_t limit, int64_t *ret_rows,
		     struct error *err)
{
	int any = any_older(store, SQL_EVENT_OLD, now_ms, err);
	struct write write;
	int64_t rows = 0;

	assert(limit > 0);
	if (any == 0)
		any = any_older(store, SQL_HARVESTER_OLD, now_ms - HARVESTERS_KEPT_MS, err);
	if (any < 0)
		return -1;
	if (any > 0 &&
	    (write_begin(store, &write, err) < 0 ||
	     write_end(&write, forget_counted(store, now_ms, limit, &rows, err), err) < 0))
		return -1;
	*ret_rows = rows;
	return 0;
}
