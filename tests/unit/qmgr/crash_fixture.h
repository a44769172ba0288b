/*
 * crash_fixture.h: a crash mark in the test's folder, and runs that die over what they read.
 */
#ifndef TESTS_UNIT_QMGR_CRASH_FIXTURE_H
#define TESTS_UNIT_QMGR_CRASH_FIXTURE_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "admit/spool.h"
#include "qmgr/crashmark.h"
#include "tests/unit/admit/fixture.h"

static UNUSED struct crashmark *
mark_open(const char *folder)
{
	AUTO(freep) char *path = xasprintf("%s/reading", folder);
	struct crashmark *mark = NULL;
	struct error err = { 0 };

	cr_assert_eq(crashmark_open(path, &mark, &err), 0, "%s", err.text);
	return mark;
}

/* The signal that ends a child which runs this; 0: it came to its end. */
static UNUSED int
die_in(void (*run)(void *ctx), void *ctx)
{
	pid_t child = fork();
	int status = 0;

	cr_assert_geq(child, 0);
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };

		(void)setrlimit(RLIMIT_CORE, &no_core);
		run(ctx);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

struct crash {
	const char *folder;
	struct span bytes;
};

static void
crash_run(void *ctx)
{
	const struct crash *crash = ctx;
	struct spool *spool = spool_new(crash->folder, 1 << 20);
	struct error err;

	crashmark_thread_start(mark_open(crash->folder), 0);
	(void)spool_add(spool, crash->bytes, &err);
	(void)spool_finish(spool, &err);
	crashmark_enter(spool_sha256(spool));
	(void)raise(SIGSEGV);
}

/* As if an earlier run had died while it read or altered these bytes. */
static UNUSED void
crash_over(const char *folder, struct span bytes)
{
	struct crash crash = { folder, bytes };

	cr_assert_eq(die_in(crash_run, &crash), SIGSEGV);
}

#endif
