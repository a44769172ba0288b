/*
 * rules.h: the rules that come before the table, inside policy/.
 */
#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include "base/config.h"
#include "policy/domain_table.h"
#include "policy/network.h"
#include "policy/policy.h"

/* "user@d", "*@*.d": who a notification speaks of. */
struct rule_address {
	char *local_part; /* lower case; NULL: any */
	char *domain;     /* normalised; NULL: any */
	bool subtree;
};

enum rule_per { RULE_PER_ADDRESS, RULE_PER_DOMAIN, RULE_PER_CLIENT, RULE_PER_ORIGINAL };

/* What a rule counts (policy.h, struct policy_budget). */
struct rule_count {
	enum policy_budget_kind kind;
	enum rule_per per;
	int64_t max, window_ms; /* max 0: the rule counts nothing */
	int64_t mark_ms;
};

/* All conditions have to hold; one that is not said holds. */
struct policy_rule {
	char *name;
	enum policy_action action;
	unsigned classes; /* 1 << class; 0: any */
	unsigned proofs;  /* 1 << proof; 0: any */
	bool forwarded;
	bool has_spam, spam;       /* has_spam: it asks for it */
	struct config_list status; /* "5.1.1", "5.1.*" */
	struct domain_table domain;
	struct rule_address *original;
	size_t original_len;
	struct network *client;
	size_t client_len;
	struct domain_table reporting_mta;
	int64_t larger_bytes, older_ms; /* 0: any */
	struct rule_count count;

	char *text;          /* the keys but name, as they may stand in a file, a line each */
	unsigned file, line; /* where it stands (struct policy_origin) */
};

extern const struct config_item policy_rule_items[];
extern const size_t policy_rule_items_len;

/* rules of file into policy->rules; local domains are known. */
struct policy;
int policy_rules_read(struct policy *policy, const struct config_file *file,
		      struct buffer *warnings, struct error *err);
void policy_rules_free(struct policy_rule *rules, size_t len);

/* "5.1.1", "5.1.*" or "5.*" (RFC 3463 2). */
bool policy_is_status_pattern(const char *text);
/* Does one of such a list fit? NULL fits none. */
bool policy_status_in(const struct config_list *list, const char *status);

/* Rules that match and count, in order. */
struct rule_matches {
	const struct policy_rule *items[POLICY_BUDGETS_MAX];
	size_t len;
};

/* The first that matches and does not count; NULL: none. Those before it that match and count go
 * to ret_counting. The proof is known; forwarded: it is for a local user who forwards. */
const struct policy_rule *policy_rules_find(const struct policy_rule *rules, size_t len,
					    const struct policy_subject *subject,
					    const char *judged_domain, bool forwarded,
					    struct rule_matches *ret_counting);

/* What the rule does with a class: what nobody has recognised is deleted only by one that names it.
 */
enum policy_action policy_rule_action(const struct policy_rule *rule, enum facts_class class);

#endif
