/* shapes.h: messages made to hurt, for the unit tests and the bench. */
#ifndef TESTS_UNIT_FACTS_SHAPES_H
#define TESTS_UNIT_FACTS_SHAPES_H

#include <stddef.h>

#include "base/bytes.h"

static inline void
add_times(struct buffer *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_add_str(out, text);
}

/* As large as `size` bytes, or thereabouts. */
static inline void
deep_nesting(struct buffer *out, size_t size)
{
	for (int i = 0; out->len < size; i++)
		buffer_printf(out, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
}

static inline void
many_parts(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/mixed; boundary=b\n\n");
	add_times(out, "--b\nA: b\n\nx\n", size / 12);
}

static inline void
many_header_lines(struct buffer *out, size_t size)
{
	add_times(out, "X-Line: x\n", size / 10);
}

static inline void
large_to(struct buffer *out, size_t size)
{
	buffer_add_str(out, "To: ");
	add_times(out, "a@b.example,\n ", size / 14);
}

static inline void
long_line(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Subject: ");
	add_times(out, "xxxxxxxxxx", size / 10);
}

static inline void
boundary_bomb(struct buffer *out, size_t size)
{
	for (int i = 0; i < 31; i++)
		buffer_printf(out,
			      "Content-Type: multipart/mixed; boundary=aaaaaaaaaaaaaaaa%d\n\n--"
			      "aaaaaaaaaaaaaaaa%d\n",
			      i, i);
	add_times(out, "--aaaaaaaaaaaaaaaaa\n", size / 20);
}

static inline void
encoded_words(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Subject: ");
	add_times(out, "=?utf-8?q?=61?=\n ", (size < 900000 ? size : 900000) / 17);
	buffer_add_str(out, "\n\n");
	add_times(out, "x\n", size / 2);
}

static inline void
many_groups(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/report; boundary=b\n\n--b\n"
			    "Content-Type: message/delivery-status\n\n");
	add_times(out, "Final-Recipient: rfc822; a@b.example\n\n", size / 38);
}

static inline void
empty_lines(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n");
	add_times(out, "\n", size);
}

static inline void
nul_bytes(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Subject: a");
	while (out->len < size)
		buffer_add(out, "\0\n\0", 3);
}

static inline void
random_bytes(struct buffer *out, size_t size)
{
	unsigned seed = 1;

	while (out->len < size) {
		seed = seed * 1103515245u + 12345u;
		buffer_add_char(out, (char)(seed >> 16));
	}
}

static inline void
folds(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
			    "message/delivery-status\n\nFinal-Recipient: ");
	add_times(out, "(\n ", size / 3);
}

/* Text for people that is none, under the marks of a bounce so that it is read. */
#define BOUNCE_HEADER "Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nSubject: failure notice\n"

static inline void
addresses_in_text(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "\nundeliverable:\n");
	for (int i = 0; out->len < size; i++)
		buffer_printf(out, "<a%d@b.example>:\n", i);
}

static inline void
one_long_text_line(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "\n");
	add_times(out, "a@b.c user unknown 550 5.1.1 ", size / 29);
}

static inline void
at_signs(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "\n");
	add_times(out, "@@@@@@@@@\"@", size / 11);
}

static inline void
almost_headers(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "\n");
	add_times(out, "Subject: x\n\n", size / 12);
}

static inline void
quoted_headers(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "\n");
	add_times(out, ">Subject: x\n", size / 12);
}

static inline void
html_tags(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "Content-Type: text/html\n\n<p>");
	add_times(out, "<a<!--<style>&nbsp;", size / 19);
}

static inline void
half_marks(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "\n");
	add_times(out, "a message that you sent could not be delivered to one or mor ", size / 61);
}

static inline void
digits(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "\n<a@b.example>:\n");
	add_times(out, "5.5.5.5.", size / 8);
}

static inline void
escapes(struct buffer *out, size_t size)
{
	buffer_add_str(out, BOUNCE_HEADER "Content-Type: text/plain; charset=iso-2022-jp\n\n");
	add_times(out, "\x1b$B\x1b(B", size / 6);
}

static inline void
received_lines(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
			    "message/delivery-status\n\nFinal-Recipient: rfc822; a@b.c\nAction: "
			    "failed\n\n--b\nContent-Type: text/rfc822-headers\n\n");
	add_times(out, "Received: from (([10.0.0.1] by x\n", size / 33);
}

static inline void
json_nesting(struct buffer *out, size_t size)
{
	buffer_add_str(out, "From: no-reply@sns.amazonaws.com\n\n{\"a\":");
	add_times(out, "[", size);
}

static const struct {
	const char *name;
	void (*make)(struct buffer *out, size_t size);
} shapes[] __attribute__((unused)) = {
	{ "deep nesting", deep_nesting },
	{ "many parts", many_parts },
	{ "header lines", many_header_lines },
	{ "a large To", large_to },
	{ "a long line", long_line },
	{ "boundary bomb", boundary_bomb },
	{ "encoded words", encoded_words },
	{ "many groups", many_groups },
	{ "empty lines", empty_lines },
	{ "NUL bytes", nul_bytes },
	{ "random bytes", random_bytes },
	{ "folds", folds },
	{ "addresses in text", addresses_in_text },
	{ "one line of text", one_long_text_line },
	{ "at signs", at_signs },
	{ "almost headers", almost_headers },
	{ "quoted headers", quoted_headers },
	{ "html", html_tags },
	{ "half marks", half_marks },
	{ "digits", digits },
	{ "escapes", escapes },
	{ "Received lines", received_lines },
	{ "JSON nesting", json_nesting },
};

#define SHAPES_LEN (sizeof(shapes) / sizeof(shapes[0]))

#endif
