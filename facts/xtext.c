/*
 * xtext.c: RFC 3461's way to put an address into a parameter, undone.
 */
#include "facts/xtext.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* "\x{HEXPOINT}" at the start of s (RFC 6533 3): two to six digits. Returns its length or 0. */
static size_t
decode_point(struct span s, struct buffer *out)
{
	size_t n = 3;
	uint32_t c = 0;

	if (s.len < 3 || memcmp(s.data, "\\x{", 3) != 0)
		return 0;
	for (uint8_t digit; n < 9 && n < s.len; n++) {
		char both[2] = { '0', s.data[n] };

		if (!hex_decode(both, 2, &digit, 1))
			break;
		c = c << 4 | digit;
	}
	if (n < 5 || n >= s.len || s.data[n] != '}' || c == 0 || c > 0x10FFFF ||
	    (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	text_add_character(out, c);
	return n + 1;
}

/* "+3D" at the start of s (RFC 3461 4). Returns its length or 0. */
static size_t
decode_plus(struct span s, struct buffer *out)
{
	uint8_t byte;

	if (s.len < 3 || s.data[0] != '+' || !hex_decode(s.data + 1, 2, &byte, 1))
		return 0;
	buffer_add_char(out, (char)byte);
	return 3;
}

void
xtext_decode(struct span text, struct buffer *out)
{
	size_t i = 0;

	while (i < text.len) {
		size_t n = decode_plus(span_from(text, i), out);

		if (n == 0)
			n = decode_point(span_from(text, i), out);
		if (n == 0) {
			buffer_add_char(out, text.data[i]);
			n = 1;
		}
		i += n;
	}
}
