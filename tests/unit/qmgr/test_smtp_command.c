/* test_smtp_command.c: no stranger's byte leaves its place in a command. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/cleanup.h"
#include "qmgr/smtp_client.h"
#include "qmgr/smtp_command.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S(literal)                                                                                 \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}
#define ALL (SMTP_PIPELINING | SMTP_8BITMIME | SMTP_SMTPUTF8 | SMTP_DSN)

static const struct {
	struct span rcpt;
	bool fine;
} rcpts[] = {
	{ S("a@b.example"), true },
	{ S("postmaster"), true },
	{ S("SRS0=HHH=TT=a.example=x@b.example"), true },
	{ S("\"a b\"@c"), true },
	{ S("\"a>b<\"@c"), true },
	{ S("\"a\\\"> b\"@c"), true },
	{ S("\"a b\".y@c"), true },
	{ S("x.\"a\".y@c"), true },
	{ S("\"a b\""), true },
	{ S("a@[IPv6:::1]"), true },
	{ S("жертва@пример.example"), true },
	{ S(""), false },
	{ S("a@b>\r\nDATA\r\n"), false },
	{ S("a@b\r\nDATA"), false },
	{ S("a@b\nDATA"), false },
	{ S("a@b\rDATA"), false },
	{ S("a\0@b"), false },
	{ S("a\t@b"), false },
	{ S("a\x7f@b"), false },
	{ S("a@b> ORCPT=rfc822;x"), false },
	{ S("a@b>"), false },
	{ S("<a@b"), false },
	{ S("a b@c"), false },
	{ S("a@b NOTIFY=NEVER"), false },
	{ S("\"a@b"), false },
	{ S("\"a\\\"@b"), false },
	{ S("\"a\\"), false },
	{ S("a\"> b\"@c"), false },
	{ S("x.\"a> b\".y@c"), false },
	{ S("\"a\".\"> b\"@c"), false },
	{ S("\"a\"b> \"@c"), false },
	{ S("\"a\" b@c"), false },
	{ S("\"a\r\nb\"@c"), false },
	{ S("\"a\"@b> x"), false },
	{ S("a\xff@b"), false },
};

Test(smtp_command, a_recipient_that_could_break_out_of_its_line_is_objected_to)
{
	for (size_t i = 0; i < COUNT(rcpts); i++)
		cr_expect_eq(smtp_rcpt_objection(rcpts[i].rcpt) == NULL, rcpts[i].fine, "case %zu",
			     i);
}

Test(smtp_command, a_recipient_of_1000_bytes_is_fine_and_of_1001_is_not)
{
	char rcpt[1001];

	memset(rcpt, 'a', sizeof(rcpt));
	cr_assert_null(smtp_rcpt_objection((struct span){ rcpt, 1000 }));
	cr_assert_not_null(smtp_rcpt_objection((struct span){ rcpt, 1001 }));
}

static const struct {
	struct smtp_mail mail;
	unsigned extensions;
	const char *line;
} mails[] = {
	{ { .rcpt = S("a@b") }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .body_8bit = true, .smtputf8 = true, .ret = "HDRS", .envid = "x+2B" },
	  ALL,
	  "MAIL FROM:<> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+2B\r\n" },
	{ { .rcpt = S("a@b"), .body_8bit = true, .smtputf8 = true, .ret = "HDRS", .envid = "x" },
	  0,
	  "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("ж@b") }, ALL, "MAIL FROM:<> SMTPUTF8\r\n" },
	{ { .sender = S("s@b"), .rcpt = S("a@b") }, ALL, "MAIL FROM:<s@b>\r\n" },
	{ { .sender = S("ж@b"), .rcpt = S("a@b") }, ALL, "MAIL FROM:<ж@b> SMTPUTF8\r\n" },
	{ { .rcpt = S("a@b"), .ret = "full" }, ALL, "MAIL FROM:<> RET=full\r\n" },
	{ { .rcpt = S("a@b"), .ret = "FULL X" }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .ret = "", .envid = "" }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .envid = "a b" }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .envid = "a\r\nDATA" }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .envid = "a=b" }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .envid = "a+2b" }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .envid = "a+2" }, ALL, "MAIL FROM:<>\r\n" },
	{ { .rcpt = S("a@b"), .envid = "ж", .smtputf8 = true }, ALL, "MAIL FROM:<> SMTPUTF8\r\n" },
};

Test(smtp_command, mail_says_only_what_is_well_formed_and_offered)
{
	for (size_t i = 0; i < COUNT(mails); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		smtp_add_mail(&out, &mails[i].mail, mails[i].extensions);
		cr_expect_str_eq(out.data, mails[i].line, "case %zu", i);
	}
}

static const struct {
	struct smtp_mail mail;
	unsigned extensions;
	const char *line;
} to[] = {
	{ { .rcpt = S("a@b") }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("\"a> b\"@c") }, ALL, "RCPT TO:<\"a> b\"@c>\r\n" },
	{ { .rcpt = S("a@b"), .notify = "NEVER", .orcpt = "rfc822;a+2Bx@b" },
	  ALL,
	  "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a+2Bx@b\r\n" },
	{ { .rcpt = S("a@b"), .notify = "NEVER", .orcpt = "rfc822;a@b" }, 0, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .notify = "success,Delay,FAILURE" },
	  ALL,
	  "RCPT TO:<a@b> NOTIFY=success,Delay,FAILURE\r\n" },
	{ { .rcpt = S("a@b"), .notify = "SUCCESS,NEVER" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .notify = "SUCCESS,SUCCESS" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .notify = "SUCCESS," }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .notify = "" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .notify = "NEVER\r\nDATA" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "a@b" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = ";a@b" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "rfc822;" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "rfc 822;x" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "rfc822;x y" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "rfc822;x\r\nDATA" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "utf-8;ж@b" }, ALL, "RCPT TO:<a@b>\r\n" },
	{ { .rcpt = S("a@b"), .orcpt = "utf-8;\\x{436}@b" },
	  ALL,
	  "RCPT TO:<a@b> ORCPT=utf-8;\\x{436}@b\r\n" },
	{ { .rcpt = S("ж@b"), .orcpt = "utf-8;ж@b" }, ALL, "RCPT TO:<ж@b> ORCPT=utf-8;ж@b\r\n" },
	{ { .rcpt = S("ж@b"), .orcpt = "utf-8;\xff@b" }, ALL, "RCPT TO:<ж@b>\r\n" },
	{ { .rcpt = S("ж@b"), .orcpt = "rfc822;ж@b" }, ALL, "RCPT TO:<ж@b>\r\n" },
};

Test(smtp_command, rcpt_says_only_what_is_well_formed_and_offered)
{
	for (size_t i = 0; i < COUNT(to); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		smtp_add_rcpt(&out, &to[i].mail, 0, to[i].extensions);
		cr_expect_str_eq(out.data, to[i].line, "case %zu", i);
	}
}

Test(smtp_command, parameters_longer_than_rfc_3461_allows_are_left_out)
{
	AUTO(buffer_done) struct buffer out = { 0 };
	char envid[102], orcpt[502];
	struct smtp_mail mail = { .rcpt = SPAN("a@b"), .envid = envid, .orcpt = orcpt };

	memset(envid, 'e', 101);
	envid[101] = '\0';
	memset(orcpt, 'o', 501);
	orcpt[501] = '\0';
	orcpt[1] = ';';
	smtp_add_mail(&out, &mail, ALL);
	smtp_add_rcpt(&out, &mail, 0, ALL);
	cr_assert_str_eq(out.data, "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\n");
	buffer_clear(&out);
	envid[100] = '\0';
	orcpt[500] = '\0';
	smtp_add_mail(&out, &mail, ALL);
	smtp_add_rcpt(&out, &mail, 0, ALL);
	cr_assert_eq(out.len, strlen("MAIL FROM:<> ENVID=\r\nRCPT TO:<a@b> ORCPT=\r\n") + 600);
}

static const struct {
	const char *ehlo;
	unsigned extensions;
} ehlos[] = {
	{ "", 0 },
	{ "mx.example", 0 },
	{ "PIPELINING", 0 },
	{ "mx\nPIPELINING\n8BITMIME\nSMTPUTF8\nDSN", ALL },
	{ "mx\npipelining\nSIZE 1000\ndsn ", SMTP_PIPELINING | SMTP_DSN },
	{ "mx\nPIPELININGS\nXDSN\nSIZE DSN\n\nAUTH=DSN", 0 },
	{ "mx\nDSN\n", SMTP_DSN },
};

Test(smtp_command, extensions_are_the_first_words_of_the_lines_behind_the_greeting)
{
	for (size_t i = 0; i < COUNT(ehlos); i++)
		cr_expect_eq(smtp_read_extensions(span_of(ehlos[i].ehlo)), ehlos[i].extensions,
			     "case %zu", i);
}
