/*
 * test_lmtp.c: an LMTP session without its socket.
 *
 * Stand-ins: the owner of the session (submit, and what the daemon lends), and
 * three functions of policy/, which a session never asks anything.
 */
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

static void
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

/* ---- in order ------------------------------------------------------------------ */

Test(lmtp, a_session_in_order_is_answered_in_order)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	assert_said(&p, GREETING);
	tell_text(&p, LHLO);
	assert_said(&p, EXTENSIONS);
	tell_text(&p, NULL_MAIL);
	assert_said(&p, OK_MAIL);
	tell_text(&p, RCPT_A);
	assert_said(&p, OK_RCPT);
	tell_text(&p, "DATA\r\n");
	assert_said(&p, GO_ON);
	tell_text(&p, "Subject: x\r\n\r\n..dot\r\n.\r\n");
	assert_said(&p, "250 2.0.0 stored as 1\r\n");
	tell_text(&p, "QUIT\r\n");
	assert_said(&p, BYE);
	cr_assert_eq(p.session.state, LMTP_CLOSING);
	cr_assert_eq(p.submitted, 1);
	assert_text(&p.bodies, "Subject: x\r\n\r\n.dot\r\n|");
	assert_text(&p.rcpts, "a@example.org|");
}

#define TWO_MESSAGES                                                                               \
	LHLO NULL_MAIL RCPT_A RCPT_B "DATA\r\n"                                                    \
				     "one\r\n..\r\n.\r\n" NULL_MAIL RCPT_B "NOOP\r\n"              \
				     "DATA\r\n"                                                    \
				     "two\n.\nMAIL FROM:<x@y>\n\r\n.\r\n"                          \
				     "QUIT\r\n"
#define TWO_ANSWERS                                                                                \
	GREETING EXTENSIONS OK_MAIL OK_RCPT OK_RCPT GO_ON                                          \
		"250 2.0.0 stored as 1\r\n250 2.0.0 stored as 2\r\n" OK_MAIL OK_RCPT               \
		"250 2.0.0 ok\r\n" GO_ON "250 2.0.0 stored as 3\r\n" BYE

Test(lmtp, one_write_and_single_bytes_and_any_cut_are_answered_alike)
{
	static const size_t pieces[] = { 1, 2, 3, 5, 7, 11, 64, 1000 };

	for (size_t i = 0; i < COUNT(pieces); i++) {
		AUTO(peer_donep) struct peer p;

		peer_start(&p);
		tell(&p, span_of(TWO_MESSAGES), pieces[i]);
		assert_said(&p, TWO_ANSWERS);
		assert_text(&p.bodies, "one\r\n.\r\n|two\n.\nMAIL FROM:<x@y>\n\r\n|");
		assert_text(&p.rcpts, "a@example.org|b@example.org|b@example.org|");
	}
}

Test(lmtp, size_is_announced_without_a_number_and_verbs_are_read_in_any_case)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	tell_text(&p, "lhlo x\r\nmail from:<>\r\nrCPT to:<a@example.org>\r\nnoop\r\nquit\r\n");
	assert_said(&p, GREETING EXTENSIONS OK_MAIL OK_RCPT "250 2.0.0 ok\r\n" BYE);
}

Test(lmtp, what_mail_and_rcpt_say_is_kept)
{
	AUTO(peer_donep) struct peer p;
	const struct submission *s;

	peer_start(&p);
	tell_text(&p, LHLO
		  "MAIL FROM:<> SIZE=5 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id+2B1\r\n"
		  "RCPT TO:<a@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;A+40b\r\n" RCPT_B);
	s = p.session.submission;
	cr_assert_str_eq(s->mail_body, "8BITMIME");
	cr_assert(s->smtputf8);
	cr_assert_str_eq(s->ret, "HDRS");
	cr_assert_str_eq(s->envid, "id+2B1");
	cr_assert_eq(s->rcpts_len, 2);
	cr_assert_str_eq(s->rcpts[0].notify, "FAILURE,DELAY");
	cr_assert_str_eq(s->rcpts[0].orcpt, "rfc822;A+40b");
	cr_assert_null(s->rcpts[1].notify);
	cr_assert_null(s->rcpts[1].orcpt);
}

Test(lmtp, a_recipient_that_is_no_address_is_kept_as_its_bytes)
{
	AUTO(peer_donep) struct peer p;
	const struct span lines = SPAN(LHLO NULL_MAIL "RCPT TO:<a\0b\n\xff@x>\r\n");

	peer_start(&p);
	tell(&p, lines, 1);
	assert_said(&p, GREETING EXTENSIONS OK_MAIL OK_RCPT);
	cr_assert(span_equal(buffer_span(&p.session.submission->rcpts[0].path),
			     SPAN("a\0b\n\xff@x")));
}

/* ---- refusals -------------------------------------------------------------------- */

Test(lmtp, a_non_null_sender_is_told_to_check_the_capture_rule)
{
	static const char *const senders[] = {
		"MAIL FROM:<a@example.org>\r\n",
		"MAIL FROM:<a@example.org> SIZE=100 BODY=8BITMIME\r\n",
		"MAIL FROM:<\"x y\"@example.org>\r\n",
		"MAIL FROM:<MAILER-DAEMON>\r\n",
		"mail from: <postmaster@example.org>\r\n",
	};
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	tell_text(&p, LHLO);
	buffer_clear(&p.said);
	for (size_t i = 0; i < COUNT(senders); i++) {
		tell_text(&p, senders[i]);
		assert_said(&p, NOT_NULL);
		cr_assert_eq(p.session.state, LMTP_READY);
		cr_assert_null(p.session.submission);
	}
	tell_text(&p, NULL_MAIL);
	assert_said(&p, OK_MAIL);
}

Test(lmtp, a_command_at_the_wrong_time_is_refused_for_now)
{
	static const struct {
		const char *before, *command, *reply;
	} cases[] = {
		{ "", NULL_MAIL, "451 4.5.1 say LHLO first\r\n" },
		{ "", RCPT_A, "451 4.5.1 say MAIL first\r\n" },
		{ "", "DATA\r\n", "451 4.5.1 no recipient yet\r\n" },
		{ LHLO, RCPT_A, "451 4.5.1 say MAIL first\r\n" },
		{ LHLO, "DATA\r\n", "451 4.5.1 no recipient yet\r\n" },
		{ LHLO NULL_MAIL, "DATA\r\n", "451 4.5.1 no recipient yet\r\n" },
		{ LHLO NULL_MAIL, NULL_MAIL, "451 4.5.1 one MAIL at a time\r\n" },
		{ LHLO NULL_MAIL RCPT_A, NULL_MAIL, "451 4.5.1 one MAIL at a time\r\n" },
		{ LHLO, "HELO x\r\n", "451 4.5.1 this is LMTP: say LHLO\r\n" },
		{ LHLO, "EHLO x\r\n", "451 4.5.1 this is LMTP: say LHLO\r\n" },
		{ LHLO, "TURN\r\n", "451 4.5.2 no such command\r\n" },
		{ LHLO, "\r\n", "451 4.5.2 no such command\r\n" },
		{ LHLO, "MAIL\r\n", "451 4.5.4 not MAIL FROM:<>\r\n" },
		{ LHLO, "MAIL TO:<>\r\n", "451 4.5.4 not MAIL FROM:<>\r\n" },
		{ LHLO, "MAIL FROM:\r\n", "451 4.5.4 not MAIL FROM:<>\r\n" },
		{ LHLO NULL_MAIL, "RCPT FROM:<a@b>\r\n", "451 4.5.4 not RCPT TO:<address>\r\n" },
		{ LHLO, "VRFY a@example.org\r\n", "252 2.1.5 send it and see\r\n" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(peer_donep) struct peer p;

		peer_start(&p);
		tell_text(&p, cases[i].before);
		buffer_clear(&p.said);
		tell_text(&p, cases[i].command);
		assert_said(&p, cases[i].reply);
	}
}

Test(lmtp, recipients_beyond_the_limit_are_told_452_and_the_others_are_delivered)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	tell_text(&p, LHLO NULL_MAIL RCPT_A RCPT_B RCPT_A RCPT_B RCPT_B "DATA\r\nx\r\n.\r\n");
	assert_said(&p, GREETING EXTENSIONS OK_MAIL OK_RCPT OK_RCPT OK_RCPT
		    "452 4.5.3 too many recipients\r\n452 4.5.3 too many recipients\r\n" GO_ON
		    "250 2.0.0 stored as 1\r\n250 2.0.0 stored as 2\r\n250 2.0.0 stored as 3\r\n");
}

Test(lmtp, refused_damaged_and_left_are_answered_once_a_recipient)
{
	static const struct {
		enum submission_outcome outcome;
		const char *reply;
	} cases[] = {
		{ SUBMISSION_REFUSED, LATER LATER },
		{ SUBMISSION_LEFT, LATER LATER },
		{ SUBMISSION_DAMAGED,
		  "250 2.0.0 set aside as damaged\r\n250 2.0.0 set aside as damaged\r\n" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(peer_donep) struct peer p;

		peer_start(&p);
		tell_text(&p, LHLO NULL_MAIL RCPT_A RCPT_B "DATA\r\n");
		buffer_clear(&p.said);
		p.outcome = cases[i].outcome;
		tell_text(&p, "x\r\n.\r\n");
		assert_said(&p, cases[i].reply);
		cr_assert_eq(p.session.state, LMTP_READY);
		tell_text(&p, NULL_MAIL);
		assert_said(&p, OK_MAIL);
	}
}

Test(lmtp, no_room_to_receive_is_told_452_a_recipient_after_the_dot)
{
	AUTO(peer_donep) struct peer p;
	AUTO(buffer_done) struct buffer large = { 0 };

	for (int i = 0; i < 3000; i++) /* more than fits in memory; the folder is not there */
		buffer_add_str(&large, "a line of about thirty bytes\r\n");
	buffer_add_str(&large, ".\r\n");
	peer_start(&p);
	tell_text(&p, LHLO NULL_MAIL RCPT_A RCPT_B "DATA\r\n");
	buffer_clear(&p.said);
	tell(&p, buffer_span(&large), 4096);
	assert_said(&p, "452 4.3.1 no room to receive the message\r\n"
			"452 4.3.1 no room to receive the message\r\n");
	cr_assert_eq(p.submitted, 0);
	tell_text(&p, NULL_MAIL RCPT_A "DATA\r\nsmall\r\n.\r\n");
	assert_said(&p, OK_MAIL OK_RCPT GO_ON "250 2.0.0 stored as 1\r\n");
}

Test(lmtp, too_many_errors_end_the_session)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	buffer_clear(&p.said);
	for (int i = 0; i < LMTP_ERRORS_MAX; i++) {
		tell_text(&p, "FOO\r\n");
		assert_said(&p, "451 4.5.2 no such command\r\n");
	}
	tell_text(&p, "FOO\r\nFOO\r\nLHLO x\r\n");
	assert_said(&p, "421 4.7.0 too many errors\r\n");
	cr_assert_eq(p.session.state, LMTP_CLOSING);
}

Test(lmtp, a_line_that_is_too_long_ends_the_session)
{
	AUTO(buffer_done) struct buffer line = { 0 };

	for (int i = 0; i < LMTP_LINE_BYTES + 10; i++)
		buffer_add_char(&line, 'x');
	for (size_t piece = 1; piece <= line.len; piece += line.len / 2) {
		AUTO(peer_donep) struct peer p;

		peer_start(&p);
		tell_text(&p, LHLO);
		buffer_clear(&p.said);
		tell(&p, buffer_span(&line), piece);
		assert_said(&p, "421 4.5.2 line too long\r\n");
	}
}

Test(lmtp, a_long_line_of_a_message_is_no_long_command)
{
	AUTO(peer_donep) struct peer p;
	AUTO(buffer_done) struct buffer line = { 0 };

	for (int i = 0; i < 5 * LMTP_LINE_BYTES; i++)
		buffer_add_char(&line, 'x');
	peer_start(&p);
	tell_text(&p, LHLO NULL_MAIL RCPT_A "DATA\r\n");
	tell(&p, buffer_span(&line), 1000);
	buffer_clear(&p.said);
	tell_text(&p, "\r\n.\r\n");
	assert_said(&p, "250 2.0.0 stored as 1\r\n");
}

/* ---- RSET, QUIT, waiting ------------------------------------------------------------ */

Test(lmtp, rset_and_lhlo_forget_the_transaction_in_every_state)
{
	static const char *const before[] = { LHLO, LHLO NULL_MAIL, LHLO NULL_MAIL RCPT_A };

	for (size_t i = 0; i < COUNT(before); i++) {
		AUTO(peer_donep) struct peer p;

		peer_start(&p);
		tell_text(&p, before[i]);
		buffer_clear(&p.said);
		tell_text(&p, "RSET\r\n");
		assert_said(&p, "250 2.0.0 ok\r\n");
		cr_assert_null(p.session.submission);
		tell_text(&p, RCPT_A NULL_MAIL);
		assert_said(&p, "451 4.5.1 say MAIL first\r\n" OK_MAIL);
		tell_text(&p, LHLO RCPT_A);
		assert_said(&p, EXTENSIONS "451 4.5.1 say MAIL first\r\n");
	}
}

Test(lmtp, rset_before_lhlo_is_no_lhlo)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	tell_text(&p, "RSET\r\n" NULL_MAIL);
	assert_said(&p, GREETING "250 2.0.0 ok\r\n451 4.5.1 say LHLO first\r\n");
}

Test(lmtp, quit_behind_the_dot_is_answered_after_the_commit)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	p.slow = true;
	tell_text(&p, LHLO NULL_MAIL RCPT_A "DATA\r\n");
	buffer_clear(&p.said);
	tell_text(&p, "x\r\n.\r\nQUIT\r\n");
	assert_said(&p, "");
	cr_assert_eq(p.session.state, LMTP_COMMITTING);
	answer(&p);
	go_on(&p);
	assert_said(&p, "250 2.0.0 stored as 1\r\n" BYE);
}

Test(lmtp, nothing_is_eaten_or_said_while_a_commit_is_under_way)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	p.slow = true;
	tell_text(&p, LHLO NULL_MAIL RCPT_A "DATA\r\nx\r\n.\r\n");
	buffer_clear(&p.said);
	cr_assert_eq(lmtp_session_feed(&p.session, SPAN("NOOP\r\n")), 0);
	tell_text(&p, "NOOP\r\n");
	assert_said(&p, "");
	answer(&p);
	go_on(&p);
	assert_said(&p, "250 2.0.0 stored as 1\r\n250 2.0.0 ok\r\n");
}

Test(lmtp, while_the_backlog_is_full_data_waits_and_then_goes_on)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	p.session.paused = true;
	tell_text(&p, LHLO NULL_MAIL RCPT_A "DATA\r\nx\r\n.\r\n");
	assert_said(&p, GREETING EXTENSIONS OK_MAIL OK_RCPT);
	cr_assert_eq(p.session.state, LMTP_WAITING);
	cr_assert_eq(lmtp_session_feed(&p.session, SPAN("more")), 0);
	lmtp_session_resume(&p.session);
	cr_assert_eq(p.session.state, LMTP_DATA);
	go_on(&p);
	assert_said(&p, GO_ON "250 2.0.0 stored as 1\r\n");
	assert_text(&p.bodies, "x\r\n|");
}

Test(lmtp, resume_does_nothing_to_a_session_that_does_not_wait)
{
	AUTO(peer_donep) struct peer p;

	peer_start(&p);
	tell_text(&p, LHLO NULL_MAIL);
	buffer_clear(&p.said);
	lmtp_session_resume(&p.session);
	collect(&p);
	assert_said(&p, "");
	cr_assert_eq(p.session.state, LMTP_MAIL);
}

Test(lmtp, goodbye_is_421_in_every_state_and_the_last_word)
{
	static const char *const before[] = { "", LHLO, LHLO NULL_MAIL RCPT_A,
					      LHLO NULL_MAIL RCPT_A "DATA\r\nhalf" };

	for (size_t i = 0; i < COUNT(before); i++) {
		AUTO(peer_donep) struct peer p;

		peer_start(&p);
		tell_text(&p, before[i]);
		buffer_clear(&p.said);
		lmtp_session_bye(&p.session, "4.3.2 shutting down");
		collect(&p);
		tell_text(&p, "\r\n.\r\nNOOP\r\n");
		assert_said(&p, "421 4.3.2 shutting down\r\n");
		cr_assert_eq(p.submitted, 0);
	}
}

/* ---- answers that may be lost --------------------------------------------------------- */

static void
deliver(struct peer *p)
{
	peer_start(p);
	tell_text(p, LHLO NULL_MAIL RCPT_A RCPT_B "DATA\r\nx\r\n.\r\n");
}

Test(lmtp, an_answer_that_was_not_confirmed_is_reported_lost)
{
	struct peer p;

	buffer_clear(&lost);
	deliver(&p);
	peer_donep(&p);
	assert_text(&lost, "1 2 ");
	buffer_done(&lost);
}

Test(lmtp, an_answer_that_was_confirmed_is_not_reported_lost)
{
	struct peer p;

	buffer_clear(&lost);
	deliver(&p);
	lmtp_session_confirm(&p.session);
	peer_donep(&p);
	cr_assert_eq(lost.len, 0);
}

Test(lmtp, a_refused_message_leaves_nothing_to_be_lost)
{
	struct peer p;

	buffer_clear(&lost);
	peer_start(&p);
	p.outcome = SUBMISSION_REFUSED;
	tell_text(&p, LHLO NULL_MAIL RCPT_A "DATA\r\nx\r\n.\r\n");
	peer_donep(&p);
	cr_assert_eq(lost.len, 0);
}

/* All in one write: no byte of the peer's came after the first answer. */
Test(lmtp, of_two_pipelined_messages_both_answers_are_reported_lost)
{
	struct peer p;

	buffer_clear(&lost);
	peer_start(&p);
	tell_text(&p, TWO_MESSAGES);
	peer_donep(&p);
	assert_text(&lost, "1 2 3 ");
	buffer_done(&lost);
}

/* ---- anything at all -------------------------------------------------------------------- */

static uint64_t random_state = 0x9E3779B97F4A7C15;

static uint32_t
random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % limit;
}

/* "ZQX" marks what the peer says: it must not come back. */
static void
add_random_piece(struct buffer *out)
{
	static const char *const pieces[] = {
		LHLO,
		LHLO,
		NULL_MAIL,
		NULL_MAIL,
		NULL_MAIL,
		RCPT_A,
		RCPT_A,
		RCPT_B,
		"RCPT TO:<ZQX@x> NOTIFY=NEVER ORCPT=rfc822;ZQX\r\n",
		"DATA\r\n",
		"DATA\r\n",
		"DATA\r\nZQX\r\n.\r\n",
		"\r\n.\r\n",
		".\r\n",
		"\n.\n",
		"ZQX: text\r\n",
		"..\r\n",
		"RSET\r\n",
		"NOOP ZQX\r\n",
		"QUIT\r\n",
		"VRFY ZQX\r\n",
		"EHLO ZQX\r\n",
		"MAIL FROM:<ZQX@x>\r\n",
		"MAIL FROM:<> SIZE=99999999999999999999 BODY=ZQX\r\n",
		"MAIL FROM:<> RET=ZQX ENVID=+\r\n",
		"MAIL FROM:\r\n",
		"RCPT TO:<\"ZQX\r\n",
		"RCPT TO:<@a,@b:ZQX@c>\r\n",
		"ZQX\r\n",
		"\r\n",
		"\r",
		"\n",
		" ",
	};
	uint32_t kind = random_below(40);

	if (kind < COUNT(pieces)) {
		buffer_add_str(out, pieces[kind]);
		return;
	}
	for (uint32_t i = random_below(20); i > 0; i--)
		buffer_add_char(out, (char)random_below(256));
}

/* Whole lines, each "nyz " or "nyz-" with n of 2, 3, 4, and nothing of what the peer said. */
static void
check_replies(struct span said, struct span told)
{
	while (said.len > 0) {
		struct span line = { 0 };
		size_t used = 0;

		cr_assert_eq(wire_next_line(said, 200, &line, &used), 1, "no line");
		cr_assert_gt(line.len, 4);
		cr_assert(line.data[0] >= '2' && line.data[0] <= '4',
			  "to \"%.*s\" it said \"%.*s\"", (int)told.len, told.data, (int)line.len,
			  line.data);
		cr_assert(line.data[3] == ' ' || line.data[3] == '-');
		cr_assert_null(memmem(line.data, line.len, "ZQX", 3));
		said = (struct span){ said.data + used, said.len - used };
	}
}

/* A message is under way from the dot to the answer, and then one reply comes a recipient. */
static void
random_session(void)
{
	AUTO(peer_donep) struct peer p;
	AUTO(buffer_done) struct buffer told = { 0 };

	for (uint32_t i = 1 + random_below(12); i > 0; i--)
		add_random_piece(&told);
	peer_start(&p);
	p.outcome = (enum submission_outcome)random_below(4);
	p.session.paused = random_below(8) == 0;
	tell(&p, buffer_span(&told), 1 + random_below(60));
	if (p.session.state == LMTP_WAITING) {
		lmtp_session_resume(&p.session);
		go_on(&p);
	}
	check_replies(buffer_span(&p.said), buffer_span(&told));
	lmtp_session_confirm(&p.session);
}

Test(lmtp, no_sequence_of_commands_is_answered_5yz_or_echoed)
{
	for (int i = 0; i < 200000; i++)
		random_session();
}

/* However it is cut, a session says and takes the same. */
Test(lmtp, random_sessions_are_answered_alike_however_they_are_cut)
{
	for (int i = 0; i < 5000; i++) {
		AUTO(buffer_done) struct buffer told = { 0 };
		AUTO(peer_donep) struct peer whole;
		AUTO(peer_donep) struct peer cut;

		for (uint32_t n = 1 + random_below(15); n > 0; n--)
			add_random_piece(&told);
		peer_start(&whole);
		peer_start(&cut);
		tell(&whole, buffer_span(&told), told.len + 1);
		tell(&cut, buffer_span(&told), 1 + random_below(5));
		cr_assert(span_equal(buffer_span(&whole.said), buffer_span(&cut.said)));
		cr_assert(span_equal(buffer_span(&whole.bodies), buffer_span(&cut.bodies)));
		cr_assert(span_equal(buffer_span(&whole.rcpts), buffer_span(&cut.rcpts)));
		lmtp_session_confirm(&whole.session);
		lmtp_session_confirm(&cut.session);
	}
}
