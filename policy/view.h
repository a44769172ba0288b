/*
 * view.h: what a policy says of a domain, and where it says so.
 *
 * For people and tools; a decision needs none of it. What is seen is borrowed
 * from the policy, but for the pattern.
 */
#ifndef POLICY_VIEW_H
#define POLICY_VIEW_H

#include "base/config.h"
#include "policy/policy.h"

/* The keys of a row, in the order of policy.conf(5): first those that hold an action. */
enum policy_key {
	POLICY_KEY_NDR,
	POLICY_KEY_DELAY,
	POLICY_KEY_DELIVERY_REPORT,
	POLICY_KEY_RECEIPT,
	POLICY_KEY_AUTO_REPLY,
	POLICY_KEY_ABUSE_REPORT,
	POLICY_KEY_UNKNOWN,
	POLICY_KEY_FORWARDED,
	POLICY_KEY_NDR_DIAGNOSTICS,
	POLICY_KEY_RETURNED,
	POLICY_KEY_COPY,
};
#define POLICY_ACTION_KEYS (POLICY_KEY_FORWARDED + 1)
#define POLICY_KEYS        (POLICY_KEY_COPY + 1)

const char *policy_key_name(enum policy_key key); /* "ndr", "delivery_report" … */
/* 1 found, 0 no such key. */
int policy_key_from_name(struct span name, enum policy_key *ret_key);
/* "ndr.none" or "ndr": *ret_proof is POLICY_PROOFS for all, as always where no action is held.
 * 1 found, 0 no such key. */
int policy_member_from_name(struct span name, enum policy_key *ret_key,
			    enum policy_proof *ret_proof);
/* 1 found, 0 no such action. */
int policy_action_from_name(struct span name, enum policy_action *ret_action);

/*
 * A value is a number: enum policy_action, policy_returned or policy_copy;
 * ndr_diagnostics is 0 for true and 1 for false, so that 0 is what every key
 * without an action ships with.
 */
const char *policy_value_name(enum policy_key key, int value); /* "send", "false", "headers" */
/* 1 found, 0 the key takes no such value. */
int policy_value_from_name(enum policy_key key, struct span name, int *ret_value);
const char *policy_values_expected(enum policy_key key); /* "send, hold or delete" */
/* true and false stand in a file without quotes. */
bool policy_key_is_flag(enum policy_key key);

struct policy_value {
	int value;
	const char *file; /* NULL: nobody said it, it is as shipped */
	unsigned line;
	bool inherited; /* from the row for "*" */
};

#define POLICY_NAME_SIZE 65
struct policy_view {
	char name[POLICY_NAME_SIZE]; /* as records call it */
	char *pattern;               /* "fabrikam.example", "*.fabrikam.example", "*" */
	const char *file;            /* where the row stands; NULL: nowhere, it is as shipped */
	unsigned line;
	bool listed; /* in domains_file */
	struct policy_value values[POLICY_KEYS][POLICY_PROOFS];
};

/* What decides for a domain (normalised), or with subtree for all that is below it. */
void policy_view(const struct policy *policy, const char *domain, bool subtree,
		 struct policy_view *ret_view);
/* The row for "*". */
void policy_view_default(const struct policy *policy, struct policy_view *ret_view);
void policy_view_done(struct policy_view *view);

/* Is there a row or a line for exactly this? */
bool policy_names(const struct policy *policy, const char *domain, bool subtree);

/* The domains that have a row or a line, but for "*": first the rows as they stand, then the lines.
 */
size_t policy_domains_len(const struct policy *policy);
const char *policy_domain(const struct policy *policy, size_t i, bool *ret_subtree);

/* The rules, in their order. text: the keys but name, a line each. */
struct policy_rule_view {
	const char *name, *text, *file;
	unsigned line;
};
size_t policy_rules_len(const struct policy *policy);
void policy_view_rule(const struct policy *policy, size_t i, struct policy_rule_view *ret_view);
/* Could it decide for this domain (normalised)? */
bool policy_rule_is_for(const struct policy *policy, size_t i, const char *domain);

/* What is said once for all: a list, or a word. Both NULL: another sort of key. */
struct policy_setting_view {
	const char *key;
	const struct config_list *list;
	const char *word;
};
size_t policy_settings_len(void);
void policy_view_setting(const struct policy *policy, size_t i,
			 struct policy_setting_view *ret_view);

/* As written. */
const struct config_list *policy_local_domains(const struct policy *policy);

/* Where the policy says remote_domains, and where domains_file is; NULL: it does not. */
const char *policy_rows_file(const struct policy *policy);
const char *policy_domains_file(const struct policy *policy);

#endif
