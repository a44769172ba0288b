/* test_blocks.c: what is given stays where it is, and as it is. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/blocks.h"
#include "base/cleanup.h"

Test(blocks, what_was_given_stays_while_more_is_given)
{
	AUTO(blocks_done) struct blocks b = { 0 };
	static char *texts[50000];
	char text[16];

	for (int i = 0; i < 50000; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		texts[i] = blocks_strdup(&b, text);
	}
	for (int i = 0; i < 50000; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		cr_assert_str_eq(texts[i], text);
	}
	cr_expect_gt(b.len, 1, "more than one block");
}

Test(blocks, pointers_may_stand_in_what_is_given_whatever_came_before)
{
	AUTO(blocks_done) struct blocks b = { 0 };

	for (size_t i = 1; i < 200; i++) {
		char *text = blocks_strdup(&b, "odd");
		void **p = blocks_alloc(&b, i * sizeof(*p));

		cr_assert_eq((uintptr_t)p % sizeof(*p), 0);
		memset(p, 0xAA, i * sizeof(*p));
		cr_assert_str_eq(text, "odd");
	}
}

Test(blocks, what_is_larger_than_a_block_gets_one_of_its_own)
{
	AUTO(blocks_done) struct blocks b = { 0 };
	char *before = blocks_strdup(&b, "before");
	char *large = blocks_alloc(&b, 1000001);
	void **after;

	memset(large, 'x', 1000001);
	after = blocks_alloc(&b, sizeof(*after));
	cr_assert_eq((uintptr_t)after % sizeof(*after), 0);
	*after = NULL;
	cr_assert_str_eq(before, "before");
	cr_assert_eq(large[1000000], 'x');
}
