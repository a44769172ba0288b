/*
 * cmd_policy_show.c: what a policy says, and what another says differently.
 *
 *	ndrq policy show [--file FILE] [DOMAIN]
 *	ndrq policy diff A B
 *
 * Reads the files only; neither the store nor the daemon is asked. show
 * gives every value with the file and line that said it. diff compares what
 * two policies do, not how they are written: for each domain that either of
 * them names, the values that differ and are not just those of the row for
 * "*".
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
	return a->action == b->action && a->file == b->file && a->line == b->line;
}

static void
print_value(enum policy_key key, const char *proof, const struct policy_value *value)
{
	AUTO(freep)
	char *name = xasprintf("%s%s%s", policy_key_name(key), *proof != '\0' ? "." : "", proof);

	(void)printf("  %-23s %-7s ", name, policy_action_name(value->action));
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
value_json(const struct policy_value *value)
{
	json_t *object = json_pack("{s:s}", "action", policy_action_name(value->action));

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
		json_t *of = json_object();

		for (enum policy_proof p = 0; p < POLICY_PROOFS; p++)
			(void)json_object_set_new(of, policy_proof_name(p),
						  value_json(&view->values[key][p]));
		(void)json_object_set_new(values, policy_key_name(key), of);
	}
	output_json_take(json_pack("{s:s*, s:s, s:s, s:s*, s:I, s:o}", "asked", domain, "row",
				   view->name, "domain", pattern, "file", file, "line",
				   (json_int_t)view->line, "values", values));
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

/* ---- diff ---------------------------------------------------------------------- */

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
		differs[p] = a[p].action != b[p].action && !(a[p].inherited && b[p].inherited);
		same_way &= differs[p] && a[p].action == a[0].action && b[p].action == b[0].action;
	}
	if (same_way) {
		show_change(json, pattern, policy_key_name(key), policy_action_name(a[0].action),
			    policy_action_name(b[0].action));
		return;
	}
	for (enum policy_proof p = 0; p < POLICY_PROOFS; p++) {
		AUTO(freep)
		char *name = xasprintf("%s.%s", policy_key_name(key), policy_proof_name(p));

		if (differs[p])
			show_change(json, pattern, name, policy_action_name(a[p].action),
				    policy_action_name(b[p].action));
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
diff_policies(bool json, const struct policy *a, const struct policy *b)
{
	AUTO(policy_view_done) struct policy_view in_a = { .pattern = NULL };
	AUTO(policy_view_done) struct policy_view in_b = { .pattern = NULL };
	bool subtree;

	if (policy_observes(a) != policy_observes(b))
		show_change(json, "*", "mode", policy_observes(a) ? "observe" : "enforce",
			    policy_observes(b) ? "observe" : "enforce");
	diff_local(json, policy_local_domains(a), policy_local_domains(b));
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
