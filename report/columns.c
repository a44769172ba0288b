/*
 * columns.c: how wide a text is, and how it is cut.
 *
 * GLib knows the widths and does not ask the locale, which a daemon has none
 * of. Cutting never leaves half a character, nor a mark without its letter.
 */
#include "report/columns.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

char *
columns_clean(struct span s, bool ascii)
{
	AUTO(freep) char *printable = text_to_printable(s);
	struct buffer out = { 0 };

	buffer_add_str(&out, "");
	for (const char *p = printable; *p != '\0'; p = g_utf8_next_char(p)) {
		if ((unsigned char)*p < 0x80)
			buffer_add_char(&out, *p);
		else if (!ascii)
			buffer_add(&out, p, (size_t)(g_utf8_next_char(p) - p));
		else if (!g_unichar_iszerowidth(g_utf8_get_char(p)))
			buffer_add_char(&out, '?');
	}
	return buffer_take(&out);
}

static size_t
width_of(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

size_t
columns_width(const char *text)
{
	size_t width = 0;

	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
		width += width_of(g_utf8_get_char(p));
	return width;
}

/* The bytes of text that are at most width wide, with the marks behind the last letter. */
static size_t
fitting(const char *text, size_t width)
{
	const char *p = text;

	for (; *p != '\0'; p = g_utf8_next_char(p)) {
		size_t own = width_of(g_utf8_get_char(p));

		if (own > width)
			break;
		width -= own;
	}
	return (size_t)(p - text);
}

void
columns_add_cut(struct buffer *out, const char *text, size_t width, bool ascii)
{
	const char *dots = ascii ? "..." : "\xE2\x80\xA6";
	size_t dots_width = ascii ? 3 : 1;

	if (columns_width(text) <= width) {
		buffer_add_str(out, text);
	} else if (width > dots_width) {
		buffer_add(out, text, fitting(text, width - dots_width));
		buffer_add_str(out, dots);
	} else {
		buffer_add(out, text, fitting(text, width));
	}
}

void
columns_add_padded(struct buffer *out, const char *text, size_t width, bool ascii)
{
	struct buffer cut = { 0 };

	buffer_add_str(&cut, "");
	columns_add_cut(&cut, text, width, ascii);
	buffer_printf(out, "%s%*s", cut.data, (int)(width - columns_width(cut.data)), "");
	buffer_done(&cut);
}

const char *
columns_number(int64_t number, char out[COLUMNS_NUMBER_SIZE])
{
	char digits[COLUMNS_NUMBER_SIZE];
	int len = snprintf(digits, sizeof(digits), "%" PRId64, number), to = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0)
			out[to++] = ',';
		out[to++] = digits[i];
	}
	out[to] = '\0';
	return out;
}
