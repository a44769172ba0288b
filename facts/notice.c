/*
 * notice.c: the text of a notification, and where the returned message begins.
 *
 * The returned message is quoted by most families that write no report part.
 * It begins at a line that says so ("--- Below this line is a copy of the
 * message."), or, whatever was said, at a block of lines that only a mail
 * header has. One walk over the lines; the text is limited, so all of it is
 * cheap. Nothing here fails.
 */
#include "facts/notice.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "facts/field.h"
#include "facts/html.h"

/* What is read of the text, encoded: notices are short, what they quote is long. */
#define NOTICE_TEXT     ((size_t)256 << 10)

/* The quoted header ends after so much, however it goes on. */
#define NOTICE_RETURNED ((size_t)128 << 10)

static bool
is_attachment(const struct scan_part *part)
{
	return span_starts_nocase(field_find(part->header, "Content-Disposition"), "attachment");
}

/* The first text/plain that is no attachment, else the first text/html, else whatever is text. */
static const struct scan_part *
text_part(const struct message *m)
{
	size_t len;
	const struct scan_part *parts = message_parts(m, &len);
	const struct scan_part *html = NULL;

	for (size_t i = 0; i < len; i++) {
		const struct scan_part *p = &parts[i];

		if (part_is_kind(p, "multipart/") && i + 1 < len)
			continue;
		if (part_is_kind(p, "message/") || part_is(p, "text/rfc822-headers") ||
		    (i > 0 && is_attachment(p)) || span_trim(p->body).len == 0)
			continue;
		if (part_is(p, "text/html")) {
			html = html == NULL ? p : html;
			continue;
		}
		/* A multipart without parts lost its boundary: all of it is text. */
		if (part_is_kind(p, "text/") || part_is_kind(p, "multipart/"))
			return p;
	}
	return html;
}

static char
fold_char(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/*
 * Adds the character at text[i], in lower case: ASCII, Latin-1 and Cyrillic,
 * whose letters' bytes are easily had; U+2018 and U+2019 as "'". Returns how
 * many bytes more than one it took.
 */
static size_t
fold_next(struct buffer *out, struct span text, size_t i)
{
	unsigned char c = (unsigned char)text.data[i];
	unsigned char next = i + 1 < text.len ? (unsigned char)text.data[i + 1] : 0;

	if (c < 0xC0) {
		buffer_add_char(out, fold_char(text.data[i]));
		return 0;
	}
	if (c == 0xC3 && next >= 0x80 && next <= 0x9E && next != 0x97)
		next |= 0x20;
	else if (c == 0xD0 && next >= 0x90 && next <= 0x9F)
		next = (unsigned char)(next + 0x20);
	else if (c == 0xD0 && next >= 0xA0 && next <= 0xAF)
		c = 0xD1, next = (unsigned char)(next - 0x20);
	else if (c == 0xE2 && i + 2 < text.len && next == 0x80 &&
		 ((unsigned char)text.data[i + 2] & 0xFE) == 0x98) {
		buffer_add_char(out, '\'');
		return 2;
	} else {
		buffer_add_char(out, (char)c);
		return 0;
	}
	buffer_add_char(out, (char)c);
	buffer_add_char(out, (char)next);
	return 1;
}

void
notice_fold(struct buffer *out, struct span text)
{
	bool blank = true;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0') {
			blank = true;
			continue;
		}
		/* U+00A0; U+2018 and U+2019 */
		if (i + 1 < text.len && memcmp(text.data + i, "\xC2\xA0", 2) == 0) {
			blank = true;
			i++;
			continue;
		}
		if (blank && out->len > 0)
			buffer_add_char(out, ' ');
		blank = false;
		i += fold_next(out, text, i);
	}
}

static bool
contains_nocase(struct span s, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= s.len; i++)
		if (fold_char(s.data[i]) == word[0] && strncasecmp(s.data + i, word, len) == 0)
			return true;
	return false;
}

/* A line that announces the returned message: it names it, and says that here it is. */
static bool
is_divider(struct span line)
{
	static const char *const words[] = {
		"below this line",
		"copy of the message",
		"copy of your message",
		"copy of the original message",
		"original message",
		"original mail",
		"returned message",
		"returned mail",
		"unsent message",
		"undelivered message",
		"message header",
		"headers follow",
		"header of the",
		"message text follows",
		"text of the message",
		"forwarded message",
		"message as received",
		"message body",
		"message follows",
		"mail follows",
		"lines of the message",
		"mensaje original",
		"message d'origine",
		"message original",
		"messaggio originale",
		"ursprüngliche nachricht",
		"original-nachricht",
		"mensagem original",
		"oorspronkelijk bericht",
		"source mail",
		"summary of the undelivered message",
		"元のメール",
		"原信件",
	};
	static const char *const here[] = {
		"is a copy", "follows", "follow.",  "follow:",     "follow ",   "below",
		"reads",     "headers", "lines of", "as received", "original-", "is following"
	};
	bool announced = false;

	line = span_trim(line);
	if (line.len < 10 || line.len > 120 || contains_nocase(line, "transcript"))
		return false;
	/* Drawn as a divider, or a sentence that says "here it is". */
	if (strchr("-=*|_", line.data[0]) != NULL || line.data[line.len - 1] == '-')
		announced = true;
	else if (line.data[line.len - 1] != ':' && !contains_nocase(line, "follow"))
		return false;
	for (size_t i = 0; !announced && i < sizeof(here) / sizeof(here[0]); i++)
		announced = contains_nocase(line, here[i]);
	if (!announced)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (contains_nocase(line, words[i]))
			return true;
	return false;
}

static bool
is_quoted(struct span line)
{
	return line.len > 0 && line.data[0] == '>' &&
	       !(line.len > 2 && memcmp(line.data, ">>>", 3) == 0); /* Sendmail's transcript */
}

static bool
is_header_name(const struct field *f)
{
	static const char *const names[] = {
		"Received",
		"Return-Path",
		"From",
		"To",
		"Cc",
		"Subject",
		"Date",
		"Message-ID",
		"MIME-Version",
		"Reply-To",
		"Sender",
		"Delivered-To",
		"References",
		"In-Reply-To",
		"Content-Type",
		"User-Agent",
		"Importance",
		"Precedence",
		"Authentication-Results",
		"DKIM-Signature",
		"DomainKey-Signature",
		"Content-Transfer-Encoding",
		"List-Id",
		"Errors-To",
		"Received-SPF",
		"Organization",
		"Path",
		"Sent",
	};

	if (f->name.len > 2 && (f->name.data[0] | 32) == 'x' && f->name.data[1] == '-')
		return true;
	if (f->name.len > 4 && strncasecmp(f->name.data, "ARC-", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (field_is(f, names[i]))
			return true;
	return false;
}

/* Does a returned header begin here? Its first fields tell: at least three of a header's. */
static bool
begins_header(struct span text)
{
	struct span line, rest = text;
	unsigned names = 0, proof = 0, trace = 0;

	for (unsigned n = 0; n < 24 && line_next(&rest, &line) && line.len > 0; n++) {
		struct span one = line;
		struct field f;

		if (line.data[0] == ' ' || line.data[0] == '\t') {
			if (n == 0)
				return false;
			continue;
		}
		if (!field_next(&one, &f) || !is_header_name(&f)) {
			if (n == 0)
				return false;
			continue;
		}
		names++;
		trace += field_is(&f, "Received") || field_is(&f, "Message-ID") ||
			 field_is(&f, "Return-Path") || field_is(&f, "DKIM-Signature");
		proof += field_is(&f, "Date");
		if (names >= 3 && proof + trace >= 1)
			return true;
	}
	/* A header cut short; subject and date alone are what a report repeats in its own words. */
	return names >= 2 && trace >= 1;
}

/* Lines of the quoted header up to its blank line, one ">" taken off each when the first has it. */
static void
add_returned(struct buffer *out, struct span text)
{
	struct span line;
	bool quoted = is_quoted(text);

	while (out->len < NOTICE_RETURNED && line_next(&text, &line)) {
		if (quoted && is_quoted(line)) {
			line.data++;
			line.len--;
			if (line.len > 0 && line.data[0] == ' ' && out->len == 0) {
				line.data++;
				line.len--;
			}
		}
		if (line.len == 0)
			break;
		buffer_add(out, line.data, line.len);
		buffer_add_char(out, '\n');
	}
}

/* A quoted header without its ">" on each line, as far as begins_header looks. */
static bool
begins_quoted_header(struct span text)
{
	AUTO(buffer_done) struct buffer plain = { 0 };
	struct span line;

	for (unsigned n = 0; n < 24 && line_next(&text, &line) && is_quoted(line); n++) {
		buffer_add(&plain, line.data + 1, line.len - 1);
		buffer_add_char(&plain, '\n');
	}
	return begins_header(buffer_span(&plain));
}

static void
set_returned(struct notice *ret, struct span at)
{
	ret->has_returned = true;
	ret->quoted = at;
	add_returned(&ret->returned, at);
}

/* Behind a divider the header may stand after blank lines and another divider. */
static void
find_returned(struct span rest, struct notice *ret)
{
	struct span line, at;

	for (unsigned n = 0; n < 40; n++) {
		at = rest;
		if (!line_next(&rest, &line))
			return;
		if (line.len == 0)
			continue;
		if (begins_header(at) || (is_quoted(line) && begins_quoted_header(at))) {
			set_returned(ret, at);
			return;
		}
	}
}

static void
add_own(struct notice *ret, struct span line)
{
	buffer_add(&ret->own, line.len > 0 ? line.data : "", line.len);
	buffer_add_char(&ret->own, '\n');
	if (is_quoted(line))
		return;
	if (ret->folded.len > 0 && line.len > 0)
		buffer_add_char(&ret->folded, ' ');
	if (line.len > 0) {
		struct buffer folded = { 0 };

		notice_fold(&folded, line);
		buffer_add(&ret->folded, folded.len > 0 ? folded.data : "", folded.len);
		buffer_done(&folded);
	}
}

static void
cut(struct span text, struct notice *ret)
{
	struct span rest = text, line, at;
	size_t quoted_looks = 0;

	for (at = rest; line_next(&rest, &line); at = rest) {
		if (line.len > 0 && begins_header(at)) {
			set_returned(ret, at);
			return;
		}
		if (is_quoted(line) && quoted_looks++ < 40 && begins_quoted_header(at)) {
			set_returned(ret, at);
			return;
		}
		if (is_divider(line)) {
			ret->has_returned = true;
			find_returned(rest, ret);
			return;
		}
		add_own(ret, line);
	}
}

void
notice_read(struct message *m, struct notice *ret)
{
	const struct scan_part *part = text_part(m);
	struct span text;

	*ret = (struct notice){ 0 };
	if (part == NULL)
		return;
	text = message_text(m, part, NOTICE_TEXT);
	if (part_is(part, "text/html")) {
		html_to_text(text, &ret->plain);
		text = buffer_span(&ret->plain);
	}
	cut(text, ret);
}

void
notice_done(struct notice *notice)
{
	buffer_done(&notice->own);
	buffer_done(&notice->plain);
	buffer_done(&notice->folded);
	buffer_done(&notice->returned);
}
