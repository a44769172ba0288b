/*
 * rule.h: what a policy is inside policy/.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/config.h"
#include "policy/domain_table.h"
#include "policy/policy.h"

/* The keys of a row that hold an action, in the order of policy.conf(5). */
enum policy_key {
	POLICY_KEY_NDR,
	POLICY_KEY_DELAY,
	POLICY_KEY_DELIVERY_REPORT,
	POLICY_KEY_RECEIPT,
	POLICY_KEY_AUTO_REPLY,
	POLICY_KEY_ABUSE_REPORT,
	POLICY_KEY_UNKNOWN,
	POLICY_KEY_FORWARDED,
};
#define POLICY_KEYS (POLICY_KEY_FORWARDED + 1)

struct policy_row {
	char *name;
	char *domain; /* as written */
	int actions[POLICY_KEYS];
	const config_setting_t *at; /* only while the file is read */
};

struct policy {
	atomic_size_t refs;
	char revision[65];
	struct buffer text;
	int mode; /* enum policy_mode */
	struct config_list local_domains;
	struct domain_table local;
	struct policy_row *rows; /* rows[0] is the row for "*" */
	size_t rows_len;
	struct domain_table remote; /* its values are indices of rows */
};

enum policy_mode { POLICY_ENFORCE, POLICY_OBSERVE };

/* The keys of the file, and of a row of remote_domains. */
extern const struct config_item policy_items[];
extern const size_t policy_items_len;
extern const struct config_item policy_row_items[];
extern const size_t policy_row_items_len;

const char *policy_key_name(enum policy_key key);

/* remote_domains of file into policy->rows and policy->remote; local domains are known. */
int policy_rows_read(struct policy *policy, const struct config_file *file, struct buffer *warnings,
		     struct error *err);

/* Appends "file:line: …" and a line end to warnings, unless that is NULL. */
void policy_warn(struct buffer *warnings, const struct config_file *file,
		 const config_setting_t *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
