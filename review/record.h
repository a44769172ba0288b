/*
 * record.h: what there is to say about a record, as a table.
 *
 * One row is one property: the heading of its column in `ndrq list`, its
 * label in `ndrq show`, the name of its member in JSON, and how to get it.
 * All three are made of the same rows, so they cannot drift; ndrq(1) is held
 * against them by a test.
 */
#ifndef REVIEW_RECORD_H
#define REVIEW_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "store/store.h"

struct record_view {
	const struct store_record *record;
	json_t *facts; /* parsed; NULL when there are none */
	int64_t now_ms;
};

struct property_value {
	enum {
		VALUE_NONE,
		VALUE_TEXT, /* any bytes */
		VALUE_INT,
		VALUE_BYTES, /* a size */
		VALUE_TIME,  /* ms since 1970 */
		VALUE_YES,   /* present and true */
	} type;
	struct span text;
	int64_t number;
};

enum {
	PROPERTY_RIGHT = 1, /* numbers stand to the right */
	PROPERTY_CUT = 2,   /* cut on a narrow terminal */
	PROPERTY_AGE = 4,   /* a time that the list shows as an age */
};

struct property {
	const char *json;    /* member name; NULL: not there */
	const char *heading; /* in the list; NULL: not there */
	const char *label;   /* in show; NULL: not there, or there in other words */
	unsigned flags;
	struct property_value (*get)(const struct record_view *view); /* NULL ends the table */
	const char *help;                                             /* half a line */
};

extern const struct property record_properties[];

/* Parses the record's facts; view_done frees them. The record is borrowed. */
struct record_view view_of(const struct store_record *record, int64_t now_ms);
void view_done(struct record_view *view);

/* For people: safe to show, the caller's; "" for none. in_list shortens ages and sizes. */
char *property_text(const struct property *property, const struct record_view *view, bool in_list);

/* All properties that have a value. */
json_t *record_to_json(const struct record_view *view);

/* text as JSON, ill-formed UTF-8 replaced; NULL gives NULL (which json_object_set_new refuses). */
json_t *json_of_text(struct span text);
json_t *json_of_time(int64_t at_ms);

#endif
