/*
 * listed.c: whom the text names as not reached, and why.
 *
 * Mail systems put the address where a person finds it: alone in a line,
 * behind a label, behind RCPT TO, in an SMTP reply, at last in a sentence.
 * Every address of the text is found and given the place it stands in; those
 * of the best place are the recipients, and what stands between one and the
 * next is what is said of it. The sender's own address is a recipient only
 * when there is no other. Linear in the text but for the comparison of the
 * recipients with each other, who are limited.
 */
#include "facts/read.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "facts/field.h"
#include "facts/status.h"

#define LISTED_MOST  1000
#define SAID_MOST    4096               /* bytes behind an address that are said of it */
#define MENTION_MOST ((size_t)64 << 10) /* of the text is searched for a second mention */
#define CONTEXT      160                /* bytes before an address that are looked at */

/* Best last. */
enum place {
	PLACE_NONE,     /* a contact, a sender: never a recipient */
	PLACE_LABEL_TO, /* "To: a@b", as the original had it */
	PLACE_ORIGIN,   /* "(generated from a@b)": the recipient before aliasing */
	PLACE_SENTENCE, /* "your message to a@b was" */
	PLACE_SMTP,     /* RCPT TO:<a@b>; "550 <a@b>..." */
	PLACE_LISTED,   /* "a@b" or "<a@b>: why" in a line; "Recipient: a@b" */
};

struct listed {
	struct span address, line;
	struct span said;   /* of it */
	struct span shared; /* of it, else of the next of which something is said */
	enum place place;
	bool own; /* the sender's own */
};

struct walk {
	struct span own; /* who the notification is for */
	struct listed *all;
	size_t len, size;
	struct span *origins; /* addresses that one of all was made from */
	size_t origins_len, origins_size;
	struct span before; /* the last line that was not blank */
	bool before_blank, before_colon, before_listed;
};

static bool
is_local_char(char c)
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
	while (i > least && is_local_char(line.data[i - 1]))
		i--;
	while (i < at && strchr("'`*|=-.", line.data[i]) != NULL)
		i++; /* what leads into it: quotes, bullets */
	if (at - i > 5 && strncasecmp(line.data + i, "SMTP=", 5) == 0)
		i += 5; /* X.400: dda:SMTP=a@b */
	return i;
}

/* The next address of the line at or behind *at; false: no more. */
static bool
address_next(struct span line, size_t *at, struct span *ret)
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

static enum place
place_of(const struct walk *w, struct span line, struct span address, bool follows_listed)
{
	/* What a recipient was made from, by aliases and lists. */
	static const char *const origin[] = { "original address",   "original recipient",
					      "original-recipient", "originally addressed to",
					      "expanded from",      "generated from",
					      "generated by",       NULL };
	static const char *const rcpt[] = { "rcpt to:", "rcpt to", NULL };
	static const char *const mail[] = { "mail from:", "mail from", "from:", NULL };
	struct span before = { line.data, (size_t)(address.data - line.data) };
	struct span after = { address.data + address.len,
			      line.len - (size_t)(address.data - line.data) - address.len };
	bool bracketed = before.len > 0 && line.data[before.len - 1] == '<';
	bool indented = line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t');

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
	if (is_bullets(before)) {
		/* Postfix folds "(expanded from" and the address. */
		if (ends_with(w->before, "(expanded from"))
			return PLACE_ORIGIN;
		if (!is_after_listed(after) && !(bracketed && indented))
			return w->before_blank || w->before_colon ? PLACE_SENTENCE : PLACE_NONE;
		if (bracketed || indented || before.len > 0 || w->before_blank || w->before_colon ||
		    w->before_listed || ends_with(span_trim(after), ":"))
			return PLACE_LISTED;
		return PLACE_SENTENCE;
	}
	if (is_reply(before))
		return PLACE_SMTP;
	if (ends_with(before, ":") || ends_with(before, ": -"))
		return place_of_label(before);
	return place_in_sentence(before);
}

static void
read_line(struct walk *w, struct span line)
{
	struct span address, trimmed = span_trim(line);
	bool listed = false;

	for (size_t at = 0; w->len < LISTED_MOST && address_next(line, &at, &address);) {
		enum place place = place_of(w, line, address, listed);

		if (place == PLACE_NONE)
			continue;
		w->all = array_grow(w->all, &w->size, w->len, sizeof(*w->all));
		w->all[w->len++] = (struct listed){ .address = address,
						    .line = line,
						    .place = place,
						    .own = span_equal_nocase(address, w->own) };
		listed = listed || place == PLACE_LISTED;
	}
	/* "(reason: …)" stands below the address it belongs to. */
	w->before_listed =
		listed || (w->before_listed && trimmed.len > 0 && trimmed.data[0] == '(');
	if (trimmed.len > 0) {
		w->before_colon = trimmed.data[trimmed.len - 1] == ':';
		w->before = trimmed;
	}
	w->before_blank = trimmed.len == 0 || is_bullets(trimmed) || trimmed.data[0] == '-' ||
			  trimmed.data[0] == '=';
}

static enum place
best_place(const struct walk *w, bool own)
{
	enum place best = PLACE_NONE;

	for (size_t i = 0; i < w->len; i++)
		if (w->all[i].own == own && w->all[i].place > best)
			best = w->all[i].place;
	return best;
}

/* Is the address of i among the first kept? */
static bool
is_named(const struct walk *w, size_t kept, size_t i)
{
	for (size_t k = 0; k < kept; k++)
		if (span_equal_nocase(w->all[k].address, w->all[i].address))
			return true;
	return false;
}

/* Drops what is not of the best place, and what was named before; origins are kept apart. */
static void
choose(struct walk *w)
{
	enum place others = best_place(w, false), mine = best_place(w, true), best;
	size_t kept = 0;
	bool own;

	own = mine > others && others < PLACE_SMTP && mine >= PLACE_SMTP;
	if (others == PLACE_NONE)
		own = true;
	best = own ? mine : others;
	for (size_t i = 0; best != PLACE_ORIGIN && i < w->len; i++)
		if (w->all[i].place == PLACE_ORIGIN) {
			w->origins = array_grow(w->origins, &w->origins_size, w->origins_len,
						sizeof(struct span));
			w->origins[w->origins_len++] = w->all[i].address;
		}
	for (size_t i = 0; i < w->len; i++)
		if (w->all[i].place == best && w->all[i].own == own && !is_named(w, kept, i))
			w->all[kept++] = w->all[i];
	w->len = kept;
}

/*
 * What is said of recipient i: from behind its address to the line of the
 * next, or to a divider. Leading colons and brackets are not said.
 */
static struct span
said_of(const struct walk *w, size_t i, struct span text)
{
	const char *start = w->all[i].address.data + w->all[i].address.len;
	const char *end = text.data + text.len;
	struct span rest, line, first;

	if (i + 1 < w->len && w->all[i + 1].line.data > start)
		end = w->all[i + 1].line.data;
	if (end - start > SAID_MOST)
		end = start + SAID_MOST;
	rest = first = (struct span){ start, (size_t)(end - start) };
	(void)line_next(&rest, &line);
	while (rest.len > 0) {
		const char *at = rest.data;

		(void)line_next(&rest, &line);
		line = span_trim(line);
		if (line.len > 3 &&
		    (memcmp(line.data, "---", 3) == 0 || memcmp(line.data, "===", 3) == 0)) {
			first.len = (size_t)(at - start);
			break;
		}
	}
	while (first.len > 0 && strchr(" \t\r\n>:;,\"'])", first.data[0]) != NULL &&
	       first.data[0] != '\0') {
		first.data++;
		first.len--;
	}
	return span_trim(first);
}

/* The first paragraph. */
static struct span
paragraph(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.data[i] == '\n' && (s.data[i + 1] == '\n' || s.data[i + 1] == '\r')) {
			s.len = i;
			break;
		}
	return s;
}

/* A line anywhere in the text that names the address together with a code. */
static struct span
mention(struct span text, struct span address, bool enhanced)
{
	const char *at = text.data;
	struct span code;

	if (text.len > MENTION_MOST)
		text.len = MENTION_MOST;
	for (unsigned n = 0; n < 20; n++) {
		size_t left = text.len - (size_t)(at - text.data);
		const char *found = memmem(at, left, address.data, address.len);
		struct span line;

		if (found == NULL)
			break;
		line.data = memrchr(text.data, '\n', (size_t)(found - text.data));
		line.data = line.data == NULL ? text.data : line.data + 1;
		at = memchr(found, '\n', text.len - (size_t)(found - text.data));
		if (at == NULL)
			at = text.data + text.len;
		line.len = (size_t)(at - line.data);
		if (status_find(line, &code) || (!enhanced && status_find_reply(line) > 0))
			return span_trim(line);
	}
	return (struct span){ NULL, 0 };
}

static void
find_said(struct walk *w, struct span text)
{
	for (size_t i = w->len; i > 0; i--) {
		struct listed *one = &w->all[i - 1];

		one->said = one->shared = said_of(w, i - 1, text);
		if (one->said.len == 0 && i < w->len)
			one->shared = w->all[i].shared;
	}
}

static bool
holds_code(struct span s)
{
	struct span code;

	return s.len > 0 && (status_find(s, &code) || status_find_reply(s) > 0);
}

static void
set_said(struct facts_recipient *r, struct span said)
{
	struct span code;
	int reply;

	if (status_find(said, &code)) {
		FACT_SET(r, status, FACTS_SOURCE_TEXT, span_dup(code));
	} else if (r->status == NULL && (reply = status_find_reply(said)) > 0) {
		FACT_SET(r, status, FACTS_SOURCE_TEXT, xstrdup(status_from_reply(reply)));
		r->status_derived = true;
	}
}

/*
 * Why: of what is said of it, else of a line that names it (an enhanced code
 * there outweighs a reply code here), else of what is said of the next one,
 * for several may share a reason, else of all.
 */
static struct span
reason_of(const struct walk *w, size_t i, struct span text)
{
	struct span said = w->all[i].said, named, code;

	if (status_find(said, &code))
		return said;
	named = mention(text, w->all[i].address, status_find_reply(said) > 0);
	if (named.len > 0)
		return named;
	said = w->all[i].shared;
	if (holds_code(said) || w->len > 1)
		return said;
	return holds_code(text) ? text : said;
}

static void
add_recipient(const struct walk *w, size_t i, struct span text, const char *action, struct facts *f)
{
	struct facts_recipient *r = facts_add_recipient(f);
	struct span said = w->all[i].said, reason;

	if (r == NULL)
		return;
	if (w->all[i].place == PLACE_ORIGIN)
		FACT_SET(r, original, FACTS_SOURCE_TEXT, fact_dup(w->all[i].address));
	else
		FACT_SET(r, final, FACTS_SOURCE_TEXT, fact_dup(w->all[i].address));
	FACT_SET(r, action, FACTS_SOURCE_TEXT, xstrdup(action));
	for (size_t k = 0; k < w->origins_len; k++)
		if (w->origins[k].data >= said.data && w->origins[k].data < said.data + said.len)
			FACT_SET(r, original, FACTS_SOURCE_TEXT, fact_dup(w->origins[k]));
	reason = reason_of(w, i, text);
	set_said(r, reason);
	if (reason.data != text.data || reason.len != text.len)
		said = reason;
	FACT_SET(r, diagnostic, FACTS_SOURCE_TEXT, field_unfold(paragraph(said)));
}

/*
 * AOL and old gateways list local names only: one word in an indented line
 * behind a line that ends in a colon.
 */
static void
read_local_names(struct span text, const char *domain, const char *action, struct facts *f)
{
	struct span line;
	bool expected = false;

	while (line_next(&text, &line)) {
		struct span word = span_trim(line);
		struct facts_recipient *r;
		bool one = word.len > 0 && word.len < 65;

		if (word.len == 0)
			continue;
		for (size_t i = 0; i < word.len; i++)
			one = one && is_local_char(word.data[i]);
		if (expected && one && (line.data[0] == ' ' || line.data[0] == '\t') &&
		    (r = facts_add_recipient(f)) != NULL) {
			FACT_SET(r, final, FACTS_SOURCE_TEXT,
				 xasprintf("%.*s@%s", (int)word.len, word.data, domain));
			FACT_SET(r, action, FACTS_SOURCE_TEXT, xstrdup(action));
			continue;
		}
		expected = word.data[word.len - 1] == ':';
	}
}

void
read_said_of_all(const struct notice *notice, struct facts_recipient *r)
{
	set_said(r, buffer_span(&notice->own));
}

void
read_listed_recipients(const struct notice *notice, struct span own_recipient,
		       const char *own_domain, const char *action, struct facts *f)
{
	struct walk w = { .own = own_recipient, .before_blank = true };
	struct span text = buffer_span(&notice->own), rest = text, line;

	while (line_next(&rest, &line))
		read_line(&w, line);
	choose(&w);
	find_said(&w, text);
	if (w.len > 0 && w.all[0].place > PLACE_LABEL_TO) {
		for (size_t i = 0; i < w.len; i++)
			add_recipient(&w, i, text, action, f);
	} else if (own_domain != NULL) {
		read_local_names(text, own_domain, action, f);
	}
	if (f->recipients_len == 0)
		for (size_t i = 0; i < w.len; i++)
			add_recipient(&w, i, text, action, f);
	free(w.all);
	free(w.origins);
}
