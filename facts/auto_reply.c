/*
 * auto_reply.c: is this the answer of a program to a person's mail (RFC 3834)?
 */
#include "facts/read.h"

bool
is_auto_reply(const struct message *m)
{
	/* RFC 3834 5: the keyword may be followed by parameters and comments. */
	return span_starts_nocase(message_field(m, "Auto-Submitted"), "auto-replied");
}
