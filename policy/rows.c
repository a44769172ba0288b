/*
 * rows.c: the rows of remote_domains.
 *
 * The row for "*" is read first, wherever it stands, and every other row
 * begins as a copy of its actions. One thing is not inherited: that mail
 * nobody has recognised (unknown) is deleted has to be said by the row that
 * does it.
 *
 * Owned by the policy; on an error what was read so far is freed with it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/domain.h"
#include "policy/rule.h"

static const char *const action_choices[] = { "send", "hold", "delete", NULL };

/* clang-format off: a table, in the order of enum policy_key */
#define ACTION(key) offsetof(struct policy_row, actions[key])
const struct config_item policy_row_items[] = {
	{ "name", CONFIG_TEXT, offsetof(struct policy_row, name), NULL, 1, 64, NULL,
	  "as records call it" },
	{ "domain", CONFIG_TEXT, offsetof(struct policy_row, domain), NULL, 1, 0, NULL,
	  "whose users it is about" },
	{ "ndr", CONFIG_CHOICE, ACTION(POLICY_KEY_NDR), "hold", 0, 0, action_choices,
	  "non-delivery reports" },
	{ "delay", CONFIG_CHOICE, ACTION(POLICY_KEY_DELAY), "hold", 0, 0, action_choices,
	  "warnings of delay" },
	{ "delivery_report", CONFIG_CHOICE, ACTION(POLICY_KEY_DELIVERY_REPORT), "hold", 0, 0,
	  action_choices, "delivered, relayed, expanded" },
	{ "receipt", CONFIG_CHOICE, ACTION(POLICY_KEY_RECEIPT), "hold", 0, 0, action_choices,
	  "read receipts" },
	{ "auto_reply", CONFIG_CHOICE, ACTION(POLICY_KEY_AUTO_REPLY), "hold", 0, 0, action_choices,
	  "out of office and the like" },
	{ "abuse_report", CONFIG_CHOICE, ACTION(POLICY_KEY_ABUSE_REPORT), "hold", 0, 0,
	  action_choices, "complaints" },
	{ "unknown", CONFIG_CHOICE, ACTION(POLICY_KEY_UNKNOWN), "hold", 0, 0, action_choices,
	  "null sender, none of these" },
	{ "forwarded", CONFIG_CHOICE, ACTION(POLICY_KEY_FORWARDED), "send", 0, 0, action_choices,
	  "to a local user who forwards" },
};
const size_t policy_row_items_len = sizeof(policy_row_items) / sizeof(policy_row_items[0]);
/* clang-format on */

#define KEYS_FROM 2 /* where the actions begin in the table */
#define SHIPPED   "Default"

const char *
policy_key_name(enum policy_key key)
{
	return policy_row_items[KEYS_FROM + key].key;
}

struct reading {
	struct policy *policy;
	const struct config_file *file;
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
	return row->at != NULL && config_setting_get_member(row->at, policy_key_name(key)) != NULL;
}

static bool
says_anything(const struct policy_row *row)
{
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		if (says(row, key))
			return true;
	return false;
}

/* Names stand in log lines, records and tables. */
static bool
is_clean_name(const char *name)
{
	AUTO(freep) char *shown = text_to_printable(span_of(name));

	return strcmp(shown, name) == 0 && strpbrk(name, "\"\\") == NULL && name[0] != ' ' &&
	       name[strlen(name) - 1] != ' ';
}

static int
check_row(const struct reading *r, const struct policy_row *row)
{
	if (row->name == NULL || row->domain == NULL)
		return config_error(r->file, row->at, r->err,
				    "remote_domains: a row needs name and domain");
	if (!is_clean_name(row->name))
		return config_error(r->file, row->at, r->err,
				    "name: plain words without quotes, backslashes or control "
				    "characters are expected");
	if (strcmp(row->name, SHIPPED) == 0 && strcmp(row->domain, "*") != 0)
		return config_error(r->file, row->at, r->err,
				    "name: \"" SHIPPED "\" is the name of the row with domain "
				    "\"*\"");
	return 0;
}

static int
fill_row(const struct reading *r, const config_setting_t *at)
{
	struct policy_row *row = &r->policy->rows[r->policy->rows_len++];

	row->at = at;
	if (r->policy->rows_len == 1) {
		config_defaults(policy_row_items, policy_row_items_len, row);
	} else {
		memcpy(row->actions, r->policy->rows[0].actions, sizeof(row->actions));
		if (row->actions[POLICY_KEY_UNKNOWN] == POLICY_DELETE)
			row->actions[POLICY_KEY_UNKNOWN] = POLICY_HOLD;
	}
	if (at == NULL) {
		row->name = xstrdup(SHIPPED);
		row->domain = xstrdup("*");
		return 0;
	}
	if (config_fill(r->file, at, policy_row_items, policy_row_items_len, NULL, row, r->err) < 0)
		return -1;
	return check_row(r, row);
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
	const config_setting_t *at = config_setting_get_member(row->at, "domain");
	AUTO(freep) char *shown = text_to_printable(span_of(row->domain));
	const char *wrong;
	bool subtree;
	char *domain = domain_read(row->domain, &subtree, &wrong);

	if (domain == NULL)
		return config_error(r->file, at, r->err, "domain: \"%.80s\": %s", shown, wrong);
	if (domain_table_find(&r->policy->local, domain) != NULL)
		policy_warn(r->warnings, r->file, at,
			    "domain: \"%s\" is local, so this row is only for what SRS hides",
			    shown);
	(void)domain_table_add(&r->policy->remote, domain, subtree, index);
	return 0;
}

static int
enter_domains(const struct reading *r)
{
	const struct policy_row *rows = r->policy->rows;
	const struct domain_entry *first, *second;
	int line;

	for (size_t i = 1; i < r->policy->rows_len; i++)
		if (enter_domain(r, i) < 0)
			return -1;
	if (domain_table_index(&r->policy->remote, &first, &second) == 0)
		return 0;
	(void)config_where(r->file, rows[first->value].at, &line);
	return config_error(r->file, rows[second->value].at, r->err,
			    "domain: this domain has a row already, in line %d", line);
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
		(void)config_where(r->file, one->at, &a);
		(void)config_where(r->file, two->at, &b);
		later = b > a ? two : one;
		return config_error(r->file, later->at, r->err,
				    "name: \"%s\" is the name of a row already, in line %d",
				    later->name, b > a ? a : b);
	}
	return 0;
}

static void
warn_row(const struct reading *r, const struct policy_row *row)
{
	bool star = strcmp(row->domain, "*") == 0;

	if (star && says(row, POLICY_KEY_NDR) && row->actions[POLICY_KEY_NDR] == POLICY_SEND)
		policy_warn(r->warnings, r->file, row->at,
			    "%s: non-delivery reports are sent to anyone, forged senders too",
			    row->name);
	if (row->actions[POLICY_KEY_UNKNOWN] == POLICY_DELETE)
		policy_warn(r->warnings, r->file, row->at,
			    "%s: unknown = \"delete\" deletes what may be anything", row->name);
	if (!star && !says_anything(row))
		policy_warn(r->warnings, r->file, row->at,
			    "%s: the row says nothing that \"%s\" does not say", row->name,
			    r->policy->rows[0].name);
}

int
policy_rows_read(struct policy *policy, const struct config_file *file, struct buffer *warnings,
		 struct error *err)
{
	const struct reading r = { policy, file, warnings, err };
	const config_setting_t *rows = config_find(file, "remote_domains"), *first;
	int len = rows != NULL ? config_setting_length(rows) : 0;

	if (find_default(&r, rows, &first) < 0)
		return -1;
	policy->rows = xcalloc((size_t)len + 1, sizeof(*policy->rows));
	if (fill_row(&r, first) < 0)
		return -1;
	for (int i = 0; i < len; i++) {
		const config_setting_t *at = config_setting_get_elem(rows, (unsigned)i);

		if (at != first && fill_row(&r, at) < 0)
			return -1;
	}
	if (enter_domains(&r) < 0 || check_names(&r) < 0)
		return -1;
	for (size_t i = 0; i < policy->rows_len; i++) {
		warn_row(&r, &policy->rows[i]);
		policy->rows[i].at = NULL;
	}
	return 0;
}
