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

static const struct {
	uint32_t c;
	const char *utf8;
} characters[] = {
	{ 0, "\xEF\xBF\xBD" },
	{ 'a', "a" },
	{ 0x7F, "\x7F" },
	{ 0x80, "\xC2\x80" },
	{ 0x7FF, "\xDF\xBF" },
	{ 0x800, "\xE0\xA0\x80" },
	{ 0xD7FF, "\xED\x9F\xBF" },
	{ 0xD800, "\xEF\xBF\xBD" },
	{ 0xDFFF, "\xEF\xBF\xBD" },
	{ 0xE000, "\xEE\x80\x80" },
	{ 0xFFFF, "\xEF\xBF\xBF" },
	{ 0x10000, "\xF0\x90\x80\x80" },
	{ 0x10FFFF, "\xF4\x8F\xBF\xBF" },
	{ 0x110000, "\xEF\xBF\xBD" },
	{ UINT32_MAX, "\xEF\xBF\xBD" },
};

Test(text, a_character_is_written_as_utf8_and_what_is_none_replaced)
{
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		struct buffer out = { 0 };
		AUTO(freep) char *utf8 = NULL;

		text_add_character(&out, characters[i].c);
		utf8 = buffer_take(&out);
		cr_expect_str_eq(utf8, characters[i].utf8, "U+%X", characters[i].c);
	}
}
