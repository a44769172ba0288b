/*
 * proof.h: was the sender of the returned message who he said? (DESIGN.md, "proof")
 */
#ifndef POLICY_PROOF_H
#define POLICY_PROOF_H

#include <stdbool.h>

#include "facts/facts.h"
#include "policy/policy.h"

/* For the domain that is judged, normalised (domain.h); NULL is none, of which nothing is known. */
enum policy_proof proof_find(const struct policy *policy, const struct facts *facts,
			     const char *domain);

/* Was the notification made by one of our hosts, about a message whose way in we know? Who else
 * wrote it may have made up all of that way. */
bool proof_is_ours(const struct policy *policy, const struct facts *facts);

#endif
