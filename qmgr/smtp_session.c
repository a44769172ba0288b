/*
 * smtp_session.c: the dialogue with a relay, one mail at a time.
 *
 * Where it sleeps, and what wakes it (RFC 5321 3.3, 4.1.4):
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
 *
 * Promises: no byte of a recipient leaves its command line. Whatever is unclear is
 * SMTP_RETRY, before MAIL SMTP_NO_CONTACT, after the final dot SMTP_UNKNOWN; only a
 * relay's 5yz to MAIL, RCPT, DATA or the dot refuses for good, or a recipient that no
 * command can carry. A mail is judged once.
 */
#include "qmgr/smtp_session.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "qmgr/smtp_command.h"

#define CHUNK      ((size_t)64 * 1024)
#define LINE_MOST  4096 /* of a reply; RFC 5321 4.5.3.1.5 says 512 */
#define LINES_MOST 1000 /* of one reply */
#define WORDS_MOST 1000 /* bytes of a reply that are told */

/* What was heard in a state; class is the first digit of the reply in s->reply. */
typedef enum smtp_next heard_reply(struct smtp_session *s, int class);

static heard_reply heard_greeting, heard_ehlo, heard_helo, heard_mail, heard_rcpt, heard_data,
	heard_body, heard_final, heard_abort, heard_farewell;

static const struct {
	const char *waiting_for;
	heard_reply *heard; /* NULL: nothing can be heard there */
} states[] = {
	[SMTP_STATE_CLOSED] = { "a mail", NULL },
	[SMTP_STATE_CONNECTING] = { "a connection", NULL },
	[SMTP_STATE_GREETING] = { "the greeting", heard_greeting },
	[SMTP_STATE_EHLO] = { "the reply to EHLO", heard_ehlo },
	[SMTP_STATE_HELO] = { "the reply to HELO", heard_helo },
	[SMTP_STATE_MAIL] = { "the reply to MAIL", heard_mail },
	[SMTP_STATE_RCPT] = { "the reply to RCPT", heard_rcpt },
	[SMTP_STATE_DATA] = { "the reply to DATA", heard_data },
	[SMTP_STATE_BODY] = { "the relay to take the body", heard_body },
	[SMTP_STATE_FINAL] = { "the reply to the final dot", heard_final },
	[SMTP_STATE_ABORT] = { "the reply to a lone dot", heard_abort },
	[SMTP_STATE_READY] = { "the next mail", heard_farewell },
	[SMTP_STATE_QUIT] = { "the reply to QUIT", heard_farewell },
};

static bool
is_pipelining(const struct smtp_session *s)
{
	return (s->extensions & SMTP_PIPELINING) != 0;
}

/* ---- what becomes of the mail ----------------------------------------- */

/* The first judgement counts: a pipelined DATA is refused because RCPT was. */
static void __attribute__((format(printf, 3, 4)))
judge(struct smtp_session *s, enum smtp_outcome outcome, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (s->judged)
		return;
	s->judged = true;
	s->outcome = outcome;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	buffer_clear(&s->words);
	text_add_printable(&s->words, span_of(text));
}

/* "550 5.1.1 no such user": the reply as one line. */
static void
set_words(struct smtp_session *s)
{
	struct span text = buffer_span(&s->reply.text);
	AUTO(buffer_done) struct buffer line = { 0 };

	buffer_printf(&line, "%d ", s->reply.code);
	buffer_add(&line, text.data, text.len < WORDS_MOST ? text.len : WORDS_MOST);
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] == '\n')
			line.data[i] = ' ';
	buffer_clear(&s->words);
	text_add_printable(&s->words, span_trim(buffer_span(&line)));
}

static void
judge_by_words(struct smtp_session *s, enum smtp_outcome outcome)
{
	if (s->judged)
		return;
	s->judged = true;
	s->outcome = outcome;
	set_words(s);
}

/* A "no" to MAIL, RCPT, DATA or the final dot. Neither 4yz nor 5yz: out of step. */
static void
judge_by_code(struct smtp_session *s)
{
	judge_by_words(s, s->reply.code / 100 == 5 ? SMTP_REFUSED : SMTP_RETRY);
}

/* One recipient of several is refused. RFC 5321 4.5.3.1.10: 552 is "too many" for now. */
static void
report_refused(struct smtp_session *s)
{
	bool for_good = s->reply.code / 100 == 5 && s->reply.code != 552;

	if (s->judged || s->mail.refused == NULL)
		return;
	s->reused = false;
	set_words(s);
	s->mail.refused(s->ctx, s->rcpts_answered, for_good ? SMTP_REFUSED : SMTP_RETRY,
			s->words.data);
}

bool
smtp_session_take_mail(struct smtp_session *s, const struct smtp_mail *mail, void *ctx)
{
	const char *objection = smtp_rcpt_objection(mail->rcpt), *whose = "recipient";

	s->mail = *mail;
	s->ctx = ctx;
	s->judged = false;
	s->reused = s->state == SMTP_STATE_READY;
	if (objection == NULL && mail->sender.len > 0) {
		objection = smtp_rcpt_objection(mail->sender);
		whose = "sender";
	}
	if (objection != NULL)
		judge(s, SMTP_REFUSED, "the %s cannot be sent by SMTP: %s", whose, objection);
	return objection == NULL;
}

static enum smtp_outcome
outcome_of_loss(enum smtp_state state)
{
	if (state == SMTP_STATE_FINAL)
		return SMTP_UNKNOWN;
	return state < SMTP_STATE_MAIL ? SMTP_NO_CONTACT : SMTP_RETRY;
}

enum smtp_next
smtp_session_lose_contact(struct smtp_session *s, const char *why)
{
	if (s->state == SMTP_STATE_READY || s->state == SMTP_STATE_QUIT)
		return SMTP_NEXT_CLOSE;
	if (s->reused && !s->judged) {
		s->reused = false;
		return SMTP_NEXT_AGAIN;
	}
	judge(s, outcome_of_loss(s->state), "%s: %s, waiting for %s", s->relay, why,
	      states[s->state].waiting_for);
	return SMTP_NEXT_ABANDON;
}

/* ---- entering state X, it says Y ---------------------------------------- */

/* All of them, or the next. */
static void
say_rcpt(struct smtp_session *s, bool all)
{
	size_t most = all ? s->mail.others_len + 1 : s->rcpts_answered + 1;

	while (s->rcpts_said < most)
		smtp_add_rcpt(&s->out, &s->mail, s->rcpts_said++, s->extensions);
}

void
smtp_session_enter(struct smtp_session *s, enum smtp_state state)
{
	s->state = state;
	switch (state) {
	case SMTP_STATE_CLOSED:
	case SMTP_STATE_CONNECTING:
	case SMTP_STATE_GREETING:
		break;
	case SMTP_STATE_EHLO:
		buffer_printf(&s->out, "EHLO %s\r\n", s->hostname);
		break;
	case SMTP_STATE_HELO:
		buffer_printf(&s->out, "HELO %s\r\n", s->hostname);
		break;
	case SMTP_STATE_MAIL:
		smtp_add_mail(&s->out, &s->mail, s->extensions);
		s->rcpts_said = s->rcpts_answered = s->rcpts_taken = 0;
		if (is_pipelining(s)) {
			say_rcpt(s, true);
			buffer_add_str(&s->out, "DATA\r\n");
		}
		break;
	case SMTP_STATE_RCPT:
		if (!is_pipelining(s))
			say_rcpt(s, false);
		break;
	case SMTP_STATE_DATA:
		if (!is_pipelining(s))
			buffer_add_str(&s->out, "DATA\r\n");
		break;
	case SMTP_STATE_BODY:
		s->reused = false;
		s->dot = (struct wire_dot){ 0 };
		s->header_at = s->body_at = 0;
		s->dotted = false;
		break;
	case SMTP_STATE_FINAL:
		break;
	case SMTP_STATE_ABORT:
		buffer_add_str(&s->out, ".\r\n");
		break;
	case SMTP_STATE_READY:
		break;
	case SMTP_STATE_QUIT:
		buffer_add_str(&s->out, "QUIT\r\n");
		break;
	}
}

void
smtp_session_fill_body(struct smtp_session *s)
{
	size_t header_left = s->mail.header.len - s->header_at;
	size_t body_left = s->mail.body.len - s->body_at;
	size_t len;

	if (header_left > 0) {
		len = header_left < CHUNK ? header_left : CHUNK;
		wire_dot(&s->dot, (struct span){ s->mail.header.data + s->header_at, len },
			 &s->out);
		s->header_at += len;
	} else if (body_left > 0) {
		len = body_left < CHUNK ? body_left : CHUNK;
		wire_dot(&s->dot, (struct span){ s->mail.body.data + s->body_at, len }, &s->out);
		s->body_at += len;
	}
	if (s->header_at == s->mail.header.len && s->body_at == s->mail.body.len) {
		wire_dot_end(&s->dot, &s->out);
		s->dotted = true;
	}
}

static enum smtp_next
go_on(struct smtp_session *s, enum smtp_state state)
{
	smtp_session_enter(s, state);
	return SMTP_NEXT_GO_ON;
}

/* The mail is judged; the connection may serve another. */
static enum smtp_next
tell(struct smtp_session *s)
{
	smtp_session_enter(s, SMTP_STATE_READY);
	return SMTP_NEXT_TELL;
}

/* The mail is judged; a polite end of the connection. */
static enum smtp_next
conclude(struct smtp_session *s)
{
	smtp_session_enter(s, SMTP_STATE_QUIT);
	return SMTP_NEXT_TELL;
}

enum smtp_next
smtp_session_begin_mail(struct smtp_session *s)
{
	if (smtp_mail_needs_smtputf8(&s->mail) && (s->extensions & SMTP_SMTPUTF8) == 0) {
		/* RFC 6531 3.2: it must not be sent to such a relay. */
		judge(s, SMTP_RETRY, "%s does not offer SMTPUTF8, which this mail needs", s->relay);
		return tell(s);
	}
	return go_on(s, SMTP_STATE_MAIL);
}

/* ---- in state X, it heard Z ------------------------------------------------ */

/* A "no" that is not about the mail. */
static enum smtp_next
conclude_without_contact(struct smtp_session *s)
{
	judge_by_words(s, SMTP_NO_CONTACT);
	return conclude(s);
}

static enum smtp_next
heard_greeting(struct smtp_session *s, int class)
{
	return class == 2 ? go_on(s, SMTP_STATE_EHLO) : conclude_without_contact(s);
}

static enum smtp_next
heard_ehlo(struct smtp_session *s, int class)
{
	if (class == 5) /* RFC 5321 3.2: an older relay */
		return go_on(s, SMTP_STATE_HELO);
	if (class != 2)
		return conclude_without_contact(s);
	s->extensions = smtp_read_extensions(buffer_span(&s->reply.text));
	return smtp_session_begin_mail(s);
}

static enum smtp_next
heard_helo(struct smtp_session *s, int class)
{
	return class == 2 ? smtp_session_begin_mail(s) : conclude_without_contact(s);
}

static enum smtp_next
heard_mail(struct smtp_session *s, int class)
{
	if (class != 2)
		judge_by_code(s);
	if (class == 3) /* there is no telling what it would take our next line for */
		return SMTP_NEXT_ABANDON;
	return class == 2 || is_pipelining(s) ? go_on(s, SMTP_STATE_RCPT) : conclude(s);
}

static enum smtp_next
heard_rcpt(struct smtp_session *s, int class)
{
	if (class == 3) {
		judge_by_code(s);
		return SMTP_NEXT_ABANDON; /* as in MAIL */
	}
	if (class == 2)
		s->rcpts_taken++;
	else
		report_refused(s);
	s->rcpts_answered++;
	if (s->rcpts_answered <= s->mail.others_len)
		return go_on(s, SMTP_STATE_RCPT);
	if (s->rcpts_taken == 0)
		judge_by_code(s);
	return s->rcpts_taken > 0 || is_pipelining(s) ? go_on(s, SMTP_STATE_DATA) : conclude(s);
}

static enum smtp_next
heard_data(struct smtp_session *s, int class)
{
	if (class == 3)
		return go_on(s, s->judged ? SMTP_STATE_ABORT : SMTP_STATE_BODY);
	judge_by_code(s);
	return conclude(s);
}

/* It speaks out of turn: whatever it says is not about the whole mail. */
static enum smtp_next
heard_body(struct smtp_session *s, int class)
{
	(void)class;
	judge_by_words(s, SMTP_RETRY);
	return SMTP_NEXT_ABANDON;
}

static enum smtp_next
heard_final(struct smtp_session *s, int class)
{
	if (class == 2) {
		judge_by_words(s, SMTP_DONE);
		return tell(s);
	}
	if (class == 3)
		judge_by_words(s, SMTP_UNKNOWN);
	judge_by_code(s);
	return conclude(s);
}

/* RFC 2920 3.1: whatever it says, nobody was to get this. */
static enum smtp_next
heard_abort(struct smtp_session *s, int class)
{
	(void)class;
	return conclude(s);
}

/* The reply to QUIT, or in READY "421 idle for too long". */
static enum smtp_next
heard_farewell(struct smtp_session *s, int class)
{
	(void)s;
	(void)class;
	return SMTP_NEXT_CLOSE;
}

static enum smtp_next
got_reply(struct smtp_session *s)
{
	assert(states[s->state].heard != NULL);
	/* RFC 5321 3.8: the relay closes. To a kept connection that is nothing new. */
	if (s->reply.code == 421 && s->reused && !s->judged)
		return smtp_session_lose_contact(s, "421");
	return states[s->state].heard(s, s->reply.code / 100);
}

/* Of what came: 1 a reply is whole, 0 not yet, -1 it is no SMTP. */
static int
take_reply(struct smtp_session *s)
{
	struct span line;
	size_t used;
	int rc;

	while ((rc = wire_next_line(buffer_span(&s->in), LINE_MOST, &line, &used)) == 1) {
		rc = wire_reply_add(&s->reply, line);
		buffer_consume(&s->in, used);
		if (s->reply.lines > LINES_MOST)
			return -1;
		if (rc != 0)
			break;
	}
	return rc;
}

enum smtp_next
smtp_session_hear(struct smtp_session *s)
{
	enum smtp_next next;
	int rc = take_reply(s);

	if (rc < 0)
		return smtp_session_lose_contact(s, "it does not speak SMTP");
	/* More than was asked for: the next reply would not be to the next command. */
	if (rc == 0 && s->state == SMTP_STATE_READY && (s->in.len > 0 || s->reply.lines > 0))
		return SMTP_NEXT_CLOSE;
	if (rc == 0)
		return SMTP_NEXT_WAIT;
	next = got_reply(s);
	wire_reply_done(&s->reply);
	return next;
}

/* ---- the end ---------------------------------------------------------------- */

void
smtp_session_close(struct smtp_session *s)
{
	buffer_done(&s->in);
	buffer_done(&s->out);
	wire_reply_done(&s->reply);
	s->extensions = 0;
	s->state = SMTP_STATE_CLOSED;
}

void
smtp_session_done(struct smtp_session *s)
{
	smtp_session_close(s);
	buffer_done(&s->words);
}
