/*
 * digest.c: the questions of the digest.
 *
 * Each is one walk over the stretch by id, or over an index; none sorts more
 * than its groups. Facts that are no JSON (none that ndrqd wrote) count as
 * facts that say nothing, so that one row cannot cost the whole digest.
 */
#include "store/digest.h"

#include "base/cleanup.h"
#include "store/copy.h"
#include "store/sql.h"

int
store_snapshot_begin(struct store *store, struct error *err)
{
	return sql_run(store, SQL_SNAPSHOT, err);
}

void
store_snapshot_end(struct store *store)
{
	(void)sql_run(store, SQL_COMMIT, NULL);
}

int
store_stretch_since(struct store *store, int64_t since_ms, struct store_stretch *ret_stretch,
		    struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_FIRST_SINCE);
	struct store_stretch stretch = { .since_ms = since_ms };
	int row;

	query_int(&q, since_ms);
	row = query_row(&q, err);
	if (row < 0 || sql_ask_int(store, SQL_RECORD_LAST, &stretch.last_id, err) < 0)
		return -1;
	stretch.first_id = row > 0 ? sqlite3_column_int64(q.statement, 0) : stretch.last_id + 1;
	*ret_stretch = stretch;
	return 0;
}

static struct query
ask_stretch(struct store *store, enum sql_id id, const struct store_stretch *stretch)
{
	struct query q = query_start(store, id);

	query_int(&q, stretch->first_id);
	query_int(&q, stretch->last_id);
	query_int(&q, stretch->since_ms);
	return q;
}

int
store_digest_counts(struct store *store, const struct store_stretch *stretch,
		    int (*each)(const struct store_digest_count *count, void *ctx), void *ctx,
		    struct error *err)
{
	AUTO(query_end) struct query q = ask_stretch(store, SQL_DIGEST_COUNTS, stretch);
	int stop = 0, row = 0;

	while (!stop && (row = query_row(&q, err)) > 0)
		stop = each(
			&(const struct store_digest_count){
				.class = query_column_text(&q, 0),
				.verdict = query_column_text(&q, 1),
				.state = query_column_state(&q, 2),
				.records = sqlite3_column_int64(q.statement, 3),
			},
			ctx);
	return row < 0 ? -1 : 0;
}

int
store_digest_top(struct store *store, const struct store_stretch *stretch, enum store_digest_by by,
		 int64_t limit, int (*each)(const struct store_digest_share *share, void *ctx),
		 void *ctx, struct error *err)
{
	AUTO(query_end)
	struct query q = ask_stretch(
		store, by == DIGEST_BY_DOMAIN ? SQL_DIGEST_DOMAINS : SQL_DIGEST_STATUSES, stretch);
	int stop = 0, row = 0;

	query_int(&q, limit);
	while (!stop && (row = query_row(&q, err)) > 0)
		stop = each(
			&(const struct store_digest_share){
				.name = query_column_text(&q, 0),
				.records = sqlite3_column_int64(q.statement, 1),
				.held = sqlite3_column_int64(q.statement, 2),
			},
			ctx);
	return row < 0 ? -1 : 0;
}

int
store_digest_held(struct store *store, const struct store_stretch *stretch, int64_t limit,
		  int (*each)(const struct store_digest_held *held, void *ctx), void *ctx,
		  struct error *err)
{
	AUTO(query_end) struct query q = ask_stretch(store, SQL_DIGEST_HELD, stretch);
	int stop = 0, row = 0;

	query_int(&q, limit);
	while (!stop && (row = query_row(&q, err)) > 0)
		stop = each(
			&(const struct store_digest_held){
				.id = sqlite3_column_int64(q.statement, 0),
				.received_at_ms = sqlite3_column_int64(q.statement, 1),
				.rcpt = query_column_blob(&q, 2),
				.status = query_column_text(&q, 3),
				.final = query_column_text(&q, 4),
				.from = query_column_text(&q, 5),
				.subject = query_column_text(&q, 6),
			},
			ctx);
	return row < 0 ? -1 : 0;
}

int
store_digest_held_all(struct store *store, int64_t *ret_records, struct error *err)
{
	return sql_ask_int(store, SQL_DIGEST_HELD_ALL, ret_records, err);
}

static int
ask_copies(struct store *store, const struct store_stretch *stretch,
	   struct store_digest_copies *copies, struct error *err)
{
	AUTO(query_end) struct query q = ask_stretch(store, SQL_DIGEST_COPIES, stretch);

	if (query_row(&q, err) < 0)
		return -1;
	copies->sent = sqlite3_column_int64(q.statement, 0);
	copies->waiting = sqlite3_column_int64(q.statement, 1);
	copies->failed = sqlite3_column_int64(q.statement, 2);
	return 0;
}

int
store_digest_copies(struct store *store, const struct store_stretch *stretch,
		    struct store_digest_copies *ret_copies, struct error *err)
{
	AUTO(query_end) struct query q = ask_stretch(store, SQL_DIGEST_LEFT_OUT, stretch);
	struct store_digest_copies copies = { 0 };

	query_text(&q, STORE_COPY_LEFT_OUT);
	if (ask_copies(store, stretch, &copies, err) < 0 || query_row(&q, err) < 0)
		return -1;
	copies.left_out = sqlite3_column_int64(q.statement, 0);
	*ret_copies = copies;
	return 0;
}

/* ---- the daily one ------------------------------------------------------ */

int
store_digest_latest(struct store *store, struct store_digest_mark *ret_mark, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_DIGEST_LATEST);
	int row = query_row(&q, err);

	if (row > 0)
		*ret_mark = (struct store_digest_mark){
			.from_ms = sqlite3_column_int64(q.statement, 0),
			.until_ms = sqlite3_column_int64(q.statement, 1),
			.last_id = sqlite3_column_int64(q.statement, 2),
		};
	return row;
}

int
store_digest_add(struct store *store, const struct store_digest_mark *mark, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_DIGEST_ADD);

	query_int(&q, mark->from_ms);
	query_int(&q, mark->until_ms);
	query_int(&q, mark->last_id);
	query_int_or_null(&q, mark->record);
	if (query_run(&q, err) < 0)
		return -1;
	return sqlite3_changes(store->db) > 0;
}
