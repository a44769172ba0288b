/* test_text.c: whatever comes in, UTF-8 without control characters comes out. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "base/text.h"

#define CASE(in, utf8, shown)                                                                      \
	{                                                                                          \
		{ in, sizeof(in) - 1 }, utf8, shown                                                \
	}
static const struct {
	struct span in;
	const char *utf8, *shown;
} cases[] = {
	CASE("plain", "plain", "plain"),
	CASE("жертва", "жертва", "жертва"),
	CASE("a\x80z", "a\xEF\xBF\xBDz", "a\xEF\xBF\xBDz"),
	CASE("\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD", "\xEF\xBF\xBD\xEF\xBF\xBD"),
	CASE("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
	     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"),
	CASE("\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
	     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"),
	CASE("cut \xE2\x82", "cut \xEF\xBF\xBD\xEF\xBF\xBD", "cut \xEF\xBF\xBD\xEF\xBF\xBD"),
	CASE("\x1b[2J\r\n\x7f", "\x1b[2J\r\n\x7f", "\\x1b[2J\\x0d\\x0a\\x7f"),
	CASE("\xC2\x9B"
	     "31m",
	     "\xC2\x9B"
	     "31m",
	     "\\x9b31m"),
	CASE("x\xE2\x80\xAEy", "x\xE2\x80\xAEy", "x\\u{202e}y"),
	CASE("", "", ""),
};

Test(text, ill_formed_bytes_are_replaced_and_control_characters_shown)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *utf8 = text_to_utf8(cases[i].in);
		AUTO(freep) char *shown = text_to_printable(cases[i].in);

		cr_expect_str_eq(utf8, cases[i].utf8, "case %zu", i);
		cr_expect_str_eq(shown, cases[i].shown, "case %zu", i);
		cr_expect_eq(text_is_utf8(cases[i].in), strcmp(utf8, cases[i].in.data) == 0,
			     "case %zu", i);
	}
}

Test(text, a_nul_byte_does_not_cut_a_text)
{
	AUTO(freep) char *utf8 = text_to_utf8((struct span){ "a\0b", 3 });

	cr_assert_str_eq(utf8, "a\xEF\xBF\xBD"
			       "b");
}
