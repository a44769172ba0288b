/*
 * scan.h: the parts of a message (RFC 2046), found in one pass over its bytes.
 *
 * The pass is where the limits are applied, before anything is decoded or
 * allocated in proportion to the message. A returned message is one part:
 * what is inside it is not ours to follow.
 */
#ifndef FACTS_SCAN_H
#define FACTS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define SCAN_DEPTH     32
#define SCAN_PARTS     1000
#define SCAN_HEADER    ((size_t)1 << 20) /* bytes, the headers of all parts together */
#define SCAN_ADDRESSES 10000             /* in the message's own header */

struct scan_part {
	struct span header, body; /* as they stand in the message; body still encoded */
	struct span type;         /* "text/plain", any case; never empty */
	struct span parameters;   /* of Content-Type, behind the type */
	struct span encoding;     /* Content-Transfer-Encoding */
	size_t parent;            /* index; the message itself (0) is its own */
	unsigned depth;
};

struct scan {
	struct scan_part *parts; /* [0] is the message; always there. A part follows its parent */
	size_t len, size;
	bool limits; /* beyond: parts is what was seen until then */
};

void scan_message(struct span bytes, struct scan *ret);
void scan_done(struct scan *scan);

bool part_is(const struct scan_part *part, const char *type);        /* "message/rfc822" */
bool part_is_kind(const struct scan_part *part, const char *prefix); /* "multipart/" */

/*
 * A parameter of Content-Type (RFC 2045 5.1; continuations of RFC 2231 3),
 * unquoted, into out. False: not there, or longer than size - 1.
 */
bool part_parameter(const struct scan_part *part, const char *name, char *out, size_t size);

#endif
