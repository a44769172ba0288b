/*
 * exchange_read.c: what PowerShell writes, as records of named fields.
 *
 * Windows PowerShell writes UTF-16 with a BOM, or with other options UTF-8
 * with one, or ASCII; Export-Csv puts "#TYPE …" first unless told not to, and
 * separates by what the system's language likes. Format-List wraps long
 * values and indents what follows.
 *
 * The file is the administrator's, so its limits are generous: 10 000 domains
 * of 1000 fields.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/exchange.h"

#define DOMAINS_MAX 10000
#define FIELDS_MAX  1000

/* ---- characters ------------------------------------------------------------------------ */

static void
add_utf8(struct buffer *out, uint32_t c)
{
	if (c < 0x80) {
		buffer_add_char(out, (char)c);
		return;
	}
	if (c >= 0x10000) {
		buffer_add_char(out, (char)(0xF0 | c >> 18));
		buffer_add_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
	} else if (c >= 0x800) {
		buffer_add_char(out, (char)(0xE0 | c >> 12));
	}
	buffer_add_char(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3F) : 0xC0 | c >> 6));
	buffer_add_char(out, (char)(0x80 | (c & 0x3F)));
}

static uint32_t
unit_at(struct span in, size_t i, bool big_endian)
{
	const unsigned char *p = (const unsigned char *)in.data + i;

	return big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static void
from_utf16(struct span in, bool big_endian, struct buffer *out)
{
	for (size_t i = 0; i + 1 < in.len; i += 2) {
		uint32_t c = unit_at(in, i, big_endian), low;

		if (c >= 0xD800 && c < 0xDC00 && i + 3 < in.len &&
		    (low = unit_at(in, i + 2, big_endian)) >= 0xDC00 && low < 0xE000) {
			c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
			i += 2;
		}
		add_utf8(out, (c >= 0xD800 && c < 0xE000) || c == 0 ? 0xFFFD : c);
	}
}

static bool
begins_with(struct span in, const char *bytes, size_t len)
{
	return in.len >= len && memcmp(in.data, bytes, len) == 0;
}

static struct span
skip(struct span in, size_t len)
{
	return (struct span){ in.data + len, in.len - len };
}

/* As UTF-8 without a BOM and without NUL. The names of properties are ASCII, so a NUL tells UTF-16.
 */
static void
to_utf8(struct span in, struct buffer *out)
{
	AUTO(freep) char *text = NULL;

	if (begins_with(in, "\xFF\xFE", 2)) {
		from_utf16(skip(in, 2), false, out);
	} else if (begins_with(in, "\xFE\xFF", 2)) {
		from_utf16(skip(in, 2), true, out);
	} else if (in.len >= 2 && (in.data[0] == '\0') != (in.data[1] == '\0')) {
		from_utf16(in, in.data[0] == '\0', out);
	} else {
		text = text_to_utf8(begins_with(in, "\xEF\xBB\xBF", 3) ? skip(in, 3) : in);
		buffer_add_str(out, text);
	}
}

static bool
take_line(struct span *rest, struct span *ret_line)
{
	const char *end;
	size_t len;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	len = end == NULL ? rest->len : (size_t)(end - rest->data);
	*ret_line = (struct span){ rest->data, len };
	*rest = skip(*rest, len + (end != NULL));
	return true;
}

/* ---- records ----------------------------------------------------------------------------- */

static struct exchange_domain *
add_domain(struct exchange_list *list)
{
	list->domains = array_grow(list->domains, &list->size, list->len, sizeof(*list->domains));
	list->domains[list->len] = (struct exchange_domain){ .fields = NULL };
	return &list->domains[list->len++];
}

static void
add_field(struct exchange_domain *d, char *name_take, char *value_take)
{
	d->fields = array_grow(d->fields, &d->size, d->len, sizeof(*d->fields));
	d->fields[d->len++] = (struct exchange_field){ name_take, value_take };
}

void
exchange_done(struct exchange_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		struct exchange_domain *d = &list->domains[i];

		for (size_t f = 0; f < d->len; f++) {
			free(d->fields[f].name);
			free(d->fields[f].value);
		}
		free(d->fields);
	}
	free(list->domains);
	*list = (struct exchange_list){ 0 };
}

/* ---- CSV (RFC 4180) ------------------------------------------------------------------------ */

/* One field off *rest; true when another follows on the same line. */
static bool
csv_field(struct span *rest, char separator, char **ret_text)
{
	struct buffer out = { 0 };
	bool quoted = false;
	size_t i = 0;

	buffer_add_str(&out, "");
	for (; i < rest->len; i++) {
		char c = rest->data[i];

		if (c == '"' && quoted && i + 1 < rest->len && rest->data[i + 1] == '"')
			buffer_add_char(&out, rest->data[++i]);
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == separator || c == '\n'))
			break;
		else if (quoted || c != '\r')
			buffer_add_char(&out, c);
	}
	*ret_text = buffer_take(&out);
	if (i == rest->len) {
		*rest = skip(*rest, i);
		return false;
	}
	*rest = skip(*rest, i + 1);
	return rest->data[-1] == separator;
}

static char
separator_of(struct span line)
{
	static const char candidates[] = { ',', ';', '\t' };
	char best = ',';
	size_t most = 0;

	for (size_t c = 0; c < sizeof(candidates); c++) {
		size_t count = 0;

		for (size_t i = 0; i < line.len; i++)
			count += line.data[i] == candidates[c];
		if (count > most) {
			most = count;
			best = candidates[c];
		}
	}
	return best;
}

static int
csv_record(struct span *rest, char separator, const struct exchange_domain *names,
	   struct exchange_domain *record, struct error *err)
{
	bool more = true;

	while (more) {
		char *value;

		more = csv_field(rest, separator, &value);
		if (record->len >= FIELDS_MAX || (names != NULL && record->len >= names->len)) {
			free(value);
			return error_set(err, ERROR_PERM, "a line has more fields than the first");
		}
		add_field(record, names != NULL ? xstrdup(names->fields[record->len].name) : value,
			  names != NULL ? value : NULL);
	}
	/* elsewhere what is missing is empty */
	if (names != NULL && record->len < names->len && rest->len == 0 && rest->data[-1] != '\n')
		return error_set(
			err, ERROR_PERM,
			"the last line has fewer fields than the first and no line end; is "
			"the file whole?");
	return 0;
}

static bool
is_blank_line(struct span line)
{
	return span_trim(line).len == 0;
}

static int
read_csv(struct span text, struct exchange_list *list, struct error *err)
{
	struct exchange_list head = { 0 };
	struct span rest = text, line;
	char separator;
	int rc;

	(void)take_line(&rest, &line);
	separator = separator_of(line);
	rest = text;
	rc = csv_record(&rest, separator, NULL, add_domain(&head), err);
	while (rc == 0 && rest.len > 0) {
		struct span peek = rest;

		(void)take_line(&peek, &line);
		if (is_blank_line(line)) {
			rest = peek;
			continue;
		}
		if (list->len >= DOMAINS_MAX)
			rc = error_set(err, ERROR_PERM, "more than %d remote domains", DOMAINS_MAX);
		else
			rc = csv_record(&rest, separator, &head.domains[0], add_domain(list), err);
	}
	exchange_done(&head);
	return rc;
}

/* ---- Format-List ---------------------------------------------------------------------------- */

/* "Name   : value" */
static bool
split_pair(struct span line, struct span *ret_name, struct span *ret_value)
{
	const char *colon = memchr(line.data, ':', line.len);
	size_t len = colon == NULL ? 0 : (size_t)(colon - line.data);

	if (colon == NULL)
		return false;
	*ret_name = span_trim((struct span){ line.data, len });
	*ret_value = span_trim(skip(line, len + 1));
	for (size_t i = 0; i < ret_name->len; i++)
		if (ret_name->data[i] == ' ' || ret_name->data[i] == '"')
			return false;
	return ret_name->len > 0;
}

static int
read_pair(struct span line, struct exchange_list *list, bool *begun, struct error *err)
{
	struct span name, value;
	struct exchange_domain *d;

	if (!split_pair(line, &name, &value))
		return error_set(err, ERROR_PERM, "\"%.*s\": \"Name : value\" is expected",
				 (int)(line.len < 40 ? line.len : 40), line.data);
	d = *begun ? &list->domains[list->len - 1] : NULL;
	for (size_t i = 0; d != NULL && i < d->len; i++)
		if (span_equal(span_of(d->fields[i].name), name))
			d = NULL; /* the next domain, without a blank line before it */
	if (d == NULL && list->len >= DOMAINS_MAX)
		return error_set(err, ERROR_PERM, "more than %d remote domains", DOMAINS_MAX);
	if (d == NULL)
		d = add_domain(list);
	if (d->len >= FIELDS_MAX)
		return error_set(err, ERROR_PERM, "a remote domain has too many properties");
	add_field(d, span_dup(name), span_dup(value));
	*begun = true;
	return 0;
}

static void
continue_value(struct exchange_domain *d, struct span line)
{
	struct exchange_field *f = &d->fields[d->len - 1];
	char *longer = xasprintf("%s %.*s", f->value, (int)line.len, line.data);

	free(f->value);
	f->value = longer;
}

static int
read_format_list(struct span text, struct exchange_list *list, struct error *err)
{
	struct span line;
	bool begun = false;

	while (take_line(&text, &line)) {
		bool indented = line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t');

		if (is_blank_line(line))
			begun = false;
		else if (indented && begun)
			continue_value(&list->domains[list->len - 1], span_trim(line));
		else if (read_pair(span_trim(line), list, &begun, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- which of them ----------------------------------------------------------------------------
 */

static bool
has_word(struct span line, const char *word)
{
	return memmem(line.data, line.len, word, strlen(word)) != NULL;
}

/* What one of the two commands prints. */
static bool
has_name(struct span line)
{
	return has_word(line, "DomainName") || has_word(line, "GenerateCopyOfDSNFor");
}

/* Format-Table's: names with blanks between them. */
static bool
is_table_head(struct span line)
{
	return memchr("\",;\t", line.data[0], 4) == NULL && separator_of(line) == ',' &&
	       !has_word(line, ",") && has_word(span_trim(line), " ");
}

static int
read_text(struct span text, struct exchange_list *list, struct error *err)
{
	struct span rest = text, line = { "", 0 }, name, value;

	while (take_line(&rest, &line) && (is_blank_line(line) || line.data[0] == '#'))
		text = rest;
	if (is_blank_line(line) || line.data[0] == '#')
		return error_set(err, ERROR_PERM, "nothing is in it");
	if (split_pair(line, &name, &value))
		return read_format_list(text, list, err);
	if (has_name(line) && is_table_head(line))
		return error_set(err, ERROR_PERM,
				 "a table shows only some properties; use Get-RemoteDomain | "
				 "Export-Csv FILE, or | Format-List");
	if (has_name(line))
		return read_csv(text, list, err);
	return error_set(err, ERROR_PERM,
			 "neither the CSV nor the list of Get-RemoteDomain: DomainName is not "
			 "there");
}

int
exchange_read(struct span bytes, struct exchange_list *ret_list, struct error *err)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(exchange_done) struct exchange_list list = { 0 };

	to_utf8(bytes, &text);
	if (read_text(buffer_span(&text), &list, err) < 0)
		return -1;
	if (list.len == 0)
		return error_set(err, ERROR_PERM, "no remote domain is in it");
	*ret_list = list;
	list = (struct exchange_list){ 0 };
	return 0;
}
