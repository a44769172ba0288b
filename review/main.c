/*
 * main.c: ndrq(1), the postmaster's tool.
 *
 * Finds the verb in the table below and runs it. The tool never talks to the
 * daemon to be right: it commits to the store, then pokes the daemon as a
 * hint, and works as well when there is none. Exit statuses are those of
 * sysexits(3) and EXIT_REFUSED (verb.h).
 */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "review/output.h"
#include "review/verb.h"

static const struct verb verbs[] = {
	{ "list", "[--state S,…] [--domain D] [--since AGE] …", cmd_list,
	  "show records, newest first", list_options },
	{ "show", "ID [--raw]", cmd_show, "show all there is to know about a record",
	  show_options },
	{ "release", "ID… | - [--to ADDRESS] [--reason TEXT]", cmd_release,
	  "send kept notifications on", release_options },
	{ "delete", "ID… | - [--reason TEXT]", cmd_delete, "put held notifications away",
	  delete_options },
	{ "purge", "--older-than AGE [--state S,…] [--dry-run]", cmd_purge,
	  "remove the text of old records", purge_options },
	{ "stats", "[--by WHAT]", cmd_stats, "count records", stats_options },
	{ "digest", "[--since AGE] [--html]", cmd_digest, "tell what came, as the daily mail does",
	  digest_options },
	{ "sweep", "badmail PATH [--older-than AGE] [--max-size SIZE] [--archive DIR | --delete] …",
	  cmd_sweep, "empty an IIS badmail folder", sweep_options },
	{ "policy", "check | test | show | diff | replay | allow | deny | set | …", cmd_policy,
	  "check, ask, compare or change a policy", NULL },
	{ "facts", "[-v] [--from A] [--rcpt A] FILE|DIRECTORY|MBOX… | --files-from FILE", cmd_facts,
	  "print what messages say", facts_options },
	{ "explain", "CODE…", cmd_explain, "say what a status code means", explain_options },
	{ .name = NULL },
};

static const struct verb_option main_options[] = {
	{ "config", 'c', "FILE", "instead of " SYSCONFDIR "/ndrq/ndrq.conf" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ "version", OPTION_OWN, NULL, "the version of ndrq" },
	{ .name = NULL },
};

static const struct verb *
find_verb(const char *name)
{
	for (const struct verb *v = verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

int
verb_help(const char *name)
{
	const struct verb *v = find_verb(name);

	(void)printf("usage: ndrq [-c FILE] [--json] %s %s\n       %s\n", v->name, v->arguments,
		     v->help);
	if (v->options != NULL) {
		(void)puts("");
		options_print(v->options, stdout);
	}
	return EX_OK;
}

static void
print_help(FILE *out)
{
	(void)fputs("usage: ndrq [-c FILE] [--json] VERB …\n\n", out);
	for (const struct verb *v = verbs; v->name != NULL; v++)
		(void)fprintf(out, "  %-8s %s\n", v->name, v->help);
	(void)fputs("\n", out);
	options_print(main_options, out);
	(void)fputs("\nAn id of - reads ids from standard input. "
		    "ndrq VERB --help says more; see ndrq(1).\n",
		    out);
}

static int
complain_no_verb(const char *name)
{
	const char *near = nearest_name(name, verbs, sizeof(verbs[0]));

	if (near != NULL)
		complain("there is no verb \"%s\"; did you mean %s?", name, near);
	else
		complain("there is no verb \"%s\" (see: ndrq --help)", name);
	return EX_USAGE;
}

static int
run_verb(const struct tool *tool, int argc, char **argv)
{
	const struct verb *verb = find_verb(argv[0]);

	if (verb == NULL)
		return complain_no_verb(argv[0]);
	optind = 0;
	return verb->run(tool, argc, argv);
}

/* The options before the verb. -1: go on with the verb at optind; else an exit status. */
static int
read_options(struct tool *tool, int argc, char **argv)
{
	int key;

	optind = 0;
	while ((key = option_next_global(main_options, argc, argv)) != OPTION_END) {
		switch (key) {
		case 'c':
			tool->config_path = optarg;
			break;
		case OPTION_JSON:
			tool->json = true;
			break;
		case OPTION_HELP:
			print_help(stdout);
			return EX_OK;
		case OPTION_OWN:
			(void)puts("ndrq " VERSION);
			return EX_OK;
		default:
			return EX_USAGE;
		}
	}
	if (optind < argc)
		return -1;
	print_help(stderr);
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	struct tool tool = { .config_path = SYSCONFDIR "/ndrq/ndrq.conf" };
	int rc, written;

	(void)setlocale(LC_CTYPE, "");
	rc = read_options(&tool, argc, argv);
	if (rc < 0)
		rc = run_verb(&tool, argc - optind, argv + optind);
	written = output_finish();
	return rc == EX_OK ? written : rc;
}
