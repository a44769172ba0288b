/*
 * address.c: taking a mailbox out of what stands around it.
 *
 * A mailbox is not checked: what a report names is a fact even when it is no
 * address. xtext is undone only where it was surely meant, for many MTAs write
 * Original-Recipient decoded already, as RFC 3461 wants, and "+20" can then be
 * part of a name.
 */
#include "facts/address.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/field.h"

static struct span
span_skip(struct span s, size_t n)
{
	return (struct span){ s.data + n, s.len - n };
}

static bool
is_type_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '/';
}

struct span
address_skip_type(struct span value, struct span *ret_type)
{
	size_t n = 0, at;

	value = span_trim(value);
	while (n < value.len && is_type_char(value.data[n]))
		n++;
	at = n;
	while (at < value.len && (value.data[at] == ' ' || value.data[at] == '\t'))
		at++;
	if (ret_type != NULL)
		*ret_type = (struct span){ value.data, 0 };
	if (at == value.len || value.data[at] != ';')
		return value;
	if (ret_type != NULL)
		ret_type->len = n;
	return span_trim(span_skip(value, at + 1));
}

/* How long the quoted string at the front of s is; all of s when it has no end. */
static size_t
quoted_length(struct span s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.data[i] == '\\')
			i++;
		else if (s.data[i] == '"')
			return i + 1;
	}
	return s.len;
}

/* How long the comment at the front of s is (RFC 5322 3.2.2; they nest). */
static size_t
comment_length(struct span s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '\\')
			i++;
		else if (s.data[i] == '(')
			depth++;
		else if (s.data[i] == ')' && --depth == 0)
			return i + 1;
	}
	return s.len;
}

/* The inside of the first <…> that is in no quoted string or comment; data NULL: none. */
static struct span
in_brackets(struct span s)
{
	for (size_t i = 0, n; i < s.len; i += n) {
		struct span rest = span_skip(s, i);
		const char *end;

		n = 1;
		if (rest.data[0] == '"')
			n = quoted_length(rest);
		else if (rest.data[0] == '(')
			n = comment_length(rest);
		else if (rest.data[0] == '<') {
			end = memrchr(rest.data, '>', rest.len);
			if (end == NULL)
				return span_skip(rest, 1);
			return (struct span){ rest.data + 1, (size_t)(end - rest.data) - 1 };
		}
	}
	return (struct span){ NULL, 0 };
}

static struct span
without_comments(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '"')
			i += quoted_length(span_skip(s, i)) - 1;
		else if (s.data[i] == '(' && i > 0 &&
			 (s.data[i - 1] == ' ' || s.data[i - 1] == '\t'))
			return span_trim((struct span){ s.data, i });
	}
	return s;
}

/* A source route (RFC 5321 C) says nothing any more. */
static struct span
without_route(struct span s)
{
	const char *colon = s.len > 0 && s.data[0] == '@' ? memchr(s.data, ':', s.len) : NULL;

	return colon == NULL ? s : span_skip(s, (size_t)(colon - s.data) + 1);
}

static struct span
mailbox(struct span s)
{
	struct span inner;

	s = span_trim(s);
	inner = in_brackets(s);
	if (inner.data == NULL)
		return without_route(without_comments(s));
	/* "<a@b>" and "<<a@b>>" */
	while (inner.len > 1 && inner.data[0] == '<' && inner.data[inner.len - 1] == '>')
		inner = (struct span){ inner.data + 1, inner.len - 2 };
	return without_route(span_trim(inner));
}

static int
upper_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * RFC 3461 4: "+" and two upper-case hex digits. Undone when every "+" is one
 * and stands for what has to be encoded: "+", "=", and what is not visible
 * ASCII; a blank only in a quoted local part.
 */
static bool
undo_xtext(struct span s, struct buffer *out)
{
	if (memchr(s.data, '+', s.len) == NULL)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int high, low, c;

		if (s.data[i] != '+') {
			buffer_add_char(out, s.data[i]);
			continue;
		}
		high = i + 2 < s.len ? upper_hex(s.data[i + 1]) : -1;
		low = i + 2 < s.len ? upper_hex(s.data[i + 2]) : -1;
		c = high * 16 + low;
		if (high < 0 || low < 0 || (c > ' ' && c < 0x7F && c != '+' && c != '='))
			return false;
		if (c < ' ' || c == 0x7F || (c == ' ' && s.data[0] != '"'))
			return false;
		buffer_add_char(out, (char)c);
		i += 2;
	}
	return text_is_utf8(buffer_span(out));
}

/* RFC 6533 3: \x{HEX}, up to six digits, no surrogate, no control character. */
static size_t
embedded_character(struct span s, unsigned long *ret)
{
	size_t i = 3;

	if (s.len < 5 || memcmp(s.data, "\\x{", 3) != 0)
		return 0;
	for (*ret = 0; i < s.len && i < 9 && s.data[i] != '}'; i++) {
		char c = s.data[i];
		int digit = c >= 'a' && c <= 'f' ? c - 'a' + 10 : upper_hex(c);

		if (digit < 0)
			return 0;
		*ret = *ret << 4 | (unsigned long)digit;
	}
	if (i == 3 || i >= s.len || s.data[i] != '}' || *ret < ' ' || *ret == 0x7F ||
	    *ret > 0x10FFFF || (*ret >= 0xD800 && *ret <= 0xDFFF))
		return 0;
	return i + 1;
}

static bool
undo_utf8_xtext(struct span s, struct buffer *out)
{
	bool any = false;

	for (size_t i = 0; i < s.len;) {
		unsigned long c;
		size_t n = embedded_character(span_skip(s, i), &c);

		if (n > 0) {
			text_add_character(out, (uint32_t)c);
			any = true;
		} else {
			buffer_add_char(out, s.data[i]);
			n = 1;
		}
		i += n;
	}
	return any;
}

char *
address_from_report(struct span value)
{
	AUTO(freep) char *plain = field_unfold(value);
	AUTO(buffer_done) struct buffer utf8 = { 0 };
	AUTO(buffer_done) struct buffer text = { 0 };
	struct span s;

	if (plain == NULL)
		return NULL;
	s = mailbox(address_skip_type(span_of(plain), NULL));
	if (s.len == 0)
		return NULL;
	if (undo_utf8_xtext(s, &utf8))
		s = buffer_span(&utf8);
	if (undo_xtext(s, &text))
		s = buffer_span(&text);
	return fact_dup(s);
}

char *
address_from_path(struct span value)
{
	AUTO(freep) char *plain = field_unfold(value);
	struct span s, inner;

	if (plain == NULL)
		return NULL;
	s = span_of(plain);
	inner = in_brackets(s);
	if (inner.data != NULL && span_trim(inner).len == 0)
		return xstrdup("");
	return fact_dup(mailbox(s));
}

/* How long the member at the front of the list is: up to a comma, ";" or ":" that stands in no
 * quotes, comment or brackets. */
static size_t
member_length(struct span s)
{
	size_t i = 0;

	for (; i < s.len; i++) {
		struct span rest = span_skip(s, i);
		const char *end;

		if (rest.data[0] == '"')
			i += quoted_length(rest) - 1;
		else if (rest.data[0] == '(')
			i += comment_length(rest) - 1;
		else if (rest.data[0] == '<' && (end = memchr(rest.data, '>', rest.len)) != NULL)
			i += (size_t)(end - rest.data);
		else if (rest.data[0] == ',' || rest.data[0] == ';' || rest.data[0] == ':')
			break;
	}
	return i < s.len ? i : s.len;
}

bool
address_list_next(struct span *rest, struct span *ret)
{
	while (rest->len > 0) {
		size_t len = member_length(*rest);

		*ret = span_trim((struct span){ rest->data, len });
		*rest = span_skip(*rest, len < rest->len ? len + 1 : len);
		if (memchr(ret->data, '@', ret->len) != NULL)
			return true;
	}
	return false;
}

/* A group has a ":" or ";", so it is never one mailbox (RFC 5322 3.4). */
char *
address_single(struct span list)
{
	AUTO(freep) char *plain = list.len > FACT_MOST ? NULL : field_unfold(list);
	struct span s = span_of(plain);

	if (plain == NULL || member_length(s) < s.len)
		return NULL;
	s = mailbox(s);
	return memchr(s.data, '@', s.len) == NULL ? NULL : fact_dup(s);
}

/* What stands behind the n-th separator ("=", "+" or "-" are all in use) of s; data NULL: none. */
static struct span
behind(struct span s, const char *separators, int n)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr(separators, s.data[i]) != NULL && --n == 0)
			return span_skip(s, i + 1);
	return (struct span){ NULL, 0 };
}

/* SRS0=HASH=TIME=domain=local: "local@domain". */
static char *
undo_srs(struct span s)
{
	struct span domain = behind(s, "=", 2), local = behind(domain, "=", 1);
	AUTO(freep) char *text = NULL;

	if (local.len == 0)
		return NULL;
	domain.len = (size_t)(local.data - domain.data) - 1;
	text = xasprintf("%.*s@%.*s", (int)local.len, local.data, (int)domain.len, domain.data);
	return fact_dup(span_of(text));
}

char *
address_inner(const char *address)
{
	const char *at = strrchr(address, '@');
	struct span local = { address, at == NULL ? 0 : (size_t)(at - address) };
	AUTO(freep) char *text = NULL;

	if (local.len > 5 && span_starts_nocase(local, "SRS0") &&
	    strchr("=+-", local.data[4]) != NULL)
		return undo_srs(span_skip(local, 5));
	/* SRS1=HASH=first-forwarder==HASH=TIME=domain=local */
	if (local.len > 5 && span_starts_nocase(local, "SRS1") &&
	    strchr("=+-", local.data[4]) != NULL) {
		struct span rest = behind(span_skip(local, 5), "=", 2);

		return rest.len > 1 ? undo_srs(span_skip(rest, 1)) : NULL;
	}
	/* prvs=TAG=local@domain; the other order was in an early draft */
	if (local.len > 5 && span_starts_nocase(local, "prvs=")) {
		struct span rest = span_skip(local, 5), inner = behind(rest, "=/", 1);
		size_t first = inner.len == 0 ? 0 : rest.len - inner.len - 1;

		if (inner.len == 0 || first == 0)
			return NULL;
		if (rest.data[first] == '/')
			inner = (struct span){ rest.data, first };
		text = xasprintf("%.*s%s", (int)inner.len, inner.data, at);
		return fact_dup(span_of(text));
	}
	return NULL;
}
