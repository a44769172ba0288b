/* test_digest.c: the questions of the digest, and the limit on copies. */
#include "tests/unit/store/fixture.h"

#include <string.h>

#include "store/copy.h"
#include "store/digest.h"

static int64_t
put_as(struct store *store, uint8_t n, const char *rcpt, const char *class, const char *facts,
       enum record_state state)
{
	struct letter letter;

	letter_init(&letter, n, rcpt);
	letter.message.class = class;
	letter.message.facts = facts;
	letter.message.received_at_ms = n * 1000;
	letter.records[0].state = state;
	return put(store, &letter);
}

#define FACTS(status) "{\"recipients\":[{\"status\":\"" status "\",\"final\":\"f@x\"}]}"

/* Ids 1 to 6, received at 1000 × id; 4 is a copy, 5 has facts that are no JSON. */
static void
fill(struct store *store)
{
	put_as(store, 1, "a@x.example", "failed", FACTS("5.1.1"), RECORD_HELD);
	put_as(store, 2, "b@y.example", "failed", FACTS("5.1.1"), RECORD_DELETED);
	put_as(store, 3, "c@y.example", "delayed", FACTS("4.2.2"), RECORD_HELD);
	put_as(store, 4, "postmaster@ours.example", "copy", "{}", RECORD_SENDING);
	put_as(store, 5, "d@y.example", "failed", "no JSON", RECORD_HELD);
	put_as(store, 6, "", "failed", "{}", RECORD_HELD);
}

static int
note_count(const struct store_digest_count *c, void *ctx)
{
	buffer_printf(ctx, "%s %s %s %lld\n", c->class, c->verdict, record_state_name(c->state),
		      (long long)c->records);
	return 0;
}

static int
note_share(const struct store_digest_share *s, void *ctx)
{
	buffer_printf(ctx, "%s %lld %lld\n", s->name, (long long)s->records, (long long)s->held);
	return 0;
}

static int
note_held(const struct store_digest_held *h, void *ctx)
{
	buffer_printf(ctx, "%lld %.*s %s\n", (long long)h->id, (int)h->rcpt.len, h->rcpt.data,
		      h->status != NULL ? h->status : "-");
	return 0;
}

static int
note_storm(const struct store_storm *s, void *ctx)
{
	buffer_printf(ctx, "%s %s %lld\n", s->rule, s->shared, (long long)s->members);
	return 0;
}

static void
stretch_is(struct store *store, struct store_stretch stretch, const char *counts,
	   const char *domains, const char *statuses, const char *held)
{
	AUTO(buffer_done) struct buffer c = { 0 }, d = { 0 }, s = { 0 }, h = { 0 };

	OK(store_snapshot_begin(store, &err));
	OK(store_digest_counts(store, &stretch, note_count, &c, &err));
	OK(store_digest_top(store, &stretch, DIGEST_BY_DOMAIN, 2, note_share, &d, &err));
	OK(store_digest_top(store, &stretch, DIGEST_BY_STATUS, 9, note_share, &s, &err));
	OK(store_digest_held(store, &stretch, 2, note_held, &h, &err));
	store_snapshot_end(store);
	cr_expect_str_eq(c.data != NULL ? c.data : "", counts);
	cr_expect_str_eq(d.data != NULL ? d.data : "", domains);
	cr_expect_str_eq(s.data != NULL ? s.data : "", statuses);
	cr_expect_str_eq(h.data != NULL ? h.data : "", held);
}

Test(store_digest, counts_are_those_of_the_stretch_without_what_ndrq_wrote_itself)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t held;

	fixture_start(&f);
	stretch_is(f.store, (struct store_stretch){ 1, 0, 0 }, "", "", "", "");
	fill(f.store);
	stretch_is(f.store, (struct store_stretch){ 1, 6, 0 },
		   "delayed hold held 1\nfailed hold deleted 1\nfailed hold held 3\n",
		   "y.example 3 2\n 1 1\n", " 2 2\n5.1.1 2 1\n4.2.2 1 1\n",
		   "6  -\n5 d@y.example -\n");
	stretch_is(f.store, (struct store_stretch){ 2, 3, 0 },
		   "delayed hold held 1\nfailed hold deleted 1\n", "y.example 2 1\n",
		   "4.2.2 1 1\n5.1.1 1 0\n", "3 c@y.example 4.2.2\n");
	stretch_is(f.store, (struct store_stretch){ 1, 6, 6000 }, "failed hold held 1\n", " 1 1\n",
		   " 1 1\n", "6  -\n");
	OK(store_digest_held_all(f.store, &held, &err));
	cr_expect_eq(held, 4);
}

Test(store_digest, a_stretch_begins_with_what_was_received_then)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	static const struct {
		int64_t since_ms, first, last;
	} cases[] = { { 0, 1, 6 }, { 3000, 3, 6 }, { 3001, 4, 6 }, { 9000, 7, 6 } };
	struct store_stretch s;

	fixture_start(&f);
	OK(store_stretch_since(f.store, 0, &s, &err));
	cr_expect_eq(s.first_id, 1);
	cr_expect_eq(s.last_id, 0);
	fill(f.store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		OK(store_stretch_since(f.store, cases[i].since_ms, &s, &err));
		cr_expect_eq(s.first_id, cases[i].first, "case %zu", i);
		cr_expect_eq(s.last_id, cases[i].last, "case %zu", i);
	}
}

Test(store_digest, storms_are_those_that_went_on_in_the_time_the_largest_first)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer seen = { 0 };

	fixture_start(&f);
	tell(f.store, "INSERT INTO storm (key, rule, shared, began_at, last_at, members) VALUES"
		      " (1, 'r', 'early', 1, 9, 50), (2, 'r', 'small', 5, 15, 3),"
		      " (3, 'r', 'large', 12, 99, 30), (4, 'r', 'late', 20, 30, 90)");
	OK(store_digest_storms(f.store, 10, 20, 9, note_storm, &seen, &err));
	cr_expect_str_eq(seen.data, "r large 30\nr small 3\n");
}

Test(store_digest, copies_are_counted_by_what_became_of_them)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_digest_copies copies;
	const struct store_stretch all = { 1, 99, 0 }, late = { 1, 99, 5000 };
	int64_t made;

	fixture_start(&f);
	fill(f.store);
	OK(store_copies_since(f.store, 3999, &made, &err));
	cr_expect_eq(made, 1);
	OK(store_copies_since(f.store, 4000, &made, &err));
	cr_expect_eq(made, 0);
	OK(store_copy_leave_out(f.store, 1, RECORD_HELD, 1000, &err));
	OK(store_copy_leave_out(f.store, 5, RECORD_HELD, 5000, &err));
	OK(store_digest_copies(f.store, &all, &copies, &err));
	cr_expect_eq(copies.sent + copies.failed, 0);
	cr_expect_eq(copies.waiting, 1);
	cr_expect_eq(copies.left_out, 2);
	OK(store_digest_copies(f.store, &late, &copies, &err));
	cr_expect_eq(copies.waiting, 0);
	cr_expect_eq(copies.left_out, 1);
	check_invariants(f.store);
}

static int
add_records(const struct store_count *count, void *ctx)
{
	*(int64_t *)ctx += count->count;
	return 0;
}

static int
count_record(const struct store_record *record, void *ctx)
{
	(void)record;
	++*(int *)ctx;
	return 0;
}

Test(store_digest, what_ndrq_wrote_itself_is_listed_for_who_asks_and_counted_nowhere)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	static const struct {
		const char *class;
		int records;
	} cases[] = { { NULL, 5 }, { "failed", 4 }, { "copy", 1 }, { "digest", 0 } };

	fixture_start(&f);
	fill(f.store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct store_query query = { .class = cases[i].class };
		int records = 0;

		OK(store_list(f.store, &query, count_record, &records, &err));
		cr_expect_eq(records, cases[i].records, "case %zu", i);
	}
	for (enum store_stats_by by = STATS_BY_STATE; by <= STATS_BY_VERDICT; by++) {
		int64_t records = 0;

		OK(store_stats(f.store, by, 0, add_records, &records, &err));
		cr_expect_eq(records, 5, "%d", (int)by);
	}
}

Test(store_digest, one_until_the_same_time_is_made_once)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_digest_mark mark = { 100, 200, 6, 0 }, latest;

	fixture_start(&f);
	OK(store_digest_latest(f.store, &latest, &err));
	cr_expect_eq(store_digest_add(f.store, &mark, NULL), 1);
	cr_expect_eq(store_digest_add(f.store, &mark, NULL), 0);
	cr_expect_eq(store_digest_add(f.store, &(struct store_digest_mark){ 100, 150, 9, 0 }, NULL),
		     0);
	cr_expect_eq(store_digest_add(f.store, &(struct store_digest_mark){ 200, 300, 9, 1 }, NULL),
		     1);
	cr_expect_eq(store_digest_latest(f.store, &latest, NULL), 1);
	cr_expect_eq(latest.until_ms, 300);
	cr_expect_eq(latest.last_id, 9);
	fixture_restart(&f);
	cr_expect_eq(store_digest_add(f.store, &mark, NULL), 0);
}
