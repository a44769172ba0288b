/* test_retention.c: bodies are emptied and records forgotten when they are old, never before. */
#include "tests/unit/store/fixture.h"

#include <stdlib.h>
#include <string.h>

static int64_t
purge(struct store *store, unsigned states, int64_t before_ms, int64_t limit)
{
	int64_t would, would_bytes, did, did_bytes;

	OK(store_purge(store, states, before_ms, limit, true, "retention", "old", 9000, &would,
		       &would_bytes, &err));
	OK(store_purge(store, states, before_ms, limit, false, "retention", "old", 9000, &did,
		       &did_bytes, &err));
	cr_assert_eq(would, did);
	cr_assert_eq(would_bytes, did_bytes);
	check_invariants(store);
	return did;
}

Test(retention, only_what_is_old_and_in_a_named_state_is_purged)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (uint8_t i = 1; i <= 4; i++) {
		struct letter l;

		letter_init(&l, i, "a@b.example");
		l.message.received_at_ms = 1000 * i;
		l.records[0].state = i == 4 ? RECORD_DELETED : RECORD_HELD;
		put(f.store, &l);
	}
	cr_assert_eq(purge(f.store, 1U << RECORD_HELD, 1000, 10), 0);
	cr_assert_eq(purge(f.store, 1U << RECORD_HELD, 2001, 10), 2);
	cr_assert_eq(purge(f.store, 1U << RECORD_HELD, 2001, 10), 0, "once only");
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record WHERE purged_at = 9000"), 2);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM journal WHERE who = 'retention'"
				  " AND why = 'old' AND from_state = to_state AND at = 9000"),
		     2);
	cr_assert_eq(purge(f.store, 1U << RECORD_HELD | 1U << RECORD_DELETED, 99000, 1), 1);
	cr_assert_eq(purge(f.store, 1U << RECORD_HELD | 1U << RECORD_DELETED, 99000, 10), 1);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM body"), 0);
}

Test(retention, a_shared_body_goes_with_the_last_of_its_records)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t records, bytes;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	letter_add(&l, "c@d.example");
	l.records[1].state = RECORD_DELETED;
	put(f.store, &l);
	OK(store_purge(f.store, 1U << RECORD_DELETED, 99000, 9, false, "me", NULL, 9000, &records,
		       &bytes, &err));
	cr_assert_eq(records, 1);
	cr_assert_eq(bytes, 0);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM body"), 1);
	OK(store_purge(f.store, 1U << RECORD_HELD, 99000, 0, true, "me", NULL, 9000, &records,
		       &bytes, &err));
	cr_assert_eq(records, 1);
	cr_assert_eq(bytes, (int64_t)l.message.body.len);
	cr_assert_eq(purge(f.store, 1U << RECORD_HELD, 99000, 9), 1);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM body"), 0);
}

Test(retention, what_is_in_the_outbox_is_never_purged_whatever_states_are_named)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	put_sending(f.store, 1, "a@b.example");
	cr_assert_eq(purge(f.store, (1U << RECORD_STATES) - 1, INT64_MAX, 10), 0);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM body"), 1);
}

Test(retention, a_call_ends_after_a_bounded_piece_of_work)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *body = xcalloc(1, 40 << 20);
	int64_t records, bytes;

	fixture_start(&f);
	for (uint8_t i = 1; i <= 3; i++) {
		struct letter l;

		letter_init(&l, i, "a@b.example");
		l.message.body.data = body;
		l.message.body.len = i < 3 ? 40 << 20 : 10;
		put(f.store, &l);
	}
	OK(store_purge(f.store, 1, 99000, 100, false, "me", NULL, 9000, &records, &bytes, &err));
	cr_assert_eq(records, 2, "80 MB of bodies are past the 64 MB at which a call ends");
	OK(store_purge(f.store, 1, 99000, 100, false, "me", NULL, 9000, &records, &bytes, &err));
	cr_assert_eq(records, 1);
}

Test(retention, purged_records_are_forgotten_with_all_that_hangs_on_them)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t forgotten;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	letter_add(&l, "c@d.example");
	l.records[1].state = RECORD_DELETED;
	put(f.store, &l);
	put_held(f.store, 2, "e@f.example");
	cr_assert_eq(purge(f.store, 1U << RECORD_DELETED, 99000, 9), 1);
	OK(store_forget(f.store, 1000, 9, &forgotten, &err));
	cr_assert_eq(forgotten, 0, "not old enough");
	OK(store_forget(f.store, 1001, 9, &forgotten, &err));
	cr_assert_eq(forgotten, 1);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM message"), 2, "another record shares it");
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM journal"), 0);
	cr_assert_eq(purge(f.store, 1U << RECORD_HELD, 99000, 9), 2);
	OK(store_forget(f.store, 99000, 1, &forgotten, &err));
	cr_assert_eq(forgotten, 1, "at most the limit");
	OK(store_forget(f.store, 99000, 9, &forgotten, &err));
	cr_assert_eq(forgotten, 1);
	cr_assert_eq(ask(f.store, "SELECT (SELECT count(*) FROM message) +"
				  " (SELECT count(*) FROM record)"
				  " + (SELECT count(*) FROM journal)"),
		     0);
}

Test(retention, when_nothing_is_old_nothing_is_locked)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_closep) struct store *other = NULL;
	int64_t records = 7, bytes = 7;

	fixture_start(&f);
	put_held(f.store, 1, "a@b.example");
	other = fixture_open(&f, STORE_TOOL);
	OK(store_begin(other, &err));
	OK(store_purge(f.store, 1, 5, 9, false, "me", NULL, 9000, &records, &bytes, &err));
	cr_assert_eq(records + bytes, 0);
	OK(store_forget(f.store, 99000, 9, &records, &err));
	REFUSED(ERROR_TEMP,
		store_purge(f.store, 1, 99000, 9, false, "me", NULL, 9000, &records, &bytes, &err));
}

/* One random thing that can happen to a store. */
static void
do_something(struct fixture *f, unsigned *seed, int64_t now_ms)
{
	int64_t id = rand_r(seed) % 60 + 1, batch = 0, n, bytes;
	struct store_change_result result;
	struct store_lease leases[3];
	struct letter l;
	size_t len;
	int done;

	switch (rand_r(seed) % 8) {
	case 0:
	case 1:
		letter_init(&l, (uint8_t)(rand_r(seed) % 40), "a@b.example");
		letter_add(&l, rand_r(seed) % 2 ? "c@d.example" : "a@b.example");
		for (int i = 0; i < 2; i++)
			l.records[i].state = (enum record_state)(rand_r(seed) % 3);
		l.message.received_at_ms = now_ms;
		put(f->store, &l);
		return;
	case 2:
	case 3:
		OK(store_change(f->store, (enum store_change_kind)(rand_r(seed) % 2), &id, 1, NULL,
				"anna", NULL, now_ms, &batch, &result, &err));
		return;
	case 4:
		OK(store_outbox_lease(f->store, STORE_ROUTE_RELEASE, now_ms, 3, leases, &len,
				      &err));
		for (size_t i = 0; i < len; i++) {
			if (rand_r(seed) % 4 > 0)
				OK(store_outbox_finish(f->store, leases[i].record,
						       (enum store_delivery)(rand_r(seed) % 4),
						       "reply", now_ms + 9, now_ms, &done, &err));
			store_lease_done(&leases[i]);
		}
		return;
	case 5:
		OK(store_purge(f->store, (unsigned)rand_r(seed) % 128, now_ms - 100, 2, false,
			       "retention", NULL, now_ms, &n, &bytes, &err));
		return;
	case 6:
		OK(store_forget(f->store, now_ms - 200, 2, &n, &err));
		return;
	case 7:
		if (rand_r(seed) % 4 == 0)
			fixture_restart(f);
		OK(store_outbox_recover(f->store, now_ms, &n, &err));
		return;
	}
}

Test(retention, whatever_happens_in_whatever_order_the_invariants_hold, .timeout = 60)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	unsigned seed = 4;

	fixture_start(&f);
	tell(f.store, "PRAGMA synchronous = OFF");
	for (int64_t now_ms = 1000; now_ms < 2500; now_ms++) {
		do_something(&f, &seed, now_ms);
		if (now_ms % 5 == 0)
			check_invariants(f.store);
	}
	cr_assert_gt(ask(f.store, "SELECT count(DISTINCT state) FROM record"), 3);
}
