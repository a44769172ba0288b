/* test_badmail.c: which files belong together, whatever the case of their names. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admit/badmail.h"
#include "base/bytes.h"
#include "base/cleanup.h"

Test(badmail, a_part_is_told_by_its_extension_in_any_case)
{
	static const struct {
		const char *name;
		enum badmail_part part;
	} cases[] = {
		{ "x.bad", BADMAIL_BAD },    { "X.BAD", BADMAIL_BAD },
		{ "x.Bdr", BADMAIL_BDR },    { "a b.c.bDP", BADMAIL_BDP },
		{ "\xE4.bad", BADMAIL_BAD }, { ".bad", BADMAIL_NONE },
		{ "bad", BADMAIL_NONE },     { "x.bad.tmp", BADMAIL_NONE },
		{ "x.eml", BADMAIL_NONE },   { "xbad", BADMAIL_NONE },
		{ "", BADMAIL_NONE },        { "x.bdq", BADMAIL_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(badmail_part_of(cases[i].name), cases[i].part, "%s", cases[i].name);
}

static char folder_path[] = "/tmp/ndrq-badmail.XXXXXX";
static int folder = -1;

static void
make_folder(void)
{
	cr_assert_not_null(mkdtemp(folder_path));
	folder = open(folder_path, O_RDONLY | O_DIRECTORY);
	cr_assert_geq(folder, 0);
}

static void
make_file(const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	cr_assert_geq(fd, 0, "%s", name);
	cr_assert_eq(write(fd, name, strlen(name)), (ssize_t)strlen(name));
	(void)close(fd);
}

static void
remove_folder(void)
{
	AUTO(freep) char *command = xasprintf("rm -rf %s", folder_path);

	cr_expect_eq(system(command), 0);
	(void)close(folder);
}

/* What badmail_find says of each name: "leads 3", "no", "odd". */
static const struct {
	const char *what;
	const char *names[6], *says[6];
} cases[] = {
	{ "one case", { "x.bad", "x.bdr", "x.bdp" }, { "leads 3", "no", "no" } },
	{ "capitals", { "X.BAD", "X.BDR", "X.BDP" }, { "leads 3", "no", "no" } },
	{ "mixed case", { "x.BAD", "x.bdr", "x.Bdp" }, { "leads 3", "no", "no" } },
	{ "without a reason", { "x.bad", "x.bdp" }, { "leads 2", "no" } },
	{ "without a message", { "x.bdr", "x.bdp" }, { "leads 2", "no" } },
	{ "without a message, mixed", { "x.BDR", "x.bdp" }, { "leads 2", "no" } },
	{ "properties alone", { "x.bdp" }, { "leads 1" } },
	{ "the base keeps its case", { "x.bad", "X.bdr" }, { "leads 1", "leads 1" } },
	{ "others", { "x.bad", "x.bad.tmp", "x", "y.eml" }, { "leads 1", "no", "no", "no" } },
	{ "two messages", { "x.BAD", "x.bad", "x.bdr", "x.bdp" }, { "odd", "no", "no", "no" } },
	{ "two messages, one in odd case", { "x.Bad", "x.bad", "x.bdr" }, { "odd", "no", "no" } },
	{ "two messages alone", { "x.bad", "x.BAD" }, { "no", "odd" } },
	{ "two reasons", { "x.bad", "x.BDR", "x.bdr" }, { "odd", "no", "no" } },
	{ "two reasons, the other in another case",
	  { "x.BAD", "x.bDr", "x.bdr", "x.bdp" },
	  { "odd", "no", "no", "no" } },
	{ "blanks and quotes", { "a \"b'.bad", "a \"b'.bdr" }, { "leads 2", "no" } },
	{ "no UTF-8", { "\xE4\xFF.bad", "\xE4\xFF.bdr" }, { "leads 2", "no" } },
};

static void
expect_case(size_t i)
{
	for (size_t n = 0; cases[i].names[n] != NULL; n++)
		make_file(cases[i].names[n]);
	for (size_t n = 0; cases[i].names[n] != NULL; n++) {
		struct badmail b;
		struct error err = { 0 };
		int result = badmail_find(folder, cases[i].names[n], &b, &err);
		AUTO(freep) char *says = NULL;

		if (result > 0)
			says = xasprintf("leads %u", badmail_count(&b));
		else
			says = xstrdup(result == 0 ? "no" : "odd");
		cr_expect_str_eq(says, cases[i].says[n], "%s: %s: %s %s", cases[i].what,
				 cases[i].names[n], says, err.text);
		cr_expect(result >= 0 || err.class == ERROR_PERM);
	}
	for (size_t n = 0; cases[i].names[n] != NULL; n++)
		cr_assert_eq(unlinkat(folder, cases[i].names[n], 0), 0);
}

Test(badmail, a_triplet_has_one_leader_and_twins_are_left_alone, .init = make_folder,
     .fini = remove_folder)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_case(i);
}

Test(badmail, what_is_no_regular_file_keeps_its_triplet_where_it_is, .init = make_folder,
     .fini = remove_folder)
{
	struct badmail b;
	struct error err;

	make_file("a.bad");
	cr_assert_eq(symlinkat("/etc/passwd", folder, "a.bdr"), 0);
	cr_assert_eq(mkdirat(folder, "b.bad", 0700), 0);
	make_file("b.bdr");
	cr_assert_eq(mkfifoat(folder, "c.bdp", 0600), 0);
	cr_expect_eq(badmail_find(folder, "a.bad", &b, &err), -1);
	cr_expect_eq(err.class, ERROR_PERM);
	cr_expect_str_eq(err.text, "a.bdr: not a regular file: left alone");
	cr_expect_eq(badmail_find(folder, "a.bdr", &b, &err), 0);
	cr_expect_eq(badmail_find(folder, "b.bad", &b, &err), -1);
	cr_expect_eq(badmail_find(folder, "b.bdr", &b, &err), 0);
	cr_expect_eq(badmail_find(folder, "c.bdp", &b, &err), -1);
}

Test(badmail, what_is_gone_leads_nothing, .init = make_folder, .fini = remove_folder)
{
	struct badmail b;
	struct error err;

	cr_expect_eq(badmail_find(folder, "x.bad", &b, &err), 0);
	cr_expect_eq(badmail_find(folder, "x.bdp", &b, &err), 0);
}

Test(badmail, a_name_of_255_bytes_has_siblings, .init = make_folder, .fini = remove_folder)
{
	char bad[NAME_MAX + 1], bdr[NAME_MAX + 1];
	struct badmail b;
	struct error err;

	(void)snprintf(bad, sizeof(bad), "%0251d.BAD", 7);
	(void)snprintf(bdr, sizeof(bdr), "%0251d.bdr", 7);
	cr_assert_eq(strlen(bad), (size_t)NAME_MAX);
	make_file(bad);
	make_file(bdr);
	cr_expect_eq(badmail_find(folder, bad, &b, &err), 1);
	cr_expect_str_eq(b.parts[BADMAIL_BDR].name, bdr);
	cr_expect_eq(badmail_find(folder, bdr, &b, &err), 0);
}

Test(badmail, the_newest_file_and_all_bytes_count, .init = make_folder, .fini = remove_folder)
{
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	const struct timespec new[2] = { { .tv_sec = 2000, .tv_nsec = 5000000 },
					 { .tv_sec = 2000, .tv_nsec = 5000000 } };
	struct badmail before, now;
	struct error err;

	make_file("x.bad");
	make_file("x.bdr");
	cr_assert_eq(utimensat(folder, "x.bad", old, 0), 0);
	cr_assert_eq(utimensat(folder, "x.bdr", new, 0), 0);
	cr_assert_eq(badmail_find(folder, "x.bad", &before, &err), 1);
	cr_expect_eq(badmail_newest_ms(&before), 2000005);
	cr_expect_eq(badmail_size(&before), 10);
	cr_assert_eq(badmail_find(folder, "x.bad", &now, &err), 1);
	cr_expect(badmail_unchanged(&before, &now));
	make_file("x.bdp");
	cr_assert_eq(badmail_find(folder, "x.bad", &now, &err), 1);
	cr_expect_not(badmail_unchanged(&before, &now));
}
