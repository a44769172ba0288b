/*
 * test_budget.c: what shares a key within a window, and what is beyond.
 *
 * Each record here is of a message of its own, to v@x.example, and comes in at
 * a second that the test says.
 */
#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000)

static const struct store_budget limit = {
	.kind = STORE_BUDGET_LIMIT,
	.rule = "Enough",
	.key = "address v@x.example",
	.window_ms = 100 * SECOND,
	.max = 3,
	.verdict = "hold",
};
static const struct store_budget storm = {
	.kind = STORE_BUDGET_STORM,
	.rule = "Storm",
	.key = "address v@x.example",
	.window_ms = 100 * SECOND,
	.max = 3,
	.verdict = "hold",
};
static const struct store_budget harvest = {
	.kind = STORE_BUDGET_HARVEST,
	.rule = "Harvest",
	.key = "client 192.0.2.1",
	.window_ms = 100 * SECOND,
	.max = 3,
	.verdict = "delete",
	.client = "192.0.2.1",
	.mark_ms = 1000 * SECOND,
};

/* A message that no other test has put. */
static void
letter_at(struct letter *l, int number, int64_t at_s)
{
	letter_init(l, 0, "v@x.example");
	(void)memcpy(l->message.sha256, &number, sizeof(number));
	l->message.received_at_ms = at_s * SECOND;
	l->records[0].state = RECORD_SENDING;
	l->records[0].verdict = "send";
	l->records[0].rule = "Default";
}

static int
note_ruling(const struct store_record *r, void *ctx)
{
	(void)snprintf(ctx, 64, "%s %s %s", record_state_name(r->state), r->verdict, r->rule);
	return 0;
}

/* Puts it with these budgets: "STATE VERDICT RULE". */
static const char *
put_counted(struct store *store, struct letter *l, const struct store_budget *budgets, size_t len)
{
	static char text[64];
	int64_t id;

	l->records[0].budgets = budgets;
	l->records[0].budgets_len = len;
	id = put(store, l);
	OK(store_get(store, id, note_ruling, text, &err));
	return text;
}

static const char *
put_at(struct store *store, const struct store_budget *budget, int number, int64_t at_s)
{
	struct letter l;

	letter_at(&l, number, at_s);
	return put_counted(store, &l, budget, 1);
}

#define SENT "sending send Default"

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

/* ---- storms ---------------------------------------------------------------- */

static int
note_storm(const struct store_storm *s, void *ctx)
{
	(void)snprintf(ctx, 128, "%lld %s %s %lld-%lld %lld", (long long)s->id, s->rule, s->shared,
		       (long long)s->began_at_ms / 1000, (long long)s->last_at_ms / 1000,
		       (long long)s->members);
	return 0;
}

static const char *
storm_text(struct store *store, int64_t id)
{
	static char text[128];

	text[0] = '\0';
	OK(store_get_storm(store, id, note_storm, text, &err));
	return text;
}

static int
add_id(const struct store_record *r, void *ctx)
{
	buffer_printf(ctx, " %lld", (long long)r->id);
	cr_expect_eq(r->storm, 1);
	return 0;
}

Test(budget, a_storm_takes_those_before_it_in_its_window_and_ends_when_it_is_over)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer ids = { 0 };
	const struct store_query members = { .storm = 1 };
	int number = 0;

	fixture_start(&f);
	(void)put_at(f.store, &storm, number++, 0); /* too old when it begins */
	for (int64_t at_s = 200; at_s < 230; at_s += 10)
		cr_expect_str_eq(put_at(f.store, &storm, number++, at_s), SENT);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM storm"), 0);
	cr_expect_str_eq(put_at(f.store, &storm, number++, 230), "held hold Storm");
	cr_expect_str_eq(storm_text(f.store, 1), "1 Storm address v@x.example 200-230 4");
	cr_expect_str_eq(put_at(f.store, &storm, number++, 260), "held hold Storm");
	cr_expect_str_eq(storm_text(f.store, 1), "1 Storm address v@x.example 200-260 5");
	OK(store_list(f.store, &members, add_id, &ids, &err));
	cr_expect_str_eq(ids.data, " 6 5 4 3 2");

	/* not beyond, so not of it */
	cr_expect_str_eq(put_at(f.store, &storm, number++, 345), SENT);
	cr_expect_str_eq(put_at(f.store, &storm, number++, 346), SENT);
	/* beyond again within a window: the same */
	cr_expect_str_eq(put_at(f.store, &storm, number++, 350), "held hold Storm");
	cr_expect_str_eq(storm_text(f.store, 1), "1 Storm address v@x.example 200-350 6");
	/* a window later: another */
	for (int64_t at_s = 600; at_s < 603; at_s++)
		cr_expect_str_eq(put_at(f.store, &storm, number++, at_s), SENT);
	cr_expect_str_eq(put_at(f.store, &storm, number++, 603), "held hold Storm");
	cr_expect_str_eq(storm_text(f.store, 2), "2 Storm address v@x.example 600-603 4");
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM storm"), 2);
	check_invariants(f.store);
}

Test(budget, a_put_says_what_became_of_the_record_and_what_began_with_it)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_budget both[2] = { storm, harvest };
	struct letter l;

	fixture_start(&f);
	both[1].values = names;
	both[1].values_len = 4;
	for (int i = 0; i < 6; i++) {
		const struct store_new_record *r = &l.records[0];

		letter_at(&l, i, 5);
		(void)put_counted(f.store, &l, both, i == 2 ? 2 : 1);
		cr_expect_eq(r->became, i == 2  ? RECORD_DELETED
					: i < 3 ? RECORD_SENDING
						: RECORD_HELD);
		cr_expect_str_eq(r->became_by, i == 2 ? "Harvest" : i < 3 ? "Default" : "Storm");
		cr_expect_eq(r->storm_began, i == 3);
		cr_expect_eq(r->storm_of, i == 3 ? &both[0] : NULL);
		cr_expect_eq(r->marked, i == 2 ? &both[1] : NULL);
		cr_expect_eq(r->state, RECORD_SENDING);
		/* delivered again: nothing of it */
		(void)put_counted(f.store, &l, both, 2);
		cr_expect_eq(r->outcome, STORE_PUT_REDELIVERED);
		cr_expect(r->storm_of == NULL && r->marked == NULL);
	}
}

Test(budget, a_record_is_of_one_storm_and_a_storm_without_records_is_not_made)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_budget both[2] = { storm, storm };
	struct letter l;

	fixture_start(&f);
	both[1].rule = "Original";
	both[1].key = "original <1@x>";
	for (int i = 0; i < 10; i++) {
		letter_at(&l, i, 5);
		(void)put_counted(f.store, &l, both, 2);
	}
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM storm"), 1);
	cr_expect_str_eq(storm_text(f.store, 1), "1 Storm address v@x.example 5-5 10");
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM record WHERE storm = 1"), 10);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event"), 6);
}

Test(budget, a_storm_goes_with_the_last_record_of_it)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t records, bytes;

	fixture_start(&f);
	for (int i = 0; i < 6; i++)
		(void)put_at(f.store, &storm, i, 5);
	tell(f.store, "DELETE FROM outbox; UPDATE record SET state = 'sent'"
		      " WHERE state = 'sending'");
	OK(store_purge(f.store, ~0U, DAY, 100, false, "retention", "age", DAY, &records, &bytes,
		       &err));
	cr_expect_eq(records, 6);
	OK(store_forget(f.store, DAY, 5, &records, &err));
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM storm"), 1);
	OK(store_forget(f.store, DAY, 5, &records, &err));
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM storm"), 0);
	check_invariants(f.store);
}

/* ---- directory harvest ------------------------------------------------------ */

static const char *
put_values(struct store *store, int number, int64_t at_s, const char *const *values, size_t len)
{
	struct store_budget b = harvest;
	struct letter l;

	b.values = values;
	b.values_len = len;
	letter_at(&l, number, at_s);
	return put_counted(store, &l, &b, 1);
}

static int
add_harvester(const struct store_harvester *h, void *ctx)
{
	buffer_printf(ctx, "%s %s %lld-%lld until %lld %lld %lld;", h->client, h->rule,
		      (long long)h->first_at_ms / 1000, (long long)h->last_at_ms / 1000,
		      (long long)h->until_ms / 1000, (long long)h->recipients,
		      (long long)h->notifications);
	return 0;
}

static char *
harvesters(struct store *store, int64_t now_s)
{
	struct buffer out = { 0 };

	buffer_add_str(&out, "");
	OK(store_harvesters(store, now_s * SECOND, add_harvester, &out, &err));
	return buffer_take(&out);
}

Test(budget, a_client_that_tries_different_recipients_is_marked_for_a_time)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	AUTO(fixture_done) struct fixture f = { 0 };
	int number = 0;

	fixture_start(&f);
	/* the same ones over and over, or few: no */
	for (int i = 0; i < 50; i++)
		cr_expect_str_eq(put_values(f.store, number++, i, &names[i % 3], 1), SENT);
	cr_expect_str_eq(put_values(f.store, number++, 50, NULL, 0), SENT);
	/* a fourth within the window of the others */
	cr_expect_str_eq(put_values(f.store, number++, 60, &names[3], 1), "deleted delete Harvest");
	/* it is marked, whatever it sends then */
	cr_expect_str_eq(put_values(f.store, number++, 70, NULL, 0), "deleted delete Harvest");
	{
		AUTO(freep) char *listed = harvesters(f.store, 70);

		cr_expect_str_eq(listed, "192.0.2.1 Harvest 60-70 until 1060 4 2;");
	}
	/* goes on: the mark lasts */
	cr_expect_str_eq(put_values(f.store, number++, 80, &names[4], 1), "deleted delete Harvest");
	cr_expect_str_eq(put_values(f.store, number++, 1079, NULL, 0), "deleted delete Harvest");
	{
		AUTO(freep) char *listed = harvesters(f.store, 1079);
		AUTO(freep) char *later = harvesters(f.store, 1080);

		cr_expect_str_eq(listed, "192.0.2.1 Harvest 60-1079 until 1080 5 4;");
		cr_expect_str_eq(later, "");
	}
	/* over */
	cr_expect_str_eq(put_values(f.store, number++, 1080, &names[0], 1), SENT);
	/* and again, many in one notification */
	cr_expect_str_eq(put_values(f.store, number++, 1100, names, 6), "deleted delete Harvest");
	{
		AUTO(freep) char *listed = harvesters(f.store, 1100);

		cr_expect_str_eq(listed, "192.0.2.1 Harvest 1100-1100 until 2100 4 1;");
	}
	check_invariants(f.store);
}

Test(budget, recipients_far_apart_are_no_harvest)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (int i = 0; i < 30; i++) {
		AUTO(freep) char *name = xasprintf("user%d", i);
		const char *const values[] = { name };

		cr_expect_str_eq(put_values(f.store, i, 40 * i, values, 1), SENT, "%d", i);
	}
	cr_expect_leq(ask(f.store, "SELECT count(*) FROM event"), 4);
}

/* ---- what a stranger can grow ------------------------------------------------ */

Test(budget, a_key_has_no_more_rows_than_its_count)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	for (int i = 0; i < 2000; i++) {
		AUTO(freep) char *name = xasprintf("user%d", i);
		const char *const values[] = { name };

		(void)put_at(f.store, &storm, 2 * i, i / 100);
		(void)put_values(f.store, 2 * i + 1, i / 100, values, 1);
	}
	OK(store_commit(f.store, &err));
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event WHERE value IS NULL"), 3);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM event WHERE value IS NOT NULL"), 4);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM storm"), 1);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM harvester"), 1);
	cr_expect_str_eq(storm_text(f.store, 1), "1 Storm address v@x.example 0-19 2000");
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

Test(budget, a_harvester_is_forgotten_a_month_after_its_mark)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t rows;

	fixture_start(&f);
	(void)put_values(f.store, 1, 0, names, 4);
	OK(store_forget_counted(f.store, 30 * DAY, 100, &rows, &err));
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM harvester"), 1);
	OK(store_forget_counted(f.store, 30 * DAY + 1001 * SECOND, 100, &rows, &err));
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM harvester"), 0);
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
