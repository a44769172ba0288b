/* test_facts.c: classes, envelopes, traces, JSON. */
#include "tests/unit/facts/support.h"

#define MDN                                                                                        \
	"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"     \
	"--b\n\nseen\n--b\nContent-Type: message/disposition-notification\n\n"                     \
	"Final-Recipient: rfc822;a@b.example\nOriginal-Message-ID: <m@c.example>\n"                \
	"Disposition: manual-action/MDN-sent-manually; displayed\n--b--\n"
#define ARF                                                                                        \
	"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nx\n"    \
	"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nSource-IP: "          \
	"192.0.2.7\nOriginal-Rcpt-To: <a@b.example>\n\n--b\nContent-Type: message/rfc822\n\n"      \
	"Message-ID: <m@c.example>\n\nx\n--b--\n"
#define DSN                                                                                        \
	"Auto-Submitted: auto-replied\nContent-Type: multipart/report; boundary=b\n\n--b\n"        \
	"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"                       \
	"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n--b--\n"

static const struct {
	const char *name, *message;
	const char *sender; /* NULL: no envelope */
	enum facts_class class;
} cases[] = {
	{ "mail without envelope", "From: a@b.example\n\nhello\n", NULL, FACTS_MAIL },
	{ "mail", "From: a@b.example\n\nhello\n", "a@b.example", FACTS_MAIL },
	{ "a null sender proves nothing", "From: a@b.example\n\nhello\n", "", FACTS_UNKNOWN },
	{ "nothing", "", NULL, FACTS_MAIL },
	{ "nothing from nobody", "", "", FACTS_UNKNOWN },
	{ "receipt", MDN, "", FACTS_RECEIPT },
	{ "receipt from somebody", MDN, "a@b.example", FACTS_RECEIPT },
	{ "abuse report", ARF, NULL, FACTS_ABUSE_REPORT },
	{ "auto-reply", "Auto-Submitted: auto-replied (vacation)\n\nI am away\n", "",
	  FACTS_AUTO_REPLY },
	{ "generated is no reply", "Auto-Submitted: auto-generated\n\nx\n", "", FACTS_UNKNOWN },
	{ "no", "Auto-Submitted: no\n\nx\n", NULL, FACTS_MAIL },
	{ "a DSN that says auto-replied is a DSN", DSN, NULL, FACTS_FAILED },
	{ "a report in a forwarded message is not ours",
	  "From: a@b.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nlook at this\n"
	  "--o\nContent-Type: message/rfc822\n\n" DSN "--o--\n",
	  "a@b.example", FACTS_MAIL },
	{ "a message that is one message", "Content-Type: message/rfc822\n\n" DSN, NULL,
	  FACTS_MAIL },
};

Test(facts, the_class_follows_from_structure_then_header_then_envelope)
{
	facts_init();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct facts_envelope envelope = { .sender = cases[i].sender };
		AUTO(facts_freep)
		struct facts *f = facts_from_message(span_of(cases[i].message),
						     cases[i].sender == NULL ? NULL : &envelope);

		cr_expect_eq(f->class, cases[i].class, "%s: %s", cases[i].name,
			     facts_class_name(f->class));
	}
}

Test(facts, a_receipt_names_the_message_and_who_got_it)
{
	AUTO(facts_freep) struct facts *f = facts_of(MDN);

	cr_assert_str_eq(f->original.message_id, "<m@c.example>");
	cr_assert_eq(f->recipients_len, 1);
	cr_assert_str_eq(f->recipients[0].final, "a@b.example");
}

Test(facts, an_abuse_report_names_source_recipient_and_message)
{
	AUTO(facts_freep) struct facts *f = facts_of(ARF);

	cr_assert_str_eq(f->original.message_id, "<m@c.example>");
	cr_assert_str_eq(f->original.client_ip, "192.0.2.7");
	cr_assert_str_eq(f->recipients[0].original, "a@b.example");
}

Test(facts, class_names_go_both_ways)
{
	enum facts_class class;

	for (int i = 0; i < FACTS_CLASSES; i++) {
		cr_assert_eq(facts_class_from_name(facts_class_name((enum facts_class)i), &class),
			     1);
		cr_assert_eq(class, (enum facts_class)i);
	}
	cr_assert_eq(facts_class_from_name("bounce", &class), 0);
}

Test(facts, our_own_traces_are_read_from_the_top_header_only)
{
	AUTO(facts_freep)
	struct facts *f = facts_of(
		"Received: from [127.0.0.1] by mx.example (ndrq) id 42.0123456789abcdef\n"
		"\tfor <a@b.example>; Sat, 21 Nov 2026 20:15:48 +0000\n"
		"Received: by mx.example (ndrq) id 7.ffffffffffffffff; date\n"
		"Received: by mx.example (ndrq) id 8.short; date\n"
		"Received: by mx.example (ndrq) id 0123456789.0123456789abcdef0; date\n"
		"Received: (ndrq) id 9.0123456789abcdef; date\n"
		"Received: by two words (ndrq) id 9.0123456789abcdef; date\n"
		"Received: by mx.example (ndrq) id 99999999999999999999.0123456789abcdef; date\n"
		"Received: by mx.example (ndrq) id x.0123456789abcdef; date\n"
		"Content-Type: message/rfc822\n\n"
		"Received: by mx.example (ndrq) id 43.0123456789abcdef; date\n\n");

	cr_assert_eq(f->traces_len, 2);
	cr_assert_eq(f->traces[0].record, 42);
	cr_assert_eq(memcmp(f->traces[0].token, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8), 0);
	cr_assert_eq(f->traces[1].record, 7);
}

Test(facts, no_more_traces_are_kept_than_fit)
{
	AUTO(buffer_done) struct buffer m = { 0 };
	AUTO(facts_freep) struct facts *f = NULL;

	for (int i = 0; i < 100; i++)
		buffer_printf(&m, "Received: by h (ndrq) id %d.0123456789abcdef; date\n", i);
	f = facts_from_message(buffer_span(&m), NULL);
	cr_assert_eq(f->traces_len, FACTS_TRACES_MAX);
}

static const struct {
	const char *header, *sender, *rcpt;
} envelopes[] = {
	{ "Return-Path: <>\nTo: a@b.example\n\n", "", "a@b.example" },
	{ "Return-Path: <s@c.example>\nReturn-Path: <>\nTo: a@b.example, c@d.example\n\n",
	  "s@c.example", NULL },
	{ "X-Original-To: x@b.example\nDelivered-To: d@b.example\nTo: t@b.example\n\n", NULL,
	  "x@b.example" },
	{ "Delivered-To: d@b.example\nDelivered-To: e@b.example\nTo: t@b.example\n\n", NULL,
	  "d@b.example" },
	{ "To: Name <t@b.example>\n\n", NULL, "t@b.example" },
	{ "To: a@b.example\nTo: c@b.example\n\n", NULL, NULL },
	{ "To: undisclosed-recipients:;\n\n", NULL, NULL },
	{ "\nReturn-Path: <>\nTo: a@b.example\n", NULL, NULL },
	{ "", NULL, NULL },
};

Test(facts, an_envelope_is_taken_from_the_header)
{
	for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
		AUTO(freep) char *sender = NULL;
		AUTO(freep) char *rcpt = NULL;

		facts_envelope_from_header(span_of(envelopes[i].header), &sender, &rcpt);
		cr_expect(same(sender, envelopes[i].sender), "case %zu: %s", i, sender);
		cr_expect(same(rcpt, envelopes[i].rcpt), "case %zu: %s", i, rcpt);
	}
}

Test(facts, json_is_one_object_with_what_is_known)
{
	AUTO(facts_freep) struct facts *f = facts_of("Subject: \"x\"\n y\n\n");
	AUTO(freep) char *json = facts_to_json(f, "a\xFF\nb");

	cr_assert_str_eq(json, "{\"file\":\"a\xEF\xBF\xBD\\nb\",\"class\":\"mail\","
			       "\"subject\":\"\\\"x\\\" y\",\"recipients\":[],\"original\":{}}");
}

Test(facts, json_says_limits_only_when_there_were)
{
	AUTO(buffer_done) struct buffer m = { 0 };
	AUTO(facts_freep) struct facts *f = NULL;
	AUTO(freep) char *json = NULL;

	for (int i = 0; i < 100; i++)
		buffer_printf(&m, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	f = facts_from_message(buffer_span(&m), NULL);
	json = facts_to_json(f, NULL);
	cr_assert_eq(f->class, FACTS_UNKNOWN);
	cr_assert_str_eq(
		json, "{\"class\":\"unknown\",\"limits\":true,\"recipients\":[],\"original\":{}}");
}
