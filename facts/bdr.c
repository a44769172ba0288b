/*
 * bdr.c: from a file's bytes to text, and from the text to a reason.
 *
 * The bytes are decoded first; then blanks and line ends become one blank
 * each in a second copy, in which the fragments are looked for, so that a
 * wrapped line hides none. Every step is linear in what is read, and what is
 * read is limited; a span of the text outlives no function.
 */
#include "facts/bdr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/address.h"

/* ---- from bytes to UTF-8 ------------------------------------------------ */

/* 0x80 to 0x9F of CP1252; 0: no character. */
static const uint16_t cp1252_high[32] = {
	0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

static void
add_cp1252(struct buffer *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		text_add_character(out, c >= 0x80 && c < 0xA0 ? cp1252_high[c - 0x80] : c);
	}
}

static uint32_t
utf16_unit(struct span s, size_t at, bool big_endian)
{
	unsigned first = (unsigned char)s.data[at], second = (unsigned char)s.data[at + 1];

	return big_endian ? first << 8 | second : second << 8 | first;
}

/* An odd byte at the end is dropped: half a character. */
static void
add_utf16(struct buffer *out, struct span s, bool big_endian)
{
	for (size_t i = 0; i + 1 < s.len; i += 2) {
		uint32_t c = utf16_unit(s, i, big_endian), low;

		if (c >= 0xD800 && c < 0xDC00 && i + 3 < s.len) {
			low = utf16_unit(s, i + 2, big_endian);
			if (low >= 0xDC00 && low < 0xE000) {
				c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
				i += 2;
			}
		}
		text_add_character(out, c);
	}
}

enum encoding { ENCODING_BYTES, ENCODING_UTF16_LE, ENCODING_UTF16_BE };

/* Without a mark: Latin text in UTF-16 has a zero in nearly every second place. */
static enum encoding
guess_encoding(struct span s)
{
	size_t zeros[2] = { 0, 0 }, looked = s.len < 512 ? s.len & ~(size_t)1 : 512;

	for (size_t i = 0; i < looked; i++)
		zeros[i & 1] += s.data[i] == '\0';
	if (looked < 8) /* too little to tell by */
		return ENCODING_BYTES;
	if (zeros[1] > looked / 4 && zeros[0] < zeros[1] / 4 + 1)
		return ENCODING_UTF16_LE;
	if (zeros[0] > looked / 4 && zeros[1] < zeros[0] / 4 + 1)
		return ENCODING_UTF16_BE;
	return ENCODING_BYTES;
}

/* Is it UTF-8, but for a last character that the limit cut? */
static bool
is_utf8_but_for_end(struct span s, bool cut)
{
	for (size_t less = 0; less <= (cut ? 3U : 0U) && less <= s.len; less++)
		if (text_is_utf8((struct span){ s.data, s.len - less }))
			return true;
	return false;
}

static void
decode(struct span s, bool cut, struct buffer *out)
{
	struct span behind_mark = { s.data + 2, s.len - 2 };

	if (s.len >= 2 && memcmp(s.data, "\xFF\xFE", 2) == 0) {
		add_utf16(out, behind_mark, false);
		return;
	}
	if (s.len >= 2 && memcmp(s.data, "\xFE\xFF", 2) == 0) {
		add_utf16(out, behind_mark, true);
		return;
	}
	if (s.len >= 3 && memcmp(s.data, "\xEF\xBB\xBF", 3) == 0)
		s = (struct span){ s.data + 3, s.len - 3 };
	switch (guess_encoding(s)) {
	case ENCODING_UTF16_LE:
		add_utf16(out, s, false);
		return;
	case ENCODING_UTF16_BE:
		add_utf16(out, s, true);
		return;
	case ENCODING_BYTES:
		break;
	}
	if (is_utf8_but_for_end(s, cut)) {
		AUTO(freep) char *text = text_to_utf8(s);

		buffer_add_str(out, text);
		return;
	}
	add_cp1252(out, s);
}

/* CRLF and a lone CR become LF. */
static char *
with_plain_ends(const struct buffer *b)
{
	struct buffer out = { 0 };

	for (size_t i = 0; i < b->len; i++) {
		if (b->data[i] != '\r')
			buffer_add_char(&out, b->data[i]);
		else if (i + 1 == b->len || b->data[i + 1] != '\n')
			buffer_add_char(&out, '\n');
	}
	return buffer_take(&out);
}

/* ---- the fragments ------------------------------------------------------ */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* One blank for each run of them; an empty line stays as LF: there the error's words end. */
static char *
fold(const char *text)
{
	struct buffer out = { 0 };

	while (*text != '\0') {
		unsigned ends = 0;

		if (!is_blank(*text)) {
			buffer_add_char(&out, *text++);
			continue;
		}
		for (; is_blank(*text); text++)
			ends += *text == '\n';
		buffer_add_char(&out, ends >= 2 ? '\n' : ' ');
	}
	return buffer_take(&out);
}

static unsigned
hex_digits(const char *s)
{
	return (unsigned)strspn(s, "0123456789abcdefABCDEF");
}

static const char code_words[] = "error code was";

/* "error code was 0xC00402C7", the first that has a number of up to eight digits. */
static void
find_code(const char *folded, struct bdr *ret)
{
	for (const char *at = folded; (at = strcasestr(at, code_words)) != NULL;) {
		unsigned digits;

		at += strlen(code_words);
		at += strspn(at, " :\n");
		if (strncasecmp(at, "0x", 2) != 0)
			continue;
		digits = hex_digits(at + 2);
		if (digits == 0 || digits > 8)
			continue;
		ret->code = (uint32_t)strtoul(at + 2, NULL, 16);
		ret->has_code = true;
		(void)snprintf(ret->code_text, sizeof(ret->code_text), "0x%08X", ret->code);
		return;
	}
}

/* At most so many bytes, whole characters. */
static size_t
cut_length(struct span s, size_t most)
{
	if (s.len <= most)
		return s.len;
	while (most > 0 && ((unsigned char)s.data[most] & 0xC0) == 0x80)
		most--;
	return most;
}

static struct span
without_ending(struct span s, const char *word)
{
	size_t len = strlen(word);

	if (s.len >= len && strncasecmp(s.data + s.len - len, word, len) == 0)
		s.len -= len;
	return span_trim(s);
}

/* What follows "error was encountered:" up to the code's sentence or an empty line. */
static void
find_reason(const char *folded, struct bdr *ret)
{
	static const char words[] = "error was encountered:";
	const char *start = strcasestr(folded, words), *end, *code;
	struct span reason;

	if (start == NULL)
		return;
	start += strlen(words);
	start += strspn(start, " \n");
	end = start + strcspn(start, "\n");
	code = strcasestr(start, code_words);
	reason =
		(struct span){ start, (size_t)((code != NULL && code < end ? code : end) - start) };
	reason = span_trim(reason);
	if (code != NULL && code < end)
		reason = without_ending(without_ending(reason, "specific"), " the");
	reason.len = cut_length(reason, BDR_REASON_MAX);
	if (reason.len > 0)
		ret->reason = span_dup(reason);
}

/* ---- sender and recipients, where a label says so ----------------------- */

enum { LINE_MAX_BYTES = 16384 };

enum label { LABEL_NONE, LABEL_SENDER, LABEL_RECIPIENTS };

static const struct {
	const char *word;
	enum label label;
} labels[] = {
	{ "sender:", LABEL_SENDER },         { "from:", LABEL_SENDER },
	{ "mail from:", LABEL_SENDER },      { "x-sender:", LABEL_SENDER },
	{ "recipient:", LABEL_RECIPIENTS },  { "recipients:", LABEL_RECIPIENTS },
	{ "to:", LABEL_RECIPIENTS },         { "rcpt to:", LABEL_RECIPIENTS },
	{ "x-receiver:", LABEL_RECIPIENTS },
};

static enum label
take_label(struct span *line)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t len = strlen(labels[i].word);

		if (!span_starts_nocase(*line, labels[i].word))
			continue;
		*line = span_trim((struct span){ line->data + len, line->len - len });
		return labels[i].label;
	}
	return LABEL_NONE;
}

static void
add_addresses(struct span list, enum label label, struct bdr *ret)
{
	struct span one;

	while (address_list_next(&list, &one)) {
		AUTO(freep) char *address = address_from_path(one);

		if (address == NULL || address[0] == '\0')
			continue;
		if (label == LABEL_SENDER) {
			if (ret->sender == NULL)
				ret->sender = TAKE(address);
			return;
		}
		if (ret->recipients_len == BDR_RECIPIENTS_MAX)
			return;
		ret->recipients[ret->recipients_len++] = TAKE(address);
	}
}

/*
 * A label speaks for its own line, and for those right below it that hold addresses. Lines are
 * looked at as far as a hundred recipients need.
 */
static void
find_addresses(struct bdr *ret)
{
	enum label below = LABEL_NONE;
	const char *next;

	ret->recipients = xcalloc(BDR_RECIPIENTS_MAX, sizeof(ret->recipients[0]));
	for (const char *at = ret->text; *at != '\0'; at = next) {
		size_t len = strcspn(at, "\n");
		struct span line =
			span_trim((struct span){ at, len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES });
		enum label label = take_label(&line);

		next = at + len + (at[len] == '\n');
		if (label == LABEL_NONE && line.len > 0 && memchr(line.data, '@', line.len) != NULL)
			label = below;
		if (label != LABEL_NONE)
			add_addresses(line, label, ret);
		below = label;
	}
}

void
bdr_read(struct span bytes, struct bdr *ret)
{
	AUTO(buffer_done) struct buffer decoded = { 0 };
	AUTO(freep) char *folded = NULL;

	*ret = (struct bdr){ .cut = bytes.len > BDR_BYTES_MAX };
	if (ret->cut)
		bytes.len = BDR_BYTES_MAX;
	decode(bytes, ret->cut, &decoded);
	ret->text = with_plain_ends(&decoded);
	folded = fold(ret->text);
	find_code(folded, ret);
	find_reason(folded, ret);
	find_addresses(ret);
}

void
bdr_done(struct bdr *bdr)
{
	for (size_t i = 0; i < bdr->recipients_len; i++)
		free(bdr->recipients[i]);
	free(bdr->recipients);
	free(bdr->sender);
	free(bdr->reason);
	free(bdr->text);
	*bdr = (struct bdr){ 0 };
}

/* The one code that was seen (../shared/facts/iis-exchange.md): an NDR of a DSN. */
#define CODE_OF_A_NOTIFICATION 0xC00402C7

bool
bdr_is_of_notification(const struct bdr *bdr)
{
	return (bdr->has_code && bdr->code == CODE_OF_A_NOTIFICATION) ||
	       (bdr->reason != NULL &&
		strcasestr(bdr->reason, "delivery status notification") != NULL);
}
