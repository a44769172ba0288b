/*
 * strip.h: a notification with less in it than it came with.
 *
 * Two ways. Where only the returned message is to be shorter, its part alone
 * is changed; the header and the other parts stay. Where what servers said has to go,
 * nothing is taken out of the message: a new one is written of what may be
 * said (RFC 3464, 6522), so that what nobody has thought of stays behind too.
 * Its header is ours; its text names the recipients with their status; its
 * report has what RFC 3464 requires, and Original-Recipient; of the returned
 * message goes along what its author wrote (a list of fields, and the body).
 * A recipient goes by the name the sender knew (RFC 3464 4.2).
 */
#ifndef FACTS_STRIP_H
#define FACTS_STRIP_H

#include "facts/facts.h"

enum strip_returned { STRIP_FULL, STRIP_HEADERS, STRIP_NONE };

struct strip {
	bool no_diagnostics; /* what servers said, and which they are */
	enum strip_returned returned;
};

/* What a message that is written anew says of its writer. */
struct strip_writer {
	const char *host;       /* of From and Reporting-MTA */
	const char *rcpt;       /* whom it is for; NULL: not said */
	const char *message_id; /* without brackets */
	int64_t now_ms;         /* when the notification has no Date that can be kept */
};

/*
 * Can it be done? 1 yes, 0 no: it was not read whole (limits), or what is to
 * go is not in a part of its own and the recipients are not known. facts are
 * those of bytes.
 */
int strip_is_possible(struct span bytes, const struct facts *facts, const struct strip *how);

/*
 * The altered message behind out, its line ends CRLF. It needs no more of its
 * way than bytes did: nothing is 8-bit that was not. 1 done, 0 as above.
 */
int strip_message(struct span bytes, const struct facts *facts, const struct strip *how,
		  const struct strip_writer *writer, struct buffer *out);

#endif
