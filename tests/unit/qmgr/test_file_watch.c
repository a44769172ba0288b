/* test_file_watch.c: a change is told of, when it is done, and once. */
#include "qmgr/file_watch.h"

#include <fcntl.h>

#include "tests/unit/qmgr/loop_fixture.h"

#define PERIOD_MS 20

struct bench {
	struct test_loop loop;
	char *folder, *path;
	struct file_watch *watch;
	int changes, wanted;
};

static void
on_change(void *ctx)
{
	((struct bench *)ctx)->changes++;
}

static bool
is_told(void *ctx)
{
	const struct bench *b = ctx;

	return b->changes >= b->wanted;
}

/* As a program would that is slow, or long ago. */
static void
append(const struct bench *b, const char *text, int64_t age_s)
{
	const struct timespec times[2] = { { .tv_sec = time(NULL) - age_s },
					   { .tv_sec = time(NULL) - age_s } };
	int fd = open(b->path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(futimens(fd, times), 0);
	cr_assert_eq(close(fd), 0);
}

static void
bench_start(struct bench *b)
{
	*b = (struct bench){ .folder = folder_make() };
	b->path = xasprintf("%s/list", b->folder);
	test_loop_start(&b->loop);
	b->watch = file_watch_start(b->loop.loop, PERIOD_MS, on_change, b);
}

static void
bench_stop(struct bench *b)
{
	file_watch_stopp(&b->watch);
	test_loop_stop(&b->loop);
	free(b->path);
	folder_removep(&b->folder);
}

/* So many changes are told of, and in ten looks more no other. */
static void
expect_changes(struct bench *b, int changes)
{
	b->wanted = changes;
	cr_expect(test_loop_until(&b->loop, is_told, b, 10), "%d", b->changes);
	b->wanted = changes + 1;
	cr_expect_not(test_loop_until(&b->loop, is_told, b, 10 * PERIOD_MS / 1e3), "%d",
		      b->changes);
}

Test(file_watch, each_change_is_told_of_once)
{
	struct bench b;

	bench_start(&b);
	append(&b, "a\n", 0);
	file_watch_set(b.watch, b.path);
	file_watch_reading(b.watch);
	expect_changes(&b, 0);
	append(&b, "b\n", 0);
	expect_changes(&b, 1);
	cr_assert_eq(unlink(b.path), 0);
	expect_changes(&b, 2);
	append(&b, "c\n", 100);
	expect_changes(&b, 3);
	bench_stop(&b);
}

Test(file_watch, what_was_read_since_is_no_change)
{
	struct bench b;

	bench_start(&b);
	append(&b, "a\n", 0);
	file_watch_set(b.watch, b.path);
	file_watch_reading(b.watch);
	append(&b, "b\n", 0);
	file_watch_reading(b.watch);
	expect_changes(&b, 0);
	bench_stop(&b);
}

Test(file_watch, one_that_was_written_just_before_may_not_have_been_read)
{
	struct bench b;

	bench_start(&b);
	append(&b, "a\n", 0);
	file_watch_set(b.watch, b.path);
	expect_changes(&b, 1);
	bench_stop(&b);
}

Test(file_watch, without_a_file_or_after_the_end_nothing_is_told)
{
	struct bench b;

	bench_start(&b);
	append(&b, "a\n", 0);
	file_watch_set(b.watch, b.path);
	file_watch_set(b.watch, NULL);
	expect_changes(&b, 0);
	file_watch_set(b.watch, b.path);
	file_watch_drain(b.watch);
	expect_changes(&b, 0);
	bench_stop(&b);
}
