/* cmd_policy_fixture.h: "ndrq policy" in a folder of its own. */
#ifndef TESTS_UNIT_REVIEW_CMD_POLICY_FIXTURE_H
#define TESTS_UNIT_REVIEW_CMD_POLICY_FIXTURE_H

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "review/verb.h"

static char folder[] = "/tmp/ndrq-cmd-XXXXXX";

static inline void
put(const char *name, const char *text)
{
	struct span bytes = span_of(text);
	struct error err = { 0 };

	cr_assert_eq(file_publish(folder, name, &bytes, 1, 0600, &err), 0, "%s", err.text);
}

static inline void
enter_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static inline void
leave_folder(void)
{
	AUTO(freep) char *command = xasprintf("rm -rf %s", folder);

	cr_assert_eq(system(command), 0);
}

#define ARGS_MAX 12

static inline int
run(bool json, const char *const *args)
{
	const struct tool tool = { .config_path = "ndrq.conf", .json = json };
	char *argv[ARGS_MAX + 2] = { xstrdup("policy") };
	int argc = 1, rc;

	for (; args[argc - 1] != NULL; argc++)
		argv[argc] = xstrdup(args[argc - 1]);
	rc = cmd_policy(&tool, argc, argv);
	(void)fflush(stdout);
	/* getopt moves the words about, but keeps them all */
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return rc;
}
#define RUN(...)      run(false, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define RUN_JSON(...) run(true, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

#endif
