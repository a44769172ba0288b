/*
 * test_budget_storm.c: what comes in a storm belongs together, and who tries
 * addresses is marked.
 *
 * counted.h says what each record is.
 */
#include "tests/unit/store/counted.h"

#include <stdio.h>

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

/* ---- both ------------------------------------------------------------------ */

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
