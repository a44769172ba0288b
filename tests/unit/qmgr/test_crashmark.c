/* test_crashmark.c: what crashed its reader is known at the next start; what was killed is not. */
#include "qmgr/crashmark.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "tests/unit/qmgr/crash_fixture.h"

/* A sha256 of our own making, told apart by its number. */
static const uint8_t *
sha(unsigned number)
{
	static uint8_t bytes[32];

	memset(bytes, 0xA5, sizeof(bytes));
	memcpy(bytes, &number, sizeof(number));
	return bytes;
}

static bool
is_suspect(const char *folder, unsigned number)
{
	AUTO(crashmark_closep) struct crashmark *mark = mark_open(folder);

	return crashmark_is_suspect(mark, sha(number));
}

static size_t
suspects(const char *folder)
{
	AUTO(crashmark_closep) struct crashmark *mark = mark_open(folder);

	return crashmark_suspects(mark);
}

/* ---- ways to die -------------------------------------------------------- */

struct death {
	const char *folder;
	void *(*reader)(void *);
	struct crashmark *mark;
	unsigned number;
	int signal;
	void (*die)(const struct death *death);
};

static void
by_signal(const struct death *death)
{
	(void)raise(death->signal);
}

/* A page that may not be touched: a null pointer would end in UBSan's hands. */
static void
by_pointer(const struct death *death)
{
	volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)death;
	*page = 1;
}

static int
deeper(volatile char *above, int depth)
{
	volatile char here[4096];

	here[0] = above[0];
	if (depth == 0)
		return 0;
	return deeper(here, depth - 1) + here[0];
}

static void
by_stack_overflow(const struct death *death)
{
	volatile char top = 1;

	(void)death;
	(void)deeper(&top, 10000000);
}

static void
by_kill(const struct death *death)
{
	(void)death;
	(void)kill(getpid(), SIGKILL);
}

static void *
read_and_die(void *arg)
{
	struct death *death = arg;

	crashmark_thread_start(death->mark, 3);
	crashmark_enter(sha(1000000));
	crashmark_leave();
	crashmark_enter(sha(death->number));
	death->die(death);
	return NULL;
}

static void *
die_after_reading(void *arg)
{
	struct death *death = arg;

	crashmark_thread_start(death->mark, 3);
	crashmark_enter(sha(death->number));
	crashmark_leave();
	death->die(death);
	return NULL;
}

static void *
die_without_a_slot(void *arg)
{
	struct death *death = arg;

	crashmark_enter(sha(death->number));
	death->die(death);
	return NULL;
}

static void
die_in_thread(void *ctx)
{
	struct death *death = ctx;
	pthread_t thread;

	death->mark = mark_open(death->folder);
	thread_start(&thread, "reader", death->reader, death);
	(void)pthread_join(thread, NULL);
}

/* What it dies of: a child with a reading thread, as ndrqd has them. */
static int
die(const char *folder, void *(*reader)(void *), struct death death)
{
	death.folder = folder;
	death.reader = reader;
	return die_in(die_in_thread, &death);
}

/* ---- crashes ------------------------------------------------------------- */

Test(crashmark, a_message_that_is_read_during_a_crash_is_suspect_at_the_next_start)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	AUTO(folder_removep) char *folder = folder_make();

	cr_assert_eq(suspects(folder), 0);
	for (unsigned i = 0; i < COUNT(crashes); i++) {
		const struct death death = { .number = i, .signal = crashes[i], .die = by_signal };

		cr_assert_eq(die(folder, read_and_die, death), crashes[i],
			     "it dies of the same signal as without us");
		cr_assert(is_suspect(folder, i), "signal %d", crashes[i]);
		cr_assert_eq(suspects(folder), i + 1);
	}
	cr_assert_not(is_suspect(folder, 99));
	cr_assert_not(is_suspect(folder, 1000000), "what was read before is not suspect");
}

Test(crashmark, a_bad_pointer_makes_a_suspect)
{
	AUTO(folder_removep) char *folder = folder_make();

	cr_assert_eq(die(folder, read_and_die, (struct death){ .number = 5, .die = by_pointer }),
		     SIGSEGV);
	cr_assert(is_suspect(folder, 5));
}

Test(crashmark, a_stack_overflow_makes_a_suspect)
{
	AUTO(folder_removep) char *folder = folder_make();

	cr_assert_eq(
		die(folder, read_and_die, (struct death){ .number = 6, .die = by_stack_overflow }),
		SIGSEGV);
	cr_assert(is_suspect(folder, 6));
}

Test(crashmark, a_kill_makes_no_suspect)
{
	AUTO(folder_removep) char *folder = folder_make();

	cr_assert_eq(die(folder, read_and_die, (struct death){ .number = 7, .die = by_kill }),
		     SIGKILL);
	cr_assert_not(is_suspect(folder, 7));
	cr_assert_eq(suspects(folder), 0);
}

Test(crashmark, a_crash_outside_of_reading_makes_no_suspect)
{
	const struct death death = { .number = 8, .signal = SIGSEGV, .die = by_signal };
	AUTO(folder_removep) char *folder = folder_make();

	cr_assert_eq(die(folder, die_after_reading, death), SIGSEGV);
	cr_assert_eq(die(folder, die_without_a_slot, death), SIGSEGV);
	cr_assert_eq(suspects(folder), 0);
}

static void *
read_on(void *arg)
{
	const struct death *death = arg;

	crashmark_thread_start(death->mark, 4);
	crashmark_enter(sha(77));
	while (pause() < 0)
		;
	return NULL;
}

static void *
die_beside_a_reader(void *arg)
{
	pthread_t other;

	thread_start(&other, "reader", read_on, arg);
	return read_and_die(arg);
}

Test(crashmark, what_other_threads_were_reading_is_not_suspect)
{
	const struct death death = { .number = 9, .signal = SIGSEGV, .die = by_signal };
	AUTO(folder_removep) char *folder = folder_make();

	cr_assert_eq(die(folder, die_beside_a_reader, death), SIGSEGV);
	cr_assert(is_suspect(folder, 9));
	cr_assert_not(is_suspect(folder, 77));
}

Test(crashmark, a_suspect_stays_one_over_many_starts)
{
	const struct death death = { .number = 10, .signal = SIGSEGV, .die = by_signal };
	AUTO(folder_removep) char *folder = folder_make();

	(void)die(folder, read_and_die, death);
	for (int i = 0; i < 10; i++)
		cr_assert(is_suspect(folder, 10));
	cr_assert_eq(suspects(folder), 1);
}

Test(crashmark, of_more_than_256_suspects_the_oldest_is_dropped)
{
	AUTO(folder_removep) char *folder = folder_make();

	for (unsigned i = 1; i <= 258; i++)
		(void)die(folder, read_and_die,
			  (struct death){ .number = i, .signal = SIGSEGV, .die = by_signal });
	cr_assert_eq(suspects(folder), 256);
	cr_assert_not(is_suspect(folder, 1));
	cr_assert_not(is_suspect(folder, 2));
	for (unsigned i = 3; i <= 258; i++)
		cr_assert(is_suspect(folder, i), "%u", i);
}

/* ---- the file --------------------------------------------------------------- */

Test(crashmark, a_file_of_garbage_or_of_another_size_is_begun_anew)
{
	static const struct span texts[] = { SPAN(""), SPAN("short"), SPAN("ndrqrd0\0old format") };
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(freep) char *path = xasprintf("%s/reading", folder);
	const struct death death = { .number = 11, .signal = SIGSEGV, .die = by_signal };

	for (size_t i = 0; i < COUNT(texts); i++) {
		write_file(path, texts[i]);
		cr_assert_eq(suspects(folder), 0);
		(void)die(folder, read_and_die, death);
		cr_assert(is_suspect(folder, 11), "it works all the same");
	}
}

Test(crashmark, a_path_that_cannot_be_opened_is_a_temporary_refusal)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(freep) char *link = xasprintf("%s/link", folder);
	AUTO(freep) char *target = xasprintf("%s/target", folder);
	struct crashmark *mark = NULL;
	struct error err = { 0 };

	cr_assert_eq(crashmark_open("/nonexistent/reading", &mark, &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
	cr_assert_eq(symlink(target, link), 0);
	cr_assert_eq(crashmark_open(link, &mark, &err), -1, "a link is not followed");
	cr_assert_not(exists(target));
	cr_assert_null(mark);
	crashmark_closep(&mark);
}

Test(crashmark, no_room_for_the_file_is_a_refusal_that_says_why)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(freep) char *path = xasprintf("%s/reading", folder);
	const struct rlimit limit = { 100, RLIM_INFINITY };
	struct crashmark *mark = NULL;
	struct error err = { 0 };

	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	errno = 0;
	cr_assert_eq(crashmark_open(path, &mark, &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
	cr_assert_not_null(strstr(err.text, strerror(EFBIG)), "it says: %s", err.text);
}

Test(crashmark, a_thread_without_a_slot_may_enter_and_leave)
{
	crashmark_enter(sha(1));
	crashmark_leave();
}

static void *
start_and_stop(void *arg)
{
	for (unsigned i = 0; i < 3; i++) {
		crashmark_thread_start(arg, i + CRASHMARK_SLOTS);
		crashmark_enter(sha(i));
		crashmark_leave();
		crashmark_thread_stop();
	}
	return NULL;
}

Test(crashmark, a_thread_may_stop_and_start_again)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(crashmark_closep) struct crashmark *mark = mark_open(folder);
	pthread_t thread;

	thread_start(&thread, "reader", start_and_stop, mark);
	cr_assert_eq(pthread_join(thread, NULL), 0);
}
