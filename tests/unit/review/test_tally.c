/* test_tally.c: counting rows with examples, however many come. */
#include "review/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

static void
add(struct tally *tally, const char *a, const char *b, int64_t id)
{
	tally_add(tally, POLICY_HOLD, POLICY_SEND, a, b, id);
}

Test(tally, rows_come_most_frequent_first_with_their_first_examples)
{
	AUTO(tally_done) struct tally tally = { 0 };
	AUTO(freep) const struct tally_row **rows = NULL;

	for (int64_t id = 1; id <= 20; id++)
		add(&tally, "often", NULL, id);
	add(&tally, "b", NULL, 21);
	add(&tally, "a", NULL, 22);
	add(&tally, NULL, NULL, 23);
	rows = tally_sorted(&tally);
	cr_assert_eq(tally.rows, 4);
	cr_expect_str_eq(rows[0]->a, "often");
	cr_expect_eq(rows[0]->records, 20);
	cr_expect_eq(rows[0]->examples_len, TALLY_EXAMPLES_MAX);
	cr_expect_eq(rows[0]->examples[TALLY_EXAMPLES_MAX - 1], TALLY_EXAMPLES_MAX);
	cr_expect_null(rows[1]->a, "none before any name");
	cr_expect_str_eq(rows[2]->a, "a");
	cr_expect_str_eq(rows[3]->a, "b");
	cr_expect_eq(tally.others, 0);
}

Test(tally, a_row_is_told_from_another_by_each_of_its_parts)
{
	AUTO(tally_done) struct tally tally = { 0 };
	AUTO(freep) const struct tally_row **rows = NULL;

	for (int twice = 0; twice < 2; twice++) {
		add(&tally, "a", "b", 1);
		add(&tally, "ab", "", 2);
		add(&tally, "a", NULL, 3);
		add(&tally, "a", "c", 4);
		tally_add(&tally, POLICY_SEND, POLICY_HOLD, "a", "b", 5);
		tally_add(&tally, POLICY_HOLD, POLICY_DELETE, "a", "b", 6);
	}
	rows = tally_sorted(&tally);
	cr_assert_eq(tally.rows, 6);
	for (size_t i = 0; i < tally.rows; i++)
		cr_expect_eq(rows[i]->records, 2);
}

Test(tally, beyond_the_limit_they_are_others_but_none_is_lost)
{
	AUTO(tally_done) struct tally tally = { 0 };
	AUTO(freep) const struct tally_row **rows = NULL;
	int64_t records = 0;
	char name[32];

	for (int i = 0; i < 3 * TALLY_ROWS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d", i % (TALLY_ROWS_MAX + 100));
		add(&tally, name, NULL, i);
	}
	rows = tally_sorted(&tally);
	cr_assert_eq(tally.rows, TALLY_ROWS_MAX);
	for (size_t i = 0; i < tally.rows; i++)
		records += rows[i]->records;
	cr_expect_eq(records + tally.others, 3 * TALLY_ROWS_MAX);
	cr_expect_gt(tally.others, 0);
}

Test(tally, an_empty_one_has_no_rows)
{
	AUTO(tally_done) struct tally tally = { 0 };
	AUTO(freep) const struct tally_row **rows = tally_sorted(&tally);

	cr_expect_null(rows[0]);
	cr_expect_eq(tally.rows, 0);
}
