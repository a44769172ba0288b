/*
 * read.c: records and bodies, for those who look.
 *
 * A list is drawn in two steps: a few hundred ids at a time by the index that
 * fits the query, then each record by its id. No statement is open while the
 * caller is called, so one who stops to read (a full pipe, a pager) does not
 * keep the daemon's WAL from being reset, and may ask the store meanwhile. A
 * record that changes between two steps is shown as it then is. A body is read
 * through one handle: there the caller should not tarry.
 */
#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/sql.h"

#define PICK_MAX   256
#define BODY_PIECE 65536

/* A record with its strings in one block of its own. */
struct copy {
	struct store_record record;
	char *block;
	size_t used;
};

static void
copy_done(struct copy *copy)
{
	free(copy->block);
}

/* All columns are copied with a NUL behind them: room for the longest case. */
static size_t
row_bytes(const struct query *q)
{
	size_t bytes = 0;

	for (int i = 0; i < sqlite3_column_count(q->statement); i++)
		bytes += (size_t)sqlite3_column_bytes(q->statement, i) + 1;
	return bytes;
}

static struct span
copy_blob(struct copy *copy, const struct query *q, int column)
{
	struct span from = query_column_blob(q, column);
	char *to = copy->block + copy->used;

	if (from.len > 0)
		memcpy(to, from.data, from.len);
	to[from.len] = '\0';
	copy->used += from.len + 1;
	return (struct span){ to, from.len };
}

static const char *
copy_text(struct copy *copy, const struct query *q, int column)
{
	if (sqlite3_column_type(q->statement, column) == SQLITE_NULL)
		return NULL;
	return copy_blob(copy, q, column).data;
}

/* In the order of RECORD_COLUMNS. */
static void
copy_row(const struct query *q, struct copy *copy)
{
	sqlite3_stmt *s = q->statement;
	struct store_record *r = &copy->record;

	copy->block = xmalloc(row_bytes(q));
	*r = (struct store_record){
		.id = sqlite3_column_int64(s, 0),
		.message = sqlite3_column_int64(s, 1),
		.state = query_column_state(q, 2),
		.rcpt = copy_blob(copy, q, 3),
		.domain = copy_text(copy, q, 4),
		.orcpt = copy_text(copy, q, 5),
		.notify = copy_text(copy, q, 6),
		.verdict = copy_text(copy, q, 7),
		.rule = copy_text(copy, q, 8),
		.policy_revision = copy_text(copy, q, 9),
		.intake = copy_text(copy, q, 10),
		.class = copy_text(copy, q, 11),
		.facts = copy_text(copy, q, 12),
		.subject = copy_text(copy, q, 13),
		.message_id = copy_text(copy, q, 14),
		.original_message_id = copy_text(copy, q, 15),
		.mail_body = copy_text(copy, q, 16),
		.ret = copy_text(copy, q, 17),
		.envid = copy_text(copy, q, 18),
		.relay_reply = copy_text(copy, q, 19),
		.release_to = copy_text(copy, q, 20),
		.smtputf8 = sqlite3_column_int(s, 21) != 0,
		.truncated = sqlite3_column_int(s, 22) != 0,
		.route = copy_text(copy, q, 23),
		.size_bytes = sqlite3_column_int64(s, 24),
		.received_at_ms = sqlite3_column_int64(s, 25),
		.changed_at_ms = sqlite3_column_int64(s, 26),
		.purged_at_ms = sqlite3_column_int64(s, 27),
		.loop_of = sqlite3_column_int64(s, 28),
		.attempts = sqlite3_column_int64(s, 29),
		.proof = copy_text(copy, q, 30),
		.error_code = copy_text(copy, q, 31),
		.copy_of = sqlite3_column_int64(s, 32),
		.storm = sqlite3_column_int64(s, 33),
		.no_diagnostics = sqlite3_column_int(s, 34) != 0,
		.returned = copy_text(copy, q, 35),
	};
}

/* 1 and a copy, 0 no such record, -1. */
static int
get_copy(struct store *store, int64_t id, struct copy *copy, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_RECORD_GET);
	int row;

	query_int(&q, id);
	row = query_row(&q, err);
	if (row > 0)
		copy_row(&q, copy);
	return row;
}

int
store_get(struct store *store, int64_t id,
	  int (*each)(const struct store_record *record, void *ctx), void *ctx, struct error *err)
{
	AUTO(copy_done) struct copy copy = { 0 };
	int row = get_copy(store, id, &copy, err);

	if (row > 0)
		(void)each(&copy.record, ctx);
	return row;
}

/* A query made ready: which statement draws ids, and what it is told. */
struct pick {
	enum sql_id statement;
	char *states;  /* "/held/failed/"; NULL all */
	char *key;     /* domain or Message-ID; NULL the statement wants none */
	int64_t storm; /* 0: likewise */
	int64_t before_id, first_id;
};

static void
pick_done(struct pick *pick)
{
	free(pick->states);
	free(pick->key);
}

/* Without the angle brackets; PICK_ORIGINAL looks for both. */
static char *
bare_message_id(const char *text)
{
	struct span s = span_of(text);

	if (s.len >= 2 && s.data[0] == '<' && s.data[s.len - 1] == '>')
		s = (struct span){ s.data + 1, s.len - 2 };
	return span_dup(s);
}

static void
choose(const struct store_query *query, struct pick *pick)
{
	unsigned all = (1U << RECORD_STATES) - 1;

	pick->statement = SQL_PICK_ALL;
	if ((query->states & all) != 0 && (query->states & all) != all) {
		pick->states = sql_state_list(query->states);
		pick->statement = SQL_PICK_STATES;
	}
	if (query->storm != 0) {
		pick->storm = query->storm;
		pick->statement = SQL_PICK_STORM;
	} else if (query->domain != NULL) {
		pick->key = xstrdup(query->domain);
		pick->statement = SQL_PICK_DOMAIN;
	}
	if (query->original_message_id != NULL) {
		free(pick->key);
		pick->storm = 0;
		pick->key = bare_message_id(query->original_message_id);
		pick->statement = SQL_PICK_ORIGINAL;
	}
	pick->before_id = query->before_id > 0 ? query->before_id : INT64_MAX;
}

/* Ids of records and messages are given in the same order. */
int
store_first_since(struct store *store, int64_t since_ms, int64_t *ret_id, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_FIRST_SINCE);
	int row;

	query_int(&q, since_ms);
	row = query_row(&q, err);
	if (row < 0)
		return -1;
	*ret_id = row > 0 ? sqlite3_column_int64(q.statement, 0) : INT64_MAX;
	return 0;
}

static int
draw_ids(struct store *store, const struct pick *pick, int64_t max, int64_t *ids, size_t *ret_len,
	 struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, pick->statement);
	int row;

	*ret_len = 0;
	query_text(&q, pick->states);
	query_int(&q, pick->before_id);
	query_int(&q, pick->first_id);
	query_int(&q, max);
	if (pick->key != NULL)
		query_text(&q, pick->key);
	if (pick->storm != 0)
		query_int(&q, pick->storm);
	while ((row = query_row(&q, err)) > 0)
		ids[(*ret_len)++] = sqlite3_column_int64(q.statement, 0);
	return row;
}

/* What ndrq wrote itself is shown to who asks for it. */
static bool
is_ours(const struct store_record *r)
{
	return strcmp(r->class, "copy") == 0 || strcmp(r->class, "digest") == 0;
}

/* Asked of each record whatever index found it; the answer of the index may be a moment old. */
static bool
wanted(const struct store_query *query, const struct store_record *r)
{
	if (query->states != 0 && !(query->states & 1U << r->state))
		return false;
	if (query->domain != NULL && (r->domain == NULL || strcmp(r->domain, query->domain) != 0))
		return false;
	if (query->storm != 0 && r->storm != query->storm)
		return false;
	if (query->class != NULL ? strcmp(r->class, query->class) != 0 : is_ours(r))
		return false;
	if (query->since_ms != 0 && r->received_at_ms < query->since_ms)
		return false;
	return query->until_ms == 0 || r->received_at_ms < query->until_ms;
}

/* Shows those of ids that are wanted, at most *left (0: no limit). 1: stop. */
static int
show(struct store *store, const struct store_query *query, const int64_t *ids, size_t len,
     int64_t *left, int (*each)(const struct store_record *record, void *ctx), void *ctx,
     struct error *err)
{
	for (size_t i = 0; i < len; i++) {
		AUTO(copy_done) struct copy copy = { 0 };
		int row = get_copy(store, ids[i], &copy, err);

		if (row < 0)
			return -1;
		if (row == 0 || !wanted(query, &copy.record))
			continue;
		if (each(&copy.record, ctx) != 0 || --*left == 0)
			return 1;
	}
	return 0;
}

int
store_list(struct store *store, const struct store_query *query,
	   int (*each)(const struct store_record *record, void *ctx), void *ctx, struct error *err)
{
	AUTO(pick_done) struct pick pick = { 0 };
	int64_t ids[PICK_MAX];
	int64_t left = query->limit;
	size_t len;
	int done;

	choose(query, &pick);
	if (query->since_ms != 0 &&
	    store_first_since(store, query->since_ms, &pick.first_id, err) < 0)
		return -1;
	do {
		int64_t max = left > 0 && left < PICK_MAX ? left : PICK_MAX;

		if (draw_ids(store, &pick, max, ids, &len, err) < 0)
			return -1;
		if (len == 0)
			return 0;
		pick.before_id = ids[len - 1];
		done = show(store, query, ids, len, &left, each, ctx, err);
	} while (done == 0);
	return done < 0 ? -1 : 0;
}

/* The row of the body of a record: 1, 0 none, -1. */
static int
find_body(struct store *store, int64_t id, int64_t *ret_message, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_BODY_OF);
	int row;

	query_int(&q, id);
	row = query_row(&q, err);
	if (row > 0)
		*ret_message = sqlite3_column_int64(q.statement, 0);
	return row;
}

static int
write_pieces(struct store *store, sqlite3_blob *blob,
	     int (*write)(void *ctx, const void *data, size_t len, struct error *err), void *ctx,
	     struct error *err)
{
	char piece[BODY_PIECE];
	int size = sqlite3_blob_bytes(blob);

	for (int at = 0; at < size;) {
		int len = size - at < BODY_PIECE ? size - at : BODY_PIECE;
		int rc = sqlite3_blob_read(blob, piece, len, at);

		if (rc != SQLITE_OK)
			return sql_error(store, rc, err);
		if (write(ctx, piece, (size_t)len, err) < 0)
			return -1;
		at += len;
	}
	return 1;
}

static void
blob_closep(sqlite3_blob **blob)
{
	(void)sqlite3_blob_close(*blob);
}

int
store_read_body(struct store *store, int64_t id,
		int (*write)(void *ctx, const void *data, size_t len, struct error *err), void *ctx,
		struct error *err)
{
	AUTO(blob_closep) sqlite3_blob *blob = NULL;
	int64_t message;
	int found = find_body(store, id, &message, err);
	int rc;

	if (found <= 0)
		return found;
	rc = sqlite3_blob_open(store->db, "main", "body", "data", message, 0, &blob);
	if (rc != SQLITE_OK)
		return sql_error(store, rc, err);
	return write_pieces(store, blob, write, ctx, err);
}

int
store_sidecars(struct store *store, int64_t id,
	       int (*each)(const struct store_sidecar *sidecar, void *ctx), void *ctx,
	       struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_SIDECAR_LIST);
	int stop = 0;
	int row = 0;

	query_int(&q, id);
	while (!stop && (row = query_row(&q, err)) > 0)
		stop = each(
			&(const struct store_sidecar){
				.name = query_column_text(&q, 0),
				.data = query_column_blob(&q, 1),
			},
			ctx);
	return row < 0 ? -1 : 0;
}
