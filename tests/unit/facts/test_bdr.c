/*
 * test_bdr.c: a badmail reason is read for two fragments, and else kept. But for the quoted
 * sentence every text here is made up: no genuine .bdr was found.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/bdr.h"
#include "facts/error_code.h"

#define QUOTED                                                                                     \
	"The following error was encountered: This message is a delivery status notification "     \
	"that cannot be delivered. Specific error code was 0xC00402C7."
#define QUOTED_REASON "This message is a delivery status notification that cannot be delivered."

static const struct {
	const char *what, *text, *code, *reason;
} cases[] = {
	{ "the sentence that was quoted", QUOTED, "0xC00402C7", QUOTED_REASON },
	{ "wrapped anywhere",
	  "Some error\r\nwas\tencountered:\r\n The disk\r\n was full.\r\nSpecific error\r\n code "
	  "was\r\n\t0xc00402c7\r\n",
	  "0xC00402C7", "The disk was full." },
	{ "an article", "error was encountered: Bathe.\r\nThe specific error code was 0x1",
	  "0x00000001", "Bathe." },
	{ "a code alone", "error code was 0x5", "0x00000005", NULL },
	{ "a reason alone ends at an empty line",
	  "An error was encountered: No route\r\nto host.\r\n\r\nMore.", "", "No route to host." },
	{ "in capitals", "AN ERROR WAS ENCOUNTERED: X. SPECIFIC ERROR CODE WAS 0XAB", "0x000000AB",
	  "X." },
	{ "the code before the reason", "error code was 0x12. error was encountered: Y",
	  "0x00000012", "Y" },
	{ "nine digits are no code; a later one is taken",
	  "error code was 0x123456789, error code was 0x7", "0x00000007", NULL },
	{ "no digits", "error code was 0x, error code was 12", "", NULL },
	{ "no words", "error was encountered:", "", NULL },
	{ "no words before the code", "error was encountered: Specific error code was 0x1",
	  "0x00000001", NULL },
	{ "nothing", "", "", NULL },
	{ "other text", "The postman has the flu.", "", NULL },
};

static void
expect_case(size_t i, struct span bytes, const char *encoding)
{
	AUTO(bdr_done) struct bdr bdr;

	bdr_read(bytes, &bdr);
	cr_expect_str_eq(bdr.code_text, cases[i].code, "%s, %s", cases[i].what, encoding);
	cr_expect_eq(bdr.has_code, cases[i].code[0] != '\0', "%s, %s", cases[i].what, encoding);
	if (cases[i].reason == NULL)
		cr_expect_null(bdr.reason, "%s, %s: %s", cases[i].what, encoding, bdr.reason);
	else
		cr_expect_str_eq(bdr.reason, cases[i].reason, "%s, %s", cases[i].what, encoding);
	cr_expect(text_is_utf8(span_of(bdr.text)));
	cr_expect_null(strchr(bdr.text, '\r'));
}

static void
expect_wide(size_t i, bool big_endian, bool marked)
{
	AUTO(buffer_done) struct buffer wide = { 0 };

	if (marked)
		buffer_add(&wide, big_endian ? "\xFE\xFF" : "\xFF\xFE", 2);
	for (const char *c = cases[i].text; *c != '\0'; c++) {
		buffer_add_char(&wide, big_endian ? '\0' : *c);
		buffer_add_char(&wide, big_endian ? *c : '\0');
	}
	expect_case(i, buffer_span(&wide), big_endian ? "UTF-16BE" : "UTF-16LE");
}

Test(bdr, the_code_and_the_words_are_found_in_every_encoding)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *marked = xasprintf("\xEF\xBB\xBF%s", cases[i].text);
		AUTO(freep) char *latin = xasprintf("caf\xE9\r\n%s", cases[i].text);

		expect_case(i, span_of(cases[i].text), "ASCII");
		expect_case(i, span_of(marked), "UTF-8 with a mark");
		expect_case(i, span_of(latin), "CP1252");
		for (int n = 0; n < 4; n++)
			expect_wide(i, (n & 1) != 0, (n & 2) != 0);
	}
}

static const struct {
	const char *what;
	struct span bytes;
	const char *text;
} encodings[] = {
	{ "CP1252", SPAN("\x80 \x93quoted\x94 \x81 \xE4"),
	  "\u20AC \u201Cquoted\u201D \uFFFD \u00E4" },
	{ "UTF-8", SPAN("\xE2\x82\xAC \xC3\xA4"), "\u20AC \u00E4" },
	{ "a pair of surrogates", SPAN("\xFF\xFE\x3D\xD8\x00\xDE\x0A\0"), "\U0001F600\n" },
	{ "half a pair, and half a character", SPAN("\xFE\xFF\xD8\x3D\0A\0"),
	  "\uFFFD"
	  "A" },
	{ "a zero among letters", SPAN("a\0b"),
	  "a\uFFFD"
	  "b" },
	{ "lone carriage returns", SPAN("a\rb\r\nc\r"), "a\nb\nc\n" },
	{ "a mark alone", SPAN("\xFF\xFE"), "" },
};

Test(bdr, any_bytes_become_text)
{
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		AUTO(bdr_done) struct bdr bdr;

		bdr_read(encodings[i].bytes, &bdr);
		cr_expect_str_eq(bdr.text, encodings[i].text, "%s", encodings[i].what);
	}
}

Test(bdr, addresses_are_taken_only_from_behind_a_label)
{
	static const char text[] = "Undeliverable, see admin@fabrikam.example.\r\n"
				   "Sender: <postmaster@example.org>\r\n"
				   "Recipients: a@x.example; \"B, b\" <b@x.example>\r\n"
				   "   c@x.example\r\n"
				   "\r\n"
				   "d@x.example is not one\r\n";
	AUTO(bdr_done) struct bdr bdr;

	bdr_read(span_of(text), &bdr);
	cr_expect_str_eq(bdr.sender, "postmaster@example.org");
	cr_assert_eq(bdr.recipients_len, 3U);
	cr_expect_str_eq(bdr.recipients[0], "a@x.example");
	cr_expect_str_eq(bdr.recipients[1], "b@x.example");
	cr_expect_str_eq(bdr.recipients[2], "c@x.example");
}

Test(bdr, recipients_the_reason_and_the_text_have_limits)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(bdr_done) struct bdr bdr;

	buffer_add_str(&text, "error was encountered:");
	for (int i = 0; i < 1000; i++)
		buffer_add_str(&text, " \u00E4\u20AC");
	buffer_add_str(&text, "\n\nTo:\n");
	for (int i = 0; i < 1000; i++)
		buffer_printf(&text, "r%d@x.example\n", i);
	while (text.len <= BDR_BYTES_MAX)
		buffer_add_str(&text, "\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\u20AC\n");
	bdr_read(buffer_span(&text), &bdr);
	cr_expect(bdr.cut);
	cr_expect_leq(strlen(bdr.reason), BDR_REASON_MAX);
	cr_expect(text_is_utf8(span_of(bdr.reason)));
	cr_expect_eq(bdr.recipients_len, BDR_RECIPIENTS_MAX);
	cr_expect_leq(strlen(bdr.text), BDR_BYTES_MAX + 3);
	cr_expect_not_null(strstr(bdr.text, "\u20AC\u20AC\n"), "UTF-8, though a character was cut");
}

static const struct {
	const char *text;
	bool says;
} notifications[] = {
	{ QUOTED, true },
	{ "error code was 0xC00402C7", true },
	{ "error was encountered: A Delivery  Status\r\nNotification.", true },
	{ "error was encountered: The disk was full.  Specific error code was 0xC00402C8.", false },
	{ "This is a delivery status notification.", false },
	{ "", false },
};

Test(bdr, its_code_or_its_words_say_that_it_stands_beside_a_notification)
{
	for (size_t i = 0; i < sizeof(notifications) / sizeof(notifications[0]); i++) {
		AUTO(bdr_done) struct bdr bdr;

		bdr_read(span_of(notifications[i].text), &bdr);
		cr_expect_eq(bdr_is_of_notification(&bdr), notifications[i].says, "%s",
			     notifications[i].text);
	}
}

Test(error_code, a_known_one_has_a_meaning_and_any_other_is_said_to_be_unknown)
{
	uint32_t code;

	cr_expect_eq(error_code_parse("0xc00402c7", &code), 1);
	cr_expect_eq(code, 0xC00402C7);
	cr_expect_str_eq(error_code_meaning(code),
			 "a delivery status notification that could not be delivered itself");
	cr_expect_str_eq(error_code_find(0x80070005)->name, "E_ACCESSDENIED");
	cr_expect_null(error_code_find(0x80040546));
	cr_expect_str_eq(error_code_meaning(0x80040546), "not known");
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(error_code_parse(((const char *[]){ "0x", "C00402C7", "0x123456789",
								 "0x12 " })[i],
					      &code),
			     0);
}
