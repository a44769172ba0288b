/*
 * lmtp.c: the LMTP session (RFC 2033, over RFC 5321).
 *
 *	       LHLO        MAIL <>       RCPT          DATA
 *	GREETED ──► READY ─────► MAIL ────► RCPT ───────────► DATA
 *	              ▲            ▲         │  └► WAITING ─────┤ (sleeps: backlog full)
 *	              └────────────┴─RSET────┘                  │ CR LF . CR LF
 *	              └──────── one reply a recipient ◄── COMMITTING (sleeps: until COMMIT)
 *
 * Promises: a 250 after DATA is said only for what is committed and synced;
 * no reply is ever 5yz; nothing of what a peer sends comes back in a reply.
 * Every refusal inside a null-sender transaction makes the peer keep its mail.
 */
#include "qmgr/lmtp.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

/* ---- saying ---------------------------------------------------------- */

static void
say(struct lmtp_session *s, const char *reply)
{
	assert(reply[0] != '5');
	buffer_add_str(&s->out, reply);
	buffer_add(&s->out, "\r\n", 2);
}

void
lmtp_session_bye(struct lmtp_session *s, const char *text)
{
	buffer_printf(&s->out, "421 %s\r\n", text);
	s->state = LMTP_CLOSING;
}

/* A command that is no use now. Too many of them end the session. */
static void
complain(struct lmtp_session *s, const char *reply)
{
	if (++s->errors > LMTP_ERRORS_MAX)
		lmtp_session_bye(s, "4.7.0 too many errors");
	else
		say(s, reply);
}

static void
greet(struct lmtp_session *s)
{
	buffer_printf(&s->out, "220 %s LMTP ndrq ready\r\n", s->host->settings->hostname);
}

static void
list_extensions(struct lmtp_session *s)
{
	buffer_printf(&s->out, "250-%s\r\n", s->host->settings->hostname);
	say(s, "250-PIPELINING");          /* RFC 2920 */
	say(s, "250-ENHANCEDSTATUSCODES"); /* RFC 2034 */
	say(s, "250-8BITMIME");            /* RFC 6152 */
	say(s, "250-SMTPUTF8");            /* RFC 6531 */
	say(s, "250-DSN");                 /* RFC 3461 */
	say(s, "250 SIZE"); /* RFC 1870: no number, or Postfix drops what is larger itself */
}

/* ---- the transaction -------------------------------------------------- */

static const struct submission_source lmtp_source = {
	.intake = "lmtp",
};

static void
forget_transaction(struct lmtp_session *s)
{
	submission_freep(&s->submission);
	if (s->state != LMTP_GREETED && s->state != LMTP_CLOSING)
		s->state = LMTP_READY;
}

static char *
dup_or_null(struct span text)
{
	return text.len == 0 ? NULL : span_dup(text);
}

static void
on_lhlo(struct lmtp_session *s)
{
	s->state = LMTP_READY;
	forget_transaction(s);
	list_extensions(s);
}

static void
on_mail(struct lmtp_session *s, struct span argument)
{
	static const char *const bodies[] = { NULL, "7BIT", "8BITMIME" };
	struct wire_mail mail;

	if (s->state != LMTP_READY) {
		complain(s, s->state == LMTP_GREETED ? "451 4.5.1 say LHLO first"
						     : "451 4.5.1 one MAIL at a time");
		return;
	}
	if (wire_parse_mail(argument, &mail, NULL) < 0) {
		complain(s, "451 4.5.4 not MAIL FROM:<>");
		return;
	}
	if (mail.path.len > 0) {
		complain(s, "451 4.3.5 ndrq takes null senders only; check the capture rule");
		return;
	}
	s->submission = submission_new(&lmtp_source, intake_policy(s->host));
	s->submission->sender = xstrdup("");
	s->submission->mail_body = bodies[mail.body];
	s->submission->smtputf8 = mail.smtputf8;
	s->submission->ret = dup_or_null(mail.ret);
	s->submission->envid = dup_or_null(mail.envid);
	s->state = LMTP_MAIL;
	say(s, "250 2.1.0 ok");
}

static void
on_rcpt(struct lmtp_session *s, struct span argument)
{
	struct submission_rcpt *rcpt;
	struct wire_rcpt parsed;

	if (s->state != LMTP_MAIL && s->state != LMTP_RCPT) {
		complain(s, "451 4.5.1 say MAIL first");
		return;
	}
	if ((int64_t)s->submission->rcpts_len >= s->host->settings->lmtp.max_recipients) {
		say(s, "452 4.5.3 too many recipients"); /* RFC 5321 4.5.3.1.10 */
		return;
	}
	if (wire_parse_rcpt(argument, &parsed, NULL) < 0) {
		complain(s, "451 4.5.4 not RCPT TO:<address>");
		return;
	}
	rcpt = submission_add_rcpt(s->submission);
	buffer_add(&rcpt->path, parsed.path.data, parsed.path.len);
	rcpt->orcpt = dup_or_null(parsed.orcpt);
	rcpt->notify = dup_or_null(parsed.notify);
	s->state = LMTP_RCPT;
	say(s, "250 2.1.5 ok");
}

static void
start_data(struct lmtp_session *s)
{
	s->submission->spool =
		spool_new(s->host->spool_folder, s->host->settings->limits.size_bytes);
	s->undot = (struct wire_undot){ 0 };
	s->spool_failed = false;
	s->state = LMTP_DATA;
	say(s, "354 end with <CRLF>.<CRLF>");
}

static void
on_data(struct lmtp_session *s)
{
	if (s->state != LMTP_RCPT) {
		/* RFC 2033 4.2: without a recipient DATA must fail */
		complain(s, "451 4.5.1 no recipient yet");
		return;
	}
	if (s->paused)
		s->state = LMTP_WAITING;
	else
		start_data(s);
}

void
lmtp_session_resume(struct lmtp_session *s)
{
	s->paused = false;
	if (s->state == LMTP_WAITING)
		start_data(s);
}

static void
spool_piece(void *ctx, const char *data, size_t len)
{
	struct lmtp_session *s = ctx;
	struct submission *submission = s->submission;

	if (!s->spool_failed &&
	    spool_add(submission->spool, (struct span){ data, len }, &submission->err) < 0)
		s->spool_failed = true;
}

static void
refuse_all(struct lmtp_session *s, const char *reply)
{
	for (size_t i = 0; i < s->submission->rcpts_len; i++)
		say(s, reply);
}

static void
end_data(struct lmtp_session *s)
{
	struct submission *submission = s->submission;

	if (s->spool_failed || spool_finish(submission->spool, &submission->err) < 0) {
		log_event(LOG_ERR, "refused", LOG_S("intake", "lmtp"),
			  LOG_S("reason", submission->err.text));
		refuse_all(s, "452 4.3.1 no room to receive the message");
		forget_transaction(s);
		return;
	}
	submission->received_at_ms = clock_now_ms();
	s->state = LMTP_COMMITTING;
	s->submit(s);
}

/* RFC 2033 4.2: one reply a recipient, in the order of RCPT. */
static void
answer_committed(struct lmtp_session *s)
{
	const struct store_new_message *m = &s->submission->message;

	for (size_t i = 0; i < m->records_len; i++)
		buffer_printf(&s->out, "250 2.0.0 stored as %" PRId64 "\r\n", m->records[i].id);
	/* there may be some already: of a peer that does not wait for replies */
	s->unconfirmed =
		xrealloc(s->unconfirmed, (s->unconfirmed_len + m->records_len) * sizeof(int64_t));
	for (size_t i = 0; i < m->records_len; i++)
		s->unconfirmed[s->unconfirmed_len++] = m->records[i].id;
}

void
lmtp_session_answer(struct lmtp_session *s)
{
	assert(s->state == LMTP_COMMITTING);
	switch (s->submission->outcome) {
	case SUBMISSION_COMMITTED:
		answer_committed(s);
		break;
	case SUBMISSION_DAMAGED:
		refuse_all(s, "250 2.0.0 set aside as damaged");
		break;
	case SUBMISSION_LEFT:
	case SUBMISSION_REFUSED:
		refuse_all(s, "451 4.3.0 not stored, try again later");
		break;
	}
	submission_freep(&s->submission);
	s->state = LMTP_READY;
}

/* ---- hearing ---------------------------------------------------------- */

void
lmtp_session_confirm(struct lmtp_session *s)
{
	free(s->unconfirmed);
	s->unconfirmed = NULL;
	s->unconfirmed_len = 0;
}

static void
on_line(struct lmtp_session *s, struct span line)
{
	struct span argument;

	switch (wire_parse_verb(line, &argument)) {
	case WIRE_LHLO:
		on_lhlo(s);
		break;
	case WIRE_MAIL:
		on_mail(s, argument);
		break;
	case WIRE_RCPT:
		on_rcpt(s, argument);
		break;
	case WIRE_DATA:
		on_data(s);
		break;
	case WIRE_RSET:
		forget_transaction(s);
		say(s, "250 2.0.0 ok");
		break;
	case WIRE_NOOP:
		say(s, "250 2.0.0 ok");
		break;
	case WIRE_VRFY:
		say(s, "252 2.1.5 send it and see");
		break;
	case WIRE_QUIT:
		say(s, "221 2.0.0 bye");
		s->state = LMTP_CLOSING;
		break;
	case WIRE_HELO:
		complain(s, "451 4.5.1 this is LMTP: say LHLO");
		break;
	case WIRE_OTHER:
		complain(s, "451 4.5.2 no such command");
		break;
	}
}

static size_t
feed_line(struct lmtp_session *s, struct span in)
{
	struct span line;
	size_t used = 0;
	int found = wire_next_line(in, LMTP_LINE_BYTES, &line, &used);

	if (found < 0) {
		lmtp_session_bye(s, "4.5.2 line too long");
		return in.len;
	}
	if (found == 0)
		return 0;
	on_line(s, line);
	return used;
}

static size_t
feed_data(struct lmtp_session *s, struct span in)
{
	size_t used;

	if (wire_undot(&s->undot, in, &used, spool_piece, s))
		end_data(s);
	return used;
}

static bool
sleeps(const struct lmtp_session *s)
{
	return s->state == LMTP_WAITING || s->state == LMTP_COMMITTING || s->state == LMTP_CLOSING;
}

size_t
lmtp_session_feed(struct lmtp_session *s, struct span in)
{
	size_t fed = 0;

	while (fed < in.len && !sleeps(s)) {
		struct span rest = { in.data + fed, in.len - fed };
		size_t used = s->state == LMTP_DATA ? feed_data(s, rest) : feed_line(s, rest);

		if (used == 0)
			break;
		fed += used;
	}
	return fed;
}

void
lmtp_session_start(struct lmtp_session *s, const struct intake_host *host)
{
	s->host = host;
	s->state = LMTP_GREETED;
	greet(s);
}

void
lmtp_session_done(struct lmtp_session *s)
{
	assert(s->state != LMTP_COMMITTING);
	if (s->unconfirmed_len > 0)
		intake_answer_lost_take(s->host, TAKE(s->unconfirmed), s->unconfirmed_len);
	lmtp_session_confirm(s);
	submission_freep(&s->submission);
	buffer_done(&s->out);
}
