/* test_lmtp.c: a session in order, one that waits, and answers that may be lost. */
#include "tests/unit/qmgr/lmtp_fixture.h"

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
