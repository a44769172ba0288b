/*
 * counted.c: harvesters for a firewall or an access map, storms for people.
 *
 * What a program reads holds nothing but addresses that the store's own code
 * wrote, each once, though several rules may have marked it.
 */
#include "review/counted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "review/output.h"
#include "review/record.h"
#include "review/table.h"

int
harvesters_form_from_name(const char *name, enum harvesters_form *ret_form)
{
	static const char *const names[] = { [HARVESTERS_TABLE] = "table",
					     [HARVESTERS_PLAIN] = "plain",
					     [HARVESTERS_POSTFIX] = "postfix",
					     [HARVESTERS_JSON] = "json" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0) {
			*ret_form = (enum harvesters_form)i;
			return 1;
		}
	return 0;
}

struct harvesters {
	enum harvesters_form form;
	struct table *table;
	char *last; /* client; they come in order */
	int64_t now_ms;
};

static void
add_time(struct table *table, int64_t at_ms)
{
	char at[LOCAL_TIME_SIZE];

	table_add_cell_take(table, xstrdup(format_local_time(at_ms, at)));
}

static void
add_number(struct table *table, int64_t number)
{
	table_add_cell_take(table, xasprintf("%lld", (long long)number));
}

static void
add_harvester(struct table *table, const struct store_harvester *h)
{
	table_add_row(table);
	table_add_cell_take(table, text_for_people(span_of(h->client)));
	table_add_cell_take(table, text_for_people(span_of(h->rule)));
	add_number(table, h->recipients);
	add_number(table, h->notifications);
	add_time(table, h->first_at_ms);
	add_time(table, h->last_at_ms);
	add_time(table, h->until_ms);
}

static void
print_harvester_json(const struct store_harvester *h)
{
	json_t *object = json_object();

	(void)json_object_set_new(object, "client", json_of_text(span_of(h->client)));
	(void)json_object_set_new(object, "rule", json_of_text(span_of(h->rule)));
	(void)json_object_set_new(object, "recipients", json_integer(h->recipients));
	(void)json_object_set_new(object, "notifications", json_integer(h->notifications));
	(void)json_object_set_new(object, "first_at", json_of_time(h->first_at_ms));
	(void)json_object_set_new(object, "last_at", json_of_time(h->last_at_ms));
	(void)json_object_set_new(object, "until", json_of_time(h->until_ms));
	output_json_take(object);
}

/* The first line of a client: false for another rule's. */
static bool
is_new_client(struct harvesters *all, const char *client)
{
	if (all->last != NULL && strcmp(all->last, client) == 0)
		return false;
	free(all->last);
	all->last = xstrdup(client);
	return true;
}

static int
print_harvester(const struct store_harvester *h, void *ctx)
{
	struct harvesters *all = ctx;

	switch (all->form) {
	case HARVESTERS_TABLE:
		add_harvester(all->table, h);
		return 0;
	case HARVESTERS_PLAIN:
		if (is_new_client(all, h->client))
			(void)puts(h->client);
		return 0;
	case HARVESTERS_POSTFIX:
		if (is_new_client(all, h->client))
			(void)printf("%s/%d REJECT too many unknown recipients\n", h->client,
				     strchr(h->client, ':') != NULL ? 128 : 32);
		return 0;
	case HARVESTERS_JSON:
		print_harvester_json(h);
		return 0;
	}
	return 0;
}

int
print_harvesters(struct workplace *place, enum harvesters_form form)
{
	AUTO(table_freep) struct table *table = NULL;
	struct harvesters all = { .form = form, .now_ms = clock_now_ms() };
	struct error err = { 0 };
	int rc;

	if (form == HARVESTERS_TABLE)
		all.table = table =
			table_new((const struct table_column[]){ { "CLIENT", false, false },
								 { "RULE", false, true },
								 { "UNKNOWN", true, false },
								 { "RECORDS", true, false },
								 { "SINCE", false, false },
								 { "LAST", false, false },
								 { "UNTIL", false, false },
								 { .heading = NULL } });
	rc = store_harvesters(place->store, all.now_ms, print_harvester, &all, &err);
	free(all.last);
	if (rc < 0)
		return store_refusal(&err);
	if (table != NULL)
		table_flush(table);
	return EX_OK;
}

/* ---- storms ------------------------------------------------------------ */

static void
print_storm_json(const struct store_storm *storm)
{
	json_t *object = json_object();

	(void)json_object_set_new(object, "storm", json_integer(storm->id));
	(void)json_object_set_new(object, "rule", json_of_text(span_of(storm->rule)));
	(void)json_object_set_new(object, "shared", json_of_text(span_of(storm->shared)));
	(void)json_object_set_new(object, "records", json_integer(storm->members));
	(void)json_object_set_new(object, "began_at", json_of_time(storm->began_at_ms));
	(void)json_object_set_new(object, "last_at", json_of_time(storm->last_at_ms));
	output_json_take(object);
}

/* ctx: a table, or NULL for JSON. */
static int
print_storm(const struct store_storm *storm, void *ctx)
{
	struct table *table = ctx;

	if (table == NULL) {
		print_storm_json(storm);
		return 0;
	}
	table_add_row(table);
	add_number(table, storm->id);
	table_add_cell_take(table, text_for_people(span_of(storm->rule)));
	table_add_cell_take(table, text_for_people(span_of(storm->shared)));
	add_number(table, storm->members);
	add_time(table, storm->began_at_ms);
	add_time(table, storm->last_at_ms);
	return 0;
}

int
print_storms(struct workplace *place, bool json, int64_t limit)
{
	AUTO(table_freep) struct table *table = NULL;
	struct error err = { 0 };

	if (!json)
		table = table_new((const struct table_column[]){ { "STORM", true, false },
								 { "RULE", false, true },
								 { "SHARED", false, true },
								 { "RECORDS", true, false },
								 { "SINCE", false, false },
								 { "LAST", false, false },
								 { .heading = NULL } });
	if (store_storms(place->store, limit, print_storm, table, &err) < 0)
		return store_refusal(&err);
	if (table != NULL)
		table_flush(table);
	return EX_OK;
}
