/* test_change.c: what a human may order, and what the journal then says. */
#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <string.h>

static struct store_change_result
change(struct store *store, enum store_change_kind kind, int64_t id, const char *to)
{
	struct store_change_result result;
	int64_t batch = 0;

	OK(store_change(store, kind, &id, 1, to, "anna", "because", 5000, &batch, &result, &err));
	cr_assert_eq(result.id, id);
	cr_assert_eq(batch != 0, result.outcome == STORE_CHANGED);
	return result;
}

/* A record in a given state, by whatever way leads there. */
static int64_t
make(struct store *store, enum record_state state, uint8_t n)
{
	const enum store_delivery end =
		state == RECORD_FAILED ? STORE_DELIVERY_REFUSED : STORE_DELIVERY_DONE;
	struct store_lease lease;
	size_t len;
	int64_t id;

	if (state == RECORD_SENDING || state == RECORD_SENT || state == RECORD_FAILED)
		id = put_sending(store, n, "a@b.example");
	else
		id = put_held(store, n, "a@b.example");
	if (state == RECORD_DELETED)
		change(store, STORE_CHANGE_DELETE, id, NULL);
	if (state == RECORD_RELEASING || state == RECORD_RELEASED)
		change(store, STORE_CHANGE_RELEASE, id, NULL);
	if (state == RECORD_SENT || state == RECORD_FAILED || state == RECORD_RELEASED) {
		OK(store_outbox_lease(store, STORE_ROUTE_RELEASE, 9000, 1, &lease, &len, &err));
		cr_assert_eq(len, 1);
		store_lease_done(&lease);
		finish(store, id, end, 9000);
	}
	cr_assert_eq(state_of(store, id), (int)state);
	return id;
}

Test(change, only_the_legal_changes_are_made)
{
	static const struct {
		enum record_state from;
		bool release, delete;
	} cases[] = {
		{ RECORD_HELD, true, true },        { RECORD_DELETED, true, false },
		{ RECORD_SENT, false, false },      { RECORD_RELEASED, false, false },
		{ RECORD_FAILED, true, true },      { RECORD_SENDING, false, false },
		{ RECORD_RELEASING, false, false },
	};
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_change_result result;
	uint8_t n = 0;

	fixture_start(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int kind = 0; kind < 2; kind++) {
			const bool release = kind == STORE_CHANGE_RELEASE;
			const bool legal = release ? cases[i].release : cases[i].delete;
			const enum record_state to = release ? RECORD_RELEASING : RECORD_DELETED;
			int64_t id = make(f.store, cases[i].from, n++);

			result = change(f.store, (enum store_change_kind)kind, id, NULL);
			cr_assert_eq(result.outcome,
				     legal ? STORE_CHANGED : STORE_CHANGE_WRONG_STATE);
			cr_assert_eq(result.was, cases[i].from);
			cr_assert_eq(state_of(f.store, id), (int)(legal ? to : cases[i].from));
			check_invariants(f.store);
			tell(f.store, "DELETE FROM outbox; DELETE FROM journal; DELETE FROM record;"
				      "DELETE FROM body; DELETE FROM message");
		}
}

Test(change, each_id_of_a_list_is_told_what_became_of_it)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_change_result results[6];
	int64_t ids[6], batch = 0, first, records, bytes;

	fixture_start(&f);
	ids[0] = put_held(f.store, 1, "a@b.example");
	ids[1] = 4711;
	ids[2] = make(f.store, RECORD_SENT, 2);
	ids[3] = put_held(f.store, 3, "");
	ids[4] = put_held(f.store, 4, "a@b.example");
	ids[5] = ids[0];
	tell(f.store, "UPDATE record SET changed_at = 1 WHERE id = 4");
	OK(store_purge(f.store, 1U << RECORD_HELD, 2, 1, false, "me", NULL, 3, &records, &bytes,
		       &err));
	OK(store_change(f.store, STORE_CHANGE_RELEASE, ids, 6, NULL, "anna", NULL, 5000, &batch,
			results, &err));
	cr_assert_eq(results[0].outcome, STORE_CHANGED);
	cr_assert_eq(results[1].outcome, STORE_CHANGE_UNKNOWN_ID);
	cr_assert_eq(results[2].outcome, STORE_CHANGE_WRONG_STATE);
	cr_assert_eq(results[2].was, RECORD_SENT);
	cr_assert_eq(results[3].outcome, STORE_CHANGE_NO_RECIPIENT);
	cr_assert_eq(results[4].outcome, STORE_CHANGE_PURGED);
	cr_assert_eq(results[5].outcome, STORE_CHANGE_WRONG_STATE);
	cr_assert_eq(results[5].was, RECORD_RELEASING);
	first = batch;
	OK(store_change(f.store, STORE_CHANGE_RELEASE, &ids[3], 1, "z@y.example", "anna", NULL,
			5000, &batch, results, &err));
	cr_assert_eq(results[0].outcome, STORE_CHANGED);
	cr_assert_eq(batch, first, "a batch goes on when it is given");
	batch = 0;
	put_held(f.store, 9, "a@b.example");
	ids[0] = 5;
	OK(store_change(f.store, STORE_CHANGE_DELETE, ids, 1, NULL, "anna", NULL, 5000, &batch,
			results, &err));
	cr_assert_gt(batch, first);
	check_invariants(f.store);
}

Test(change, a_recipient_that_no_line_can_hold_needs_another)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t id;

	fixture_start(&f);
	letter_init(&l, 1, "x");
	l.records[0].rcpt = SPAN("a@b\0.example");
	id = put(f.store, &l);
	cr_assert_eq(change(f.store, STORE_CHANGE_RELEASE, id, NULL).outcome,
		     STORE_CHANGE_NO_RECIPIENT);
	cr_assert_eq(change(f.store, STORE_CHANGE_RELEASE, id, "q@b.example").outcome,
		     STORE_CHANGED);
}

Test(change, an_unknown_batch_undoes_the_whole_call)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_change_result result;
	int64_t id, batch = 99;

	fixture_start(&f);
	id = put_held(f.store, 1, "a@b.example");
	REFUSED(ERROR_PERM, store_change(f.store, STORE_CHANGE_DELETE, &id, 1, NULL, "anna", NULL,
					 5000, &batch, &result, &err));
	cr_assert_eq(state_of(f.store, id), RECORD_HELD);
	check_invariants(f.store);
}

static int
add_line(const struct store_journal_entry *e, void *ctx)
{
	buffer_printf(ctx, "%lld %s %s %s>%s %s;", (long long)e->at_ms, e->batch ? "b" : "-",
		      e->who, e->from_state ? e->from_state : "", e->to_state,
		      e->why ? e->why : "-");
	return 0;
}

Test(change, the_journal_tells_the_whole_history_in_order)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer told = { 0 };
	struct store_lease lease;
	size_t len;
	int64_t id;

	fixture_start(&f);
	id = put_held(f.store, 1, "a@b.example");
	OK(store_journal(f.store, id, add_line, &told, &err));
	cr_assert_str_eq(told.data, "1000 - policy >held Default;");
	buffer_clear(&told);
	change(f.store, STORE_CHANGE_DELETE, id, NULL);
	change(f.store, STORE_CHANGE_RELEASE, id, NULL);
	OK(store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 9000, 1, &lease, &len, &err));
	store_lease_done(&lease);
	finish(f.store, id, STORE_DELIVERY_UNKNOWN, 9000);
	OK(store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 9500, 1, &lease, &len, &err));
	store_lease_done(&lease);
	finish(f.store, id, STORE_DELIVERY_RETRY, 9500);
	OK(store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 10000, 1, &lease, &len, &err));
	store_lease_done(&lease);
	finish(f.store, id, STORE_DELIVERY_DONE, 10000);
	OK(store_journal(f.store, id, add_line, &told, &err));
	cr_assert_str_eq(told.data, "1000 - policy >held Default;"
				    "5000 b anna held>deleted because;"
				    "5000 b anna deleted>releasing because;"
				    "9000 - outbox releasing>releasing outcome unknown: the reply;"
				    "10000 - outbox releasing>released the reply;");
	cr_assert_eq(store_journal(f.store, 99, add_line, &told, NULL), 0);
}
