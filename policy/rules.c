/*
 * rules.c: does a rule match?
 *
 * What a notification says is a stranger's; a rule asks only for what is
 * there, and a condition on what is missing does not hold. The conditions on
 * recipients (status, original) hold when they hold for each that is
 * reported: a notification of two failures is not one of the first alone.
 *
 * A search costs a little for each rule, up to the first that matches.
 */
#include "policy/rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "policy/domain.h"

/* "5.1.*" in the list holds all of 5.1; RFC 3463. */
bool
policy_status_in(const struct config_list *list, const char *status)
{
	for (size_t i = 0; status != NULL && i < list->len; i++) {
		size_t len = strlen(list->items[i]);

		if (list->items[i][len - 1] == '*' ? strncmp(list->items[i], status, len - 1) == 0
						   : strcmp(list->items[i], status) == 0)
			return true;
	}
	return false;
}

static bool
domain_fits(const struct rule_address *a, const char *domain)
{
	size_t len = strlen(domain), own;

	if (a->domain == NULL || strcmp(domain, a->domain) == 0)
		return true;
	own = strlen(a->domain);
	return a->subtree && len > own && domain[len - own - 1] == '.' &&
	       strcmp(domain + len - own, a->domain) == 0;
}

static bool
address_in(const struct policy_rule *rule, const char *address)
{
	const char *at = address != NULL ? strrchr(address, '@') : NULL;
	AUTO(freep) char *domain = NULL;
	struct span local;

	if (at == NULL)
		return false;
	domain = domain_normalise(span_of(at + 1));
	local = (struct span){ address, (size_t)(at - address) };
	for (size_t i = 0; i < rule->original_len; i++) {
		const struct rule_address *a = &rule->original[i];

		if ((a->local_part == NULL || span_equal_nocase(local, span_of(a->local_part))) &&
		    domain_fits(a, domain))
			return true;
	}
	return false;
}

static bool
recipients_fit(const struct policy_rule *rule, const struct facts *facts)
{
	if (rule->status.len == 0 && rule->original_len == 0)
		return true;
	for (size_t i = 0; i < facts->recipients_len; i++) {
		const struct facts_recipient *r = &facts->recipients[i];

		if (rule->status.len > 0 && !policy_status_in(&rule->status, r->status))
			return false;
		if (rule->original_len > 0 &&
		    !address_in(rule, r->original != NULL ? r->original : r->final))
			return false;
	}
	return facts->recipients_len > 0;
}

static bool
client_fits(const struct policy_rule *rule, const char *client_ip)
{
	struct network_address address;

	if (rule->client_len == 0)
		return true;
	if (client_ip == NULL || !network_read_address(client_ip, &address))
		return false;
	for (size_t i = 0; i < rule->client_len; i++)
		if (network_holds(&rule->client[i], &address))
			return true;
	return false;
}

static bool
reporting_mta_fits(const struct policy_rule *rule, const char *reporting_mta)
{
	AUTO(freep) char *form = NULL;

	if (rule->reporting_mta.len == 0)
		return true;
	if (reporting_mta == NULL)
		return false;
	form = domain_normalise(span_of(reporting_mta));
	return domain_table_find(&rule->reporting_mta, form) != NULL;
}

/* What filters write: "X-Spam-Flag: YES", "X-Spam-Status: Yes, score=…". */
static bool
is_flagged(const struct facts *facts)
{
	return facts->original.spam != NULL &&
	       span_starts_nocase(span_of(facts->original.spam), "yes");
}

/*
 * When the returned message reached us: as our own border wrote it, else as
 * the reporting MTA did, else as its sender did.
 */
static bool
original_arrived_at(const struct facts *facts, int64_t *ret_ms)
{
	const struct facts_original *o = &facts->original;
	const char *stamp = o->border == NULL ? NULL : strrchr(o->border, ';');

	return (stamp != NULL && clock_parse_rfc5322(stamp + 1, ret_ms)) ||
	       (facts->arrival_date != NULL && clock_parse_rfc5322(facts->arrival_date, ret_ms)) ||
	       (o->date != NULL && clock_parse_rfc5322(o->date, ret_ms));
}

static bool
is_older(const struct policy_subject *subject, int64_t age_ms)
{
	int64_t at_ms;

	return subject->received_at_ms != 0 && original_arrived_at(subject->facts, &at_ms) &&
	       subject->received_at_ms - at_ms > age_ms;
}

static bool
rule_matches(const struct policy_rule *rule, const struct policy_subject *subject,
	     const char *judged_domain, bool forwarded)
{
	const struct facts *facts = subject->facts;

	return rule->forwarded == forwarded &&
	       (rule->classes == 0 || (rule->classes & 1U << facts->class) != 0) &&
	       (rule->proofs == 0 || (rule->proofs & 1U << subject->proof) != 0) &&
	       (!rule->has_spam || rule->spam == is_flagged(facts)) &&
	       (rule->domain.len == 0 || domain_table_find(&rule->domain, judged_domain) != NULL) &&
	       recipients_fit(rule, facts) && client_fits(rule, facts->original.client_ip) &&
	       reporting_mta_fits(rule, facts->reporting_mta) &&
	       (rule->larger_bytes == 0 || subject->size_bytes > rule->larger_bytes) &&
	       (rule->older_ms == 0 || is_older(subject, rule->older_ms));
}

const struct policy_rule *
policy_rules_find(const struct policy_rule *rules, size_t len, const struct policy_subject *subject,
		  const char *judged_domain, bool forwarded, struct rule_matches *ret_counting)
{
	ret_counting->len = 0;
	for (size_t i = 0; i < len; i++) {
		if (!rule_matches(&rules[i], subject, judged_domain, forwarded))
			continue;
		if (rules[i].count.max == 0)
			return &rules[i];
		assert(ret_counting->len < POLICY_BUDGETS_MAX); /* policy_rules_read */
		ret_counting->items[ret_counting->len++] = &rules[i];
	}
	return NULL;
}

enum policy_action
policy_rule_action(const struct policy_rule *rule, enum facts_class class)
{
	if (rule->action == POLICY_DELETE && class == FACTS_UNKNOWN &&
	    (rule->classes & 1U << FACTS_UNKNOWN) == 0)
		return POLICY_HOLD;
	return rule->action;
}
