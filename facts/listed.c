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
#include "facts/place.h"
#include "facts/status.h"

#define LISTED_MOST  1000
#define SAID_MOST    4096               /* bytes behind an address that are said of it */
#define MENTION_MOST ((size_t)64 << 10) /* of the text is searched for a second mention */

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
	struct place_context context;
};

static void
read_line(struct walk *w, struct span line)
{
	struct span address;
	bool listed = false;

	for (size_t at = 0; w->len < LISTED_MOST && place_next_address(line, &at, &address);) {
		enum place place = place_of(&w->context, line, address, listed);

		if (place == PLACE_NONE)
			continue;
		w->all = array_grow(w->all, &w->size, w->len, sizeof(*w->all));
		w->all[w->len++] = (struct listed){ .address = address,
						    .line = line,
						    .place = place,
						    .own = span_equal_nocase(address, w->own) };
		listed = listed || place == PLACE_LISTED;
	}
	place_pass_line(&w->context, line, listed);
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
	while (first.len > 0 && strchr(" \t\r\n>:;,.\"'])", first.data[0]) != NULL &&
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

/* The line of the text that gives the reason. */
static struct span
line_with_code(struct span text)
{
	struct span line;

	while (line_next(&text, &line))
		if (holds_code(line))
			return span_trim(line);
	return (struct span){ NULL, 0 };
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
	if (reason.data == text.data && reason.len == text.len)
		reason = line_with_code(text);
	if (reason.len > 0)
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
			one = one && place_is_local_char(word.data[i]);
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
	struct walk w = { .own = own_recipient, .context = { .blank = true } };
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
