/*
 * domain_table.h: finding the domain or subtree that fits.
 *
 * A search takes one probe a label, however many domains there are.
 */
#ifndef POLICY_DOMAIN_TABLE_H
#define POLICY_DOMAIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/blocks.h"

/* A domain (normalised, domain.h), or with subtree "*.d": d and all below. */
struct domain_entry {
	size_t value; /* the caller's, as are line and says */
	unsigned line, says;
	bool subtree;
	char domain[]; /* behind it the label */
};

struct domain_slot {
	struct domain_entry *entry; /* NULL: free */
	uint32_t hash;
};

struct domain_table {
	struct domain_entry **entries;
	size_t len, size;
	struct domain_slot *slots;
	size_t slots_len;     /* a power of two */
	uint64_t depths;      /* bit n: an entry has n labels; bit 63: 63 or more */
	struct blocks blocks; /* of the entries */
};

struct domain_entry *domain_table_add(struct domain_table *table, const char *domain, bool subtree,
				      size_t value);
/* The same with a text of the caller's, which lies beside the domain: to look at it costs nothing.
 */
struct domain_entry *domain_table_add_labelled(struct domain_table *table, const char *domain,
					       bool subtree, size_t value, const char *label);
const char *domain_entry_label(const struct domain_entry *entry); /* "": none */
/* Once, before the first search. 1: a domain is there twice: the entry added first, which is the
 * one that is found, and the other. */
int domain_table_index(struct domain_table *table, const struct domain_entry **ret_first,
		       const struct domain_entry **ret_second);

/* Exact beats the longest subtree; NULL: none. */
const struct domain_entry *domain_table_find(const struct domain_table *table, const char *domain);
/* The same for "*.domain": only subtrees that hold all of it. */
const struct domain_entry *domain_table_find_subtree(const struct domain_table *table,
						     const char *domain);
void domain_table_done(struct domain_table *table);

#endif
