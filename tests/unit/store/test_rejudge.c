/* test_rejudge.c: what waits in the outbox when the policy changes. */
#include "tests/unit/store/fixture.h"

#include <string.h>

#define NEW "new revision"

static int64_t
put_of(struct store *store, uint8_t n, const char *class, const char *revision)
{
	struct letter letter;

	letter_init(&letter, n, "a@b.example");
	letter.records[0].state = RECORD_SENDING;
	letter.records[0].verdict = "send";
	letter.records[0].rule = "Old.ndr";
	letter.message.class = class;
	letter.message.policy_revision = revision;
	return put(store, &letter);
}

static int64_t
put_waiting(struct store *store, uint8_t n)
{
	return put_of(store, n, "failed", "old revision");
}

/* All that wait, asked for max rows at a time; how many. */
static size_t
waiting(struct store *store, size_t max, int64_t ids[64])
{
	int64_t after = 0;
	size_t all = 0, len;
	int rc;

	for (;;) {
		OK(rc = store_waiting(store, NEW, max, &after, ids + all, &len, &err));
		if (rc == 0)
			return all;
		cr_assert_leq(len, max);
		all += len;
	}
}

static int
rejudge_to(struct store *store, int64_t id, enum record_state state)
{
	const struct store_rejudged r = {
		.record = id,
		.state = state,
		.verdict = state == RECORD_HELD ? "hold" : "delete",
		.rule = "New.ndr",
		.policy_revision = NEW,
		.proof = "forged",
	};
	int done = -1;

	OK(store_rejudge(store, &r, 7000, &done, &err));
	return done;
}

static struct store_lease
lease_one(struct store *store)
{
	struct store_lease lease;
	size_t len;

	OK(store_outbox_lease(store, STORE_ROUTE_RELEASE, 9000, 1, &lease, &len, &err));
	cr_assert_eq(len, 1);
	return lease;
}

Test(rejudge, only_unleased_sending_rows_of_another_policy_wait)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_lease_done) struct store_lease lease = { 0 };
	struct store_change_result result;
	int64_t ids[64], held, wanted, batch = 0;

	fixture_start(&f);
	(void)put_waiting(f.store, 1);
	lease = lease_one(f.store);
	(void)put_sent(f.store, 2, "a@b.example");
	held = put_held(f.store, 3, "a@b.example");
	OK(store_change(f.store, STORE_CHANGE_RELEASE, &held, 1, NULL, "anna", NULL, 5000, &batch,
			&result, &err));
	(void)put_of(f.store, 4, "failed", NEW);
	(void)put_of(f.store, 5, "copy", "old revision");
	(void)put_of(f.store, 6, "digest", "old revision");
	wanted = put_waiting(f.store, 7);
	for (size_t max = 1; max < 9; max += 7) {
		cr_assert_eq(waiting(f.store, max, ids), 1);
		cr_assert_eq(ids[0], wanted);
	}
}

Test(rejudge, a_walk_in_pieces_meets_each_row_once_in_order)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t ids[64];

	fixture_start(&f);
	cr_assert_eq(waiting(f.store, 3, ids), 0);
	for (uint8_t n = 1; n <= 10; n++)
		(void)put_waiting(f.store, n);
	cr_assert_eq(waiting(f.store, 3, ids), 10);
	for (size_t i = 1; i < 10; i++)
		cr_assert_lt(ids[i - 1], ids[i]);
}

static int
expect_verdict(const struct store_record *record, void *ctx)
{
	cr_expect_str_eq(record->verdict, ctx);
	cr_expect_str_eq(record->rule, "New.ndr");
	cr_expect_str_eq(record->proof, "forged");
	cr_expect_str_eq(record->policy_revision, "old revision");
	return 0;
}

struct expected_entry {
	const char *who, *why, *from, *to;
	int64_t at_ms;
};

static int
expect_entry(const struct store_journal_entry *entry, void *ctx)
{
	const struct expected_entry **next = ctx;
	const struct expected_entry *e = (*next)++;

	cr_assert_not_null(e->who);
	cr_expect_str_eq(entry->who, e->who);
	cr_expect_str_eq(entry->why, e->why);
	cr_expect_str_eq(entry->to_state, e->to);
	cr_expect(e->from == NULL || strcmp(entry->from_state, e->from) == 0);
	return 0;
}

Test(rejudge, a_stricter_verdict_takes_it_out_of_the_outbox_and_is_in_its_journal)
{
	static const enum record_state states[] = { RECORD_HELD, RECORD_DELETED };
	AUTO(fixture_done) struct fixture f = { 0 };
	uint8_t n = 0;

	fixture_start(&f);
	for (size_t i = 0; i < 2; i++) {
		const struct expected_entry entries[] = {
			{ "policy", "Old.ndr", NULL, "sending", 0 },
			{ "policy", "New.ndr; policy " NEW "; before: Old.ndr", "sending",
			  record_state_name(states[i]), 7000 },
			{ 0 },
		};
		const struct expected_entry *next = entries;
		char verdict[] = "delete";
		int64_t id = put_waiting(f.store, ++n), other = put_waiting(f.store, ++n);

		if (states[i] == RECORD_HELD)
			(void)strcpy(verdict, "hold");
		cr_expect_eq(rejudge_to(f.store, id, states[i]), 1);
		cr_expect_eq(state_of(f.store, id), (int)states[i]);
		cr_expect_eq(state_of(f.store, other), RECORD_SENDING);
		OK(store_get(f.store, id, expect_verdict, verdict, &err));
		OK(store_journal(f.store, id, expect_entry, &next, &err));
		cr_expect_null(next->who, "all of them");
		check_invariants(f.store);
	}
}

Test(rejudge, what_is_leased_sent_released_or_unknown_stays)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_lease_done) struct store_lease lease = { 0 };
	struct store_change_result result;
	int64_t leased, sent, released, batch = 0;

	fixture_start(&f);
	sent = put_sent(f.store, 1, "a@b.example");
	leased = put_waiting(f.store, 2);
	lease = lease_one(f.store);
	released = put_held(f.store, 3, "a@b.example");
	OK(store_change(f.store, STORE_CHANGE_RELEASE, &released, 1, NULL, "anna", NULL, 5000,
			&batch, &result, &err));
	cr_expect_eq(rejudge_to(f.store, leased, RECORD_HELD), 0);
	cr_expect_eq(rejudge_to(f.store, sent, RECORD_HELD), 0);
	cr_expect_eq(rejudge_to(f.store, released, RECORD_HELD), 0);
	cr_expect_eq(rejudge_to(f.store, 99, RECORD_HELD), 0);
	cr_expect_eq(state_of(f.store, leased), RECORD_SENDING);
	cr_expect_eq(state_of(f.store, sent), RECORD_SENT);
	cr_expect_eq(state_of(f.store, released), RECORD_RELEASING);
	finish(f.store, leased, STORE_DELIVERY_RETRY, 9000);
	cr_expect_eq(rejudge_to(f.store, leased, RECORD_HELD), 1, "once it waits again");
	check_invariants(f.store);
}

Test(rejudge, one_that_fails_in_between_has_changed_nothing)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	const struct store_rejudged bad = {
		.state = RECORD_HELD,
		.verdict = "hold",
		.rule = NULL, /* the schema refuses it, after the move */
		.policy_revision = NEW
	};
	struct store_rejudged r = bad;
	int64_t ids[64];
	int done;

	fixture_start(&f);
	r.record = put_waiting(f.store, 1);
	REFUSED(ERROR_PERM, store_rejudge(f.store, &r, 7000, &done, &err));
	cr_expect_eq(state_of(f.store, r.record), RECORD_SENDING);
	cr_expect_eq(waiting(f.store, 9, ids), 1);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM journal"), 0);
	check_invariants(f.store);
}

Test(rejudge, a_record_released_afterwards_keeps_all_of_its_history)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_change_result result;
	int64_t id, batch = 0;

	fixture_start(&f);
	id = put_waiting(f.store, 1);
	cr_assert_eq(rejudge_to(f.store, id, RECORD_DELETED), 1);
	OK(store_change(f.store, STORE_CHANGE_RELEASE, &id, 1, NULL, "anna", NULL, 8000, &batch,
			&result, &err));
	cr_expect_eq(result.outcome, STORE_CHANGED);
	cr_expect_eq(state_of(f.store, id), RECORD_RELEASING);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM journal"), 2);
	check_invariants(f.store);
}

Test(rejudge, of_a_row_that_is_leased_no_less_goes_out_than_was_read)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_lease_done) struct store_lease lease = { 0 };
	int64_t id;
	int done = -1;

	fixture_start(&f);
	id = put_waiting(f.store, 1);
	lease = lease_one(f.store);
	cr_assert_not(lease.no_diagnostics);
	OK(store_shorten(f.store, id, true, "none", NEW, 7000, &done, &err));
	cr_assert_eq(done, 0);
	OK(store_outbox_finish(f.store, id, STORE_DELIVERY_RETRY, "later", 8000, 8000, &done,
			       &err));
	OK(store_shorten(f.store, id, true, "none", NEW, 9000, &done, &err));
	cr_assert_eq(done, 1);
	OK(store_shorten(f.store, id, false, "headers", NEW, 9000, &done, &err));
	cr_assert_eq(done, 0);
	check_invariants(f.store);
}
