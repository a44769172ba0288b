/*
 * rows.c: the rows of remote_domains.
 *
 * The row for "*" is read first, wherever it stands, and every other row
 * begins as a copy of its values. One thing is not inherited: that mail
 * nobody has recognised (unknown) is deleted has to be said by the row that
 * does it.
 *
 * Owned by the policy; on an error what was read so far is freed with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "policy/domain.h"
#include "policy/rule.h"

#define SHIPPED "Default"

unsigned
policy_file_number(struct policy *policy, const char *path)
{
	for (size_t i = policy->files_len; i > 0; i--)
		if (strcmp(policy->files[i - 1], path) == 0)
			return (unsigned)i;
	policy->files = array_grow(policy->files, &policy->files_size, policy->files_len,
				   sizeof(*policy->files));
	policy->files[policy->files_len++] = xstrdup(path);
	return (unsigned)policy->files_len;
}

struct policy_origin
policy_origin_of(struct policy *policy, const struct config_file *file, const config_setting_t *at)
{
	int line;
	const char *path = config_where(file, at, &line);

	return (struct policy_origin){ .file = policy_file_number(policy, path),
				       .line = (unsigned)line };
}

/* What nobody has recognised is deleted only where a row says so itself. */
static void
inherit(struct policy_row *row, const struct policy_row *from)
{
	memcpy(row->values, from->values, sizeof(row->values));
	memcpy(row->source->origins, from->source->origins, sizeof(row->source->origins));
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof proof = 0; proof < POLICY_PROOFS; proof++)
			row->source->origins[key][proof].inherited = true;
	for (enum policy_proof proof = 0; proof < POLICY_PROOFS; proof++)
		if (row->values[POLICY_KEY_UNKNOWN][proof] == POLICY_DELETE) {
			row->values[POLICY_KEY_UNKNOWN][proof] = POLICY_HOLD;
			row->source->origins[POLICY_KEY_UNKNOWN][proof] =
				(struct policy_origin){ 0 };
		}
}

struct policy_row *
policy_row_add(struct policy *policy)
{
	struct policy_row *row;

	policy->rows = array_grow(policy->rows, &policy->rows_size, policy->rows_len,
				  sizeof(*policy->rows));
	row = &policy->rows[policy->rows_len++];
	*row = (struct policy_row){ .name = "", .source = xcalloc(1, sizeof(*row->source)) };
	if (policy->rows_len > 1)
		inherit(row, &policy->rows[0]);
	return row;
}

const struct policy_row *
policy_row_named(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->rows_len; i++)
		if (policy->rows[i].name[0] != '\0' && strcmp(policy->rows[i].name, name) == 0)
			return &policy->rows[i];
	return NULL;
}

void
policy_entry_name(const struct policy *policy, const struct domain_entry *entry,
		  char out[POLICY_NAME_SIZE])
{
	const char *name = entry != NULL ? domain_entry_label(entry) : policy->rows[0].name;
	AUTO(freep) char *pattern = NULL;
	size_t len;

	if (name[0] != '\0') {
		(void)strcpy(out, name);
		return;
	}
	/* of a long name the end, which tells who it is */
	pattern = xasprintf("%s%s", entry->subtree ? "*." : "", entry->domain);
	len = strlen(pattern);
	(void)snprintf(out, POLICY_NAME_SIZE, "%s",
		       len < POLICY_NAME_SIZE ? pattern : pattern + len - POLICY_NAME_SIZE + 1);
}

/* ---- reading ---------------------------------------------------------------- */

/* What a row says of a key whatever the proof; -1: nothing. */
static int
value_of(const struct policy_row_text *text, enum policy_key key)
{
	switch (key) {
	case POLICY_KEY_NDR_DIAGNOSTICS:
		return text->ndr_diagnostics ? 0 : 1;
	case POLICY_KEY_RETURNED:
		return text->returned;
	case POLICY_KEY_COPY:
		return text->copy;
	case POLICY_KEY_NDR:
	case POLICY_KEY_DELAY:
	case POLICY_KEY_DELIVERY_REPORT:
	case POLICY_KEY_RECEIPT:
	case POLICY_KEY_AUTO_REPLY:
	case POLICY_KEY_ABUSE_REPORT:
	case POLICY_KEY_UNKNOWN:
	case POLICY_KEY_FORWARDED:
		break;
	}
	return text->all[key];
}

/* The row for all domains when no file says one. */
static void
ship(struct policy_row *row, const struct policy_row_text *defaults)
{
	row->name = SHIPPED;
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof proof = 0; proof < POLICY_PROOFS; proof++)
			row->values[key][proof] = (uint8_t)value_of(defaults, key);
}

struct reading {
	struct policy *policy;
	const struct config_file *file;
	const struct config_draft *draft; /* may be NULL */
	struct buffer *warnings;
	struct error *err;
};

static bool
is_default_row(const config_setting_t *at)
{
	const config_setting_t *domain = config_setting_get_member(at, "domain");
	const char *text = domain != NULL ? config_setting_get_string(domain) : NULL;

	return text != NULL && strcmp(text, "*") == 0;
}

static bool
says(const struct policy_row *row, enum policy_key key)
{
	return row->source->at != NULL &&
	       config_setting_get_member(row->source->at, policy_key_name(key)) != NULL;
}

static bool
says_anything(const struct policy_row *row)
{
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		if (says(row, key))
			return true;
	return false;
}

bool
policy_name_is_clean(const char *name)
{
	AUTO(freep) char *shown = text_to_printable(span_of(name));

	return strcmp(shown, name) == 0 && strpbrk(name, "\"\\") == NULL && name[0] != ' ' &&
	       name[strlen(name) - 1] != ' ';
}

static int
check_text(const struct reading *r, const config_setting_t *at, const struct policy_row_text *text)
{
	if (text->name == NULL || text->domain == NULL)
		return config_error(r->file, at, r->err,
				    "remote_domains: a row needs name and domain");
	if (!policy_name_is_clean(text->name))
		return config_error(r->file, at, r->err,
				    "name: plain words without quotes, backslashes or control "
				    "characters are expected");
	if (strcmp(text->name, SHIPPED) == 0 && strcmp(text->domain, "*") != 0)
		return config_error(r->file, at, r->err,
				    "name: \"" SHIPPED "\" is the name of the row with domain "
				    "\"*\"");
	return 0;
}

/* The three members of a key, from one value or from a group. */
static void
take_key(const struct reading *r, const struct policy_row_text *text, enum policy_key key,
	 struct policy_row *row)
{
	const config_setting_t *at =
		config_setting_get_member(row->source->at, policy_key_name(key));
	bool is_group = at != NULL && config_setting_is_group(at);

	for (enum policy_proof proof = 0; at != NULL && proof < POLICY_PROOFS; proof++) {
		int value = is_group ? text->members[key][proof] : value_of(text, key);

		if (value < 0)
			continue;
		row->values[key][proof] = (uint8_t)value;
		row->source->origins[key][proof] = policy_origin_of(
			r->policy, r->file,
			is_group ? config_setting_get_member(at, policy_proof_name(proof)) : at);
	}
}

static void
take_text(const struct reading *r, const struct policy_row_text *text, struct policy_row *row)
{
	row->name = blocks_strdup(&r->policy->names, text->name);
	row->source->origin = policy_origin_of(
		r->policy, r->file, config_setting_get_member(row->source->at, "domain"));
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		take_key(r, text, key, row);
}

static int
fill_row(const struct reading *r, const config_setting_t *at)
{
	struct policy_row *row = policy_row_add(r->policy);
	struct policy_row_text text = { 0 };
	int rc;

	config_defaults(policy_row_items, policy_row_items_len, &text);
	if (r->policy->rows_len == 1)
		ship(row, &text);
	if (at == NULL)
		return 0;
	row->source->at = at;
	rc = config_fill(r->file, at, policy_row_items, policy_row_items_len, NULL, &text, r->err);
	if (rc == 0)
		rc = check_text(r, at, &text);
	if (rc == 0)
		take_text(r, &text, row);
	config_free_items(policy_row_items, policy_row_items_len, &text);
	return rc;
}

/* The row for "*" and how many there are of it; also that all rows are groups. */
static int
find_default(const struct reading *r, const config_setting_t *rows,
	     const config_setting_t **ret_default)
{
	int len = rows != NULL ? config_setting_length(rows) : 0;

	*ret_default = NULL;
	if (rows != NULL && !config_setting_is_list(rows))
		return config_error(
			r->file, rows, r->err,
			"remote_domains: a list of groups is expected: ( { … }, { … } )");
	for (int i = 0; i < len; i++) {
		const config_setting_t *at = config_setting_get_elem(rows, (unsigned)i);
		int line;

		if (!config_setting_is_group(at))
			return config_error(r->file, at, r->err,
					    "remote_domains: a row is a group: { name = \"…\"; "
					    "domain = \"…\"; }");
		if (!is_default_row(at))
			continue;
		if (*ret_default != NULL) {
			(void)config_where(r->file, *ret_default, &line);
			return config_error(r->file, at, r->err,
					    "domain: \"*\" has a row already, in line %d", line);
		}
		*ret_default = at;
	}
	return 0;
}

static int
enter_domain(const struct reading *r, size_t index)
{
	const struct policy_row *row = &r->policy->rows[index];
	const config_setting_t *at = config_setting_get_member(row->source->at, "domain");
	const char *text = config_setting_get_string(at), *wrong;
	AUTO(freep) char *shown = text_to_printable(span_of(text));
	bool subtree;
	AUTO(freep) char *domain = domain_read(text, &subtree, &wrong);

	if (domain == NULL)
		return config_error(r->file, at, r->err, "domain: \"%.80s\": %s", shown, wrong);
	if (policy_pattern_is_local(r->policy, domain, subtree))
		policy_warn(r->warnings, r->file, at,
			    "domain: \"%s\" is local, so this row is only for what SRS hides",
			    shown);
	(void)domain_table_add_labelled(&r->policy->remote, domain, subtree, index, row->name);
	return 0;
}

/* Where an entry stands. */
static struct policy_origin
entry_origin(const struct policy *policy, const struct domain_entry *e)
{
	if (e->line == 0)
		return policy->rows[e->value].source->origin;
	return (struct policy_origin){ .file = policy->listed_file, .line = e->line };
}

static int
twice(const struct policy *policy, const struct domain_entry *first,
      const struct domain_entry *second, struct error *err)
{
	struct policy_origin one = entry_origin(policy, first);
	struct policy_origin two = entry_origin(policy, second);
	const char *path = policy->files[two.file - 1];

	if (one.file == two.file)
		return error_set(err, ERROR_PERM,
				 "%s:%u: domain: this domain has a row already, in line %u", path,
				 two.line, one.line);
	return error_set(err, ERROR_PERM, "%s:%u: domain: this domain has a row already, in %s:%u",
			 path, two.line, policy->files[one.file - 1], one.line);
}

/* Relative to the folder of the file that names it, as an included file is. */
static int
read_listed(const struct reading *r)
{
	const config_setting_t *at = config_find(r->file, "domains_file");
	AUTO(freep) char *folder = NULL;
	AUTO(freep) char *path = NULL;
	struct error wrong = { 0 };
	const char *named_in;
	int line;

	if (at == NULL)
		return 0;
	named_in = config_where(r->file, at, &line);
	folder = file_folder_of(named_in);
	path = r->policy->domains_file[0] == '/'
		       ? xstrdup(r->policy->domains_file)
		       : xasprintf("%s/%s", folder, r->policy->domains_file);
	if (policy_listed_read(r->policy, path, r->draft, r->warnings, &wrong) == 0)
		return 0;
	if (r->policy->listed_file == 0) /* it could not be read at all */
		return config_error(r->file, at, r->err, "domains_file: %s", wrong.text);
	return error_set(r->err, ERROR_PERM, "%s", wrong.text);
}

static int
enter_domains(const struct reading *r)
{
	const struct domain_entry *first, *second;
	size_t rows_len = r->policy->rows_len;

	for (size_t i = 1; i < rows_len; i++)
		if (enter_domain(r, i) < 0)
			return -1;
	if (read_listed(r) < 0)
		return -1;
	if (domain_table_index(&r->policy->remote, &first, &second) == 0)
		return 0;
	return twice(r->policy, first, second, r->err);
}

static int
compare_names(const void *a, const void *b)
{
	const struct policy_row *one = *(const struct policy_row *const *)a;
	const struct policy_row *two = *(const struct policy_row *const *)b;
	int order = strcmp(one->name, two->name);

	return order != 0 ? order : (one > two) - (one < two);
}

static int
check_names(const struct reading *r)
{
	size_t len = r->policy->rows_len;
	AUTO(freep) const struct policy_row **by_name = xcalloc(len, sizeof(*by_name));

	for (size_t i = 0; i < len; i++)
		by_name[i] = &r->policy->rows[i];
	qsort(by_name, len, sizeof(*by_name), compare_names);
	for (size_t i = 1; i < len; i++) {
		const struct policy_row *one = by_name[i - 1], *two = by_name[i];
		const struct policy_row *later;
		int a = 0, b = 0;

		if (strcmp(one->name, two->name) != 0)
			continue;
		(void)config_where(r->file, one->source->at, &a);
		(void)config_where(r->file, two->source->at, &b);
		later = b > a ? two : one;
		return config_error(r->file, later->source->at, r->err,
				    "name: \"%s\" is the name of a row already, in line %d",
				    later->name, b > a ? a : b);
	}
	return 0;
}

static void
warn_row(const struct reading *r, const struct policy_row *row)
{
	bool star = row == &r->policy->rows[0];
	const uint8_t *ndr = row->values[POLICY_KEY_NDR],
		      *unknown = row->values[POLICY_KEY_UNKNOWN];

	if (star &&
	    (ndr[POLICY_PROOF_NONE] == POLICY_SEND || ndr[POLICY_PROOF_FORGED] == POLICY_SEND))
		policy_warn(r->warnings, r->file, row->source->at,
			    "%s: non-delivery reports are sent to anyone, forged senders too",
			    row->name);
	if (unknown[POLICY_PROOF_NONE] == POLICY_DELETE ||
	    unknown[POLICY_PROOF_PROVED] == POLICY_DELETE)
		policy_warn(r->warnings, r->file, row->source->at,
			    "%s: unknown = \"delete\" deletes what may be anything", row->name);
	if (!star && !says_anything(row))
		policy_warn(r->warnings, r->file, row->source->at,
			    "%s: the row says nothing that \"%s\" does not say", row->name,
			    r->policy->rows[0].name);
}

static int
compare_says(const void *a, const void *b)
{
	const struct policy_row *one = *(const struct policy_row *const *)a;
	const struct policy_row *two = *(const struct policy_row *const *)b;

	return memcmp(one->values, two->values, sizeof(one->values));
}

/* Sorted, those that say the same are neighbours. */
void
policy_gather_says(struct policy *policy)
{
	size_t len = policy->rows_len, n = 1;
	AUTO(freep) const struct policy_row **sorted = xcalloc(len, sizeof(*sorted));
	AUTO(freep) unsigned *says_of = xcalloc(len, sizeof(*says_of));

	policy->says = xcalloc(len + 1, sizeof(*policy->says));
	memcpy(policy->says[0].values, policy->rows[0].values, sizeof(policy->says[0].values));
	for (size_t i = 0; i < len; i++)
		sorted[i] = &policy->rows[i];
	qsort(sorted, len, sizeof(*sorted), compare_says);
	for (size_t i = 0; i < len; i++) {
		if (i == 0 || compare_says(&sorted[i - 1], &sorted[i]) != 0)
			memcpy(policy->says[n++].values, sorted[i]->values,
			       sizeof(policy->says[0].values));
		says_of[sorted[i] - policy->rows] = (unsigned)n - 1;
	}
	policy->says = xrealloc(policy->says, n * sizeof(*policy->says));
	for (size_t i = 0; i < policy->remote.len; i++)
		policy->remote.entries[i]->says = says_of[policy->remote.entries[i]->value];
}

int
policy_rows_read(struct policy *policy, const struct config_file *file,
		 const struct config_draft *draft, struct buffer *warnings, struct error *err)
{
	const struct reading r = { policy, file, draft, warnings, err };
	const config_setting_t *rows = config_find(file, "remote_domains"), *first;
	int len = rows != NULL ? config_setting_length(rows) : 0;

	if (rows != NULL)
		policy->rows_at = policy_origin_of(policy, file, rows);
	if (find_default(&r, rows, &first) < 0 || fill_row(&r, first) < 0)
		return -1;
	for (int i = 0; i < len; i++) {
		const config_setting_t *at = config_setting_get_elem(rows, (unsigned)i);

		if (at != first && fill_row(&r, at) < 0)
			return -1;
	}
	if (check_names(&r) < 0)
		return -1;
	for (size_t i = 0; i < policy->rows_len; i++)
		warn_row(&r, &policy->rows[i]);
	if (enter_domains(&r) < 0)
		return -1;
	policy_gather_says(policy);
	for (size_t i = 0; i < policy->rows_len; i++)
		policy->rows[i].source->at = NULL;
	return 0;
}
