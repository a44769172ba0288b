/* test_smtp_client_mail.c: envelopes and bodies go out as they are, or not at all. */
#include "tests/unit/qmgr/smtp_client_fixture.h"

/* ---- what a mail needs ------------------------------------------------ */

Test(smtp_client, parameters_are_said_to_a_relay_that_offers_them)
{
	static const struct script said = {
		{ HELLO, "> 250-relay", "> 250-PIPELINING", "> 250-8BITMIME", "> 250-SMTPUTF8",
		  "> 250 DSN", "< MAIL FROM:<> BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=e+2B",
		  "< RCPT TO:<жертва@b.example> NOTIFY=FAILURE ORCPT=utf-8;ж@b.example", "< DATA",
		  "> 250 ok", "> 250 ok", "> 354 go", "data", "> 250 ok", "close" },
		SMTP_DONE,
		"250 ok",
	};
	struct smtp_mail mail = plain;

	mail.rcpt = SPAN("жертва@b.example");
	mail.orcpt = "utf-8;ж@b.example";
	mail.notify = "FAILURE";
	mail.ret = "FULL";
	mail.envid = "e+2B";
	mail.body_8bit = true;
	follow_with(&said, 0, &mail, NULL);
}

Test(smtp_client, a_sender_no_command_can_carry_is_refused_and_no_relay_is_asked)
{
	struct smtp_mail mail = plain;

	mail.sender = SPAN("a@b>\r\nRCPT TO:<c@d");
	sender_start("unix:/nonexistent/relay", NULL);
	deliver(&mail);
	cr_expect_eq(sender.outcome, SMTP_REFUSED);
	cr_expect_not_null(strstr(sender.reply, "the sender cannot be sent"), "%s", sender.reply);
	sender_stop();
}

Test(smtp_client, a_mail_that_needs_smtputf8_waits_for_a_relay_that_has_it)
{
	static const char *const steps[] = { PIPELINING, ONE_MAIL, "close", NULL };
	struct smtp_mail mail = plain;

	mail.smtputf8 = true;
	relay_start(steps);
	sender_start(relay.address, NULL);
	deliver(&mail);
	cr_expect_eq(sender.outcome, SMTP_RETRY);
	cr_expect_not_null(strstr(sender.reply, "does not offer SMTPUTF8"));
	/* another mail has the connection at once */
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_DONE, "%s", sender.reply);
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	sender_stop();
}

static const struct {
	struct span rcpt;
	const char *why;
} injections[] = {
	{ { "a@b>\r\nRCPT TO:<c@d", 20 }, "control character" },
	{ { "a@b>\nDATA", 9 }, "control character" },
	{ { "a\0@b", 4 }, "control character" },
	{ { "a@b> NOTIFY=NEVER", 17 }, "outside quotes" },
	{ { "two words@b", 11 }, "outside quotes" },
	{ { "\"open@b", 7 }, "never closed" },
	{ { "", 0 }, "empty" },
	{ { "a\xff@b", 4 }, "UTF-8" },
};

Test(smtp_client, an_address_no_command_can_carry_is_refused_and_no_relay_is_asked)
{
	/* nobody listens there: asking would be SMTP_NO_CONTACT */
	sender_start("unix:/nonexistent/relay", NULL);
	for (size_t i = 0; i < COUNT(injections); i++) {
		struct smtp_mail mail = plain;

		mail.rcpt = injections[i].rcpt;
		deliver(&mail);
		cr_expect_eq(sender.outcome, SMTP_REFUSED, "case %zu", i);
		cr_expect_not_null(strstr(sender.reply, injections[i].why), "case %zu: %s", i,
				   sender.reply);
	}
	sender_stop();
}

/* ---- bodies ----------------------------------------------------------- */

static const struct {
	struct span body, arrives;
} bodies[] = {
	{ { "", 0 }, { "Received: x\r\n", 13 } },
	{ { ".\r\n..\r\n.a", 9 }, { "Received: x\r\n.\r\n..\r\n.a\r\n", 24 } },
	{ { "a\n.\nMAIL FROM:<x>\n", 18 }, { "Received: x\r\na\r\n.\r\nMAIL FROM:<x>\r\n", 34 } },
	{ { "a\r.\rMAIL FROM:<x>", 17 }, { "Received: x\r\na\r\n.\r\nMAIL FROM:<x>\r\n", 34 } },
	{ { "a\n.\r\nMAIL FROM:<x>\r\n", 20 },
	  { "Received: x\r\na\r\n.\r\nMAIL FROM:<x>\r\n", 34 } },
	{ { "a\r\n.\nMAIL FROM:<x>\r\n", 20 },
	  { "Received: x\r\na\r\n.\r\nMAIL FROM:<x>\r\n", 34 } },
	{ { "a\0\xff z\r\n", 7 }, { "Received: x\r\na\0\xff z\r\n", 20 } },
};

Test(smtp_client, a_body_arrives_as_one_message_whatever_its_line_ends)
{
	static const struct script taken = {
		{ PIPELINING, TO_BODY, "data", "hush", "> 250 ok", "close" }, SMTP_DONE, "250 ok"
	};

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct smtp_mail mail = plain;

		mail.body = bodies[i].body;
		follow_with(&taken, i, &mail, NULL);
		cr_expect(span_equal(buffer_span(&relay.body), bodies[i].arrives), "case %zu: %s",
			  i, relay.body.data);
	}
}

/* 5 MB with every fourth line beginning with dots. */
static void
fill_big(struct buffer *body)
{
	for (unsigned i = 0; body->len < 5000000; i++)
		buffer_printf(body, "%.*sline %u of a long body with a . and a .. in it\r\n",
			      i % 4 == 0 ? (int)(i % 3) + 1 : 0, "...", i * 2654435761u);
}

Test(smtp_client, a_body_of_5_mb_arrives_byte_for_byte)
{
	static const struct script taken = { { PIPELINING, ONE_MAIL, "close" },
					     SMTP_DONE,
					     "250 ok" };
	AUTO(buffer_done) struct buffer body = { 0 };
	struct smtp_mail mail = plain;

	fill_big(&body);
	mail.header = (struct span){ 0 };
	mail.body = buffer_span(&body);
	follow_with(&taken, 0, &mail, NULL);
	cr_expect(span_equal(buffer_span(&relay.body), mail.body));
}

static const struct script in_the_body[] = {
	{ { PIPELINING, TO_BODY, "some", "close" },
	  SMTP_RETRY,
	  "waiting for the relay to take the body" },
	/* it speaks before the dot: about what it has not seen whole */
	{ { PIPELINING, TO_BODY, "some", "> 552 too big", "close" }, SMTP_RETRY, "552 too big" },
	{ { PIPELINING, TO_BODY, "some", "> 250 ok", "close" }, SMTP_RETRY, "250 ok" },
	{ { PIPELINING, MAIL_RCPT_DATA, ">>250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n", "close" },
	  SMTP_RETRY,
	  "250 ok" },
};

Test(smtp_client, contact_lost_in_the_body_is_a_retry)
{
	AUTO(buffer_done) struct buffer body = { 0 };
	struct smtp_mail mail = plain;

	fill_big(&body);
	mail.body = buffer_span(&body);
	for (size_t i = 0; i < COUNT(in_the_body); i++) {
		relay_start(in_the_body[i].steps);
		sender_start(relay.address, NULL);
		deliver(&mail);
		cr_expect_eq(sender.outcome, in_the_body[i].outcome, "script %zu", i);
		/* Closing with bytes unread may overtake the relay's words. */
		cr_expect(strstr(sender.reply, in_the_body[i].reply) != NULL ||
				  strstr(sender.reply, "waiting for the relay") != NULL,
			  "script %zu: %s", i, sender.reply);
		sender_stop();
		cr_expect_str_empty(relay_stop(), "script %zu: %s", i, relay.wrong);
	}
}

Test(smtp_client, a_relay_that_stops_taking_the_body_is_left)
{
	static const struct script stuck = { { PIPELINING, TO_BODY },
					     SMTP_RETRY,
					     "time is up, waiting for the relay to take" };
	AUTO(buffer_done) struct buffer body = { 0 };
	struct smtp_mail mail = plain;

	fill_big(&body);
	mail.body = buffer_span(&body);
	follow_with(&stuck, 0, &mail, &hasty);
	(void)close(relay.fd);
}
