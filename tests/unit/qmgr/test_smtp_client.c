/*
 * test_smtp_client.c: the client against relays that follow a script.
 *
 * A relay is a thread with a listening unix socket and a list of steps:
 *
 *	accept      the next connection
 *	> text      say a line                  >>text   say bytes
 *	< text      hear exactly this line
 *	hush        nothing more is to be heard yet
 *	data        hear a body up to its dot (kept, dots undone)
 *	some        hear the first 100 KB of a body
 *	eof         hear the end of the connection
 *	close       close it
 *	post        let the test go on (await)
 *
 * A step that fails names itself in relay.wrong and ends the script.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "qmgr/smtp_client.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STEPS    48

/* ---- the relay -------------------------------------------------------- */

static struct relay {
	const char *const *steps;
	int listener, fd;
	char folder[32], address[128];
	struct buffer in, body;
	sem_t posted;
	pthread_t thread;
	char wrong[300];
} relay;

static bool
hear_more(void)
{
	char chunk[65536];
	ssize_t n = recv(relay.fd, chunk, sizeof(chunk), 0);

	if (n > 0)
		buffer_add(&relay.in, chunk, (size_t)n);
	return n > 0;
}

static bool
hear_line(const char *want)
{
	size_t len = strlen(want);
	bool same;

	while (relay.in.len < len + 2)
		if (!hear_more())
			return false;
	same = memcmp(relay.in.data, want, len) == 0 && memcmp(relay.in.data + len, "\r\n", 2) == 0;
	if (same)
		buffer_consume(&relay.in, len + 2);
	return same;
}

/* The slow and obvious way, so that the code under test is not its own judge. */
static bool
hear_body(void)
{
	size_t start = 0;
	const char *lf;

	buffer_clear(&relay.body);
	for (;;) {
		while (relay.in.len == start ||
		       (lf = memchr(relay.in.data + start, '\n', relay.in.len - start)) == NULL)
			if (!hear_more())
				return false;
		size_t end = (size_t)(lf - relay.in.data) + 1;
		const char *line = relay.in.data + start;

		if (end - start < 2 || lf[-1] != '\r' ||
		    memchr(line, '\r', end - start - 2) != NULL)
			return false; /* a bare CR or LF */
		if (end - start == 3 && line[0] == '.')
			return buffer_consume(&relay.in, end), true;
		buffer_add(&relay.body, line + (line[0] == '.'), end - start - (line[0] == '.'));
		start = end;
	}
}

static bool
step(const char *s)
{
	char c;

	if (strcmp(s, "accept") == 0) {
		struct timeval limit = { .tv_sec = 10 };

		relay.fd = accept(relay.listener, NULL, NULL);
		(void)setsockopt(relay.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		return relay.fd >= 0;
	}
	if (strncmp(s, ">>", 2) == 0)
		return send(relay.fd, s + 2, strlen(s + 2), MSG_NOSIGNAL) > 0;
	if (strncmp(s, "> ", 2) == 0)
		return send(relay.fd, s + 2, strlen(s + 2), MSG_NOSIGNAL | MSG_MORE) >= 0 &&
		       send(relay.fd, "\r\n", 2, MSG_NOSIGNAL) == 2;
	if (strncmp(s, "< ", 2) == 0)
		return hear_line(s + 2);
	if (strcmp(s, "hush") == 0)
		return relay.in.len == 0 && recv(relay.fd, &c, 1, MSG_DONTWAIT) < 0 &&
		       errno == EAGAIN;
	if (strcmp(s, "data") == 0)
		return hear_body();
	if (strcmp(s, "some") == 0) {
		while (relay.in.len < 100000)
			if (!hear_more())
				return false;
		return true;
	}
	if (strcmp(s, "eof") == 0)
		return relay.in.len == 0 && recv(relay.fd, &c, 1, 0) == 0;
	if (strcmp(s, "post") == 0)
		return sem_post(&relay.posted) == 0;
	if (strcmp(s, "close") == 0) {
		buffer_clear(&relay.in);
		return close(relay.fd) == 0;
	}
	return false;
}

static void *
follow_script(void *ctx)
{
	(void)ctx;
	for (size_t i = 0; relay.steps[i] != NULL; i++)
		if (!step(relay.steps[i])) {
			(void)snprintf(relay.wrong, sizeof(relay.wrong),
				       "step %zu \"%.60s\" but heard \"%.150s\"", i, relay.steps[i],
				       relay.in.len > 0 ? relay.in.data : "");
			(void)shutdown(relay.fd, SHUT_RDWR);
			(void)shutdown(relay.listener, SHUT_RDWR);
			(void)sem_post(&relay.posted);
			break;
		}
	return NULL;
}

static void
relay_start(const char *const *steps)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = 10 };

	relay = (struct relay){ .steps = steps, .fd = -1, .folder = "/tmp/ndrq-test-XXXXXX" };
	cr_assert_not_null(mkdtemp(relay.folder));
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/relay", relay.folder);
	(void)snprintf(relay.address, sizeof(relay.address), "unix:%s", un.sun_path);
	relay.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(relay.listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	cr_assert_eq(bind(relay.listener, (struct sockaddr *)&un, sizeof(un)), 0);
	cr_assert_eq(listen(relay.listener, 8), 0);
	cr_assert_eq(sem_init(&relay.posted, 0, 0), 0);
	cr_assert_eq(pthread_create(&relay.thread, NULL, follow_script, NULL), 0);
}

/* Waits until the script is at its end and says what went wrong in it. */
static const char *
relay_stop(void)
{
	(void)pthread_join(relay.thread, NULL);
	(void)close(relay.listener);
	(void)unlink(relay.address + strlen("unix:"));
	(void)rmdir(relay.folder);
	buffer_done(&relay.in);
	return relay.wrong;
}

/* ---- the sender ------------------------------------------------------- */

static struct sender {
	struct ev_loop *loop;
	struct smtp_client *client;
	int done;
	enum smtp_outcome outcome;
	char reply[4096];
} sender;

static void
sender_start(const char *address, const struct smtp_client_options *times)
{
	struct smtp_client_options options = {
		.relay = address,
		.hostname = "ndrq.example",
		.connect_timeout_ms = 10000,
		.reply_timeout_ms = 10000,
		.final_timeout_ms = 10000,
		.idle_timeout_ms = 10000,
	};

	if (times != NULL) {
		options = *times;
		options.relay = address;
		options.hostname = "ndrq.example";
	}
	sender = (struct sender){ .loop = ev_loop_new(0) };
	cr_assert_eq(smtp_client_new(sender.loop, &options, &sender.client, NULL), 0);
}

static void
sender_stop(void)
{
	smtp_client_freep(&sender.client);
	ev_loop_destroy(sender.loop);
}

static void
remember(void *ctx, enum smtp_outcome outcome, const char *reply)
{
	(void)ctx;
	sender.done++;
	sender.outcome = outcome;
	(void)snprintf(sender.reply, sizeof(sender.reply), "%s", reply);
	ev_break(sender.loop, EVBREAK_ONE);
}

/* Sends one mail and turns the loop until its fate is known. */
static void
deliver(const struct smtp_mail *mail)
{
	int before = sender.done;

	smtp_client_send(sender.client, mail, remember, NULL);
	cr_assert(smtp_client_busy(sender.client));
	cr_assert_eq(sender.done, before, "done came from within send");
	ev_run(sender.loop, 0);
	cr_assert_eq(sender.done, before + 1);
	cr_assert_not(smtp_client_busy(sender.client));
}

static const struct smtp_mail plain = {
	.rcpt = { "a@b.example", 11 },
	.header = { "Received: x\r\n", 13 },
	.body = { "Subject: y\r\n\r\nhello\r\n", 21 },
};
#define PLAIN_TEXT "Received: x\r\nSubject: y\r\n\r\nhello\r\n"

#define HELLO      "accept", "> 220 relay", "< EHLO ndrq.example"
#define BARE       HELLO, "> 250 relay"
#define PIPELINING HELLO, "> 250-relay", "> 250 PIPELINING"
#define EVERYTHING                                                                                 \
	HELLO, "> 250-relay", "> 250-PIPELINING", "> 250-8BITMIME", "> 250-SMTPUTF8", "> 250 DSN"
#define MAIL_RCPT_DATA "< MAIL FROM:<>", "< RCPT TO:<a@b.example>", "< DATA"
#define QUIT           "< QUIT", "> 221 bye", "eof"

/* ---- one mail, one script --------------------------------------------- */

struct script {
	const char *steps[STEPS];
	enum smtp_outcome outcome;
	const char *reply;
};

static void
follow(const struct script *scripts, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		relay_start(scripts[i].steps);
		sender_start(relay.address, NULL);
		deliver(&plain);
		cr_expect_eq(sender.outcome, scripts[i].outcome, "script %zu: outcome %d", i,
			     (int)sender.outcome);
		cr_expect_not_null(strstr(sender.reply, scripts[i].reply), "script %zu: \"%s\"", i,
				   sender.reply);
		/* let a QUIT be heard */
		while (ev_run(sender.loop, EVRUN_ONCE))
			;
		sender_stop();
		cr_expect_str_empty(relay_stop(), "script %zu: %s", i, relay.wrong);
		buffer_done(&relay.body);
	}
}

static const struct script refusals[] = {
	/* the greeting and EHLO never refuse for good */
	{ { "accept", "> 554 no", QUIT }, SMTP_NO_CONTACT, "554 no" },
	{ { "accept", "> 421 later", "close" }, SMTP_NO_CONTACT, "421 later" },
	{ { HELLO, "> 450 later", QUIT }, SMTP_NO_CONTACT, "450 later" },
	{ { HELLO, "> 550 what", "< HELO ndrq.example", "> 550 no", QUIT },
	  SMTP_NO_CONTACT,
	  "550 no" },
	/* one command at a time */
	{ { BARE, "< MAIL FROM:<>", "hush", "> 451 4.3.0 later", QUIT },
	  SMTP_RETRY,
	  "451 4.3.0 later" },
	{ { BARE, "< MAIL FROM:<>", "> 550 5.7.1 no", QUIT }, SMTP_REFUSED, "550 5.7.1 no" },
	{ { BARE, "< MAIL FROM:<>", "> 421 closing", "close" }, SMTP_RETRY, "421 closing" },
	{ { BARE, "< MAIL FROM:<>", "> 250 ok", "< RCPT TO:<a@b.example>", "hush", "> 450 later",
	    QUIT },
	  SMTP_RETRY,
	  "450 later" },
	{ { BARE, "< MAIL FROM:<>", "> 250 ok", "< RCPT TO:<a@b.example>", "> 550-5.1.1 no",
	    "> 550 5.1.1 such \x1b[2Juser", QUIT },
	  SMTP_REFUSED,
	  "550 5.1.1 no 5.1.1 such \\x1b[2Juser" },
	{ { BARE, "< MAIL FROM:<>", "> 250 ok", "< RCPT TO:<a@b.example>", "> 250 ok", "< DATA",
	    "> 451 later", QUIT },
	  SMTP_RETRY,
	  "451 later" },
	{ { BARE, "< MAIL FROM:<>", "> 250 ok", "< RCPT TO:<a@b.example>", "> 250 ok", "< DATA",
	    "> 554 no", QUIT },
	  SMTP_REFUSED,
	  "554 no" },
	{ { BARE, "< MAIL FROM:<>", "> 250 ok", "< RCPT TO:<a@b.example>", "> 250 ok", "< DATA",
	    "hush", "> 354 go", "data", "> 451 4.3.0 full", QUIT },
	  SMTP_RETRY,
	  "451 4.3.0 full" },
	{ { BARE, "< MAIL FROM:<>", "> 250 ok", "< RCPT TO:<a@b.example>", "> 250 ok", "< DATA",
	    "> 354 go", "data", "> 550 5.7.1 spam", QUIT },
	  SMTP_REFUSED,
	  "550 5.7.1 spam" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data",
	    "> 421 shutting down", QUIT },
	  SMTP_RETRY,
	  "421 shutting down" },
	/* together: the first "no" is the one that counts */
	{ { PIPELINING, MAIL_RCPT_DATA, "> 550 no sender", "> 503 no", "> 503 no", QUIT },
	  SMTP_REFUSED,
	  "550 no sender" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 451 later", "> 503 no", "> 503 no", QUIT },
	  SMTP_RETRY,
	  "451 later" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 450 later", "> 554 no recipients", QUIT },
	  SMTP_RETRY,
	  "450 later" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "> 554 no recipients", QUIT },
	  SMTP_REFUSED,
	  "550 no user" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 451 disk", QUIT },
	  SMTP_RETRY,
	  "451 disk" },
	/* RFC 2920 3.1: DATA was taken though there is no recipient */
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "> 354 go", "< .",
	    "> 250 thanks", QUIT },
	  SMTP_REFUSED,
	  "550 no user" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 450 later", "> 354 go", "< .", "> 554 none",
	    QUIT },
	  SMTP_RETRY,
	  "450 later" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "> 354 go", "< .", "close" },
	  SMTP_REFUSED,
	  "550 no user" },
};

Test(smtp_client, a_no_is_told_with_the_words_of_the_relay_and_its_class)
{
	follow(refusals, COUNT(refusals));
}

static const struct script lost[] = {
	{ { "accept", "close" }, SMTP_NO_CONTACT, "waiting for the greeting" },
	{ { HELLO, "close" }, SMTP_NO_CONTACT, "waiting for the reply to EHLO" },
	{ { HELLO, ">>250-relay\r\n", "close" }, SMTP_NO_CONTACT, "waiting for the reply to EHLO" },
	{ { HELLO, "> 500 what", "< HELO ndrq.example", "close" },
	  SMTP_NO_CONTACT,
	  "waiting for the reply to HELO" },
	{ { BARE, "< MAIL FROM:<>", "close" }, SMTP_RETRY, "waiting for the reply to MAIL" },
	{ { BARE, "< MAIL FROM:<>", "> 250 ok", "< RCPT TO:<a@b.example>", "close" },
	  SMTP_RETRY,
	  "waiting for the reply to RCPT" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "close" },
	  SMTP_RETRY,
	  "waiting for the reply to DATA" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "close" },
	  SMTP_REFUSED,
	  "550 no user" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", "close" },
	  SMTP_UNKNOWN,
	  "waiting for the reply to the final dot" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", ">>250 o",
	    "close" },
	  SMTP_UNKNOWN,
	  "waiting for the reply to the final dot" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", ">>250-ok\r\n",
	    "close" },
	  SMTP_UNKNOWN,
	  "waiting for the reply to the final dot" },
	/* nonsense */
	{ { "accept", "> SSH-2.0-OpenSSH_9.2", "eof" }, SMTP_NO_CONTACT, "does not speak SMTP" },
	{ { HELLO, "> 250-relay", "> 550 no", "eof" }, SMTP_NO_CONTACT, "does not speak SMTP" },
	{ { BARE, "< MAIL FROM:<>", "> 354 go", "eof" }, SMTP_RETRY, "354 go" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 250 ok", QUIT },
	  SMTP_RETRY,
	  "250 ok" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", "> hm", "eof" },
	  SMTP_UNKNOWN,
	  "does not speak SMTP" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", "> 354 more",
	    QUIT },
	  SMTP_UNKNOWN,
	  "354 more" },
};

Test(smtp_client, contact_that_is_lost_is_told_by_how_far_the_mail_had_come)
{
	follow(lost, COUNT(lost));
}

static const struct script good[] = {
	{ { BARE, "< MAIL FROM:<>", "hush", "> 250 ok", "< RCPT TO:<a@b.example>", "hush",
	    "> 250 ok", "< DATA", "hush", "> 354 go", "data", "> 250 2.0.0 queued as 7", "close" },
	  SMTP_DONE,
	  "250 2.0.0 queued as 7" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", "> 250 ok",
	    "close" },
	  SMTP_DONE,
	  "250 ok" },
	{ { HELLO, "> 502 what", "< HELO ndrq.example", "> 250 relay", "< MAIL FROM:<>", "hush",
	    "> 250 ok", "< RCPT TO:<a@b.example>", "> 251 will forward", "< DATA", "> 354 go",
	    "data", "> 250", "close" },
	  SMTP_DONE,
	  "250" },
	/* replies in pieces, and all in one */
	{ { "accept", ">>2", ">>20-re", ">>lay\r", ">>\n220 relay\r\n", "< EHLO ndrq.example",
	    ">>250-relay\r\n250-SIZE\r\n250 PIPELINING\r\n", MAIL_RCPT_DATA,
	    ">>250 ok\r\n250 ok\r\n354 go\r\n", "data", ">>250", ">> ok\r", ">>\n", "close" },
	  SMTP_DONE,
	  "250 ok" },
};

Test(smtp_client, a_mail_is_delivered_once_with_or_without_pipelining)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		relay_start(good[i].steps);
		sender_start(relay.address, NULL);
		deliver(&plain);
		cr_expect_eq(sender.outcome, good[i].outcome, "script %zu: %s", i, sender.reply);
		cr_expect_str_eq(sender.reply, good[i].reply, "script %zu", i);
		cr_expect_str_empty(relay_stop(), "script %zu: %s", i, relay.wrong);
		cr_expect_str_eq(relay.body.data, PLAIN_TEXT, "script %zu", i);
		buffer_done(&relay.body);
		sender_stop();
	}
}

/* ---- what a mail needs ------------------------------------------------ */

Test(smtp_client, parameters_are_said_to_a_relay_that_offers_them)
{
	static const char *const steps[] = {
		EVERYTHING,
		"< MAIL FROM:<> BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=e+2B",
		"< RCPT TO:<жертва@b.example> NOTIFY=FAILURE ORCPT=utf-8;ж@b.example",
		"< DATA",
		"> 250 ok",
		"> 250 ok",
		"> 354 go",
		"data",
		"> 250 ok",
		"close",
		NULL,
	};
	struct smtp_mail mail = plain;

	mail.rcpt = SPAN("жертва@b.example");
	mail.orcpt = "utf-8;ж@b.example";
	mail.notify = "FAILURE";
	mail.ret = "FULL";
	mail.envid = "e+2B";
	mail.body_8bit = true;
	relay_start(steps);
	sender_start(relay.address, NULL);
	deliver(&mail);
	cr_expect_eq(sender.outcome, SMTP_DONE, "%s", sender.reply);
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	buffer_done(&relay.body);
	sender_stop();
}

/* ---- several recipients ------------------------------------------------- */

static struct buffer refusals_heard;

static void
hear_refusal(void *ctx, size_t number, enum smtp_outcome outcome, const char *reply)
{
	(void)ctx;
	buffer_printf(&refusals_heard, "%zu %s %s|", number,
		      outcome == SMTP_REFUSED ? "refused" : "retry", reply);
}

#define S_R0      "< MAIL FROM:<s@b.example>", "< RCPT TO:<a@b.example>"
#define R1        "< RCPT TO:<c@b.example>"
#define R2        "< RCPT TO:<d@b.example>"
#define ALL_OF_IT S_R0, R1, R2, "< DATA"

static const struct {
	struct script script;
	const char *refused;
} several[] = {
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 250 ok", "> 250 ok", "> 250 ok", "> 354 go",
	      "data", "> 250 taken", "close" },
	    SMTP_DONE,
	    "250 taken" },
	  "" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 550 no", "> 250 ok", "> 452 full", "> 354 go",
	      "data", "> 250 taken", "close" },
	    SMTP_DONE,
	    "250 taken" },
	  "0 refused 550 no|2 retry 452 full|" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 250 ok", "> 552 too many", "> 450 later",
	      "> 354 go", "data", "> 554 spam", QUIT },
	    SMTP_REFUSED,
	    "554 spam" },
	  "1 retry 552 too many|2 retry 450 later|" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 550 a", "> 551 b", "> 450 c", "> 554 none",
	      QUIT },
	    SMTP_RETRY,
	    "450 c" },
	  "0 refused 550 a|1 refused 551 b|2 retry 450 c|" },
	{ { { PIPELINING, ALL_OF_IT, "> 550 a", "> 550 b", "> 551 c", "> 550 d", "> 354 go", "< .",
	      "> 554 none", QUIT },
	    SMTP_REFUSED,
	    "550 a" },
	  "" },
	{ { { PIPELINING, ALL_OF_IT, "> 550 MAIL", "> 503 x", "> 503 x", "> 503 x", "> 503 x",
	      QUIT },
	    SMTP_REFUSED,
	    "550 MAIL" },
	  "" },
	{ { { BARE, "< MAIL FROM:<s@b.example>", "> 250 ok", "< RCPT TO:<a@b.example>", "hush",
	      "> 550 no", R1, "hush", "> 250 ok", R2, "> 250 ok", "< DATA", "> 354 go", "data",
	      "> 250 taken", "close" },
	    SMTP_DONE,
	    "250 taken" },
	  "0 refused 550 no|" },
	{ { { BARE, "< MAIL FROM:<s@b.example>", "> 250 ok", "< RCPT TO:<a@b.example>", "> 550 a",
	      R1, "> 550 b", R2, "> 550 c", QUIT },
	    SMTP_REFUSED,
	    "550 c" },
	  "0 refused 550 a|1 refused 550 b|2 refused 550 c|" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 550 no", "close" },
	    SMTP_RETRY,
	    "waiting for the reply to RCPT" },
	  "0 refused 550 no|" },
};

Test(smtp_client, of_several_recipients_each_hears_its_own)
{
	static const struct smtp_rcpt others[] = { { { "c@b.example", 11 }, NULL, NULL },
						   { { "d@b.example", 11 }, NULL, NULL } };

	for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		struct smtp_mail mail = plain;

		mail.sender = SPAN("s@b.example");
		mail.others = others;
		mail.others_len = 2;
		mail.refused = hear_refusal;
		buffer_clear(&refusals_heard);
		buffer_add_str(&refusals_heard, "");
		relay_start(several[i].script.steps);
		sender_start(relay.address, NULL);
		deliver(&mail);
		while (ev_run(sender.loop, EVRUN_ONCE))
			;
		cr_expect_eq(sender.outcome, several[i].script.outcome, "%zu", i);
		cr_expect_not_null(strstr(sender.reply, several[i].script.reply), "%zu: %s", i,
				   sender.reply);
		cr_expect(span_equal(buffer_span(&refusals_heard), span_of(several[i].refused)),
			  "%zu: %s", i, refusals_heard.data);
		sender_stop();
		cr_expect_str_empty(relay_stop(), "%zu: %s", i, relay.wrong);
		buffer_done(&relay.body);
	}
	buffer_done(&refusals_heard);
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
	static const char *const steps[] = {
		PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go",
		"data",     "> 250 ok",     "close",    NULL,
	};
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
	buffer_done(&relay.body);
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
	static const char *const steps[] = { PIPELINING, MAIL_RCPT_DATA, "> 250 ok",
					     "> 250 ok", "> 354 go",     "data",
					     "hush",     "> 250 ok",     "close",
					     NULL };

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct smtp_mail mail = plain;

		mail.body = bodies[i].body;
		relay_start(steps);
		sender_start(relay.address, NULL);
		deliver(&mail);
		cr_expect_eq(sender.outcome, SMTP_DONE, "case %zu: %s", i, sender.reply);
		cr_expect_str_empty(relay_stop(), "case %zu: %s", i, relay.wrong);
		cr_expect(span_equal(buffer_span(&relay.body), bodies[i].arrives), "case %zu: %s",
			  i, relay.body.data);
		buffer_done(&relay.body);
		sender_stop();
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
	static const char *const steps[] = { PIPELINING, MAIL_RCPT_DATA, "> 250 ok",
					     "> 250 ok", "> 354 go",     "data",
					     "> 250 ok", "close",        NULL };
	AUTO(buffer_done) struct buffer body = { 0 };
	struct smtp_mail mail = plain;

	fill_big(&body);
	mail.header = (struct span){ 0 };
	mail.body = buffer_span(&body);
	relay_start(steps);
	sender_start(relay.address, NULL);
	deliver(&mail);
	cr_expect_eq(sender.outcome, SMTP_DONE, "%s", sender.reply);
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	cr_expect(span_equal(buffer_span(&relay.body), mail.body));
	buffer_done(&relay.body);
	sender_stop();
}

static const struct script in_the_body[] = {
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "some", "close" },
	  SMTP_RETRY,
	  "waiting for the relay to take the body" },
	/* it speaks before the dot: about what it has not seen whole */
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "some", "> 552 too big",
	    "close" },
	  SMTP_RETRY,
	  "552 too big" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "some", "> 250 ok",
	    "close" },
	  SMTP_RETRY,
	  "250 ok" },
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

/* ---- kept connections ------------------------------------------------- */

#define ONE_MAIL MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", "> 250 ok"

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
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data",
	    "close" },
	  false,
	  SMTP_UNKNOWN },
	/* a "no" stands */
	{ { PIPELINING, ONE_MAIL, MAIL_RCPT_DATA, "> 250 ok", "> 550 no", "close" },
	  false,
	  SMTP_REFUSED },
	/* a reply too many: the connection is not used again */
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data",
	    ">>250 ok\r\n250 what\r\n", "eof", PIPELINING, ONE_MAIL, "close" },
	  false,
	  SMTP_DONE },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data",
	    ">>250 ok\r\n25", "eof", PIPELINING, ONE_MAIL, "close" },
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
		buffer_done(&relay.body);
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
	buffer_done(&relay.body);
	sender_stop();
}

static const struct smtp_client_options hasty = {
	.connect_timeout_ms = 30,
	.reply_timeout_ms = 30,
	.final_timeout_ms = 30,
	.idle_timeout_ms = 30,
};

Test(smtp_client, an_idle_connection_ends_with_quit)
{
	static const char *const polite[] = { PIPELINING, ONE_MAIL, QUIT, NULL };
	static const char *const mute[] = { PIPELINING, ONE_MAIL, "< QUIT", "eof", NULL };
	static const char *const *const steps[] = { polite, mute };
	struct smtp_client_options options = hasty;

	options.reply_timeout_ms = options.final_timeout_ms = 10000;
	for (size_t i = 0; i < COUNT(steps); i++) {
		relay_start(steps[i]);
		sender_start(relay.address, &options);
		deliver(&plain);
		cr_expect_eq(sender.outcome, SMTP_DONE);
		ev_run(sender.loop, 0); /* until nothing is waited for */
		cr_expect_str_empty(relay_stop(), "script %zu: %s", i, relay.wrong);
		buffer_done(&relay.body);
		sender_stop();
	}
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
	buffer_done(&relay.body);
	sender_stop();
}

/* ---- time ------------------------------------------------------------- */

static const struct script mute[] = {
	{ { "accept", "eof" }, SMTP_NO_CONTACT, "time is up, waiting for the greeting" },
	{ { HELLO, "eof" }, SMTP_NO_CONTACT, "time is up, waiting for the reply to EHLO" },
	{ { HELLO, "> 250-relay", "eof" }, SMTP_NO_CONTACT, "waiting for the reply to EHLO" },
	{ { BARE, "< MAIL FROM:<>", "eof" }, SMTP_RETRY, "waiting for the reply to MAIL" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no", "eof" }, SMTP_REFUSED, "550 no" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no", "> 354 go", "< .", "eof" },
	  SMTP_REFUSED,
	  "550 no" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go", "data", "eof" },
	  SMTP_UNKNOWN,
	  "time is up, waiting for the reply to the final dot" },
};

Test(smtp_client, no_state_waits_for_ever)
{
	for (size_t i = 0; i < COUNT(mute); i++) {
		relay_start(mute[i].steps);
		sender_start(relay.address, &hasty);
		deliver(&plain);
		cr_expect_eq(sender.outcome, mute[i].outcome, "script %zu", i);
		cr_expect_not_null(strstr(sender.reply, mute[i].reply), "script %zu: %s", i,
				   sender.reply);
		ev_run(sender.loop, 0);
		cr_expect_str_empty(relay_stop(), "script %zu: %s", i, relay.wrong);
		buffer_done(&relay.body);
		sender_stop();
	}
}

Test(smtp_client, a_relay_that_stops_taking_the_body_is_left)
{
	static const char *const steps[] = { PIPELINING, MAIL_RCPT_DATA, "> 250 ok",
					     "> 250 ok", "> 354 go",     NULL };
	AUTO(buffer_done) struct buffer body = { 0 };
	struct smtp_mail mail = plain;

	fill_big(&body);
	mail.body = buffer_span(&body);
	relay_start(steps);
	sender_start(relay.address, &hasty);
	deliver(&mail);
	cr_expect_eq(sender.outcome, SMTP_RETRY);
	cr_expect_not_null(strstr(sender.reply, "time is up, waiting for the relay to take"), "%s",
			   sender.reply);
	sender_stop();
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	(void)close(relay.fd);
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
	buffer_done(&relay.body);
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
	const char *const steps[] = { "accept", line, "< QUIT", "close", NULL };

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "> 554 ", 6);
	relay_start(steps);
	sender_start(relay.address, NULL);
	deliver(&plain);
	cr_expect_eq(sender.outcome, SMTP_NO_CONTACT);
	cr_expect_eq(strlen(sender.reply), 1004);
	while (ev_run(sender.loop, EVRUN_ONCE))
		;
	cr_expect_str_empty(relay_stop(), "%s", relay.wrong);
	sender_stop();
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
	buffer_done(&relay.body);
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
	buffer_done(&relay.body);
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
