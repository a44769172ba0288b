/* test_outbox.c: what leaves, once, and how it begins and ends. */
#include "tests/unit/qmgr/outbox_fixture.h"

/* ---- sent ------------------------------------------------------------------------ */

Test(outbox, a_due_row_is_sent_under_our_trace_line_and_becomes_sent)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	bench_run(&b);
	until(&b, STATE_IS(1, "sent"));
	cr_assert_eq(b.relay.messages, 1);
	cr_assert(span_starts_nocase(buffer_span(&b.relay.bodies),
				     "Received: by ndrq.example (ndrq) id 1."),
		  "%.*s", (int)b.relay.bodies.len, b.relay.bodies.data);
	buffer_add_char(&b.relay.bodies, '\0');
	cr_assert_not_null(
		strstr(b.relay.bodies.data, "+0000\r\nSubject: stored\r\n\r\ntext\r\n|"));
	buffer_add_char(&b.relay.lines, '\0');
	cr_assert_str_eq(b.relay.lines.data, "MAIL FROM:<>|RCPT TO:<someone@remote.example>|");
	cr_assert_eq(side_ask(b.side, ROWS), 0);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "%250%taken%")), 1);
	bench_stop(&b);
}

static void
with_dsn(struct store_new_message *message)
{
	message->ret = "HDRS";
	message->envid = "id";
	message->mail_body = "8BITMIME";
	message->records[0].orcpt = "rfc822;user@example.org";
	message->records[0].notify = "NEVER";
}

Test(outbox, the_envelope_goes_out_as_it_came)
{
	struct bench b;

	bench_start(&b);
	(void)put_message(&b, 1, RECORD_SENDING, with_dsn);
	bench_run(&b);
	until(&b, STATE_IS(1, "sent"));
	buffer_add_char(&b.relay.lines, '\0');
	cr_assert_str_eq(
		b.relay.lines.data,
		"MAIL FROM:<> BODY=8BITMIME RET=HDRS ENVID=id|"
		"RCPT TO:<someone@remote.example> NOTIFY=NEVER ORCPT=rfc822;user@example.org|");
	bench_stop(&b);
}

Test(outbox, what_a_human_releases_is_sent_after_a_poke_and_becomes_released)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, with_dsn);
	bench_run(&b);
	release(&b, id, "other@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	buffer_add_char(&b.relay.lines, '\0');
	cr_assert_not_null(strstr(b.relay.lines.data, "RCPT TO:<other@remote.example>|"),
			   "no ORCPT or NOTIFY: they are somebody else's: %s", b.relay.lines.data);
	bench_stop(&b);
}

Test(outbox, many_rows_are_sent_once_each_over_no_more_than_the_sessions)
{
	struct bench b;

	bench_start(&b);
	for (unsigned i = 1; i <= 40; i++)
		put(&b, i);
	bench_run(&b);
	until(&b, "SELECT count(*) = 40 FROM record WHERE state = 'sent'");
	cr_assert_eq(b.relay.messages, 40);
	cr_assert_leq(b.relay.most_at_once, 3);
	cr_assert_eq(b.relay.accepted, b.relay.most_at_once, "connections are kept");
	bench_stop(&b);
}

Test(outbox, a_large_message_goes_out_whole)
{
	struct bench b;

	bench_start(&b);
	(void)put_message(&b, 1, RECORD_SENDING, large);
	bench_run(&b);
	until(&b, STATE_IS(1, "sent"));
	cr_assert_gt(b.relay.bodies.len, 300000);
	bench_stop(&b);
}

static void
truncated(struct store_new_message *message)
{
	message->truncated = true;
	message->size_bytes = 99999999;
}

Test(outbox, a_truncated_message_leaves_as_its_header_and_a_word)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, truncated);
	release(&b, id, NULL);
	bench_run(&b);
	until(&b, STATE_IS(1, "released"));
	buffer_add_char(&b.relay.bodies, '\0');
	cr_assert_not_null(
		strstr(b.relay.bodies.data,
		       "Subject: stored\r\n\r\n[The rest of this message was too large"));
	cr_assert_null(strstr(b.relay.bodies.data, "text\r\n"));
	bench_stop(&b);
}

/* ---- what a mailbox would have been told -------------------------------------------- */

static const struct {
	const char *stored, *sent; /* NULL: as it is */
} deliveries[] = {
	{ "Delivered-To: someone@remote.example\r\nSubject: x\r\n\r\n", "Subject: x\r\n\r\n" },
	{ "delivered-to:  Someone@Remote.Example \nSubject: x\n\n", "Subject: x\r\n\r\n" },
	{ "Delivered-To: someone@remote.example\r\n\r\ntext\r\n", "\r\ntext\r\n" },
	/* whom it was for before it was forwarded; what others wrote; a field of two lines */
	{ "Delivered-To: user@example.org\r\nSubject: x\r\n\r\n", NULL },
	{ "Subject: x\r\nDelivered-To: someone@remote.example\r\n\r\n", NULL },
	{ "Delivered-To: someone@remote.example\r\n .org\r\n\r\n", NULL },
	{ "Delivered-To: someone@remote.example.org\r\n\r\n", NULL },
	{ "Delivered-To: someone@remote.example\r\n", "" },
	{ "Delivered-To:\r\n\r\n", NULL },
};
static size_t delivery;

static void
delivered(struct store_new_message *message)
{
	message->body = span_of(deliveries[delivery].stored);
	message->size_bytes = (int64_t)message->body.len;
}

Test(outbox, the_line_of_a_delivery_to_us_stays_here_for_the_next_server_would_take_it_for_a_loop)
{
	for (delivery = 0; delivery < sizeof(deliveries) / sizeof(deliveries[0]); delivery++) {
		const char *sent = deliveries[delivery].sent;
		AUTO(freep)
		char *wanted = xasprintf("+0000\r\n%s|",
					 sent == NULL ? deliveries[delivery].stored : sent);
		struct bench b;

		bench_start(&b);
		(void)put_message(&b, 1, RECORD_SENDING, delivered);
		bench_run(&b);
		until(&b, STATE_IS(1, "sent"));
		buffer_add_char(&b.relay.bodies, '\0');
		cr_assert_not_null(strstr(b.relay.bodies.data, wanted), "%zu: %s", delivery,
				   b.relay.bodies.data);
		bench_stop(&b);
	}
}

/* ---- start and end ----------------------------------------------------------------------------
 */

Test(outbox, a_relay_that_is_no_address_is_a_refusal)
{
	struct bench b;
	struct outbox_options options;
	const struct settings_release nowhere = { .relay = (char *)"not an address" };
	struct outbox *outbox = NULL;
	struct error err = { 0 };

	bench_start(&b);
	bench_run(&b);
	options = (struct outbox_options){ .loop = b.loop.loop,
					   .settings = &b.in_force,
					   .spool_folder = b.folder,
					   .committer = &b.committer,
					   .route = STORE_ROUTE_RELEASE,
					   .to = &nowhere };
	cr_assert_eq(outbox_start(&options, &outbox, &err), -1);
	cr_assert_eq(err.class, ERROR_PERM);
	cr_assert_null(outbox);
	bench_stop(&b);
}

Test(outbox, once_drained_it_leases_no_more_and_comes_to_rest)
{
	struct bench b;

	bench_start(&b);
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	outbox_drain(b.outbox);
	put(&b, 1);
	outbox_wake(b.outbox);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 1);
	cr_assert_eq(b.relay.messages, 0);
	bench_stop(&b);
	outbox_stopp(&b.outbox);
}

Test(outbox, what_is_being_sent_when_it_drains_is_finished)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	bench_run(&b);
	b.messages = 1;
	cr_assert(test_loop_until(&b.loop, has_messages, &b, 10));
	outbox_drain(b.outbox);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sent")), 1);
	bench_stop(&b);
}

Test(outbox, what_was_broken_off_keeps_its_lease_until_the_next_start)
{
	struct bench b;
	struct error err = { 0 };
	int64_t cleared = 0;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = "";
	bench_run(&b);
	b.messages = 1;
	cr_assert(test_loop_until(&b.loop, has_messages, &b, 10));
	outbox_drain(b.outbox);
	threads_stop(&b);
	outbox_stopp(&b.outbox);
	crashmark_closep(&b.crashmark);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 0);
	store_closep(&b.store);
	b.store = store_make(b.folder);
	cr_assert_eq(store_outbox_recover(b.store, clock_now_ms(), &cleared, &err), 0);
	cr_assert_eq(cleared, 1);
	b.relay.to_dot = "250 2.0.0 taken\r\n";
	outbox_run(&b, b.folder);
	until(&b, STATE_IS(1, "sent"));
	bench_stop(&b);
}
