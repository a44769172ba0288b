/*
 * rule.h: what a policy is inside policy/.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "policy/domain_table.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "policy/view.h"

/* Where a value was said. */
struct policy_origin {
	unsigned file;  /* 0: nowhere, it is as shipped; else files[file - 1] of the policy */
	unsigned line;  /* 0 in a row of domains_file: the line of the domain */
	bool inherited; /* by the row for "*", which may stand in the same line */
};

/* Where a row and its values were said: apart from the row, as no decision needs it. */
struct policy_source {
	struct policy_origin origin; /* of its domain */
	struct policy_origin origins[POLICY_KEYS][POLICY_PROOFS];
	const config_setting_t *at; /* only while the file is read */
};

/* What a row says. Many rows say the same: it is kept once, at hand for every decision. */
struct policy_says {
	uint8_t values[POLICY_KEYS][POLICY_PROOFS]; /* policy/view.h */
};

struct policy_row {
	uint8_t values[POLICY_KEYS][POLICY_PROOFS]; /* policy/view.h */
	const char *name; /* "": of domains_file, its domains are their own names */
	struct policy_source *source;
};

/* A row of remote_domains as it is written; -1: an action that is not said. */
struct policy_row_text {
	char *name;
	char *domain;
	int all[POLICY_ACTION_KEYS]; /* one action whatever the proof */
	int members[POLICY_ACTION_KEYS][POLICY_PROOFS];
	bool ndr_diagnostics;
	int returned, copy;
};

/* The postmaster's keys. */
struct policy_told {
	char *postmaster; /* NULL: not said */
	char *digest_at, *digest_to;
	int digest_minute;
	struct config_list copy_status;
	char *copy_limit;
	int64_t copy_max, copy_window_ms;
};

struct policy {
	atomic_size_t refs;
	char revision[65];
	struct buffer text;
	int mode; /* enum policy_mode */
	struct config_list local_domains;
	char *domains_file; /* as written; NULL: none */
	struct config_list our_hosts, our_networks;
	struct config_list authserv_ids, trusted_arc_sealers;
	int alignment; /* enum align_mode */
	struct policy_told told;
	struct domain_table local;
	struct policy_rule *rules;
	size_t rules_len;
	struct policy_row *rows; /* rows[0] is the row for "*" */
	size_t rows_len, rows_size;
	struct blocks names;          /* of rows */
	struct policy_says *says;     /* says[0] is what rows[0] says */
	struct policy_origin rows_at; /* where remote_domains stands */
	/* Values are indices of rows, lines those of domains_file or 0; labels the rows' names. */
	struct domain_table remote;
	char **files; /* that origins name */
	size_t files_len, files_size;
	unsigned listed_file; /* the number of domains_file; 0: none */
};

enum policy_mode { POLICY_ENFORCE, POLICY_OBSERVE };

/* The keys of the file, and of a row of remote_domains (into a struct policy_row_text). */
extern const struct config_item policy_items[];
extern const size_t policy_items_len;
extern const struct config_item policy_row_items[];
extern const size_t policy_row_items_len;

extern const char *const policy_action_choices[]; /* in the order of enum policy_action */

/* remote_domains and domains_file of file into policy->rows and policy->remote; local domains are
 * known. */
int policy_rows_read(struct policy *policy, const struct config_file *file,
		     const struct config_draft *draft, struct buffer *warnings, struct error *err);

/* A new row that begins with what it inherits from rows[0], which must be there. */
struct policy_row *policy_row_add(struct policy *policy);

/* What all rows say, for decisions; once, when all rows and their domains are there. */
void policy_gather_says(struct policy *policy);

/* The row of that name; NULL: none. */
const struct policy_row *policy_row_named(const struct policy *policy, const char *name);

/* The number of a file in origins. */
unsigned policy_file_number(struct policy *policy, const char *path);
struct policy_origin policy_origin_of(struct policy *policy, const struct config_file *file,
				      const config_setting_t *at);

/* Is all that a pattern names local, so that only what SRS hides is left of it? */
bool policy_pattern_is_local(const struct policy *policy, const char *domain, bool subtree);

/* What records call the row that an entry stands for; NULL entry: rows[0]. */
void policy_entry_name(const struct policy *policy, const struct domain_entry *entry,
		       char out[POLICY_NAME_SIZE]);

/*
 * domains_file into policy->remote, and the rows it needs; its digest behind
 * the policy's text. ERROR_TEMP: path could not be read at all.
 */
int policy_listed_read(struct policy *policy, const char *path, const struct config_draft *draft,
		       struct buffer *warnings, struct error *err);

/* May it stand in log lines, records and tables as the name of a row or rule? */
bool policy_name_is_clean(const char *name);

/* our_hosts, our_networks, authserv_ids and trusted_arc_sealers are what they should be. */
int policy_site_check(const struct policy *policy, const struct config_file *file,
		      struct buffer *warnings, struct error *err);

/* The postmaster's keys: of the file, and once there are rows with them. */
int policy_postmaster_read(struct policy *policy, const struct config_file *file,
			   struct error *err);
int policy_postmaster_check(const struct policy *policy, struct buffer *warnings,
			    struct error *err);

/* local@domain in ASCII, with nothing in it that would have to be quoted. */
bool policy_is_address(const char *text);

/* Appends "file:line: …" and a line end to warnings, unless that is NULL. */
void policy_warn(struct buffer *warnings, const struct config_file *file,
		 const config_setting_t *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
