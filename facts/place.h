/*
 * place.h: addresses in text, and where they stand.
 */
#ifndef FACTS_PLACE_H
#define FACTS_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* Best last. */
enum place {
	PLACE_NONE,     /* a contact, a sender: never a recipient */
	PLACE_LABEL_TO, /* "To: a@b", as the original had it */
	PLACE_ORIGIN,   /* "(generated from a@b)": the recipient before aliasing */
	PLACE_SENTENCE, /* "your message to a@b was" */
	PLACE_SMTP,     /* RCPT TO:<a@b>; "550 <a@b>..." */
	PLACE_LISTED,   /* "a@b" or "<a@b>: why" in a line; "Recipient: a@b" */
};

/* What stood before the line: begin with blank set. */
struct place_context {
	struct span line; /* the last that was not blank */
	bool blank, colon, listed;
};

/* The next address of the line at or behind *at, which is moved behind it; false: no more. */
bool place_next_address(struct span line, size_t *at, struct span *ret);

/* follows_listed: an address before it in the line is PLACE_LISTED. */
enum place place_of(const struct place_context *c, struct span line, struct span address,
		    bool follows_listed);

/* The line was read; listed: it had an address that is PLACE_LISTED. */
void place_pass_line(struct place_context *c, struct span line, bool listed);

/* RFC 5322 3.2.3 atext and ".", and what SMTPUTF8 allows. */
bool place_is_local_char(char c);

#endif
