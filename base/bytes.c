/*
 * bytes.c: spans and buffers.
 *
 * A buffer at least doubles when it grows, so adding is linear in the bytes
 * added. No function here fails: without memory the process ends.
 */
#include "base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *
must(void *p)
{
	if (p != NULL)
		return p;
	(void)fputs("out of memory\n", stderr);
	abort();
}

void *
xmalloc(size_t size)
{
	return must(malloc(size > 0 ? size : 1));
}

void *
xcalloc(size_t count, size_t size)
{
	return must(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *
xrealloc(void *p, size_t size)
{
	return must(realloc(p, size > 0 ? size : 1));
}

char *
xstrdup(const char *s)
{
	return s == NULL ? NULL : xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len > 0)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
xasprintf(const char *format, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	return must(text);
}

void *
array_grow(void *items, size_t *size, size_t len, size_t item_bytes)
{
	size_t wanted = *size;

	if (len < *size)
		return items;
	wanted = wanted == 0 ? 8 : wanted * 2;
	assert(wanted <= SIZE_MAX / item_bytes);
	*size = wanted;
	return xrealloc(items, wanted * item_bytes);
}

struct span
span_of(const char *s)
{
	return (struct span){ s, s == NULL ? 0 : strlen(s) };
}

char *
span_dup(struct span s)
{
	return xstrndup(s.data, s.len);
}

bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
span_equal_nocase(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

bool
span_starts_nocase(struct span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && strncasecmp(s.data, prefix, len) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_from(struct span s, size_t at)
{
	/* an empty span may have no data at all */
	return at == 0 ? s : (struct span){ s.data + at, s.len - at };
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

static void
buffer_reserve(struct buffer *b, size_t more)
{
	size_t wanted = b->size < 64 ? 64 : b->size;

	assert(more < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
	if (b->size > b->len + more)
		return;
	while (wanted <= b->len + more)
		wanted *= 2;
	b->data = xrealloc(b->data, wanted);
	b->size = wanted;
}

void
buffer_add(struct buffer *b, const void *data, size_t len)
{
	buffer_reserve(b, len);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buffer_add_str(struct buffer *b, const char *s)
{
	buffer_add(b, s, strlen(s));
}

void
buffer_add_char(struct buffer *b, char c)
{
	buffer_add(b, &c, 1);
}

void
buffer_printf(struct buffer *b, const char *format, ...)
{
	va_list ap, again;
	int len;

	va_start(ap, format);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, format, ap);
	assert(len >= 0);
	buffer_reserve(b, (size_t)len);
	(void)vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
	b->len += (size_t)len;
	va_end(again);
	va_end(ap);
}

void
buffer_consume(struct buffer *b, size_t len)
{
	assert(len <= b->len);
	b->len -= len;
	if (b->len > 0)
		memmove(b->data, b->data + len, b->len);
	if (b->data != NULL)
		b->data[b->len] = '\0';
}

void
buffer_clear(struct buffer *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
buffer_done(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

char *
buffer_take(struct buffer *b)
{
	char *data = b->data != NULL ? b->data : xstrdup("");

	*b = (struct buffer){ 0 };
	return data;
}

struct span
buffer_span(const struct buffer *b)
{
	return (struct span){ b->data, b->len };
}

void
hex_encode(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[data[i] >> 4];
		out[2 * i + 1] = digits[data[i] & 15];
	}
	out[2 * len] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len)
{
	if (text_len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
