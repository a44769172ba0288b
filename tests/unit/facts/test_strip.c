/* test_strip.c: what is stripped is a report still, and says no more than it may. */
#include "tests/unit/facts/strip_support.h"

static const struct strip only_headers = { .returned = STRIP_HEADERS };
static const struct strip only_none = { .returned = STRIP_NONE };

TestSuite(strip, .init = facts_init);

#define HEAD(type)                                                                                 \
	"From: MAILER-DAEMON@in.ours.example\n"                                                    \
	"To: victim@remote.example\n"                                                              \
	"Received: from in.ours.example\n"                                                         \
	"Date: Sat, 21 Nov 2026 20:15:02 +0000 (UTC)\n"                                            \
	"MIME-Version: 1.0\n"                                                                      \
	"Content-Type: " type "\n"
#define REPORT HEAD("multipart/report; report-type=delivery-status; boundary=b")
#define STATUS                                                                                     \
	"\n--b\nContent-Type: message/delivery-status\n\n"                                         \
	"Reporting-MTA: dns; in.ours.example\n"                                                    \
	"Original-Envelope-Id: QQ314159\n"                                                         \
	"Arrival-Date: Sat, 21 Nov 2026 20:15:02 +0000 (UTC)\n\n"                                  \
	"Final-Recipient: rfc822; a@in.ours.example\n"                                             \
	"Original-Recipient: rfc822; a@ours.example\n"                                             \
	"Action: failed\nStatus: 5.1.1\n"                                                          \
	"Remote-MTA: dns; store.ours.example\n"                                                    \
	"Diagnostic-Code: smtp; 550 5.1.1 in.ours.example says no\n"
#define TEXT     "\n--b\nContent-Type: text/plain\n\nThis is in.ours.example.\n"
#define RETURNED "\n--b\nContent-Type: message/rfc822\n\n"
#define RETURNED_HEADER                                                                            \
	"Return-Path: <victim@remote.example>\n"                                                   \
	"Received: from x by in.ours.example\n\twith ESMTP; now\n"                                 \
	"X-Spam-Host: in.ours.example\n"                                                           \
	"Authentication-Results: in.ours.example; spf=pass\n"                                      \
	"Delivered-To: a@in.ours.example\n"                                                        \
	"DKIM-Signature: v=1; d=remote.example;\n\tb=abc\n"                                        \
	"From: victim@remote.example\n"                                                            \
	"Subject: one\n two\n"                                                                     \
	"Message-ID: <1@remote.example>\n"
#define KEPT_HEADER                                                                                \
	"DKIM-Signature: v=1; d=remote.example;\r\n\tb=abc\r\n"                                    \
	"From: victim@remote.example\r\n"                                                          \
	"Subject: one\r\n two\r\n"                                                                 \
	"Message-ID: <1@remote.example>\r\n"
#define END "\n--b--\n"

#define WRITTEN_HEADER(subject)                                                                    \
	"Date: Sat, 21 Nov 2026 20:15:02 +0000\r\n"                                                \
	"From: Mail Delivery System <MAILER-DAEMON@ndrq.example>\r\n"                              \
	"To: <victim@remote.example>\r\n"                                                          \
	"Subject: " subject "\r\n"                                                                 \
	"Message-ID: <1.0123456789abcdef@ndrq.example>\r\n"                                        \
	"Auto-Submitted: auto-replied\r\n"                                                         \
	"MIME-Version: 1.0\r\n"                                                                    \
	"Content-Type: multipart/report; report-type=delivery-status;\r\n"                         \
	"\tboundary=\"=_ndrq_0_9a989f2e80ddb7bd\"\r\n"
#define BOUNDARY "\r\n--=_ndrq_0_9a989f2e80ddb7bd"
#define WRITTEN                                                                                    \
	WRITTEN_HEADER("Mail could not be delivered")                                              \
	BOUNDARY "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"                          \
		 "Your message could not be delivered to these recipients:\r\n\r\n"                \
		 "<a@ours.example>\r\n"                                                            \
		 "    5.1.1: bad destination mailbox address (permanent failure)\r\n\r\n" BOUNDARY \
		 "\r\nContent-Type: message/delivery-status\r\n\r\n"                               \
		 "Reporting-MTA: dns; ndrq.example\r\n"                                            \
		 "Original-Envelope-Id: QQ314159\r\n\r\n"                                          \
		 "Original-Recipient: rfc822; a@ours.example\r\n"                                  \
		 "Final-Recipient: rfc822; a@ours.example\r\n"                                     \
		 "Action: failed\r\nStatus: 5.1.1\r\n"

Test(strip, only_what_its_author_wrote_goes_along)
{
	static const char in[] = REPORT TEXT STATUS RETURNED RETURNED_HEADER "\nHello\r\n\n" END;
	static const struct {
		const struct strip *how;
		const char *out;
	} cases[] = {
		{ &whole, WRITTEN BOUNDARY "\r\nContent-Type: message/rfc822\r\n\r\n" KEPT_HEADER
					   "\r\nHello\r\n\r\n" BOUNDARY "--\r\n" },
		{ &headers, WRITTEN BOUNDARY
		  "\r\nContent-Type: text/rfc822-headers\r\n\r\n" KEPT_HEADER BOUNDARY "--\r\n" },
		{ &nothing, WRITTEN BOUNDARY "--\r\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		cr_assert_eq(strip(span_of(in), cases[i].how, &out), 1);
		cr_expect_str_eq(out.data, cases[i].out, "case %zu:\n%s", i, out.data);
	}
}

#define CUT_HEADER                                                                                 \
	"From: MAILER-DAEMON@in.ours.example\r\n"                                                  \
	"To: victim@remote.example\r\n"                                                            \
	"Received: from in.ours.example\r\n"                                                       \
	"Date: Sat, 21 Nov 2026 20:15:02 +0000 (UTC)\r\n"                                          \
	"MIME-Version: 1.0\r\n"

Test(strip, without_more_to_hide_only_the_returned_part_changes)
{
	static const struct {
		const char *in;
		const struct strip *how;
		const char *out;
	} cases[] = {
		{ HEAD("multipart/mixed; boundary=b") "\npreamble" TEXT RETURNED
						      "X-A: b\nSubject: s\n\nbody\n" END "rest\n",
		  &only_headers,
		  CUT_HEADER "Content-Type: multipart/mixed; boundary=b\r\n"
			     "\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
			     "This is in.ours.example.\r\n"
			     "\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
			     "X-A: b\r\nSubject: s\r\n"
			     "\r\n--b--\r\n" },
		{ HEAD("multipart/mixed; boundary=\"b\"") TEXT RETURNED
		  "Subject: s\n\nbody\n" TEXT END,
		  &only_none,
		  CUT_HEADER "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
			     "\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
			     "This is in.ours.example.\r\n"
			     "\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
			     "This is in.ours.example.\r\n"
			     "\r\n--b--\r\n" },
		/* a part that is more than one stays whole */
		{ HEAD("multipart/mixed; boundary=b") "\n--b\nContent-Type: multipart/alternative; "
						      "boundary=a\n\n--a\n\nx\n--a\n\ny\n--a--"
						      "\n" RETURNED "Subject: s\n\nbody\n" END,
		  &only_none,
		  CUT_HEADER "Content-Type: multipart/mixed; boundary=b\r\n"
			     "\r\n--b\r\nContent-Type: multipart/alternative; boundary=a\r\n"
			     "\r\n--a\r\n\r\nx\r\n--a\r\n\r\ny\r\n--a--\r\n"
			     "\r\n--b--\r\n" },
		/* a header that is 8-bit says so; UTF-8 has types of its own (RFC 6533) */
		{ HEAD("multipart/mixed; boundary=b") TEXT RETURNED
		  "Subject: \xC3\xBC\n\nbody\n" END,
		  &only_headers,
		  CUT_HEADER "Content-Type: multipart/mixed; boundary=b\r\n"
			     "\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
			     "This is in.ours.example.\r\n"
			     "\r\n--b\r\nContent-Type: message/global-headers\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n\r\n"
			     "Subject: \xC3\xBC\r\n"
			     "\r\n--b--\r\n" },
		/* nothing comes back, so nothing changes but line ends */
		{ HEAD("text/plain") "\nNo.\n", &only_none,
		  CUT_HEADER "Content-Type: text/plain\r\n\r\nNo.\r\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		cr_assert_eq(strip(span_of(cases[i].in), cases[i].how, &out), 1, "case %zu", i);
		cr_expect_str_eq(out.data, cases[i].out, "case %zu:\n%s", i, out.data);
	}
}

/* qmail writes no part (its QSBMF); its text and the copy below it are one. */
#define QMAIL                                                                                      \
	"Subject: failure notice\n\n"                                                              \
	"Hi. This is the qmail-send program at in.ours.example.\n"                                 \
	"I'm afraid I wasn't able to deliver your message to the following addresses.\n"           \
	"This is a permanent error; I've given up. Sorry it didn't work out.\n\n"                  \
	"<a@ours.example>:\nstore.ours.example does not like recipient.\n"                         \
	"Remote host said: 550 5.2.1 closed\n\n"                                                   \
	"--- Below this line is a copy of the message.\n\n"                                        \
	"Return-Path: <victim@remote.example>\n"                                                   \
	"Received: (qmail 1 invoked from network)\nSubject: s\n\nbody\n"

Test(strip, a_bounce_without_parts_is_written_anew)
{
	static const struct {
		struct strip how;
		bool diagnostic;
	} cases[] = {
		{ { true, STRIP_FULL }, false },
		{ { true, STRIP_NONE }, false },
		{ { false, STRIP_HEADERS }, true },
		{ { false, STRIP_NONE }, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };
		AUTO(freep) char *shape = NULL;

		cr_assert_eq(strip(SPAN(HEAD("text/plain") QMAIL), &cases[i].how, &out), 1);
		shape = shape_of(buffer_span(&out));
		cr_expect_str_eq(shape, "multipart/report(text/plain,message/delivery-status)");
		cr_expect_not_null(strstr(out.data, "Final-Recipient: rfc822; a@ours.example\r\n"
						    "Action: failed\r\nStatus: 5.2.1\r\n"));
		cr_expect_eq(strstr(out.data, "does not like") != NULL, cases[i].diagnostic,
			     "case %zu:\n%s", i, out.data);
		cr_expect_null(strstr(out.data, "in.ours.example"));
		cr_expect_null(strstr(out.data, "body"));
	}
}

Test(strip, a_text_that_quotes_the_header_as_well_is_written_anew_without_it)
{
	static const char in[] = REPORT
		"\n--b\nContent-Type: text/plain\n\nYour message was not delivered.\n\n"
		"Original message headers:\n\n"
		"Received: from x by in.ours.example with SMTP;\n Sat, 21 Nov 2026 20:15:02 +0000\n"
		"From: <victim@remote.example>\nTo: <a@ours.example>\nSubject: secret\n"
		"Date: Sat, 21 Nov 2026 20:15:02 +0000\nMessage-ID: <1@remote.example>\n" STATUS
			RETURNED RETURNED_HEADER "\nHello\n" END;
	AUTO(buffer_done) struct buffer none = { 0 };
	AUTO(buffer_done) struct buffer some = { 0 };

	cr_assert_eq(strip(span_of(in), &only_none, &none), 1);
	cr_expect_null(strstr(none.data, "secret"), "%s", none.data);
	cr_expect_not_null(strstr(none.data, "Diagnostic-Code: smtp; 550 5.1.1"));
	cr_assert_eq(strip(span_of(in), &only_headers, &some), 1);
	cr_expect_not_null(strstr(some.data, "Your message was not delivered."));
}

Test(strip, what_cannot_be_stripped_is_refused)
{
	static const struct {
		const char *in;
		const struct strip *how;
	} cases[] = {
		/* no bounce, or one that names nobody */
		{ HEAD("text/plain") "\nHello\n", &whole },
		{ HEAD("text/plain") "Subject: failure notice\n\nSomething went wrong.\n", &whole },
		{ "", &nothing },
		/* the returned message is in something else, or all there is */
		{ HEAD("multipart/mixed; boundary=a") "\n--a\nContent-Type: multipart/mixed; "
						      "boundary=b\n" TEXT RETURNED
						      "Subject: s\n\nx\n" END "\n--a--\n",
		  &only_none },
		{ HEAD("multipart/mixed; boundary=b") RETURNED "Subject: s\n\nbody\n" END,
		  &only_none },
		{ HEAD("message/rfc822") "\nSubject: s\n\nbody\n", &only_headers },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		cr_expect_eq(strip(span_of(cases[i].in), cases[i].how, &out), 0, "case %zu:\n%s", i,
			     out.data);
	}
}

Test(strip, beyond_the_limits_nothing_is_sent_on)
{
	AUTO(buffer_done) struct buffer in = { 0 };
	AUTO(buffer_done) struct buffer out = { 0 };

	buffer_add_str(&in, REPORT);
	for (int i = 0; i < SCAN_PARTS; i++)
		buffer_add_str(&in, TEXT);
	buffer_add_str(&in, STATUS RETURNED "Subject: s\n\nbody\n" END);
	cr_expect_eq(strip(buffer_span(&in), &whole, &out), 0);
	cr_expect_eq(strip(buffer_span(&in), &only_none, &out), 0);
}

Test(strip, of_a_returned_message_that_is_not_plain_less_goes_along)
{
	static const struct {
		const char *part;
		const char *there, *not_there;
	} cases[] = {
		/* trace lines behind a blank line: no body */
		{ RETURNED "From: a@b\n\nReceived: by in.ours.example\nSubject: t\n\nHello\n",
		  "text/rfc822-headers", "in.ours.example" },
		{ RETURNED "\nReceived: by in.ours.example\nSubject: t\n\nHello\n",
		  "\r\nSubject: t\r\n\r\nHello\r\n", "in.ours.example" },
		/* another server's report */
		{ RETURNED "Subject: t\nContent-Type: multipart/report; boundary=c\n\n--c\n\nHello",
		  "\r\nStatus: 5.1.1\r\n", "Subject: t" },
		/* encoded: plain text is decoded, of other text only what is ASCII stays */
		{ "\n--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
		  "U3ViamVjdDogdAoKSGVsbG8K",
		  "\r\nSubject: t\r\n\r\nHello\r\n", "U3ViamVj" },
		{ "\n--b\nContent-Type: message/global\nContent-Transfer-Encoding: "
		  "quoted-printable\n\n"
		  "Subject: t\nTo: =C3=BC@b\n\nHello=C3=BC\n",
		  "text/rfc822-headers\r\n\r\nSubject: t\r\n", "Hello" },
		/* one that is a header only */
		{ "\n--b\nContent-Type: text/rfc822-headers\n\nSubject: t\n\nHello",
		  "text/rfc822-headers\r\n\r\nSubject: t\r\n", "Hello" },
		/* bytes of no charset are as they were */
		{ RETURNED "Subject: \xFC\n\n\xFC\n",
		  "message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: "
		  "\xFC\r\n\r\n\xFC\r\n",
		  "global" },
		{ RETURNED "Subject: \xC3\xBC\n\nx\n", "Content-Type: message/global\r\n",
		  "rfc822\r\n" },
		/* a stranger who would end our part */
		{ RETURNED "Subject: t\n\n--=_ndrq_0_9a989f2e80ddb7bd--\n", "boundary=\"=_ndrq_1_",
		  "boundary=\"=_ndrq_0_" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep)
		char *in = xasprintf("%s%s%s%s", REPORT TEXT, STATUS, cases[i].part, END);
		AUTO(buffer_done) struct buffer out = { 0 };

		cr_assert_eq(strip(span_of(in), &whole, &out), 1, "case %zu", i);
		cr_expect_not_null(strstr(out.data, cases[i].there), "case %zu:\n%s", i, out.data);
		cr_expect_null(strstr(out.data, cases[i].not_there), "case %zu:\n%s", i, out.data);
	}
}

Test(strip, who_has_tried_every_boundary_gets_nothing_back)
{
	AUTO(buffer_done) struct buffer in = { 0 };
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(freep) char *shape = NULL;

	buffer_add_str(&in, REPORT TEXT STATUS RETURNED "Subject: t\n\n");
	for (int i = 0; i < 8; i++)
		buffer_printf(&in, "--=_ndrq_%d_9a989f2e80ddb7bd\n", i);
	buffer_add_str(&in, END);
	cr_assert_eq(strip(buffer_span(&in), &whole, &out), 1);
	shape = shape_of(buffer_span(&out));
	cr_expect_str_eq(shape, "multipart/report(text/plain,message/delivery-status)");
}

Test(strip, recipients_that_are_not_ascii_are_encoded)
{
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(facts_freep) struct facts *after = NULL;

	cr_assert_eq(
		strip(SPAN(REPORT TEXT
			   "\n--b\nContent-Type: message/global-delivery-status\n\n"
			   "Reporting-MTA: dns; in.ours.example\n\n"
			   "Final-Recipient: utf-8; j\xC3\xBCrg+\xF0\x9F\x98\x80@ours.example\n"
			   "Action: delayed\nStatus: 4.2.2\n\n"
			   "Final-Recipient: rfc822; b@ours.example\n"
			   "Action: failed\nStatus: 5.1.1\n" END),
		      &whole, &out),
		1);
	cr_expect_not_null(strstr(out.data, "Final-Recipient: utf-8; "
					    "j\\x{FC}rg\\x{2B}\\x{1F600}@ours.example\r\n"
					    "Action: delayed\r\nStatus: 4.2.2\r\n"),
			   "%s", out.data);
	cr_expect_not_null(strstr(out.data, "quoted-printable"));
	cr_expect_not_null(strstr(out.data, "<j=C3=BCrg+=F0=9F=98=80@ours.example>"));
	cr_expect_not(is_8bit(buffer_span(&out)));
	after = facts_in(buffer_span(&out));
	cr_assert_eq(after->recipients_len, 2);
	cr_expect_str_eq(after->recipients[0].final, "j\xC3\xBCrg+\xF0\x9F\x98\x80@ours.example");
	cr_expect_str_eq(after->recipients[1].final, "b@ours.example");
}

Test(strip, a_date_that_says_more_is_not_kept)
{
	static const struct {
		const char *date, *kept;
	} cases[] = {
		{ "Sat, 21 Nov 2026 20:15:02 +0000", "Sat, 21 Nov 2026 20:15:02 +0000" },
		{ "21 Nov 26 20:15:02 +0000 (in.ours.example)", "21 Nov 26 20:15:02 +0000" },
		{ "21 Nov 2026 20:15:02 in.ours.example", "Sat, 21 Nov 2026 20:15:02 +0000" },
		{ "", "Sat, 21 Nov 2026 20:15:02 +0000" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep)
		char *in = xasprintf("Date: %s\n%s", cases[i].date, REPORT TEXT STATUS END);
		AUTO(freep) char *line = xasprintf("Date: %s\r\n", cases[i].kept);
		AUTO(buffer_done) struct buffer out = { 0 };

		cr_assert_eq(strip(span_of(in), &whole, &out), 1);
		cr_expect(strncmp(out.data, line, strlen(line)) == 0, "case %zu: %s", i, out.data);
	}
}

Test(strip, of_many_recipients_the_text_names_some_and_the_report_all)
{
	AUTO(buffer_done) struct buffer in = { 0 };
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(facts_freep) struct facts *after = NULL;

	buffer_add_str(&in, REPORT TEXT STATUS);
	for (int i = 0; i < 300; i++)
		buffer_printf(&in, "\nFinal-Recipient: rfc822; u%d@ours.example\nAction: failed\n",
			      i);
	buffer_add_str(&in, END);
	cr_assert_eq(strip(buffer_span(&in), &whole, &out), 1);
	after = facts_in(buffer_span(&out));
	cr_expect_eq(after->recipients_len, 301);
	cr_expect_not_null(strstr(out.data, "<u98@ours.example>"));
	cr_expect_null(strstr(out.data, "<u99@ours.example>"));
	cr_expect_not_null(strstr(out.data, "\r\nand 201 more.\r\n"));
}
