/* test_lmtp_refusals.c: what is refused is refused for now, and what ends a session. */
#include "tests/unit/qmgr/lmtp_fixture.h"

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
