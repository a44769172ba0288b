/* test_folder_scan.c: a file is taken when it is safe, and once. */
#include "qmgr/folder_scan.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
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

/* NAME, in the folder or one inside it, last written so long ago. */
static void
put_file(const struct bench *b, const char *name, const char *text, int64_t age_ms)
{
	AUTO(freep) char *path = xasprintf("%s/%s", b->folder, name);
	int64_t at_ms = clock_now_ms() - age_ms;
	struct timespec times[2] = { { .tv_sec = at_ms / 1000 }, { .tv_sec = at_ms / 1000 } };
	char *slash = strrchr(path, '/');

	*slash = '\0';
	cr_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
	*slash = '/';
	write_file(path, span_of(text));
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Files of that text, their names apart by blanks. */
static void
put(const struct bench *b, const char *names, const char *text, int64_t age_ms)
{
	AUTO(freep) char *copy = xstrdup(names);
	char *rest = NULL;

	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		put_file(b, name, text, age_ms);
}

static void
put_settled(const struct bench *b, const char *names)
{
	put(b, names, "x", MINUTES(5));
}

static void
put_fresh(const struct bench *b, const char *names)
{
	put(b, names, "x", 0);
}

/* A whole scan takes these. */
#define assert_takes(b, names) cr_assert_str_eq(scan(b), names)

/* ---- when a file is safe ---------------------------------------------------- */

/* One scan of a folder with one file. */
struct look {
	const char *text; /* written before it; NULL: nothing was */
	int minutes_ago;  /* as its time has it */
	bool taken;
};

static void
look_at_one_file(const struct look *looks, size_t len)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	for (size_t i = 0; i < len; i++) {
		if (looks[i].text != NULL)
			put(&b, "a.eml", looks[i].text, MINUTES(looks[i].minutes_ago));
		cr_assert_str_eq(scan(&b), looks[i].taken ? "a.eml|" : "", "look %zu", i);
		cr_assert(looks[i].taken || folder_scan_waits(b.scan), "look %zu", i);
	}
}

Test(folder_scan, in_a_maildir_all_is_whole_and_taken_at_once)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_maildir);
	put_fresh(&b, "new/fresh");
	put_settled(&b, "new/under-way new/.hidden");
	assert_takes(&b, "fresh|");
}

Test(folder_scan, a_settled_file_is_taken_at_the_second_look)
{
	static const struct look looks[] = { { "x", 5, false }, { NULL, 0, true } };

	look_at_one_file(looks, COUNT(looks));
}

Test(folder_scan, a_fresh_file_is_not_taken_however_often_it_is_looked_at)
{
	static const struct look looks[] = {
		{ "x", 0, false },  { NULL, 0, false }, { NULL, 0, false },
		{ NULL, 0, false }, { "x", 5, false }, /* older now, which is a change too */
		{ NULL, 0, true },
	};

	look_at_one_file(looks, COUNT(looks));
}

Test(folder_scan, a_file_that_grows_with_an_old_time_is_not_taken)
{
	static const struct look looks[] = {
		{ "x", 5, false },
		{ "xx", 5, false },
		{ "xxx", 5, false },
		{ NULL, 0, true },
	};

	look_at_one_file(looks, COUNT(looks));
}

Test(folder_scan, a_time_in_the_future_is_nobodys_clock)
{
	static const struct look looks[] = { { "x", -60, false }, { NULL, 0, true } };

	look_at_one_file(looks, COUNT(looks));
}

Test(folder_scan, what_inotify_told_is_the_first_look)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put_settled(&b, "a.eml b.tmp");
	folder_scan_notice(b.scan, "a.eml");
	folder_scan_notice(b.scan, "b.tmp");
	folder_scan_notice(b.scan, "gone.eml");
	cr_assert(folder_scan_waits(b.scan));
	assert_takes(&b, "a.eml|");
}

Test(folder_scan, what_was_left_is_left_until_it_changes)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_drop);
	put_settled(&b, "a.eml");
	(void)scan(&b);
	assert_takes(&b, "a.eml|");
	folder_scan_leave(b.scan, b.last_mark);
	for (int i = 0; i < 4; i++)
		assert_takes(&b, "");
	put(&b, "a.eml", "y", MINUTES(4));
	assert_takes(&b, "");
	assert_takes(&b, "a.eml|");
}

/* ---- what belongs together ---------------------------------------------------- */

Test(folder_scan, a_triplet_waits_for_its_parts_and_not_for_ever)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_badmail);
	put_settled(&b, "all.bad all.bdr all.bdp");
	put_settled(&b, "part.bad part.bdp");
	put_settled(&b, "lone.bdr");
	put_settled(&b, "hollow.bdr hollow.bdp");
	put(&b, "hollow.bad", "", MINUTES(5));
	put_settled(&b, "fresh.bad fresh.bdp");
	put_fresh(&b, "fresh.bdr");
	(void)scan(&b);
	assert_takes(&b, "all.bad,all.bdr,all.bdp|");
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
	put_fresh(&b, ".ndrq/fresh.eml");
	put_settled(&b, "a.eml");
	assert_takes(&b, "+fresh.eml|");
	assert_takes(&b, "+fresh.eml|a.eml|");
}

Test(folder_scan, mail_in_ndrq_waits_until_it_is_due)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_pickup);
	put(&b, ".ndrq/due.eml", "x", MINUTES(1));
	put(&b, ".ndrq/later.eml", "x", -MINUTES(1));
	b.settings.release.retry_max_ms = MINUTES(60);
	assert_takes(&b, "+due.eml|");
}

Test(folder_scan, mail_in_ndrq_with_a_time_that_no_try_can_have_is_due)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_pickup);
	b.settings.release.retry_max_ms = MINUTES(60);
	put(&b, ".ndrq/skewed.eml", "x", -MINUTES(24 * 60)); /* claimed, and then came a crash */
	assert_takes(&b, "+skewed.eml|");
}

Test(folder_scan, a_reason_belongs_to_one_of_two_files_and_parts_belong_to_a_claim)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_iis_badmail);
	b.settings.directory.orphan_timeout_ms = 0;
	put_settled(&b, ".ndrq/x.BAD x.bdr x.bdp");
	(void)scan(&b);
	cr_assert_str_eq(scan(&b), "+x.BAD|", "its other files are not taken without it");
}

/* ---- how many at once ----------------------------------------------------------- */

Test(folder_scan, a_full_house_ends_the_turn_and_the_scan_goes_on_later)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, &folder_kind_maildir);
	put_fresh(&b, "new/a new/b new/c new/d new/e");
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
	put_fresh(&b, "new/a new/b new/c new/d new/e");
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
	assert_takes(&b, "");
	put_fresh(&b, "new/a");
	assert_takes(&b, "a|");
}

static void
redirect(void)
{
	cr_redirect_stderr();
}

Test(folder_scan, a_file_that_waits_is_told_once_though_scans_pass_while_it_is_read,
     .init = redirect)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *line = NULL;

	log_open(LOG_TO_STDERR, "ndrqd");
	bench_start(&b, &folder_kind_iis_drop);
	line = xasprintf("ndrqd: event=file-waits path=%s name=under-way reason=locked\n",
			 b.folder);
	for (int i = 0; i < 3; i++) {
		folder_scan_tell(b.scan, FOLDER_TELL_WAITS, "under-way", 42, "locked");
		(void)scan(&b);
		(void)scan(&b);
		(void)scan(&b);
	}
	cr_assert_stderr_eq_str(line);
}
