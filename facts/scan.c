/*
 * scan.c: where the parts of a message begin and end, within limits.
 *
 * One pass from front to end; open multiparts stand on a stack of at most
 * SCAN_DEPTH boundaries, and only lines that begin with "--" are compared
 * with them, so that the cost is linear in the bytes whatever they are.
 * Spans point into the message. Never fails: an unreadable Content-Type is
 * text/plain (RFC 2045 5.2), a multipart without its boundary is one leaf,
 * a missing end is the end of the bytes.
 */
#include "facts/scan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "facts/field.h"

/* RFC 2046 5.1.1 allows 70; what is longer than this is no boundary. */
#define BOUNDARY_SIZE 256

struct level {
	size_t part;
	size_t len;
	char boundary[BOUNDARY_SIZE];
};

struct pass {
	struct scan *scan;
	struct span bytes;
	size_t header_bytes;
	unsigned depth; /* open levels */
	struct level levels[SCAN_DEPTH];
};

static size_t
blank_length(struct span s)
{
	size_t n = 0;

	while (n < s.len && strchr(" \t\r\n", s.data[n]) != NULL && s.data[n] != '\0')
		n++;
	return n;
}

static struct span
span_skip(struct span s, size_t n)
{
	return (struct span){ s.data + n, s.len - n };
}

static bool
is_token(char c)
{
	return c > ' ' && c < 0x7F && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* One "name=value" at the front of *rest; value is copied, unquoted. */
static bool
parameter_next(struct span *rest, struct span *ret_name, char *value, size_t size, size_t *ret_len)
{
	struct span s = *rest;
	size_t n = 0, len = 0;

	while (s.len > 0 && !is_token(s.data[0]))
		s = span_skip(s, 1);
	while (n < s.len && is_token(s.data[n]))
		n++;
	*ret_name = (struct span){ s.data, n };
	s = span_skip(s, n);
	s = span_skip(s, blank_length(s));
	*rest = s;
	*ret_len = 0;
	if (n == 0)
		return false;
	if (s.len == 0 || s.data[0] != '=')
		return true;
	s = span_skip(s, 1);
	s = span_skip(s, blank_length(s));
	if (s.len > 0 && s.data[0] == '"') {
		for (s = span_skip(s, 1); s.len > 0 && s.data[0] != '"'; s = span_skip(s, 1)) {
			if (s.data[0] == '\\' && s.len > 1)
				s = span_skip(s, 1);
			if (s.data[0] != '\r' && s.data[0] != '\n' && len < size)
				value[len++] = s.data[0];
		}
		if (s.len > 0)
			s = span_skip(s, 1);
	} else {
		/* Not only token characters: unquoted boundaries with "=" or "/" are common. */
		for (; s.len > 0 && s.data[0] != ';' && blank_length(s) == 0; s = span_skip(s, 1))
			if (len < size)
				value[len++] = s.data[0];
	}
	*rest = s;
	*ret_len = len;
	return true;
}

bool
part_parameter(const struct scan_part *part, const char *name, char *out, size_t size)
{
	struct span rest = part->parameters, key;
	size_t name_len = strlen(name), used = 0, len;
	bool found = false;
	char value[BOUNDARY_SIZE];

	while (parameter_next(&rest, &key, value, sizeof(value), &len)) {
		if (key.len < name_len || strncasecmp(key.data, name, name_len) != 0)
			continue;
		if (key.len > name_len && key.data[name_len] != '*')
			continue;
		if (used + len >= size || len == sizeof(value))
			return false;
		memcpy(out + used, value, len);
		used += len;
		found = true;
		if (key.len == name_len)
			break;
	}
	out[used] = '\0';
	return found && used > 0;
}

bool
part_is(const struct scan_part *part, const char *type)
{
	return span_equal_nocase(part->type, span_of(type));
}

bool
part_is_kind(const struct scan_part *part, const char *prefix)
{
	return span_starts_nocase(part->type, prefix);
}

static size_t
count_ats(struct span s)
{
	size_t n = 0;
	const char *at;

	while ((at = memchr(s.data, '@', s.len)) != NULL) {
		n++;
		s = span_skip(s, (size_t)(at - s.data) + 1);
	}
	return n;
}

static bool
holds_addresses(const struct field *f)
{
	static const char *const names[] = { "To",         "Cc",           "Bcc",       "From",
					     "Reply-To",   "Sender",       "Resent-To", "Resent-Cc",
					     "Resent-Bcc", "Apparently-To" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (field_is(f, names[i]))
			return true;
	return false;
}

static void
set_type(struct scan_part *part, struct span value)
{
	size_t n = 0;

	while (n < value.len && (is_token(value.data[n]) || value.data[n] == '/'))
		n++;
	if (memchr(value.data, '/', n) == NULL)
		return;
	part->type = (struct span){ value.data, n };
	part->parameters = span_skip(value, n);
}

static void
read_header(struct pass *pass, struct scan_part *part, bool outermost)
{
	struct span rest = part->header;
	struct field f;
	size_t addresses = 0;

	while (field_next(&rest, &f)) {
		if (field_is(&f, "Content-Type"))
			set_type(part, f.value);
		else if (field_is(&f, "Content-Transfer-Encoding"))
			part->encoding = f.value;
		else if (outermost && holds_addresses(&f))
			addresses += count_ats(f.value);
	}
	if (addresses > SCAN_ADDRESSES)
		pass->scan->limits = true;
}

/*
 * Is the line of len bytes behind "--" a delimiter of an open level? The level
 * is looked for from the inside out, and gives its number + 1, or 0.
 */
static unsigned
match_delimiter(const struct pass *pass, const char *line, size_t len, bool *ret_closing)
{
	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL && line[len - 1] != '\0')
		len--;
	for (unsigned k = pass->depth; k > 0; k--) {
		const struct level *level = &pass->levels[k - 1];

		if (len < level->len || memcmp(line, level->boundary, level->len) != 0)
			continue;
		if (len == level->len) {
			*ret_closing = false;
			return k;
		}
		if (len >= level->len + 2 && memcmp(line + level->len, "--", 2) == 0) {
			*ret_closing = true;
			return k;
		}
	}
	return 0;
}

/*
 * From at, which is the start of a line, the next delimiter: where its line
 * starts, and where the next one does. 0 when there is none before the end.
 */
static unsigned
find_delimiter(const struct pass *pass, size_t at, size_t *ret_start, size_t *ret_next,
	       bool *ret_closing)
{
	const char *data = pass->bytes.data;
	size_t end = pass->bytes.len;

	while (at < end && pass->depth > 0) {
		const char *eol = memchr(data + at, '\n', end - at);
		size_t next = eol == NULL ? end : (size_t)(eol - data) + 1;
		unsigned k = 0;

		if (end - at > 2 && data[at] == '-' && data[at + 1] == '-')
			k = match_delimiter(pass, data + at + 2,
					    (eol == NULL ? end : next - 1) - at - 2, ret_closing);
		if (k > 0) {
			*ret_start = at;
			*ret_next = next;
			return k;
		}
		at = next;
	}
	*ret_start = *ret_next = end;
	return 0;
}

/* The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1). */
static size_t
before_line_end(struct span bytes, size_t from, size_t at)
{
	if (at > from && bytes.data[at - 1] == '\n')
		at--;
	if (at > from && bytes.data[at - 1] == '\r')
		at--;
	return at;
}

static bool
is_field_line(struct span line)
{
	struct field f;

	return line.data[0] == ' ' || line.data[0] == '\t' || field_next(&line, &f);
}

/*
 * The header of a part ends at a blank line, or at a delimiter where the
 * blank line is missing. Returns where the body begins.
 */
static size_t
split_part(struct pass *pass, struct scan_part *part, size_t at)
{
	struct span rest = span_skip(pass->bytes, at), line;
	size_t most = SCAN_HEADER - pass->header_bytes;

	part->header = (struct span){ rest.data, 0 };
	while (line_next(&rest, &line)) {
		bool closing;
		size_t start = (size_t)(line.data - pass->bytes.data);

		part->header.len = (size_t)(line.data - part->header.data);
		if (line.len == 0)
			return (size_t)(rest.data - pass->bytes.data);
		/* No blank line, no field: some gateways begin a part with its text. */
		if (pass->scan->len > 1 && !is_field_line(line))
			return start;
		if (line.len > 2 && line.data[0] == '-' && line.data[1] == '-' &&
		    match_delimiter(pass, line.data + 2, line.len - 2, &closing) > 0)
			return start;
		if ((size_t)(rest.data - part->header.data) > most) {
			pass->scan->limits = true;
			part->header.len = part->header.len < most ? part->header.len : most;
			return start;
		}
	}
	part->header.len = (size_t)(rest.data - part->header.data);
	return pass->bytes.len;
}

static struct scan_part *
add_part(struct pass *pass)
{
	struct scan *scan = pass->scan;
	struct scan_part *part;

	if (scan->len == SCAN_PARTS) {
		scan->limits = true;
		return NULL;
	}
	scan->parts = array_grow(scan->parts, &scan->size, scan->len, sizeof(*scan->parts));
	part = &scan->parts[scan->len++];
	*part = (struct scan_part){ .type = SPAN("text/plain"),
				    .parameters = SPAN(""),
				    .encoding = SPAN(""),
				    .depth = pass->depth };
	part->parent = pass->depth > 0 ? pass->levels[pass->depth - 1].part : 0;
	/* RFC 2046 5.1.5 */
	if (pass->depth > 0 && part_is(&scan->parts[part->parent], "multipart/digest"))
		part->type = SPAN("message/rfc822");
	return part;
}

/* Puts a multipart on the stack. */
static void
open_level(struct pass *pass, size_t index)
{
	const struct scan_part *part = &pass->scan->parts[index];
	struct level *level;

	if (!part_is_kind(part, "multipart/"))
		return;
	if (pass->depth == SCAN_DEPTH) {
		pass->scan->limits = true;
		return;
	}
	level = &pass->levels[pass->depth];
	if (!part_parameter(part, "boundary", level->boundary, sizeof(level->boundary)))
		return;
	level->len = strlen(level->boundary);
	while (level->len > 0 && level->boundary[level->len - 1] == ' ')
		level->len--; /* a delimiter is compared without blanks at its end */
	level->part = index;
	pass->depth++;
}

/* Reads the part that begins at a byte; returns the first byte of its body. */
static size_t
enter_part(struct pass *pass, size_t at)
{
	struct scan_part *part = add_part(pass);
	size_t body;

	if (part == NULL)
		return at;
	body = split_part(pass, part, at);
	pass->header_bytes += part->header.len;
	part->body = span_skip(pass->bytes, body);
	read_header(pass, part, pass->scan->len == 1);
	if (!pass->scan->limits)
		open_level(pass, pass->scan->len - 1);
	return body;
}

/* The bodies of what ends at this delimiter: the last leaf, and levels inside of keep. */
static void
close_parts(struct pass *pass, unsigned keep, size_t at)
{
	struct scan *scan = pass->scan;

	for (size_t i = scan->len - 1; i > 0; i--) {
		struct scan_part *part = &scan->parts[i];
		size_t from = (size_t)(part->body.data - pass->bytes.data);

		if (keep > 0 && i == pass->levels[keep - 1].part)
			break;                                /* its first part begins */
		if (part->body.len == pass->bytes.len - from) /* open until now */
			part->body.len =
				before_line_end(pass->bytes, from, at < from ? from : at) - from;
		if (part->depth <= keep)
			break;
	}
	pass->depth = keep;
}

void
scan_message(struct span bytes, struct scan *ret)
{
	struct pass pass = { .scan = ret, .bytes = bytes };
	size_t at, start, next;
	unsigned level;
	bool closing = false;

	*ret = (struct scan){ 0 };
	at = enter_part(&pass, 0);
	while (!ret->limits && (level = find_delimiter(&pass, at, &start, &next, &closing)) > 0) {
		close_parts(&pass, level, start);
		at = next;
		if (closing)
			pass.depth = level - 1;
		else
			at = enter_part(&pass, next);
	}
}

void
scan_done(struct scan *scan)
{
	free(scan->parts);
	*scan = (struct scan){ 0 };
}
