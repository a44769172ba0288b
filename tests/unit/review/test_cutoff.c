/* test_cutoff.c: the oldest go first, and no more of them than must. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "review/cutoff.h"

enum { FILES = 5000 };

struct file {
	int64_t age_ms, bytes;
	bool goes;
};

/* Repeatable, and over all ages from seconds to years. */
static void
make_files(struct file *files)
{
	uint64_t x = 88172645463325252U;

	for (size_t i = 0; i < FILES; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		files[i].age_ms = (int64_t)((x >> 20) % ((uint64_t)1000 << (x % 26)));
		files[i].bytes = (int64_t)(x % 9000);
	}
}

static void
ask_all(struct file *files, int64_t bytes, int64_t *ret_gone, int64_t *ret_largest)
{
	struct cutoff *cutoff = xcalloc(1, sizeof(*cutoff));

	*ret_gone = *ret_largest = 0;
	for (size_t i = 0; i < FILES; i++)
		cutoff_add(cutoff, files[i].age_ms, files[i].bytes);
	cutoff_decide(cutoff, bytes);
	for (size_t i = 0; i < FILES; i++) {
		files[i].goes = cutoff_takes(cutoff, files[i].age_ms, files[i].bytes);
		if (files[i].goes)
			*ret_gone += files[i].bytes;
		if (files[i].bytes > *ret_largest)
			*ret_largest = files[i].bytes;
	}
	free(cutoff);
}

/* But for two of one class, nobody younger goes than one who stays. */
static void
expect_oldest_first(const struct file *files)
{
	int64_t youngest_gone = INT64_MAX, oldest_left = -1;

	for (size_t i = 0; i < FILES; i++) {
		if (files[i].goes && files[i].age_ms < youngest_gone)
			youngest_gone = files[i].age_ms;
		if (!files[i].goes && files[i].age_ms > oldest_left)
			oldest_left = files[i].age_ms;
	}
	cr_expect_geq(youngest_gone, oldest_left - oldest_left / 64 - CLOCK_SECOND_MS);
}

Test(cutoff, the_oldest_go_and_only_as_many_as_must)
{
	static const int64_t wanted[] = { 1, 9000, 1000000, 10000000, 20000000 };
	struct file *files = xcalloc(FILES, sizeof(*files));
	int64_t gone, largest;

	make_files(files);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		ask_all(files, wanted[i], &gone, &largest);
		cr_expect_geq(gone, wanted[i]);
		cr_expect_lt(gone, wanted[i] + largest);
		expect_oldest_first(files);
	}
	free(files);
}

Test(cutoff, nothing_goes_when_nothing_must_and_all_when_more_must_than_there_is)
{
	struct file *files = xcalloc(FILES, sizeof(*files));
	int64_t gone, largest, all = 0;

	make_files(files);
	ask_all(files, 0, &gone, &largest);
	cr_expect_eq(gone, 0);
	ask_all(files, -5, &gone, &largest);
	cr_expect_eq(gone, 0);
	ask_all(files, INT64_MAX, &gone, &largest);
	for (size_t i = 0; i < FILES; i++)
		all += files[i].bytes;
	cr_expect_eq(gone, all);
	free(files);
}

Test(cutoff, any_age_has_a_class)
{
	static const int64_t ages[] = { INT64_MIN, -1, 0, 63999, 64000, 65000, INT64_MAX };
	struct cutoff *cutoff = xcalloc(1, sizeof(*cutoff));

	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
		cutoff_add(cutoff, ages[i], 1);
	cutoff_decide(cutoff, 1);
	cr_expect(cutoff_takes(cutoff, INT64_MAX, 1));
	cr_expect_not(cutoff_takes(cutoff, INT64_MAX, 1), "one was enough");
	cr_expect_not(cutoff_takes(cutoff, 65000, 1));
	free(cutoff);
}
