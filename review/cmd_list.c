/*
 * cmd_list.c: ndrq list.
 *
 * Walks the store in pages by id, newest first, and prints each page before
 * it asks for the next: however slowly the output is read, no transaction
 * stays open and memory does not grow. Records that come in meanwhile are
 * newer than where the walk began and do not disturb it.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "review/arguments.h"
#include "review/open.h"
#include "review/output.h"
#include "review/query.h"
#include "review/record.h"
#include "review/table.h"
#include "review/verb.h"

#define PAGE_RECORDS 500

enum { OPTION_LIMIT = OPTION_OWN, OPTION_IDS, OPTION_COUNT };

const struct verb_option list_options[] = {
	QUERY_OPTION_ROWS,
	{ "limit", OPTION_LIMIT, "N", "at most N; 0: all (default: 50 on a terminal)" },
	{ "ids", OPTION_IDS, NULL, "ids only, one a line" },
	{ "count", OPTION_COUNT, NULL, "only how many there are" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

enum list_form { LIST_TABLE, LIST_JSON, LIST_IDS, LIST_COUNT };

struct list_walk {
	enum list_form form;
	bool json;     /* LIST_COUNT: in JSON */
	int64_t limit; /* −1: not said, 0: all */
	int64_t now_ms;
	struct table *table;
	int64_t shown;
	int64_t page; /* records in this page so far */
	int64_t last_id;
	bool more; /* there is one beyond the limit */
};

static void
add_to_table(struct list_walk *walk, const struct record_view *view)
{
	table_add_row(walk->table);
	for (const struct property *p = record_properties; p->get != NULL; p++)
		if (p->heading != NULL)
			table_add_cell_take(walk->table, property_text(p, view, true));
}

static void
print_record(struct list_walk *walk, const struct store_record *record)
{
	struct record_view view;

	switch (walk->form) {
	case LIST_COUNT:
		return;
	case LIST_IDS:
		(void)printf("%lld\n", (long long)record->id);
		return;
	case LIST_TABLE:
		view = view_of(record, walk->now_ms);
		add_to_table(walk, &view);
		view_done(&view);
		return;
	case LIST_JSON:
		view = view_of(record, walk->now_ms);
		output_json_take(record_to_json(&view));
		view_done(&view);
		return;
	}
}

static int
walk_record(const struct store_record *record, void *ctx)
{
	struct list_walk *walk = ctx;

	walk->page++;
	walk->last_id = record->id;
	if (walk->limit > 0 && walk->shown >= walk->limit) {
		walk->more = true;
		return 1;
	}
	walk->shown++;
	print_record(walk, record);
	return 0;
}

static int
walk_pages(struct store *store, struct store_query *query, struct list_walk *walk)
{
	struct error err = { 0 };

	do {
		walk->page = 0;
		query->limit = PAGE_RECORDS;
		if (walk->limit > 0 && walk->limit - walk->shown < PAGE_RECORDS)
			query->limit = walk->limit - walk->shown + 1; /* is there one more? */
		if (store_list(store, query, walk_record, walk, &err) < 0)
			return store_refusal(&err);
		if (walk->table != NULL)
			table_flush(walk->table);
		query->before_id = walk->last_id;
		progress_show("listed", walk->shown, walk->limit);
	} while (walk->page == query->limit && !walk->more && !ferror(stdout));
	progress_clear();
	return EX_OK;
}

static void
print_end(const struct list_walk *walk)
{
	if (walk->form == LIST_COUNT && walk->json)
		output_json_take(json_pack("{s:I}", "count", (json_int_t)walk->shown));
	else if (walk->form == LIST_COUNT)
		(void)printf("%lld\n", (long long)walk->shown);
	else if (walk->more && walk->form == LIST_TABLE && output_is_terminal())
		(void)printf("The newest %lld; there are more: --limit 0 shows all.\n",
			     (long long)walk->shown);
}

static struct table *
list_table_new(void)
{
	struct table_column columns[64] = { { .heading = NULL } };
	size_t len = 0;

	for (const struct property *p = record_properties; p->get != NULL && len < 63; p++)
		if (p->heading != NULL)
			columns[len++] =
				(struct table_column){ .heading = p->heading,
						       .right = (p->flags & PROPERTY_RIGHT) != 0,
						       .cut = (p->flags & PROPERTY_CUT) != 0 };
	return table_new(columns);
}

/* One option. 0, -1 after a complaint, 1 when help was asked for. */
static int
read_option(int key, const char *verb, struct store_query *query, struct list_walk *walk,
	    char **domain)
{
	int asked = query_read_option(key, verb, walk->now_ms, query, domain);

	if (asked != 0)
		return asked > 0 ? 0 : -1;
	switch (key) {
	case OPTION_LIMIT:
		return argument_limit(verb, optarg, &walk->limit);
	case OPTION_IDS:
		walk->form = LIST_IDS;
		return 0;
	case OPTION_COUNT:
		walk->form = LIST_COUNT;
		return 0;
	case OPTION_JSON:
		walk->json = true;
		return 0;
	case OPTION_HELP:
		return 1;
	default:
		return -1;
	}
}

int
cmd_list(const struct tool *tool, int argc, char **argv)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	AUTO(table_freep) struct table *table = NULL;
	AUTO(freep) char *domain = NULL;
	struct list_walk walk = { .json = tool->json, .limit = -1, .now_ms = clock_now_ms() };
	struct store_query query = { .states = 0 };
	int key, rc;

	while ((key = option_next(list_options, argc, argv)) != OPTION_END) {
		rc = read_option(key, argv[0], &query, &walk, &domain);
		if (rc != 0)
			return rc > 0 ? verb_help(argv[0]) : EX_USAGE;
	}
	if (arguments_none(argc, argv) < 0)
		return EX_USAGE;
	if (walk.form == LIST_TABLE && walk.json)
		walk.form = LIST_JSON;
	if (walk.limit < 0)
		walk.limit =
			walk.form == LIST_TABLE && output_is_terminal() ? LIMIT_ON_TERMINAL : 0;
	if ((rc = workplace_open(tool, &place)) != EX_OK)
		return rc;
	if (walk.form == LIST_TABLE)
		walk.table = table = list_table_new();
	if ((rc = walk_pages(place.store, &query, &walk)) == EX_OK)
		print_end(&walk);
	return rc;
}
