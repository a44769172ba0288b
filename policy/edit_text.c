/*
 * edit_text.c: finding the place in a text, and changing it there.
 *
 * The text has been read by libconfig, so it is well formed; here it is cut
 * into words once more, with their places, comments and includes passed over.
 * The rows of a file need not be whole in it (a list may begin in another
 * file). What is not understood is answered with 0 and left alone; whether
 * the result is right is seen by reading it (edit.c).
 */
#include "policy/edit_text.h"

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

struct member {
	struct span name;
	size_t value_start, value_end;
	size_t end; /* with the ';' behind it */
};

#define MEMBERS_MAX 64
struct group {
	struct member members[MEMBERS_MAX];
	size_t len;
	size_t open, close; /* the places of the braces */
};

/* One value: a bracketed one, or strings side by side, or a word. *ret_next is what follows. */
static bool
read_value(struct words *w, struct member *m, struct word *ret_next)
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

/* The group whose '{' is at open. */
static bool
group_read(struct span in, size_t open, struct group *ret)
{
	struct words w = { .in = in, .at = open + 1 };
	struct word word = word_next(&w);

	ret->open = open;
	for (ret->len = 0; word.kind == 'n' && ret->len < MEMBERS_MAX; ret->len++) {
		struct member *m = &ret->members[ret->len];
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

static const struct member *
group_find(const struct group *g, const char *name)
{
	for (size_t i = 0; i < g->len; i++)
		if (span_equal(g->members[i].name, span_of(name)))
			return &g->members[i];
	return NULL;
}

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

#define DEPTH_MAX 32

/* The group that has domain = "pattern" in that line. */
static bool
find_row(struct span in, unsigned line, const char *pattern, struct group *ret)
{
	struct words w = { .in = in, .line = 1 };
	struct word before[2] = { { 0 }, { 0 } }, word;
	size_t open[DEPTH_MAX];
	size_t depth = 0;

	while ((word = word_next(&w)).kind != 0) {
		if (word.kind == '{' && depth < DEPTH_MAX)
			open[depth++] = word.start;
		else if (word.kind == '}' && depth > 0)
			depth--;
		else if (word.kind == 's' && word.line == line && depth > 0 &&
			 before[0].kind == 'n' &&
			 span_equal(text_of(in, before[0]), SPAN("domain")) &&
			 names_pattern(text_of(in, word), pattern))
			return group_read(in, open[depth - 1], ret);
		before[0] = before[1];
		before[1] = word;
	}
	return false;
}

/* ---- changes ---------------------------------------------------------------------- */

static void
add_range(struct buffer *out, struct span in, size_t start, size_t end)
{
	buffer_add(out, in.data + start, end - start);
}

static void
replace(struct span in, size_t start, size_t end, const char *with, struct buffer *out)
{
	add_range(out, in, 0, start);
	buffer_add_str(out, with);
	add_range(out, in, end, in.len);
}

static size_t
line_start(struct span in, size_t i)
{
	while (i > 0 && in.data[i - 1] != '\n')
		i--;
	return i;
}

static size_t
blanks_end(struct span in, size_t i)
{
	while (i < in.len && (in.data[i] == ' ' || in.data[i] == '\t'))
		i++;
	return i;
}

/* Is it the first thing on its line? */
static bool
begins_line(struct span in, size_t i)
{
	return blanks_end(in, line_start(in, i)) == i;
}

/* Behind the last member: on a line of its own where the closing brace has one. */
static void
insert_member(struct span in, const struct group *g, const char *statement, struct buffer *out)
{
	const struct member *last = g->len > 0 ? &g->members[g->len - 1] : NULL;
	size_t from = last != NULL ? last->end : g->open + 1;
	size_t line = line_start(in, g->close);

	add_range(out, in, 0, from);
	if (last != NULL && last->end == last->value_end)
		buffer_add_char(out, ';');
	if (begins_line(in, g->close) && line >= from) {
		size_t model = line_start(in, last != NULL ? last->value_start : g->close);

		add_range(out, in, from, line);
		add_range(out, in, model, blanks_end(in, model));
		buffer_printf(out, "%s%s\n", last != NULL ? "" : "\t", statement);
		add_range(out, in, line, in.len);
	} else {
		buffer_printf(out, " %s", statement);
		add_range(out, in, from, in.len);
	}
}

/* As it stands in a file: "\"send\"" or "false". */
static char *
value_of(const struct policy_setting *s)
{
	const char *mark = policy_key_is_flag(s->key) ? "" : "\"";

	return xasprintf("%s%s%s", mark, policy_value_name(s->key, s->value), mark);
}

/* "ndr = \"send\";" or "ndr = { none = \"send\"; };" */
static char *
statement_of(const struct policy_setting *s)
{
	const char *key = policy_key_name(s->key);
	AUTO(freep) char *value = value_of(s);

	if (s->proof == POLICY_PROOFS)
		return xasprintf("%s = %s;", key, value);
	return xasprintf("%s = { %s = %s; };", key, policy_proof_name(s->proof), value);
}

/* One value for all becomes a group that differs in one. */
static char *
group_from(struct span value, const struct policy_setting *s)
{
	static const enum policy_proof order[] = { POLICY_PROOF_PROVED, POLICY_PROOF_FORGED,
						   POLICY_PROOF_NONE };
	struct buffer out = { 0 };

	buffer_add_str(&out, "{ ");
	for (size_t i = 0; i < POLICY_PROOFS; i++) {
		buffer_printf(&out, "%s = ", policy_proof_name(order[i]));
		if (order[i] == s->proof)
			buffer_printf(&out, "\"%s\"", policy_value_name(s->key, s->value));
		else
			buffer_add(&out, value.data, value.len);
		buffer_add_str(&out, "; ");
	}
	buffer_add_char(&out, '}');
	return buffer_take(&out);
}

static int
change_member(struct span in, const struct member *m, const struct policy_setting *s,
	      struct buffer *out)
{
	AUTO(freep) char *now = value_of(s);
	AUTO(freep) char *text = NULL;
	struct span value = { in.data + m->value_start, m->value_end - m->value_start };
	const struct member *inner;
	struct group g;

	if (s->proof == POLICY_PROOFS) {
		replace(in, m->value_start, m->value_end, now, out);
	} else if (value.data[0] != '{') {
		text = group_from(value, s);
		replace(in, m->value_start, m->value_end, text, out);
	} else {
		if (!group_read(in, m->value_start, &g))
			return 0;
		inner = group_find(&g, policy_proof_name(s->proof));
		text = xasprintf("%s = %s;", policy_proof_name(s->proof), now);
		if (inner != NULL)
			replace(in, inner->value_start, inner->value_end, now, out);
		else
			insert_member(in, &g, text, out);
	}
	return 1;
}

int
edit_text_row(struct span text, unsigned line, const char *pattern,
	      const struct policy_setting *setting, struct buffer *out)
{
	AUTO(freep) char *statement = statement_of(setting);
	const struct member *m;
	struct group g;

	if (!find_row(text, line, pattern, &g))
		return 0;
	m = group_find(&g, policy_key_name(setting->key));
	if (m != NULL)
		return change_member(text, m, setting, out);
	insert_member(text, &g, statement, out);
	return 1;
}

/* ---- a new row ---------------------------------------------------------------------- */

static char *
new_row(const char *pattern, const struct policy_setting *setting)
{
	AUTO(freep) char *statement = statement_of(setting);
	size_t len = strlen(pattern);
	const char *name = strcmp(pattern, "*") == 0 ? "Default" : pattern;

	if (len >= POLICY_NAME_SIZE)
		name = pattern + len - POLICY_NAME_SIZE + 1;
	return xasprintf("{ name = \"%s\"; domain = \"%s\"; %s }", name, pattern, statement);
}

/* remote_domains = ( … ): its closing bracket, and the last row's brace, when nothing but the
 * bracket is behind it (else 0). */
static bool
find_list(struct span in, size_t *ret_close, size_t *ret_last)
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

static bool
has_include(struct span in, size_t start, size_t end)
{
	for (; start < end; start = blanks_end(in, start + 1))
		if (in.data[start] == '@' && begins_line(in, start))
			return true;
	return false;
}

/* Behind the last row; a comment on its line stays with it. */
static void
insert_behind(struct span in, size_t last, const char *row, struct buffer *out)
{
	const char *newline = memchr(in.data + last, '\n', in.len - last);
	size_t next = newline != NULL ? (size_t)(newline - in.data) + 1 : in.len;
	size_t rest = blanks_end(in, last), open = last;
	bool alone = newline != NULL &&
		     (in.data[rest] == '\n' || in.data[rest] == '\r' || in.data[rest] == '#' ||
		      (in.data[rest] == '/' && in.data[rest + 1] == '/'));

	add_range(out, in, 0, last);
	buffer_add_char(out, ',');
	if (!alone) {
		buffer_printf(out, " %s", row);
		add_range(out, in, last, in.len);
		return;
	}
	/* as far in as the line of the last row's brace */
	open = line_start(in, last - 1);
	add_range(out, in, last, next);
	add_range(out, in, open, blanks_end(in, open));
	buffer_printf(out, "%s\n", row);
	add_range(out, in, next, in.len);
}

int
edit_text_add_row(struct span text, bool has_list, bool has_rows, const char *pattern,
		  const struct policy_setting *setting, struct buffer *out)
{
	AUTO(freep) char *row = new_row(pattern, setting);
	size_t close, last;

	if (!has_list) {
		buffer_add(out, text.data, text.len);
		if (text.len > 0 && text.data[text.len - 1] != '\n')
			buffer_add_char(out, '\n');
		buffer_printf(out, "\nremote_domains = (\n\t%s\n);\n", row);
		return 1;
	}
	if (!find_list(text, &close, &last))
		return 0;
	if (last > 0 && !has_include(text, last, close)) {
		insert_behind(text, last, row, out);
		return 1;
	}
	add_range(out, text, 0, begins_line(text, close) ? line_start(text, close) : close);
	buffer_printf(out, "%s\t%s%s\n", begins_line(text, close) ? "" : "\n", has_rows ? ", " : "",
		      row);
	add_range(out, text, begins_line(text, close) ? line_start(text, close) : close, text.len);
	return 1;
}

/* ---- lines of domains_file ------------------------------------------------------------- */

/* A word of a line: not blank, not a comment. */
static bool
next_in_line(struct span line, size_t *i, size_t *ret_end)
{
	*i = blanks_end(line, *i);
	if (*i >= line.len || line.data[*i] == '#' || line.data[*i] == '\r')
		return false;
	for (*ret_end = *i; *ret_end < line.len && memchr(" \t\r", line.data[*ret_end], 3) == NULL;)
		++*ret_end;
	return true;
}

/* Does the word set what is set: for all proofs, the key or any member of it? */
static bool
is_same_setting(struct span word, const struct policy_setting *s)
{
	const char *equals = memchr(word.data, '=', word.len);
	enum policy_key key;
	enum policy_proof proof;

	if (equals == NULL ||
	    policy_member_from_name((struct span){ word.data, (size_t)(equals - word.data) }, &key,
				    &proof) == 0)
		return false;
	return key == s->key && (s->proof == POLICY_PROOFS || s->proof == proof);
}

static void
add_setting(struct buffer *out, const struct policy_setting *s)
{
	bool all = s->proof == POLICY_PROOFS;

	buffer_printf(out, "%s%s%s=%s", policy_key_name(s->key), all ? "" : ".",
		      all ? "" : policy_proof_name(s->proof), policy_value_name(s->key, s->value));
}

/* The first word that sets it takes the new value, others go; without one it stands last. */
static int
change_line(struct span line, const struct policy_setting *s, struct buffer *out)
{
	size_t from = 0, i = 0, end = 0, behind = 0;
	bool done = false;

	while (next_in_line(line, &i, &end)) {
		struct span word = { line.data + i, end - i };

		if (span_starts_nocase(word, "row="))
			return 0;
		if (is_same_setting(word, s)) {
			add_range(out, line, from, done ? behind : i);
			if (!done)
				add_setting(out, s);
			done = true;
			from = end;
		}
		behind = i = end;
	}
	add_range(out, line, from, behind > from ? behind : from);
	from = behind > from ? behind : from;
	if (!done) {
		buffer_add_char(out, ' ');
		add_setting(out, s);
	}
	add_range(out, line, from, line.len);
	return 1;
}

int
edit_text_line(struct span text, unsigned line, const struct policy_setting *setting,
	       struct buffer *out)
{
	size_t start = 0;
	const char *end;

	for (; line > 1; line--) {
		end = memchr(text.data + start, '\n', text.len - start);
		if (end == NULL)
			return 0;
		start = (size_t)(end - text.data) + 1;
	}
	end = memchr(text.data + start, '\n', text.len - start);
	if (end == NULL)
		return 0;
	add_range(out, text, 0, start);
	if (change_line((struct span){ text.data + start, (size_t)(end - text.data) - start },
			setting, out) == 0)
		return 0;
	add_range(out, text, (size_t)(end - text.data), text.len);
	return 1;
}

int
edit_text_add_line(struct span text, const char *pattern, const struct policy_setting *setting,
		   struct buffer *out)
{
	buffer_add(out, text.data, text.len);
	buffer_printf(out, "%s ", pattern);
	add_setting(out, setting);
	buffer_add_char(out, '\n');
	return 1;
}
