/* test_outbox_failures.c: relays that say no or are not there, and stores that refuse. */
#include "tests/unit/qmgr/outbox_fixture.h"

/* ---- a relay that says no -------------------------------------------------------------- */

/* Minutes from now until the row is due. */
#define DUE_IN_MINUTES                                                                             \
	"SELECT (due_at - CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 30000) / 60000 FROM "    \
	"outbox"

Test(outbox, a_relay_that_says_later_makes_the_row_wait_longer_each_time)
{
	static const int64_t minutes[] = { 10, 20, 25, 25 };
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = "451 4.7.1 try later\r\n";
	bench_run(&b);
	for (int i = 0; i < 4; i++) {
		AUTO(freep)
		char *tried =
			xasprintf("SELECT attempts = %d AND leased_by IS NULL FROM outbox", i + 1);

		until(&b, tried);
		cr_assert_eq(side_ask(b.side, DUE_IN_MINUTES), minutes[i], "attempt %d: %d", i,
			     (int)side_ask(b.side, DUE_IN_MINUTES));
		side_run(b.side, "UPDATE outbox SET due_at = 0");
		outbox_wake(b.outbox);
	}
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "%451%try later%")), 1);
	b.relay.to_dot = "250 2.0.0 taken\r\n";
	side_run(b.side, "UPDATE outbox SET due_at = 0");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "sent"));
	bench_stop(&b);
}

Test(outbox, one_row_that_waits_does_not_hold_up_the_others)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = "451 4.7.1 try later\r\n";
	bench_run(&b);
	until(&b, "SELECT attempts = 1 AND leased_by IS NULL FROM outbox");
	b.relay.to_dot = "250 2.0.0 taken\r\n";
	put(&b, 2);
	outbox_wake(b.outbox);
	until(&b, STATE_IS(2, "sent"));
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
}

Test(outbox, a_relay_that_refuses_for_good_ends_it_with_its_words)
{
	static const struct {
		const char *to_rcpt, *to_dot;
	} refusals[] = {
		{ "550 5.1.1 no such user\r\n", "250 ok\r\n" },
		{ "250 ok\r\n", "550 5.1.1 no such user\r\n" },
	};

	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct bench b;

		bench_start(&b);
		put(&b, 1);
		b.relay.to_rcpt = refusals[i].to_rcpt;
		b.relay.to_dot = refusals[i].to_dot;
		bench_run(&b);
		until(&b, STATE_IS(1, "failed"));
		cr_assert_eq(side_ask(b.side, REPLY_IS(1, "%550 5.1.1 no such user%")), 1);
		cr_assert_eq(side_ask(b.side, ROWS), 0);
		bench_stop(&b);
	}
}

/* ---- a relay that is not there ------------------------------------------------------------ */

Test(outbox, an_unreachable_relay_is_probed_by_one_message_and_then_all_go_out)
{
	struct bench b;

	bench_start(&b);
	for (unsigned i = 1; i <= 10; i++)
		put(&b, i);
	outbox_run(&b, b.folder); /* nobody listens */
	until(&b, "SELECT sum(attempts) >= 3 AND max(leased_by IS NOT NULL) = 0 FROM outbox");
	/* three were tried at once before anything was known; from then on one at a time */
	(void)test_loop_until(&b.loop, never, &b, 1.5);
	cr_assert_leq(side_ask(b.side, "SELECT sum(attempts) FROM outbox"), 4,
		      "a probe a second at most, growing");
	relay_listen(&b.relay, b.socket);
	until(&b, "SELECT count(*) = 10 FROM record WHERE state = 'sent'");
	cr_assert_eq(b.relay.messages, 10);
	bench_stop(&b);
}

Test(outbox, contact_lost_after_the_dot_is_noted_as_unknown_and_tried_again)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = NULL;
	bench_run(&b);
	until(&b, "SELECT attempts = 1 AND leased_by IS NULL FROM outbox");
	cr_assert_eq(side_ask(b.side, "SELECT count(*) FROM journal WHERE why LIKE "
				      "'outcome unknown%'"),
		     1);
	cr_assert_eq(side_ask(b.side, DUE_IN_MINUTES), 10, "not at once: it may have arrived");
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
}

Test(outbox, while_a_looping_relay_is_left_alone_nothing_is_sent_or_leased)
{
	struct bench b;

	bench_start(&b);
	bench_run(&b);
	(void)test_loop_until(&b.loop, never, &b, 0.1);
	outbox_pause(b.outbox);
	put(&b, 1);
	outbox_wake(b.outbox);
	(void)test_loop_until(&b.loop, never, &b, 0.3);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 1);
	cr_assert_eq(b.relay.messages, 0);
	bench_stop(&b);
}

/* ---- a store that refuses -------------------------------------------------------------------- */

#define FINISH_FAILS                                                                               \
	"CREATE TRIGGER fail BEFORE UPDATE OF relay_reply ON record"                               \
	" BEGIN SELECT RAISE(ABORT, 'no'); END"

Test(outbox, an_outcome_that_cannot_be_recorded_is_recorded_later_and_nothing_is_sent_again)
{
	struct bench b;

	bench_start(&b);
	side_run(b.side, FINISH_FAILS);
	for (unsigned i = 1; i <= 3; i++)
		put(&b, i);
	bench_run(&b);
	b.messages = 3;
	cr_assert(test_loop_until(&b.loop, has_messages, &b, 10));
	outbox_wake(b.outbox);
	b.loop.came_back = 0;
	(void)test_loop_until(&b.loop, never, &b, 2.5);
	cr_assert_eq(b.relay.messages, 3, "the leases stay");
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 0);
	cr_assert_leq(b.loop.came_back, 3 * 4, "once a second: %d came back", b.loop.came_back);
	side_run(b.side, "DROP TRIGGER fail");
	until(&b, "SELECT count(*) = 3 FROM record WHERE state = 'sent'");
	cr_assert_eq(b.relay.messages, 3);
	put(&b, 4);
	outbox_wake(b.outbox);
	until(&b, STATE_IS(4, "sent"));
	bench_stop(&b);
}

Test(outbox, a_store_that_is_locked_is_asked_again)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	side_run(b.side, "BEGIN IMMEDIATE");
	bench_run(&b);
	(void)test_loop_until(&b.loop, never, &b, 0.3);
	cr_assert_eq(b.relay.messages, 0);
	side_run(b.side, "ROLLBACK");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "sent"));
	bench_stop(&b);
}

Test(outbox, a_body_that_is_gone_is_not_sent_empty)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	put(&b, 2);
	side_run(b.side, "UPDATE record SET purged_at = 1 WHERE id = 1");
	bench_run(&b);
	until(&b, STATE_IS(1, "failed"));
	until(&b, STATE_IS(2, "sent"));
	cr_assert_eq(b.relay.messages, 1);
	bench_stop(&b);
}

Test(outbox, a_body_that_cannot_be_read_now_waits_alone)
{
	struct bench b;

	bench_start(&b);
	(void)put_message(&b, 1, RECORD_SENDING, large);
	put(&b, 2);
	relay_listen(&b.relay, b.socket);
	outbox_run(&b, "/nonexistent/folder"); /* where the large one would be spooled */
	until(&b, STATE_IS(2, "sent"));
	until(&b, "SELECT attempts >= 1 AND leased_by IS NULL FROM outbox WHERE record = 1");
	cr_assert_eq(b.relay.messages, 1);
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
}
