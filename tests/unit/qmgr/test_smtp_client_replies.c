/* test_smtp_client_replies.c: what a relay's replies, or their absence, make of a mail. */
#include "tests/unit/qmgr/smtp_client_fixture.h"

static const struct script refusals[] = {
	/* the greeting and EHLO never refuse for good */
	{ { "accept", "> 554 no", QUIT }, SMTP_NO_CONTACT, "554 no" },
	{ { "accept", "> 421 later", "close" }, SMTP_NO_CONTACT, "421 later" },
	{ { HELLO, "> 450 later", QUIT }, SMTP_NO_CONTACT, "450 later" },
	{ { HELLO, "> 550 what", "< HELO ndrq.example", "> 550 no", QUIT },
	  SMTP_NO_CONTACT,
	  "550 no" },
	/* one command at a time */
	{ { BARE, TO_MAIL, "hush", "> 451 4.3.0 later", QUIT }, SMTP_RETRY, "451 4.3.0 later" },
	{ { BARE, TO_MAIL, "> 550 5.7.1 no", QUIT }, SMTP_REFUSED, "550 5.7.1 no" },
	{ { BARE, TO_MAIL, "> 421 closing", "close" }, SMTP_RETRY, "421 closing" },
	{ { BARE, TO_RCPT, "hush", "> 450 later", QUIT }, SMTP_RETRY, "450 later" },
	{ { BARE, TO_RCPT, "> 550-5.1.1 no", "> 550 5.1.1 such \x1b[2Juser", QUIT },
	  SMTP_REFUSED,
	  "550 5.1.1 no 5.1.1 such \\x1b[2Juser" },
	{ { BARE, TO_DATA, "> 451 later", QUIT }, SMTP_RETRY, "451 later" },
	{ { BARE, TO_DATA, "> 554 no", QUIT }, SMTP_REFUSED, "554 no" },
	{ { BARE, TO_DATA, "hush", "> 354 go", "data", "> 451 4.3.0 full", QUIT },
	  SMTP_RETRY,
	  "451 4.3.0 full" },
	{ { BARE, TO_DATA, "> 354 go", "data", "> 550 5.7.1 spam", QUIT },
	  SMTP_REFUSED,
	  "550 5.7.1 spam" },
	{ { PIPELINING, TO_BODY, "data", "> 421 shutting down", QUIT },
	  SMTP_RETRY,
	  "421 shutting down" },
	/* together: the first "no" is the one that counts */
	{ { PIPELINING, MAIL_RCPT_DATA, "> 550 no sender", "> 503 no", "> 503 no", QUIT },
	  SMTP_REFUSED,
	  "550 no sender" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 451 later", "> 503 no", "> 503 no", QUIT },
	  SMTP_RETRY,
	  "451 later" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 450 later", "> 554 no recipients", QUIT },
	  SMTP_RETRY,
	  "450 later" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "> 554 no recipients", QUIT },
	  SMTP_REFUSED,
	  "550 no user" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 451 disk", QUIT },
	  SMTP_RETRY,
	  "451 disk" },
	/* RFC 2920 3.1: DATA was taken though there is no recipient */
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "> 354 go", "< .",
	    "> 250 thanks", QUIT },
	  SMTP_REFUSED,
	  "550 no user" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 450 later", "> 354 go", "< .", "> 554 none",
	    QUIT },
	  SMTP_RETRY,
	  "450 later" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "> 354 go", "< .", "close" },
	  SMTP_REFUSED,
	  "550 no user" },
};

Test(smtp_client, a_no_is_told_with_the_words_of_the_relay_and_its_class)
{
	for (size_t i = 0; i < COUNT(refusals); i++)
		follow(&refusals[i], i);
}

static const struct script lost[] = {
	{ { "accept", "close" }, SMTP_NO_CONTACT, "waiting for the greeting" },
	{ { HELLO, "close" }, SMTP_NO_CONTACT, "waiting for the reply to EHLO" },
	{ { HELLO, ">>250-relay\r\n", "close" }, SMTP_NO_CONTACT, "waiting for the reply to EHLO" },
	{ { HELLO, "> 500 what", "< HELO ndrq.example", "close" },
	  SMTP_NO_CONTACT,
	  "waiting for the reply to HELO" },
	{ { BARE, TO_MAIL, "close" }, SMTP_RETRY, "waiting for the reply to MAIL" },
	{ { BARE, TO_RCPT, "close" }, SMTP_RETRY, "waiting for the reply to RCPT" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "close" },
	  SMTP_RETRY,
	  "waiting for the reply to DATA" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 550 no user", "close" },
	  SMTP_REFUSED,
	  "550 no user" },
	{ { PIPELINING, TO_BODY, "data", "close" },
	  SMTP_UNKNOWN,
	  "waiting for the reply to the final dot" },
	{ { PIPELINING, TO_BODY, "data", ">>250 o", "close" },
	  SMTP_UNKNOWN,
	  "waiting for the reply to the final dot" },
	{ { PIPELINING, TO_BODY, "data", ">>250-ok\r\n", "close" },
	  SMTP_UNKNOWN,
	  "waiting for the reply to the final dot" },
	/* nonsense */
	{ { "accept", "> SSH-2.0-OpenSSH_9.2", "eof" }, SMTP_NO_CONTACT, "does not speak SMTP" },
	{ { HELLO, "> 250-relay", "> 550 no", "eof" }, SMTP_NO_CONTACT, "does not speak SMTP" },
	{ { BARE, TO_MAIL, "> 354 go", "eof" }, SMTP_RETRY, "354 go" },
	{ { PIPELINING, MAIL_RCPT_DATA, "> 250 ok", "> 250 ok", "> 250 ok", QUIT },
	  SMTP_RETRY,
	  "250 ok" },
	{ { PIPELINING, TO_BODY, "data", "> hm", "eof" }, SMTP_UNKNOWN, "does not speak SMTP" },
	{ { PIPELINING, TO_BODY, "data", "> 354 more", QUIT }, SMTP_UNKNOWN, "354 more" },
};

Test(smtp_client, contact_that_is_lost_is_told_by_how_far_the_mail_had_come)
{
	for (size_t i = 0; i < COUNT(lost); i++)
		follow(&lost[i], i);
}

static const struct script good[] = {
	{ { BARE, TO_MAIL, "hush", "> 250 ok", "< RCPT TO:<a@b.example>", "hush", "> 250 ok",
	    "< DATA", "hush", "> 354 go", "data", "> 250 2.0.0 queued as 7", "close" },
	  SMTP_DONE,
	  "250 2.0.0 queued as 7" },
	{ { PIPELINING, ONE_MAIL, "close" }, SMTP_DONE, "250 ok" },
	{ { HELLO, "> 502 what", "< HELO ndrq.example", "> 250 relay", TO_MAIL, "hush", "> 250 ok",
	    "< RCPT TO:<a@b.example>", "> 251 will forward", "< DATA", "> 354 go", "data", "> 250",
	    "close" },
	  SMTP_DONE,
	  "250" },
	/* replies in pieces, and all in one */
	{ { "accept", ">>2", ">>20-re", ">>lay\r", ">>\n220 relay\r\n", "< EHLO ndrq.example",
	    ">>250-relay\r\n250-SIZE\r\n250 PIPELINING\r\n", MAIL_RCPT_DATA,
	    ">>250 ok\r\n250 ok\r\n354 go\r\n", "data", ">>250", ">> ok\r", ">>\n", "close" },
	  SMTP_DONE,
	  "250 ok" },
};

Test(smtp_client, a_mail_is_delivered_once_with_or_without_pipelining)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		follow(&good[i], i);
		cr_expect_str_eq(sender.reply, good[i].reply, "script %zu", i);
		cr_expect_str_eq(relay.body.data, PLAIN_TEXT, "script %zu", i);
	}
}

/* ---- several recipients ------------------------------------------------- */

static struct buffer refusals_heard;

static void
hear_refusal(void *ctx, size_t number, enum smtp_outcome outcome, const char *reply)
{
	(void)ctx;
	buffer_printf(&refusals_heard, "%zu %s %s|", number,
		      outcome == SMTP_REFUSED ? "refused" : "retry", reply);
}

#define S_R0      "< MAIL FROM:<s@b.example>", "< RCPT TO:<a@b.example>"
#define R1        "< RCPT TO:<c@b.example>"
#define R2        "< RCPT TO:<d@b.example>"
#define ALL_OF_IT S_R0, R1, R2, "< DATA"

static const struct {
	struct script script;
	const char *refused;
} several[] = {
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 250 ok", "> 250 ok", "> 250 ok", "> 354 go",
	      "data", "> 250 taken", "close" },
	    SMTP_DONE,
	    "250 taken" },
	  "" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 550 no", "> 250 ok", "> 452 full", "> 354 go",
	      "data", "> 250 taken", "close" },
	    SMTP_DONE,
	    "250 taken" },
	  "0 refused 550 no|2 retry 452 full|" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 250 ok", "> 552 too many", "> 450 later",
	      "> 354 go", "data", "> 554 spam", QUIT },
	    SMTP_REFUSED,
	    "554 spam" },
	  "1 retry 552 too many|2 retry 450 later|" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 550 a", "> 551 b", "> 450 c", "> 554 none",
	      QUIT },
	    SMTP_RETRY,
	    "450 c" },
	  "0 refused 550 a|1 refused 551 b|2 retry 450 c|" },
	{ { { PIPELINING, ALL_OF_IT, "> 550 a", "> 550 b", "> 551 c", "> 550 d", "> 354 go", "< .",
	      "> 554 none", QUIT },
	    SMTP_REFUSED,
	    "550 a" },
	  "" },
	{ { { PIPELINING, ALL_OF_IT, "> 550 MAIL", "> 503 x", "> 503 x", "> 503 x", "> 503 x",
	      QUIT },
	    SMTP_REFUSED,
	    "550 MAIL" },
	  "" },
	{ { { BARE, "< MAIL FROM:<s@b.example>", "> 250 ok", "< RCPT TO:<a@b.example>", "hush",
	      "> 550 no", R1, "hush", "> 250 ok", R2, "> 250 ok", "< DATA", "> 354 go", "data",
	      "> 250 taken", "close" },
	    SMTP_DONE,
	    "250 taken" },
	  "0 refused 550 no|" },
	{ { { BARE, "< MAIL FROM:<s@b.example>", "> 250 ok", "< RCPT TO:<a@b.example>", "> 550 a",
	      R1, "> 550 b", R2, "> 550 c", QUIT },
	    SMTP_REFUSED,
	    "550 c" },
	  "0 refused 550 a|1 refused 550 b|2 refused 550 c|" },
	{ { { PIPELINING, ALL_OF_IT, "> 250 ok", "> 550 no", "close" },
	    SMTP_RETRY,
	    "waiting for the reply to RCPT" },
	  "0 refused 550 no|" },
};

Test(smtp_client, of_several_recipients_each_hears_its_own)
{
	static const struct smtp_rcpt others[] = { { { "c@b.example", 11 }, NULL, NULL },
						   { { "d@b.example", 11 }, NULL, NULL } };

	for (size_t i = 0; i < COUNT(several); i++) {
		struct smtp_mail mail = plain;

		mail.sender = SPAN("s@b.example");
		mail.others = others;
		mail.others_len = 2;
		mail.refused = hear_refusal;
		buffer_clear(&refusals_heard);
		buffer_add_str(&refusals_heard, "");
		follow_with(&several[i].script, i, &mail, NULL);
		cr_expect(span_equal(buffer_span(&refusals_heard), span_of(several[i].refused)),
			  "%zu: %s", i, refusals_heard.data);
	}
}
