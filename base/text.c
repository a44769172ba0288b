/*
 * text.c: repairing and escaping text from strangers.
 *
 * One decoder (text_next) says how long the next character is and which;
 * everything else walks with it. Linear in its input, never fails.
 */
#include "base/text.h"

#include <string.h>

/*
 * The code point at s (RFC 3629: no overlong forms, no surrogates, at most
 * U+10FFFF) and its length in *ret_len; −1 with length 1 for an ill-formed byte.
 */
static int32_t
text_next(const char *s, size_t len, size_t *ret_len)
{
	const unsigned char *u = (const unsigned char *)s;
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int32_t c;
	size_t n;

	*ret_len = 1;
	if (u[0] < 0x80)
		return u[0];
	if (u[0] >= 0xC2 && u[0] < 0xE0)
		n = 2, c = u[0] & 0x1F;
	else if (u[0] >= 0xE0 && u[0] < 0xF0)
		n = 3, c = u[0] & 0x0F;
	else if (u[0] >= 0xF0 && u[0] < 0xF5)
		n = 4, c = u[0] & 0x07;
	else
		return -1;
	if (len < n)
		return -1;
	for (size_t i = 1; i < n; i++) {
		if ((u[i] & 0xC0) != 0x80)
			return -1;
		c = c << 6 | (u[i] & 0x3F);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return -1;
	*ret_len = n;
	return c;
}

static const char replacement[] = "\xEF\xBF\xBD";

void
text_add_utf8(struct buffer *out, struct span s)
{
	size_t good = 0, i = 0;

	while (i < s.len) {
		size_t n;

		if (text_next(s.data + i, s.len - i, &n) < 0) {
			buffer_add(out, s.data + good, i - good);
			buffer_add_str(out, replacement);
			good = i + 1;
		}
		i += n;
	}
	buffer_add(out, s.len > 0 ? s.data + good : "", s.len - good);
}

char *
text_to_utf8(struct span s)
{
	struct buffer out = { 0 };
	const char *nul;

	while (s.len > 0 && (nul = memchr(s.data, '\0', s.len)) != NULL) {
		size_t len = (size_t)(nul - s.data);

		text_add_utf8(&out, (struct span){ s.data, len });
		buffer_add_str(&out, replacement);
		s.data += len + 1;
		s.len -= len + 1;
	}
	text_add_utf8(&out, s);
	return buffer_take(&out);
}

bool
text_is_utf8(struct span s)
{
	for (size_t i = 0, n; i < s.len; i += n)
		if (text_next(s.data + i, s.len - i, &n) < 0)
			return false;
	return true;
}

void
text_add_character(struct buffer *out, uint32_t c)
{
	if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = 0xFFFD;
	if (c < 0x80) {
		buffer_add_char(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buffer_add_char(out, (char)(0xC0 | c >> 6));
	} else if (c < 0x10000) {
		buffer_add_char(out, (char)(0xE0 | c >> 12));
		buffer_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
	} else {
		buffer_add_char(out, (char)(0xF0 | c >> 18));
		buffer_add_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
		buffer_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
	}
	buffer_add_char(out, (char)(0x80 | (c & 0x3F)));
}

static bool
is_control(int32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

void
text_add_printable(struct buffer *out, struct span s)
{
	for (size_t i = 0, n; i < s.len; i += n) {
		int32_t c = text_next(s.data + i, s.len - i, &n);

		if (c < 0)
			buffer_add_str(out, replacement);
		else if (c < 0x100 && is_control(c))
			buffer_printf(out, "\\x%02x", (unsigned)c);
		else if (is_control(c))
			buffer_printf(out, "\\u{%x}", (unsigned)c);
		else
			buffer_add(out, s.data + i, n);
	}
}

char *
text_to_printable(struct span s)
{
	struct buffer out = { 0 };

	text_add_printable(&out, s);
	return buffer_take(&out);
}

void
text_lower_ascii(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}
