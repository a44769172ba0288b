/*
 * decide.c: may it leave the building?
 *
 * What the facts prove is found first, for the domain that is judged. Then
 * in this order: whom it is for, whether it could be read, the rules, whether it
 * is for a local user who forwards, and what the row says of its class. The first that knows
 * decides and gives its name to the rule. What is cut short is held by
 * whatever would have sent it.
 *
 * Forwarded goes before the class, for unknown too: such mail is addressed to
 * our own user, who sent it on, so holding it protects nobody from a forged
 * sender. Only deleting what nobody has recognised takes the row's own word
 * (unknown = "delete"), so forwarded = "delete" holds an unknown, and so does a
 * rule that does not name that class.
 *
 * A rule that counts does not decide: it becomes a budget of the decision, for the store to
 * resolve.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "policy/budget.h"
#include "policy/proof.h"
#include "policy/recipient.h"
#include "policy/rule.h"

const char *
policy_action_name(enum policy_action action)
{
	switch (action) {
	case POLICY_SEND:
		return "send";
	case POLICY_HOLD:
		return "hold";
	case POLICY_DELETE:
		return "delete";
	}
	return "hold";
}

static void
decide(struct policy_decision *d, enum policy_action action, const char *rule)
{
	d->action = action;
	(void)snprintf(d->rule, sizeof(d->rule), "%s", rule);
}

static bool
decide_by_recipient(enum recipient_kind kind, struct policy_decision *d)
{
	switch (kind) {
	case RECIPIENT_NONE:
		decide(d, POLICY_HOLD, "no-recipient");
		return true;
	case RECIPIENT_BAD:
		decide(d, POLICY_HOLD, "bad-recipient");
		return true;
	case RECIPIENT_ROUTED:
		decide(d, POLICY_HOLD, "routed-recipient");
		return true;
	case RECIPIENT_LOCAL:
		decide(d, POLICY_SEND, "local");
		return true;
	case RECIPIENT_REMOTE:
		return false;
	}
	return false;
}

/* What could not be read, and what should never have come here. */
static bool
decide_by_facts(const struct facts *facts, struct policy_decision *d)
{
	if (!facts->limits && facts->class != FACTS_MAIL)
		return false;
	decide(d, POLICY_HOLD, facts->limits ? "limits" : "mail");
	return true;
}

static enum policy_key key_of(enum facts_class class)
{
	switch (class) {
	case FACTS_FAILED:
		return POLICY_KEY_NDR;
	case FACTS_DELAYED:
		return POLICY_KEY_DELAY;
	case FACTS_DELIVERED:
	case FACTS_RELAYED:
	case FACTS_EXPANDED:
		return POLICY_KEY_DELIVERY_REPORT;
	case FACTS_RECEIPT:
		return POLICY_KEY_RECEIPT;
	case FACTS_AUTO_REPLY:
		return POLICY_KEY_AUTO_REPLY;
	case FACTS_ABUSE_REPORT:
		return POLICY_KEY_ABUSE_REPORT;
	case FACTS_UNKNOWN:
	case FACTS_MAIL:
		break;
	}
	return POLICY_KEY_UNKNOWN;
}

/* An SRS address of ours as ORCPT is not local: a bounce to whom it hides is not for our user. */
static bool
is_forwarded(const struct policy *policy, const char *orcpt)
{
	AUTO(freep) char *domain = NULL;

	return recipient_read(orcpt, &policy->local, &domain) == RECIPIENT_LOCAL;
}

static const struct policy_says *
says_of(const struct policy *policy, const struct domain_entry *entry)
{
	return &policy->says[entry != NULL ? entry->says : 0];
}

/* A row that tells by proof gives its rule the proof's name too. */
static void
name_rule(const struct policy *policy, const struct domain_entry *entry, enum policy_key key,
	  enum policy_proof proof, struct policy_decision *d)
{
	const uint8_t *of = says_of(policy, entry)->values[key];
	bool same = of[POLICY_PROOF_NONE] == of[POLICY_PROOF_PROVED] &&
		    of[POLICY_PROOF_NONE] == of[POLICY_PROOF_FORGED];
	char name[POLICY_NAME_SIZE];

	policy_entry_name(policy, entry, name);
	(void)snprintf(d->rule, sizeof(d->rule), "%s.%s%s%s", name, policy_key_name(key),
		       same ? "" : ".", same ? "" : policy_proof_name(proof));
}

static bool
decide_by_rule(const struct policy *policy, const struct policy_subject *subject, bool forwarded,
	       struct policy_decision *d)
{
	struct rule_matches counting;
	const struct policy_rule *rule = policy_rules_find(
		policy->rules, policy->rules_len, subject, d->domain, forwarded, &counting);

	budgets_add(policy, subject, &counting, d);
	if (rule == NULL)
		return false;
	decide(d, policy_rule_action(rule, subject->facts->class), rule->name);
	return true;
}

static void
decide_by_row(const struct policy *policy, const struct policy_subject *subject,
	      const struct domain_entry *entry, bool forwarded, struct policy_decision *d)
{
	enum policy_key class_key = key_of(subject->facts->class);
	enum policy_key key = forwarded ? POLICY_KEY_FORWARDED : class_key;
	const struct policy_says *says = says_of(policy, entry);

	d->action = (enum policy_action)says->values[key][subject->proof];
	if (d->action == POLICY_DELETE && class_key == POLICY_KEY_UNKNOWN &&
	    says->values[POLICY_KEY_UNKNOWN][subject->proof] != POLICY_DELETE)
		d->action = POLICY_HOLD;
	name_rule(policy, entry, key, subject->proof, d);
}

static void
decide_by_policy(const struct policy *policy, const struct policy_subject *subject,
		 const struct domain_entry *entry, struct policy_decision *d)
{
	bool forwarded = is_forwarded(policy, subject->orcpt);

	if (!decide_by_rule(policy, subject, forwarded, d))
		decide_by_row(policy, subject, entry, forwarded, d);
}

/* What is sent on, when it is, and who hears of it: the row's word, whoever decides. */
static void
take_options(const struct policy_says *says, const struct facts *facts, struct policy_decision *d)
{
	bool reports = facts->class == FACTS_FAILED || facts->class == FACTS_DELAYED ||
		       facts->limits; /* it may be one */

	d->no_diagnostics = reports && says->values[POLICY_KEY_NDR_DIAGNOSTICS][0] != 0;
	d->returned = (enum policy_returned)says->values[POLICY_KEY_RETURNED][0];
	d->copy = (enum policy_copy)says->values[POLICY_KEY_COPY][0];
}

void
policy_decide(const struct policy *policy, const struct policy_subject *subject,
	      struct policy_decision *ret_decision)
{
	struct policy_decision d = { 0 };
	enum recipient_kind kind = recipient_read(subject->rcpt, &policy->local, &d.domain);
	struct policy_subject known = *subject;
	const struct domain_entry *entry = NULL;

	assert(subject->facts != NULL);
	if (kind == RECIPIENT_REMOTE)
		entry = domain_table_find(&policy->remote, d.domain);
	if (known.proof == POLICY_PROOF_NONE)
		known.proof = proof_find(policy, subject->facts, d.domain);
	d.proof = known.proof;
	if (kind == RECIPIENT_REMOTE)
		take_options(says_of(policy, entry), subject->facts, &d);
	if (!decide_by_recipient(kind, &d) && !decide_by_facts(subject->facts, &d))
		decide_by_policy(policy, &known, entry, &d);
	if (subject->truncated && d.action == POLICY_SEND)
		decide(&d, POLICY_HOLD, "truncated");
	*ret_decision = d;
}

void
policy_decision_done(struct policy_decision *decision)
{
	free(decision->domain);
	decision->domain = NULL;
	budgets_free(decision->budgets, decision->budgets_len);
	decision->budgets = NULL;
	decision->budgets_len = 0;
}
