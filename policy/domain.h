/*
 * domain.h: names of domains, and finding the one that fits.
 *
 * Domains are compared as lower-case A-labels (RFC 5890) without a final dot.
 */
#ifndef POLICY_DOMAIN_H
#define POLICY_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* The form that is compared, the caller's. What libidn2 refuses is only lower-cased in ASCII. */
char *domain_normalise(struct span domain);

/* Could mail be addressed to it? Of a normalised domain: labels of letters, digits, hyphen,
 * underscore or bytes beyond ASCII, none empty; or an address literal. */
bool domain_is_plausible(const char *domain);

/* What a policy may name: "d" or "*.d" (then *ret_subtree). NULL, and what is wrong with it, when
 * it names no domain. */
char *domain_read(const char *text, bool *ret_subtree, const char **ret_wrong);

/* Domains and whole subtrees ("*.d": d and all below), each with a number. */
struct domain_entry {
	char *domain;
	bool subtree;
	size_t value;
};

struct domain_table {
	struct domain_entry *entries;
	size_t len, size;
};

void domain_table_add(struct domain_table *table, char *domain_take, bool subtree, size_t value);
/* Once, before the first search. 1: a domain is there twice, with these values. */
int domain_table_sort(struct domain_table *table, size_t *ret_first, size_t *ret_second);
/* Exact beats the longest subtree. 1 found, 0 none. ret_value may be NULL. */
int domain_table_find(const struct domain_table *table, const char *domain, size_t *ret_value);
void domain_table_done(struct domain_table *table);

#endif
