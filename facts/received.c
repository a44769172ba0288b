/*
 * received.c: reading the trace lines of other people's mail servers.
 *
 * "from NAME (NAME [ADDRESS]) by HOST …" is what the standard says, and many
 * ways of it are what is written. The address that counts is the one TCP saw,
 * and not one that the client put into its greeting, its certificate, or an
 * answer to who asks; where they cannot be told apart there is none. Nothing
 * here fails or allocates.
 */
#include "facts/received.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An address as 16 bytes; IPv4 mapped (RFC 4291 2.5.5.2). */
struct address {
	unsigned char bytes[16];
};

static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };

static bool
address_parse(const char *text, struct address *ret)
{
	memcpy(ret->bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, ret->bytes + 12) == 1 ||
	       inet_pton(AF_INET6, text, ret->bytes) == 1;
}

static bool
is_v4(const struct address *a)
{
	return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

static bool
is_loopback(const struct address *a)
{
	static const struct address one = { { [15] = 1 } };

	return is_v4(a) ? a->bytes[12] == 127 : memcmp(a, &one, sizeof(one)) == 0;
}

/* RFC 6890, without the documentation networks: who writes those means them. */
static bool
is_public(const struct address *address)
{
	const unsigned char *a = address->bytes + 12;

	if (!is_v4(address))
		return (address->bytes[0] & 0xE0) == 0x20; /* RFC 4291 2.4, as assigned */
	if (a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224)
		return false;
	if ((a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254))
		return false;
	return !(a[0] == 172 && (a[1] & 0xF0) == 16) && !(a[0] == 100 && (a[1] & 0xC0) == 64);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the word stands outside of comments, blanks on both sides; s.len: nowhere. */
static size_t
find_clause(struct span s, const char *word)
{
	size_t len = strlen(word);
	int depth = 0;

	for (size_t i = 0; i + len < s.len; i++) {
		if (s.data[i] == '(')
			depth++;
		else if (s.data[i] == ')' && depth > 0)
			depth--;
		else if (depth == 0 &&
			 (i == 0 || is_blank(s.data[i - 1]) || s.data[i - 1] == ')') &&
			 strncasecmp(s.data + i, word, len) == 0 && is_blank(s.data[i + len]))
			return i;
	}
	return s.len;
}

static bool
is_address_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f') || c == '.' ||
	       c == ':';
}

static bool
read_client(struct span s, char *client)
{
	struct address a;
	size_t n = 0;

	if (span_starts_nocase(s, "IPv6:"))
		s = (struct span){ s.data + 5, s.len - 5 };
	while (n < s.len && n + 1 < INET6_ADDRSTRLEN && is_address_char(s.data[n]))
		n++;
	memcpy(client, s.data, n);
	client[n] = '\0';
	if (n < 2 || (n < s.len && s.data[n] == '@') || !address_parse(client, &a))
		client[0] = '\0';
	return client[0] != '\0';
}

/* "from NAME": a name can be "by". */
static size_t
from_name_length(struct span s)
{
	size_t n = 4;

	if (!span_starts_nocase(s, "from") || s.len < 6 || !is_blank(s.data[4]))
		return 0;
	while (n < s.len && is_blank(s.data[n]))
		n++;
	while (n < s.len && !is_blank(s.data[n]) && s.data[n] != '(')
		n++;
	return n < s.len ? n : 0;
}

/*
 * What follows the word "by": the host, and further on the protocol. A second
 * "by" or "with" is one that a client greeted with, or the first was: then
 * nobody knows.
 */
static void
read_by(struct span rest, struct received *ret)
{
	size_t with;

	rest = span_trim(rest);
	if (find_clause(rest, "by") < rest.len)
		return;
	ret->by.data = rest.data;
	while (ret->by.len < rest.len && !is_blank(rest.data[ret->by.len]) &&
	       rest.data[ret->by.len] != ';' && rest.data[ret->by.len] != '(')
		ret->by.len++;
	with = find_clause(rest, "with");
	if (with == rest.len)
		return;
	rest = span_trim((struct span){ rest.data + with + 4, rest.len - with - 4 });
	if (find_clause(rest, "with") < rest.len)
		return;
	ret->with.data = rest.data;
	while (ret->with.len < rest.len && !is_blank(rest.data[ret->with.len]) &&
	       rest.data[ret->with.len] != ';' && rest.data[ret->with.len] != '(')
		ret->with.len++;
}

/*
 * Who hands over by TCP is always written with an address. Without one these
 * are how Exim, OpenSMTPD and Sendmail write what began on the host itself.
 */
static bool
is_local(const struct received *r, struct span from)
{
	static const char bracket[] = "[local])";
	size_t len = sizeof(bracket) - 1;

	if (!r->has_from)
		return true;
	if (r->client[0] != '\0')
		return false;
	from = span_trim(from);
	return span_equal_nocase(r->with, SPAN("local")) ||
	       (from.len > len && memcmp(from.data + from.len - len, bracket, len) == 0) ||
	       span_equal_nocase(from, SPAN("from localhost (localhost)"));
}

/* The next comment (RFC 5322 3.2.2), without its last parenthesis. */
static bool
next_comment(struct span *rest, struct span *ret_comment)
{
	const char *open = memchr(rest->data, '(', rest->len);
	size_t start = open == NULL ? rest->len : (size_t)(open - rest->data), end = start;

	for (int depth = 0; end < rest->len; end++) {
		depth += (rest->data[end] == '(') - (rest->data[end] == ')');
		if (depth == 0)
			break;
	}
	*ret_comment = (struct span){ rest->data + start, end - start };
	*rest = (struct span){ rest->data + end, rest->len - end };
	return open != NULL;
}

/* Does the word stand right before at, with nothing but a blank or the parenthesis before it? */
static bool
follows(struct span comment, size_t at, const char *word)
{
	size_t len = strlen(word);

	return at > len && strncasecmp(comment.data + at - len, word, len) == 0 &&
	       (is_blank(comment.data[at - len - 1]) || comment.data[at - len - 1] == '(');
}

/* Exim ends with what the client's own host says of who asks (RFC 1413). */
static struct span
without_ident(struct span comment)
{
	for (size_t i = 0; i < comment.len; i++)
		if (follows(comment, i, "ident="))
			return (struct span){ comment.data, i };
	return comment;
}

/*
 * "(NAME [ADDRESS])", "([ADDRESS])", "(ADDRESS)", "(IDENT@ADDRESS)". *ret_told: it has brackets
 * that tell of no address, "[unknown]", or of one that may be but the client's word.
 */
static bool
read_comment(struct span comment, char *client, bool *ret_told)
{
	comment = without_ident(comment);
	for (size_t i = comment.len; i > 0; i--) {
		struct span s = { comment.data + i, comment.len - i };
		char c = comment.data[i - 1];

		if ((c != '[' && c != '(' && c != '@') || follows(comment, i - 1, "helo="))
			continue;
		if (!follows(comment, i - 1, "helo ") && !follows(comment, i - 1, "ehlo ") &&
		    read_client(s, client))
			return true;
		*ret_told |= c == '[';
	}
	return false;
}

static bool
is_balanced(struct span s)
{
	int depth = 0;

	for (size_t i = 0; i < s.len && depth >= 0; i++)
		depth += (s.data[i] == '(') - (s.data[i] == ')');
	return depth == 0;
}

/*
 * In the first comment that has an address: what stands before it, and some of
 * what stands behind it (a certificate's name), is what the client says of itself.
 */
static void
read_from(struct span from, struct received *ret)
{
	struct span rest = from, comment;
	bool told = false;

	if (!is_balanced(from))
		return;
	while (next_comment(&rest, &comment))
		if (read_comment(comment, ret->client, &told))
			return;
	for (size_t i = from.len, depth = 0; i > 0 && !told; i--) {
		struct span s = { from.data + i, from.len - i };
		char c = from.data[i - 1];

		depth += c == ')';
		depth -= c == '(' && depth > 0;
		if (c == '[' && depth == 0 && read_client(s, ret->client))
			return;
	}
}

void
received_parse(struct span value, struct received *ret)
{
	size_t named = from_name_length(value);
	size_t by =
		named + find_clause((struct span){ value.data + named, value.len - named }, "by");
	struct span from = { value.data, by };

	*ret = (struct received){ .has_from = span_starts_nocase(value, "from") && by > 4 };
	if (by < value.len)
		read_by((struct span){ value.data + by + 2, value.len - by - 2 }, ret);
	if (ret->has_from)
		read_from(from, ret);
	ret->local = is_local(ret, from);
}

bool
received_is_authenticated(const struct received *r)
{
	static const char *const protocols[] = { "ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA" };

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (span_equal_nocase(r->with, span_of(protocols[i])))
			return true;
	return false;
}

bool
received_client_is_public(const struct received *r)
{
	struct address a;

	return address_parse(r->client, &a) && is_public(&a);
}

bool
received_by_us(const struct received *r, const struct facts_site *site)
{
	for (size_t i = 0; i < site->hosts_len; i++)
		if (span_equal_nocase(r->by, span_of(site->hosts[i])))
			return true;
	return false;
}

/* "192.0.2.0/24" holds the address? Without a length the address itself. */
static bool
network_holds(const char *network, const struct address *a)
{
	const char *slash = strchr(network, '/');
	size_t len = slash == NULL ? strlen(network) : (size_t)(slash - network);
	char text[INET6_ADDRSTRLEN];
	struct address base;
	unsigned long bits;

	if (len >= sizeof(text))
		return false;
	memcpy(text, network, len);
	text[len] = '\0';
	if (!address_parse(text, &base))
		return false;
	bits = slash == NULL ? 128 : strtoul(slash + 1, NULL, 10) + (is_v4(&base) ? 96 : 0);
	if (bits > 128)
		bits = 128;
	if (memcmp(base.bytes, a->bytes, bits / 8) != 0)
		return false;
	return bits % 8 == 0 ||
	       ((base.bytes[bits / 8] ^ a->bytes[bits / 8]) >> (8 - bits % 8)) == 0;
}

bool
received_from_us(const struct received *r, const struct facts_site *site)
{
	struct address a;

	if (r->local)
		return true;
	if (!address_parse(r->client, &a))
		return false;
	for (size_t i = 0; i < site->networks_len; i++)
		if (network_holds(site->networks[i], &a))
			return true;
	return is_loopback(&a);
}
