/*
 * notice.h: what a notification tells people, cut into its own words and
 * what it quotes of the returned message.
 */
#ifndef FACTS_NOTICE_H
#define FACTS_NOTICE_H

#include "base/bytes.h"
#include "facts/message.h"

struct notice {
	struct buffer own;      /* its own words: lines, UTF-8, markup undone */
	struct buffer plain;    /* all of the text, when it was markup */
	struct buffer folded;   /* own for marks: lower case, one blank for any, no quoted lines */
	struct buffer returned; /* the header of the returned message, as quoted; may be empty */
	struct span quoted; /* from there to the end of the text; lives as long as the message */
	bool has_returned;  /* a line says that the returned message follows */
};

/* Reads the first part that holds text for people. */
void notice_read(struct message *m, struct notice *ret);
void notice_done(struct notice *notice);

/* Lower case (ASCII), runs of blanks one blank, typographic quotes plain; appended to out. */
void notice_fold(struct buffer *out, struct span text);

#endif
