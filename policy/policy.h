/*
 * policy.h: may this notification leave the building?
 *
 * A policy is read from policy.conf (policy.conf(5)), is immutable and
 * counted by reference, so that every thread may hold one while a reload
 * puts another in its place. A decision is a function of the policy and its
 * subject: no clock, no database, no socket.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "facts/facts.h"

enum policy_action { POLICY_SEND, POLICY_HOLD, POLICY_DELETE };
const char *policy_action_name(enum policy_action action); /* "send", "hold", "delete" */

/* Whether the sender of the returned message was who he said (DESIGN.md, "proof"). */
enum policy_proof { POLICY_PROOF_NONE, POLICY_PROOF_PROVED, POLICY_PROOF_FORGED };
#define POLICY_PROOFS (POLICY_PROOF_FORGED + 1)
const char *policy_proof_name(enum policy_proof proof); /* "none", "proved", "forged" */
/* 1 found, 0 no such name. */
int policy_proof_from_name(const char *name, enum policy_proof *ret_proof);

struct policy;

/*
 * Reads a policy file. Every error is one line "file:line: key: what was
 * expected" in err (ERROR_PERM). warnings, when not NULL, receives such lines,
 * each with its line end, for what is legal but surely not meant.
 */
int policy_read(const char *path, struct policy **ret_policy, struct buffer *warnings,
		struct error *err);

/* The same as if one of the files held something else (base/config_text.h). draft may be NULL. */
struct config_draft;
int policy_read_draft(const char *path, const struct config_draft *draft,
		      struct policy **ret_policy, struct buffer *warnings, struct error *err);

struct policy *policy_ref(struct policy *policy);
void policy_unrefp(struct policy **policy); /* NULL is fine; the last one frees; any thread */

/*
 * The text the policy was read from, included files in place, and behind it a
 * comment with the digest of domains_file; and the hex SHA-256 of all that: the
 * revision that every record names.
 */
struct span policy_text(const struct policy *policy);
const char *policy_revision(const struct policy *policy);

/* mode = "observe": everything is sent, the decision is only recorded. */
bool policy_observes(const struct policy *policy);

/* our_hosts and our_networks, lent as long as the policy is held. Empty: hosts_len is 0. */
struct facts_site policy_site(const struct policy *policy);

/* Is this domain (any case, U-label or A-label) one of local_domains? */
bool policy_domain_is_local(const struct policy *policy, const char *domain);

/* What a decision is about. All strings are borrowed. */
struct policy_subject {
	const struct facts *facts;
	const char *rcpt;   /* the envelope recipient, without brackets; NULL: not known */
	const char *orcpt;  /* ORCPT decoded, without its type, or Delivered-To; NULL: not known */
	bool truncated;     /* the message was larger than is kept: held at least */
	int64_t size_bytes; /* all that was received; 0: not known */
	int64_t received_at_ms;  /* when it was; 0: not known */
	enum policy_proof proof; /* NONE: what the facts prove; else taken for true */
};

/* How much of the returned message goes along. */
enum policy_returned { POLICY_RETURNED_FULL, POLICY_RETURNED_HEADERS, POLICY_RETURNED_NONE };
/* Whether the postmaster gets a copy. */
enum policy_copy { POLICY_COPY_NONE, POLICY_COPY_DIGEST, POLICY_COPY_EACH };

/*
 * What a rule with a count leaves to who can count (policy.conf(5), "Counts"):
 * the rule decides when a count is beyond max. Counts of the same rule and key
 * are one.
 */
enum policy_budget_kind {
	POLICY_BUDGET_LIMIT,   /* of what is sent: more than max within the window */
	POLICY_BUDGET_STORM,   /* of all: more than max; those beyond are one group */
	POLICY_BUDGET_HARVEST, /* of different values: more than max mark the key for mark_ms; while
				  it is marked, with values or without */
};
const char *policy_budget_name(enum policy_budget_kind kind); /* "limit", "storm", "harvest" */

struct policy_budget {
	enum policy_budget_kind kind;
	const char *rule; /* its name; the policy's */
	char *key; /* what is shared: "address bob@example.net", "domain example.net", "client
		      192.0.2.1", "original <id@example.net>" */
	int64_t window_ms, max;
	int64_t mark_ms;                /* HARVEST */
	enum policy_action else_action; /* hold or delete */
	char **values;                  /* HARVEST: the unknown recipients, at most max + 1 */
	size_t values_len;
};
#define POLICY_BUDGETS_MAX 64

#define POLICY_RULE_SIZE   128
struct policy_decision {
	enum policy_action action;
	char rule[POLICY_RULE_SIZE]; /* "local", "Default.ndr", "Fabrikam.ndr.forged" (where the row
					tells by proof), "limits", "bad-recipient" … */
	char *domain; /* the judged domain, lower-case A-labels; NULL when there is none. Freed by
		       * policy_decision_done
		       */
	enum policy_proof proof;       /* for that domain, whether or not anything asked for it */
	struct policy_budget *budgets; /* of the rules before the one that decided, in order; what
					  is beyond one makes the action stricter, never milder.
					  Freed by policy_decision_done */
	size_t budgets_len;
	/* What the row of that domain says, whoever decided; as 0 for whom is local or nobody. */
	bool no_diagnostics; /* of class failed or delayed, or not read for limits */
	enum policy_returned returned;
	enum policy_copy copy;
};

/* What the postmaster is told; lent as long as the policy is held. */
struct policy_postmaster {
	const char *address;    /* NULL: nobody, and no row has copies */
	const char *digest_to;  /* NULL: no digest */
	int digest_minute;      /* of the local day */
	int64_t copy_max;       /* at most so many copies … */
	int64_t copy_window_ms; /* … in so long a time */
};
struct policy_postmaster policy_postmaster(const struct policy *policy);

/* Is a copy of this made: an NDR of a row with copy = "each", with a status that copy_status names?
 */
bool policy_wants_copy(const struct policy *policy, const struct policy_decision *decision,
		       const struct facts *facts);

void policy_decide(const struct policy *policy, const struct policy_subject *subject,
		   struct policy_decision *ret_decision);
void policy_decision_done(struct policy_decision *decision);

#endif
