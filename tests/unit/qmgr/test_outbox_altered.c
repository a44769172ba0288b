/* test_outbox_altered.c: what policy wants shorter goes out so, or not at all. */
#include "tests/unit/qmgr/bounce_fixture.h"
#include "tests/unit/qmgr/outbox_fixture.h"

static void
with_bounce(struct store_new_message *message)
{
	message->body = SPAN(BOUNCE);
	message->records[0].no_diagnostics = true;
	message->records[0].returned = "headers";
}

static void
with_truncated_bounce(struct store_new_message *message)
{
	with_bounce(message);
	message->truncated = true;
	message->records[0].returned = NULL;
}

Test(outbox, what_policy_wants_shorter_goes_out_so_and_stays_whole_in_the_store)
{
	static void (*const changes[])(struct store_new_message *) = { with_bounce,
								       with_truncated_bounce };

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct bench b;

		bench_start(&b);
		(void)put_message(&b, 1, RECORD_SENDING, changes[i]);
		bench_run(&b);
		until(&b, STATE_IS(1, "sent"));
		buffer_add_char(&b.relay.bodies, '\0');
		cr_assert_null(strstr(b.relay.bodies.data, "in.example.org"));
		cr_assert_not_null(strstr(b.relay.bodies.data, "nobody@example.org"));
		cr_assert_not_null(strstr(b.relay.bodies.data, "Subject: hello\r\n\r\n--"));
		cr_assert_not_null(strstr(b.relay.bodies.data, "\r\nMessage-ID: <1."));
		cr_assert_null(strstr(b.relay.bodies.data, "too large"));
		cr_assert_eq(side_ask(b.side, "SELECT length(data) FROM body"),
			     (int64_t)sizeof(BOUNCE) - 1);
		bench_stop(&b);
	}
}

Test(outbox, a_human_may_send_it_whole_to_an_address_of_his_own)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, with_bounce);
	bench_run(&b);
	release(&b, id, "someone@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	buffer_add_char(&b.relay.bodies, '\0');
	cr_assert_not_null(strstr(b.relay.bodies.data, "+0000\r\n" BOUNCE));
	bench_stop(&b);
}

static void
with_what_is_no_bounce(struct store_new_message *message)
{
	message->records[0].no_diagnostics = true;
}

Test(outbox, what_cannot_be_made_shorter_is_not_sent)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, with_what_is_no_bounce);
	bench_run(&b);
	release(&b, id, NULL);
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "failed"));
	cr_assert_eq(b.relay.messages, 0);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "not sent: it cannot be stripped%")), 1);
	release(&b, id, "someone@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	bench_stop(&b);
}

static void
with_another_bounce(struct store_new_message *message)
{
	with_bounce(message);
	message->body = SPAN("X-Other: 1\r\n" BOUNCE);
}

static void
with_whole_bounce(struct store_new_message *message)
{
	message->body = SPAN(BOUNCE);
}

Test(outbox, what_crashed_us_before_is_not_altered_again_and_goes_out_only_whole)
{
	struct bench b;

	bench_start(&b);
	crash_over(b.folder, SPAN(BOUNCE));
	(void)put_message(&b, 1, RECORD_SENDING, with_bounce);
	(void)put_message(&b, 2, RECORD_SENDING, with_another_bounce);
	(void)put_message(&b, 3, RECORD_SENDING, with_whole_bounce);
	bench_run(&b);
	cr_assert_eq(crashmark_suspects(b.crashmark), 1);
	until(&b, STATE_IS(1, "failed"));
	until(&b, STATE_IS(2, "sent"));
	until(&b, STATE_IS(3, "sent"));
	cr_assert_eq(b.relay.messages, 2);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "not sent:%crashed%release --to%")), 1);
	cr_assert_eq(side_ask(b.side, ROWS), 0, "it is not tried again");
	release(&b, 1, "someone@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	bench_stop(&b);
}

struct blocker {
	struct task task; /* first */
	struct channel go;
};

static bool
block(struct task *task, void *ctx)
{
	(void)ctx;
	(void)channel_take(&((struct blocker *)task)->go);
	return false;
}

Test(outbox, what_is_being_altered_when_it_drains_waits_for_the_next_start)
{
	struct blocker blocker = { .task = { .run = block } };
	struct bench b;

	bench_start(&b);
	bench_run(&b);
	channel_init(&blocker.go, NULL, NULL);
	admission_run(b.admission, &blocker.task);
	(void)put_message(&b, 1, RECORD_SENDING, with_bounce);
	outbox_wake(b.outbox);
	(void)test_loop_until(&b.loop, never, &b, 0.3);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 0, "it is leased");
	outbox_drain(b.outbox);
	cr_assert(outbox_busy(b.outbox));
	channel_close(&blocker.go);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	cr_assert_eq(b.relay.messages, 0);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 1);
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
	channel_done(&blocker.go);
}
