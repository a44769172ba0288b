/*
 * html.h: markup undone, as far as reading a notification needs.
 */
#ifndef FACTS_HTML_H
#define FACTS_HTML_H

#include "base/bytes.h"

/* The text of html, lines where a browser would break them. Linear, never fails. */
void html_to_text(struct span html, struct buffer *out);

#endif
