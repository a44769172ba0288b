/*
 * budget.c: from a rule that counts to what is counted.
 *
 * A key is what notifications share, in one form for all ways to write it: who
 * varies case, quotes, or an SRS or BATV tag is counted as the one he is. What
 * is not known is not counted.
 *
 * A client is held against others: its mail is kept, its address may end in a
 * firewall. So it is known only from a Received line that we wrote
 * ourselves, in a notification that we made: a stranger could make both up,
 * and mark whom he likes. The rest only ever harms who is counted.
 *
 * Nothing fails; policy_decision_done frees.
 */
#include "policy/budget.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/proof.h"
#include "policy/recipient.h"
#include "policy/rule.h"

#define UNKNOWN_RECIPIENT "5.1.1" /* RFC 3463 3.2 */

const char *
policy_budget_name(enum policy_budget_kind kind)
{
	switch (kind) {
	case POLICY_BUDGET_LIMIT:
		return "limit";
	case POLICY_BUDGET_STORM:
		return "storm";
	case POLICY_BUDGET_HARVEST:
		return "harvest";
	}
	return "";
}

/* "client 192.0.2.1": the border's, in the form of RFC 5952; NULL: not known for certain. */
static char *
client_key(const struct policy *policy, const struct facts *facts)
{
	static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	const char *text = facts->original.client_ip;
	char canonical[INET6_ADDRSTRLEN];
	struct network_address a;
	bool v4;

	if (!proof_is_ours(policy, facts) || facts->original.walk != FACTS_WALK_BORDER ||
	    text == NULL || !network_read_address(text, &a))
		return NULL;
	v4 = memcmp(a.bytes, mapped, sizeof(mapped)) == 0;
	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a.bytes + 12 : a.bytes, canonical,
		      sizeof(canonical)) == NULL)
		return NULL;
	return xasprintf("client %s", canonical);
}

static char *
address_key(const struct policy *policy, const char *rcpt)
{
	enum recipient_kind kind;
	AUTO(freep) char *address = recipient_address(rcpt, &policy->local, &kind);

	return address == NULL ? NULL : xasprintf("address %s", address);
}

static char *
key_of(const struct policy *policy, const struct policy_subject *subject, enum rule_per per,
       const char *judged_domain)
{
	const char *id = subject->facts->original.message_id;

	switch (per) {
	case RULE_PER_ADDRESS:
		return address_key(policy, subject->rcpt);
	case RULE_PER_DOMAIN:
		return xasprintf("domain %s", judged_domain);
	case RULE_PER_CLIENT:
		return client_key(policy, subject->facts);
	case RULE_PER_ORIGINAL:
		return id == NULL ? NULL : xasprintf("original %s", id);
	}
	return NULL;
}

/* Our users that there are not, as the notification names them; the same one may be twice. */
static void
add_values(const struct policy *policy, const struct facts *facts, struct policy_budget *b)
{
	size_t size = 0;

	for (size_t i = 0; i < facts->recipients_len && (int64_t)b->values_len <= b->max; i++) {
		const struct facts_recipient *r = &facts->recipients[i];
		enum recipient_kind kind;
		AUTO(freep) char *address = NULL;

		if (r->status == NULL || strcmp(r->status, UNKNOWN_RECIPIENT) != 0)
			continue;
		address = recipient_address(r->final, &policy->local, &kind);
		if (kind != RECIPIENT_LOCAL)
			continue;
		b->values = array_grow(b->values, &size, b->values_len, sizeof(*b->values));
		b->values[b->values_len++] = TAKE(address);
	}
}

void
budgets_add(const struct policy *policy, const struct policy_subject *subject,
	    const struct rule_matches *counting, struct policy_decision *d)
{
	if (counting->len == 0)
		return;
	d->budgets = xcalloc(counting->len, sizeof(*d->budgets));
	for (size_t i = 0; i < counting->len; i++) {
		const struct policy_rule *rule = counting->items[i];
		struct policy_budget *b = &d->budgets[d->budgets_len];
		char *key = key_of(policy, subject, rule->count.per, d->domain);

		if (key == NULL)
			continue;
		*b = (struct policy_budget){
			.kind = rule->count.kind,
			.rule = rule->name,
			.key = key,
			.window_ms = rule->count.window_ms,
			.max = rule->count.max,
			.mark_ms = rule->count.mark_ms,
			.else_action = policy_rule_action(rule, subject->facts->class),
		};
		if (b->kind == POLICY_BUDGET_HARVEST)
			add_values(policy, subject->facts, b);
		d->budgets_len++;
	}
}

void
budgets_free(struct policy_budget *budgets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		free(budgets[i].key);
		for (size_t v = 0; v < budgets[i].values_len; v++)
			free(budgets[i].values[v]);
		free(budgets[i].values);
	}
	free(budgets);
}
