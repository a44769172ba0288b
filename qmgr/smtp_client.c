/*
 * smtp_client.c: handing one mail at a time to a relay.
 *
 * The socket and the clock of an smtp_session, which knows what is said.
 *
 * Promises: done is called exactly once a mail, from a timer of the loop, so
 * it may send the next mail or free the client. The body goes out from where it
 * lies in chunks of 64 KB, at most one a turn of the loop. No state lasts for
 * ever.
 *
 * Owns its socket, buffers and a copy of its options; the mail is the
 * caller's. After anything but success the connection is given up: the next
 * mail then starts from a known place.
 */
#include "qmgr/smtp_client.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "qmgr/smtp_session.h"
#include "qmgr/wire.h"

#define TIMEOUT(member) offsetof(struct smtp_client_options, member)
/* Of each state, in the options; 0, which is relay's place: none. */
static const size_t timeouts[] = {
	[SMTP_STATE_CLOSED] = 0,
	[SMTP_STATE_CONNECTING] = TIMEOUT(connect_timeout_ms),
	[SMTP_STATE_GREETING] = TIMEOUT(reply_timeout_ms),
	[SMTP_STATE_EHLO] = TIMEOUT(reply_timeout_ms),
	[SMTP_STATE_HELO] = TIMEOUT(reply_timeout_ms),
	[SMTP_STATE_MAIL] = TIMEOUT(reply_timeout_ms),
	[SMTP_STATE_RCPT] = TIMEOUT(reply_timeout_ms),
	[SMTP_STATE_DATA] = TIMEOUT(reply_timeout_ms),
	/* for the next bytes of the body to be taken */
	[SMTP_STATE_BODY] = TIMEOUT(reply_timeout_ms),
	/* RFC 5321 4.5.3.2.6: long, or the relay's late 250 makes a second copy */
	[SMTP_STATE_FINAL] = TIMEOUT(final_timeout_ms),
	[SMTP_STATE_ABORT] = TIMEOUT(reply_timeout_ms),
	[SMTP_STATE_READY] = TIMEOUT(idle_timeout_ms),
	[SMTP_STATE_QUIT] = TIMEOUT(idle_timeout_ms),
};
_Static_assert(TIMEOUT(relay) == 0, "0 is no timeout");

struct smtp_client {
	struct ev_loop *loop;
	char *relay, *hostname;
	struct smtp_client_options options;
	struct sockaddr_storage address;
	unsigned address_len;

	/* the connection */
	struct smtp_session session;
	int fd;
	struct ev_io io;
	struct ev_timer timer;
	size_t out_sent; /* of what the session said */

	/* the mail under way */
	bool busy;
	struct ev_timer report; /* runs: done is about to be called */
	smtp_client_done *done;
	void *ctx;
};

static void client_connect(struct smtp_client *c);

/* ---- what the session wants --------------------------------------------- */

static void
start_report(struct smtp_client *c)
{
	assert(c->busy && c->session.judged);
	ev_timer_set(&c->report, 0., 0.);
	ev_timer_start(c->loop, &c->report);
}

static void
on_report(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct smtp_client *c = w->data;
	AUTO(freep) char *words = buffer_take(&c->session.words);

	(void)loop;
	(void)revents;
	c->busy = false;
	c->session.mail = (struct smtp_mail){ 0 };
	c->done(c->ctx, c->session.outcome, words); /* which may free c */
}

static void
set_timer(struct smtp_client *c)
{
	size_t member = timeouts[c->session.state];
	int64_t ms = 0;

	ev_timer_stop(c->loop, &c->timer);
	if (member == 0)
		return;
	memcpy(&ms, (const char *)&c->options + member, sizeof(ms));
	ev_timer_set(&c->timer, (double)ms / 1000., 0.);
	ev_timer_start(c->loop, &c->timer);
}

static void
enter(struct smtp_client *c, enum smtp_state state)
{
	smtp_session_enter(&c->session, state);
	set_timer(c);
}

static void
client_close(struct smtp_client *c)
{
	ev_io_stop(c->loop, &c->io);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->out_sent = 0;
	smtp_session_close(&c->session);
	set_timer(c);
}

static void
perform(struct smtp_client *c, enum smtp_next next)
{
	switch (next) {
	case SMTP_NEXT_WAIT:
		break;
	case SMTP_NEXT_GO_ON:
		set_timer(c);
		break;
	case SMTP_NEXT_TELL:
		start_report(c);
		set_timer(c);
		break;
	case SMTP_NEXT_CLOSE:
		client_close(c);
		break;
	case SMTP_NEXT_ABANDON:
		client_close(c);
		start_report(c);
		break;
	case SMTP_NEXT_AGAIN:
		client_close(c);
		client_connect(c);
		break;
	}
}

static void
lose_contact(struct smtp_client *c, const char *why)
{
	perform(c, smtp_session_lose_contact(&c->session, why));
}

/* ---- bytes ------------------------------------------------------------ */

static void
take_input(struct smtp_client *c)
{
	char chunk[4096];
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);
	enum smtp_next next;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose_contact(c, n == 0 ? "it closed the connection" : strerror(errno));
		return;
	}
	buffer_add(&c->session.in, chunk, (size_t)n);
	do {
		next = smtp_session_hear(&c->session);
		perform(c, next);
	} while (next != SMTP_NEXT_WAIT);
}

/* The relay takes no more; what it said last may tell why. */
static void
write_failed(struct smtp_client *c, const char *why)
{
	enum smtp_state state = c->session.state;

	take_input(c);
	if (c->fd >= 0 && c->session.state == state)
		lose_contact(c, why);
}

static void
push_output(struct smtp_client *c)
{
	struct smtp_session *s = &c->session;
	ssize_t n;

	if (s->state == SMTP_STATE_BODY && s->out.len == 0)
		smtp_session_fill_body(s);
	if (s->out.len == 0)
		return;
	n = send(c->fd, s->out.data + c->out_sent, s->out.len - c->out_sent, MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			write_failed(c, strerror(errno));
		return;
	}
	c->out_sent += (size_t)n;
	if (s->state == SMTP_STATE_BODY)
		set_timer(c);
	if (c->out_sent < s->out.len)
		return;
	buffer_clear(&s->out);
	c->out_sent = 0;
	if (s->state == SMTP_STATE_BODY && s->dotted)
		enter(c, SMTP_STATE_FINAL);
}

/* Waits for what the state needs. */
static void
watch(struct smtp_client *c)
{
	int events = EV_READ;

	if (c->fd < 0)
		return;
	if (c->session.state == SMTP_STATE_CONNECTING || c->session.state == SMTP_STATE_BODY ||
	    c->session.out.len > 0)
		events |= EV_WRITE;
	if (ev_is_active(&c->io) && c->io.fd == c->fd &&
	    (c->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(c->loop, &c->io);
	ev_io_set(&c->io, c->fd, events);
	ev_io_start(c->loop, &c->io);
}

/* ---- the connection --------------------------------------------------- */

static void
client_connect(struct smtp_client *c)
{
	int on = 1;

	assert(c->session.state == SMTP_STATE_CLOSED);
	c->session.state = SMTP_STATE_CONNECTING;
	c->fd = socket(c->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		lose_contact(c, strerror(errno));
		return;
	}
	if (c->address.ss_family != AF_UNIX)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, (struct sockaddr *)&c->address, c->address_len) == 0)
		enter(c, SMTP_STATE_GREETING);
	else if (errno == EINPROGRESS)
		enter(c, SMTP_STATE_CONNECTING);
	else
		lose_contact(c, strerror(errno));
	watch(c);
}

static void
finish_connect(struct smtp_client *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0)
		lose_contact(c, strerror(error));
	else
		enter(c, SMTP_STATE_GREETING);
}

static void
on_io(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct smtp_client *c = w->data;

	(void)loop;
	if (c->session.state == SMTP_STATE_CONNECTING)
		finish_connect(c);
	else if ((revents & EV_READ) != 0)
		take_input(c);
	if (c->fd >= 0 && c->session.state != SMTP_STATE_CONNECTING)
		push_output(c);
	watch(c);
}

static void
on_timer(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct smtp_client *c = w->data;

	(void)loop;
	(void)revents;
	if (c->session.state == SMTP_STATE_READY) {
		enter(c, SMTP_STATE_QUIT);
		push_output(c);
		watch(c);
		return;
	}
	c->session.reused = false; /* a relay that is slow now will be slow again */
	lose_contact(c, "time is up");
}

/* ---- for the outbox --------------------------------------------------- */

static int
check_hostname(const char *hostname, struct error *err)
{
	if (hostname[0] == '\0')
		return error_set(err, ERROR_PERM, "the hostname for EHLO is empty");
	for (const char *p = hostname; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7F)
			return error_set(err, ERROR_PERM,
					 "the hostname for EHLO has a character that no name has");
	return 0;
}

int
smtp_client_new(struct ev_loop *loop, const struct smtp_client_options *options,
		struct smtp_client **ret_client, struct error *err)
{
	AUTO(smtp_client_freep) struct smtp_client *c = xcalloc(1, sizeof(*c));

	c->loop = loop;
	c->fd = -1;
	c->options = *options;
	c->session.relay = c->relay = xstrdup(options->relay);
	c->session.hostname = c->hostname = xstrdup(options->hostname);
	ev_init(&c->io, on_io);
	ev_init(&c->timer, on_timer);
	ev_init(&c->report, on_report);
	c->io.data = c->timer.data = c->report.data = c;
	if (check_hostname(c->hostname, err) < 0 ||
	    wire_parse_address(c->relay, &c->address, &c->address_len, err) < 0)
		return -1;
	*ret_client = TAKE(c);
	return 0;
}

bool
smtp_client_busy(const struct smtp_client *client)
{
	return client->busy;
}

void
smtp_client_send(struct smtp_client *c, const struct smtp_mail *mail, smtp_client_done *done,
		 void *ctx)
{
	assert(!c->busy);
	c->busy = true;
	c->done = done;
	c->ctx = ctx;
	if (!smtp_session_take_mail(&c->session, mail, ctx)) {
		start_report(c);
		return;
	}
	if (c->session.state == SMTP_STATE_READY) {
		perform(c, smtp_session_begin_mail(&c->session));
		push_output(c);
		watch(c);
		return;
	}
	if (c->session.state != SMTP_STATE_CLOSED)
		client_close(c);
	client_connect(c);
}

void
smtp_client_freep(struct smtp_client **client)
{
	struct smtp_client *c = *client;

	*client = NULL;
	if (c == NULL)
		return;
	client_close(c);
	ev_timer_stop(c->loop, &c->report);
	smtp_session_done(&c->session);
	free(c->relay);
	free(c->hostname);
	free(c);
}
