/*
 * criterion.h: the part of Criterion that our tests use, without its forks.
 *
 * Under ThreadSanitizer Criterion cannot run (its arena lies where the shadow
 * should be), so check-tsan finds this file first. All tests run one after the
 * other in one process; the first assertion that fails ends its test. An
 * assertion that fails in another thread ends the process.
 */
#ifndef CRITERION_LITE_H
#define CRITERION_LITE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lite_test {
	const char *suite, *name;
	void (*run)(void);
	struct lite_test *next;
};

static struct lite_test *lite_first, **lite_last = &lite_first;
static jmp_buf lite_end;
static pthread_t lite_main;
enum { LITE_FAILED = 1, LITE_SKIPPED };

#define Test(suite_, name_, ...)                                                                   \
	static void suite_##_##name_##_run(void);                                                  \
	static struct lite_test suite_##_##name_##_test = { #suite_, #name_,                       \
							    suite_##_##name_##_run, NULL };        \
	__attribute__((constructor)) static void suite_##_##name_##_list(void)                     \
	{                                                                                          \
		*lite_last = &suite_##_##name_##_test;                                             \
		lite_last = &suite_##_##name_##_test.next;                                         \
	}                                                                                          \
	static void suite_##_##name_##_run(void)

__attribute__((format(printf, 5, 6), unused)) static void
lite_assert(bool holds, const char *file, int line, const char *condition, const char *format, ...)
{
	va_list ap;

	if (holds)
		return;
	printf("# %s:%d: %s\n#", file, line, condition);
	va_start(ap, format);
	(void)vprintf(format, ap);
	va_end(ap);
	(void)putchar('\n');
	if (!pthread_equal(pthread_self(), lite_main))
		abort();
	longjmp(lite_end, LITE_FAILED);
}

#define cr_assert(c, ...)           lite_assert((c), __FILE__, __LINE__, #c, " " __VA_ARGS__)
#define cr_assert_not(c, ...)       lite_assert(!(c), __FILE__, __LINE__, "not " #c, " " __VA_ARGS__)
#define cr_assert_null(p, ...)      cr_assert((p) == NULL, __VA_ARGS__)
#define cr_assert_not_null(p, ...)  cr_assert((p) != NULL, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)     cr_assert((a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...)    cr_assert((a) != (b), __VA_ARGS__)
#define cr_assert_lt(a, b, ...)     cr_assert((a) < (b), __VA_ARGS__)
#define cr_assert_leq(a, b, ...)    cr_assert((a) <= (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...)     cr_assert((a) > (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...)    cr_assert((a) >= (b), __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) cr_assert(strcmp((a), (b)) == 0, __VA_ARGS__)
#define cr_skip_test(...)                                                                          \
	do {                                                                                       \
		printf("# " __VA_ARGS__);                                                          \
		(void)putchar('\n');                                                               \
		longjmp(lite_end, LITE_SKIPPED);                                                   \
	} while (0)

int
main(void)
{
	static int count, failed; /* static: they outlive the longjmp */
	static struct lite_test *test;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	lite_main = pthread_self();
	for (test = lite_first; test != NULL; test = test->next) {
		int end = setjmp(lite_end);

		if (end == 0)
			test->run();
		failed += end == LITE_FAILED;
		printf("%sok %d - %s::%s%s\n", end == LITE_FAILED ? "not " : "", ++count,
		       test->suite, test->name, end == LITE_SKIPPED ? " # SKIP" : "");
	}
	printf("1..%d\n", count);
	return failed > 0 || count == 0;
}

#endif
