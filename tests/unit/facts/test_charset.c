/* test_charset.c: the names of charsets are a closed list. */
#include <criterion/criterion.h>
#include <iconv.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/charset.h"
#include "facts/facts.h"

Test(charset, known_names_are_found_in_any_case_and_with_a_language)
{
	static const struct {
		const char *name, *iconv;
	} cases[] = {
		{ "UTF-8", "utf-8" },           { "utf-8*en", "utf-8" },
		{ "ISO-8859-1", "iso-8859-1" }, { "unicode-1-1-UTF-7", "UTF-7" },
		{ "KS_C_5601-1987", "CP949" },  { "x-no-such", NULL },
		{ "utf-8//IGNORE", NULL },      { "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = charset_iconv_name(span_of(cases[i].name));

		if (cases[i].iconv == NULL)
			cr_expect_null(name, "%s", cases[i].name);
		else
			cr_expect_str_eq(name, cases[i].iconv, "%s", cases[i].name);
	}
}

static void
expect_tamed(const char *text, const char *tamed)
{
	AUTO(freep) char *copy = xstrdup(text);

	charset_tame_words(copy);
	cr_expect_str_eq(copy, tamed);
}

Test(charset, only_words_in_an_unknown_charset_are_changed)
{
	expect_tamed("=?utf-8?Q?a?= =?ISO-8859-1*de?Q?b?=", "=?utf-8?Q?a?= =?ISO-8859-1*de?Q?b?=");
	expect_tamed("=?x-unheard-of?Q?a?=", "=?us-ascii****?Q?a?=");
	expect_tamed("=?x1?Q?a?=", "= x1?Q?a?=");
	expect_tamed("=? =?? =?", "=? =?? =?");
}

static struct facts *
read_with_charset(int number)
{
	AUTO(buffer_done) struct buffer mail = { 0 };

	buffer_add_str(&mail, "From: a@b.example\r\n");
	for (int i = 0; i < 50; i++)
		buffer_printf(&mail, "Subject: =?x-made-up-%d-%d?Q?=E4?=\r\n", number, i);
	buffer_printf(&mail, "Content-Type: text/plain; charset=x-made-up-%d\r\n\r\n\xE4\r\n",
		      number);
	return facts_from_message(buffer_span(&mail), NULL);
}

Test(charset, made_up_names_leave_nothing_behind)
{
	size_t before = 0;

	facts_init();
	for (int i = 0; i < 3000; i++) {
		AUTO(facts_freep) struct facts *f = read_with_charset(i);

		cr_assert_not_null(f->subject);
		if (i == 200)
			before = mallinfo2().uordblks;
	}
	/* a name that stayed would be some hundred bytes */
	cr_expect_leq(mallinfo2().uordblks, before + 32768);
}
