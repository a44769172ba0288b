/*
 * smtp_client.c: handing one mail at a time to a relay.
 *
 * Promises: done is called exactly once a mail, from a timer of the loop, so
 * it may send the next mail or free the client. No byte of a recipient leaves
 * its command line. The body goes out from where it lies in chunks of 64 KB,
 * at most one a turn of the loop. Whatever is unclear is SMTP_RETRY, before
 * MAIL SMTP_NO_CONTACT, after the final dot SMTP_UNKNOWN; only a relay's 5yz to MAIL, RCPT, DATA or
 * the dot refuses for good, or a recipient that no command can carry.
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
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "qmgr/smtp_command.h"
#include "qmgr/wire.h"

#define CHUNK      ((size_t)64 * 1024)
#define LINE_MOST  4096 /* of a reply; RFC 5321 4.5.3.1.5 says 512 */
#define LINES_MOST 1000 /* of one reply */
#define WORDS_MOST 1000 /* bytes of a reply that are told */

/*
 * Where the client sleeps, and what wakes it (RFC 5321 3.3, 4.1.4):
 *
 *	CLOSED ──mail──► CONNECTING ──► GREETING ──220──► EHLO ──5yz──► HELO
 *	  ▲                                                │250           │250
 *	  │                                                ▼              │
 *	QUIT ◄──idle── READY ◄──────┐         ┌───────── (mail) ◄─────────┘
 *	  ▲              │mail      │250      ▼
 *	  │              └───────► MAIL ──► RCPT ──► DATA ──354──► BODY ──► FINAL
 *	  │                           any "no" from here on          written
 *	  └──────────────────────────────────────────────┘
 *	                                          └─354 after a "no"─► ABORT
 *
 * In RCPT it stays until each recipient was answered, and goes on when one was
 * taken. With PIPELINING the lines of MAIL, RCPT and DATA leave together on entering
 * MAIL, and the replies are read in turn whatever the first ones say (RFC
 * 2920 3.1); if DATA is then answered 354, ABORT sends the lone dot. Contact
 * lost in any state leads to CLOSED; a mail that was begun on a kept
 * connection gets one new connection if that happens before BODY.
 */
enum client_state {
	CLIENT_CLOSED,
	CLIENT_CONNECTING,
	CLIENT_GREETING,
	CLIENT_EHLO,
	CLIENT_HELO,
	CLIENT_MAIL,
	CLIENT_RCPT,
	CLIENT_DATA,
	CLIENT_BODY,
	CLIENT_FINAL,
	CLIENT_ABORT,
	CLIENT_READY,
	CLIENT_QUIT,
};

#define TIMEOUT(member) offsetof(struct smtp_client_options, member)
static const struct {
	const char *waiting_for;
	size_t timeout; /* in the options; 0, which is relay's place: none */
} states[] = {
	[CLIENT_CLOSED] = { "a mail", 0 },
	[CLIENT_CONNECTING] = { "a connection", TIMEOUT(connect_timeout_ms) },
	[CLIENT_GREETING] = { "the greeting", TIMEOUT(reply_timeout_ms) },
	[CLIENT_EHLO] = { "the reply to EHLO", TIMEOUT(reply_timeout_ms) },
	[CLIENT_HELO] = { "the reply to HELO", TIMEOUT(reply_timeout_ms) },
	[CLIENT_MAIL] = { "the reply to MAIL", TIMEOUT(reply_timeout_ms) },
	[CLIENT_RCPT] = { "the reply to RCPT", TIMEOUT(reply_timeout_ms) },
	[CLIENT_DATA] = { "the reply to DATA", TIMEOUT(reply_timeout_ms) },
	/* for the next bytes of the body to be taken */
	[CLIENT_BODY] = { "the relay to take the body", TIMEOUT(reply_timeout_ms) },
	/* RFC 5321 4.5.3.2.6: long, or the relay's late 250 makes a second copy */
	[CLIENT_FINAL] = { "the reply to the final dot", TIMEOUT(final_timeout_ms) },
	[CLIENT_ABORT] = { "the reply to a lone dot", TIMEOUT(reply_timeout_ms) },
	[CLIENT_READY] = { "the next mail", TIMEOUT(idle_timeout_ms) },
	[CLIENT_QUIT] = { "the reply to QUIT", TIMEOUT(idle_timeout_ms) },
};
_Static_assert(TIMEOUT(relay) == 0, "0 is no timeout");

struct smtp_client {
	struct ev_loop *loop;
	char *relay, *hostname;
	struct smtp_client_options options;
	struct sockaddr_storage address;
	unsigned address_len;

	/* the connection */
	enum client_state state;
	int fd;
	struct ev_io io;
	struct ev_timer timer;
	struct buffer in, out;
	size_t out_sent;
	struct wire_reply reply;
	unsigned extensions;

	/* the mail under way */
	bool busy;
	struct smtp_mail mail;
	bool reused; /* begun on a kept connection, nothing of the body sent, nobody refused */
	size_t rcpts_said, rcpts_answered, rcpts_taken;
	struct wire_dot dot;
	size_t header_at, body_at;
	bool dotted;
	bool judged; /* outcome and words are known */
	enum smtp_outcome outcome;
	struct buffer words;
	struct ev_timer report; /* runs: done is about to be called */
	smtp_client_done *done;
	void *ctx;
};

static void client_connect(struct smtp_client *c);
static void take_input(struct smtp_client *c);

/* ---- what becomes of the mail ----------------------------------------- */

/* The first judgement counts: a pipelined DATA is refused because RCPT was. */
static void __attribute__((format(printf, 3, 4)))
judge(struct smtp_client *c, enum smtp_outcome outcome, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (c->judged)
		return;
	c->judged = true;
	c->outcome = outcome;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	buffer_clear(&c->words);
	text_add_printable(&c->words, span_of(text));
}

/* "550 5.1.1 no such user": the reply as one line. */
static void
set_words(struct smtp_client *c)
{
	struct span text = buffer_span(&c->reply.text);
	AUTO(buffer_done) struct buffer line = { 0 };

	buffer_printf(&line, "%d ", c->reply.code);
	buffer_add(&line, text.data, text.len < WORDS_MOST ? text.len : WORDS_MOST);
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\n')
			line.data[i] = ' ';
	buffer_clear(&c->words);
	text_add_printable(&c->words, span_trim(buffer_span(&line)));
}

static void
judge_by_words(struct smtp_client *c, enum smtp_outcome outcome)
{
	if (c->judged)
		return;
	c->judged = true;
	c->outcome = outcome;
	set_words(c);
}

/* A "no" to MAIL, RCPT, DATA or the final dot. Neither 4yz nor 5yz: out of step. */
static void
judge_by_code(struct smtp_client *c)
{
	judge_by_words(c, c->reply.code / 100 == 5 ? SMTP_REFUSED : SMTP_RETRY);
}

/* One recipient of several is refused. RFC 5321 4.5.3.1.10: 552 is "too many" for now. */
static void
report_refused(struct smtp_client *c)
{
	bool for_good = c->reply.code / 100 == 5 && c->reply.code != 552;

	if (c->judged || c->mail.refused == NULL)
		return;
	c->reused = false;
	set_words(c);
	c->mail.refused(c->ctx, c->rcpts_answered, for_good ? SMTP_REFUSED : SMTP_RETRY,
			c->words.data);
}

static void
start_report(struct smtp_client *c)
{
	assert(c->busy && c->judged);
	ev_timer_set(&c->report, 0., 0.);
	ev_timer_start(c->loop, &c->report);
}

static void
on_report(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct smtp_client *c = w->data;
	AUTO(freep) char *words = buffer_take(&c->words);

	(void)loop;
	(void)revents;
	c->busy = false;
	c->mail = (struct smtp_mail){ 0 };
	c->done(c->ctx, c->outcome, words); /* which may free c */
}

/* ---- states ----------------------------------------------------------- */

static void
set_timer(struct smtp_client *c)
{
	size_t member = states[c->state].timeout;
	int64_t ms = 0;

	ev_timer_stop(c->loop, &c->timer);
	if (member == 0)
		return;
	memcpy(&ms, (const char *)&c->options + member, sizeof(ms));
	ev_timer_set(&c->timer, (double)ms / 1000., 0.);
	ev_timer_start(c->loop, &c->timer);
}

static void
client_close(struct smtp_client *c)
{
	ev_io_stop(c->loop, &c->io);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	buffer_done(&c->in);
	buffer_done(&c->out);
	c->out_sent = 0;
	wire_reply_done(&c->reply);
	c->extensions = 0;
	c->state = CLIENT_CLOSED;
	set_timer(c);
}

/* All of them, or the next. */
static void
say_rcpt(struct smtp_client *c, bool all)
{
	size_t most = all ? c->mail.others_len + 1 : c->rcpts_answered + 1;

	while (c->rcpts_said < most)
		smtp_add_rcpt(&c->out, &c->mail, c->rcpts_said++, c->extensions);
}

/* Enters a state and says what is said there. */
static void
enter(struct smtp_client *c, enum client_state state)
{
	bool pipelining = (c->extensions & SMTP_PIPELINING) != 0;

	c->state = state;
	set_timer(c);
	switch (state) {
	case CLIENT_CLOSED:
	case CLIENT_CONNECTING:
	case CLIENT_GREETING:
		break;
	case CLIENT_EHLO:
		buffer_printf(&c->out, "EHLO %s\r\n", c->hostname);
		break;
	case CLIENT_HELO:
		buffer_printf(&c->out, "HELO %s\r\n", c->hostname);
		break;
	case CLIENT_MAIL:
		smtp_add_mail(&c->out, &c->mail, c->extensions);
		c->rcpts_said = c->rcpts_answered = c->rcpts_taken = 0;
		if (pipelining) {
			say_rcpt(c, true);
			buffer_add_str(&c->out, "DATA\r\n");
		}
		break;
	case CLIENT_RCPT:
		if (!pipelining)
			say_rcpt(c, false);
		break;
	case CLIENT_DATA:
		if (!pipelining)
			buffer_add_str(&c->out, "DATA\r\n");
		break;
	case CLIENT_BODY:
		c->reused = false;
		c->dot = (struct wire_dot){ 0 };
		c->header_at = c->body_at = 0;
		c->dotted = false;
		break;
	case CLIENT_FINAL:
		break;
	case CLIENT_ABORT:
		buffer_add_str(&c->out, ".\r\n");
		break;
	case CLIENT_READY:
		break;
	case CLIENT_QUIT:
		buffer_add_str(&c->out, "QUIT\r\n");
		break;
	}
}

/* The mail is judged; a polite end of the connection. */
static void
conclude(struct smtp_client *c)
{
	start_report(c);
	enter(c, CLIENT_QUIT);
}

/* The mail is judged; there is no telling what the relay would take our next line for. */
static void
abandon(struct smtp_client *c)
{
	client_close(c);
	start_report(c);
}

static enum smtp_outcome
outcome_of_loss(enum client_state state)
{
	if (state == CLIENT_FINAL)
		return SMTP_UNKNOWN;
	return state < CLIENT_MAIL ? SMTP_NO_CONTACT : SMTP_RETRY;
}

/* Contact is lost, or time is up. */
static void
lose_contact(struct smtp_client *c, const char *why)
{
	enum client_state state = c->state;

	client_close(c);
	if (state == CLIENT_READY || state == CLIENT_QUIT)
		return;
	if (c->reused && !c->judged) {
		c->reused = false;
		client_connect(c);
		return;
	}
	judge(c, outcome_of_loss(state), "%s: %s, waiting for %s", c->relay, why,
	      states[state].waiting_for);
	start_report(c);
}

static void
begin_mail(struct smtp_client *c)
{
	if (smtp_mail_needs_smtputf8(&c->mail) && (c->extensions & SMTP_SMTPUTF8) == 0) {
		/* RFC 6531 3.2: it must not be sent to such a relay. */
		judge(c, SMTP_RETRY, "%s does not offer SMTPUTF8, which this mail needs", c->relay);
		start_report(c);
		enter(c, CLIENT_READY);
		return;
	}
	enter(c, CLIENT_MAIL);
}

static void
got_rcpt_reply(struct smtp_client *c, int class)
{
	if (class == 3) {
		judge_by_code(c);
		abandon(c);
		return;
	}
	if (class == 2)
		c->rcpts_taken++;
	else
		report_refused(c);
	c->rcpts_answered++;
	if (c->rcpts_answered <= c->mail.others_len) {
		enter(c, CLIENT_RCPT);
		return;
	}
	if (c->rcpts_taken == 0)
		judge_by_code(c);
	if (c->rcpts_taken > 0 || (c->extensions & SMTP_PIPELINING) != 0)
		enter(c, CLIENT_DATA);
	else
		conclude(c);
}

/* In a state, got the reply in c->reply. */
static void
got_reply(struct smtp_client *c)
{
	int class = c->reply.code / 100;
	bool pipelining = (c->extensions & SMTP_PIPELINING) != 0;

	/* RFC 5321 3.8: the relay closes. To a kept connection that is nothing new. */
	if (c->reply.code == 421 && c->reused && !c->judged) {
		lose_contact(c, "421");
		return;
	}
	switch (c->state) {
	case CLIENT_CLOSED:
	case CLIENT_CONNECTING:
		break;
	case CLIENT_GREETING:
		if (class == 2) {
			enter(c, CLIENT_EHLO);
			return;
		}
		judge_by_words(c, SMTP_NO_CONTACT);
		conclude(c);
		break;
	case CLIENT_EHLO:
		if (class == 5) { /* RFC 5321 3.2: an older relay */
			enter(c, CLIENT_HELO);
			return;
		}
		if (class == 2) {
			c->extensions = smtp_read_extensions(buffer_span(&c->reply.text));
			begin_mail(c);
			return;
		}
		judge_by_words(c, SMTP_NO_CONTACT);
		conclude(c);
		break;
	case CLIENT_HELO:
		if (class == 2) {
			begin_mail(c);
			return;
		}
		judge_by_words(c, SMTP_NO_CONTACT);
		conclude(c);
		break;
	case CLIENT_MAIL:
		if (class != 2)
			judge_by_code(c);
		if (class == 3)
			abandon(c);
		else if (class == 2 || pipelining)
			enter(c, CLIENT_RCPT);
		else
			conclude(c);
		break;
	case CLIENT_RCPT:
		got_rcpt_reply(c, class);
		break;
	case CLIENT_DATA:
		if (class == 3) {
			enter(c, c->judged ? CLIENT_ABORT : CLIENT_BODY);
			return;
		}
		judge_by_code(c);
		conclude(c);
		break;
	case CLIENT_BODY:
		/* It speaks out of turn: whatever it says is not about the whole mail. */
		judge_by_words(c, SMTP_RETRY);
		abandon(c);
		break;
	case CLIENT_FINAL:
		if (class == 2) {
			judge_by_words(c, SMTP_DONE);
			start_report(c);
			enter(c, CLIENT_READY);
			return;
		}
		if (class == 3)
			judge_by_words(c, SMTP_UNKNOWN);
		judge_by_code(c);
		conclude(c);
		break;
	case CLIENT_ABORT: /* RFC 2920 3.1: whatever it says, nobody was to get this */
		conclude(c);
		break;
	case CLIENT_READY: /* "421 idle for too long" */
	case CLIENT_QUIT:
		client_close(c);
		break;
	}
}

/* ---- bytes ------------------------------------------------------------ */

/* A line has come; false when it makes no sense as a reply. */
static bool
take_line(struct smtp_client *c, struct span line, size_t used)
{
	int rc = wire_reply_add(&c->reply, line);

	buffer_consume(&c->in, used);
	if (rc < 0 || c->reply.lines > LINES_MOST)
		return false;
	if (rc == 1) {
		got_reply(c);
		wire_reply_done(&c->reply);
	}
	return true;
}

static void
take_input(struct smtp_client *c)
{
	char chunk[LINE_MOST];
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);
	struct span line;
	size_t used;
	int rc = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose_contact(c, n == 0 ? "it closed the connection" : strerror(errno));
		return;
	}
	buffer_add(&c->in, chunk, (size_t)n);
	while ((rc = wire_next_line(buffer_span(&c->in), LINE_MOST, &line, &used)) == 1)
		if (!take_line(c, line, used)) {
			rc = -1;
			break;
		}
	if (rc < 0) {
		lose_contact(c, "it does not speak SMTP");
		return;
	}
	/* More than was asked for: the next reply would not be to the next command. */
	if (c->state == CLIENT_READY && (c->in.len > 0 || c->reply.lines > 0))
		client_close(c);
}

/* The next bytes of header and body, and behind them the dot. */
static void
fill_body(struct smtp_client *c)
{
	size_t header_left = c->mail.header.len - c->header_at;
	size_t body_left = c->mail.body.len - c->body_at;
	size_t len;

	if (header_left > 0) {
		len = header_left < CHUNK ? header_left : CHUNK;
		wire_dot(&c->dot, (struct span){ c->mail.header.data + c->header_at, len },
			 &c->out);
		c->header_at += len;
	} else if (body_left > 0) {
		len = body_left < CHUNK ? body_left : CHUNK;
		wire_dot(&c->dot, (struct span){ c->mail.body.data + c->body_at, len }, &c->out);
		c->body_at += len;
	}
	if (c->header_at == c->mail.header.len && c->body_at == c->mail.body.len) {
		wire_dot_end(&c->dot, &c->out);
		c->dotted = true;
	}
}

/* The relay takes no more; what it said last may tell why. */
static void
write_failed(struct smtp_client *c, const char *why)
{
	enum client_state state = c->state;

	take_input(c);
	if (c->fd >= 0 && c->state == state)
		lose_contact(c, why);
}

static void
push_output(struct smtp_client *c)
{
	ssize_t n;

	if (c->state == CLIENT_BODY && c->out.len == 0)
		fill_body(c);
	if (c->out.len == 0)
		return;
	n = send(c->fd, c->out.data + c->out_sent, c->out.len - c->out_sent, MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			write_failed(c, strerror(errno));
		return;
	}
	c->out_sent += (size_t)n;
	if (c->state == CLIENT_BODY)
		set_timer(c);
	if (c->out_sent < c->out.len)
		return;
	buffer_clear(&c->out);
	c->out_sent = 0;
	if (c->state == CLIENT_BODY && c->dotted)
		enter(c, CLIENT_FINAL);
}

/* Waits for what the state needs. */
static void
watch(struct smtp_client *c)
{
	int events = EV_READ;

	if (c->fd < 0)
		return;
	if (c->state == CLIENT_CONNECTING || c->state == CLIENT_BODY || c->out.len > 0)
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

	assert(c->state == CLIENT_CLOSED);
	c->state = CLIENT_CONNECTING;
	c->fd = socket(c->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		lose_contact(c, strerror(errno));
		return;
	}
	if (c->address.ss_family != AF_UNIX)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, (struct sockaddr *)&c->address, c->address_len) == 0)
		enter(c, CLIENT_GREETING);
	else if (errno == EINPROGRESS)
		enter(c, CLIENT_CONNECTING);
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
		enter(c, CLIENT_GREETING);
}

static void
on_io(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct smtp_client *c = w->data;

	(void)loop;
	if (c->state == CLIENT_CONNECTING)
		finish_connect(c);
	else if ((revents & EV_READ) != 0)
		take_input(c);
	if (c->fd >= 0 && c->state != CLIENT_CONNECTING)
		push_output(c);
	watch(c);
}

static void
on_timer(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct smtp_client *c = w->data;

	(void)loop;
	(void)revents;
	if (c->state == CLIENT_READY) {
		enter(c, CLIENT_QUIT);
		push_output(c);
		watch(c);
		return;
	}
	c->reused = false; /* a relay that is slow now will be slow again */
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
	c->relay = xstrdup(options->relay);
	c->hostname = xstrdup(options->hostname);
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
	const char *objection = smtp_rcpt_objection(mail->rcpt), *whose = "recipient";

	assert(!c->busy);
	c->busy = true;
	c->mail = *mail;
	c->done = done;
	c->ctx = ctx;
	c->judged = false;
	c->reused = c->state == CLIENT_READY;
	if (objection == NULL && mail->sender.len > 0) {
		objection = smtp_rcpt_objection(mail->sender);
		whose = "sender";
	}
	if (objection != NULL) {
		judge(c, SMTP_REFUSED, "the %s cannot be sent by SMTP: %s", whose, objection);
		start_report(c);
		return;
	}
	if (c->reused) {
		begin_mail(c);
		push_output(c);
		watch(c);
		return;
	}
	if (c->state != CLIENT_CLOSED)
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
	buffer_done(&c->words);
	free(c->relay);
	free(c->hostname);
	free(c);
}
