/*
 * edit_find.c: finding the place in the text of a policy file.
 *
 * The text has been read by libconfig, so it is well formed; here it is cut
 * into words once more, with their places, comments and includes passed over.
 * The rows of a file need not be whole in it (a list may begin in another
 * file).
 */
#include "policy/edit_find.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/domain.h"

/* ---- words of libconfig -------------------------------------------------------- */

struct word {
	char kind; /* 'n' name, 's' string, 'v' other value, or the mark itself; 0 at the end */
	size_t start, end;
	unsigned line;
};

struct words {
	struct span in;
	size_t at;
	unsigned line;
};

static char
at(const struct words *w, size_t i)
{
	return i < w->in.len ? w->in.data[i] : '\0';
}

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("_-*.", c) != NULL);
}

static void
skip_to(struct words *w, size_t end)
{
	for (; w->at < end && w->at < w->in.len; w->at++)
		w->line += w->in.data[w->at] == '\n';
}

static void
skip_past(struct words *w, const char *mark)
{
	const char *found = memmem(w->in.data + w->at, w->in.len - w->at, mark, strlen(mark));

	skip_to(w, found == NULL ? w->in.len : (size_t)(found - w->in.data) + strlen(mark));
}

/* Blanks, comments, and @include "file". */
static void
skip_nothing(struct words *w)
{
	for (;;) {
		char c = at(w, w->at), next = at(w, w->at + 1);

		if (c == '#' || (c == '/' && next == '/') || c == '@')
			skip_past(w, "\n");
		else if (c == '/' && next == '*')
			skip_past(w, "*/");
		else if (c == ' ' || (c >= '\t' && c <= '\r'))
			skip_to(w, w->at + 1);
		else
			return;
	}
}

static size_t
string_end(const struct words *w)
{
	size_t i = w->at + 1;

	for (; i < w->in.len && w->in.data[i] != '"'; i++)
		i += w->in.data[i] == '\\';
	return i < w->in.len ? i + 1 : w->in.len;
}

static struct word
word_next(struct words *w)
{
	struct word word;
	size_t end;
	char c;

	skip_nothing(w);
	c = at(w, w->at);
	end = w->at + (c != '\0');
	word = (struct word){ .kind = c, .start = w->at, .line = w->line };
	if (c == '"') {
		word.kind = 's';
		end = string_end(w);
	} else if (is_name_char(c)) {
		word.kind = isalpha((unsigned char)c) || c == '*' ? 'n' : 'v';
		while (is_name_char(at(w, end)))
			end++;
	}
	skip_to(w, end);
	word.end = w->at;
	return word;
}

static struct span
text_of(struct span in, struct word word)
{
	return (struct span){ in.data + word.start, word.end - word.start };
}

static bool
is_opening(char kind)
{
	return kind == '{' || kind == '(' || kind == '[';
}

static bool
is_closing(char kind)
{
	return kind == '}' || kind == ')' || kind == ']';
}

/* Behind an opening mark: to its closing one. kind 0: there is none. */
static struct word
word_closing(struct words *w)
{
	int depth = 1;
	struct word word;

	do {
		word = word_next(w);
		depth += is_opening(word.kind) - is_closing(word.kind);
	} while (word.kind != 0 && depth > 0);
	return word;
}

/* ---- a group --------------------------------------------------------------------- */

/* One value: a bracketed one, or strings side by side, or a word. *ret_next is what follows. */
static bool
read_value(struct words *w, struct edit_member *m, struct word *ret_next)
{
	struct word value = word_next(w);

	m->value_start = value.start;
	if (value.kind == 0 || is_closing(value.kind))
		return false;
	if (is_opening(value.kind))
		value = word_closing(w);
	m->value_end = value.end;
	*ret_next = word_next(w);
	while (value.kind == 's' && ret_next->kind == 's') {
		m->value_end = ret_next->end;
		*ret_next = word_next(w);
	}
	return value.kind != 0;
}

bool
edit_find_group(struct span in, size_t open, struct edit_group *ret)
{
	struct words w = { .in = in, .at = open + 1 };
	struct word word = word_next(&w);

	ret->open = open;
	for (ret->len = 0; word.kind == 'n' && ret->len < EDIT_MEMBERS_MAX; ret->len++) {
		struct edit_member *m = &ret->members[ret->len];
		char mark = word_next(&w).kind;

		m->name = text_of(in, word);
		if ((mark != '=' && mark != ':') || !read_value(&w, m, &word))
			return false;
		m->end = m->value_end;
		if (word.kind == ';' || word.kind == ',') {
			m->end = word.end;
			word = word_next(&w);
		}
	}
	ret->close = word.start;
	return word.kind == '}';
}

const struct edit_member *
edit_find_member(const struct edit_group *g, const char *name)
{
	for (size_t i = 0; i < g->len; i++)
		if (span_equal(g->members[i].name, span_of(name)))
			return &g->members[i];
	return NULL;
}

/* ---- rows and their list ---------------------------------------------------------- */

/* Is the string the pattern, in any spelling? */
static bool
names_pattern(struct span string, const char *pattern)
{
	AUTO(freep) char *text = xstrndup(string.data + 1, string.len - 2);
	AUTO(freep) char *domain = NULL;
	const char *wrong;
	bool subtree;

	if (strcmp(text, pattern) == 0)
		return true;
	if (strchr(text, '\\') != NULL || (domain = domain_read(text, &subtree, &wrong)) == NULL)
		return false;
	if ((strncmp(pattern, "*.", 2) == 0) != subtree)
		return false;
	return strcmp(domain, pattern + (subtree ? 2 : 0)) == 0;
}

/* Behind the name of a setting: past its value. */
static void
skip_setting(struct words *w)
{
	(void)word_next(w); /* '=' */
	if (is_opening(word_next(w).kind))
		(void)word_closing(w);
}

#define DEPTH_MAX 32

bool
edit_find_row(struct span in, unsigned line, const char *pattern, struct edit_group *ret)
{
	struct words w = { .in = in, .line = 1 };
	struct word before[2] = { { 0 }, { 0 } }, word;
	size_t open[DEPTH_MAX];
	size_t depth = 0;

	while ((word = word_next(&w)).kind != 0) {
		if (depth == 0 && span_equal(text_of(in, word), SPAN("rules")))
			skip_setting(&w);
		else if (word.kind == '{' && depth < DEPTH_MAX)
			open[depth++] = word.start;
		else if (word.kind == '}' && depth > 0)
			depth--;
		else if (word.kind == 's' && word.line == line && depth > 0 &&
			 before[0].kind == 'n' &&
			 span_equal(text_of(in, before[0]), SPAN("domain")) &&
			 names_pattern(text_of(in, word), pattern))
			return edit_find_group(in, open[depth - 1], ret);
		before[0] = before[1];
		before[1] = word;
	}
	return false;
}

bool
edit_find_list(struct span in, size_t *ret_close, size_t *ret_last)
{
	struct words w = { .in = in, .line = 1 };
	struct word name = word_next(&w), mark, word, before = { 0 };
	int depth = 1;

	while (name.kind != 0 && !span_equal(text_of(in, name), SPAN("remote_domains"))) {
		if (is_opening(name.kind))
			(void)word_closing(&w);
		name = word_next(&w);
	}
	mark = word_next(&w);
	if ((mark.kind != '=' && mark.kind != ':') || word_next(&w).kind != '(')
		return false;
	for (;;) {
		word = word_next(&w);
		depth += is_opening(word.kind) - is_closing(word.kind);
		if (word.kind == 0 || depth == 0)
			break;
		before = word;
	}
	*ret_close = word.start;
	*ret_last = before.kind == '}' ? before.end : 0;
	return word.kind == ')';
}
