/*
 * lmtp_fixture.h: a peer of an LMTP session without its socket.
 *
 * Stand-ins: the owner of the session (submit, and what the daemon lends), and
 * three functions of policy/, which a session never asks anything.
 */
#ifndef TESTS_UNIT_QMGR_LMTP_FIXTURE_H
#define TESTS_UNIT_QMGR_LMTP_FIXTURE_H

#include "qmgr/lmtp.h"
#include "tests/unit/admit/fixture.h"

#define LHLO      "LHLO client.example\r\n"
#define NULL_MAIL "MAIL FROM:<>\r\n"
#define RCPT_A    "RCPT TO:<a@example.org>\r\n"
#define RCPT_B    "RCPT TO:<b@example.org>\r\n"
#define GREETING  "220 ndrq.example LMTP ndrq ready\r\n"
#define EXTENSIONS                                                                                 \
	"250-ndrq.example\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"        \
	"250-SMTPUTF8\r\n250-DSN\r\n250 SIZE\r\n"
#define OK_MAIL  "250 2.1.0 ok\r\n"
#define OK_RCPT  "250 2.1.5 ok\r\n"
#define GO_ON    "354 end with <CRLF>.<CRLF>\r\n"
#define BYE      "221 2.0.0 bye\r\n"
#define LATER    "451 4.3.0 not stored, try again later\r\n"
#define NOT_NULL "451 4.3.5 ndrq takes null senders only; check the capture rule\r\n"

/* ---- stand-ins ------------------------------------------------------------- */

struct policy *
policy_ref(struct policy *policy)
{
	return policy;
}

void
policy_unrefp(struct policy **policy)
{
	*policy = NULL;
}

void
policy_decision_done(struct policy_decision *decision)
{
	free(TAKE(decision->domain));
}

struct policy *
intake_policy(const struct intake_host *host)
{
	(void)host;
	return NULL;
}

void
intake_submit(const struct intake_host *host, struct submission *submission)
{
	(void)host;
	(void)submission;
	cr_assert(false, "a session hands over by its own submit");
}

/* What was reported lost: the ids, each with a space behind it. */
static struct buffer lost;

void
intake_answer_lost_take(const struct intake_host *host, int64_t *ids, size_t ids_len)
{
	(void)host;
	for (size_t i = 0; i < ids_len; i++)
		buffer_printf(&lost, "%d ", (int)ids[i]);
	free(ids);
}

/* ---- a peer ------------------------------------------------------------------ */

static struct settings settings = {
	.hostname = (char *)"ndrq.example",
	.lmtp = { .max_recipients = 3 },
	.limits = { .size_bytes = 1 << 20 },
};
static const struct intake_host host = { .settings = &settings,
					 .spool_folder = "/nonexistent/folder" };

struct peer {
	struct lmtp_session session; /* first */
	enum submission_outcome outcome;
	bool slow;       /* answers wait until they are asked for */
	int submitted;   /* messages handed over */
	int64_t last_id; /* of a record */
	struct buffer in;
	struct buffer said;   /* by the session */
	struct buffer bodies; /* of all messages, each with "|" behind it */
	struct buffer rcpts;  /* of all messages, each with "|" behind it */
};

static void
note_submission(struct lmtp_session *session)
{
	struct peer *p = (struct peer *)session;
	const struct submission *s = session->submission;
	struct span body = spool_bytes(s->spool);

	cr_assert_eq(session->state, LMTP_COMMITTING);
	cr_assert_str_eq(s->sender, "");
	cr_assert_gt(s->rcpts_len, 0);
	p->submitted++;
	buffer_add(&p->bodies, body.data, body.len);
	buffer_add_char(&p->bodies, '|');
	for (size_t i = 0; i < s->rcpts_len; i++) {
		buffer_add(&p->rcpts, s->rcpts[i].path.data, s->rcpts[i].path.len);
		buffer_add_char(&p->rcpts, '|');
	}
}

/* What admission and the committer would have done. */
static void
answer(struct peer *p)
{
	struct submission *s = p->session.submission;

	s->outcome = p->outcome;
	if (p->outcome == SUBMISSION_COMMITTED) {
		s->message.records = xcalloc(s->rcpts_len, sizeof(*s->message.records));
		s->message.records_len = s->rcpts_len;
		for (size_t i = 0; i < s->rcpts_len; i++)
			s->message.records[i].id = ++p->last_id;
	}
	lmtp_session_answer(&p->session);
}

static void
collect(struct peer *p)
{
	buffer_add(&p->said, p->session.out.data, p->session.out.len);
	buffer_clear(&p->session.out);
}

static void
peer_start(struct peer *p)
{
	*p = (struct peer){ .outcome = SUBMISSION_COMMITTED };
	p->session.submit = note_submission;
	lmtp_session_start(&p->session, &host);
	collect(p);
}

/* Feeds what lies ready, as far as the session eats. */
static void
go_on(struct peer *p)
{
	for (;;) {
		size_t used = lmtp_session_feed(&p->session, buffer_span(&p->in));
		bool answered = p->session.state == LMTP_COMMITTING && !p->slow;

		buffer_consume(&p->in, used);
		if (answered)
			answer(p);
		collect(p);
		if ((used == 0 && !answered) || p->in.len == 0)
			return;
	}
}

static void
tell(struct peer *p, struct span bytes, size_t piece)
{
	for (size_t at = 0; at < bytes.len; at += piece) {
		size_t len = bytes.len - at < piece ? bytes.len - at : piece;

		buffer_add(&p->in, bytes.data + at, len);
		go_on(p);
	}
}

static UNUSED void
tell_text(struct peer *p, const char *text)
{
	tell(p, span_of(text), SIZE_MAX / 2);
}

static void
peer_donep(struct peer *p)
{
	if (p->session.state == LMTP_COMMITTING)
		answer(p);
	lmtp_session_done(&p->session);
	buffer_done(&p->in);
	buffer_done(&p->said);
	buffer_done(&p->bodies);
	buffer_done(&p->rcpts);
}

#define assert_said(p, text)                                                                       \
	do {                                                                                       \
		buffer_add_char(&(p)->said, '\0');                                                 \
		cr_assert_str_eq((p)->said.data, text);                                            \
		buffer_clear(&(p)->said);                                                          \
	} while (0)

#define assert_text(buffer, text)                                                                  \
	cr_assert(span_equal(buffer_span(buffer), span_of(text)), "it is \"%.*s\"",                \
		  (int)(buffer)->len, (buffer)->data)

#endif
