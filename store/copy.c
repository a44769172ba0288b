/*
 * copy.c: the limit on copies.
 *
 * Counted where copies are kept, so that a rollback takes its count with it
 * and a restart forgets none. The index holds copies alone: asking costs no
 * more than the limit is high, in a flood of other mail too.
 */
#include "store/copy.h"

#include "base/cleanup.h"
#include "store/journal.h"
#include "store/transaction.h"

int
store_copies_since(struct store *store, int64_t since_ms, int64_t *ret_copies, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_COPIES_SINCE);

	query_int(&q, since_ms);
	if (query_row(&q, err) < 0)
		return -1;
	*ret_copies = sqlite3_column_int64(q.statement, 0);
	return 0;
}

int
store_copy_leave_out(struct store *store, int64_t record, enum record_state state, int64_t now_ms,
		     struct error *err)
{
	const struct cause cause = { .who = "policy", .why = STORE_COPY_LEFT_OUT, .at_ms = now_ms };
	struct write write;

	if (write_begin(store, &write, err) < 0)
		return -1;
	return write_end(&write, journal_note(store, record, state, &cause, err), err);
}
