/*
 * returned_cut.h: as much of a returned message as may go along.
 */
#ifndef FACTS_RETURNED_CUT_H
#define FACTS_RETURNED_CUT_H

#include "facts/message.h"
#include "facts/strip.h"

struct returned_cut {
	const char *type;     /* Content-Type of the part; NULL: nothing goes along */
	struct buffer header; /* with CRLF, without the blank line */
	bool has_body;
	struct span body; /* as it came; lives as long as the message */
	bool is_8bit;
};

/*
 * With no_diagnostics only the fields that its author writes (RFC 5322 3.6,
 * MIME, lists, his signature); a Message-ID that reporting_mta (NULL: not
 * known) gave to a message without one is none of them. What cannot be told apart is left out: a
 * body in which the header seems to go on, a report of yet another server, an encoded part that is
 * not plain text.
 */
void returned_cut(struct message *m, const struct scan_part *part, const struct strip *how,
		  const char *reporting_mta, struct returned_cut *ret);
void returned_cut_done(struct returned_cut *cut);

/* Appends text with each bare LF as CRLF. */
void strip_add_lines(struct buffer *out, struct span text);

#endif
