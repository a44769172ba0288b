/*
 * smtp_client_fixture.h: a relay that follows a script, and a client that sends to it.
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
#ifndef TESTS_UNIT_QMGR_SMTP_CLIENT_FIXTURE_H
#define TESTS_UNIT_QMGR_SMTP_CLIENT_FIXTURE_H

#include <criterion/criterion.h>

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "qmgr/smtp_client.h"

#define UNUSED   __attribute__((unused))
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

	buffer_done(&relay.body);
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

/* ---- what they say -------------------------------------------------------- */

static const struct smtp_mail plain = {
	.rcpt = { "a@b.example", 11 },
	.header = { "Received: x\r\n", 13 },
	.body = { "Subject: y\r\n\r\nhello\r\n", 21 },
};
#define PLAIN_TEXT     "Received: x\r\nSubject: y\r\n\r\nhello\r\n"

#define HELLO          "accept", "> 220 relay", "< EHLO ndrq.example"
#define BARE           HELLO, "> 250 relay"
#define PIPELINING     HELLO, "> 250-relay", "> 250 PIPELINING"
#define QUIT           "< QUIT", "> 221 bye", "eof"

/* With a relay that is BARE. */
#define TO_MAIL        "< MAIL FROM:<>"
#define TO_RCPT        TO_MAIL, "> 250 ok", "< RCPT TO:<a@b.example>"
#define TO_DATA        TO_RCPT, "> 250 ok", "< DATA"

/* With one that offers PIPELINING. */
#define MAIL_RCPT_DATA "< MAIL FROM:<>", "< RCPT TO:<a@b.example>", "< DATA"
#define TO_BODY        MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 354 go"
#define ONE_MAIL       TO_BODY, "data", "> 250 ok"

/* ---- one mail, one script ------------------------------------------------- */

struct script {
	const char *steps[STEPS];
	enum smtp_outcome outcome;
	const char *reply; /* a part of it */
};

/* times NULL: long ones. What the relay heard is in relay.body. */
static UNUSED void
follow_with(const struct script *script, size_t number, const struct smtp_mail *mail,
	    const struct smtp_client_options *times)
{
	relay_start(script->steps);
	sender_start(relay.address, times);
	deliver(mail);
	ev_run(sender.loop, 0); /* until nothing is waited for: a QUIT is heard out */
	sender_stop();
	cr_expect_eq(sender.outcome, script->outcome, "script %zu: outcome %d, %s", number,
		     (int)sender.outcome, sender.reply);
	cr_expect_not_null(strstr(sender.reply, script->reply), "script %zu: \"%s\"", number,
			   sender.reply);
	cr_expect_str_empty(relay_stop(), "script %zu: %s", number, relay.wrong);
}

static UNUSED void
follow(const struct script *script, size_t number)
{
	follow_with(script, number, &plain, NULL);
}

static const UNUSED struct smtp_client_options hasty = {
	.connect_timeout_ms = 30,
	.reply_timeout_ms = 30,
	.final_timeout_ms = 30,
	.idle_timeout_ms = 30,
};

#endif
