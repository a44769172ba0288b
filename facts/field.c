/*
 * field.c: header fields, lines, and the strings that facts are made of.
 *
 * Everything that reads "Name: value" walks with field_next: the header of
 * the message, of a part, of the returned message, and the groups of a
 * report. Nothing here fails; what cannot be read is passed over.
 */
#include "facts/field.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

bool
line_next(struct span *rest, struct span *ret)
{
	const char *end;
	size_t len;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	len = end == NULL ? rest->len : (size_t)(end - rest->data);
	*ret = (struct span){ rest->data, len };
	*rest = span_from(*rest, end == NULL ? len : len + 1);
	if (ret->len > 0 && ret->data[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

/* A field name and its colon (RFC 5322 2.2; 4.5 allows blanks before the colon). */
static size_t
name_length(struct span line, size_t *ret_colon)
{
	size_t n = 0;

	while (n < line.len && line.data[n] > ' ' && line.data[n] < 0x7F && line.data[n] != ':')
		n++;
	*ret_colon = n;
	while (*ret_colon < line.len &&
	       (line.data[*ret_colon] == ' ' || line.data[*ret_colon] == '\t'))
		(*ret_colon)++;
	if (n == 0 || *ret_colon == line.len || line.data[*ret_colon] != ':')
		return 0;
	return n;
}

bool
field_next(struct span *rest, struct field *ret)
{
	struct span line;

	while (line_next(rest, &line)) {
		size_t colon, len = name_length(line, &colon);
		const char *end = line.data + line.len;

		if (len == 0)
			continue;
		while (rest->len > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t')) {
			struct span more;

			(void)line_next(rest, &more);
			end = more.data + more.len;
		}
		ret->name = (struct span){ line.data, len };
		ret->value = span_trim((struct span){ line.data + colon + 1,
						      (size_t)(end - line.data) - colon - 1 });
		return true;
	}
	return false;
}

bool
field_is(const struct field *f, const char *name)
{
	size_t len = strlen(name);

	return f->name.len == len && strncasecmp(f->name.data, name, len) == 0;
}

struct span
field_find(struct span header, const char *name)
{
	struct field f;

	while (field_next(&header, &f))
		if (field_is(&f, name))
			return f.value;
	return (struct span){ NULL, 0 };
}

bool
field_split(struct span bytes, size_t most, struct span *ret_header, struct span *ret_body)
{
	size_t limit = bytes.len < most ? bytes.len : most;
	size_t at = 0;

	while (at < limit) {
		const char *end = memchr(bytes.data + at, '\n', limit - at);
		size_t len = end == NULL ? limit - at : (size_t)(end - bytes.data) - at;

		if (end != NULL && (len == 0 || (len == 1 && bytes.data[at] == '\r'))) {
			*ret_header = (struct span){ bytes.data, at };
			*ret_body = span_from(bytes, at + len + 1);
			return true;
		}
		at += len + (end != NULL);
	}
	*ret_header = (struct span){ bytes.data, limit };
	*ret_body = span_from(bytes, bytes.len);
	return limit == bytes.len;
}

/* Cuts at a character, so that a fact stays whole UTF-8. */
static struct span
cut(struct span s)
{
	if (s.len <= FACT_MOST)
		return s;
	s.len = FACT_MOST;
	while (s.len > FACT_MOST - 4 && ((unsigned char)s.data[s.len] & 0xC0) == 0x80)
		s.len--;
	return s;
}

static char *
take_fact(struct buffer *raw)
{
	AUTO(buffer_done) struct buffer utf8 = { 0 };
	struct span s = span_trim(cut(buffer_span(raw)));
	char *nul;

	if (s.len == 0)
		return NULL;
	if (memchr(s.data, '\0', s.len) == NULL && text_is_utf8(s))
		return span_dup(s);
	while ((nul = memchr(raw->data, '\0', raw->len)) != NULL)
		*nul = ' ';
	text_add_utf8(&utf8, span_trim(s));
	s = cut(buffer_span(&utf8));
	return span_dup(s);
}

char *
fact_dup(struct span s)
{
	AUTO(buffer_done) struct buffer raw = { 0 };

	s = cut(span_trim(s));
	if (s.len == 0)
		return NULL;
	if (memchr(s.data, '\0', s.len) == NULL && text_is_utf8(s))
		return span_dup(s);
	buffer_add(&raw, s.data, s.len);
	return take_fact(&raw);
}

char *
field_unfold(struct span value)
{
	AUTO(buffer_done) struct buffer raw = { 0 };
	struct span line;

	value = span_trim(value);
	if (value.len == 0)
		return NULL;
	if (memchr(value.data, '\n', value.len) == NULL)
		return fact_dup(value);
	while (raw.len <= FACT_MOST && line_next(&value, &line)) {
		line = span_trim(line);
		if (raw.len > 0 && line.len > 0)
			buffer_add_char(&raw, ' ');
		buffer_add(&raw, line.len > 0 ? line.data : "", line.len);
	}
	return take_fact(&raw);
}

char *
field_message_id(struct span value)
{
	const char *open = value.len == 0 ? NULL : memchr(value.data, '<', value.len);
	const char *close =
		open == NULL ? NULL : memchr(open, '>', value.len - (size_t)(open - value.data));

	if (close != NULL)
		value = (struct span){ open, (size_t)(close - open) + 1 };
	return field_unfold(value);
}
