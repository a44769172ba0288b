/*
 * change.c: what a human orders: release, delete.
 *
 * Promises that all changes of a call are made together with their journal
 * and outbox rows, or none; and that each id is told what became of it. An id
 * given twice is changed once. A batch number is drawn only when something
 * changes.
 */
#include <assert.h>

#include "base/cleanup.h"
#include "store/journal.h"
#include "store/transaction.h"

struct order {
	enum store_change_kind kind;
	const char *release_to;
	struct cause cause;
};

struct look {
	enum record_state state;
	bool purged;
	bool addressed; /* its recipient is one that can be sent to */
};

/* 1, 0 no such record, -1. */
static int
look_at(struct store *store, int64_t id, struct look *ret_look, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_CHANGE_LOOK);
	int row;

	query_int(&q, id);
	row = query_row(&q, err);
	if (row > 0)
		*ret_look = (struct look){
			.state = query_column_state(&q, 0),
			.purged = sqlite3_column_int(q.statement, 1) != 0,
			.addressed = sqlite3_column_int(q.statement, 2) != 0,
		};
	return row;
}

static bool
may_start_from(enum store_change_kind kind, enum record_state state)
{
	switch (state) {
	case RECORD_HELD:
	case RECORD_FAILED:
		return true;
	case RECORD_DELETED:
		return kind == STORE_CHANGE_RELEASE;
	case RECORD_SENDING:
	case RECORD_SENT:
	case RECORD_RELEASING:
	case RECORD_RELEASED:
		return false;
	}
	return false;
}

static enum store_change_outcome
judge(const struct order *order, const struct look *look)
{
	if (!may_start_from(order->kind, look->state))
		return STORE_CHANGE_WRONG_STATE;
	if (order->kind == STORE_CHANGE_DELETE)
		return STORE_CHANGED;
	if (look->purged)
		return STORE_CHANGE_PURGED;
	if (!look->addressed && order->release_to == NULL)
		return STORE_CHANGE_NO_RECIPIENT;
	return STORE_CHANGED;
}

static int
draw_batch(struct store *store, struct cause *cause, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_BATCH_ADD);

	if (cause->batch != 0)
		return 0;
	query_int(&q, cause->at_ms);
	if (query_run(&q, err) < 0)
		return -1;
	cause->batch = sqlite3_last_insert_rowid(store->db);
	return 0;
}

static int
set_release_to(struct store *store, int64_t id, const char *release_to, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_RELEASE_TO_SET);

	query_int(&q, id);
	query_text(&q, release_to);
	return query_run(&q, err);
}

static int
add_outbox_row(struct store *store, int64_t id, int64_t now_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_ADD);

	query_int(&q, id);
	query_int(&q, now_ms);
	return query_run(&q, err);
}

static int
carry_out(struct store *store, struct order *order, int64_t id, enum record_state from,
	  struct error *err)
{
	bool release = order->kind == STORE_CHANGE_RELEASE;
	int moved;

	if (draw_batch(store, &order->cause, err) < 0)
		return -1;
	moved = journal_move(store, id, from, release ? RECORD_RELEASING : RECORD_DELETED,
			     &order->cause, err);
	assert(moved != 0); /* the write lock is ours since we looked */
	if (moved < 0 || !release)
		return moved < 0 ? -1 : 0;
	if (set_release_to(store, id, order->release_to, err) < 0)
		return -1;
	return add_outbox_row(store, id, order->cause.at_ms, err);
}

static int
change_one(struct store *store, struct order *order, int64_t id, struct store_change_result *result,
	   struct error *err)
{
	struct look look = { 0 };
	int found = look_at(store, id, &look, err);

	if (found < 0)
		return -1;
	*result = (struct store_change_result){ id, STORE_CHANGE_UNKNOWN_ID, look.state };
	if (found == 0)
		return 0;
	result->outcome = judge(order, &look);
	if (result->outcome != STORE_CHANGED)
		return 0;
	return carry_out(store, order, id, look.state, err);
}

static int
change_all(struct store *store, struct order *order, const int64_t *ids, size_t ids_len,
	   struct store_change_result *results, struct error *err)
{
	for (size_t i = 0; i < ids_len; i++)
		if (change_one(store, order, ids[i], &results[i], err) < 0)
			return -1;
	return 0;
}

int
store_change(struct store *store, enum store_change_kind kind, const int64_t *ids, size_t ids_len,
	     const char *release_to, const char *who, const char *why, int64_t now_ms,
	     int64_t *batch, struct store_change_result *results, struct error *err)
{
	struct order order = { kind, release_to, { who, why, now_ms, *batch } };
	struct write write;

	assert(ids_len <= STORE_CHANGE_BATCH);
	if (write_begin(store, &write, err) < 0)
		return -1;
	if (write_end(&write, change_all(store, &order, ids, ids_len, results, err), err) < 0)
		return -1;
	*batch = order.cause.batch;
	return 0;
}
