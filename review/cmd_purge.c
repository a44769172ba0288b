/*
 * cmd_purge.c: ndrq purge.
 *
 * Removes the text of old records; what is known about them and their
 * journal stay. Without --state it takes what is done with (deleted, sent,
 * released, failed), never what waits for a human: held records go only when
 * they are named. The store itself never purges a record that is in the
 * outbox. Works in transactions of PURGE_BATCH records, so mail keeps coming
 * in meanwhile; a kill leaves whole batches done.
 */
#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "review/arguments.h"
#include "review/open.h"
#include "review/output.h"
#include "review/verb.h"

#define PURGE_BATCH      500

#define STATE_BIT(state) (1U << (state))
#define STATES_DONE                                                                                \
	(STATE_BIT(RECORD_DELETED) | STATE_BIT(RECORD_SENT) | STATE_BIT(RECORD_RELEASED) |         \
	 STATE_BIT(RECORD_FAILED))
#define STATES_IN_OUTBOX (STATE_BIT(RECORD_SENDING) | STATE_BIT(RECORD_RELEASING))

enum { OPTION_OLDER_THAN = OPTION_OWN, OPTION_STATE };

const struct verb_option purge_options[] = {
	{ "older-than", OPTION_OLDER_THAN, "AGE", "in their state for longer than 30d, 36h, …" },
	{ "state", OPTION_STATE, "STATES", "default: deleted,sent,released,failed" },
	{ "dry-run", 'n', NULL, "only say what would go" },
	{ "yes", 'y', NULL, "do not ask" },
	OPTION_ROW_REASON,
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

struct purge {
	unsigned states;
	int64_t age_ms; /* −1: not said */
	bool dry_run, yes, json;
	char *reason; /* NULL: none given */
	int64_t records, bytes;
};

static void
purge_done(struct purge *purge)
{
	free(purge->reason);
}

static void
print_purge(const struct purge *purge)
{
	char size[BYTES_SIZE];

	if (purge->json)
		output_json_take(json_pack("{s:I, s:I, s:b}", "records", (json_int_t)purge->records,
					   "size_bytes", (json_int_t)purge->bytes, "dry_run",
					   purge->dry_run));
	else
		(void)printf("%s: %lld record%s, %s of text\n",
			     purge->dry_run ? "would be purged" : "purged",
			     (long long)purge->records, purge->records == 1 ? "" : "s",
			     format_bytes(purge->bytes, size));
}

/* Counts without changing anything. */
static int
count_purge(struct workplace *place, struct purge *purge, int64_t now_ms)
{
	struct error err = { 0 };

	if (store_purge(place->store, purge->states, now_ms - purge->age_ms, 0, true, NULL, NULL,
			now_ms, &purge->records, &purge->bytes, &err) < 0)
		return store_refusal(&err);
	return EX_OK;
}

static int
purge_batches(struct workplace *place, struct purge *purge, int64_t now_ms)
{
	AUTO(freep) char *author = author_name();
	int64_t all = purge->records, records, bytes;
	struct error err = { 0 };

	purge->records = purge->bytes = 0;
	do {
		if (store_purge(place->store, purge->states, now_ms - purge->age_ms, PURGE_BATCH,
				false, author, purge->reason, now_ms, &records, &bytes, &err) < 0) {
			int rc = store_refusal(&err);

			print_purge(purge);
			return rc;
		}
		purge->records += records;
		purge->bytes += bytes;
		progress_show("purged", purge->records, all);
	} while (records > 0);
	progress_clear();
	print_purge(purge);
	return EX_OK;
}

static bool
agreed(const struct purge *purge)
{
	AUTO(freep) char *question = NULL;
	char size[BYTES_SIZE];

	if (purge->yes || purge->records == 0 || !can_ask())
		return true;
	question = xasprintf("Remove the text of %lld record%s (%s) for good?",
			     (long long)purge->records, purge->records == 1 ? "" : "s",
			     format_bytes(purge->bytes, size));
	return ask(question);
}

static int
run_purge(const struct tool *tool, struct purge *purge)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	int64_t now_ms = clock_now_ms();
	int rc;

	if ((rc = workplace_open(tool, &place)) != EX_OK ||
	    (rc = count_purge(&place, purge, now_ms)) != EX_OK)
		return rc;
	if (purge->dry_run) {
		print_purge(purge);
		return EX_OK;
	}
	if (!agreed(purge)) {
		complain("nothing was purged");
		return EXIT_REFUSED;
	}
	return purge_batches(&place, purge, now_ms);
}

static int
read_option(int key, const char *verb, struct purge *purge)
{
	switch (key) {
	case OPTION_OLDER_THAN:
		return argument_age(verb, "older-than", optarg, &purge->age_ms);
	case OPTION_STATE:
		return argument_states(verb, optarg, &purge->states);
	case 'n':
		purge->dry_run = true;
		return 0;
	case 'y':
		purge->yes = true;
		return 0;
	case OPTION_REASON:
		free(purge->reason);
		purge->reason = text_to_utf8(span_of(optarg));
		return 0;
	case OPTION_JSON:
		purge->json = true;
		return 0;
	case OPTION_HELP:
		return 1;
	default:
		return -1;
	}
}

static int
check_purge(const char *verb, struct purge *purge)
{
	if (purge->age_ms < 0) {
		complain("%s: how old? Say for example --older-than 30d", verb);
		return -1;
	}
	if ((purge->states & STATES_IN_OUTBOX) != 0) {
		complain("%s: records that are sending or releasing are on their way out and "
			 "keep their text",
			 verb);
		return -1;
	}
	if (purge->states == 0)
		purge->states = STATES_DONE;
	return 0;
}

int
cmd_purge(const struct tool *tool, int argc, char **argv)
{
	AUTO(purge_done) struct purge purge = { .age_ms = -1, .json = tool->json };
	int key, rc;

	while ((key = option_next(purge_options, argc, argv)) != OPTION_END) {
		rc = read_option(key, argv[0], &purge);
		if (rc != 0)
			return rc > 0 ? verb_help(argv[0]) : EX_USAGE;
	}
	if (arguments_none(argc, argv) < 0 || check_purge(argv[0], &purge) < 0)
		return EX_USAGE;
	return run_purge(tool, &purge);
}
