/*
 * rules_read.c: the rules of a policy file.
 *
 * Every condition is read into the form it is compared in, so that one that
 * could never match is an error here and not a surprise later.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/count.h"
#include "policy/domain.h"
#include "policy/rule.h"

#define RULES_MAX 1000

struct rule_text {
	char *name;
	int action; /* -1: not said */
	bool forwarded, spam;
	struct config_list class, status, domain, original, client, reporting_mta, proof;
	int64_t larger_bytes, older_ms, mark_ms;
	char *limit, *storm, *harvest;
	int per; /* enum rule_per; -1: not said */
};

/* In the order of enum rule_per. */
static const char *const per_choices[] = { "address", "domain", "client", "original", NULL };

#define AT(member) offsetof(struct rule_text, member)
const struct config_item policy_rule_items[] = {
	{ "name", CONFIG_TEXT, AT(name), NULL, 1, 64, NULL, "as records call it" },
	{ "class", CONFIG_LIST, AT(class), NULL, 0, 0, NULL, "what it is" },
	{ "status", CONFIG_LIST, AT(status), NULL, 0, 0, NULL, "of every recipient it reports" },
	{ "domain", CONFIG_LIST, AT(domain), NULL, 0, 0, NULL, "who would be told" },
	{ "original", CONFIG_LIST, AT(original), NULL, 0, 0, NULL, "every recipient it reports" },
	{ "client", CONFIG_LIST, AT(client), NULL, 0, 0, NULL,
	  "the network the returned message came from" },
	{ "reporting_mta", CONFIG_LIST, AT(reporting_mta), NULL, 0, 0, NULL, "who made it" },
	{ "proof", CONFIG_LIST, AT(proof), NULL, 0, 0, NULL, "whether the sender was who he said" },
	{ "spam", CONFIG_BOOL, AT(spam), NULL, 0, 0, NULL,
	  "whether a filter marked the returned message" },
	{ "forwarded", CONFIG_BOOL, AT(forwarded), "false", 0, 0, NULL,
	  "whether it is for a local user who forwards" },
	{ "larger", CONFIG_BYTES, AT(larger_bytes), NULL, 1, INT64_C(1) << 40, NULL,
	  "more bytes than this" },
	{ "older", CONFIG_SPAN, AT(older_ms), NULL, 1, 3660 * CLOCK_DAY_MS, NULL,
	  "the returned message came longer before than this" },
	{ "limit", CONFIG_TEXT, AT(limit), NULL, 0, 0, NULL, "at most so many are sent" },
	{ "storm", CONFIG_TEXT, AT(storm), NULL, 0, 0, NULL, "more than so many are a storm" },
	{ "harvest", CONFIG_TEXT, AT(harvest), NULL, 0, 0, NULL,
	  "more unknown recipients than this mark a client" },
	{ "per", CONFIG_CHOICE, AT(per), NULL, 0, 0, per_choices, "what those share" },
	{ "mark", CONFIG_SPAN, AT(mark_ms), "1d", CLOCK_SECOND_MS, 366 * CLOCK_DAY_MS, NULL,
	  "how long a client stays marked" },
	{ "action", CONFIG_CHOICE, AT(action), NULL, 0, 0, policy_action_choices, "what is done" },
};
const size_t policy_rule_items_len = sizeof(policy_rule_items) / sizeof(policy_rule_items[0]);

struct reading {
	struct policy *policy;
	const struct config_file *file;
	const config_setting_t *at; /* the rule */
	const struct rule_text *text;
	struct policy_rule *rule;
	struct buffer *warnings;
	struct error *err;
};

/* The i-th value of a key, which may also be a single text. */
static const config_setting_t *
value_at(const struct reading *r, const char *key, size_t i)
{
	const config_setting_t *list = config_setting_get_member(r->at, key);

	return config_setting_is_aggregate(list) ? config_setting_get_elem(list, (unsigned)i)
						 : list;
}

static int
bad_value(const struct reading *r, const char *key, size_t i, const char *value, const char *wrong)
{
	AUTO(freep) char *shown = text_to_printable(span_of(value));

	return config_error(r->file, value_at(r, key, i), r->err, "%s: \"%.80s\": %s", key, shown,
			    wrong);
}

/* An empty list would never match. */
static int
check_lists(const struct reading *r)
{
	for (size_t i = 0; i < policy_rule_items_len; i++) {
		const struct config_item *item = &policy_rule_items[i];
		const config_setting_t *at = config_setting_get_member(r->at, item->key);
		const struct config_list *list =
			(const void *)((const char *)r->text + item->offset);

		if (item->type == CONFIG_LIST && at != NULL && list->len == 0)
			return config_error(r->file, at, r->err,
					    "%s: an empty list matches nothing", item->key);
	}
	return 0;
}

static int
take_classes(const struct reading *r)
{
	const struct config_list *list = &r->text->class;

	for (size_t i = 0; i < list->len; i++) {
		enum facts_class class;

		if (facts_class_from_name(list->items[i], &class) == 0 || class == FACTS_MAIL)
			return bad_value(r, "class", i, list->items[i],
					 "failed, delayed, delivered, relayed, expanded, receipt, "
					 "auto-reply, abuse-report or unknown is expected");
		r->rule->classes |= 1U << class;
	}
	return 0;
}

static int
take_proofs(const struct reading *r)
{
	const struct config_list *list = &r->text->proof;

	for (size_t i = 0; i < list->len; i++) {
		enum policy_proof proof;

		if (policy_proof_from_name(list->items[i], &proof) == 0)
			return bad_value(r, "proof", i, list->items[i],
					 "proved, forged or none is expected");
		r->rule->proofs |= 1U << proof;
	}
	return 0;
}

/* RFC 3463 2: class "." subject "." detail, of which the last ones may be "*". */
bool
policy_is_status_pattern(const char *text)
{
	int parts = 1;
	size_t digits = 0;

	if (*text == '\0' || strchr("245", *text) == NULL || text[1] != '.')
		return false;
	for (text += 2, parts = 2; *text != '\0'; text++) {
		if (*text == '*')
			return digits == 0 && text[1] == '\0';
		if (*text == '.' && digits > 0 && parts == 2) {
			parts = 3;
			digits = 0;
		} else if (*text < '0' || *text > '9' || ++digits > 3) {
			return false;
		}
	}
	return parts == 3 && digits > 0;
}

static int
take_status(const struct reading *r)
{
	const struct config_list *list = &r->text->status;

	for (size_t i = 0; i < list->len; i++)
		if (!policy_is_status_pattern(list->items[i]))
			return bad_value(r, "status", i, list->items[i],
					 "a status as 5.1.1, 5.1.* or 5.* is expected");
	r->rule->status.items = xcalloc(list->len + 1, sizeof(*list->items));
	for (; r->rule->status.len < list->len; r->rule->status.len++)
		r->rule->status.items[r->rule->status.len] =
			xstrdup(list->items[r->rule->status.len]);
	return 0;
}

static int
take_domains(const struct reading *r, const char *key, const struct config_list *list,
	     struct domain_table *table)
{
	const struct domain_entry *first, *second;

	for (size_t i = 0; i < list->len; i++) {
		const char *wrong;
		bool subtree;
		AUTO(freep) char *domain = domain_read(list->items[i], &subtree, &wrong);

		if (domain == NULL)
			return bad_value(r, key, i, list->items[i], wrong);
		(void)domain_table_add(table, domain, subtree, i);
	}
	if (domain_table_index(table, &first, &second) == 1)
		return bad_value(r, key, second->value, list->items[second->value],
				 "is there twice");
	return 0;
}

static int
take_address(const struct reading *r, size_t i)
{
	const char *text = r->text->original.items[i], *at = strrchr(text, '@'), *wrong = NULL;
	struct rule_address *a = &r->rule->original[r->rule->original_len];

	if (at == NULL || at == text)
		return bad_value(r, "original", i, text,
				 "an address as user@example.org or *@*.example.org is expected");
	if (strcmp(at + 1, "*") != 0 &&
	    (a->domain = domain_read(at + 1, &a->subtree, &wrong)) == NULL)
		return bad_value(r, "original", i, text, wrong);
	r->rule->original_len++;
	if (at - text != 1 || text[0] != '*')
		a->local_part = xstrndup(text, (size_t)(at - text));
	if (a->local_part != NULL && strchr(a->local_part, '*') != NULL)
		return bad_value(r, "original", i, text,
				 "before the \"@\" a \"*\" can only stand alone");
	return 0;
}

static int
take_addresses(const struct reading *r)
{
	r->rule->original = xcalloc(r->text->original.len + 1, sizeof(*r->rule->original));
	for (size_t i = 0; i < r->text->original.len; i++)
		if (take_address(r, i) < 0)
			return -1;
	return 0;
}

static int
take_networks(const struct reading *r)
{
	const struct config_list *list = &r->text->client;

	r->rule->client = xcalloc(list->len + 1, sizeof(*r->rule->client));
	for (size_t i = 0; i < list->len; i++) {
		const char *wrong = network_read(list->items[i], &r->rule->client[i]);

		if (wrong != NULL)
			return bad_value(r, "client", i, list->items[i], wrong);
		r->rule->client_len++;
	}
	return 0;
}

static const struct count_form {
	const char *key;
	size_t offset;
	enum policy_budget_kind kind;
} count_forms[] = {
	{ "limit", AT(limit), POLICY_BUDGET_LIMIT },
	{ "storm", AT(storm), POLICY_BUDGET_STORM },
	{ "harvest", AT(harvest), POLICY_BUDGET_HARVEST },
};
#define COUNT_FORMS (sizeof(count_forms) / sizeof(count_forms[0]))

static const char *
count_text(const struct rule_text *text, const struct count_form *form)
{
	return *(char *const *)((const char *)text + form->offset);
}

/* The first that the rule says; NULL: it counts nothing. */
static const struct count_form *
count_form_of(const struct rule_text *text)
{
	for (size_t i = 0; i < COUNT_FORMS; i++)
		if (count_text(text, &count_forms[i]) != NULL)
			return &count_forms[i];
	return NULL;
}

static int
wrong_count(const struct reading *r, const char *key, const char *wrong)
{
	return config_error(r->file, config_setting_get_member(r->at, key), r->err, "%s: %s", key,
			    wrong);
}

/* Keys that belong to a count that is not there. */
static int
check_count_keys(const struct reading *r, const struct count_form *form)
{
	bool harvest = form != NULL && form->kind == POLICY_BUDGET_HARVEST;

	if (form == NULL && r->text->per >= 0)
		return wrong_count(r, "per", "there is no limit or storm that it belongs to");
	if (harvest && r->text->per >= 0)
		return wrong_count(r, "per", "harvest is always per client");
	if (!harvest && config_setting_get_member(r->at, "mark") != NULL)
		return wrong_count(r, "mark", "there is no harvest that it belongs to");
	return 0;
}

/* One count a rule, of what it can be of. */
static int
check_count(const struct reading *r, const struct count_form *form)
{
	if (check_count_keys(r, form) < 0)
		return -1;
	if (form == NULL)
		return 0;
	for (const struct count_form *other = form + 1; other < count_forms + COUNT_FORMS; other++)
		if (count_text(r->text, other) != NULL)
			return wrong_count(r, other->key,
					   "a rule has one count: limit, storm or harvest");
	if (r->text->action == POLICY_SEND)
		return wrong_count(r, "action",
				   "what is beyond a count is held or deleted: \"hold\" or "
				   "\"delete\" is expected");
	if (form->kind == POLICY_BUDGET_LIMIT && r->text->per != RULE_PER_ADDRESS &&
	    r->text->per != RULE_PER_DOMAIN)
		return wrong_count(r, r->text->per < 0 ? "limit" : "per",
				   "limit needs per = \"address\" or per = \"domain\"");
	if (form->kind == POLICY_BUDGET_STORM && r->text->per < 0)
		return wrong_count(r, "storm",
				   "it needs per = \"address\", \"domain\", \"client\" or "
				   "\"original\"");
	return 0;
}

static int
take_count(const struct reading *r)
{
	const struct count_form *form = count_form_of(r->text);
	struct rule_count *count = &r->rule->count;
	const char *text, *wrong;

	if (check_count(r, form) < 0)
		return -1;
	if (form == NULL)
		return 0;
	count->kind = form->kind;
	count->per =
		form->kind == POLICY_BUDGET_HARVEST ? RULE_PER_CLIENT : (enum rule_per)r->text->per;
	count->mark_ms = r->text->mark_ms;
	text = count_text(r->text, form);
	if ((wrong = count_read(text, &count->max, &count->window_ms)) != NULL)
		return bad_value(r, form->key, 0, text, wrong);
	return 0;
}

/* Names that records have for what is no rule. */
static bool
is_taken(const char *name)
{
	static const char *const taken[] = {
		"local",   "no-recipient", "bad-recipient", "routed-recipient", "limits",
		"mail",    "truncated",    "unreadable",    "cannot-strip",     "loop",
		"badmail", "copy",         "digest",
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(name, taken[i]) == 0)
			return true;
	return false;
}

static int
check_name(const struct reading *r)
{
	const config_setting_t *at = config_setting_get_member(r->at, "name");

	if (r->text->name == NULL || (r->text->action < 0 && count_form_of(r->text) == NULL))
		return config_error(r->file, r->at, r->err, "rules: a rule needs name and action");
	if (!policy_name_is_clean(r->text->name))
		return config_error(r->file, at, r->err,
				    "name: plain words without quotes, backslashes or control "
				    "characters are expected");
	if (is_taken(r->text->name))
		return config_error(r->file, at, r->err,
				    "name: \"%s\" has a meaning of its own in records",
				    r->text->name);
	return 0;
}

/* For people: where it stands, and what it says behind its name. */
static void
take_place(const struct reading *r)
{
	struct policy_origin origin = policy_origin_of(r->policy, r->file, r->at);
	struct buffer text = { 0 };

	for (size_t i = 1; i < policy_rule_items_len; i++)
		if (config_setting_get_member(r->at, policy_rule_items[i].key) != NULL)
			config_show(&policy_rule_items[i], 1, r->text, false, &text);
	r->rule->text = buffer_take(&text);
	r->rule->file = origin.file;
	r->rule->line = origin.line;
}

static int
take_text(const struct reading *r)
{
	if (check_name(r) < 0 || check_lists(r) < 0)
		return -1;
	take_place(r);
	r->rule->name = xstrdup(r->text->name);
	r->rule->action = r->text->action < 0 ? POLICY_HOLD : (enum policy_action)r->text->action;
	r->rule->larger_bytes = r->text->larger_bytes;
	r->rule->older_ms = r->text->older_ms;
	r->rule->forwarded = r->text->forwarded;
	r->rule->has_spam = config_setting_get_member(r->at, "spam") != NULL;
	r->rule->spam = r->text->spam;
	if (take_classes(r) < 0 || take_proofs(r) < 0 || take_status(r) < 0 ||
	    take_addresses(r) < 0 || take_networks(r) < 0 || take_count(r) < 0)
		return -1;
	if (take_domains(r, "domain", &r->text->domain, &r->rule->domain) < 0)
		return -1;
	return take_domains(r, "reporting_mta", &r->text->reporting_mta, &r->rule->reporting_mta);
}

static bool
has_condition(const struct policy_rule *rule)
{
	return rule->forwarded || rule->classes != 0 || rule->status.len > 0 ||
	       rule->domain.len > 0 || rule->original_len > 0 || rule->client_len > 0 ||
	       rule->reporting_mta.len > 0 || rule->proofs != 0 || rule->has_spam ||
	       rule->larger_bytes > 0 || rule->older_ms > 0;
}

static void
warn_rule(const struct reading *r)
{
	const struct policy_rule *rule = r->rule;
	bool only_local = rule->domain.len > 0;

	for (size_t i = 0; i < rule->domain.len; i++)
		only_local &= policy_pattern_is_local(r->policy, rule->domain.entries[i]->domain,
						      rule->domain.entries[i]->subtree);
	if (only_local)
		policy_warn(r->warnings, r->file, r->at,
			    "%s: the domain is local, so the rule is only for what SRS hides",
			    rule->name);
	if (!has_condition(rule) && rule->count.max == 0)
		policy_warn(r->warnings, r->file, r->at,
			    "%s: the rule has no condition, so no other rule nor row behind it "
			    "decides",
			    rule->name);
	if (rule->proofs != 0 && (rule->proofs & 1U << POLICY_PROOF_NONE) == 0 &&
	    r->policy->our_hosts.len == 0)
		policy_warn(r->warnings, r->file, r->at,
			    "%s: never matches without our_hosts: nobody is proved or forged",
			    rule->name);
	if (rule->action == POLICY_DELETE && (rule->classes & 1U << FACTS_UNKNOWN) != 0)
		policy_warn(r->warnings, r->file, r->at,
			    "%s: \"delete\" for class unknown deletes what may be anything",
			    rule->name);
	if (rule->count.max > 0 && rule->count.per == RULE_PER_CLIENT &&
	    r->policy->our_hosts.len == 0)
		policy_warn(r->warnings, r->file, r->at,
			    "%s: counts nothing without our_hosts: the client is not known",
			    rule->name);
}

static int
read_rule(struct reading *r)
{
	struct rule_text text = { 0 };
	int rc;

	r->text = &text;
	if (!config_setting_is_group(r->at))
		return config_error(r->file, r->at, r->err,
				    "rules: a rule is a group: { name = \"…\"; action = \"…\"; }");
	config_defaults(policy_rule_items, policy_rule_items_len, &text);
	rc = config_fill(r->file, r->at, policy_rule_items, policy_rule_items_len, NULL, &text,
			 r->err);
	if (rc == 0)
		rc = take_text(r);
	if (rc == 0)
		warn_rule(r);
	config_free_items(policy_rule_items, policy_rule_items_len, &text);
	return rc;
}

static int
check_twice(const struct reading *r)
{
	for (const struct policy_rule *other = r->policy->rules; other != r->rule; other++)
		if (strcmp(other->name, r->rule->name) == 0)
			return config_error(r->file, config_setting_get_member(r->at, "name"),
					    r->err, "name: \"%s\" is the name of a rule already",
					    other->name);
	return 0;
}

int
policy_rules_read(struct policy *policy, const struct config_file *file, struct buffer *warnings,
		  struct error *err)
{
	const config_setting_t *list = config_find(file, "rules");
	struct reading r = { .policy = policy, .file = file, .warnings = warnings, .err = err };
	int len = list != NULL ? config_setting_length(list) : 0, counting = 0;

	if (list != NULL && !config_setting_is_list(list))
		return config_error(file, list, err,
				    "rules: a list of groups is expected: ( { … }, { … } )");
	if (len > RULES_MAX)
		return config_error(file, list, err, "rules: more than %d", RULES_MAX);
	policy->rules = xcalloc((size_t)len + 1, sizeof(*policy->rules));
	for (int i = 0; i < len; i++) {
		r.at = config_setting_get_elem(list, (unsigned)i);
		r.rule = &policy->rules[policy->rules_len++];
		if (read_rule(&r) < 0 || check_twice(&r) < 0)
			return -1;
		counting += r.rule->count.max > 0;
		if (counting > POLICY_BUDGETS_MAX)
			return config_error(file, r.at, err, "rules: more than %d that count",
					    POLICY_BUDGETS_MAX);
	}
	return 0;
}

void
policy_rules_free(struct policy_rule *rules, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct policy_rule *rule = &rules[i];

		free(rule->name);
		free(rule->text);
		for (size_t s = 0; s < rule->status.len; s++)
			free(rule->status.items[s]);
		free(rule->status.items);
		domain_table_done(&rule->domain);
		for (size_t a = 0; a < rule->original_len; a++) {
			free(rule->original[a].local_part);
			free(rule->original[a].domain);
		}
		free(rule->original);
		free(rule->client);
		domain_table_done(&rule->reporting_mta);
	}
	free(rules);
}
