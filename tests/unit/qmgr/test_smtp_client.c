/* test_smtp_client.c: connections, their time and their end. */
#include "tests/unit/qmgr/smtp_client_fixture.h"

#include <netinet/in.h>

/* ---- kept connections ------------------------------------------------- */

static const struct {
	const char *steps[STEPS];
	bool await; /* the second mail waits for "post" */
	enum smtp_outcome second;
} kept[] = {
	{ { PIPELINING, ONE_MAIL, ONE_MAIL, "close" }, false, SMTP_DONE },
	/* closed before the second mail, seen or not */
	{ { PIPELINING, ONE_MAIL, "close", "post", PIPELINING, ONE_MAIL, "close" },
	  true,
	  SMTP_DONE },
	{ { PIPELINING, ONE_MAIL, "> 421 idle for too long", "close", "post", PIPELINING, ONE_MAIL,
	    "close" },
	  true,
	  SMTP_DONE },
	/* closed at any point before its body */
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "close", PIPELINING, ONE_MAIL, "close" },
	  false,
	  SMTP_DONE },
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "> 421 bye", "close", PIPELINING, ONE_MAIL,
	    "close" },
	  false,
	  SMTP_DONE },
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "close", PIPELINING,
	    ONE_MAIL, "close" },
	  false,
	  SMTP_DONE },
	/* once only */
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "close", PIPELINING, MAIL_RCPT_DATA, "close" },
	  false,
	  SMTP_RETRY },
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "close", "accept", "> 421 busy", "close" },
	  false,
	  SMTP_NO_CONTACT },
	/* and not with a word of the body sent */
	{ { PIPELINING, ONE_MAIL, TO_BODY, "data", "close" }, false, SMTP_UNKNOWN },
	/* a "no" stands */
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "> 250 ok", "> 550 no", "close" },
	  false,
	  SMTP_REFUSED },
	/* a reply too many: the connection is not used again */
	{ { PIPELINING, TO_BODY, "data", ">>250 ok\r\n250 what\r\n", "eof", PIPELINING, ONE_MAIL,
	    "close" },
	  false,
	  SMTP_DONE },
	{ { PIPELINING, TO_BODY, "data", ">>250 ok\r\n25", "eof", PIPELINING, ONE_MAIL, "close" },
	  false,
	  SMTP_DONE },
};

Test(smtp_client, a_connection_serves_the_next_mail_and_may_close_while_idle)
{
	for (size_t i = 0; i < COUNT(kept); i++) {
		relay_start(kept[i].steps);
		sender_start(relay.address, NULL);
		deliver(&plain);
		cr_expect_eq(sender.outcome, SMTP_DONE, "script %zu: %s", i, sender.reply);
		if (kept[i].await)
			cr_assert_eq(sem_wait(&relay.posted), 0);
		deliver(&plain);
		cr_expect_eq(sender.outcome, kept[i].second, "script %zu: %s", i, sender.reply);
		cr_expect_str_empty(relay_stop(), "script %zu: %s", i, relay.wrong);
		cr_expect_str_eq(relay.body.data, PLAIN_TEXT, "script %zu", i);
		sender_stop();
	}
}

Test(smtp_client, an_idle_close_that_was_seen_costs_only_a_new_connection)
{
	static const char *const steps[] = { PIPELINING, ONE_MAIL, "close", "post",
					     PIPELINING, ONE_MAIL, "close", NULL };

	relay_start(steps);
	sender_start(relay.address, NULL);
	deliver(&plain);
	cr_assert_eq(sem_wait(&relay.posted), 0);
	while (ev_run(sender.loop, EVRUN_ONCE))
		;
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_DONE, "%s", sender.reply);
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	sender_stop();
}

Test(smtp_client, an_idle_connection_ends_with_quit)
{
	static const struct script scripts[] = {
		{ { PIPELINING, ONE_MAIL, QUIT }, SMTP_DONE, "250 ok" },
		{ { PIPELINING, ONE_MAIL, "< QUIT", "eof" }, SMTP_DONE, "250 ok" },
	};
	struct smtp_client_options options = hasty;

	options.reply_timeout_ms = options.final_timeout_ms = 10000;
	for (size_t i = 0; i < COUNT(scripts); i++)
		follow_with(&scripts[i], i, &plain, &options);
}

Test(smtp_client, a_mail_during_quit_gets_a_new_connection)
{
	static const char *const steps[] = { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no",
					     "> 554 no", "< QUIT",       "eof",      PIPELINING,
					     ONE_MAIL,   "close",        NULL };

	relay_start(steps);
	sender_start(relay.address, NULL);
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_REFUSED);
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_DONE, "%s", sender.reply);
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	sender_stop();
}

/* ---- time ------------------------------------------------------------- */

static const struct script mute[] = {
	{ { "accept", "eof" }, SMTP_NO_CONTACT, "time is up, waiting for the greeting" },
	{ { HELLO, "eof" }, SMTP_NO_CONTACT, "time is up, waiting for the reply to EHLO" },
	{ { HELLO, "> 250-relay", "eof" }, SMTP_NO_CONTACT, "waiting for the reply to EHLO" },
	{ { BARE, TO_MAIL, "eof" }, SMTP_RETRY, "waiting for the reply to MAIL" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no", "eof" }, SMTP_REFUSED, "550 no" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no", "> 354 go", "< .", "eof" },
	  SMTP_REFUSED,
	  "550 no" },
	{ { PIPELINING, TO_BODY, "data", "eof" },
	  SMTP_UNKNOWN,
	  "time is up, waiting for the reply to the final dot" },
};

Test(smtp_client, no_state_waits_for_ever)
{
	for (size_t i = 0; i < COUNT(mute); i++)
		follow_with(&mute[i], i, &plain, &hasty);
}

/* ---- no relay, and limits --------------------------------------------- */

Test(smtp_client, no_relay_is_no_contact_and_says_why)
{
	char address[40];
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000001) };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* a port that is taken, but where nobody listens */
	cr_assert_eq(bind(fd, (struct sockaddr *)&in, len), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(in.sin_port));
	sender_start(address, NULL);
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_NO_CONTACT);
	cr_expect_not_null(strstr(sender.reply, "Connection refused"), "%s", sender.reply);
	sender_stop();
	(void)close(fd);

	sender_start("unix:/nonexistent/relay", NULL);
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_NO_CONTACT);
	cr_expect_not_null(strstr(sender.reply, "No such file"), "%s", sender.reply);
	sender_stop();
}

Test(smtp_client, a_relay_on_tcp_is_as_good)
{
	static const char *const steps[] = { PIPELINING, ONE_MAIL, QUIT, NULL };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000001) };
	struct smtp_client_options options = hasty;
	socklen_t len = sizeof(in);
	char address[40];

	relay = (struct relay){ .steps = steps, .fd = -1 };
	relay.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(relay.listener, (struct sockaddr *)&in, len), 0);
	cr_assert_eq(listen(relay.listener, 8), 0);
	cr_assert_eq(getsockname(relay.listener, (struct sockaddr *)&in, &len), 0);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(in.sin_port));
	cr_assert_eq(pthread_create(&relay.thread, NULL, follow_script, NULL), 0);
	options.connect_timeout_ms = options.reply_timeout_ms = options.final_timeout_ms = 10000;
	sender_start(address, &options);
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_DONE, "%s", sender.reply);
	ev_run(sender.loop, 0);
	(void)pthread_join(relay.thread, NULL);
	cr_expect_str_empty(relay.wrong, "%s", relay.wrong);
	cr_expect_str_eq(relay.body.data, PLAIN_TEXT);
	buffer_done(&relay.in);
	(void)close(relay.listener);
	sender_stop();
}

Test(smtp_client, a_relay_that_talks_without_end_is_left)
{
	static char line[5000], lines[12000];
	const char *long_line[] = { "accept", line, "eof", NULL };
	const char *many_lines[] = { "accept", lines, "eof", NULL };
	const char *const *const steps[] = { long_line, many_lines };

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, ">>220 ", 6);
	memcpy(lines, ">>", 3);
	for (int i = 0; i < 1001; i++)
		(void)strcat(lines, "220-hello\r\n");
	for (size_t i = 0; i < COUNT(steps); i++) {
		relay_start(steps[i]);
		sender_start(relay.address, NULL);
		deliver(&plain);
		cr_expect_eq(sender.outcome, SMTP_NO_CONTACT);
		cr_expect_not_null(strstr(sender.reply, "does not speak SMTP"), "%s", sender.reply);
		sender_stop();
		(void)relay_stop(); /* its "eof" may be a reset: it was not heard out */
	}
}

Test(smtp_client, the_words_of_a_relay_are_cut_to_a_length_fit_for_a_record)
{
	static char line[3000];
	const struct script cut = { { "accept", line, "< QUIT", "close" },
				    SMTP_NO_CONTACT,
				    "554 x" };

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "> 554 ", 6);
	follow(&cut, 0);
	cr_expect_eq(strlen(sender.reply), 1004);
}

/* ---- the life of a client --------------------------------------------- */

static void
free_client(void *ctx, enum smtp_outcome outcome, const char *reply)
{
	(void)ctx;
	sender.done++;
	sender.outcome = outcome;
	smtp_client_freep(&sender.client);
	(void)snprintf(sender.reply, sizeof(sender.reply), "%s", reply);
}

Test(smtp_client, done_may_free_the_client_and_the_loop_then_has_nothing_to_do)
{
	static const char *const steps[] = { PIPELINING, ONE_MAIL, "eof", NULL };

	relay_start(steps);
	sender_start(relay.address, NULL);
	smtp_client_send(sender.client, &plain, free_client, NULL);
	ev_run(sender.loop, 0);
	cr_assert_eq(sender.done, 1);
	cr_assert_eq(sender.outcome, SMTP_DONE);
	cr_assert_str_eq(sender.reply, "250 ok");
	cr_assert_null(sender.client);
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	sender_stop();
}

static void
send_another(void *ctx, enum smtp_outcome outcome, const char *reply)
{
	int *left = ctx;

	(void)reply;
	cr_expect_eq(outcome, SMTP_DONE);
	sender.done++;
	if (--*left > 0)
		smtp_client_send(sender.client, &plain, send_another, left);
	else
		ev_break(sender.loop, EVBREAK_ONE);
}

Test(smtp_client, done_may_send_the_next_mail)
{
	static const char *const steps[] = {
		PIPELINING, ONE_MAIL, ONE_MAIL, ONE_MAIL, "eof", NULL
	};
	int left = 3;

	relay_start(steps);
	sender_start(relay.address, NULL);
	smtp_client_send(sender.client, &plain, send_another, &left);
	ev_run(sender.loop, 0);
	cr_assert_eq(sender.done, 3);
	sender_stop();
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
}

Test(smtp_client, a_client_freed_in_the_middle_of_a_mail_says_nothing)
{
	static const char *const steps[] = { PIPELINING, MAIL_RCPT_DATA, "post", "eof", NULL };

	relay_start(steps);
	sender_start(relay.address, NULL);
	smtp_client_send(sender.client, &plain, remember, NULL);
	while (sem_trywait(&relay.posted) != 0)
		ev_run(sender.loop, EVRUN_NOWAIT);
	smtp_client_freep(&sender.client);
	ev_run(sender.loop, 0);
	cr_assert_eq(sender.done, 0);
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	sender_stop();

	/* and in the moment before it would have spoken */
	sender_start("unix:/nonexistent/relay", NULL);
	smtp_client_send(sender.client, &plain, remember, NULL);
	smtp_client_freep(&sender.client);
	ev_run(sender.loop, 0);
	cr_assert_eq(sender.done, 0);
	smtp_client_freep(&sender.client);
	ev_loop_destroy(sender.loop);
}

Test(smtp_client, an_address_or_a_hostname_that_is_none_makes_no_client)
{
	struct smtp_client_options options = { .relay = "relay.example:25", .hostname = "x" };
	struct smtp_client *client = NULL;
	struct error err = { 0 };

	cr_assert_eq(smtp_client_new(EV_DEFAULT, &options, &client, &err), -1);
	cr_assert_eq(err.class, ERROR_PERM);
	options.relay = "127.0.0.1:25";
	options.hostname = "";
	cr_assert_eq(smtp_client_new(EV_DEFAULT, &options, &client, &err), -1);
	options.hostname = "x\r\nMAIL";
	cr_assert_eq(smtp_client_new(EV_DEFAULT, &options, &client, &err), -1);
	cr_assert_null(client);
	options.hostname = "x";
	cr_assert_eq(smtp_client_new(EV_DEFAULT, &options, &client, &err), 0);
	smtp_client_freep(&client);
	ev_loop_destroy(EV_DEFAULT);
}
