/*
 * storm.c: what the counts found, for those who look: storms and harvesters.
 */
#include "base/cleanup.h"
#include "store/digest.h"
#include "store/sql.h"

static int
tell_storms(struct query *q, int (*each)(const struct store_storm *storm, void *ctx), void *ctx,
	    struct error *err)
{
	int stop = 0, row = 0, found = 0;

	while (!stop && (row = query_row(q, err)) > 0) {
		found = 1;
		stop = each(
			&(const struct store_storm){
				.id = sqlite3_column_int64(q->statement, 0),
				.rule = query_column_text(q, 1),
				.shared = query_column_text(q, 2),
				.began_at_ms = sqlite3_column_int64(q->statement, 3),
				.last_at_ms = sqlite3_column_int64(q->statement, 4),
				.members = sqlite3_column_int64(q->statement, 5),
			},
			ctx);
	}
	return row < 0 ? -1 : found;
}

int
store_get_storm(struct store *store, int64_t id,
		int (*each)(const struct store_storm *storm, void *ctx), void *ctx,
		struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_STORM_GET);

	query_int(&q, id);
	return tell_storms(&q, each, ctx, err);
}

int
store_storms(struct store *store, int64_t limit,
	     int (*each)(const struct store_storm *storm, void *ctx), void *ctx, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_STORM_LIST);

	query_int(&q, limit > 0 ? limit : -1);
	return tell_storms(&q, each, ctx, err) < 0 ? -1 : 0;
}

int
store_digest_storms(struct store *store, int64_t from_ms, int64_t until_ms, int64_t limit,
		    int (*each)(const struct store_storm *storm, void *ctx), void *ctx,
		    struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_DIGEST_STORMS);

	query_int(&q, from_ms);
	query_int(&q, until_ms);
	query_int(&q, limit);
	return tell_storms(&q, each, ctx, err) < 0 ? -1 : 0;
}

int
store_harvesters(struct store *store, int64_t now_ms,
		 int (*each)(const struct store_harvester *harvester, void *ctx), void *ctx,
		 struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_HARVESTER_LIST);
	int stop = 0, row = 0;

	query_int(&q, now_ms);
	while (!stop && (row = query_row(&q, err)) > 0)
		stop = each(
			&(const struct store_harvester){
				.client = query_column_text(&q, 0),
				.rule = query_column_text(&q, 1),
				.first_at_ms = sqlite3_column_int64(q.statement, 2),
				.last_at_ms = sqlite3_column_int64(q.statement, 3),
				.until_ms = sqlite3_column_int64(q.statement, 4),
				.recipients = sqlite3_column_int64(q.statement, 5),
				.notifications = sqlite3_column_int64(q.statement, 6),
			},
			ctx);
	return row < 0 ? -1 : 0;
}
