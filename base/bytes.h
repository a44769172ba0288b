/*
 * bytes.h: memory that the rest is written on.
 *
 * A span borrows; a buffer owns and grows. Mail is bytes: nothing here ends
 * at a NUL, though a buffer keeps one behind its last byte for C's sake.
 * Out of memory ends the process (the promise of DESIGN.md holds for a kill
 * anywhere, and GLib, below GMime, does the same); what a stranger can grow
 * is limited where it grows, not here.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *data;
	size_t len;
};

struct buffer {
	char *data; /* NULL only while nothing was ever added */
	size_t len;
	size_t size;
};

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Room for one item more in an array of len used and *size allocated items. */
void *array_grow(void *items, size_t *size, size_t len, size_t item_bytes);

#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })
struct span span_of(const char *s); /* NULL gives an empty span with data NULL */
char *span_dup(struct span s);      /* NUL-terminated copy */
bool span_equal(struct span a, struct span b);
bool span_equal_nocase(struct span a, struct span b); /* ASCII case only */
bool span_starts_nocase(struct span s, const char *prefix);
struct span span_from(struct span s, size_t at); /* what begins at at, which is at most its len */
struct span span_trim(struct span s);            /* SP, HT, CR, LF at both ends */

void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_add_str(struct buffer *b, const char *s);
void buffer_add_char(struct buffer *b, char c);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_consume(struct buffer *b, size_t len); /* drops len bytes at the front */
void buffer_clear(struct buffer *b);               /* keeps the memory */
void buffer_done(struct buffer *b);                /* frees it; b is empty and usable again */
char *buffer_take(struct buffer *b);               /* the bytes, NUL-terminated, now the caller's */
struct span buffer_span(const struct buffer *b);

/* Lower-case hex of len bytes into out (2 * len + 1 bytes). */
void hex_encode(const uint8_t *data, size_t len, char *out);
/* The reverse; false when text is not exactly 2 * len hex digits. */
bool hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len);

#endif
