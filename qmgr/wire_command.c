/*
 * wire_command.c: reading the commands of LMTP (RFC 2033, 5321 4.1.1).
 *
 * Reads leniently, for a bounce refused over its grammar is a bounce lost: an
 * odd path is kept as bytes, an unknown parameter is passed over. Every span
 * borrows from the line, every function is linear in it.
 */
#include "qmgr/wire.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Not span_trim: a bare CR or LF at the end of a line is a byte of it. */
static struct span
trim_blanks(struct span s)
{
	while (s.len > 0 && is_blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

/* Where the first blank at or behind from stands; s.len if there is none. */
static size_t
find_blank(struct span s, size_t from)
{
	while (from < s.len && !is_blank(s.data[from]))
		from++;
	return from;
}

enum wire_verb
wire_parse_verb(struct span line, struct span *ret_argument)
{
	/* RFC 5321 2.4: verbs are not case sensitive. */
	static const struct {
		struct span name;
		enum wire_verb verb;
	} verbs[] = {
		{ SPAN("LHLO"), WIRE_LHLO }, { SPAN("MAIL"), WIRE_MAIL },
		{ SPAN("RCPT"), WIRE_RCPT }, { SPAN("DATA"), WIRE_DATA },
		{ SPAN("RSET"), WIRE_RSET }, { SPAN("NOOP"), WIRE_NOOP },
		{ SPAN("VRFY"), WIRE_VRFY }, { SPAN("QUIT"), WIRE_QUIT },
		{ SPAN("HELO"), WIRE_HELO }, { SPAN("EHLO"), WIRE_HELO },
	};
	struct span all = trim_blanks(line);
	size_t len = find_blank(all, 0);

	*ret_argument = trim_blanks(span_from(all, len));
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_equal_nocase((struct span){ all.data, len }, verbs[i].name))
			return verbs[i].verb;
	return WIRE_OTHER;
}

/* ---- paths ------------------------------------------------------------ */

/*
 * Length of a source route "@a,@b:" with its colon (RFC 5321 4.1.2, to be
 * ignored by appendix F.2); 0 if there is none. Colons of an IPv6 literal are
 * not its end. "@a:" with nothing behind is no route but an odd path: were it
 * dropped, the path would turn into the null sender.
 */
static size_t
route_length(struct span s)
{
	bool literal = false;

	if (s.len == 0 || s.data[0] != '@')
		return 0;
	for (size_t i = 1; i < s.len; i++) {
		char c = s.data[i];

		if (c == '"' || c == '>' || is_blank(c))
			return 0;
		if (c == '[' || c == ']')
			literal = c == '[';
		if (c != ':' || literal)
			continue;
		if (i + 1 == s.len || s.data[i + 1] == '>' || is_blank(s.data[i + 1]))
			return 0;
		return i + 1;
	}
	return 0;
}

/* Length of a quoted string (RFC 5321 4.1.2) at the start of s, 0 if none or never closed. */
static size_t
quoted_length(struct span s)
{
	if (s.len == 0 || s.data[0] != '"')
		return 0;
	for (size_t i = 1; i < s.len; i++) {
		if (s.data[i] == '"')
			return i + 1;
		if (s.data[i] == '\\')
			i++;
	}
	return 0;
}

/* The first '>' that something like a parameter can follow, else the first at all, else s.len. */
static size_t
find_bracket(struct span s, size_t from)
{
	size_t first = s.len;

	for (size_t i = from; i < s.len; i++) {
		if (s.data[i] != '>')
			continue;
		if (i + 1 == s.len || is_blank(s.data[i + 1]))
			return i;
		if (first == s.len)
			first = i;
	}
	return first;
}

/* The path at the start of s, without brackets and route; *ret_rest is what follows it. */
static struct span
take_path(struct span s, struct span *ret_rest)
{
	bool bracket = s.len > 0 && s.data[0] == '<';
	struct span in = span_from(s, bracket ? 1 : 0);
	size_t start = route_length(in);
	size_t from = start + quoted_length(span_from(in, start));
	size_t end = bracket ? find_bracket(in, from) : in.len;
	size_t skip = 1;

	if (end == in.len) {
		end = find_blank(in, from);
		skip = 0;
	}
	*ret_rest = span_from(in, end + skip);
	return (struct span){ in.data + start, end - start };
}

/* ---- parameters ------------------------------------------------------- */

struct parameter {
	struct span key, value;
};

/* Takes "KEY" or "KEY=value" off the front of *rest (RFC 5321 4.1.2, esmtp-param). */
static bool
next_parameter(struct span *rest, struct parameter *ret_parameter)
{
	struct span word = trim_blanks(*rest);
	const char *equals;

	word.len = find_blank(word, 0);
	if (word.len == 0)
		return false;
	*rest = span_from(*rest, (size_t)(word.data + word.len - rest->data));
	equals = memchr(word.data, '=', word.len);
	*ret_parameter = (struct parameter){ .key = word };
	if (equals != NULL) {
		size_t at = (size_t)(equals - word.data);

		ret_parameter->key.len = at;
		ret_parameter->value = span_from(word, at + 1);
	}
	return true;
}

static bool
parameter_is(const struct parameter *p, const char *key)
{
	return span_equal_nocase(p->key, span_of(key));
}

static bool
value_is(const struct parameter *p, const char *value)
{
	return span_equal_nocase(p->value, span_of(value));
}

/* RFC 1870 6: digits; what is too large for us is as large as can be. −1: no number. */
static int64_t
parse_size(struct span s)
{
	int64_t size = 0;

	if (s.len == 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return -1;
		if (size > (INT64_MAX - 9) / 10)
			size = INT64_MAX;
		else
			size = size * 10 + (s.data[i] - '0');
	}
	return size;
}

static void
read_mail_parameter(struct wire_mail *mail, const struct parameter *p)
{
	if (parameter_is(p, "SIZE")) /* RFC 1870 */
		mail->size = parse_size(p->value);
	if (parameter_is(p, "SMTPUTF8")) /* RFC 6531 3.4 */
		mail->smtputf8 = true;
	if (parameter_is(p, "ENVID")) /* RFC 3461 4.4 */
		mail->envid = p->value;
	if (parameter_is(p, "BODY")) { /* RFC 6152 */
		if (value_is(p, "7BIT"))
			mail->body = WIRE_BODY_7BIT;
		if (value_is(p, "8BITMIME"))
			mail->body = WIRE_BODY_8BITMIME;
	}
	if (parameter_is(p, "RET")) { /* RFC 3461 4.3 */
		if (value_is(p, "FULL"))
			mail->ret = SPAN("FULL");
		if (value_is(p, "HDRS"))
			mail->ret = SPAN("HDRS");
	}
}

int
wire_parse_mail(struct span argument, struct wire_mail *ret_mail, struct error *err)
{
	struct wire_mail mail = { .size = -1 };
	struct span path, rest = trim_blanks(argument);
	struct parameter p;

	if (!span_starts_nocase(rest, "FROM:"))
		return error_set(err, ERROR_PERM, "MAIL without FROM:");
	path = trim_blanks(span_from(rest, strlen("FROM:")));
	mail.path = take_path(path, &rest);
	/* Nothing is not "<>": who sent this cannot be known. */
	if (mail.path.len == 0 && !span_starts_nocase(path, "<>"))
		return error_set(err, ERROR_PERM, "MAIL FROM: without a path");
	while (next_parameter(&rest, &p))
		read_mail_parameter(&mail, &p);
	*ret_mail = mail;
	return 0;
}

int
wire_parse_rcpt(struct span argument, struct wire_rcpt *ret_rcpt, struct error *err)
{
	struct wire_rcpt rcpt = { 0 };
	struct span rest = trim_blanks(argument);
	struct parameter p;

	if (!span_starts_nocase(rest, "TO:"))
		return error_set(err, ERROR_PERM, "RCPT without TO:");
	rest = trim_blanks(span_from(rest, strlen("TO:")));
	rcpt.path = take_path(rest, &rest);
	while (next_parameter(&rest, &p)) {
		if (parameter_is(&p, "NOTIFY")) /* RFC 3461 4.1 */
			rcpt.notify = p.value;
		if (parameter_is(&p, "ORCPT")) /* RFC 3461 4.2 */
			rcpt.orcpt = p.value;
	}
	*ret_rcpt = rcpt;
	return 0;
}
