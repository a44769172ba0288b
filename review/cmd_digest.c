/*
 * cmd_digest.c: ndrq digest.
 *
 * What the daily mail tells, of any stretch of time; asks the store and
 * changes nothing.
 */
#include <getopt.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "facts/codes.h"
#include "report/digest.h"
#include "review/arguments.h"
#include "review/open.h"
#include "review/output.h"
#include "review/record.h"
#include "review/verb.h"

enum { OPTION_SINCE = OPTION_OWN, OPTION_HTML };

const struct verb_option digest_options[] = {
	{ "since", OPTION_SINCE, "AGE", "of the last 2d, 36h, … (default: 1d)" },
	{ "html", OPTION_HTML, NULL, "as HTML" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

enum digest_form { DIGEST_TEXT, DIGEST_HTML, DIGEST_JSON };

/* No member for what is not known. */
static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		(void)json_object_set_new(object, name, json_of_text(span_of(text)));
}

static void
set_int(json_t *object, const char *name, int64_t number)
{
	(void)json_object_set_new(object, name, json_integer(number));
}

static json_t *
counts_json(const struct digest *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->counts_len; i++) {
		json_t *object = json_object();

		set_text(object, "class", d->counts[i].class);
		set_text(object, "verdict", d->counts[i].verdict);
		set_text(object, "state", record_state_name(d->counts[i].state));
		set_int(object, "count", d->counts[i].records);
		(void)json_array_append_new(array, object);
	}
	return array;
}

static json_t *
shares_json(const struct digest_share *shares, size_t len, const char *name)
{
	json_t *array = json_array();

	for (size_t i = 0; i < len; i++) {
		struct facts_explanation explanation;
		json_t *object = json_object();

		set_text(object, name, shares[i].name);
		if (strcmp(name, "status") == 0 && facts_explain(shares[i].name, &explanation) == 1)
			set_text(object, "meaning", explanation.known->meaning);
		set_int(object, "count", shares[i].records);
		set_int(object, "held", shares[i].held);
		(void)json_array_append_new(array, object);
	}
	return array;
}

static json_t *
storms_json(const struct digest *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->storms_len; i++) {
		const struct digest_storm *s = &d->storms[i];
		json_t *object = json_object();

		set_int(object, "id", s->id);
		set_text(object, "rule", s->rule);
		set_text(object, "shared", s->shared);
		(void)json_object_set_new(object, "began_at", json_of_time(s->began_at_ms));
		(void)json_object_set_new(object, "last_at", json_of_time(s->last_at_ms));
		set_int(object, "members", s->members);
		(void)json_array_append_new(array, object);
	}
	return array;
}

static json_t *
items_json(const struct digest *d)
{
	json_t *array = json_array();

	for (size_t i = 0; i < d->items_len; i++) {
		const struct digest_held *item = &d->items[i];
		json_t *object = json_object();

		set_int(object, "id", item->id);
		(void)json_object_set_new(object, "received_at",
					  json_of_time(item->received_at_ms));
		set_text(object, "recipient", item->rcpt);
		set_text(object, "status", item->status);
		set_text(object, "final", item->final);
		set_text(object, "from", item->from);
		set_text(object, "subject", item->subject);
		(void)json_array_append_new(array, object);
	}
	return array;
}

static json_t *
copies_json(const struct digest *d)
{
	json_t *object = json_object();

	set_int(object, "sent", d->copies.sent);
	set_int(object, "waiting", d->copies.waiting);
	set_int(object, "failed", d->copies.failed);
	set_int(object, "left_out", d->copies.left_out);
	return object;
}

static void
print_json(const struct digest *d)
{
	json_t *object = json_object();

	set_text(object, "hostname", d->hostname);
	(void)json_object_set_new(object, "from_at", json_of_time(d->from_ms));
	(void)json_object_set_new(object, "until_at", json_of_time(d->until_ms));
	set_int(object, "count", d->records);
	set_int(object, "held", d->held);
	set_int(object, "held_all", d->held_all);
	(void)json_object_set_new(object, "counts", counts_json(d));
	(void)json_object_set_new(object, "domains",
				  shares_json(d->domains, d->domains_len, "domain"));
	(void)json_object_set_new(object, "causes",
				  shares_json(d->statuses, d->statuses_len, "status"));
	(void)json_object_set_new(object, "storms", storms_json(d));
	(void)json_object_set_new(object, "items", items_json(d));
	(void)json_object_set_new(object, "copies", copies_json(d));
	output_json_take(object);
}

static void
print(const struct digest *d, enum digest_form form)
{
	AUTO(buffer_done) struct buffer out = { 0 };

	switch (form) {
	case DIGEST_JSON:
		print_json(d);
		return;
	case DIGEST_HTML:
		digest_add_html(d, &out);
		break;
	case DIGEST_TEXT:
		digest_add_text(d, &out);
		break;
	}
	(void)fwrite(out.data, 1, out.len, stdout);
}

static int
gather_and_print(const struct workplace *place, int64_t age_ms, enum digest_form form)
{
	AUTO(digest_freep) struct digest *digest = NULL;
	int64_t now_ms = clock_now_ms();
	struct digest_request request = {
		.from_ms = now_ms - age_ms,
		.until_ms = now_ms,
		.hostname = place->settings->hostname,
		.ascii = form == DIGEST_TEXT && strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};
	struct error err = { 0 };

	if (store_stretch_since(place->store, request.from_ms, &request.stretch, &err) < 0 ||
	    digest_gather(place->store, &request, &digest, &err) < 0)
		return store_refusal(&err);
	print(digest, form);
	return EX_OK;
}

int
cmd_digest(const struct tool *tool, int argc, char **argv)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	enum digest_form form = tool->json ? DIGEST_JSON : DIGEST_TEXT;
	int64_t age_ms = CLOCK_DAY_MS;
	int key, rc;

	while ((key = option_next(digest_options, argc, argv)) != OPTION_END) {
		switch (key) {
		case OPTION_SINCE:
			if (argument_age(argv[0], "since", optarg, &age_ms) < 0)
				return EX_USAGE;
			break;
		case OPTION_HTML:
			form = DIGEST_HTML;
			break;
		case OPTION_JSON:
			form = DIGEST_JSON;
			break;
		case OPTION_HELP:
			return verb_help(argv[0]);
		default:
			return EX_USAGE;
		}
	}
	if (arguments_none(argc, argv) < 0)
		return EX_USAGE;
	if ((rc = workplace_open(tool, &place)) != EX_OK)
		return rc;
	return gather_and_print(&place, age_ms, form);
}
