/* test_options.c: one table parses, explains and suggests. */
#include <criterion/criterion.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "review/options.h"

enum { KEY_OLDER = OPTION_OWN };

static const struct verb_option options[] = {
	{ "older-than", KEY_OLDER, "AGE", "how old" },
	{ "dry-run", 'n', NULL, "only say" },
	{ "config", 'c', "FILE", "which" },
	OPTION_ROW_JSON,
	{ .name = NULL },
};

/* What stderr got while the words were parsed to their end or first fault. */
static char *
complaint_of(int argc, char **argv, int *ret_last)
{
	char *text = NULL;
	size_t size = 0;
	FILE *saved = stderr;

	stderr = open_memstream(&text, &size);
	optind = 0;
	do
		*ret_last = option_next(options, argc, argv);
	while (*ret_last >= 0);
	(void)fclose(stderr);
	stderr = saved;
	return text;
}

Test(options, long_and_short_ones_give_their_keys_also_behind_operands)
{
	char *argv[] = { (char[]){ "purge" },        (char[]){ "7" },
			 (char[]){ "--older-than" }, (char[]){ "30d" },
			 (char[]){ "-nc" },          (char[]){ "f" },
			 (char[]){ "--json" },       NULL };

	optind = 0;
	cr_assert_eq(option_next(options, 7, argv), KEY_OLDER);
	cr_assert_str_eq(optarg, "30d");
	cr_assert_eq(option_next(options, 7, argv), 'n');
	cr_assert_eq(option_next(options, 7, argv), 'c');
	cr_assert_str_eq(optarg, "f");
	cr_assert_eq(option_next(options, 7, argv), OPTION_JSON);
	cr_assert_eq(option_next(options, 7, argv), OPTION_END);
	cr_assert_eq(optind, 6);
	cr_assert_str_eq(argv[6], "7");
}

Test(options, global_ones_stop_at_the_verb)
{
	char *argv[] = { (char[]){ "ndrq" }, (char[]){ "-c" }, (char[]){ "f" },
			 (char[]){ "list" }, (char[]){ "-n" }, NULL };

	optind = 0;
	cr_assert_eq(option_next_global(options, 5, argv), 'c');
	cr_assert_eq(option_next_global(options, 5, argv), OPTION_END);
	cr_assert_eq(optind, 3);
}

Test(options, a_fault_is_named_with_the_nearest_option)
{
	static const struct {
		const char *word, *said;
	} cases[] = {
		{ "--oldr-than", "ndrq: purge: there is no option --oldr-than; did you mean "
				 "--older-than?\n" },
		{ "--oldr-than=3d", "ndrq: purge: there is no option --oldr-than=3d; did you mean "
				    "--older-than?\n" },
		{ "--dry-run=yes", "ndrq: purge: --dry-run=yes: this option takes no value\n" },
		{ "--older-than", "ndrq: purge: --older-than needs a value\n" },
		{ "-x", "ndrq: purge: there is no option -x; --help shows those there are\n" },
		{ "-nx", "ndrq: purge: there is no option -nx; --help shows those there are\n" },
		{ "-c", "ndrq: purge: -c needs a value\n" },
		{ "--\x1b[2J", "ndrq: purge: there is no option --\\x1b[2J; --help shows those "
			       "there are\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *word = strdup(cases[i].word);
		char *argv[] = { (char[]){ "purge" }, word, NULL };
		AUTO(freep) char *said = NULL;
		int last;

		said = complaint_of(2, argv, &last);
		cr_assert_eq(last, OPTION_BAD, "%s", cases[i].word);
		cr_assert_str_eq(said, cases[i].said);
	}
}

Test(options, help_has_a_line_for_each)
{
	AUTO(freep) char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	options_print(options, out);
	(void)fclose(out);
	cr_assert_str_eq(text, "      --older-than AGE       how old\n"
			       "  -n, --dry-run              only say\n"
			       "  -c, --config FILE          which\n"
			       "      --json                 JSON Lines on standard output\n");
}

Test(options, the_nearest_name_is_a_slip_away_or_begins_so_or_there_is_none)
{
	static const struct {
		const char *word, *near;
	} cases[] = {
		{ "dry-rnu", "dry-run" },
		{ "older", "older-than" },
		{ "jso", "json" },
		{ "xyzzy", NULL },
		{ "", NULL },
		{ "a-word-far-longer-than-any-name-could-ever-be", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = nearest_name(cases[i].word, options, sizeof(options[0]));

		if (cases[i].near == NULL)
			cr_assert_null(near, "%s", cases[i].word);
		else
			cr_assert_str_eq(near, cases[i].near);
	}
}
