/*
 * cmd_policy_show.c: what a policy says.
 *
 *	ndrq policy show [--file FILE] [DOMAIN]
 *
 * Reads the files only; neither the store nor the daemon is asked. Every
 * value is given with the file and line that said it, and ahead of the row
 * the rules that may decide before it.
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

enum { OPTION_FILE = OPTION_OWN };

const struct verb_option policy_show_options[] = {
	{ "file", OPTION_FILE, "FILE", "the policy, instead of the one in ndrq.conf" },
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

/* "policy.conf:12", or that nobody said it. */
static void
print_place(const char *file, unsigned line)
{
	if (file == NULL) {
		(void)puts("as shipped");
		return;
	}
	print_words(file);
	(void)printf(":%u\n", line);
}

static bool
same_value(const struct policy_value *a, const struct policy_value *b)
{
	return a->value == b->value && a->file == b->file && a->line == b->line;
}

static void
print_value(enum policy_key key, const char *proof, const struct policy_value *value)
{
	AUTO(freep)
	char *name = xasprintf("%s%s%s", policy_key_name(key), *proof != '\0' ? "." : "", proof);

	(void)printf("  %-23s %-7s ", name, policy_value_name(key, value->value));
	print_place(value->file, value->line);
}

static void
print_key(enum policy_key key, const struct policy_value values[POLICY_PROOFS])
{
	static const enum policy_proof order[] = { POLICY_PROOF_PROVED, POLICY_PROOF_FORGED,
						   POLICY_PROOF_NONE };

	if (same_value(&values[0], &values[1]) && same_value(&values[0], &values[2])) {
		print_value(key, "", &values[0]);
		return;
	}
	for (size_t i = 0; i < POLICY_PROOFS; i++)
		print_value(key, policy_proof_name(order[i]), &values[order[i]]);
}

/* "Fabrikam  *.fabrikam.example  policy.conf:12" and its values below. */
static void
print_view(const struct policy_view *view, bool inherited_too)
{
	if (strcmp(view->name, view->pattern) != 0) {
		print_words(view->name);
		(void)fputs("  ", stdout);
	}
	print_words(view->pattern);
	(void)fputs("  ", stdout);
	print_place(view->file, view->line);
	for (enum policy_key key = 0; key < POLICY_KEYS; key++) {
		const struct policy_value *values = view->values[key];
		bool own = false;

		for (enum policy_proof p = 0; p < POLICY_PROOFS; p++)
			own |= values[p].file != NULL && !values[p].inherited;
		if (own || inherited_too)
			print_key(key, values);
	}
}

static json_t *
value_json(enum policy_key key, const struct policy_value *value)
{
	const char *name = policy_value_name(key, value->value);
	json_t *object = json_object();

	(void)json_object_set_new(object, key < POLICY_ACTION_KEYS ? "action" : "value",
				  policy_key_is_flag(key) ? json_boolean(strcmp(name, "true") == 0)
							  : json_string(name));
	if (value->file != NULL) {
		AUTO(freep) char *file = text_to_utf8(span_of(value->file));

		(void)json_object_set_new(object, "file", json_string(file));
		(void)json_object_set_new(object, "line", json_integer(value->line));
	}
	if (value->inherited)
		(void)json_object_set_new(object, "inherited", json_true());
	return object;
}

static void
output_view(const char *domain, const struct policy_view *view)
{
	AUTO(freep) char *file = view->file != NULL ? text_to_utf8(span_of(view->file)) : NULL;
	AUTO(freep) char *pattern = text_to_utf8(span_of(view->pattern));
	json_t *values = json_object();

	for (enum policy_key key = 0; key < POLICY_KEYS; key++) {
		const struct policy_value *by_proof = view->values[key];
		json_t *of = key < POLICY_ACTION_KEYS ? json_object() : value_json(key, by_proof);

		for (enum policy_proof p = 0; key < POLICY_ACTION_KEYS && p < POLICY_PROOFS; p++)
			(void)json_object_set_new(of, policy_proof_name(p),
						  value_json(key, &by_proof[p]));
		(void)json_object_set_new(values, policy_key_name(key), of);
	}
	output_json_take(json_pack("{s:s*, s:s, s:s, s:s*, s:I, s:o}", "asked", domain, "row",
				   view->name, "domain", pattern, "file", file, "line",
				   (json_int_t)view->line, "values", values));
}

static void
show_rule(const struct tool *tool, const struct policy *policy, size_t i)
{
	struct policy_rule_view rule;
	const char *line;

	policy_view_rule(policy, i, &rule);
	if (tool->json) {
		AUTO(freep) char *file = text_to_utf8(span_of(rule.file));
		AUTO(freep) char *text = text_to_utf8(span_of(rule.text));

		output_json_take(json_pack("{s:s, s:s, s:I, s:s}", "rule", rule.name, "file", file,
					   "line", (json_int_t)rule.line, "text", text));
		return;
	}
	(void)fputs("rule  ", stdout);
	print_words(rule.name);
	(void)fputs("  ", stdout);
	print_place(rule.file, rule.line);
	for (line = rule.text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		AUTO(freep) char *words = xstrndup(line, strcspn(line, "\n"));

		(void)fputs("  ", stdout);
		print_words(words);
		(void)putchar('\n');
	}
}

static void
show_view(const struct tool *tool, const char *asked, const struct policy_view *view, bool all)
{
	if (tool->json)
		output_view(asked, view);
	else
		print_view(view, all);
}

static void
show_domain(const struct tool *tool, const struct policy *policy, const char *domain, bool subtree)
{
	AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };
	bool local = policy_domain_is_local(policy, domain);

	policy_view(policy, domain, subtree, &view);
	if (local && tool->json) {
		output_json_take(json_pack("{s:s, s:b}", "asked", domain, "local", 1));
		return;
	}
	if (local) {
		print_words(domain);
		(void)puts("  is local: everything is sent; the row is only for what SRS hides");
	}
	for (size_t i = 0; !local && i < policy_rules_len(policy); i++)
		if (policy_rule_is_for(policy, i, domain))
			show_rule(tool, policy, i);
	show_view(tool, domain, &view, true);
}

static void
show_all(const struct tool *tool, const struct policy *policy)
{
	AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };
	size_t listed = 0;

	if (!tool->json) {
		const struct config_list *local = policy_local_domains(policy);

		(void)printf("mode  %s\nlocal_domains ",
			     policy_observes(policy) ? "observe" : "enforce");
		for (size_t i = 0; i < local->len; i++) {
			(void)putchar(' ');
			print_words(local->items[i]);
		}
		(void)putchar('\n');
	}
	for (size_t i = 0; i < policy_rules_len(policy); i++)
		show_rule(tool, policy, i);
	policy_view_default(policy, &view);
	show_view(tool, NULL, &view, true);
	for (size_t i = 0; i < policy_domains_len(policy); i++) {
		AUTO(policy_view_done) struct policy_view row = { .pattern = NULL };
		bool subtree;
		const char *domain = policy_domain(policy, i, &subtree);

		policy_view(policy, domain, subtree, &row);
		if (!row.listed || tool->json)
			show_view(tool, NULL, &row, false);
		else
			listed++;
	}
	if (listed > 0) {
		(void)printf("%zu more in ", listed);
		print_words(policy_domains_file(policy));
		(void)putchar('\n');
	}
}

int
policy_show(const struct tool *tool, int argc, char **argv)
{
	struct tool as_asked = *tool;
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(freep) char *path = NULL;
	AUTO(freep) char *domain = NULL;
	const char *given = NULL;
	bool subtree = false;
	int option, rc;

	while ((option = option_next(policy_show_options, argc, argv)) != OPTION_END)
		switch (option) {
		case OPTION_FILE:
			given = optarg;
			break;
		case OPTION_JSON:
			as_asked.json = true;
			break;
		case OPTION_HELP:
			(void)puts("usage: ndrq policy show [--file FILE] [DOMAIN]\n"
				   "Shows what decides for DOMAIN, or all rows, and where each "
				   "value was said.");
			options_print(policy_show_options, stdout);
			return EX_OK;
		default:
			return EX_USAGE;
		}
	if (argc - optind > 1) {
		complain("policy show: one domain is expected, not %d", argc - optind);
		return EX_USAGE;
	}
	if (optind < argc && (rc = policy_argument(argv[optind], &domain, &subtree)) != EX_OK)
		return rc;
	if ((rc = policy_path(tool, given, &path)) != EX_OK ||
	    (rc = policy_load(path, &policy, NULL)) != EX_OK)
		return rc;
	if (domain != NULL) {
		show_domain(&as_asked, policy, domain, subtree);
	} else if (optind < argc) {
		AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };

		policy_view_default(policy, &view);
		show_view(&as_asked, NULL, &view, true);
	} else {
		show_all(&as_asked, policy);
	}
	return output_finish();
}
