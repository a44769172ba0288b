/*
 * text.h: text that is safe to show.
 *
 * Mail holds any bytes. What facts say is valid UTF-8; what a terminal or a
 * log line shows holds no control character as well (C0, DEL, C1, and the
 * bidirectional overrides U+202A–202E, U+2066–2069 that can reorder a line).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdint.h>

#include "base/bytes.h"

/* Appends s to out with each ill-formed byte replaced by U+FFFD. */
void text_add_utf8(struct buffer *out, struct span s);
/* As a new string; NUL bytes become U+FFFD too, so that it is whole. */
char *text_to_utf8(struct span s);
bool text_is_utf8(struct span s);
/* Appends one character; NUL and what is none (a surrogate, beyond U+10FFFF) as U+FFFD. */
void text_add_character(struct buffer *out, uint32_t c);

/* Appends s for a terminal: valid UTF-8, control characters as \xNN or \u{N}. */
void text_add_printable(struct buffer *out, struct span s);
char *text_to_printable(struct span s);

/* ASCII only, in place. */
void text_lower_ascii(char *s);

#endif
