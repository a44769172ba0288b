/*
 * edit_find.h: the place in the text of a policy file where something stands.
 *
 * All places are offsets into the text. What is not written in a way that is
 * understood here is not found.
 */
#ifndef POLICY_EDIT_FIND_H
#define POLICY_EDIT_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define EDIT_MEMBERS_MAX 64

/* { name = value; name = value } */
struct edit_member {
	struct span name;
	size_t value_start, value_end;
	size_t end; /* with the ';' behind it */
};
struct edit_group {
	struct edit_member members[EDIT_MEMBERS_MAX];
	size_t len;
	size_t open, close; /* of the braces */
};

/* The group whose '{' is at open. */
bool edit_find_group(struct span text, size_t open, struct edit_group *ret);
const struct edit_member *edit_find_member(const struct edit_group *group, const char *name);

/* The group that has domain = "pattern" in that line. */
bool edit_find_row(struct span text, unsigned line, const char *pattern, struct edit_group *ret);

/* remote_domains = ( … ): its closing bracket, and the end of the last row when nothing but the
 * bracket is behind it (else 0). */
bool edit_find_list(struct span text, size_t *ret_close, size_t *ret_last);

#endif
