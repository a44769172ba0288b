/*
 * edit_text.c: one change in a text, at the place that edit_find.c finds.
 *
 * What is not understood is answered with 0 and left alone; whether the
 * result is right is seen by reading it (edit.c).
 */
#include "policy/edit_text.h"

#include <string.h>

#include "base/cleanup.h"
#include "policy/edit_find.h"

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
insert_member(struct span in, const struct edit_group *g, const char *statement, struct buffer *out)
{
	const struct edit_member *last = g->len > 0 ? &g->members[g->len - 1] : NULL;
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
change_member(struct span in, const struct edit_member *m, const struct policy_setting *s,
	      struct buffer *out)
{
	AUTO(freep) char *now = value_of(s);
	AUTO(freep) char *text = NULL;
	struct span value = { in.data + m->value_start, m->value_end - m->value_start };
	const struct edit_member *inner;
	struct edit_group g;

	if (s->proof == POLICY_PROOFS) {
		replace(in, m->value_start, m->value_end, now, out);
	} else if (value.data[0] != '{') {
		text = group_from(value, s);
		replace(in, m->value_start, m->value_end, text, out);
	} else {
		if (!edit_find_group(in, m->value_start, &g))
			return 0;
		inner = edit_find_member(&g, policy_proof_name(s->proof));
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
	const struct edit_member *m;
	struct edit_group g;

	if (!edit_find_row(text, line, pattern, &g))
		return 0;
	m = edit_find_member(&g, policy_key_name(setting->key));
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
	if (!edit_find_list(text, &close, &last))
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
