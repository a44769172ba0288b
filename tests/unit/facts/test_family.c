/* test_family.c: the table of families is well-formed, and each mark is found. */
#include "tests/unit/facts/support.h"

#include "facts/family.h"
#include "facts/notice.h"

static void
check_mark(const char *mark, const struct family *row, bool subject)
{
	AUTO(buffer_done) struct buffer folded = { 0 };
	struct family_hits hits;

	notice_fold(&folded, span_of(mark));
	cr_expect_str_eq(folded.data, mark, "%s: %s is not folded", row->name, mark);
	cr_expect_geq(strlen(mark), 4, "%s: %s is too short", row->name, mark);
	if (subject)
		family_match_subject(buffer_span(&folded), true, &hits);
	else
		family_match_text(buffer_span(&folded), &hits);
	cr_expect_not_null(hits.of[row->class], "%s: %s is not found", row->name, mark);
}

Test(facts_family, every_mark_is_folded_and_found)
{
	family_init();
	for (size_t i = 0; i < families_len; i++) {
		cr_expect(strlen(families[i].name) > 0 && strlen(families[i].seen) > 0);
		for (size_t k = 0; k < FAMILY_MARKS; k++) {
			if (families[i].text[k] != NULL)
				check_mark(families[i].text[k], &families[i], false);
			if (families[i].subject[k] != NULL)
				check_mark(families[i].subject[k], &families[i], true);
		}
	}
}

Test(facts_family, a_mark_begins_where_a_word_does)
{
	struct family_hits hits;

	family_init();
	family_match_text(SPAN("well, undeliverable it is"), &hits);
	cr_expect_not_null(hits.of[FACTS_FAILED]);
	family_match_text(SPAN("unundeliverable"), &hits);
	cr_expect_null(hits.of[FACTS_FAILED]);
	family_match_subject(SPAN("re: undelivered mail"), true, &hits);
	cr_expect_null(hits.of[FACTS_FAILED]);
	family_match_subject(SPAN("re: undelivered mail"), false, &hits);
	cr_expect_not_null(hits.of[FACTS_FAILED]);
}

Test(facts_family, folding_lowers_latin_and_cyrillic_and_joins_blanks)
{
	AUTO(buffer_done) struct buffer out = { 0 };

	notice_fold(&out, span_of("  Échec \r\n\t DE\u00a0 la×, НЕ Доставлено, don\u2019t  "));
	cr_assert_str_eq(out.data, "échec de la×, не доставлено, don't");
}
