/*
 * auto_reply.c: is this the answer of a program to a person's mail?
 *
 * RFC 3834 says how such an answer is marked; before it, and beside it,
 * mailers had marks of their own.
 */
#include "facts/read.h"

#include <string.h>
#include <strings.h>

bool
is_auto_reply(const struct message *m)
{
	/* Only in answers: Outlook and Notes rules, cPanel, mailbox.org, Mail.Ru, Exim's vacation.
	 */
	static const char *const fields[] = { "X-Autoreply",      "X-Autorespond",
					      "X-Autoresponder",  "X-AutoReply-From",
					      "X-Mail-Autoreply", "X-Cron-Autoreply",
					      "X-Vacation" };
	struct span precedence = message_field(m, "Precedence");

	/* RFC 3834 5: the keyword may be followed by parameters and comments. */
	if (span_starts_nocase(message_field(m, "Auto-Submitted"), "auto-replied"))
		return true;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (message_has(m, fields[i]))
			return true;
	return span_starts_nocase(precedence, "auto_reply") ||
	       span_starts_nocase(precedence, "auto-reply");
}

bool
has_calendar_reply(const struct message *m)
{
	size_t len;
	const struct scan_part *parts = message_parts(m, &len);
	char method[16];

	for (size_t i = 0; i < len; i++)
		if (part_is(&parts[i], "text/calendar") &&
		    part_parameter(&parts[i], "method", method, sizeof(method)) &&
		    strcasecmp(method, "REPLY") == 0) /* RFC 5546 3.2.3 */
			return true;
	return false;
}
