/*
 * returned_cut.c: which fields of the returned message are its author's.
 *
 * Servers on the way add fields under any name, so the list is of those that
 * stay. What is written is only ever less than what came. The header belongs
 * to the cut; the body is borrowed.
 */
#include "facts/returned_cut.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/field.h"
#include "facts/read.h"

void
returned_cut_done(struct returned_cut *cut)
{
	buffer_done(&cut->header);
}

void
strip_add_lines(struct buffer *out, struct span text)
{
	while (text.len > 0) {
		const char *lf = memchr(text.data, '\n', text.len);
		size_t len = lf == NULL ? text.len : (size_t)(lf - text.data);
		bool has_cr = len > 0 && text.data[len - 1] == '\r';

		buffer_add(out, text.data, len - (lf != NULL && has_cr));
		if (lf != NULL)
			buffer_add(out, "\r\n", 2);
		len += lf != NULL;
		text = (struct span){ text.data + len, text.len - len };
	}
}

static bool
is_8bit(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] >= 0x80)
			return true;
	return false;
}

static bool
is_authors(const struct field *f)
{
	static const char *const names[] = {
		"From",       "Sender",   "Reply-To",    "To",           "Cc",
		"Message-ID", "Date",     "Subject",     "References",   "In-Reply-To",
		"Comments",   "Keywords", "Importance",  "Priority",     "DKIM-Signature",
		"Precedence", "Language", "Sensitivity", "MIME-Version", "Auto-Submitted",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (field_is(f, names[i]))
			return true;
	return span_starts_nocase(f->name, "Content-") || span_starts_nocase(f->name, "List-");
}

static void
add_field(const struct field *f, struct buffer *out)
{
	buffer_add(out, f->name.data, f->name.len);
	buffer_add_str(out, ": ");
	strip_add_lines(out, f->value);
	buffer_add_str(out, "\r\n");
}

/* "<…@reporting-mta>" */
static bool
is_id_of(const struct field *f, const char *reporting_mta)
{
	size_t len = reporting_mta != NULL ? strlen(reporting_mta) : 0;
	struct span v = f->value;

	return len > 0 && field_is(f, "Message-ID") && v.len > len + 2 &&
	       v.data[v.len - len - 2] == '@' &&
	       strncasecmp(v.data + v.len - len - 1, reporting_mta, len) == 0;
}

static void
add_fields(struct span header, const struct strip *how, const char *reporting_mta, bool may_be_8bit,
	   struct buffer *out)
{
	struct field f;

	while (field_next(&header, &f))
		if ((!how->no_diagnostics || (is_authors(&f) && !is_id_of(&f, reporting_mta))) &&
		    (may_be_8bit || (!is_8bit(f.name) && !is_8bit(f.value))))
			add_field(&f, out);
}

/* A gateway put a blank line into the header: the rest of it is what the body begins with. */
static bool
header_goes_on(struct span body, struct span *ret_more)
{
	struct span header, rest, line, at;
	struct field first;

	(void)field_split(body, READ_RETURNED, &header, &rest);
	*ret_more = at = header;
	if (!line_next(&at, &line) || !field_next(&line, &first))
		return false;
	return field_find(header, "Received").data != NULL ||
	       (field_find(header, "Message-ID").data != NULL &&
		field_find(header, "From").data != NULL);
}

/* Somebody else's notification has diagnostics of its own. */
static bool
is_report(struct span header)
{
	struct span type = field_find(header, "Content-Type");

	return type.data != NULL && (span_starts_nocase(type, "multipart/report") ||
				     memmem(type.data, type.len, "delivery-status", 15) != NULL);
}

static bool
is_encoded(const struct scan_part *part)
{
	struct span e = part->encoding;

	return e.len > 0 && !span_starts_nocase(e, "7bit") && !span_starts_nocase(e, "8bit") &&
	       !span_starts_nocase(e, "binary");
}

/* Decoded it may be what its way cannot take: NUL, 8 bits, lines without end. */
static bool
is_plain(struct span s)
{
	struct span line;

	if (is_8bit(s) || memchr(s.data, '\0', s.len) != NULL)
		return false;
	while (line_next(&s, &line))
		if (line.len > 998) /* RFC 5322 2.1.1 */
			return false;
	return true;
}

static const char *
type_of(const struct returned_cut *cut)
{
	struct span header = buffer_span(&cut->header);
	bool global = is_8bit(header) && text_is_utf8(header); /* RFC 6533 */

	if (cut->has_body)
		return global ? "message/global" : "message/rfc822";
	return global ? "message/global-headers" : "text/rfc822-headers";
}

static bool
is_header_type(const struct scan_part *part)
{
	return part_is(part, "text/rfc822-headers") || part_is(part, "message/rfc822-headers") ||
	       part_is(part, "text/rfc822-header") || part_is(part, "message/global-headers");
}

void
returned_cut(struct message *m, const struct scan_part *part, const struct strip *how,
	     const char *reporting_mta, struct returned_cut *ret)
{
	bool encoded = is_encoded(part);
	struct span bytes = message_bytes(m, part, SIZE_MAX), header, body, more;
	struct returned_cut cut = { .type = NULL };
	bool whole = field_split(bytes, READ_RETURNED, &header, &body), goes_on;

	if (header.len == 0) /* a blank line too many before it */
		whole = field_split(body, READ_RETURNED, &header, &body);
	*ret = cut;
	if (how->returned == STRIP_NONE || !whole || (how->no_diagnostics && is_report(header)))
		return;
	add_fields(header, how, reporting_mta, !encoded, &cut.header);
	goes_on = how->no_diagnostics && header_goes_on(body, &more);
	if (goes_on)
		add_fields(more, how, reporting_mta, !encoded, &cut.header);
	cut.has_body = how->returned == STRIP_FULL && !is_header_type(part) && !goes_on &&
		       (!encoded || is_plain(body));
	if (cut.has_body)
		cut.body = body;
	if (cut.header.len == 0) {
		returned_cut_done(&cut);
		return;
	}
	cut.is_8bit = is_8bit(buffer_span(&cut.header)) || (cut.has_body && is_8bit(body));
	cut.type = type_of(&cut);
	*ret = cut;
}
