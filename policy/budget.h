/*
 * budget.h: what the rules that count leave to be counted, inside policy/.
 */
#ifndef POLICY_BUDGET_H
#define POLICY_BUDGET_H

#include "policy/rules.h"

/* Of the rules that match and count, those that know what to count. Of a remote recipient. */
void budgets_add(const struct policy *policy, const struct policy_subject *subject,
		 const struct rule_matches *counting, struct policy_decision *d);
void budgets_free(struct policy_budget *budgets, size_t len);

#endif
