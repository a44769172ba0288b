/*
 * cmd_change.c: ndrq release, ndrq delete.
 *
 * All ids are read first; then they are changed in batches of
 * STORE_CHANGE_BATCH, each one transaction, so that mail keeps coming in
 * meanwhile and a kill leaves whole batches done and the rest untouched. The
 * batches of one call share a number in the journal. What was done is
 * printed only after its commit; then the daemon is poked.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "review/address.h"
#include "review/ids.h"
#include "review/open.h"
#include "review/output.h"
#include "review/record.h"
#include "review/verb.h"

enum { OPTION_TO = OPTION_OWN };

const struct verb_option release_options[] = {
	{ "to", OPTION_TO, "ADDRESS", "to this address instead of the recipient" },
	OPTION_ROW_REASON,
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

const struct verb_option delete_options[] = {
	OPTION_ROW_REASON,
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

struct change {
	enum store_change_kind kind;
	const char *release_to; /* NULL: the recipient */
	char *reason;           /* NULL: none given */
	char *author;
	bool json;
	int64_t batch;
	size_t refused;
};

static void
change_done(struct change *change)
{
	free(change->reason);
	free(change->author);
}

/* Why a record in this state cannot be changed. */
static const char *
wrong_state_text(enum store_change_kind kind, enum record_state was)
{
	bool release = kind == STORE_CHANGE_RELEASE;

	switch (was) {
	case RECORD_HELD:
	case RECORD_FAILED:
		return "it changed meanwhile; look again";
	case RECORD_DELETED:
		return release ? "it changed meanwhile; look again" : "already deleted";
	case RECORD_SENDING:
		return release ? "policy is sending it already"
			       : "it is on its way out, policy sends it";
	case RECORD_SENT:
		return release ? "already sent by policy" : "it has gone out, policy sent it";
	case RECORD_RELEASING:
		return release ? "already being released" : "it is on its way out, being released";
	case RECORD_RELEASED:
		return release ? "already released" : "it has gone out, it was released";
	}
	return "it is in a state unknown to this ndrq";
}

/* The outcome's name in JSON, and what to say to a human when it is a refusal. */
static const char *
outcome_name(const struct change *change, const struct store_change_result *result,
	     const char **ret_text)
{
	*ret_text = NULL;
	switch (result->outcome) {
	case STORE_CHANGED:
		return "changed";
	case STORE_CHANGE_UNKNOWN_ID:
		*ret_text = "there is no such record";
		return "unknown-id";
	case STORE_CHANGE_WRONG_STATE:
		*ret_text = wrong_state_text(change->kind, result->was);
		return "wrong-state";
	case STORE_CHANGE_PURGED:
		*ret_text = "its text was purged, nothing is left to release";
		return "purged";
	case STORE_CHANGE_NO_RECIPIENT:
		*ret_text = "its recipient is not known, say where to with --to";
		return "no-recipient";
	}
	*ret_text = "the store answered what this ndrq does not know";
	return "unknown";
}

static void
print_result_json(const struct change *change, const struct store_change_result *result)
{
	const char *text, *name = outcome_name(change, result, &text);
	json_t *object = json_object();
	bool changed = result->outcome == STORE_CHANGED;
	enum record_state state =
		changed ? (change->kind == STORE_CHANGE_RELEASE ? RECORD_RELEASING : RECORD_DELETED)
			: result->was;

	(void)json_object_set_new(object, "id", json_integer(result->id));
	(void)json_object_set_new(object, "outcome", json_string(name));
	if (result->outcome != STORE_CHANGE_UNKNOWN_ID) {
		(void)json_object_set_new(object, "was",
					  json_string(record_state_name(result->was)));
		(void)json_object_set_new(object, "state", json_string(record_state_name(state)));
	}
	if (changed && change->release_to != NULL)
		(void)json_object_set_new(object, "release_to",
					  json_of_text(span_of(change->release_to)));
	if (text != NULL)
		(void)json_object_set_new(object, "text", json_string(text));
	output_json_take(object);
}

static void
print_result(const struct change *change, const struct store_change_result *result)
{
	AUTO(freep) char *to = NULL;
	const char *text;

	if (change->json) {
		print_result_json(change, result);
		return;
	}
	(void)outcome_name(change, result, &text);
	if (text != NULL) {
		complain("%lld: not %s: %s", (long long)result->id,
			 change->kind == STORE_CHANGE_RELEASE ? "released" : "deleted", text);
	} else if (change->kind == STORE_CHANGE_DELETE) {
		(void)printf("%lld: deleted\n", (long long)result->id);
	} else if (change->release_to != NULL) {
		to = text_for_people(span_of(change->release_to));
		(void)printf("%lld: releasing to %s\n", (long long)result->id, to);
	} else {
		(void)printf("%lld: releasing\n", (long long)result->id);
	}
}

static int
change_batch(struct workplace *place, struct change *change, const int64_t *ids, size_t len)
{
	struct store_change_result results[STORE_CHANGE_BATCH];
	struct error err = { 0 };

	if (store_change(place->store, change->kind, ids, len, change->release_to, change->author,
			 change->reason, clock_now_ms(), &change->batch, results, &err) < 0)
		return store_refusal(&err);
	workplace_poke(place);
	for (size_t i = 0; i < len; i++) {
		if (results[i].outcome != STORE_CHANGED)
			change->refused++;
		print_result(change, &results[i]);
	}
	(void)fflush(stdout);
	return EX_OK;
}

static int
change_all(struct workplace *place, struct change *change, const struct ids *ids)
{
	const char *what = change->kind == STORE_CHANGE_RELEASE ? "released" : "deleted";
	size_t done = 0;

	while (done < ids->len) {
		size_t len = ids->len - done;
		int rc;

		if (len > STORE_CHANGE_BATCH)
			len = STORE_CHANGE_BATCH;
		rc = change_batch(place, change, ids->items + done, len);
		if (rc != EX_OK) {
			complain("stopped after %zu of %zu ids; nothing was done for the others",
				 done, ids->len);
			return rc;
		}
		done += len;
		if (done < ids->len)
			progress_show(what, (int64_t)done, (int64_t)ids->len);
	}
	progress_clear();
	return change->refused == 0 ? EX_OK : EXIT_REFUSED;
}

static int
read_to(const char *verb, const char *text, struct change *change)
{
	struct error err;

	if (address_check(text, &err) < 0) {
		complain("%s: --to: %s", verb, err.text);
		return -1;
	}
	change->release_to = text;
	return 0;
}

static int
run_change(const struct tool *tool, struct change *change, int operands, char **operand)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	AUTO(ids_done) struct ids ids = { .items = NULL };
	struct error err = { 0 };
	int rc = ids_read(operands, operand, stdin, &ids, &err);

	if (rc != EX_OK) {
		complain("%s", err.text);
		return rc;
	}
	if ((rc = workplace_open(tool, &place)) != EX_OK)
		return rc;
	change->author = author_name();
	return change_all(&place, change, &ids);
}

static int
cmd_change(const struct tool *tool, int argc, char **argv, enum store_change_kind kind,
	   const struct verb_option *options)
{
	AUTO(change_done) struct change change = { .kind = kind, .json = tool->json };
	int key;

	while ((key = option_next(options, argc, argv)) != OPTION_END) {
		switch (key) {
		case OPTION_TO:
			if (read_to(argv[0], optarg, &change) < 0)
				return EX_USAGE;
			break;
		case OPTION_REASON:
			free(change.reason);
			change.reason = text_to_utf8(span_of(optarg));
			break;
		case OPTION_JSON:
			change.json = true;
			break;
		case OPTION_HELP:
			return verb_help(argv[0]);
		default:
			return EX_USAGE;
		}
	}
	return run_change(tool, &change, argc - optind, argv + optind);
}

int
cmd_release(const struct tool *tool, int argc, char **argv)
{
	return cmd_change(tool, argc, argv, STORE_CHANGE_RELEASE, release_options);
}

int
cmd_delete(const struct tool *tool, int argc, char **argv)
{
	return cmd_change(tool, argc, argv, STORE_CHANGE_DELETE, delete_options);
}
