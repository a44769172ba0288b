/* test_rejudge.c: what waits when the policy changes, with the real store and pool. */
#include "qmgr/rejudge.h"

#include "tests/unit/admit/store_fixture.h"
#include "tests/unit/admit/submission_fixture.h"
#include "tests/unit/qmgr/crash_fixture.h"
#include "tests/unit/qmgr/loop_fixture.h"

#define RULES(action)                                                                              \
	"local_domains = [ \"example.org\" ];\n"                                                   \
	"remote_domains = ( { name = \"Default\"; domain = \"*\"; unknown = \"" action             \
	"\"; } );\n"

#define COUNT_IN(state) "SELECT count(*) FROM record WHERE state = '" state "'"

struct bench {
	struct test_loop loop;
	char *folder;
	struct store *store;
	sqlite3 *side;
	struct crashmark *crashmark;
	struct committer *committer;
	struct admission *admission;
	struct rejudge *rejudge;
	bool held;
	int released; /* times */
};

static void
note_hold(void *ctx, bool held)
{
	struct bench *b = ctx;

	b->held = held;
	b->released += !held;
}

static void
bench_start(struct bench *b)
{
	facts_init();
	*b = (struct bench){ .folder = folder_make() };
	test_loop_start(&b->loop);
	b->store = store_make(b->folder);
	b->side = side_open(b->folder);
}

static void
bench_run(struct bench *b)
{
	struct admission_options pool = { .threads = 2, .place = { "", 0 }, .back = &b->loop.back };
	struct rejudge_options options = {
		.loop = b->loop.loop, .spool_folder = b->folder, .hold = note_hold, .ctx = b
	};

	b->crashmark = mark_open(b->folder);
	b->committer = committer_start(b->store, 64, &b->loop.back);
	pool.crashmark = b->crashmark;
	pool.committer = b->committer;
	b->admission = admission_start(&pool);
	options.admission = b->admission;
	options.committer = b->committer;
	options.crashmark = b->crashmark;
	b->rejudge = rejudge_start(&options);
}

static void
bench_stop(struct bench *b)
{
	rejudge_drain(b->rejudge);
	admission_stopp(&b->admission);
	committer_stopp(&b->committer);
	test_loop_drain(&b->loop);
	cr_assert_not(rejudge_busy(b->rejudge));
	rejudge_stopp(&b->rejudge);
	crashmark_closep(&b->crashmark);
	test_loop_stop(&b->loop);
	side_closep(&b->side);
	store_closep(&b->store);
	folder_removep(&b->folder);
}

static void
put(struct bench *b, unsigned number, struct span body)
{
	struct store_new_record record;
	struct store_new_message message;
	struct error err = { 0 };

	message_make(number, RECORD_SENDING, &record, &message);
	message.body = body;
	message.policy_revision = "an earlier one";
	cr_assert_eq(store_put(b->store, &message, &err), 0, "%s", err.text);
}

static void
put_many(struct bench *b, unsigned count)
{
	cr_assert_eq(store_begin(b->store, NULL), 0);
	for (unsigned i = 0; i < count; i++)
		put(b, i, SPAN("Subject: stored\r\n\r\ntext\r\n"));
	cr_assert_eq(store_commit(b->store, NULL), 0);
}

static bool
is_idle(void *ctx)
{
	return !rejudge_busy(((struct bench *)ctx)->rejudge);
}

static void
run_policy(struct bench *b, const char *text)
{
	AUTO(policy_unrefp) struct policy *policy = policy_make(b->folder, text);

	rejudge_run(b->rejudge, policy);
}

static void
run_to_end(struct bench *b, const char *text)
{
	run_policy(b, text);
	cr_assert(b->held || is_idle(b));
	cr_assert(test_loop_until(&b->loop, is_idle, b, 20));
	cr_assert_not(b->held);
}

Test(rejudge, more_rows_than_a_piece_become_what_a_stricter_policy_says)
{
	static const struct {
		const char *policy, *count;
	} cases[] = {
		{ RULES("send"), COUNT_IN("sending") },
		{ "mode = \"observe\";\n" RULES("delete"), COUNT_IN("sending") },
		{ RULES("hold"), COUNT_IN("held") },
		{ RULES("send"), COUNT_IN("held") },
		{ RULES("delete"), COUNT_IN("held") },
	};
	struct bench b;

	bench_start(&b);
	put_many(&b, 100);
	bench_run(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_to_end(&b, cases[i].policy);
		cr_expect_eq(side_ask(b.side, cases[i].count), 100, "case %zu", i);
		cr_expect_eq(b.released, (int)i + 1);
	}
	cr_expect_eq(side_ask(b.side, "SELECT count(*) FROM journal WHERE who = 'policy'"), 100);
	cr_expect_eq(side_ask(b.side, "SELECT count(*) FROM outbox"), 0);
	bench_stop(&b);
}

Test(rejudge, what_still_is_to_be_sent_goes_out_as_short_as_the_policy_says)
{
	static const struct {
		const char *keys;
		int64_t no_diagnostics;
		const char *returned;
		int64_t notes;
	} cases[] = {
		{ "ndr = \"send\";", 0, "", 0 },
		{ "ndr = \"send\"; returned = \"headers\";", 0, "headers", 1 },
		{ "ndr = \"send\"; ndr_diagnostics = false;", 1, "headers", 2 },
		{ "ndr = \"send\"; returned = \"none\";", 1, "none", 3 },
		/* and never more than until then */
		{ "ndr = \"send\"; returned = \"headers\";", 1, "none", 3 },
		{ "ndr = \"send\";", 1, "none", 3 },
	};
	struct bench b;

	bench_start(&b);
	put(&b, 1, SPAN(NDR));
	bench_run(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep)
		char *text = xasprintf("local_domains = [ \"example.org\" ];\n"
				       "remote_domains = ( { name = \"Default\"; domain = \"*\"; "
				       "%s } );\n",
				       cases[i].keys);
		AUTO(freep)
		char *returned = xasprintf("SELECT coalesce(returned, '') = '%s' FROM record",
					   cases[i].returned);

		run_to_end(&b, text);
		cr_expect_eq(side_ask(b.side, "SELECT no_diagnostics FROM record"),
			     cases[i].no_diagnostics, "case %zu", i);
		cr_expect_eq(side_ask(b.side, returned), 1, "case %zu", i);
		cr_expect_eq(side_ask(b.side, "SELECT count(*) FROM journal WHERE who = 'policy' "
					      "AND why LIKE 'less of it goes out; policy %'"),
			     cases[i].notes, "case %zu", i);
		cr_expect_eq(side_ask(b.side, "SELECT outbox.route = 'submit' AND "
					      "record.route IS 'submit' FROM outbox, record"),
			     i > 0, "case %zu", i);
	}
	cr_expect_eq(side_ask(b.side, COUNT_IN("sending")), 1);
	bench_stop(&b);
}

Test(rejudge, a_leased_row_stays_and_one_without_its_body_is_held)
{
	struct bench b;

	bench_start(&b);
	put_many(&b, 3);
	bench_run(&b);
	side_run(b.side, "UPDATE outbox SET leased_by = 7 WHERE record = 1");
	side_run(b.side, "DELETE FROM body WHERE message = 2");
	run_to_end(&b, RULES("delete"));
	cr_expect_eq(side_ask(b.side, "SELECT id FROM record WHERE state = 'sending'"), 1);
	cr_expect_eq(side_ask(b.side, "SELECT id FROM record WHERE state = 'held'"), 2);
	cr_expect_eq(side_ask(b.side, "SELECT id FROM record WHERE state = 'deleted'"), 3);
	bench_stop(&b);
}

Test(rejudge, large_messages_are_taken_a_few_at_a_time)
{
	AUTO(buffer_done) struct buffer large = { 0 };
	struct bench b;

	buffer_add_str(&large, "Subject: large\r\n\r\n");
	while (large.len < 3 << 20)
		buffer_add_str(&large, "text, and more of it\r\n");
	bench_start(&b);
	for (unsigned i = 0; i < 5; i++)
		put(&b, i, buffer_span(&large));
	bench_run(&b);
	run_to_end(&b, RULES("hold"));
	cr_expect_eq(side_ask(b.side, COUNT_IN("held")), 5);
	bench_stop(&b);
}

Test(rejudge, a_policy_that_comes_meanwhile_begins_anew)
{
	struct bench b;

	bench_start(&b);
	put_many(&b, 200);
	bench_run(&b);
	run_policy(&b, RULES("send"));
	run_policy(&b, RULES("hold"));
	run_to_end(&b, RULES("delete"));
	cr_expect_eq(side_ask(b.side, COUNT_IN("deleted")), 200);
	bench_stop(&b);
}

Test(rejudge, one_that_is_ended_in_the_middle_is_done_by_the_next)
{
	struct bench b;

	bench_start(&b);
	put_many(&b, 200);
	bench_run(&b);
	run_policy(&b, RULES("hold"));
	bench_stop(&b);

	bench_start(&b);
	put_many(&b, 200);
	bench_run(&b);
	run_policy(&b, RULES("hold"));
	rejudge_drain(b.rejudge);
	cr_assert(test_loop_until(&b.loop, is_idle, &b, 20));
	cr_expect_eq(side_ask(b.side, COUNT_IN("sending")), 200);
	cr_expect(b.held, "nothing is let go either");
	bench_stop(&b);
}

Test(rejudge, what_crashed_a_reader_before_is_held_unread)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1, SPAN("Subject: it\r\n\r\n"));
	put(&b, 2, SPAN("Subject: another\r\n\r\n"));
	crash_over(b.folder, SPAN("Subject: it\r\n\r\n"));
	bench_run(&b);
	cr_assert_eq(crashmark_suspects(b.crashmark), 1);
	run_to_end(&b, RULES("send"));
	cr_expect_eq(side_ask(b.side, "SELECT id FROM record WHERE state = 'held'"
				      " AND rule = 'unreadable' AND verdict = 'hold'"),
		     1);
	cr_expect_eq(side_ask(b.side, COUNT_IN("sending")), 1);
	bench_stop(&b);
}

static bool
has_come_back(void *ctx)
{
	return ((struct bench *)ctx)->loop.came_back > 0;
}

Test(rejudge, a_store_that_refuses_keeps_everything_waiting_and_is_asked_again)
{
	struct bench b;

	bench_start(&b);
	put_many(&b, 10);
	bench_run(&b);
	side_run(b.side, "BEGIN IMMEDIATE");
	run_policy(&b, RULES("hold"));
	cr_assert(test_loop_until(&b.loop, has_come_back, &b, 10));
	cr_assert(rejudge_busy(b.rejudge));
	cr_assert(b.held);
	side_run(b.side, "COMMIT");
	cr_assert(test_loop_until(&b.loop, is_idle, &b, 20));
	cr_expect_eq(side_ask(b.side, COUNT_IN("held")), 10);
	cr_expect_not(b.held);
	bench_stop(&b);
}
