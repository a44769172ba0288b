/*
 * cmd_stats.c: ndrq stats.
 *
 * Every state is shown, also those with no record in them, so that a script
 * need not guess. Storms and harvesters are in counted.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "facts/error_code.h"
#include "policy/view.h"
#include "review/arguments.h"
#include "review/counted.h"
#include "review/open.h"
#include "review/output.h"
#include "review/record.h"
#include "review/table.h"
#include "review/verb.h"

enum { OPTION_BY = OPTION_OWN, OPTION_LIMIT, OPTION_HARVESTERS, OPTION_FORMAT };

const struct verb_option stats_options[] = {
	{ "by", OPTION_BY, "WHAT",
	  "state (default), class, domain, rule, verdict, error-code, observed or storm" },
	{ "limit", OPTION_LIMIT, "N", "the N most frequent; 0: all (default: 50 on a terminal)" },
	{ "harvesters", OPTION_HARVESTERS, NULL, "instead: the clients that are marked" },
	{ "format", OPTION_FORMAT, "FORM",
	  "of harvesters: table (default), plain, postfix or json" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

static const char *const by_names[] = {
	[STATS_BY_STATE] = "state",           [STATS_BY_CLASS] = "class",
	[STATS_BY_DOMAIN] = "domain",         [STATS_BY_RULE] = "rule",
	[STATS_BY_VERDICT] = "verdict",       [STATS_BY_OBSERVED] = "observed",
	[STATS_BY_ERROR_CODE] = "error-code",
};

static const char *const by_headings[] = {
	[STATS_BY_STATE] = "STATE",     [STATS_BY_CLASS] = "CLASS",
	[STATS_BY_DOMAIN] = "DOMAIN",   [STATS_BY_RULE] = "RULE",
	[STATS_BY_VERDICT] = "VERDICT", [STATS_BY_OBSERVED] = "WOULD BE",
	[STATS_BY_ERROR_CODE] = "CODE",
};

struct stats_output {
	enum store_stats_by by;
	bool storms, harvesters; /* instead */
	enum harvesters_form form;
	bool has_form;
	struct table *table; /* NULL: JSON */
	unsigned states;     /* seen, as bits */
};

/* Of an error code; NULL: this counts something else. */
static const char *
meaning_of(const struct stats_output *out, const struct store_count *count)
{
	uint32_t code;

	if (out->by != STATS_BY_ERROR_CODE || error_code_parse(count->key, &code) == 0)
		return NULL;
	return error_code_meaning(code);
}

/* A record without a domain is counted under none. */
static bool
has_key(const struct store_count *count)
{
	return count->key != NULL && *count->key != '\0';
}

static void
print_json(const struct stats_output *out, const struct store_count *count)
{
	json_t *object = json_object();

	(void)json_object_set_new(object, "by", json_string(by_names[out->by]));
	if (has_key(count))
		(void)json_object_set_new(object, "key", json_of_text(span_of(count->key)));
	(void)json_object_set_new(object, "meaning", json_of_text(span_of(meaning_of(out, count))));
	(void)json_object_set_new(object, "count", json_integer(count->count));
	(void)json_object_set_new(object, "size_bytes", json_integer(count->bytes));
	output_json_take(object);
}

static int
print_count(const struct store_count *count, void *ctx)
{
	struct stats_output *out = ctx;
	enum record_state state;
	char size[BYTES_SIZE];

	if (out->by == STATS_BY_STATE && count->key != NULL &&
	    record_state_from_name(count->key, &state) == 1)
		out->states |= 1U << state;
	if (out->table == NULL) {
		print_json(out, count);
		return 0;
	}
	table_add_row(out->table);
	table_add_cell_take(out->table, has_key(count) ? text_for_people(span_of(count->key))
						       : xstrdup("(none)"));
	table_add_cell_take(out->table, xasprintf("%lld", (long long)count->count));
	table_add_cell_take(out->table, xstrdup(format_bytes(count->bytes, size)));
	if (meaning_of(out, count) != NULL)
		table_add_cell_take(out->table, xstrdup(meaning_of(out, count)));
	return 0;
}

static void
print_empty_states(struct stats_output *out)
{
	for (int state = 0; state < RECORD_STATES; state++)
		if ((out->states & (1U << state)) == 0)
			(void)print_count(&(struct store_count){ .key = record_state_name((
									 enum record_state)state) },
					  out);
}

static int
add_observed(const struct store_count *count, void *ctx)
{
	int64_t *observed = ctx;
	int action;

	if (policy_value_from_name(POLICY_KEY_NDR, span_of(count->key), &action) == 1)
		observed[action] = count->count;
	return 0;
}

/* What policy would have done when it only observed, in one line; nothing when it never did. */
static int
print_observed(struct store *store)
{
	int64_t observed[POLICY_DELETE + 1] = { 0 };
	struct error err = { 0 };

	if (store_stats(store, STATS_BY_OBSERVED, 0, add_observed, observed, &err) < 0)
		return store_refusal(&err);
	if (observed[POLICY_SEND] + observed[POLICY_HOLD] + observed[POLICY_DELETE] > 0)
		(void)printf("\nWhile policy only observed, it would have sent %lld, held %lld, "
			     "deleted %lld.\n",
			     (long long)observed[POLICY_SEND], (long long)observed[POLICY_HOLD],
			     (long long)observed[POLICY_DELETE]);
	return EX_OK;
}

static int
print_stats(struct workplace *place, struct stats_output *out, int64_t limit)
{
	struct error err = { 0 };

	if (store_stats(place->store, out->by, limit, print_count, out, &err) < 0)
		return store_refusal(&err);
	if (out->by == STATS_BY_STATE && limit == 0)
		print_empty_states(out);
	if (out->table != NULL)
		table_flush(out->table);
	if (out->by == STATS_BY_STATE && out->table != NULL)
		return print_observed(place->store);
	return EX_OK;
}

static int
parse_by(const char *text, struct stats_output *out)
{
	out->storms = strcmp(text, "storm") == 0;
	if (out->storms)
		return 0;
	for (size_t i = 0; i < sizeof(by_names) / sizeof(by_names[0]); i++)
		if (strcmp(by_names[i], text) == 0) {
			out->by = (enum store_stats_by)i;
			return 0;
		}
	complain("stats: --by %s: use state, class, domain, rule, verdict, error-code, observed or "
		 "storm",
		 text);
	return -1;
}

static int
parse_form(const char *text, struct stats_output *out)
{
	out->has_form = harvesters_form_from_name(text, &out->form) == 1;
	if (out->has_form)
		return 0;
	complain("stats: --format %s: use table, plain, postfix or json", text);
	return -1;
}

/* Instead of counting records. */
static int
print_others(const struct tool *tool, const struct stats_output *out, bool json, int64_t limit)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	int rc = workplace_open(tool, &place);

	if (rc != EX_OK)
		return rc;
	if (out->harvesters)
		return print_harvesters(&place, json ? HARVESTERS_JSON : out->form);
	return print_storms(&place, json, limit);
}

int
cmd_stats(const struct tool *tool, int argc, char **argv)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	AUTO(table_freep) struct table *table = NULL;
	struct stats_output out = { .by = STATS_BY_STATE };
	const char *meanings;
	bool json = tool->json;
	int64_t limit = -1;
	int key, rc;

	while ((key = option_next(stats_options, argc, argv)) != OPTION_END) {
		switch (key) {
		case OPTION_BY:
			if (parse_by(optarg, &out) < 0)
				return EX_USAGE;
			break;
		case OPTION_HARVESTERS:
			out.harvesters = true;
			break;
		case OPTION_FORMAT:
			if (parse_form(optarg, &out) < 0)
				return EX_USAGE;
			break;
		case OPTION_LIMIT:
			if (argument_limit(argv[0], optarg, &limit) < 0)
				return EX_USAGE;
			break;
		case OPTION_JSON:
			json = true;
			break;
		case OPTION_HELP:
			return verb_help(argv[0]);
		default:
			return EX_USAGE;
		}
	}
	if (arguments_none(argc, argv) < 0)
		return EX_USAGE;
	if (limit < 0)
		limit = output_is_terminal() && !json && (out.storms || out.by != STATS_BY_STATE)
				? LIMIT_ON_TERMINAL
				: 0;
	if (out.has_form && !out.harvesters) {
		complain("stats: --format is for --harvesters");
		return EX_USAGE;
	}
	if (out.storms || out.harvesters)
		return print_others(tool, &out, json, limit);
	if ((rc = workplace_open(tool, &place)) != EX_OK)
		return rc;
	meanings = out.by == STATS_BY_ERROR_CODE ? "MEANING" : NULL; /* NULL ends the table */
	if (!json)
		out.table = table = table_new(
			(const struct table_column[]){ { by_headings[out.by], false, true },
						       { "RECORDS", true, false },
						       { "SIZE", true, false },
						       { meanings, false, true },
						       { .heading = NULL } });
	return print_stats(&place, &out, limit);
}
