/* test_seen.c: what was looked at and left, until it is gone for a whole scan. */
#include "qmgr/seen.h"

#include "tests/unit/admit/fixture.h"

Test(seen, nothing_is_seen_at_first)
{
	struct seen seen = { 0 };

	cr_assert_not(seen_has(&seen, 1));
	seen_turn(&seen);
	cr_assert_not(seen_has(&seen, 1));
	seen_done(&seen);
}

Test(seen, a_mark_is_remembered_for_the_scan_after_it_was_added)
{
	struct seen seen = { 0 };

	seen_add(&seen, 42);
	cr_assert(seen_has(&seen, 42));
	seen_turn(&seen);
	cr_assert(seen_has(&seen, 42));
	seen_done(&seen);
}

Test(seen, a_mark_that_every_scan_meets_is_kept_for_ever)
{
	struct seen seen = { 0 };

	seen_add(&seen, 42);
	for (int scan = 0; scan < 50; scan++) {
		cr_assert(seen_has(&seen, 42), "scan %d", scan);
		seen_turn(&seen);
	}
	seen_done(&seen);
}

Test(seen, a_mark_that_a_whole_scan_does_not_meet_is_forgotten)
{
	struct seen seen = { 0 };

	seen_add(&seen, 42);
	seen_turn(&seen);
	seen_turn(&seen);
	cr_assert_not(seen_has(&seen, 42));
	seen_done(&seen);
}

Test(seen, marks_that_fall_on_one_place_are_told_apart)
{
	struct seen seen = { 0 };

	/* the low bits choose the place */
	for (uint64_t i = 1; i <= 100; i++)
		seen_add(&seen, i << 32 | 63);
	for (uint64_t i = 1; i <= 100; i++)
		cr_assert(seen_has(&seen, i << 32 | 63));
	cr_assert_not(seen_has(&seen, UINT64_C(101) << 32 | 63));
	cr_assert_not(seen_has(&seen, UINT64_C(1) << 32 | 62));
	seen_done(&seen);
}

Test(seen, a_hundred_thousand_marks_are_all_remembered_and_no_other)
{
	struct seen seen = { 0 };
	uint64_t state = 88172645463325252U;

	for (int round = 0; round < 2; round++) {
		state = 88172645463325252U;
		for (int i = 0; i < 100000; i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			if (round == 0)
				seen_add(&seen, state);
			else
				cr_assert(seen_has(&seen, state));
		}
		cr_assert_eq(seen.now.len, 100000);
	}
	for (int i = 0; i < 1000; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		cr_assert_not(seen_has(&seen, state));
	}
	seen_done(&seen);
}

Test(seen, adding_twice_counts_once)
{
	struct seen seen = { 0 };

	seen_add(&seen, 5);
	seen_add(&seen, 5);
	cr_assert_eq(seen.now.len, 1);
	seen_done(&seen);
	cr_assert_null(seen.now.marks);
	seen_done(&seen);
}

Test(seen, a_file_has_another_mark_when_its_name_inode_time_or_size_is_another)
{
	const uint64_t mark = seen_mark("name", 1, 2, 3);

	cr_assert_eq(seen_mark("name", 1, 2, 3), mark);
	cr_assert_neq(mark, 0);
	cr_assert_neq(seen_mark("nam", 1, 2, 3), mark);
	cr_assert_neq(seen_mark("name", 2, 2, 3), mark);
	cr_assert_neq(seen_mark("name", 1, 3, 3), mark);
	cr_assert_neq(seen_mark("name", 1, 2, 4), mark);
	cr_assert_neq(seen_mark("name", 2, 1, 3), mark, "the order counts");
}
