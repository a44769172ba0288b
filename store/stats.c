/*
 * stats.c: how many there are of what.
 *
 * Counts by reading every record: for the tool, not for the path of a
 * message. Bytes are those of messages whose body is still here, once for
 * each record that shares it.
 */
#include <assert.h>

#include "base/cleanup.h"
#include "store/sql.h"

static enum sql_id
statement_of(enum store_stats_by by)
{
	switch (by) {
	case STATS_BY_STATE:
		return SQL_STATS_STATE;
	case STATS_BY_CLASS:
		return SQL_STATS_CLASS;
	case STATS_BY_DOMAIN:
		return SQL_STATS_DOMAIN;
	case STATS_BY_RULE:
		return SQL_STATS_RULE;
	case STATS_BY_VERDICT:
		return SQL_STATS_VERDICT;
	case STATS_BY_ERROR_CODE:
		return SQL_STATS_ERROR_CODE;
	case STATS_BY_OBSERVED:
		return SQL_STATS_OBSERVED;
	}
	assert(false);
	return SQL_STATS_STATE;
}

int
store_stats(struct store *store, enum store_stats_by by, int64_t limit,
	    int (*each)(const struct store_count *count, void *ctx), void *ctx, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, statement_of(by));
	int stop = 0;
	int row = 0;

	query_int(&q, limit > 0 ? limit : -1);
	while (!stop && (row = query_row(&q, err)) > 0)
		stop = each(
			&(const struct store_count){
				.key = query_column_text(&q, 0),
				.count = sqlite3_column_int64(q.statement, 1),
				.bytes = sqlite3_column_int64(q.statement, 2),
			},
			ctx);
	return row < 0 ? -1 : 0;
}
