/*
 * counted.h: what the counts of rules found (policy.conf(5), "Counts"), for ndrq stats.
 */
#ifndef REVIEW_COUNTED_H
#define REVIEW_COUNTED_H

#include <stdbool.h>

#include "review/open.h"

enum harvesters_form {
	HARVESTERS_TABLE,   /* for people */
	HARVESTERS_PLAIN,   /* an address a line */
	HARVESTERS_POSTFIX, /* cidr_table(5) */
	HARVESTERS_JSON,
};
/* 1 found, 0 no such form. */
int harvesters_form_from_name(const char *name, enum harvesters_form *ret_form);

/* Clients that are marked now. An exit status. */
int print_harvesters(struct workplace *place, enum harvesters_form form);

/* The newest storms, at most limit (0: all). An exit status. */
int print_storms(struct workplace *place, bool json, int64_t limit);

#endif
