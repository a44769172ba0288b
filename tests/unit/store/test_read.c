/* test_read.c: what is found, in which order, and by which index. */
#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <string.h>

struct seen {
	struct buffer ids;
	int stop_after;
	struct store *ask_meanwhile;
};

static int
note(const struct store_record *r, void *ctx)
{
	struct seen *seen = ctx;

	buffer_printf(&seen->ids, "%lld ", (long long)r->id);
	if (seen->ask_meanwhile != NULL)
		cr_assert_eq(state_of(seen->ask_meanwhile, r->id), (int)r->state);
	return --seen->stop_after == 0;
}

static void
list_is(struct store *store, const struct store_query *query, const char *ids)
{
	struct seen seen = { .ask_meanwhile = store };

	OK(store_list(store, query, note, &seen, &err));
	cr_assert_str_eq(seen.ids.data == NULL ? "" : seen.ids.data, ids);
	buffer_done(&seen.ids);
}

/* Ids 1 to 7; 3 and 6 are sending, 7 deleted; 2, 4, 6 at y.example; 5 is a receipt; 1 to 3 return
 * the same message; received at 1000 × id. */
static void
fill(struct store *store)
{
	struct store_change_result result;
	int64_t id = 7, batch = 0;

	for (uint8_t i = 1; i <= 7; i++) {
		struct letter l;

		letter_init(&l, i, i % 2 ? "a@x.example" : "a@y.example");
		l.message.received_at_ms = 1000 * i;
		l.records[0].state = i % 3 ? RECORD_HELD : RECORD_SENDING;
		l.message.class = i == 5 ? "receipt" : "failed";
		l.message.original_message_id = i <= 2 ? "<m@x>" : i == 3 ? "m@x" : "<n@x>";
		put(store, &l);
	}
	OK(store_change(store, STORE_CHANGE_DELETE, &id, 1, NULL, "anna", NULL, 8000, &batch,
			&result, &err));
}

Test(read, each_filter_finds_what_it_says_newest_first)
{
	const unsigned held = 1U << RECORD_HELD, sending = 1U << RECORD_SENDING,
		       gone = 1U << RECORD_DELETED;
	const struct {
		struct store_query query;
		const char *ids;
	} cases[] = {
		{ { .states = 0 }, "7 6 5 4 3 2 1 " },
		{ { .states = held }, "5 4 2 1 " },
		{ { .states = held | gone }, "7 5 4 2 1 " },
		{ { .states = held | sending | gone, .limit = 4 }, "7 6 5 4 " },
		{ { .states = (1U << RECORD_STATES) - 1 }, "7 6 5 4 3 2 1 " },
		{ { .states = 1U << RECORD_FAILED }, "" },
		{ { .domain = "y.example" }, "6 4 2 " },
		{ { .domain = "y.example", .states = sending }, "6 " },
		{ { .domain = "z.example" }, "" },
		{ { .class = "receipt" }, "5 " },
		{ { .class = "receipt", .states = sending }, "" },
		{ { .original_message_id = "<m@x>" }, "3 2 1 " },
		{ { .original_message_id = "m@x" }, "3 2 1 " },
		{ { .original_message_id = "m@x", .states = held, .domain = "y.example" }, "2 " },
		{ { .original_message_id = "<m@x>", .limit = 1 }, "3 " },
		{ { .since_ms = 3000 }, "7 6 5 4 3 " },
		{ { .since_ms = 3001, .until_ms = 6000 }, "5 4 " },
		{ { .since_ms = 9000 }, "" },
		{ { .until_ms = 2000 }, "1 " },
		{ { .before_id = 4 }, "3 2 1 " },
		{ { .before_id = 4, .limit = 2 }, "3 2 " },
		{ { .before_id = 4, .states = held }, "2 1 " },
		{ { .before_id = 1 }, "" },
		{ { .limit = 1 }, "7 " },
	};
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	list_is(f.store, &(struct store_query){ 0 }, "");
	list_is(f.store, &(struct store_query){ .since_ms = 1 }, "");
	fill(f.store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		list_is(f.store, &cases[i].query, cases[i].ids);
}

Test(read, each_may_stop_the_list)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct seen seen = { .stop_after = 3 };

	fixture_start(&f);
	fill(f.store);
	OK(store_list(f.store, &(struct store_query){ 0 }, note, &seen, &err));
	cr_assert_str_eq(seen.ids.data, "7 6 5 ");
	buffer_done(&seen.ids);
}

static int
count(const struct store_record *r, void *ctx)
{
	int64_t *last = ctx;

	cr_assert_eq(r->id, last[0] - 1);
	last[0] = r->id;
	last[1]++;
	return 0;
}

Test(read, a_long_list_misses_none_and_repeats_none)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t last[2] = { 1001, 0 };

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	for (int i = 0; i < 1000; i++) {
		struct letter l;

		letter_init(&l, 1, "a@b.example");
		memcpy(l.message.sha256, &i, sizeof(i));
		put(f.store, &l);
	}
	OK(store_commit(f.store, &err));
	OK(store_list(f.store, &(struct store_query){ .limit = 700 }, count, last, &err));
	cr_assert_eq(last[1], 700);
	OK(store_list(f.store, &(struct store_query){ .states = 1, .before_id = 301 }, count, last,
		      &err));
	cr_assert_eq(last[1], 1000);
}

static int
no_open_read(const struct store_record *r, void *ctx)
{
	(void)r;
	cr_assert_eq(sqlite3_txn_state(((struct store *)ctx)->db, NULL), SQLITE_TXN_NONE);
	return 0;
}

Test(read, no_snapshot_is_held_while_a_record_is_shown)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	fill(f.store);
	OK(store_list(f.store, &(struct store_query){ 0 }, no_open_read, f.store, &err));
	cr_assert_eq(store_get(f.store, 3, no_open_read, f.store, NULL), 1);
}

Test(read, no_list_sorts_or_scans_what_an_index_can_give)
{
	static const struct {
		enum sql_id id;
		const char *uses;
		bool sorts;
	} cases[] = {
		{ SQL_PICK_ALL, "SEARCH record USING INTEGER PRIMARY KEY", false },
		{ SQL_PICK_STATES, "SEARCH record USING COVERING INDEX record_state", false },
		{ SQL_PICK_DOMAIN, "SEARCH record USING INDEX record_domain", false },
		{ SQL_PICK_ORIGINAL, "SEARCH message USING COVERING INDEX message_original", true },
		{ SQL_FIRST_SINCE, "SEARCH record USING COVERING INDEX record_message", false },
		{ SQL_HIT, "SEARCH record USING INDEX record_key", false },
		{ SQL_OUTBOX_DUE, "USING INDEX outbox_due", false },
		{ SQL_OUTBOX_NEXT, "USING INDEX outbox_due", false },
		{ SQL_PURGE_PICK, "SEARCH record USING INDEX record_whole", false },
		{ SQL_FORGET_PICK, "SEARCH record USING INDEX record_purged", false },
	};
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer plan = { 0 };
		AUTO(freep)
		char *sql = xasprintf("EXPLAIN QUERY PLAN %s",
				      sqlite3_sql(f.store->statements[cases[i].id]));
		sqlite3_stmt *s = NULL;

		cr_assert_eq(sqlite3_prepare_v2(f.store->db, sql, -1, &s, NULL), SQLITE_OK);
		while (sqlite3_step(s) == SQLITE_ROW)
			buffer_printf(&plan, "%s\n", sqlite3_column_text(s, 3));
		(void)sqlite3_finalize(s);
		cr_assert_not_null(strstr(plan.data, cases[i].uses), "%s", plan.data);
		cr_assert_null(strstr(plan.data, "SCAN record\n"), "%s", plan.data);
		cr_assert_eq(strstr(plan.data, "TEMP B-TREE") != NULL, cases[i].sorts, "%s\n%s",
			     sql, plan.data);
	}
}

static int
refuse_piece(void *ctx, const void *data, size_t len, struct error *err)
{
	(void)ctx;
	(void)data;
	(void)len;
	return error_set(err, ERROR_TEMP, "no more");
}

static int
take_piece(void *ctx, const void *data, size_t len, struct error *err)
{
	(void)err;
	buffer_add(ctx, data, len);
	return 0;
}

Test(read, a_body_that_is_not_there_is_a_no_and_a_full_pipe_a_failure)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer out = { 0 };
	int64_t id, records, bytes;

	fixture_start(&f);
	id = put_held(f.store, 1, "a@b.example");
	cr_assert_eq(store_read_body(f.store, id, take_piece, &out, NULL), 1);
	cr_assert_gt(out.len, 10);
	REFUSED(ERROR_TEMP, store_read_body(f.store, id, refuse_piece, NULL, &err));
	cr_assert_eq(store_read_body(f.store, 99, take_piece, &out, NULL), 0);
	OK(store_purge(f.store, 1U << RECORD_HELD, 5000, 1, false, "me", NULL, 6000, &records,
		       &bytes, &err));
	cr_assert_eq(store_read_body(f.store, id, take_piece, &out, NULL), 0);
	cr_assert_eq(store_get(f.store, 99, no_open_read, f.store, NULL), 0);
}

static int
add_count(const struct store_count *c, void *ctx)
{
	buffer_printf(ctx, "%s=%lld/%lld ", c->key, (long long)c->count, (long long)c->bytes);
	return 0;
}

Test(read, stats_count_by_each_key_most_frequent_first)
{
	static const struct {
		enum store_stats_by by;
		int64_t limit;
		const char *told;
	} cases[] = {
		{ STATS_BY_STATE, 0, "held=4/400 sending=2/200 deleted=1/100 " },
		{ STATS_BY_STATE, 1, "held=4/400 " },
		{ STATS_BY_CLASS, 0, "failed=6/600 receipt=1/100 " },
		{ STATS_BY_DOMAIN, 0, "x.example=4/400 y.example=3/300 " },
		{ STATS_BY_RULE, 0, "Default=7/700 " },
		{ STATS_BY_VERDICT, 0, "hold=6/600 send=1/100 " },
		{ STATS_BY_OBSERVED, 0, "hold=3/300 send=1/100 " },
	};
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t records, bytes;

	fixture_start(&f);
	fill(f.store);
	tell(f.store, "UPDATE message SET size = 100");
	OK(store_put_policy(f.store, "observer", SPAN(""), true, 1, &err));
	OK(store_put_policy(f.store, "enforcer", SPAN(""), false, 1, &err));
	tell(f.store, "UPDATE message SET policy = (SELECT id FROM policy WHERE revision ="
		      " iif(message.id <= 5, 'observer', 'enforcer'))");
	tell(f.store, "UPDATE record SET loop_of = 1 WHERE id = 5");
	tell(f.store, "UPDATE record SET verdict = 'send' WHERE id = 4");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer told = { 0 };

		OK(store_stats(f.store, cases[i].by, cases[i].limit, add_count, &told, &err));
		cr_assert_str_eq(told.data, cases[i].told);
	}
	OK(store_purge(f.store, 1U << RECORD_HELD, 3000, 9, false, "me", NULL, 6000, &records,
		       &bytes, &err));
	AUTO(buffer_done) struct buffer told = { 0 };
	OK(store_stats(f.store, STATS_BY_STATE, 1, add_count, &told, &err));
	cr_assert_str_eq(told.data, "held=4/200 ");
}

static int
note_sidecar(const struct store_sidecar *sidecar, void *ctx)
{
	buffer_printf(ctx, "%s=%.*s ", sidecar->name, (int)sidecar->data.len, sidecar->data.data);
	return 0;
}

static int
note_count(const struct store_count *count, void *ctx)
{
	buffer_printf(ctx, "%s=%lld/%lld ", count->key, (long long)count->count,
		      (long long)count->bytes);
	return 0;
}

/* A badmail to two recipients with its reason beside it. */
static int64_t
put_badmail(struct store *store, uint8_t n, const char *code)
{
	static const struct store_sidecar sidecars[] = { { "bdr", SPAN("why") },
							 { "bdp", SPAN("what") } };
	struct letter l;

	letter_init(&l, n, "a@b.example");
	letter_add(&l, "c@d.example");
	l.message.error_code = code;
	l.message.sidecars = sidecars;
	l.message.sidecars_len = 2;
	return put(store, &l);
}

static void
sidecars_are(struct store *store, int64_t id, const char *wanted)
{
	AUTO(buffer_done) struct buffer seen = { 0 };

	buffer_add_str(&seen, "");
	OK(store_sidecars(store, id, note_sidecar, &seen, &err));
	cr_expect_str_eq(seen.data, wanted);
}

Test(read, what_came_beside_a_message_is_there_for_each_of_its_records_until_it_is_purged)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t id, records, bytes, other;

	fixture_start(&f);
	other = put_held(f.store, 1, "a@b.example");
	id = put_badmail(f.store, 2, "0xC00402C7");
	sidecars_are(f.store, id, "bdp=what bdr=why ");
	sidecars_are(f.store, id + 1, "bdp=what bdr=why ");
	sidecars_are(f.store, other, "");
	sidecars_are(f.store, 999, "");
	OK(store_purge(f.store, 1U << RECORD_HELD, 100 * DAY, 100, false, "anna", NULL, 100 * DAY,
		       &records, &bytes, &err));
	sidecars_are(f.store, id, "");
}

Test(read, error_codes_are_counted_where_there_is_one)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer seen = { 0 };
	AUTO(freep) char *wanted = NULL;
	struct letter l;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	(void)put_held(f.store, 1, "a@b.example");
	(void)put_badmail(f.store, 2, "0x80070005");
	(void)put_badmail(f.store, 3, "0xC00402C7");
	(void)put_badmail(f.store, 4, "0xC00402C7");
	OK(store_stats(f.store, STATS_BY_ERROR_CODE, 0, note_count, &seen, &err));
	wanted =
		xasprintf("0xC00402C7=4/%lld 0x80070005=2/%lld ",
			  (long long)l.message.size_bytes * 4, (long long)l.message.size_bytes * 2);
	cr_expect_str_eq(seen.data, wanted);
}
