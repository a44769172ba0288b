/*
 * journal.c: the history of a record.
 *
 * Promises that a state changes only from the state it was believed to be in,
 * and never without its row. How a record came in is no row but derived: its
 * first state is where the first change began, or where it still is; who is
 * policy, why its rule.
 */
#include "store/journal.h"

#include "base/cleanup.h"

static int
add_row(struct store *store, int64_t record, enum record_state from, enum record_state to,
	const struct cause *cause, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_JOURNAL_ADD);

	query_int(&q, record);
	query_int(&q, cause->at_ms);
	query_text(&q, cause->who);
	query_text(&q, cause->why);
	query_text(&q, record_state_name(from));
	query_text(&q, record_state_name(to));
	query_int_or_null(&q, cause->batch);
	return query_run(&q, err);
}

static int
set_state(struct store *store, int64_t record, enum record_state from, enum record_state to,
	  int64_t at_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_STATE_SET);

	query_int(&q, record);
	query_text(&q, record_state_name(from));
	query_text(&q, record_state_name(to));
	query_int(&q, at_ms);
	if (query_run(&q, err) < 0)
		return -1;
	return sqlite3_changes(store->db) > 0;
}

int
journal_move(struct store *store, int64_t record, enum record_state from, enum record_state to,
	     const struct cause *cause, struct error *err)
{
	int moved = set_state(store, record, from, to, cause->at_ms, err);

	if (moved <= 0)
		return moved;
	return add_row(store, record, from, to, cause, err) < 0 ? -1 : 1;
}

int
journal_note(struct store *store, int64_t record, enum record_state state,
	     const struct cause *cause, struct error *err)
{
	return add_row(store, record, state, state, cause, err);
}

/* 1 and *ret_stop, or 0 no such record. */
static int
tell_arrival(struct store *store, int64_t id,
	     int (*each)(const struct store_journal_entry *entry, void *ctx), void *ctx,
	     int *ret_stop, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_ARRIVAL);
	int row;

	query_int(&q, id);
	row = query_row(&q, err);
	if (row > 0)
		*ret_stop = each(
			&(const struct store_journal_entry){
				.at_ms = sqlite3_column_int64(q.statement, 0),
				.record = id,
				.who = "policy",
				.why = query_column_text(&q, 1),
				.to_state = query_column_text(&q, 2),
			},
			ctx);
	return row;
}

int
store_journal(struct store *store, int64_t id,
	      int (*each)(const struct store_journal_entry *entry, void *ctx), void *ctx,
	      struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_JOURNAL_LIST);
	int stop = 0;
	int row = tell_arrival(store, id, each, ctx, &stop, err);

	if (row <= 0 || stop)
		return row;
	query_int(&q, id);
	while (!stop && (row = query_row(&q, err)) > 0)
		stop = each(
			&(const struct store_journal_entry){
				.at_ms = sqlite3_column_int64(q.statement, 0),
				.record = id,
				.batch = sqlite3_column_int64(q.statement, 1),
				.who = query_column_text(&q, 2),
				.why = query_column_text(&q, 3),
				.from_state = query_column_text(&q, 4),
				.to_state = query_column_text(&q, 5),
			},
			ctx);
	return row < 0 ? -1 : 1;
}
