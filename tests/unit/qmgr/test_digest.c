/* test_digest.c: when the daily digest is due, and that there is one. */
#include "qmgr/digest.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "report/mail.h"
#include "tests/unit/admit/store_fixture.h"
#include "tests/unit/admit/submission_fixture.h"
#include "tests/unit/qmgr/crash_fixture.h"
#include "tests/unit/qmgr/loop_fixture.h"

#define MINUTE INT64_C(60000)
#define HOUR   INT64_C(3600000)
#define DAY    INT64_C(86400000)

static void
zone(const char *name)
{
	(void)setenv("TZ", name, 1);
	tzset();
}

Test(daily, its_time_is_that_of_the_local_clock)
{
	/* 2026-01-02 00:00 UTC */
	const int64_t day = 1767312000000;
	static const struct {
		const char *zone;
		int64_t now_ms; /* after that */
		int minute;
		int64_t last_ms, next_ms;
	} cases[] = {
		{ "UTC", 7 * HOUR - 1, 420, -17 * HOUR, 7 * HOUR },
		{ "UTC", 7 * HOUR, 420, 7 * HOUR, 31 * HOUR },
		{ "UTC", 23 * HOUR, 420, 7 * HOUR, 31 * HOUR },
		{ "UTC", 0, 0, 0, DAY },
		{ "UTC", -1, 0, -DAY, 0 },
		{ "UTC", 23 * HOUR, 1439, -MINUTE, 24 * HOUR - MINUTE },
		{ "XXX-5:30", 2 * HOUR, 420, HOUR + 30 * MINUTE, 25 * HOUR + 30 * MINUTE },
		{ "XXX+8", 14 * HOUR, 420, -9 * HOUR, 15 * HOUR },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		zone(cases[i].zone);
		cr_expect_eq(daily_last_ms(day + cases[i].now_ms, cases[i].minute),
			     day + cases[i].last_ms, "case %zu", i);
		cr_expect_eq(daily_next_ms(day + cases[i].now_ms, cases[i].minute),
			     day + cases[i].next_ms, "case %zu", i);
	}
}

static int
yday_of(int64_t at_ms)
{
	time_t at = (time_t)(at_ms / 1000);
	struct tm tm;

	(void)localtime_r(&at, &tm);
	return tm.tm_yday;
}

Test(daily, a_day_of_23_or_25_hours_has_one_time_too)
{
	/* 2026-03-29 and 2026-10-25, 00:00 UTC, when the EU changes its clocks at 01:00 UTC */
	static const int64_t days[] = { 1774742400000, 1792886400000 };

	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	for (size_t i = 0; i < 2; i++)
		for (int minute = 0; minute < 1440; minute += 30) {
			int64_t at_ms = days[i] - 2 * DAY;
			int yday = yday_of(at_ms = daily_next_ms(at_ms, minute));

			for (int n = 1; n < 5; n++) {
				at_ms = daily_next_ms(at_ms, minute);
				cr_expect_eq(yday_of(at_ms), yday + n, "minute %d", minute);
				cr_expect_eq(daily_last_ms(at_ms, minute), at_ms);
			}
		}
}

Test(daily, of_an_hour_that_comes_twice_the_first_counts_whenever_it_is_asked_for)
{
	static const char *const zones[] = { "CET-1CEST,M3.5.0,M10.5.0/3",
					     "LHST-10:30LHDT-11,M10.1.0,M4.1.0" };
	/* 2026-10-24 and 2026-04-04, 00:00 UTC */
	static const int64_t days[] = { 1792800000000, 1775260800000 };

	for (size_t i = 0; i < 2; i++) {
		zone(zones[i]);
		for (int minute = 0; minute < 1440; minute += 30) {
			int64_t due_ms = daily_last_ms(days[i], minute), next_ms = 0;

			for (int64_t at_ms = days[i]; at_ms < days[i] + 3 * DAY;
			     at_ms += 10 * MINUTE) {
				int64_t last_ms = daily_last_ms(at_ms, minute);

				cr_assert(last_ms == due_ms || last_ms == next_ms,
					  "%s: minute %d at %lld", zones[i], minute,
					  (long long)at_ms);
				due_ms = last_ms;
				next_ms = daily_next_ms(at_ms, minute);
				cr_assert_gt(next_ms, at_ms);
				cr_assert_gt(next_ms - due_ms, 22 * HOUR);
			}
		}
	}
}

struct bench {
	struct test_loop loop;
	char *folder, *store_path;
	struct store *store;
	sqlite3 *side;
	struct policy *policy;
	struct crashmark *crashmark;
	struct committer *committer;
	struct admission *admission;
	struct daily *daily;
	int made;
};

static void
on_made(void *ctx)
{
	((struct bench *)ctx)->made++;
}

static void
bench_start(struct bench *b, const char *keys)
{
	AUTO(freep) char *text = xasprintf("%s%s\n", POLICY, keys);

	*b = (struct bench){ .folder = folder_make() };
	zone("UTC");
	mail_init();
	b->store_path = xasprintf("%s/store", b->folder);
	test_loop_start(&b->loop);
	b->store = store_make(b->folder);
	b->side = side_open(b->folder);
	b->policy = policy_make(b->folder, text);
	b->crashmark = mark_open(b->folder);
}

static void
bench_run(struct bench *b)
{
	const struct admission_options pool = { .threads = 1,
						.place = { b->store_path, 0 },
						.crashmark = b->crashmark,
						.committer = b->committer = committer_start(
							b->store, 64, &b->loop.back),
						.back = &b->loop.back };
	const struct daily_options options = { .loop = b->loop.loop,
					       .policy = &b->policy,
					       .admission = b->admission = admission_start(&pool),
					       .committer = &b->committer,
					       .store_path = b->store_path,
					       .hostname = "mx.example.org",
					       .made = on_made,
					       .ctx = b };

	b->daily = daily_start(&options);
}

static void
bench_halt(struct bench *b)
{
	daily_drain(b->daily);
	admission_stopp(&b->admission);
	committer_stopp(&b->committer);
	test_loop_drain(&b->loop);
	daily_stopp(&b->daily);
}

static void
bench_stop(struct bench *b)
{
	test_loop_stop(&b->loop);
	crashmark_closep(&b->crashmark);
	policy_unrefp(&b->policy);
	side_closep(&b->side);
	store_closep(&b->store);
	free(b->store_path);
	folder_removep(&b->folder);
}

static void
put(struct bench *b, unsigned number)
{
	struct store_new_record record;
	struct store_new_message message;
	struct error err = { 0 };

	message_make(number, RECORD_HELD, &record, &message);
	message.received_at_ms = clock_now_ms() - MINUTE;
	cr_assert_eq(store_put(b->store, &message, &err), 0, "%s", err.text);
}

static bool
is_done(void *ctx)
{
	const struct bench *b = ctx;

	return b->loop.came_back > 0 && !daily_busy(b->daily);
}

#define DIGESTS "SELECT count(*) FROM message WHERE class = 'digest'"
#define DAILY   "postmaster = \"p@example.org\"; digest = { at = \"00:00\"; };"

Test(daily, a_time_that_has_passed_gets_one_digest_and_a_restart_none)
{
	struct bench b;

	bench_start(&b, DAILY);
	put(&b, 1);
	for (int i = 0; i < 3; i++) {
		b.loop.came_back = 0;
		bench_run(&b);
		cr_assert(test_loop_until(&b.loop, is_done, &b, 10));
		bench_halt(&b);
		cr_expect_eq(side_ask(b.side, DIGESTS), 1, "run %d", i);
	}
	cr_expect_eq(b.made, 1);
	cr_expect_eq(side_ask(b.side, "SELECT record FROM digest"), 2);
	cr_expect_eq(side_ask(b.side, "SELECT last_id FROM digest"), 1);
	bench_stop(&b);
}

Test(daily, the_next_tells_of_what_the_last_did_not)
{
	struct bench b;

	bench_start(&b, DAILY);
	put(&b, 1);
	side_run(b.side, "INSERT INTO digest (from_at, until_at, last_id) VALUES (1, 2, 1)");
	put(&b, 2);
	put(&b, 3);
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, is_done, &b, 10));
	bench_halt(&b);
	cr_expect_eq(side_ask(b.side, "SELECT count(*) FROM message WHERE class = 'digest'"
				      " AND subject = 'ndrq: 2 held'"),
		     1);
	cr_expect_eq(side_ask(b.side, "SELECT from_at FROM digest WHERE id = 2"), 2);
	bench_stop(&b);
}

Test(daily, of_nothing_there_is_a_mark_and_no_mail)
{
	struct bench b;

	bench_start(&b, DAILY);
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, is_done, &b, 10));
	bench_halt(&b);
	cr_expect_eq(side_ask(b.side, DIGESTS), 0);
	cr_expect_eq(side_ask(b.side, "SELECT count(*) FROM digest WHERE record IS NULL"), 1);
	cr_expect_eq(b.made, 0);
	bench_stop(&b);
}

Test(daily, a_digest_that_cannot_be_stored_leaves_no_mark)
{
	struct bench b;

	bench_start(&b, DAILY);
	put(&b, 1);
	side_run(b.side, "CREATE TRIGGER no BEFORE INSERT ON outbox BEGIN"
			 " SELECT raise(ABORT, 'no'); END");
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, is_done, &b, 10));
	bench_halt(&b);
	cr_expect_eq(side_ask(b.side, DIGESTS), 0);
	cr_expect_eq(side_ask(b.side, "SELECT count(*) FROM digest"), 0);
	side_run(b.side, "DROP TRIGGER no");
	b.loop.came_back = 0;
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, is_done, &b, 10));
	bench_halt(&b);
	cr_expect_eq(side_ask(b.side, DIGESTS), 1);
	bench_stop(&b);
}
