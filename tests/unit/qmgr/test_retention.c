/* test_retention.c: what is too old goes, and nothing that is still to be sent. */
#include "qmgr/retention.h"

#include "base/clock.h"
#include "tests/unit/qmgr/loop_fixture.h"
#include "tests/unit/admit/store_fixture.h"

#define COUNT_WHOLE(state)                                                                         \
	"SELECT count(*) FROM record WHERE purged_at IS NULL AND state = '" state "'"

struct bench {
	struct test_loop loop;
	char *folder;
	struct store *store;
	sqlite3 *side;
	struct settings settings;
	const struct settings *in_force;
	struct committer *committer;
	struct retention *retention;
};

static void
bench_start(struct bench *b)
{
	*b = (struct bench){
		.folder = folder_make(),
		.settings.retention = { .held_ms = 30 * CLOCK_DAY_MS,
					.deleted_ms = 7 * CLOCK_DAY_MS,
					.done_ms = 7 * CLOCK_DAY_MS,
					.record_ms = 365 * CLOCK_DAY_MS },
	};
	b->in_force = &b->settings;
	test_loop_start(&b->loop);
	b->store = store_make(b->folder);
	b->side = side_open(b->folder);
}

static void
bench_run(struct bench *b)
{
	b->committer = committer_start(b->store, 64, &b->loop.back);
	b->retention = retention_start(b->loop.loop, &b->in_force, b->committer);
}

static void
bench_stop(struct bench *b)
{
	committer_stopp(&b->committer);
	test_loop_drain(&b->loop);
	retention_stopp(&b->retention);
	test_loop_stop(&b->loop);
	side_closep(&b->side);
	store_closep(&b->store);
	folder_removep(&b->folder);
}

static void
put(struct bench *b, unsigned number, enum record_state state, int64_t age_ms)
{
	struct store_new_record record;
	struct store_new_message message;
	struct error err = { 0 };

	message_make(number, state, &record, &message);
	message.received_at_ms = clock_now_ms() - age_ms;
	cr_assert_eq(store_put(b->store, &message, &err), 0, "%s", err.text);
}

static bool
came_back(void *ctx)
{
	const struct bench *b = ctx;

	return b->loop.came_back > 0 && !retention_busy(b->retention);
}

Test(retention, bodies_go_by_the_age_of_their_state_and_what_is_to_be_sent_stays)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1, RECORD_HELD, 31 * CLOCK_DAY_MS);
	put(&b, 2, RECORD_HELD, 29 * CLOCK_DAY_MS);
	put(&b, 3, RECORD_DELETED, 8 * CLOCK_DAY_MS);
	put(&b, 4, RECORD_DELETED, 6 * CLOCK_DAY_MS);
	put(&b, 5, RECORD_SENDING, 400 * CLOCK_DAY_MS);
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, came_back, &b, 10));
	cr_assert_eq(side_ask(b.side, COUNT_WHOLE("held")), 1);
	cr_assert_eq(side_ask(b.side, COUNT_WHOLE("deleted")), 1);
	cr_assert_eq(side_ask(b.side, COUNT_WHOLE("sending")), 1);
	cr_assert_eq(side_ask(b.side, "SELECT count(*) FROM record"), 5, "the records stay");
	bench_stop(&b);
}

Test(retention, while_there_is_more_it_goes_on_at_once_and_forgets_too)
{
	struct bench b;

	bench_start(&b);
	cr_assert_eq(store_begin(b.store, NULL), 0);
	for (unsigned i = 0; i < 500; i++)
		put(&b, i, RECORD_HELD, 500 * CLOCK_DAY_MS);
	cr_assert_eq(store_commit(b.store, NULL), 0);
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, came_back, &b, 10));
	cr_assert_eq(side_ask(b.side, COUNT_WHOLE("held")), 0);
	cr_assert_geq(b.loop.came_back, 3, "in small batches");
	bench_stop(&b);
}

/* Of a storm rule over an hour, with a key of its own. */
static void
put_counted(struct bench *b, unsigned number, int64_t age_ms)
{
	AUTO(freep) char *key = xasprintf("address v%u@remote.example", number);
	const struct store_budget budget = { .kind = STORE_BUDGET_STORM,
					     .rule = "Storm",
					     .key = key,
					     .window_ms = CLOCK_HOUR_MS,
					     .max = 10,
					     .verdict = "hold" };
	struct store_new_record record;
	struct store_new_message message;
	struct error err = { 0 };

	message_make(number, RECORD_HELD, &record, &message);
	message.received_at_ms = clock_now_ms() - age_ms;
	record.budgets = &budget;
	record.budgets_len = 1;
	cr_assert_eq(store_put(b->store, &message, &err), 0, "%s", err.text);
}

Test(retention, what_rules_counted_goes_when_its_window_is_over_however_much_it_is)
{
	struct bench b;

	bench_start(&b);
	cr_assert_eq(store_begin(b.store, NULL), 0);
	for (unsigned i = 0; i < 5100; i++)
		put_counted(&b, i, i < 5090 ? 2 * CLOCK_HOUR_MS : 0);
	cr_assert_eq(store_commit(b.store, NULL), 0);
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, came_back, &b, 10));
	cr_assert_eq(side_ask(b.side, "SELECT count(*) FROM event"), 10);
	cr_assert_eq(b.loop.came_back, 2, "the second at once");
	cr_assert_eq(side_ask(b.side, "SELECT count(*) FROM record"), 5100);
	bench_stop(&b);
}

Test(retention, a_store_that_refuses_is_asked_again_later_and_nothing_is_lost)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1, RECORD_HELD, 31 * CLOCK_DAY_MS);
	side_run(b.side, "BEGIN IMMEDIATE");
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, came_back, &b, 10));
	side_run(b.side, "ROLLBACK");
	cr_assert_eq(side_ask(b.side, COUNT_WHOLE("held")), 1);
	cr_assert_eq(b.loop.came_back, 1, "not at once");
	bench_stop(&b);
}

static bool
is_late(void *ctx)
{
	(void)ctx;
	return false;
}

Test(retention, once_drained_it_starts_nothing_new)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1, RECORD_HELD, 31 * CLOCK_DAY_MS);
	bench_run(&b);
	retention_drain(b.retention);
	(void)test_loop_until(&b.loop, is_late, &b, 1.3);
	cr_assert_not(retention_busy(b.retention));
	cr_assert_eq(b.loop.came_back, 0);
	bench_stop(&b);
	retention_stopp(&b.retention);
}
