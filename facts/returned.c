/*
 * returned.c: what the header of the returned message says.
 *
 * Only its header is read, whether the whole message came back or not. The
 * client address is that of the topmost Received line whose client has a
 * public one (RFC 5321 4.4).
 */
#include "facts/read.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/address.h"
#include "facts/field.h"

bool
part_is_returned(const struct scan_part *part)
{
	return part_is(part, "message/rfc822") || part_is(part, "message/global") ||
	       part_is(part, "text/rfc822-headers") || part_is(part, "message/rfc822-headers") ||
	       part_is(part, "message/global-headers") || part_is(part, "text/rfc822") ||
	       part_is(part, "text/rfc822-header");
}

/* RFC 6890, without the documentation networks: who writes those means them. */
static bool
is_public_4(const unsigned char *a)
{
	if (a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224)
		return false;
	if ((a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254))
		return false;
	return !(a[0] == 172 && (a[1] & 0xF0) == 16) && !(a[0] == 100 && (a[1] & 0xC0) == 64);
}

static bool
is_public_6(const unsigned char *a)
{
	static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };

	if (memcmp(a, mapped, sizeof(mapped)) == 0)
		return is_public_4(a + 12);
	return (a[0] & 0xE0) == 0x20; /* RFC 4291 2.4: global unicast, as assigned */
}

/* The address as text when s is one, and public. */
static char *
public_address(struct span s)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (span_starts_nocase(s, "IPv6:"))
		s = (struct span){ s.data + 5, s.len - 5 };
	if (s.len < 2 || s.len >= sizeof(text))
		return NULL;
	memcpy(text, s.data, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		return is_public_4(bytes) ? xstrdup(text) : NULL;
	if (inet_pton(AF_INET6, text, bytes) == 1)
		return is_public_6(bytes) ? xstrdup(text) : NULL;
	return NULL;
}

/* The from clause of a Received line: up to the "by" that stands outside of comments. */
static struct span
from_clause(struct span s)
{
	int depth = 0;

	if (!span_starts_nocase(s, "from"))
		return (struct span){ s.data, 0 };
	for (size_t i = 4; i + 4 <= s.len; i++) {
		if (s.data[i] == '(')
			depth++;
		else if (s.data[i] == ')' && depth > 0)
			depth--;
		else if (depth == 0 &&
			 (s.data[i] == ' ' || s.data[i] == '\t' || s.data[i] == '\n') &&
			 strncasecmp(s.data + i + 1, "by", 2) == 0 &&
			 strchr(" \t\r\n", s.data[i + 3]) != NULL)
			return (struct span){ s.data, i };
	}
	return s;
}

static bool
is_address_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f') || c == '.' ||
	       c == ':';
}

/* "HELO [", "EHLO [", "helo=[": what the client called itself, not where it was. */
static bool
is_greeting(struct span from, size_t at)
{
	return at >= 5 && (strncasecmp(from.data + at - 4, "elo", 3) == 0 ||
			   strncasecmp(from.data + at - 4, "hlo", 3) == 0);
}

/* The client's address: the last that stands in brackets or parentheses. */
static char *
client_of(struct span received)
{
	struct span from = from_clause(received);

	for (size_t i = from.len; i > 0; i--) {
		struct span s = { from.data + i, 0 };
		char *found;

		if ((from.data[i - 1] != '[' && from.data[i - 1] != '(') ||
		    is_greeting(from, i - 1))
			continue;
		if (from.len - i > 5 && strncasecmp(s.data, "IPv6:", 5) == 0)
			s.len = 5;
		while (i + s.len < from.len && is_address_char(s.data[s.len]))
			s.len++;
		if ((found = public_address(s)) != NULL)
			return found;
	}
	return NULL;
}

void
read_returned_header(struct span header, struct facts *f)
{
	struct facts_original *o = &f->original;
	struct field field;

	while (field_next(&header, &field)) {
		if (field_is(&field, "Message-ID"))
			facts_set(&o->message_id, field_unfold(field.value));
		else if (field_is(&field, "From"))
			facts_set(&o->from, message_decode_field(field.value));
		else if (field_is(&field, "Subject"))
			facts_set(&o->subject, message_decode_field(field.value));
		else if (field_is(&field, "Return-Path"))
			facts_set(&o->return_path, address_from_path(field.value));
		else if (o->client_ip == NULL && field_is(&field, "Received"))
			o->client_ip = client_of(field.value);
	}
}

void
read_returned(struct message *m, const struct scan_part *part, struct facts *f)
{
	struct span header, body;

	(void)field_split(message_bytes(m, part, READ_RETURNED), READ_RETURNED, &header, &body);
	if (header.len == 0) /* a blank line too many before it */
		(void)field_split(body, READ_RETURNED, &header, &body);
	read_returned_header(header, f);
}
