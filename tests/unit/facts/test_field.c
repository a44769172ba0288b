/* test_field.c: header fields come out of anything. */
#include "tests/unit/facts/support.h"

#include "facts/field.h"

static char *
fields_as_text(struct span header)
{
	struct buffer text = { 0 };
	struct field f;

	while (field_next(&header, &f)) {
		AUTO(freep) char *value = field_unfold(f.value);

		buffer_add(&text, f.name.data, f.name.len);
		buffer_printf(&text, "=%s|", value != NULL ? value : "");
	}
	return buffer_take(&text);
}

static const struct {
	const char *header, *fields;
} cases[] = {
	{ "", "" },
	{ "A: b\n", "A=b|" },
	{ "A: b\r\nC:d", "A=b|C=d|" },
	{ "A: b\r\n c\r\n\td\r\nE: f\r\n", "A=b c d|E=f|" },
	{ "A:\r\n b\n", "A=b|" },
	{ "A:\n", "A=|" },
	{ "A : b\n", "A=b|" },
	{ "From someone Mon Jan 1\nA: b\n", "A=b|" },
	{ " continued without a field\nA: b\n", "A=b|" },
	{ "no colon here\nA: b\n: nameless\nB: c\n", "A=b|B=c|" },
	{ "A: b\rc\n", "A=b\rc|" },
	{ "\xFF\xFE: x\nA: \xFF\n", "A=\xEF\xBF\xBD|" },
};

Test(facts_field, fields_are_found_and_unfolded)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *have = fields_as_text(span_of(cases[i].header));

		cr_expect_str_eq(have, cases[i].fields, "case %zu: %s", i, have);
	}
}

Test(facts_field, a_header_ends_at_the_first_blank_line_whatever_its_line_end)
{
	static const char *const texts[] = { "A: b\n\nbody", "A: b\r\n\r\nbody", "A: b\n\r\nbody" };
	struct span header, body;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_expect(field_split(span_of(texts[i]), 100, &header, &body));
		cr_expect(span_equal(span_trim(header), span_of("A: b")), "case %zu", i);
		cr_expect(span_equal(body, span_of("body")), "case %zu", i);
	}
	cr_expect(field_split(span_of("A: b\n"), 100, &header, &body));
	cr_expect_eq(body.len, 0);
	cr_expect_not(field_split(span_of("A: bbbbbbbb\nC: d\n\nbody"), 5, &header, &body));
	cr_expect_eq(header.len, 5);
}

Test(facts_field, a_fact_is_limited_and_cut_at_a_character)
{
	AUTO(buffer_done) struct buffer long_text = { 0 };
	AUTO(freep) char *fact = NULL;

	for (size_t i = 0; i < 3000; i++)
		buffer_add_str(&long_text, "\xD0\xB6");
	buffer_add_str(&long_text, "x");
	buffer_consume(&long_text, 2);
	buffer_add_str(&long_text, "y");
	long_text.data[0] = 'a'; /* now characters start at odd places */
	long_text.data[1] = 'b';
	fact = fact_dup(buffer_span(&long_text));
	cr_assert(strlen(fact) <= FACT_MOST && strlen(fact) > FACT_MOST - 4);
	cr_assert(text_is_utf8(span_of(fact)));
	cr_assert_null(fact_dup(SPAN(" \r\n\t")));
}

Test(facts_field, nul_bytes_and_bad_utf8_are_replaced)
{
	AUTO(freep) char *fact = fact_dup((struct span){ "a\0b\xFF", 4 });

	cr_assert_str_eq(fact, "a b\xEF\xBF\xBD");
}

Test(facts_field, a_message_id_is_what_stands_in_brackets)
{
	static const struct {
		const char *value, *id;
	} ids[] = {
		{ "<a@b.example>", "<a@b.example>" },
		{ "<a@b.example> (added by postmaster@c.example)", "<a@b.example>" },
		{ "x <a@b.example>", "<a@b.example>" },
		{ "a@b.example", "a@b.example" },
		{ "<a@b", "<a@b" },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		AUTO(freep) char *have = field_message_id(span_of(ids[i].value));

		cr_expect(same(have, ids[i].id), "%s: %s", ids[i].value, have);
	}
}
