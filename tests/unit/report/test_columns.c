/* test_columns.c: widths, cutting, cleaning. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "report/columns.h"

#define CJK "\xE7\x94\xB0\xE4\xB8\xAD" /* two characters, four columns */
#define E   "e\xCC\x81"                /* é as two characters, one column */

Test(columns, width_is_that_of_a_terminal)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
		{ "", 0 }, { "abc", 3 }, { CJK, 4 }, { E, 1 }, { "\xC3\xA9", 1 }, { "a" CJK E, 6 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(columns_width(cases[i].text), cases[i].width, "case %zu", i);
}

Test(columns, what_is_too_wide_is_cut_between_characters)
{
	static const struct {
		const char *text;
		size_t width;
		bool ascii;
		const char *is;
	} cases[] = {
		{ "abcdef", 6, false, "abcdef" },
		{ "abcdef", 5, false, "abcd\xE2\x80\xA6" },
		{ "abcdef", 5, true, "ab..." },
		{ "abcdef", 2, true, "ab" },
		{ "abcdef", 0, false, "" },
		{ CJK CJK, 6, false, CJK "\xE2\x80\xA6" },
		{ CJK CJK, 7, false, CJK "\xE7\x94\xB0\xE2\x80\xA6" },
		{ CJK, 1, false, "" },
		{ E E E, 2, false, E "\xE2\x80\xA6" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(buffer_done) struct buffer out = { 0 };

		buffer_add_str(&out, "");
		columns_add_cut(&out, cases[i].text, cases[i].width, cases[i].ascii);
		cr_expect_str_eq(out.data, cases[i].is, "case %zu", i);
		cr_expect_leq(columns_width(out.data), cases[i].width, "case %zu", i);
		columns_add_padded(&out, "", 3, false);
		cr_expect_eq(columns_width(out.data), columns_width(cases[i].is) + 3);
	}
}

Test(columns, text_from_strangers_becomes_one_printable_line)
{
	static const struct {
		const char *text;
		bool ascii;
		const char *is;
	} cases[] = {
		{ "a\r\nb\tc", false, "a\\x0d\\x0ab\\x09c" },
		{ "\x1b[31m", false, "\\x1b[31m" },
		{ "\xFF", false, "\xEF\xBF\xBD" },
		{ "\xE2\x80\xAEx", true, "\\u{202e}x" },
		{ CJK E, true, "??e" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *clean = columns_clean(span_of(cases[i].text), cases[i].ascii);

		cr_expect_str_eq(clean, cases[i].is, "case %zu", i);
	}
}

Test(columns, numbers_are_grouped)
{
	static const struct {
		int64_t number;
		const char *is;
	} cases[] = { { 0, "0" },
		      { 999, "999" },
		      { 1000, "1,000" },
		      { 123456, "123,456" },
		      { 1234567, "1,234,567" },
		      { -1234, "-1,234" } };
	char text[COLUMNS_NUMBER_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(columns_number(cases[i].number, text), cases[i].is);
}
