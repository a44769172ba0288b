/*
 * view.c: a policy seen from outside.
 */
#include "policy/view.h"

#include <stdlib.h>
#include <string.h>

#include "policy/rule.h"

static const char *
file_of(const struct policy *policy, struct policy_origin origin)
{
	return origin.file == 0 ? NULL : policy->files[origin.file - 1];
}

static struct policy_value
value_of(const struct policy *policy, const struct domain_entry *e, unsigned line,
	 enum policy_key key, enum policy_proof proof)
{
	const struct policy_row *row = &policy->rows[e != NULL ? e->value : 0];
	struct policy_origin origin = row->source->origins[key][proof];

	return (struct policy_value){
		.value = row->values[key][proof],
		.file = file_of(policy, origin),
		.line = origin.line != 0 ? origin.line : line,
		.inherited = e != NULL && origin.file != 0 && (origin.inherited || e->value == 0),
	};
}

static void
view_entry(const struct policy *policy, const struct domain_entry *e, struct policy_view *ret_view)
{
	const struct policy_row *row = &policy->rows[e != NULL ? e->value : 0];
	struct policy_origin origin = row->source->origin;
	struct policy_view view = { .pattern = NULL };

	if (e != NULL && e->line != 0)
		origin = (struct policy_origin){ .file = policy->listed_file, .line = e->line };
	view.pattern =
		e == NULL ? xstrdup("*") : xasprintf("%s%s", e->subtree ? "*." : "", e->domain);
	policy_entry_name(policy, e, view.name);
	view.file = file_of(policy, origin);
	view.line = origin.line;
	view.listed = e != NULL && e->line != 0;
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof proof = 0; proof < POLICY_PROOFS; proof++)
			view.values[key][proof] = value_of(policy, e, origin.line, key, proof);
	*ret_view = view;
}

void
policy_view(const struct policy *policy, const char *domain, bool subtree,
	    struct policy_view *ret_view)
{
	view_entry(policy,
		   subtree ? domain_table_find_subtree(&policy->remote, domain)
			   : domain_table_find(&policy->remote, domain),
		   ret_view);
}

void
policy_view_default(const struct policy *policy, struct policy_view *ret_view)
{
	view_entry(policy, NULL, ret_view);
}

void
policy_view_done(struct policy_view *view)
{
	free(view->pattern);
	view->pattern = NULL;
}

bool
policy_names(const struct policy *policy, const char *domain, bool subtree)
{
	const struct domain_entry *e = subtree ? domain_table_find_subtree(&policy->remote, domain)
					       : domain_table_find(&policy->remote, domain);

	return e != NULL && e->subtree == subtree && strcmp(e->domain, domain) == 0;
}

size_t
policy_domains_len(const struct policy *policy)
{
	return policy->remote.len;
}

const char *
policy_domain(const struct policy *policy, size_t i, bool *ret_subtree)
{
	*ret_subtree = policy->remote.entries[i]->subtree;
	return policy->remote.entries[i]->domain;
}

size_t
policy_rules_len(const struct policy *policy)
{
	return policy->rules_len;
}

void
policy_view_rule(const struct policy *policy, size_t i, struct policy_rule_view *ret_view)
{
	const struct policy_rule *rule = &policy->rules[i];

	*ret_view = (struct policy_rule_view){
		.name = rule->name,
		.text = rule->text,
		.file = policy->files[rule->file - 1],
		.line = rule->line,
	};
}

bool
policy_rule_is_for(const struct policy *policy, size_t i, const char *domain)
{
	const struct domain_table *domains = &policy->rules[i].domain;

	return domains->len == 0 || domain_table_find(domains, domain) != NULL;
}

size_t
policy_settings_len(void)
{
	return policy_items_len;
}

void
policy_view_setting(const struct policy *policy, size_t i, struct policy_setting_view *ret_view)
{
	const struct config_item *item = &policy_items[i];
	const void *at = (const char *)policy + item->offset;

	*ret_view = (struct policy_setting_view){ .key = item->key };
	if (item->type == CONFIG_LIST)
		ret_view->list = at;
	else if (item->type == CONFIG_CHOICE)
		ret_view->word = item->choices[*(const int *)at];
	else if (item->type == CONFIG_TEXT && at != (const void *)&policy->domains_file)
		ret_view->word = *(char *const *)at;
}

const struct config_list *
policy_local_domains(const struct policy *policy)
{
	return &policy->local_domains;
}

const char *
policy_rows_file(const struct policy *policy)
{
	return file_of(policy, policy->rows_at);
}

const char *
policy_domains_file(const struct policy *policy)
{
	return policy->listed_file == 0 ? NULL : policy->files[policy->listed_file - 1];
}
