/*
 * test_budget.c: what shares a key within a window, and what is beyond.
 *
 * counted.h says what each record is.
 */
#include "tests/unit/store/counted.h"

#include <string.h>

Test(budget, at_most_so_many_go_out_within_a_window_that_slides)
{
	static const struct {
		int64_t at_s;
		const char *says;
	} cases[] = {
		{ 0, SENT },
		{ 10, SENT },
		{ 50, SENT },
		{ 60, "held hold Enough" },
		{ 99, "held hold Enough" },
		{ 100, SENT }, /* the first is out of the window; what was held never counted */
		{ 109, "held hold Enough" },
		{ 110, SENT },
		{ 149, "held hold Enough" },
		{ 150, SENT },
		{ 1000, SENT },
		{ 1000, SENT },
		{ 1000, SENT },
		{ 1000, "held hold Enough" },
		{ 999, "held hold Enough" }, /* as they come, not quite in order */
	};
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *says = put_at(f.store, &limit, (int)i, cases[i].at_s);

		cr_expect_str_eq(says, cases[i].says, "case %zu: %s", i, says);
	}
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 3);
	check_invariants(f.store);
}

Test(budget, of_a_thousand_at_once_three_go_out)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	for (int i = 0; i < 1000; i++)
		(void)put_at(f.store, &limit, i, 5);
	OK(store_commit(f.store, &err));
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM outbox"), 3);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM record WHERE state = 'held'"), 997);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 3);
	check_invariants(f.store);
}

Test(budget, keys_and_rules_are_counted_apart)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_budget other_key = limit, other_rule = limit;

	fixture_start(&f);
	other_key.key = "address w@x.example";
	other_rule.rule = "Enough!";
	for (int i = 0; i < 4; i++)
		(void)put_at(f.store, &limit, i, 5);
	cr_expect_str_eq(put_at(f.store, &limit, 10, 5), "held hold Enough");
	cr_expect_str_eq(put_at(f.store, &other_key, 11, 5), SENT);
	cr_expect_str_eq(put_at(f.store, &other_rule, 12, 5), SENT);
}

Test(budget, a_redelivery_counts_nothing)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;

	fixture_start(&f);
	for (int i = 0; i < 10; i++) {
		letter_at(&l, 1, i);
		cr_expect_str_eq(put_counted(f.store, &l, &limit, 1), SENT);
	}
	cr_expect_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 1);
	cr_expect_str_eq(put_at(f.store, &limit, 2, 20), SENT);
	cr_expect_str_eq(put_at(f.store, &limit, 3, 20), SENT);
	cr_expect_str_eq(put_at(f.store, &limit, 4, 20), "held hold Enough");
}

Test(budget, a_loop_counts_nothing)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_trace trace = { 0 };
	struct store_lease lease;
	struct letter l;
	size_t len;

	fixture_start(&f);
	cr_expect_str_eq(put_at(f.store, &storm, 1, 1), SENT);
	OK(store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 2000, 1, &lease, &len, &err));
	cr_assert_eq(len, 1);
	trace.record = lease.record;
	memcpy(trace.token, lease.token, sizeof(trace.token));
	store_lease_done(&lease);
	letter_at(&l, 2, 2);
	l.message.traces = &trace;
	l.message.traces_len = 1;
	cr_expect_str_eq(put_counted(f.store, &l, &storm, 1), "held send loop");
	free(l.records[0].loop_route);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 1);
}

Test(budget, what_is_rolled_back_was_never_counted)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	const struct store_budget all[] = { limit, storm, harvest };
	struct store_budget with_values[3];
	static const char *const values[] = { "a", "b", "c", "d" };
	struct letter l;

	fixture_start(&f);
	memcpy(with_values, all, sizeof(all));
	with_values[2].values = values;
	with_values[2].values_len = 4;
	OK(store_begin(f.store, &err));
	for (int i = 0; i < 5; i++) {
		OK(store_savepoint(f.store, &err));
		letter_at(&l, i, 5);
		(void)put_counted(f.store, &l, with_values, 3);
		store_savepoint_rollback(f.store);
	}
	OK(store_commit(f.store, &err));
	cr_expect_eq(ask(f.store, "SELECT (SELECT count(*) FROM event)"
				  " + (SELECT count(*) FROM harvester)"
				  " + (SELECT count(*) FROM storm)"
				  " + (SELECT count(*) FROM record)"),
		     0);
	OK(store_begin(f.store, &err));
	(void)put_at(f.store, &limit, 1, 5);
	store_rollback(f.store);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 0);
	for (int i = 0; i < 3; i++)
		cr_expect_str_eq(put_at(f.store, &limit, i, 5), SENT);
}

Test(budget, what_would_not_go_out_is_not_counted_against_a_limit)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_budget deletes = limit;
	struct letter l;

	fixture_start(&f);
	deletes.verdict = "delete";
	for (int i = 0; i < 5; i++) {
		letter_at(&l, i, 5);
		l.records[0].state = RECORD_HELD;
		l.records[0].verdict = "hold";
		cr_expect_str_eq(put_counted(f.store, &l, &deletes, 1), "held hold Default");
	}
	for (int i = 10; i < 13; i++)
		cr_expect_str_eq(put_at(f.store, &deletes, i, 5), SENT);
	cr_expect_str_eq(put_at(f.store, &deletes, 13, 5), "deleted delete Enough");
	/* held by policy: that is what it stays, nothing of it is sent */
	letter_at(&l, 20, 5);
	l.records[0].state = RECORD_HELD;
	l.records[0].verdict = "hold";
	cr_expect_str_eq(put_counted(f.store, &l, &deletes, 1), "held hold Default");
}

Test(budget, the_first_beyond_decides_and_only_stricter)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_budget second = storm, both[2] = { storm };
	struct letter l;

	fixture_start(&f);
	second.rule = "Second";
	second.verdict = "delete";
	both[1] = second;
	for (int i = 0; i < 3; i++) {
		letter_at(&l, i, 5);
		cr_expect_str_eq(put_counted(f.store, &l, both, 2), SENT);
	}
	letter_at(&l, 3, 5);
	cr_expect_str_eq(put_counted(f.store, &l, both, 2), "held hold Storm");
	/* held by policy: the rule that comes first takes it */
	letter_at(&l, 4, 5);
	l.records[0].state = RECORD_HELD;
	l.records[0].verdict = "hold";
	cr_expect_str_eq(put_counted(f.store, &l, both, 2), "held hold Storm");
	/* deleted by policy: holding would be milder */
	letter_at(&l, 5, 5);
	l.records[0].state = RECORD_DELETED;
	l.records[0].verdict = "delete";
	cr_expect_str_eq(put_counted(f.store, &l, both, 1), "deleted delete Default");
	letter_at(&l, 6, 5);
	l.records[0].state = RECORD_DELETED;
	l.records[0].verdict = "delete";
	cr_expect_str_eq(put_counted(f.store, &l, both, 2), "deleted delete Second");
}

Test(budget, what_is_only_observed_goes_out_and_is_counted_as_if_it_had_not)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;

	fixture_start(&f);
	for (int i = 0; i < 6; i++) {
		letter_at(&l, i, 5);
		l.records[0].observed = true;
		cr_expect_str_eq(put_counted(f.store, &l, &limit, 1),
				 i < 3 ? SENT : "sending hold Enough");
	}
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 3);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM outbox"), 6);
}

Test(budget, what_is_out_of_its_window_is_forgotten_a_bounded_piece_at_a_time)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t rows = 0;

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	for (int i = 0; i < 250; i++) {
		AUTO(freep) char *key = xasprintf("address v%d@x.example", i);
		struct store_budget b = limit;

		b.key = key;
		(void)put_at(f.store, &b, i, i < 240 ? 5 : 50);
	}
	OK(store_commit(f.store, &err));
	OK(store_forget_counted(f.store, 105 * SECOND, 100, &rows, &err));
	cr_expect_eq(rows, 0);
	for (int i = 0; i < 3; i++) {
		OK(store_forget_counted(f.store, 105 * SECOND + 1, 100, &rows, &err));
		cr_expect_eq(rows, i < 2 ? 100 : 40);
	}
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 10);
}

Test(budget, a_clock_that_was_wrong_counts_for_no_longer_than_a_window)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (int i = 0; i < 3; i++)
		cr_expect_str_eq(put_at(f.store, &limit, i, 1000000), SENT);
	cr_expect_str_eq(put_at(f.store, &limit, 3, 1000), SENT);
	cr_expect_str_eq(put_at(f.store, &limit, 4, 1000), SENT);
	cr_expect_str_eq(put_at(f.store, &limit, 5, 1000), SENT);
	cr_expect_str_eq(put_at(f.store, &limit, 6, 1000), "held hold Enough");
}

Test(budget, a_count_that_policy_changed_holds_from_then_on)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_budget less = limit, shorter = limit;

	fixture_start(&f);
	for (int i = 0; i < 3; i++)
		(void)put_at(f.store, &limit, i, i);
	less.max = 1;
	cr_expect_str_eq(put_at(f.store, &less, 3, 10), "held hold Enough");
	shorter.window_ms = 5 * SECOND;
	cr_expect_str_eq(put_at(f.store, &shorter, 4, 10), SENT);
	cr_expect_str_eq(put_at(f.store, &less, 5, 10), "held hold Enough");
}

Test(budget, the_counts_are_kept_over_a_restart)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (int i = 0; i < 3; i++)
		(void)put_at(f.store, &limit, i, 5);
	fixture_restart(&f);
	cr_expect_str_eq(put_at(f.store, &limit, 3, 6), "held hold Enough");
}
