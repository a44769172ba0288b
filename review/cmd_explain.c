/*
 * cmd_explain.c: `ndrq explain CODE…`: what an enhanced status code means.
 *
 * Exit status 65 when a word is no code; the others are still explained.
 */
#include "review/verb.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/codes.h"
#include "facts/error_code.h"

static void
print_text(const struct facts_explanation *e)
{
	(void)printf("%s  %s (%s)\n", e->code, e->known->meaning, e->severity);
	if (!e->exact)
		(void)printf(
			"  %-10s this detail is not registered; what is said is of its subject\n",
			"note");
	(void)printf("  %-10s %s\n", "causes", e->known->causes);
	(void)printf("  %-10s %s\n", "what to do", e->known->advice);
	if (e->exchange == NULL)
		return;
	(void)printf("  %-10s %s\n", "Exchange", e->exchange->meaning);
	(void)printf("  %-10s %s\n", "", e->exchange->advice);
}

static void
print_json(const struct facts_explanation *e)
{
	json_t *object =
		json_pack("{s:s, s:s, s:s, s:b, s:s, s:s}", "code", e->code, "severity",
			  e->severity, "meaning", e->known->meaning, "registered", e->exact,
			  "causes", e->known->causes, "advice", e->known->advice);
	char *text;

	if (e->exchange != NULL)
		(void)json_object_set_new(object, "exchange",
					  json_pack("{s:s, s:s}", "meaning", e->exchange->meaning,
						    "advice", e->exchange->advice));
	text = json_dumps(object, JSON_COMPACT);
	(void)puts(text);
	free(text);
	json_decref(object);
}

/* A code of IIS, "0xC00402C7". */
static void
print_error_code(uint32_t code, bool json)
{
	const struct error_code *known = error_code_find(code);
	char text[16];
	json_t *object;
	char *line;

	(void)snprintf(text, sizeof(text), "0x%08X", code);
	if (!json) {
		(void)printf("%s  %s%s%s%s\n", text, error_code_meaning(code),
			     known != NULL && known->name != NULL ? " (" : "",
			     known != NULL && known->name != NULL ? known->name : "",
			     known != NULL && known->name != NULL ? ")" : "");
		return;
	}
	object = json_pack("{s:s}", "code", text);
	if (known != NULL)
		(void)json_object_set_new(object, "meaning", json_string(known->meaning));
	if (known != NULL && known->name != NULL)
		(void)json_object_set_new(object, "name", json_string(known->name));
	line = json_dumps(object, JSON_COMPACT);
	(void)puts(line);
	free(line);
	json_decref(object);
}

const struct verb_option explain_options[] = {
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

static const char usage_line[] = "usage: ndrq explain [--json] CODE…\n";

int
cmd_explain(const struct tool *tool, int argc, char **argv)
{
	bool json = tool->json;
	int key, status = EX_OK;

	optind = 0;
	while ((key = option_next(explain_options, argc, argv)) != OPTION_END) {
		if (key == OPTION_HELP)
			return verb_help("explain");
		if (key != OPTION_JSON)
			return EX_USAGE;
		json = true;
	}
	if (optind == argc) {
		(void)fputs(usage_line, stderr);
		return EX_USAGE;
	}
	for (int i = optind; i < argc; i++) {
		struct facts_explanation e;
		uint32_t code;

		if (error_code_parse(argv[i], &code) > 0)
			print_error_code(code, json);
		else if (facts_explain(argv[i], &e) == 0) {
			AUTO(freep) char *shown = text_to_printable(span_of(argv[i]));

			(void)fprintf(stderr,
				      "ndrq: %s: no status code (5.1.1), reply code (550) or error "
				      "code of IIS (0xC00402C7)\n",
				      shown);
			status = EX_DATAERR;
		} else if (json) {
			print_json(&e);
		} else {
			print_text(&e);
		}
	}
	return status;
}
