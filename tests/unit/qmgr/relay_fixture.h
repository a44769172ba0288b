/*
 * relay_fixture.h: a relay in the test's own loop that says what it is told
 * to say, and keeps what it was given.
 */
#ifndef TESTS_UNIT_QMGR_RELAY_FIXTURE_H
#define TESTS_UNIT_QMGR_RELAY_FIXTURE_H

#include <ev.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "qmgr/wire.h"
#include "tests/unit/admit/fixture.h"

enum { RELAY_CONNECTIONS = 64 };

struct relay_connection {
	struct relay *relay;
	ev_io io;
	struct buffer in;
	struct wire_undot undot;
	bool open, in_data;
};

struct relay {
	struct ev_loop *loop;
	ev_io io;
	struct relay_connection connections[RELAY_CONNECTIONS];
	/* the script: what is said to each; NULL: the connection is closed instead */
	const char *to_rcpt, *to_dot;
	/* what came */
	int accepted, most_at_once, open;
	int messages;         /* ended by a dot */
	struct buffer bodies; /* with "|" behind each */
	struct buffer lines;  /* MAIL and RCPT, with "|" behind each */
};

static void
relay_say(struct relay_connection *c, const char *text)
{
	cr_assert_eq(send(c->io.fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
relay_hang_up(struct relay_connection *c)
{
	ev_io_stop(c->relay->loop, &c->io);
	(void)close(c->io.fd);
	buffer_done(&c->in);
	c->open = false;
	c->relay->open--;
}

/* False: the connection is gone. */
static bool
relay_answer(struct relay_connection *c, const char *text)
{
	if (text == NULL) {
		relay_hang_up(c);
		return false;
	}
	relay_say(c, text);
	return true;
}

static bool
relay_hear_line(struct relay_connection *c, struct span line)
{
	struct relay *r = c->relay;

	if (span_starts_nocase(line, "EHLO")) {
		relay_say(c, "250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
			     "250-SMTPUTF8\r\n250 DSN\r\n");
		return true;
	}
	if (span_starts_nocase(line, "MAIL") || span_starts_nocase(line, "RCPT")) {
		buffer_add(&r->lines, line.data, line.len);
		buffer_add_char(&r->lines, '|');
		return relay_answer(c, span_starts_nocase(line, "MAIL") ? "250 2.1.0 ok\r\n"
									: r->to_rcpt);
	}
	if (span_starts_nocase(line, "DATA")) {
		c->in_data = r->to_rcpt[0] == '2';
		c->undot = (struct wire_undot){ 0 };
		relay_say(c, c->in_data ? "354 go on\r\n" : "554 5.5.1 no recipients\r\n");
		return true;
	}
	if (span_starts_nocase(line, "QUIT"))
		return relay_answer(c, NULL);
	relay_say(c, "250 ok\r\n");
	return true;
}

static void
relay_keep(void *ctx, const char *data, size_t len)
{
	buffer_add(&((struct relay *)ctx)->bodies, data, len);
}

/* Takes one line or the rest of a message off the input; false: no more, or gone. */
static bool
relay_step(struct relay_connection *c)
{
	struct span line;
	size_t used = 0;
	bool goes_on;

	if (c->in_data) {
		if (!wire_undot(&c->undot, buffer_span(&c->in), &used, relay_keep, c->relay)) {
			buffer_consume(&c->in, used);
			return false;
		}
		buffer_consume(&c->in, used);
		buffer_add_char(&c->relay->bodies, '|');
		c->in_data = false;
		c->relay->messages++;
		return relay_answer(c, c->relay->to_dot);
	}
	if (wire_next_line(buffer_span(&c->in), 8192, &line, &used) <= 0)
		return false;
	goes_on = relay_hear_line(c, line);
	if (goes_on)
		buffer_consume(&c->in, used);
	return goes_on;
}

static void
relay_on_bytes(struct ev_loop *loop, ev_io *io, int events)
{
	struct relay_connection *c = io->data;
	char chunk[65536];
	ssize_t n = recv(io->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	(void)loop;
	(void)events;
	if (n <= 0) {
		relay_hang_up(c);
		return;
	}
	buffer_add(&c->in, chunk, (size_t)n);
	while (c->in.len > 0 && relay_step(c))
		;
}

static void
relay_on_accept(struct ev_loop *loop, ev_io *io, int events)
{
	struct relay *r = io->data;
	struct relay_connection *c = r->connections;
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	cr_assert_geq(fd, 0);
	while (c->open)
		cr_assert_lt(++c, r->connections + RELAY_CONNECTIONS);
	*c = (struct relay_connection){ .relay = r, .open = true };
	ev_io_init(&c->io, relay_on_bytes, fd, EV_READ);
	c->io.data = c;
	ev_io_start(loop, &c->io);
	r->accepted++;
	if (++r->open > r->most_at_once)
		r->most_at_once = r->open;
	relay_say(c, "220 relay.example ESMTP\r\n");
}

static void
relay_init(struct relay *r, struct ev_loop *loop)
{
	*r = (struct relay){ .loop = loop,
			     .to_rcpt = "250 2.1.5 ok\r\n",
			     .to_dot = "250 2.0.0 taken\r\n" };
}

/* Listens on a unix socket. */
static void
relay_listen(struct relay *r, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 64), 0);
	ev_io_init(&r->io, relay_on_accept, fd, EV_READ);
	r->io.data = r;
	ev_io_start(r->loop, &r->io);
}

static void
relay_done(struct relay *r)
{
	for (int i = 0; i < RELAY_CONNECTIONS; i++)
		if (r->connections[i].open)
			relay_hang_up(&r->connections[i]);
	if (ev_is_active(&r->io)) {
		ev_io_stop(r->loop, &r->io);
		(void)close(r->io.fd);
	}
	buffer_done(&r->bodies);
	buffer_done(&r->lines);
}

#endif
