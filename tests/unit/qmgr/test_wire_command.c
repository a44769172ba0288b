/* test_wire_command.c: what stands in a command is read, whatever it is. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "qmgr/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S(literal)                                                                                 \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct {
	struct span line;
	enum wire_verb verb;
	struct span argument;
} verbs[] = {
	{ S("LHLO mx.example.org"), WIRE_LHLO, S("mx.example.org") },
	{ S("mail FROM:<>"), WIRE_MAIL, S("FROM:<>") },
	{ S("Rcpt\tTO:<a@b>  "), WIRE_RCPT, S("TO:<a@b>") },
	{ S("DATA"), WIRE_DATA, S("") },
	{ S("data "), WIRE_DATA, S("") },
	{ S("RSET"), WIRE_RSET, S("") },
	{ S("NOOP  hi  there "), WIRE_NOOP, S("hi  there") },
	{ S("VRFY x"), WIRE_VRFY, S("x") },
	{ S("QUIT"), WIRE_QUIT, S("") },
	{ S("EHLO x"), WIRE_HELO, S("x") },
	{ S("HELO x"), WIRE_HELO, S("x") },
	{ S(""), WIRE_OTHER, S("") },
	{ S("   "), WIRE_OTHER, S("") },
	{ S("DATAX"), WIRE_OTHER, S("") },
	{ S("DAT"), WIRE_OTHER, S("") },
	{ S("DATA\r"), WIRE_OTHER, S("") },
	{ S("QUIT\0"), WIRE_OTHER, S("") },
	{ S("RCPT TO:<a@b>\n"), WIRE_RCPT, S("TO:<a@b>\n") },
};

Test(wire_command, a_line_is_split_into_its_verb_and_a_trimmed_argument)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		struct span argument;

		cr_expect_eq(wire_parse_verb(verbs[i].line, &argument), verbs[i].verb, "case %zu",
			     i);
		cr_expect(span_equal(argument, verbs[i].argument), "case %zu: \"%.*s\"", i,
			  (int)argument.len, argument.data);
	}
}

/* path is empty and bad set where the command is to be refused. */
static const struct {
	struct span argument, path, notify, orcpt;
	bool bad;
} rcpts[] = {
	{ S("TO:<a@b.example>"), S("a@b.example"), S(""), S(""), false },
	{ S("to:<a@b>"), S("a@b"), S(""), S(""), false },
	{ S("TO: <a@b>"), S("a@b"), S(""), S(""), false },
	{ S("TO:\t <a@b>\t"), S("a@b"), S(""), S(""), false },
	{ S("TO:a@b"), S("a@b"), S(""), S(""), false },
	{ S("TO:foo"), S("foo"), S(""), S(""), false },
	{ S("TO:foo NOTIFY=NEVER"), S("foo"), S("NEVER"), S(""), false },
	{ S("TO:<>"), S(""), S(""), S(""), false },
	{ S("TO:"), S(""), S(""), S(""), false },
	{ S("TO:<postmaster>"), S("postmaster"), S(""), S(""), false },
	/* parameters */
	{ S("TO:<a@b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bx@b"), S("a@b"), S("SUCCESS,FAILURE"),
	  S("rfc822;a+2Bx@b"), false },
	{ S("TO:<a@b>  orcpt=rfc822;x=y@b   Notify=NEVER"), S("a@b"), S("NEVER"), S("rfc822;x=y@b"),
	  false },
	{ S("TO:<a@b>NOTIFY=NEVER"), S("a@b"), S("NEVER"), S(""), false },
	{ S("TO:<a@b> X-UNKNOWN NOTIFY=NEVER Y= =z NOTIFYX=1"), S("a@b"), S("NEVER"), S(""),
	  false },
	{ S("TO:<a@b> NOTIFY= ORCPT"), S("a@b"), S(""), S(""), false },
	{ S("TO:<a@b> ORCPT=rfc822;x>"), S("a@b"), S(""), S("rfc822;x>"), false },
	/* quoted local parts */
	{ S("TO:<\"a>b\"@c>"), S("\"a>b\"@c"), S(""), S(""), false },
	{ S("TO:<\"a> b\"@c> NOTIFY=NEVER"), S("\"a> b\"@c"), S("NEVER"), S(""), false },
	{ S("TO:<\"a\\\"> b\"@c>"), S("\"a\\\"> b\"@c"), S(""), S(""), false },
	{ S("TO:<\"a\\\\\"@c> NOTIFY=NEVER"), S("\"a\\\\\"@c"), S("NEVER"), S(""), false },
	{ S("TO:\"a b\"@c NOTIFY=NEVER"), S("\"a b\"@c"), S("NEVER"), S(""), false },
	{ S("TO:<a.\"b>c\"@d>"), S("a.\"b>c\"@d"), S(""), S(""), false },
	{ S("TO:<\"never closed@c> NOTIFY=NEVER"), S("\"never closed@c"), S("NEVER"), S(""),
	  false },
	{ S("TO:<a\"b@c> ORCPT=rfc822;\"x>"), S("a\"b@c"), S(""), S("rfc822;\"x>"), false },
	/* source routes */
	{ S("TO:<@x,@y:a@b>"), S("a@b"), S(""), S(""), false },
	{ S("TO:@x:a@b"), S("a@b"), S(""), S(""), false },
	{ S("TO:<@[IPv6:::1]:a@b>"), S("a@b"), S(""), S(""), false },
	{ S("TO:<@x:\"a>b\"@c>"), S("\"a>b\"@c"), S(""), S(""), false },
	{ S("TO:<@x:>"), S("@x:"), S(""), S(""), false },
	{ S("TO:@x:"), S("@x:"), S(""), S(""), false },
	{ S("TO:<@x>"), S("@x"), S(""), S(""), false },
	{ S("TO:<\"@x:a\"@b>"), S("\"@x:a\"@b"), S(""), S(""), false },
	/* no address at all: kept as bytes */
	{ S("TO:<жертва@пример.example>"), S("жертва@пример.example"), S(""), S(""), false },
	{ S("TO:<\xff\xfe@b>"), S("\xff\xfe@b"), S(""), S(""), false },
	{ S("TO:<a\0b@c>"), S("a\0b@c"), S(""), S(""), false },
	{ S("TO:<a\nb\r@c>"), S("a\nb\r@c"), S(""), S(""), false },
	{ S("TO:<two words@c>"), S("two words@c"), S(""), S(""), false },
	{ S("TO:<a>b@c>"), S("a>b@c"), S(""), S(""), false },
	{ S("TO:<a@b NOTIFY=NEVER"), S("a@b"), S("NEVER"), S(""), false },
	{ S("TO:<<a@b>>"), S("<a@b>"), S(""), S(""), false },
	{ S("TO:a@b>"), S("a@b>"), S(""), S(""), false },
	/* refused */
	{ S(""), S(""), S(""), S(""), true },
	{ S("<a@b>"), S(""), S(""), S(""), true },
	{ S("FROM:<a@b>"), S(""), S(""), S(""), true },
	{ S("TO"), S(""), S(""), S(""), true },
};

Test(wire_command, any_recipient_is_kept_as_the_bytes_it_is)
{
	for (size_t i = 0; i < COUNT(rcpts); i++) {
		struct wire_rcpt rcpt = { 0 };
		struct error err = { 0 };
		int rc = wire_parse_rcpt(rcpts[i].argument, &rcpt, &err);

		cr_expect_eq(rc, rcpts[i].bad ? -1 : 0, "case %zu", i);
		cr_expect_eq(err.class != ERROR_NONE, rcpts[i].bad, "case %zu", i);
		cr_expect(span_equal(rcpt.path, rcpts[i].path), "case %zu: \"%.*s\"", i,
			  (int)rcpt.path.len, rcpt.path.data);
		cr_expect(span_equal(rcpt.notify, rcpts[i].notify), "case %zu", i);
		cr_expect(span_equal(rcpt.orcpt, rcpts[i].orcpt), "case %zu", i);
	}
}

static const struct {
	struct span argument, path;
	int64_t size;
	enum wire_body body;
	bool smtputf8;
	struct span ret, envid;
	bool bad;
} mails[] = {
	{ S("FROM:<>"), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("FROM: <>"), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("from:<> size=123"), S(""), 123, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("FROM:<a@b> SIZE=0 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x+2By"), S("a@b"), 0,
	  WIRE_BODY_8BITMIME, true, S("HDRS"), S("x+2By"), false },
	{ S("FROM:<> body=8bitmime ret=full smtputf8"), S(""), -1, WIRE_BODY_8BITMIME, true,
	  S("FULL"), S(""), false },
	{ S("FROM:<> BODY=7BIT"), S(""), -1, WIRE_BODY_7BIT, false, S(""), S(""), false },
	{ S("FROM:<> BODY=BINARYMIME RET=SOME SIZE=x1"), S(""), -1, WIRE_BODY_NONE, false, S(""),
	  S(""), false },
	{ S("FROM:<> SIZE= SMTPUTF8X"), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("FROM:<> SIZE=9223372036854775807"), S(""), INT64_MAX, WIRE_BODY_NONE, false, S(""),
	  S(""), false },
	{ S("FROM:<> SIZE=99999999999999999999999999"), S(""), INT64_MAX, WIRE_BODY_NONE, false,
	  S(""), S(""), false },
	{ S("FROM:<>SIZE=5"), S(""), 5, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("FROM:<@x:>"), S("@x:"), -1, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("FROM:<@x:a@b>"), S("a@b"), -1, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("FROM:SIZE=1"), S("SIZE=1"), -1, WIRE_BODY_NONE, false, S(""), S(""), false },
	{ S("FROM:<"), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), true },
	{ S("FROM:< SIZE=1"), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), true },
	{ S("FROM:"), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), true },
	{ S("FROM:  "), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), true },
	{ S("TO:<>"), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), true },
	{ S(""), S(""), -1, WIRE_BODY_NONE, false, S(""), S(""), true },
};

Test(wire_command, a_sender_and_its_parameters_are_read_and_only_brackets_make_the_null_sender)
{
	for (size_t i = 0; i < COUNT(mails); i++) {
		struct wire_mail mail = { .size = -1 };
		struct error err = { 0 };
		int rc = wire_parse_mail(mails[i].argument, &mail, &err);

		cr_expect_eq(rc, mails[i].bad ? -1 : 0, "case %zu", i);
		cr_expect_eq(err.class != ERROR_NONE, mails[i].bad, "case %zu", i);
		cr_expect(span_equal(mail.path, mails[i].path), "case %zu", i);
		cr_expect_eq(mail.size, mails[i].size, "case %zu", i);
		cr_expect_eq(mail.body, mails[i].body, "case %zu", i);
		cr_expect_eq(mail.smtputf8, mails[i].smtputf8, "case %zu", i);
		cr_expect(span_equal(mail.ret, mails[i].ret), "case %zu", i);
		cr_expect(span_equal(mail.envid, mails[i].envid), "case %zu", i);
	}
}
