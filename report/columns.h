/*
 * columns.h: text from strangers in columns of a fixed width.
 *
 * Width is what a terminal gives a character: none for a combining mark, two
 * for CJK and emoji, one for the rest.
 */
#ifndef REPORT_COLUMNS_H
#define REPORT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * s as it may be shown: one line, printable (base/text.h), and ASCII alone
 * when so asked ("?" for the rest). The caller's.
 */
char *columns_clean(struct span s, bool ascii);

/* The width of clean text. */
size_t columns_width(const char *text);

/* Appends text, cut to at most width with "…" at its end ("..." in ASCII). */
void columns_add_cut(struct buffer *out, const char *text, size_t width, bool ascii);
/* And padded to exactly that. */
void columns_add_padded(struct buffer *out, const char *text, size_t width, bool ascii);

/* "12,345" */
#define COLUMNS_NUMBER_SIZE 32
const char *columns_number(int64_t number, char out[COLUMNS_NUMBER_SIZE]);

#endif
