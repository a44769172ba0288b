/* test_lmtp_random.c: whatever a peer says, in whatever pieces. */
#include "tests/unit/qmgr/lmtp_fixture.h"

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
