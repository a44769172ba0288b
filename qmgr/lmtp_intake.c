/*
 * lmtp_intake.c: sockets for LMTP sessions.
 *
 * One listener an address, one connection a session. Each read goes into one
 * buffer of the intake; a connection keeps bytes of its own only when it must
 * wait with some unread. Limits: sessions (more are told 421), the line, the
 * time in every state, and what is written but not taken by the peer.
 *
 * A session that waits for a commit cannot be freed: a connection that breaks
 * meanwhile is `dead` and goes when its submission is back.
 */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "qmgr/intake.h"
#include "qmgr/lmtp.h"
#include "qmgr/wire.h"

enum {
	READ_BYTES = 64 * 1024,
	READS_A_TURN = 16, /* then the others have theirs */
	BACKLOG = 1024,
	LINGER_MS = 5000, /* for the peer's orderly end after our last word */
};

struct connection {
	struct lmtp_session session; /* first */
	struct lmtp_intake *intake;
	ev_io io;
	ev_timer timer;
	struct buffer in; /* read, not yet fed */
	size_t written;   /* of session.out */
	int stale;       /* bytes that were in the socket before our answer: they confirm nothing */
	ev_tstamp heard; /* when the peer last got on */
	ev_tstamp data_since;
	bool dead, lingers;
	LIST_ENTRY(connection) link;
};

struct listener {
	ev_io io;
	ev_timer rest; /* out of descriptors: a second's pause */
	struct lmtp_intake *intake;
	char *address;
	char *unlink_path;
	struct listener *next;
};

struct lmtp_intake {
	const struct intake_host *host;
	struct listener *listeners;
	LIST_HEAD(, connection) connections;
	int64_t connections_len;
	bool paused, draining;
	char buffer[READ_BYTES];
};

/* ---- a connection ------------------------------------------------------ */

static void
connection_free(struct connection *c)
{
	struct ev_loop *loop = c->intake->host->loop;

	ev_io_stop(loop, &c->io);
	ev_timer_stop(loop, &c->timer);
	LIST_REMOVE(c, link);
	c->intake->connections_len--;
	(void)close(c->io.fd);
	lmtp_session_done(&c->session);
	buffer_done(&c->in);
	free(c);
}

/* The end of it; or, while its message is being committed, the beginning of the end. */
static void
connection_end(struct connection *c)
{
	if (c->session.state != LMTP_COMMITTING) {
		connection_free(c);
		return;
	}
	c->dead = true;
	ev_io_stop(c->intake->host->loop, &c->io);
	ev_timer_stop(c->intake->host->loop, &c->timer);
}

static void
watch(struct connection *c, int events)
{
	struct ev_loop *loop = c->intake->host->loop;

	if (ev_is_active(&c->io) && (c->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(loop, &c->io);
	ev_io_set(&c->io, c->io.fd, events);
	if (events != 0)
		ev_io_start(loop, &c->io);
}

/* 1: all written, 0: the peer is slow, −1: it is gone. */
static int
flush(struct connection *c)
{
	struct buffer *out = &c->session.out;

	while (c->written < out->len) {
		ssize_t n =
			send(c->io.fd, out->data + c->written, out->len - c->written, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return -1;
		c->written += (size_t)n;
	}
	c->written = 0;
	buffer_done(out); /* an idle session keeps no buffers */
	return 1;
}

/* Our last word is out: the peer's orderly end confirms that it was read. */
static void
linger(struct connection *c)
{
	if (c->lingers)
		return;
	c->lingers = true;
	c->heard = ev_now(c->intake->host->loop);
	(void)shutdown(c->io.fd, SHUT_WR);
}

/* After any event: write, then see what the state wants. Frees c when it is over. */
static void
connection_settle(struct connection *c)
{
	int flushed = flush(c);

	if (flushed < 0) {
		connection_end(c);
		return;
	}
	if (flushed == 0) {
		watch(c, EV_WRITE);
		return;
	}
	switch (c->session.state) {
	case LMTP_COMMITTING:
	case LMTP_WAITING:
		watch(c, 0);
		break;
	case LMTP_CLOSING:
		linger(c);
		watch(c, EV_READ);
		break;
	case LMTP_GREETED:
	case LMTP_READY:
	case LMTP_MAIL:
	case LMTP_RCPT:
	case LMTP_DATA:
		watch(c, EV_READ);
		break;
	}
}

/* Feeds what was kept, then what is new; keeps what is left. */
static size_t
feed_session(struct connection *c, struct span fresh)
{
	size_t used;

	if (c->in.len == 0) {
		used = lmtp_session_feed(&c->session, fresh);
		if (used < fresh.len)
			buffer_add(&c->in, fresh.data + used, fresh.len - used);
		return used;
	}
	buffer_add(&c->in, fresh.data, fresh.len);
	used = lmtp_session_feed(&c->session, buffer_span(&c->in));
	buffer_consume(&c->in, used);
	if (c->in.len == 0)
		buffer_done(&c->in);
	return used;
}

/* Progress is a whole line, or a byte of DATA: who drips a command is as silent as who says
 * nothing. */
static void
feed(struct connection *c, struct span fresh)
{
	enum lmtp_state before = c->session.state;

	if (feed_session(c, fresh) > 0)
		c->heard = ev_now(c->intake->host->loop);
	if (c->session.state == LMTP_DATA && before != LMTP_DATA)
		c->data_since = ev_now(c->intake->host->loop);
}

/* Whoever says something new has seen the answer that was said before it. */
static void
heard_of_answer(struct connection *c, int bytes)
{
	if (bytes > c->stale)
		lmtp_session_confirm(&c->session);
	c->stale = bytes > c->stale ? 0 : c->stale - bytes;
}

/* Reads a turn's worth. False: the connection is gone. */
static bool
connection_read(struct connection *c)
{
	char *buffer = c->intake->buffer;

	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = recv(c->io.fd, buffer, READ_BYTES, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0) {
			if (n == 0)
				lmtp_session_confirm(&c->session);
			connection_end(c);
			return false;
		}
		heard_of_answer(c, (int)n);
		if (c->session.state == LMTP_CLOSING)
			continue; /* deaf now; waiting for the end */
		feed(c, (struct span){ buffer, (size_t)n });
		if (c->session.state != LMTP_DATA || (size_t)n < READ_BYTES)
			return true;
	}
	return true;
}

static void
on_io(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *c = io->data;

	(void)loop;
	if ((events & EV_READ) && !connection_read(c))
		return;
	connection_settle(c);
}

static ev_tstamp
state_limit(const struct connection *c)
{
	const struct settings *settings = c->intake->host->settings;

	if (c->lingers)
		return LINGER_MS / 1e3;
	if (c->session.state == LMTP_DATA)
		return (double)settings->lmtp.data_timeout_ms / 1e3;
	return (double)settings->lmtp.command_timeout_ms / 1e3;
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct connection *c = timer->data;
	ev_tstamp now = ev_now(loop);
	ev_tstamp left = c->heard + state_limit(c) - now;
	double whole = (double)c->intake->host->settings->lmtp.transaction_timeout_ms / 1e3;

	(void)events;
	if (c->session.state == LMTP_DATA && c->data_since + whole - now < left)
		left = c->data_since + whole - now;
	if (c->session.state == LMTP_COMMITTING)
		left = state_limit(c); /* it is we who are slow */
	if (left > 0) {
		ev_timer_set(timer, left < 1 ? left : (left < 5 ? left : 5), 0);
		ev_timer_start(loop, timer);
		return;
	}
	if (c->lingers || c->session.state == LMTP_CLOSING) {
		connection_end(c);
		return;
	}
	log_event(LOG_NOTICE, "session-timeout", LOG_S("intake", "lmtp"));
	lmtp_session_bye(&c->session, "4.4.2 timeout");
	c->heard = now;
	ev_timer_set(timer, LINGER_MS / 1e3, 0);
	ev_timer_start(loop, timer);
	connection_settle(c);
}

/* ---- submissions ------------------------------------------------------- */

static void
on_submission_done(struct submission *submission)
{
	struct connection *c = submission->ctx;

	c->session.submission = submission;
	if (ioctl(c->io.fd, FIONREAD, &c->stale) < 0)
		c->stale = 0;
	c->heard = ev_now(c->intake->host->loop);
	lmtp_session_answer(&c->session);
	if (c->dead) {
		connection_free(c);
		return;
	}
	if (c->intake->draining)
		lmtp_session_bye(&c->session, "4.3.2 shutting down");
	else if (c->in.len > 0)
		feed(c, (struct span){ "", 0 });
	connection_settle(c);
}

static void
connection_submit(struct lmtp_session *session)
{
	struct connection *c = (struct connection *)session;

	session->submission->done = on_submission_done;
	session->submission->ctx = c;
	intake_submit(c->intake->host, session->submission);
}

/* ---- listening --------------------------------------------------------- */

static void
connection_new(struct lmtp_intake *intake, int fd)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->intake = intake;
	LIST_INSERT_HEAD(&intake->connections, c, link);
	intake->connections_len++;
	ev_io_init(&c->io, on_io, fd, 0);
	c->io.data = c;
	ev_timer_init(&c->timer, on_timer, 5, 0);
	c->timer.data = c;
	c->heard = ev_now(intake->host->loop);
	ev_timer_start(intake->host->loop, &c->timer);
	c->session.submit = connection_submit;
	c->session.paused = intake->paused;
	lmtp_session_start(&c->session, intake->host);
	connection_settle(c);
}

static void
turn_away(int fd)
{
	static const char text[] = "421 4.3.2 too many sessions\r\n";

	(void)!send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

static void
on_rest_over(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct listener *l = timer->data;

	(void)events;
	ev_io_start(loop, &l->io);
}

static void
on_accept(struct ev_loop *loop, ev_io *io, int events)
{
	struct listener *l = io->data;
	struct lmtp_intake *intake = l->intake;

	(void)events;
	for (int i = 0; i < 64; i++) {
		int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0 &&
		    intake->connections_len >= intake->host->settings->lmtp.max_sessions) {
			turn_away(fd);
			continue;
		}
		if (fd >= 0) {
			connection_new(intake, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			log_event(LOG_ERR, "accept-failed", LOG_S("listen", l->address),
				  LOG_S("reason", strerror(errno)));
			ev_io_stop(loop, io);
			ev_timer_set(&l->rest, 1, 0);
			ev_timer_start(loop, &l->rest);
		}
		return;
	}
}

/* A socket file that nobody listens on is left over from a crash; one that answers is not ours to
 * take. */
static int
clear_stale(const struct sockaddr_storage *address, unsigned len, const char *text,
	    struct error *err)
{
	const char *path = ((const struct sockaddr_un *)address)->sun_path;
	AUTO(closep) int fd = -1;
	struct stat st;

	if (address->ss_family != AF_UNIX || lstat(path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, ERROR_PERM, "%s: exists and is no socket", text);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "%s", text);
	if (connect(fd, (const struct sockaddr *)address, len) == 0)
		return error_set(err, ERROR_TEMP, "%s: another process listens there", text);
	if (unlink(path) < 0)
		return error_errno(err, "%s", text);
	return 0;
}

static int
open_listener(const struct intake_host *host, const char *text, char **ret_path, struct error *err)
{
	struct sockaddr_storage address;
	unsigned len;
	AUTO(closep) int fd = -1;
	int one = 1, listening;

	if (wire_parse_address(text, &address, &len, err) < 0 ||
	    clear_stale(&address, len, text, err) < 0)
		return -1;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "%s", text);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0)
		return error_errno(err, "%s", text);
	if (address.ss_family == AF_UNIX) {
		const char *path = ((struct sockaddr_un *)&address)->sun_path;

		if (chmod(path, (mode_t)host->settings->lmtp.socket_mode) < 0)
			return error_errno(err, "%s", text);
		*ret_path = xstrdup(path);
	}
	listening = fd;
	fd = -1;
	return listening;
}

static int
listener_start(struct lmtp_intake *intake, const char *text, struct error *err)
{
	struct listener *l;
	char *path = NULL;
	int fd = open_listener(intake->host, text, &path, err);

	if (fd < 0)
		return -1;
	l = xcalloc(1, sizeof(*l));
	l->intake = intake;
	l->address = xstrdup(text);
	l->unlink_path = path;
	l->next = intake->listeners;
	intake->listeners = l;
	ev_io_init(&l->io, on_accept, fd, EV_READ);
	l->io.data = l;
	ev_init(&l->rest, on_rest_over);
	l->rest.data = l;
	ev_io_start(intake->host->loop, &l->io);
	return 0;
}

static void
listeners_stop(struct lmtp_intake *intake)
{
	while (intake->listeners != NULL) {
		struct listener *l = intake->listeners;

		intake->listeners = l->next;
		ev_io_stop(intake->host->loop, &l->io);
		ev_timer_stop(intake->host->loop, &l->rest);
		(void)close(l->io.fd);
		if (l->unlink_path != NULL)
			(void)unlink(l->unlink_path);
		free(l->unlink_path);
		free(l->address);
		free(l);
	}
}

/* ---- the intake -------------------------------------------------------- */

static void
lmtp_stop(void *state)
{
	struct lmtp_intake *intake = state;
	struct connection *c, *next;

	listeners_stop(intake);
	for (c = LIST_FIRST(&intake->connections); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		connection_free(c);
	}
	free(intake);
}

static int
lmtp_start(const struct intake_host *host, void **ret_state, struct error *err)
{
	const struct config_list *listen_on = &host->settings->lmtp.listen;
	struct lmtp_intake *intake = xcalloc(1, sizeof(*intake));

	intake->host = host;
	LIST_INIT(&intake->connections);
	for (size_t i = 0; i < listen_on->len; i++)
		if (listener_start(intake, listen_on->items[i], err) < 0) {
			lmtp_stop(intake);
			return -1;
		}
	*ret_state = intake;
	return 0;
}

static void
lmtp_pause(void *state, bool paused)
{
	struct lmtp_intake *intake = state;
	struct connection *c, *next;

	intake->paused = paused;
	for (c = LIST_FIRST(&intake->connections); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		if (intake->paused != paused)
			return; /* the first to go on filled the backlog again */
		c->session.paused = paused;
		if (paused || c->session.state != LMTP_WAITING)
			continue;
		lmtp_session_resume(&c->session);
		c->heard = c->data_since = ev_now(intake->host->loop);
		feed(c, (struct span){ "", 0 });
		connection_settle(c);
	}
}

static void
lmtp_drain(void *state)
{
	struct lmtp_intake *intake = state;
	struct connection *c, *next;

	intake->draining = true;
	listeners_stop(intake);
	for (c = LIST_FIRST(&intake->connections); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		if (c->session.state == LMTP_COMMITTING)
			continue;
		if (c->session.state != LMTP_CLOSING)
			lmtp_session_bye(&c->session, "4.3.2 shutting down");
		(void)flush(c);
		connection_free(c);
	}
}

static size_t
lmtp_busy(const void *state)
{
	const struct lmtp_intake *intake = state;

	return (size_t)intake->connections_len;
}

const struct intake lmtp_intake = {
	.name = "lmtp",
	.start = lmtp_start,
	.pause = lmtp_pause,
	.drain = lmtp_drain,
	.busy = lmtp_busy,
	.stop = lmtp_stop,
};
