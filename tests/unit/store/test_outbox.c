/* test_outbox.c: who sends what, when, and what becomes of it. */
#include "tests/unit/store/fixture.h"

#include <string.h>

static size_t
lease(struct store *store, int64_t now_ms, size_t max, struct store_lease *leases)
{
	size_t len = 77;

	OK(store_outbox_lease(store, STORE_ROUTE_RELEASE, now_ms, max, leases, &len, &err));
	return len;
}

/* Leases one and lets it go; its record, or 0. */
static int64_t
lease_one(struct store *store, int64_t now_ms)
{
	struct store_lease l = { 0 };
	int64_t id;

	if (lease(store, now_ms, 1, &l) == 0)
		return 0;
	id = l.record;
	store_lease_done(&l);
	return id;
}

static int
reply_is(const struct store_record *r, void *ctx)
{
	cr_assert_str_eq(r->relay_reply, ctx);
	return 0;
}

Test(outbox, a_lease_says_all_that_sending_needs)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	struct store_lease got;
	static const uint8_t zero[STORE_TOKEN_BYTES];

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	l.records[0].state = RECORD_SENDING;
	l.records[0].orcpt = "rfc822;x@y";
	l.records[0].notify = "FAILURE";
	l.message.mail_body = "8BITMIME";
	l.message.ret = "FULL";
	l.message.envid = "E1";
	l.message.smtputf8 = l.message.truncated = true;
	l.message.size_bytes = 99;
	put(f.store, &l);
	cr_assert_eq(lease(f.store, 999, 1, &got), 0, "not due before it was received");
	cr_assert_eq(lease(f.store, 1000, 1, &got), 1);
	cr_assert_eq(got.record, 1);
	cr_assert_str_eq(got.rcpt, "a@b.example");
	cr_assert_not(got.rcpt_replaced);
	cr_assert_str_eq(got.orcpt, "rfc822;x@y");
	cr_assert_str_eq(got.notify, "FAILURE");
	cr_assert_str_eq(got.mail_body, "8BITMIME");
	cr_assert_str_eq(got.ret, "FULL");
	cr_assert_str_eq(got.envid, "E1");
	cr_assert(got.smtputf8 && got.truncated);
	cr_assert_eq(got.size_bytes, 99);
	cr_assert_eq(got.received_at_ms, 1000);
	cr_assert_eq(got.attempts, 0);
	cr_assert_neq(memcmp(got.token, zero, sizeof(zero)), 0);
	store_lease_done(&got);
	store_lease_done(&got); /* no harm */
}

Test(outbox, a_release_to_another_replaces_the_recipient)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_change_result result;
	struct store_lease got;
	int64_t id, batch = 0;

	fixture_start(&f);
	id = put_held(f.store, 1, "");
	OK(store_change(f.store, STORE_CHANGE_RELEASE, &id, 1, "z@y.example", "anna", NULL, 5000,
			&batch, &result, &err));
	cr_assert_eq(lease(f.store, 5000, 1, &got), 1);
	cr_assert_str_eq(got.rcpt, "z@y.example");
	cr_assert(got.rcpt_replaced);
	store_lease_done(&got);
}

Test(outbox, the_oldest_due_goes_first_and_nothing_is_leased_twice)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_lease got[4];
	int64_t due;

	fixture_start(&f);
	cr_assert_eq(store_outbox_next(f.store, STORE_ROUTE_RELEASE, &due, NULL), 0);
	for (uint8_t i = 0; i < 5; i++) {
		struct letter l;

		letter_init(&l, i, "a@b.example");
		l.records[0].state = RECORD_SENDING;
		l.message.received_at_ms = 1000 - i;
		put(f.store, &l);
	}
	cr_assert_eq(store_outbox_next(f.store, STORE_ROUTE_RELEASE, &due, NULL), 1);
	cr_assert_eq(due, 996);
	cr_assert_eq(lease(f.store, 2000, 3, got), 3);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(got[i].record, 5 - i);
		store_lease_done(&got[i]);
	}
	cr_assert_eq(lease(f.store, 2000, 4, got), 2);
	store_lease_done(&got[0]);
	store_lease_done(&got[1]);
	cr_assert_eq(lease(f.store, 2000, 4, got), 0);
	cr_assert_eq(store_outbox_next(f.store, STORE_ROUTE_RELEASE, &due, NULL), 0,
		     "all are leased");
}

Test(outbox, each_outcome_ends_the_lease_its_own_way)
{
	static const struct {
		enum store_delivery outcome;
		bool human;
		enum record_state state;
		int64_t next; /* due again; 0: not */
	} cases[] = {
		{ STORE_DELIVERY_DONE, false, RECORD_SENT, 0 },
		{ STORE_DELIVERY_DONE, true, RECORD_RELEASED, 0 },
		{ STORE_DELIVERY_RETRY, false, RECORD_SENDING, 6500 },
		{ STORE_DELIVERY_RETRY, true, RECORD_RELEASING, 6500 },
		{ STORE_DELIVERY_UNKNOWN, false, RECORD_SENDING, 6500 },
		{ STORE_DELIVERY_UNKNOWN, true, RECORD_RELEASING, 6500 },
		{ STORE_DELIVERY_REFUSED, false, RECORD_FAILED, 0 },
		{ STORE_DELIVERY_REFUSED, true, RECORD_FAILED, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(fixture_done) struct fixture f = { 0 };
		struct store_change_result result;
		int64_t id, due = 0, batch = 0;

		fixture_start(&f);
		id = cases[i].human ? put_held(f.store, 1, "a@b.example")
				    : put_sending(f.store, 1, "a@b.example");
		if (cases[i].human)
			OK(store_change(f.store, STORE_CHANGE_RELEASE, &id, 1, NULL, "anna", NULL,
					5000, &batch, &result, &err));
		cr_assert_eq(lease_one(f.store, 5000), id);
		finish(f.store, id, cases[i].outcome, 6000);
		cr_assert_eq(state_of(f.store, id), (int)cases[i].state);
		OK(store_get(f.store, id, reply_is, (char[]){ "the reply" }, &err));
		cr_assert_eq(store_outbox_next(f.store, STORE_ROUTE_RELEASE, &due, NULL),
			     cases[i].next != 0);
		cr_assert_eq(due, cases[i].next);
		cr_assert_eq(ask(f.store, "SELECT coalesce(sum(attempts), 0) FROM outbox"),
			     cases[i].next != 0);
		check_invariants(f.store);
	}
}

Test(outbox, a_lease_that_is_not_ours_is_not_ended)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t id, cleared;
	int done = 1;

	fixture_start(&f);
	id = put_sending(f.store, 1, "a@b.example");
	OK(store_outbox_finish(f.store, id, STORE_DELIVERY_DONE, "250", 0, 2000, &done, &err));
	cr_assert_eq(done, 0, "never leased");
	cr_assert_eq(lease_one(f.store, 2000), id);
	fixture_restart(&f);
	cr_assert_eq(lease_one(f.store, 9999999), 0, "leases do not expire");
	done = 1;
	OK(store_outbox_finish(f.store, id, STORE_DELIVERY_DONE, "250", 0, 2000, &done, &err));
	cr_assert_eq(done, 0, "another run's");
	OK(store_outbox_recover(f.store, 3000, &cleared, &err));
	cr_assert_eq(cleared, 1);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM journal WHERE why = 'outcome unknown'"
				  " AND who = 'daemon' AND from_state = to_state AND at = 3000"),
		     1);
	cr_assert_eq(lease_one(f.store, 3000), id);
	OK(store_outbox_recover(f.store, 3000, &cleared, &err));
	cr_assert_eq(cleared, 0, "our own leases stay");
	finish(f.store, id, STORE_DELIVERY_DONE, 4000);
	check_invariants(f.store);
}

Test(outbox, when_nothing_is_due_nothing_is_locked)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_closep) struct store *other = NULL;
	struct store_lease got;

	fixture_start(&f);
	put_sending(f.store, 1, "a@b.example");
	other = fixture_open(&f, STORE_TOOL);
	OK(store_begin(other, &err));
	cr_assert_eq(lease(f.store, 999, 1, &got), 0);
	cr_assert_eq(lease(f.store, 1000, 0, &got), 0);
	size_t len = 77;
	REFUSED(ERROR_TEMP,
		store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 1000, 1, &got, &len, &err));
	cr_assert_eq(len, 0);
}
