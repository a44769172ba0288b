/*
 * field.h: the header fields of a block of bytes (RFC 5322 2.2), borrowed.
 *
 * Tolerant: a line that is no field (an mbox "From " line, rubbish) is passed
 * over. Linear, no allocation but in the functions that say so.
 */
#ifndef FACTS_FIELD_H
#define FACTS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct field {
	struct span name;
	struct span value; /* folded as it came, trimmed */
};

/* The next field of *rest, which is moved behind it. False: none is left. */
bool field_next(struct span *rest, struct field *ret);

/* The first of that name (any case); data NULL when there is none. */
struct span field_find(struct span header, const char *name);

bool field_is(const struct field *f, const char *name);

/*
 * Splits bytes at the first blank line, which belongs to neither; without one
 * all is header. Looks at no more than most bytes: when the header is longer,
 * returns false, with the first most bytes as header and an empty body.
 */
bool field_split(struct span bytes, size_t most, struct span *ret_header, struct span *ret_body);

/* The line of *rest without its line end; *rest is moved behind it. */
bool line_next(struct span *rest, struct span *ret);

/* The value on one line: each fold becomes one space (RFC 5322 2.2.3). As a
 * fact: valid UTF-8, at most FACT_MOST bytes. The caller's. */
char *field_unfold(struct span value);

/* A Message-ID (RFC 5322 3.6.4) with its brackets, without what gateways write behind it; a value
 * without brackets as it is. The caller's. */
char *field_message_id(struct span value);

/* A fact of at most FACT_MOST bytes: valid UTF-8, trimmed; NULL when empty. The caller's. */
#define FACT_MOST ((size_t)4096)
char *fact_dup(struct span s);

#endif
