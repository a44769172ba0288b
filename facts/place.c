/*
 * place.c: what the place of an address in a line says of it.
 *
 * The words right before it decide, then what stands behind, then the line
 * before: lists stand below a line that ends in a colon. Only CONTEXT bytes
 * before an address are looked at, so that a line of any length costs what it
 * is long. No state but the context, which points into the text.
 */
#include "facts/place.h"

#include <string.h>
#include <strings.h>

#define CONTEXT 160

bool
place_is_local_char(char c)
{
	return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
	       ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool
is_domain_char(char c)
{
	return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
	       ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.' || c == '_';
}

/* Where the local part that ends before at begins. */
static size_t
local_start(struct span line, size_t at, size_t least)
{
	size_t i = at;

	if (i > least && line.data[i - 1] == '"') { /* a quoted one, in this line */
		const char *quote =
			i - 1 > least ? memrchr(line.data + least, '"', i - 1 - least) : NULL;

		return quote == NULL ? at : (size_t)(quote - line.data);
	}
	while (i > least && place_is_local_char(line.data[i - 1]))
		i--;
	while (i < at && strchr("'`*|=-.", line.data[i]) != NULL)
		i++; /* what leads into it: quotes, bullets */
	if (at - i > 5 && strncasecmp(line.data + i, "SMTP=", 5) == 0)
		i += 5; /* X.400: dda:SMTP=a@b */
	return i;
}

bool
place_next_address(struct span line, size_t *at, struct span *ret)
{
	size_t least = *at;

	while (*at < line.len) {
		const char *sign = memchr(line.data + *at, '@', line.len - *at);
		size_t mid, start, end;

		if (sign == NULL)
			return false;
		mid = (size_t)(sign - line.data);
		*at = end = mid + 1;
		while (end < line.len && is_domain_char(line.data[end]))
			end++;
		while (end > mid + 1 && strchr(".-_", line.data[end - 1]) != NULL)
			end--;
		start = local_start(line, mid, least);
		if (start == mid || end == mid + 1 ||
		    memchr(line.data + mid, '.', end - mid) == NULL)
			continue;
		*at = end;
		*ret = (struct span){ line.data + start, end - start };
		return true;
	}
	return false;
}

static bool
ends_with(struct span s, const char *word)
{
	size_t len = strlen(word);

	return s.len >= len && strncasecmp(s.data + s.len - len, word, len) == 0;
}

static bool
ends_with_any(struct span s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (ends_with(s, *words))
			return true;
	return false;
}

static bool
contains(struct span s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (s.len >= strlen(*words))
			for (size_t i = 0; i + strlen(*words) <= s.len; i++)
				if (strncasecmp(s.data + i, *words, strlen(*words)) == 0)
					return true;
	return false;
}

/* Ends with what opens an address: brackets, quotes, "[SMTP:", "rfc822;". */
static struct span
before_address(struct span s)
{
	static const char *const types[] = { "smtp:", "smtp=", "rfc822;", "mailto:", NULL };

	for (size_t before = s.len + 1; before != s.len;) {
		before = s.len;
		while (s.len > 0 && strchr(" \t<([\"'`{", s.data[s.len - 1]) != NULL &&
		       s.data[s.len - 1] != '\0')
			s.len--;
		for (const char *const *type = types; *type != NULL; type++)
			if (ends_with(s, *type))
				s.len -= strlen(*type);
	}
	return s;
}

static bool
is_bullets(struct span s)
{
	s = span_trim(s);
	if (s.len > 4)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((s.data[i] | 32) >= 'a' && (s.data[i] | 32) <= 'z')
			return false;
	return true;
}

/* "550", "550 5.1.1", "<<< 550": nothing but a reply before the address. */
static bool
is_reply(struct span s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] >= '0' && s.data[i] <= '9')
			digits++;
		else if (strchr(" \t.-<#:", s.data[i]) == NULL)
			return false;
	}
	return digits >= 3;
}

static enum place
place_of_label(struct span label)
{
	static const char *const never[] = { "contact", "from",        "sender",     "reply",
					     "support", "help",        "question",   "return-path",
					     "cc:",     "originat",    "abuse",      "admin",
					     "visit",   "envelope-id", "message-id", "helo",
					     "subject", "inform",      NULL };
	static const char *const to[] = { "to:", "x-to:", NULL };

	if (contains(label, never))
		return PLACE_NONE;
	if (span_trim(label).len <= 5 && ends_with_any(label, to))
		return PLACE_LABEL_TO;
	return PLACE_LISTED;
}

static enum place
place_in_sentence(struct span before)
{
	static const char *const never[] = {
		"from",         "by",       "contact",      "sender",   "send mail to",
		"mail from:",   "email to", "write to",     "reply to", "send to",
		"mailing list", "e-mail",   "forwarded by", NULL
	};
	static const char *const towards[] = { "to",         "for",          "recipient", "address",
					       "addressed,", "user",         "mailbox",   "account",
					       "addressee",  "an",           "to user",   "a",
					       "\xC3\xA0",   "addressed to", "pour",      NULL };

	if (ends_with_any(before, never))
		return PLACE_NONE;
	return ends_with_any(before, towards) ? PLACE_SENTENCE : PLACE_NONE;
}

/* May what stands behind an address that begins a line be said of it? */
static bool
is_after_listed(struct span after)
{
	after = span_trim(after);
	while (after.len > 0 && strchr(">\"')]", after.data[0]) != NULL)
		after = span_trim((struct span){ after.data + 1, after.len - 1 });
	return after.len == 0 || strchr(":;,([.-<", after.data[0]) != NULL ||
	       span_starts_nocase(after, "on ") || span_starts_nocase(after, "invalid") ||
	       span_starts_nocase(after, "error") || span_starts_nocase(after, "failed") ||
	       span_starts_nocase(after, "mailto:");
}

/* Nothing but bullets stands before the address: it begins a line. */
static enum place
place_at_start(const struct place_context *c, struct span line, struct span before, bool bracketed,
	       struct span after)
{
	bool indented = line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t');
	bool expected = c->blank || c->colon;

	/* Postfix folds "(expanded from" and the address. */
	if (ends_with(c->line, "(expanded from"))
		return PLACE_ORIGIN;
	if (!is_after_listed(after) && !(bracketed && indented))
		return expected ? PLACE_SENTENCE : PLACE_NONE;
	if (bracketed || indented || before.len > 0 || expected || c->listed ||
	    ends_with(span_trim(after), ":"))
		return PLACE_LISTED;
	return PLACE_SENTENCE;
}

enum place
place_of(const struct place_context *c, struct span line, struct span address, bool follows_listed)
{
	/* What a recipient was made from, by aliases and lists. */
	static const char *const origin[] = { "original address",   "original recipient",
					      "original-recipient", "originally addressed to",
					      "expanded from",      "generated from",
					      "generated by",       NULL };
	static const char *const rcpt[] = { "rcpt to:", "rcpt to", NULL };
	static const char *const mail[] = { "mail from:", "mail from", "from:", NULL };
	struct span before = { line.data, (size_t)(address.data - line.data) };
	struct span after = { address.data + address.len, line.len - before.len - address.len };
	bool bracketed = before.len > 0 && before.data[before.len - 1] == '<';

	if (follows_listed && ends_with(span_trim(before), ","))
		return PLACE_LISTED;
	if (before.len > CONTEXT) /* what decides stands near */
		before = (struct span){ before.data + before.len - CONTEXT, CONTEXT };
	before = before_address(before);
	if (contains(before, origin))
		return PLACE_ORIGIN;
	if (ends_with_any(before, rcpt))
		return PLACE_SMTP;
	if (ends_with_any(before, mail))
		return PLACE_NONE;
	if (is_bullets(before))
		return place_at_start(c, line, before, bracketed, after);
	if (is_reply(before))
		return PLACE_SMTP;
	if (ends_with(before, ":"))
		return place_of_label(before);
	return place_in_sentence(before);
}

void
place_pass_line(struct place_context *c, struct span line, bool listed)
{
	struct span trimmed = span_trim(line);

	/* "(reason: …)" stands below the address it belongs to. */
	c->listed = listed || (c->listed && trimmed.len > 0 && trimmed.data[0] == '(');
	if (trimmed.len > 0) {
		c->colon = trimmed.data[trimmed.len - 1] == ':';
		c->line = trimmed;
	}
	c->blank = trimmed.len == 0 || is_bullets(trimmed) || trimmed.data[0] == '-' ||
		   trimmed.data[0] == '=';
}
