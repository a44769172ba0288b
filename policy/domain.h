/*
 * domain.h: names of domains.
 *
 * Domains are compared as lower-case A-labels (RFC 5890) without a final dot.
 */
#ifndef POLICY_DOMAIN_H
#define POLICY_DOMAIN_H

#include <stdbool.h>

#include "base/bytes.h"

#define DOMAIN_BYTES_MAX 253 /* RFC 1035 2.3.4, as text */

/* The form that is compared, the caller's. What libidn2 refuses is only lower-cased in ASCII. */
char *domain_normalise(struct span domain);

/* Could mail be addressed to it? Of a normalised domain: labels of letters, digits, hyphen,
 * underscore or bytes beyond ASCII, none empty; or an address literal. */
bool domain_is_plausible(const char *domain);

/* What a policy may name: "d" or "*.d" (then *ret_subtree). NULL, and what is wrong with it, when
 * it names no domain. */
char *domain_read(const char *text, bool *ret_subtree, const char **ret_wrong);

#endif
