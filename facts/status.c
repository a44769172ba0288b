/*
 * status.c: finding the reason in what a server said.
 *
 * Text is full of numbers: versions, addresses, sizes. A code counts only
 * where nothing that makes it part of a longer number touches it. One pass.
 */
#include "facts/status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "facts/read.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

size_t
status_length(struct span s)
{
	size_t n = 1;

	if (s.len < 5 || (s.data[0] != '2' && s.data[0] != '4' && s.data[0] != '5'))
		return 0;
	for (int dot = 0; dot < 2; dot++) {
		size_t digits = 0;

		if (n >= s.len || s.data[n] != '.')
			return 0;
		for (n++; n < s.len && is_digit(s.data[n]); n++)
			digits++;
		if (digits < 1 || digits > 3)
			return 0;
	}
	/* "5.5.2653.19" is a version, "4.4.4.4" an address, "5.1.1.example" a host. */
	if (n < s.len && (is_letter(s.data[n]) || s.data[n] == '_'))
		return 0;
	if (n + 1 < s.len && (s.data[n] == '.' || s.data[n] == '-') &&
	    (is_digit(s.data[n + 1]) || (s.data[n] == '.' && is_letter(s.data[n + 1]))))
		return 0;
	return n;
}

/* May a code begin behind this byte? */
static bool
is_open_before(struct span text, size_t at)
{
	char before = at > 0 ? text.data[at - 1] : ' ';

	if (before == '-') /* "550-5.1.1", not "qmail-4.0.1" */
		return at > 1 && is_digit(text.data[at - 2]);
	return strchr(" \t\r\n([#:;=\"'<,", before) != NULL && before != '\0';
}

/* "550", "550 ", "550-", "550: #": how long until what it introduces; 0 when it is no reply. */
static size_t
reply_length(struct span s)
{
	size_t n = 3;

	if (s.len < 4 || (s.data[0] != '4' && s.data[0] != '5') || s.data[1] < '0' ||
	    s.data[1] > '7' || !is_digit(s.data[2]))
		return 0;
	if (strchr(" -:,\t", s.data[3]) == NULL || s.data[3] == '\0')
		return 0;
	while (n < s.len && n < 12 && strchr(" -:#(,\t", s.data[n]) != NULL && s.data[n] != '\0')
		n++;
	return n;
}

static struct span
span_at(struct span s, size_t at)
{
	return (struct span){ s.data + at, s.len - at };
}

bool
status_find(struct span text, struct span *ret)
{
	struct span first = { NULL, 0 };

	for (size_t i = 0; i < text.len; i++) {
		size_t n, reply;

		if ((text.data[i] != '2' && text.data[i] != '4' && text.data[i] != '5') ||
		    !is_open_before(text, i))
			continue;
		reply = reply_length(span_at(text, i));
		if (reply > 0 && (n = status_length(span_at(text, i + reply))) > 0) {
			*ret = (struct span){ text.data + i + reply, n };
			return true;
		}
		if (first.data == NULL && text.data[i] != '2' &&
		    (n = status_length(span_at(text, i))) > 0)
			first = (struct span){ text.data + i, n };
	}
	if (first.data != NULL)
		*ret = first;
	return first.data != NULL;
}

/* A number is a reply code at the start of a line, or behind a word that announces one. */
static bool
is_announced(struct span text, size_t at)
{
	static const char *const words[] = { "said",      "error",    "code",        "status",
					     "reply",     "smtp",     "with",        "replied",
					     "response",  "returned", "failed",      "reason",
					     "returned:", "<<<",      "responsecode" };
	size_t end = at, start;

	while (end > 0 && strchr(" \t:(\"'[=#", text.data[end - 1]) != NULL &&
	       text.data[end - 1] != '\0')
		end--;
	if (end == 0 || text.data[end - 1] == '\n' || text.data[end - 1] == '\r')
		return true;
	for (start = end;
	     start > 0 && end - start < 16 && strchr(" \t\n\r(:;\"", text.data[start - 1]) == NULL;)
		start--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (end - start == strlen(words[i]) &&
		    strncasecmp(text.data + start, words[i], end - start) == 0)
			return true;
	return at > 1 && text.data[at - 1] == ' ' && strchr(":;,)]>", text.data[at - 2]) != NULL;
}

/* "554 5.7.1" */
static bool
is_with_status(struct span s)
{
	size_t n = reply_length(s);

	return n > 0 && status_length(span_at(s, n)) > 0;
}

int
status_find_reply(struct span text)
{
	for (size_t i = 0; i + 3 <= text.len; i++) {
		struct span s = span_at(text, i);

		if ((s.data[0] != '4' && s.data[0] != '5') || s.data[1] < '0' || s.data[1] > '7' ||
		    !is_digit(s.data[2]))
			continue;
		if (i > 0 && (is_digit(text.data[i - 1]) || is_letter(text.data[i - 1]) ||
			      text.data[i - 1] == '.' || text.data[i - 1] == '-'))
			continue;
		if (s.len > 3 && strchr(" -:,;)]\"\t\r\n", s.data[3]) == NULL)
			continue;
		if (is_announced(text, i) || is_with_status(s))
			return (s.data[0] - '0') * 100 + (s.data[1] - '0') * 10 + s.data[2] - '0';
	}
	return 0;
}

const char *
status_from_reply(int reply)
{
	static const struct {
		int reply;
		const char *status;
	} known[] = {
		{ 521, "5.3.2" },  /* RFC 7504 */
		{ 551, "5.1.6" },  /* user not local; please try <forward-path> */
		{ 552, "5.2.2" },  /* exceeded storage allocation */
		{ 553, "5.1.3" },  /* mailbox name not allowed */
		{ 556, "5.1.10" }, /* RFC 7505 */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].reply == reply)
			return known[i].status;
	/* 550 and 554 stand for anything: only the class is sure. */
	return reply >= 500 ? "5.0.0" : "4.0.0";
}

void
fill_statuses(struct facts *f)
{
	for (size_t i = 0; i < f->recipients_len; i++) {
		struct facts_recipient *r = &f->recipients[i];
		struct span said = span_of(r->diagnostic), code;
		int reply;

		if (r->status != NULL || said.len == 0)
			continue;
		if (status_find(said, &code)) {
			FACT_SET(r, status, r->source.diagnostic, span_dup(code));
		} else if ((reply = status_find_reply(said)) > 0) {
			FACT_SET(r, status, r->source.diagnostic,
				 xstrdup(status_from_reply(reply)));
			r->status_derived = true;
		}
	}
}
