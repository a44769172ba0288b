/*
 * edit.c: from "set this for that domain" to the text of a file.
 *
 * One value at a time: read the policy with what was changed so far, see
 * where the row stands, change that place. At the end the policy is read once
 * more and has to say what was asked, and of all other domains what it said
 * before; so a text that is written in an unforeseen way is refused, not
 * spoilt.
 */
#include "policy/edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/config_text.h"
#include "base/file.h"
#include "policy/edit_text.h"
#include "policy/rule.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

struct editing {
	const char *path;
	const char *domain; /* NULL: the row for "*" */
	bool subtree;
	char *pattern;
	struct policy_edit edit; /* file is NULL until it is known */
	struct error *err;
};

static int
read_now(const struct editing *e, struct policy **ret_policy)
{
	const struct config_draft draft = { e->edit.file, buffer_span(&e->edit.new_text) };

	return policy_read_draft(e->path, e->edit.file != NULL ? &draft : NULL, ret_policy, NULL,
				 e->err);
}

static bool
has_row(const struct editing *e, const struct policy *policy)
{
	if (e->domain == NULL)
		return policy->rows[0].source->origin.file != 0;
	return policy_names(policy, e->domain, e->subtree);
}

static void
view_now(const struct editing *e, const struct policy *policy, struct policy_view *ret_view)
{
	if (e->domain == NULL)
		policy_view_default(policy, ret_view);
	else
		policy_view(policy, e->domain, e->subtree, ret_view);
}

/* The file that is changed is always the same one. */
static int
open_file(struct editing *e, const char *file)
{
	if (e->edit.file != NULL && strcmp(e->edit.file, file) == 0)
		return 0;
	if (e->edit.file != NULL)
		return error_set(e->err, ERROR_PERM, "%s: is to be edited by hand", file);
	if (file_read(file, FILE_BYTES_MAX, &e->edit.old_text, e->err) < 0)
		return -1;
	e->edit.file = xstrdup(file);
	buffer_add(&e->edit.new_text, e->edit.old_text.data, e->edit.old_text.len);
	return 0;
}

static bool
says_rows(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rows_len; i++)
		if (policy->rows[i].name[0] != '\0' && policy->rows[i].source->origin.file != 0)
			return true;
	return false;
}

static int
change_row(struct editing *e, const struct policy *policy, const struct policy_setting *setting,
	   struct buffer *out)
{
	AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };

	view_now(e, policy, &view);
	if (open_file(e, view.file) < 0)
		return -1;
	if (view.listed)
		return edit_text_line(buffer_span(&e->edit.new_text), view.line, setting, out);
	return edit_text_row(buffer_span(&e->edit.new_text), view.line, e->pattern, setting, out);
}

static int
add_row(struct editing *e, const struct policy *policy, const struct policy_setting *setting,
	struct buffer *out)
{
	const char *listed = e->domain != NULL ? policy_domains_file(policy) : NULL;
	const char *rows = policy_rows_file(policy);

	if (open_file(e, listed != NULL ? listed : rows != NULL ? rows : e->path) < 0)
		return -1;
	if (listed != NULL)
		return edit_text_add_line(buffer_span(&e->edit.new_text), e->pattern, setting, out);
	return edit_text_add_row(buffer_span(&e->edit.new_text), rows != NULL, says_rows(policy),
				 e->pattern, setting, out);
}

/* Does every line end with CRLF? */
static bool
ends_with_crlf(struct span text)
{
	bool any = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '\n')
			continue;
		if (i == 0 || text.data[i - 1] != '\r')
			return false;
		any = true;
	}
	return any;
}

static void
add_with_crlf(struct span text, struct buffer *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r'))
			buffer_add_char(out, '\r');
		buffer_add_char(out, text.data[i]);
	}
}

static int
apply(struct editing *e, const struct policy_setting *setting)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer out = { 0 };
	int rc;

	if (read_now(e, &policy) < 0)
		return -1;
	rc = has_row(e, policy) ? change_row(e, policy, setting, &out)
				: add_row(e, policy, setting, &out);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return error_set(e->err, ERROR_PERM,
				 "%s: the place for \"%s\" is written in a way that this cannot "
				 "change; edit it by hand",
				 e->edit.file, e->pattern);
	buffer_done(&e->edit.new_text);
	if (ends_with_crlf(buffer_span(&e->edit.old_text))) {
		add_with_crlf(buffer_span(&out), &e->edit.new_text);
	} else {
		e->edit.new_text = out;
		out = (struct buffer){ 0 };
	}
	return 0;
}

/* What a row says itself, as settings. */
static size_t
settings_of(const struct policy_view *view, struct policy_setting *out)
{
	size_t len = 0;

	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof p = 0; p < POLICY_PROOFS; p++) {
			const struct policy_value *v = &view->values[key][p];

			if (v->file != NULL && !v->inherited)
				out[len++] = (struct policy_setting){ key, p, v->value };
		}
	return len;
}

/* A new row takes its domain away from the row that decided until now, but not what that said. */
static int
begin_row(struct editing *e)
{
	struct policy_setting settings[POLICY_KEYS * POLICY_PROOFS];
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };
	size_t len;

	if (read_now(e, &policy) < 0)
		return -1;
	if (e->domain == NULL || has_row(e, policy))
		return 0;
	view_now(e, policy, &view);
	len = strcmp(view.pattern, "*") != 0 ? settings_of(&view, settings) : 0;
	for (size_t i = 0; i < len; i++) {
		/* one value whatever the proof is written as one */
		if (i + 2 < len && settings[i].key == settings[i + 2].key &&
		    settings[i].value == settings[i + 1].value &&
		    settings[i].value == settings[i + 2].value) {
			settings[i].proof = POLICY_PROOFS;
			if (apply(e, &settings[i]) < 0)
				return -1;
			i += 2;
		} else if (apply(e, &settings[i]) < 0) {
			return -1;
		}
	}
	return 0;
}

/* ---- was it what was asked? -------------------------------------------------- */

/* The last setting of a value; NULL: none. */
static const struct policy_setting *
setting_of(const struct policy_setting *settings, size_t len, enum policy_key key,
	   enum policy_proof proof)
{
	for (size_t i = len; i > 0; i--) {
		const struct policy_setting *s = &settings[i - 1];

		if (s->key == key && (s->proof == POLICY_PROOFS || s->proof == proof))
			return s;
	}
	return NULL;
}

static bool
is_set(const struct policy_view *view, const struct policy_setting *settings, size_t len)
{
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof p = 0; p < POLICY_PROOFS; p++) {
			const struct policy_setting *s = setting_of(settings, len, key, p);

			if (s != NULL && view->values[key][p].value != s->value)
				return false;
		}
	return true;
}

static bool
same_values(const struct policy_view *a, const struct policy_view *b)
{
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof p = 0; p < POLICY_PROOFS; p++)
			if (a->values[key][p].value != b->values[key][p].value)
				return false;
	return strcmp(a->name, b->name) == 0;
}

/* All rows but this one; when this is the row for "*", others may have followed it. */
static bool
others_are_as_before(const struct editing *e, const struct policy *before,
		     const struct policy *after)
{
	for (size_t i = 0; e->domain != NULL && i < policy_domains_len(before); i++) {
		AUTO(policy_view_done) struct policy_view was = { .pattern = NULL };
		AUTO(policy_view_done) struct policy_view is = { .pattern = NULL };
		bool subtree;
		const char *domain = policy_domain(before, i, &subtree);

		if (strcmp(domain, e->domain) == 0 && subtree == e->subtree)
			continue;
		policy_view(before, domain, subtree, &was);
		policy_view(after, domain, subtree, &is);
		if (!same_values(&was, &is))
			return false;
	}
	return policy_domains_len(after) - policy_domains_len(before) <= 1;
}

static int
check(const struct editing *e, const struct policy_setting *settings, size_t len)
{
	const struct editing as_it_was = { .path = e->path, .err = e->err };
	AUTO(policy_unrefp) struct policy *before = NULL;
	AUTO(policy_unrefp) struct policy *after = NULL;
	AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };

	if (read_now(&as_it_was, &before) < 0 || read_now(e, &after) < 0)
		return -1;
	view_now(e, after, &view);
	if (has_row(e, after) && is_set(&view, settings, len) &&
	    others_are_as_before(e, before, after))
		return 0;
	return error_set(e->err, ERROR_PERM,
			 "%s: the place for \"%s\" is written in a way that this cannot change; "
			 "edit it by hand",
			 e->edit.file, e->pattern);
}

int
policy_edit(const char *path, const char *domain, bool subtree,
	    const struct policy_setting *settings, size_t settings_len,
	    struct policy_edit *ret_edit, struct error *err)
{
	struct editing e = { .path = path, .domain = domain, .subtree = subtree, .err = err };
	int rc;

	e.pattern = domain == NULL ? xstrdup("*") : xasprintf("%s%s", subtree ? "*." : "", domain);
	rc = begin_row(&e);
	for (size_t i = 0; rc == 0 && i < settings_len; i++)
		rc = apply(&e, &settings[i]);
	if (rc == 0)
		rc = check(&e, settings, settings_len);
	free(e.pattern);
	if (rc < 0)
		policy_edit_done(&e.edit);
	else
		*ret_edit = e.edit;
	return rc;
}

void
policy_edit_done(struct policy_edit *edit)
{
	free(edit->file);
	buffer_done(&edit->old_text);
	buffer_done(&edit->new_text);
	*edit = (struct policy_edit){ 0 };
}

int
policy_edit_is_current(const struct policy_edit *edit, struct error *err)
{
	AUTO(buffer_done) struct buffer now = { 0 };

	if (file_read(edit->file, FILE_BYTES_MAX, &now, err) == 0 &&
	    span_equal(buffer_span(&now), buffer_span(&edit->old_text)))
		return 0;
	return error_set(err, ERROR_TEMP, "%s: was changed meanwhile, and was left so; try again",
			 edit->file);
}
