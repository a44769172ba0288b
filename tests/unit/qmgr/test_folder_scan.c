/* test_folder_scan.c: a file is taken when it is safe, and once. */
#include "qmgr/folder_scan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "tests/unit/admit/fixture.h"

#define MINUTES(n) ((n)*CLOCK_MINUTE_MS)

struct bench {
	char *folder;
	struct settings settings;
	const struct settings *in_force;
	struct folder_scan *scan;
	struct buffer taken; /* names, "+" before one from .ndrq, with "|" behind each */
	uint64_t last_mark;
	size_t room; /* how many may be taken in a scan */
};

static void
on_take(void *ctx, const struct folder_found *found, bool claimed, uint64_t mark)
{
	struct bench *b = ctx;

	b->last_mark = mark;
	b->room--;
	buffer_printf(&b->taken, "%s%s", claimed ? "+" : "", found->parts[0].name);
	for (size_t i = 1; i < found->len; i++)
		buffer_printf(&b->taken, ",%s", found->parts[i].name);
	buffer_add_char(&b->taken, '|');
}

static bool
has(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "under-way") == 0;
}

static bool
is_full(void *ctx)
{
	return ((struct bench *)ctx)->room == 0;
}

static void
bench_start(struct bench *b, const struct folder_kind *kind)
{
	struct folder_scan_options options = {
		.kind = kind,
		.ctx = b,
		.take = on_take,
		.has = has,
		.is_full = is_full,
	};

	*b = (struct bench){ .folder = folder_make(), .room = 1000 };
	b->settings.directory.settle_ms = MINUTES(1);
	b->settings.directory.orphan_timeout_ms = MINUTES(10);
	b->in_force = &b->settings;
	options.settings = &b->in_force;
	options.path = b->folder;
	b->scan = folder_scan_new(&options);
}

static void
bench_stopp(struct bench *b)
{
	folder_scan_freep(&b->scan);
	buffer_done(&b->taken);
	folder_removep(&b->folder);
}

/* A whole scan; what it took. */
static const char *
scan(struct bench *b)
{
	buffer_clear(&b->taken);
	buffer_add_str(&b->taken, "");
	folder_scan_start(b->scan);
	while (folder_scan_turn(b->scan))
		;
	return b->taken.len == 0 ? "" : b->taken.data;
}

/* NAME, last written so long ago. */
static void
put(const struct bench *b, const char *name, const char *text, int64_t age_ms)
{
	AUTO(freep) char *path = xasprintf("%s/%s", b->folder, name);
	int64_t at_ms = clock_now_ms() - age_ms;
	struct timespec times[2] = { { .tv_sec = at_ms / 1000 }, { .tv_sec = at_ms / 1000 } };

	write_file(path, span_of(text));
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
make_inside(const struct bench *b, const char *name)
{
	AUTO(freep) char *path = xasprintf("%s/%s", b->folder, name);

	cr_assert_eq(mkdir(path, 0700), 0);
}

Test(folder_scan, in_a_maildir_all_is_whole_and_taken_at_once)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_maildir);
	make_inside(&b, "new");
	put(&b, "new/fresh", "x", 0);
	put(&b, "new/under-way", "x", MINUTES(5));
	put(&b, "new/.hidden", "x", MINUTES(5));
	cr_assert_str_eq(scan(&b), "fresh|");
}

Test(folder_scan, a_settled_file_is_taken_at_the_second_look)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put(&b, "a.eml", "x", MINUTES(5));
	cr_assert_str_eq(scan(&b), "");
	cr_assert(folder_scan_waits(b.scan));
	cr_assert_str_eq(scan(&b), "a.eml|");
}

Test(folder_scan, a_fresh_file_is_not_taken_however_often_it_is_looked_at)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put(&b, "a.eml", "x", 0);
	for (int i = 0; i < 4; i++)
		cr_assert_str_eq(scan(&b), "");
	/* older now, which is a change too */
	put(&b, "a.eml", "x", MINUTES(5));
	cr_assert_str_eq(scan(&b), "");
	cr_assert_str_eq(scan(&b), "a.eml|");
}

Test(folder_scan, a_file_that_grows_with_an_old_time_is_not_taken)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put(&b, "a.eml", "x", MINUTES(5));
	cr_assert_str_eq(scan(&b), "");
	put(&b, "a.eml", "xx", MINUTES(5));
	cr_assert_str_eq(scan(&b), "");
	put(&b, "a.eml", "xxx", MINUTES(5));
	cr_assert_str_eq(scan(&b), "");
	cr_assert_str_eq(scan(&b), "a.eml|");
}

Test(folder_scan, a_time_in_the_future_is_nobodys_clock)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put(&b, "a.eml", "x", -MINUTES(60));
	cr_assert_str_eq(scan(&b), "");
	cr_assert_str_eq(scan(&b), "a.eml|");
}

Test(folder_scan, what_inotify_told_is_the_first_look)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put(&b, "a.eml", "x", MINUTES(5));
	put(&b, "b.tmp", "x", MINUTES(5));
	folder_scan_notice(b.scan, "a.eml");
	folder_scan_notice(b.scan, "b.tmp");
	folder_scan_notice(b.scan, "gone.eml");
	cr_assert(folder_scan_waits(b.scan));
	cr_assert_str_eq(scan(&b), "a.eml|");
}

Test(folder_scan, what_was_left_is_left_until_it_changes)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put(&b, "a.eml", "x", MINUTES(5));
	(void)scan(&b);
	cr_assert_str_eq(scan(&b), "a.eml|");
	folder_scan_leave(b.scan, b.last_mark);
	for (int i = 0; i < 4; i++)
		cr_assert_str_eq(scan(&b), "");
	put(&b, "a.eml", "y", MINUTES(4));
	cr_assert_str_eq(scan(&b), "");
	cr_assert_str_eq(scan(&b), "a.eml|");
}

Test(folder_scan, a_triplet_waits_for_its_parts_and_not_for_ever)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_badmail);
	put(&b, "all.bad", "x", MINUTES(5));
	put(&b, "all.bdr", "x", MINUTES(5));
	put(&b, "all.bdp", "x", MINUTES(5));
	put(&b, "part.bad", "x", MINUTES(5));
	put(&b, "part.bdp", "x", MINUTES(5));
	put(&b, "lone.bdr", "x", MINUTES(5));
	put(&b, "hollow.bad", "", MINUTES(5));
	put(&b, "hollow.bdr", "x", MINUTES(5));
	put(&b, "hollow.bdp", "x", MINUTES(5));
	put(&b, "fresh.bad", "x", MINUTES(5));
	put(&b, "fresh.bdr", "x", 0);
	put(&b, "fresh.bdp", "x", MINUTES(5));
	(void)scan(&b);
	cr_assert_str_eq(scan(&b), "all.bad,all.bdr,all.bdp|");
	b.settings.directory.orphan_timeout_ms = MINUTES(4);
	(void)scan(&b);
	cr_assert_not_null(strstr(b.taken.data, "part.bad,part.bdp|"));
	cr_assert_not_null(strstr(b.taken.data, "lone.bdr|"));
	cr_assert_not_null(strstr(b.taken.data, "hollow.bad,hollow.bdr,hollow.bdp|"));
	cr_assert_null(strstr(b.taken.data, "fresh"), "%s", b.taken.data);
}

Test(folder_scan, what_a_crash_left_in_ndrq_comes_first_and_at_once)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	make_inside(&b, ".ndrq");
	put(&b, ".ndrq/fresh.eml", "x", 0);
	put(&b, "a.eml", "x", MINUTES(5));
	cr_assert_str_eq(scan(&b), "+fresh.eml|");
	cr_assert_str_eq(scan(&b), "+fresh.eml|a.eml|");
}

Test(folder_scan, mail_in_ndrq_waits_until_it_is_due)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_pickup);
	make_inside(&b, ".ndrq");
	put(&b, ".ndrq/due.eml", "x", MINUTES(1));
	put(&b, ".ndrq/later.eml", "x", -MINUTES(1));
	cr_assert_str_eq(scan(&b), "+due.eml|");
}

Test(folder_scan, a_reason_belongs_to_one_of_two_files_and_parts_belong_to_a_claim)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_badmail);
	b.settings.directory.orphan_timeout_ms = 0;
	make_inside(&b, ".ndrq");
	put(&b, ".ndrq/x.BAD", "x", MINUTES(5));
	put(&b, "x.bdr", "x", MINUTES(5));
	put(&b, "x.bdp", "x", MINUTES(5));
	(void)scan(&b);
	cr_assert_str_eq(scan(&b), "+x.BAD|", "its other files are not taken without it");
}

Test(folder_scan, a_full_house_ends_the_turn_and_the_scan_goes_on_later)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_maildir);
	make_inside(&b, "new");
	for (char name[] = "new/a"; name[4] <= 'e'; name[4]++)
		put(&b, name, "x", 0);
	b.room = 2;
	(void)scan(&b);
	cr_assert_eq(b.taken.len, 4);
	cr_assert(folder_scan_runs(b.scan));
	b.room = 1000;
	while (folder_scan_turn(b.scan))
		;
	cr_assert_eq(b.taken.len, 10);
	cr_assert_not(folder_scan_runs(b.scan));
}

Test(folder_scan, after_a_refusal_nothing_more_is_taken_in_this_scan)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_maildir);
	make_inside(&b, "new");
	for (char name[] = "new/a"; name[4] <= 'e'; name[4]++)
		put(&b, name, "x", 0);
	b.room = 1;
	(void)scan(&b);
	b.room = 1000;
	folder_scan_rest(b.scan);
	cr_assert_not(folder_scan_turn(b.scan));
	cr_assert_eq(b.taken.len, 2);
	(void)scan(&b);
	cr_assert_eq(b.taken.len, 10, "the next scan takes what is there");
}

Test(folder_scan, a_folder_that_is_not_there_is_tried_again)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_maildir);
	cr_assert_str_eq(scan(&b), "");
	make_inside(&b, "new");
	put(&b, "new/a", "x", 0);
	cr_assert_str_eq(scan(&b), "a|");
}
