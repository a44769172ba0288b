/*
 * cmd_policy_diff.c: what another policy does differently.
 *
 *	ndrq policy diff A B
 *
 * Compares what two policies do, not how they are written: rules by their
 * names, and for each domain that either of them names the values that differ
 * and are not just those of the row for "*".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/view.h"
#include "review/cmd_policy.h"
#include "review/output.h"

const struct verb_option policy_diff_options[] = {
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

static void
print_words(const char *text)
{
	AUTO(freep) char *shown = text_for_people(span_of(text));

	(void)fputs(shown, stdout);
}

static void
show_change(bool json, const char *pattern, const char *key, const char *before, const char *after)
{
	if (json) {
		AUTO(freep) char *domain = text_to_utf8(span_of(pattern));

		output_json_take(json_pack("{s:s, s:s, s:s*, s:s*}", "domain", domain, "key", key,
					   "before", before, "after", after));
		return;
	}
	print_words(pattern);
	(void)fputs(": ", stdout);
	print_words(key);
	(void)printf(": %s -> %s\n", before != NULL ? before : "not there",
		     after != NULL ? after : "not there");
}

static void
diff_key(bool json, const char *pattern, enum policy_key key, const struct policy_value *a,
	 const struct policy_value *b)
{
	bool differs[POLICY_PROOFS], same_way = true;

	for (enum policy_proof p = 0; p < POLICY_PROOFS; p++) {
		differs[p] = a[p].value != b[p].value && !(a[p].inherited && b[p].inherited);
		same_way &= differs[p] && a[p].value == a[0].value && b[p].value == b[0].value;
	}
	if (same_way) {
		show_change(json, pattern, policy_key_name(key), policy_value_name(key, a[0].value),
			    policy_value_name(key, b[0].value));
		return;
	}
	for (enum policy_proof p = 0; p < POLICY_PROOFS; p++) {
		AUTO(freep)
		char *name = xasprintf("%s.%s", policy_key_name(key), policy_proof_name(p));

		if (differs[p])
			show_change(json, pattern, name, policy_value_name(key, a[p].value),
				    policy_value_name(key, b[p].value));
	}
}

/* What is as it ships, or decided by the row for "*", follows that as well. */
static void
count_as_inherited(struct policy_view *view)
{
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof p = 0; p < POLICY_PROOFS; p++)
			view->values[key][p].inherited |= view->values[key][p].file == NULL ||
							  strcmp(view->pattern, "*") == 0;
}

static void
diff_views(bool json, const char *pattern, const struct policy_view *a, const struct policy_view *b)
{
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		diff_key(json, pattern, key, a->values[key], b->values[key]);
}

static void
diff_domain(bool json, const struct policy *a, const struct policy *b, const char *domain,
	    bool subtree)
{
	AUTO(policy_view_done) struct policy_view in_a = { .pattern = NULL };
	AUTO(policy_view_done) struct policy_view in_b = { .pattern = NULL };
	AUTO(freep) char *pattern = xasprintf("%s%s", subtree ? "*." : "", domain);

	policy_view(a, domain, subtree, &in_a);
	policy_view(b, domain, subtree, &in_b);
	count_as_inherited(&in_a);
	count_as_inherited(&in_b);
	diff_views(json, pattern, &in_a, &in_b);
}

static bool
list_has(const struct config_list *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

static void
diff_local(bool json, const struct config_list *a, const struct config_list *b)
{
	for (size_t i = 0; i < a->len; i++)
		if (!list_has(b, a->items[i]))
			show_change(json, a->items[i], "local_domains", "local", NULL);
	for (size_t i = 0; i < b->len; i++)
		if (!list_has(a, b->items[i]))
			show_change(json, b->items[i], "local_domains", NULL, "local");
}

static void
diff_list(bool json, const char *key, const struct config_list *a, const struct config_list *b)
{
	for (size_t i = 0; i < a->len; i++)
		if (!list_has(b, a->items[i]))
			show_change(json, "*", key, a->items[i], NULL);
	for (size_t i = 0; i < b->len; i++)
		if (!list_has(a, b->items[i]))
			show_change(json, "*", key, NULL, b->items[i]);
}

/* What is said once for all: the mode, who we are, whom we believe. */
static void
diff_settings(bool json, const struct policy *a, const struct policy *b)
{
	for (size_t i = 0; i < policy_settings_len(); i++) {
		struct policy_setting_view in_a, in_b;

		policy_view_setting(a, i, &in_a);
		policy_view_setting(b, i, &in_b);
		if (in_a.word != NULL && strcmp(in_a.word, in_b.word) != 0)
			show_change(json, "*", in_a.key, in_a.word, in_b.word);
		if (in_a.list == policy_local_domains(a))
			diff_local(json, in_a.list, in_b.list);
		else if (in_a.list != NULL)
			diff_list(json, in_a.key, in_a.list, in_b.list);
	}
}

/* The i-th rule's text in the other policy; NULL: it has none of this name. */
static const char *
text_in(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy_rules_len(policy); i++) {
		struct policy_rule_view rule;

		policy_view_rule(policy, i, &rule);
		if (strcmp(rule.name, name) == 0)
			return rule.text;
	}
	return NULL;
}

static void
show_rule_change(bool json, const char *name, const char *key, const char *before,
		 const char *after)
{
	if (json) {
		output_json_take(json_pack("{s:s, s:s, s:s*, s:s*}", "rule", name, "key", key,
					   "before", before, "after", after));
		return;
	}
	(void)fputs("rule ", stdout);
	show_change(false, name, key, before, after);
}

static bool
next_line(const char **text, char **ret_line)
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return false;
	*ret_line = xstrndup(*text, len - (len > 0 && (*text)[len - 1] == ';'));
	*text += len + ((*text)[len] == '\n');
	return true;
}

/* "key = value;" of the line in the other text; NULL: not there. The caller's. */
static char *
value_in(const char *text, const char *line)
{
	size_t len = strcspn(line, "=");
	char *other;

	while (next_line(&text, &other)) {
		if (strncmp(other, line, len + 1) == 0)
			return other;
		free(other);
	}
	return NULL;
}

static void
diff_rule_lines(bool json, const char *name, const char *a, const char *b, bool only_missing)
{
	char *line;

	while (next_line(&a, &line)) {
		AUTO(freep) char *key = xstrndup(line, strcspn(line, " ="));
		AUTO(freep) char *other = value_in(b, line);

		if (other == NULL && only_missing)
			show_rule_change(json, name, key, NULL, line + strlen(key) + 3);
		else if (!only_missing && (other == NULL || strcmp(other, line) != 0))
			show_rule_change(json, name, key, line + strlen(key) + 3,
					 other != NULL ? other + strlen(key) + 3 : NULL);
		free(line);
	}
}

/* Rules that both have, in the order of the one, are to stand so in the other. */
static bool
same_order(const struct policy *a, const struct policy *b)
{
	size_t next = 0;

	for (size_t i = 0; i < policy_rules_len(a); i++) {
		struct policy_rule_view in_a, in_b;

		policy_view_rule(a, i, &in_a);
		if (text_in(b, in_a.name) == NULL)
			continue;
		do {
			if (next == policy_rules_len(b))
				return false;
			policy_view_rule(b, next++, &in_b);
		} while (strcmp(in_a.name, in_b.name) != 0);
	}
	return true;
}

static void
diff_rules(bool json, const struct policy *a, const struct policy *b)
{
	struct policy_rule_view rule;

	for (size_t i = 0; i < policy_rules_len(a); i++) {
		const char *other;

		policy_view_rule(a, i, &rule);
		if ((other = text_in(b, rule.name)) == NULL) {
			show_rule_change(json, rule.name, "name", "there", NULL);
			continue;
		}
		diff_rule_lines(json, rule.name, rule.text, other, false);
		diff_rule_lines(json, rule.name, other, rule.text, true);
	}
	for (size_t i = 0; i < policy_rules_len(b); i++) {
		policy_view_rule(b, i, &rule);
		if (text_in(a, rule.name) == NULL)
			show_rule_change(json, rule.name, "name", NULL, "there");
	}
	if (!same_order(a, b))
		show_change(json, "*", "rules", "in one order", "in another");
}

static void
diff_policies(bool json, const struct policy *a, const struct policy *b)
{
	AUTO(policy_view_done) struct policy_view in_a = { .pattern = NULL };
	AUTO(policy_view_done) struct policy_view in_b = { .pattern = NULL };
	bool subtree;

	diff_settings(json, a, b);
	diff_rules(json, a, b);
	policy_view_default(a, &in_a);
	policy_view_default(b, &in_b);
	diff_views(json, "*", &in_a, &in_b);
	for (size_t i = 0; i < policy_domains_len(a); i++) {
		const char *domain = policy_domain(a, i, &subtree);

		diff_domain(json, a, b, domain, subtree);
	}
	for (size_t i = 0; i < policy_domains_len(b); i++) {
		const char *domain = policy_domain(b, i, &subtree);

		if (!policy_names(a, domain, subtree))
			diff_domain(json, a, b, domain, subtree);
	}
}

int
policy_diff(const struct tool *tool, int argc, char **argv)
{
	AUTO(policy_unrefp) struct policy *a = NULL;
	AUTO(policy_unrefp) struct policy *b = NULL;
	bool json = tool->json;
	int option, rc;

	while ((option = option_next(policy_diff_options, argc, argv)) != OPTION_END)
		switch (option) {
		case OPTION_JSON:
			json = true;
			break;
		case OPTION_HELP:
			(void)puts("usage: ndrq policy diff A B\n"
				   "Shows what policy B does differently from policy A; nothing "
				   "when they do the same.");
			options_print(policy_diff_options, stdout);
			return EX_OK;
		default:
			return EX_USAGE;
		}
	if (argc - optind != 2) {
		complain("policy diff: two files are expected");
		return EX_USAGE;
	}
	if ((rc = policy_load(argv[optind], &a, NULL)) != EX_OK ||
	    (rc = policy_load(argv[optind + 1], &b, NULL)) != EX_OK)
		return rc;
	diff_policies(json, a, b);
	return output_finish();
}
