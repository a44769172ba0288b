/* test_notice.c: the text is cut where the returned message begins, and markup is undone. */
#include "tests/unit/facts/support.h"

#include "facts/html.h"
#include "facts/notice.h"

static const struct {
	const char *name, *body, *own, *returned;
} cases[] = {
	{ "a divider",
	  "not delivered\n--- Below this line is a copy of the message.\n\nFrom: a\nDate: x\n"
	  "Subject: y\n\nbody\n",
	  "not delivered\n", "From: a\nDate: x\nSubject: y\n" },
	{ "no divider", "not delivered\n\nReceived: by x\nFrom: a\nMessage-ID: <b>\n\nbody\n",
	  "not delivered\n\n", "Received: by x\nFrom: a\nMessage-ID: <b>\n" },
	{ "a divider and nothing", "not delivered\nOriginal message follows.\nremoved\n",
	  "not delivered\n", "" },
	{ "a sentence is no divider", "please attach the returned message when you write to us.\n",
	  "please attach the returned message when you write to us.\n", "" },
	{ "the following is no divider",
	  "The following addresses did not receive a copy of your message:\na@b.example\n",
	  "The following addresses did not receive a copy of your message:\na@b.example\n", "" },
	{ "quoted", "no such user\n>Received: by x\n>From: a\n>Message-ID: <b>\n>\n>body\n",
	  "no such user\n", "Received: by x\nFrom: a\nMessage-ID: <b>\n" },
	{ "two fields are talk", "To: a\nSubject: b\ntext\n", "To: a\nSubject: b\ntext\n", "" },
	{ "a report's fields are not returned",
	  "Reporting-MTA: dns; x\nFinal-Recipient: rfc822; a@b\nStatus: 5.0.0\n",
	  "Reporting-MTA: dns; x\nFinal-Recipient: rfc822; a@b\nStatus: 5.0.0\n", "" },
};

Test(facts_notice, the_notice_ends_where_the_returned_message_begins)
{
	message_init();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *text = xasprintf("From: x\n\n%s", cases[i].body);
		AUTO(message_freep) struct message *m = message_open(span_of(text));
		struct notice notice;

		notice_read(m, &notice);
		cr_expect_str_eq(notice.own.data != NULL ? notice.own.data : "", cases[i].own, "%s",
				 cases[i].name);
		cr_expect_str_eq(notice.returned.data != NULL ? notice.returned.data : "",
				 cases[i].returned, "%s", cases[i].name);
		notice_done(&notice);
	}
}

static const struct {
	const char *message, *own;
} texts[] = {
	{ "Content-Type: text/plain; charset=utf-7\n\n+2D3cSA- x\n", "\xF0\x9F\x91\x88 x\n" },
	{ "Content-Type: text/plain; charset=unicode-1-1-utf-7\n\nplain\n", "plain\n" },
	{ "Content-Type: text/plain; charset=koi8-r\n\n\xC4\xC1\n", "да\n" },
	{ "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B\n", "あ\n" },
	{ "Content-Type: text/plain; charset=no-such\n\n\xFC\n", "ü\n" },
	{ "\n\xFC\n", "ü\n" },
	{ "\nж\n", "ж\n" },
	{ "Content-Type: text/plain; charset=utf-8\n\n\xFFz\n", "\xEF\xBF\xBDz\n" },
	{ "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: base64\n\nYWJj\n",
	  "abc\n" },
	{ "Content-Transfer-Encoding: quoted-printable\n\na=\nb=3D\n", "ab=\n" },
	{ "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: "
	  "text/html\n\n<b>h</b>\n--b\n"
	  "Content-Type: text/plain\n\nt\n--b--\n",
	  "t\n" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nHi. no header\nmore\n--b--\n",
	  "Hi. no header\nmore\n" },
	{ "Content-Type: multipart/report\n\nno boundary\n", "no boundary\n" },
};

Test(facts_notice, charsets_and_encodings_are_undone)
{
	message_init();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO(message_freep) struct message *m = message_open(span_of(texts[i].message));
		struct notice notice;

		notice_read(m, &notice);
		cr_expect_str_eq(notice.own.data != NULL ? notice.own.data : "", texts[i].own,
				 "case %zu: %s", i, notice.own.data);
		notice_done(&notice);
	}
}

static const struct {
	const char *html, *text;
} pages[] = {
	{ "<p>a<br>b</p>", "\na\nb\n" },
	{ "<style>x{}</style>a <b>b</b>\nc<br>", "a b c\n" },
	{ "a &lt;b@c.example&gt; &amp; &nbsp;d", "a <b@c.example> &  d" },
	{ "a <b@c.example> d", "a <b@c.example> d" },
	{ "a\nb", "a\nb" },
	{ "a<!-- x > y -->b", "ab" },
	{ "a<b", "a" },
	{ "1 < 2", "1 < 2" },
	{ "<", "<" },
	{ "", "" },
};

Test(facts_notice, markup_is_undone)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		html_to_text(span_of(pages[i].html), &out);
		cr_expect_str_eq(out.data != NULL ? out.data : "", pages[i].text, "%s: %s",
				 pages[i].html, out.data);
	}
}
