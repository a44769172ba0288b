/*
 * cmd_sweep.c: ndrq sweep badmail.
 *
 * The scheduled clean-up of an IIS badmail folder, without a daemon: for cron,
 * a systemd timer, or Task Scheduler under WSL. With --archive or --delete it
 * needs neither store nor configuration.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "review/arguments.h"
#include "review/output.h"
#include "review/sweep.h"
#include "review/verb.h"

enum { OPTION_OLDER_THAN = OPTION_OWN, OPTION_MAX_SIZE, OPTION_ARCHIVE, OPTION_DELETE, OPTION_LOG };

const struct verb_option sweep_options[] = {
	{ "older-than", OPTION_OLDER_THAN, "AGE", "only what was last written so long ago: 14d" },
	{ "max-size", OPTION_MAX_SIZE, "SIZE", "the oldest, until the folder is below: 2G" },
	{ "archive", OPTION_ARCHIVE, "DIR", "move the files there instead of into the store" },
	{ "delete", OPTION_DELETE, NULL, "delete the files, unread" },
	{ "dry-run", 'n', NULL, "only say what would be taken" },
	{ "log", OPTION_LOG, "FILE", "add a line for each triplet to FILE" },
	{ "verbose", 'v', NULL, "a line for each triplet" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

/* "2G": K, M, G and T are powers of 1024. */
static int
read_size(const char *text, int64_t *ret_bytes)
{
	static const char letters[] = "KMGT";
	const char *letter;
	char *end;
	long long size;

	errno = 0;
	size = strtoll(text, &end, 10);
	if (errno == 0 && end != text && size >= 0 && text[0] != '-' && text[0] != '+') {
		letter = *end != '\0' ? strchr(letters, *end) : NULL;
		if (*end == '\0' || (letter != NULL && end[1] == '\0')) {
			int shift = letter == NULL ? 0 : 10 * (int)(letter - letters + 1);

			if (size <= INT64_MAX >> shift) {
				*ret_bytes = (int64_t)size << shift;
				return 0;
			}
		}
	}
	complain("sweep: --max-size %s: use a size such as 500M or 2G", text);
	return -1;
}

static int
read_option(int key, struct sweep_plan *o)
{
	switch (key) {
	case OPTION_OLDER_THAN:
		return argument_age("sweep", "older-than", optarg, &o->older_than_ms);
	case OPTION_MAX_SIZE:
		return read_size(optarg, &o->max_size_bytes);
	case OPTION_ARCHIVE:
		o->archive = optarg;
		return 0;
	case OPTION_DELETE:
		o->delete = true;
		return 0;
	case OPTION_LOG:
		o->log = optarg;
		return 0;
	case 'n':
		o->dry_run = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case OPTION_JSON:
		o->json = true;
		return 0;
	case OPTION_HELP:
		return 1;
	default:
		return -1;
	}
}

/* "badmail PATH" */
static int
read_operands(int argc, char **argv, struct sweep_plan *o)
{
	if (optind >= argc || strcmp(argv[optind], "badmail") != 0) {
		complain("sweep: what? There is: ndrq sweep badmail PATH");
		return -1;
	}
	if (++optind >= argc) {
		complain("sweep badmail: which folder? See: ndrq sweep --help");
		return -1;
	}
	o->folder = argv[optind++];
	if (arguments_none(argc, argv) < 0)
		return -1;
	if (o->archive != NULL && o->delete) {
		complain("sweep: --archive or --delete, not both");
		return -1;
	}
	return 0;
}

static int
run_into_archive(struct sweep *sweep)
{
	int rc = sweep_archive_open(sweep);

	if (rc == EX_OK)
		rc = sweep_run(sweep);
	sweep_archive_close(sweep);
	return rc;
}

static int
run_into_store(const struct tool *tool, struct sweep *sweep)
{
	int rc = sweep_store_open(tool, sweep);

	if (rc == EX_OK)
		rc = sweep_run(sweep);
	sweep_store_close(sweep);
	return rc;
}

static int
run_sweep(const struct tool *tool, const struct sweep_plan *o)
{
	AUTO(freep) struct sweep *sweep = xcalloc(1, sizeof(*sweep));
	int rc = sweep_open(o, clock_now_ms(), sweep);

	sweep->taker = o->delete ? &sweep_deleter : o->archive ? &sweep_archiver : &sweep_storer;
	if (rc == EX_OK) {
		if (o->dry_run || o->delete)
			rc = sweep_run(sweep);
		else
			rc = o->archive != NULL ? run_into_archive(sweep)
						: run_into_store(tool, sweep);
	}
	sweep_close(sweep);
	return rc;
}

int
cmd_sweep(const struct tool *tool, int argc, char **argv)
{
	struct sweep_plan o = { .older_than_ms = -1, .max_size_bytes = -1, .json = tool->json };
	int key, rc;

	while ((key = option_next(sweep_options, argc, argv)) != OPTION_END) {
		rc = read_option(key, &o);
		if (rc != 0)
			return rc > 0 ? verb_help(argv[0]) : EX_USAGE;
	}
	if (read_operands(argc, argv, &o) < 0)
		return EX_USAGE;
	return run_sweep(tool, &o);
}
