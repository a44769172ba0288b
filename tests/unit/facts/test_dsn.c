/* test_dsn.c: machine-readable delivery reports (RFC 3464, 6533), and how reporters bend them. */
#include "tests/unit/facts/support.h"

#define REPORT(type, fields)                                                                       \
	"From: MAILER-DAEMON@mx.example\nSubject: report\n"                                        \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"              \
	"--b\n\ntext\n--b\nContent-Type: " type "\n\n" fields "\n--b--\n"
#define DSN(fields) REPORT("message/delivery-status", fields)

/* "final|original|status|action|diagnostic|remote" a recipient, "-" for none */
static char *
recipients_as_text(const struct facts *f)
{
	struct buffer text = { 0 };

	for (size_t i = 0; i < f->recipients_len; i++) {
		const struct facts_recipient *r = &f->recipients[i];
		const char *const all[] = { r->final,  r->original,   r->status,
					    r->action, r->diagnostic, r->remote_mta };

		for (size_t k = 0; k < 6; k++)
			buffer_printf(&text, "%s%s", k > 0 ? "|" : "",
				      all[k] != NULL ? all[k] : "-");
		buffer_add_char(&text, '\n');
	}
	return buffer_take(&text);
}

static const struct {
	const char *name, *message;
	enum facts_class class;
	const char *recipients;
} cases[] = {
	{ "as RFC 3464 writes it",
	  DSN("Reporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822;c@d.example\n"
	      "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
	      "Remote-MTA: dns; r.example\nDiagnostic-Code: smtp; 550 5.1.1\n no such user\n"),
	  FACTS_FAILED, "a@b.example|c@d.example|5.1.1|failed|550 5.1.1 no such user|r.example\n" },
	{ "without blanks behind ;",
	  DSN("Reporting-MTA: dns;mx.example\n\nFinal-Recipient: rfc822;a@b.example\nAction: "
	      "failed\n"
	      "Status: 5.1.1\nRemote-MTA: dns;r.example\n"),
	  FACTS_FAILED, "a@b.example|-|5.1.1|failed|-|r.example\n" },
	{ "without types",
	  DSN("Reporting-MTA: mx.example\n\nFinal-Recipient: a@b.example\nAction: Failed\n"
	      "Status: 5.1.1\nDiagnostic-Code: 550 no\n"),
	  FACTS_FAILED, "a@b.example|-|5.1.1|failed|550 no|-\n" },
	{ "comments",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example (A)\n"
	      "Action: failed (no more tries)\nStatus: 5.0.0 (permanent failure)\n"),
	  FACTS_FAILED, "a@b.example|-|5.0.0|failed|-|-\n" },
	{ "folded",
	  DSN("Reporting-MTA: dns;\n mx.example\n\nFinal-Recipient: rfc822;\n\ta@b.example\n"
	      "Action:\n failed\nStatus:\n 5.0.0\n"),
	  FACTS_FAILED, "a@b.example|-|5.0.0|failed|-|-\n" },
	{ "a failure with a 4.x status is a failure",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n"
	      "Action: failed\nStatus: 4.4.7\n"),
	  FACTS_FAILED, "a@b.example|-|4.4.7|failed|-|-\n" },
	{ "a delay with a 5.x status is a delay",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n"
	      "Action: delayed\nStatus: 5.0.0\n"),
	  FACTS_DELAYED, "a@b.example|-|5.0.0|delayed|-|-\n" },
	{ "failed outweighs delayed outweighs the rest",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n"
	      "Action: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; c@b.example\n"
	      "Action: delayed\nStatus: 4.0.0\n\nFinal-Recipient: rfc822; d@b.example\n"
	      "Action: failed\nStatus: 5.0.0\n"),
	  FACTS_FAILED,
	  "a@b.example|-|2.0.0|delivered|-|-\nc@b.example|-|4.0.0|delayed|-|-\n"
	  "d@b.example|-|5.0.0|failed|-|-\n" },
	{ "relayed",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n"
	      "Action: relayed\nStatus: 2.0.0\n"),
	  FACTS_RELAYED, "a@b.example|-|2.0.0|relayed|-|-\n" },
	{ "expanded",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n"
	      "Action: expanded\nStatus: 2.0.0\n"),
	  FACTS_EXPANDED, "a@b.example|-|2.0.0|expanded|-|-\n" },
	{ "no blank line between the groups",
	  DSN("Reporting-MTA: dns; mx.example\nFinal-Recipient: rfc822; a@b.example\n"
	      "Action: failed\nStatus: 5.0.0\nFinal-Recipient: rfc822; c@b.example\n"
	      "Action: failed\nStatus: 5.1.1\n"),
	  FACTS_FAILED, "a@b.example|-|5.0.0|failed|-|-\nc@b.example|-|5.1.1|failed|-|-\n" },
	{ "a blank line too many",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n\n"
	      "Action: failed\nStatus: 5.0.0\n\n\nFinal-Recipient: rfc822; c@b.example\n"
	      "Action: failed\nStatus: 5.1.1\n"),
	  FACTS_FAILED, "a@b.example|-|5.0.0|failed|-|-\nc@b.example|-|5.1.1|failed|-|-\n" },
	{ "Original-Recipient first",
	  DSN("Reporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822;o@b.example\n"
	      "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n\n"
	      "Original-Recipient: rfc822;p@b.example\nFinal-Recipient: rfc822; c@b.example\n"
	      "Action: failed\nStatus: 5.1.1\n"),
	  FACTS_FAILED,
	  "a@b.example|o@b.example|5.0.0|failed|-|-\nc@b.example|p@b.example|5.1.1|failed|-|-\n" },
	{ "X-Actual-Recipient stands in for a missing Final-Recipient",
	  DSN("Reporting-MTA: dns; mx.example\n\nX-Actual-Recipient: rfc822; a@b.example\n"
	      "Action: failed\nStatus: 5.0.0\n"),
	  FACTS_FAILED, "a@b.example|-|5.0.0|failed|-|-\n" },
	{ "global",
	  REPORT("message/global-delivery-status",
		 "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: utf-8; \\x{43D}@b.example\n"
		 "Original-Recipient: utf-8; \\x{43D}+3D@b.example\nAction: failed\nStatus: "
		 "5.6.7\n"),
	  FACTS_FAILED, "н@b.example|н=@b.example|5.6.7|failed|-|-\n" },
	{ "base64",
	  REPORT("message/delivery-status\nContent-Transfer-Encoding: base64",
		 "UmVwb3J0aW5nLU1UQTogZG5zOyB4CgpGaW5hbC1SZWNpcGllbnQ6IHJmYzgyMjsgYUBiLmV4\n"
		 "YW1wbGUKQWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjAuMAo=\n"),
	  FACTS_FAILED, "a@b.example|-|5.0.0|failed|-|-\n" },
	{ "a status that is none",
	  DSN("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n"
	      "Action: failed\nStatus: 5.x\n"),
	  FACTS_FAILED, "a@b.example|-|-|failed|-|-\n" },
};

Test(facts_dsn, reports_say_what_they_say_however_they_are_written)
{
	facts_init();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(facts_freep) struct facts *f = facts_of(cases[i].message);
		AUTO(freep) char *have = recipients_as_text(f);

		cr_expect_eq(f->class, cases[i].class, "%s: %s", cases[i].name,
			     facts_class_name(f->class));
		cr_expect_str_eq(have, cases[i].recipients, "%s:\n%s", cases[i].name, have);
	}
}

Test(facts_dsn, what_is_returned_is_read_from_each_kind_of_part)
{
	static const char *const types[] = { "message/rfc822", "text/rfc822-headers",
					     "message/rfc822-headers", "message/global",
					     "message/global-headers" };

	facts_init();
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		AUTO(freep)
		char *message = xasprintf(
			"Content-Type: multipart/report; boundary=b\n\n--b\n"
			"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
			"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n\n"
			"--b\nContent-Type: %s\n\nReturn-Path: <s@c.example>\n"
			"Received: from x (y [10.0.0.1]) by z; date\n"
			"Received: from x (HELO [192.0.2.1]) (203.0.113.9) by z; date\n"
			"From: =?utf-8?q?J=C3=BCrgen?= <s@c.example>\nSubject: =?utf-8?b?w6Q=?=\n"
			"Message-ID:\n <m@c.example>\n\nbody\n--b--\n",
			types[i]);
		AUTO(facts_freep) struct facts *f = facts_of(message);

		cr_expect_str_eq(f->original.message_id, "<m@c.example>", "%s", types[i]);
		cr_expect_str_eq(f->original.from, "Jürgen <s@c.example>", "%s", types[i]);
		cr_expect_str_eq(f->original.subject, "ä", "%s", types[i]);
		cr_expect_str_eq(f->original.return_path, "s@c.example", "%s", types[i]);
		cr_expect_str_eq(f->original.client_ip, "203.0.113.9", "%s", types[i]);
	}
}

Test(facts_dsn, more_recipients_than_the_limit_make_it_unknown_and_marked)
{
	AUTO(buffer_done) struct buffer m = { 0 };
	AUTO(facts_freep) struct facts *f = NULL;

	facts_init();
	buffer_add_str(&m, "Content-Type: multipart/report; boundary=b\n\n--b\n"
			   "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n");
	for (int i = 0; i < 10001; i++)
		buffer_printf(&m, "\nFinal-Recipient: rfc822; a%d@b.example\nAction: failed\n", i);
	f = facts_from_message(buffer_span(&m), NULL);
	cr_assert(f->limits);
	cr_assert_eq(f->class, FACTS_UNKNOWN);
	cr_assert_eq(f->recipients_len, 10000);
}

Test(facts_dsn, a_report_whose_action_nobody_knows_is_decided_by_its_status_or_not_at_all)
{
	static const char *const statuses[] = { "Status: 5.0.0\n", "Status: 4.0.0\n",
						"Status: 2.0.0\n", "" };
	static const enum facts_class classes[] = { FACTS_FAILED, FACTS_FAILED, FACTS_DELIVERED,
						    FACTS_UNKNOWN };
	const struct facts_envelope null_sender = { .sender = "" };

	facts_init();
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		AUTO(freep)
		char *message = xasprintf(
			"From: x@y.example\nContent-Type: multipart/report; boundary=b\n\n--b\n"
			"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
			"Final-Recipient: rfc822; a@b.example\nAction: xxxx\n%s\n--b--\n",
			statuses[i]);
		AUTO(facts_freep)
		struct facts *f = facts_from_message(span_of(message), &null_sender);

		cr_expect_eq(f->class, classes[i], "%s: %s", statuses[i],
			     facts_class_name(f->class));
	}
}
