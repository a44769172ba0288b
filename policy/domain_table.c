/*
 * domain_table.c: a hash table of domains and subtrees.
 *
 * The hash of a domain is taken from its last byte to its first, so that one
 * walk over it gives the hashes of all the subtrees it lies in. A stranger
 * chooses the domains that are looked up, but not those in the table: no
 * search walks further than the table's owner has let it grow, and only the
 * last 253 bytes are looked at, since nothing longer is a domain.
 *
 * The table owns its strings. Nothing here fails.
 */
#include "policy/domain_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "policy/domain.h"

/* FNV-1a, 32 bits. */
#define HASH_START UINT32_C(2166136261)
#define HASH_PRIME UINT32_C(16777619)

static uint32_t
hash_step(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * HASH_PRIME;
}

static uint32_t
hash_of(const char *domain)
{
	uint32_t hash = HASH_START;

	for (size_t i = strlen(domain); i > 0; i--)
		hash = hash_step(hash, domain[i - 1]);
	return hash;
}

struct domain_entry *
domain_table_add(struct domain_table *table, char *domain_take, bool subtree, size_t value)
{
	table->entries =
		array_grow(table->entries, &table->size, table->len, sizeof(*table->entries));
	table->entries[table->len] = (struct domain_entry){
		.domain = domain_take,
		.value = value,
		.hash = hash_of(domain_take),
		.subtree = subtree,
	};
	return &table->entries[table->len++];
}

static size_t
first_slot(const struct domain_table *table, uint32_t hash, bool subtree)
{
	/* the low bits of FNV-1a depend on the low bits of its input alone */
	return (hash ^ hash >> 15 ^ subtree) & (table->slots_len - 1);
}

/* The entry, or the free slot where it would be. */
static const struct domain_entry *
probe(const struct domain_table *table, const char *domain, uint32_t hash, bool subtree,
      size_t *ret_slot)
{
	size_t slot = first_slot(table, hash, subtree);

	for (; table->slots[slot] != 0; slot = (slot + 1) & (table->slots_len - 1)) {
		const struct domain_entry *e = &table->entries[table->slots[slot] - 1];

		if (e->hash == hash && e->subtree == subtree && strcmp(e->domain, domain) == 0)
			return e;
	}
	*ret_slot = slot;
	return NULL;
}

int
domain_table_index(struct domain_table *table, const struct domain_entry **ret_first,
		   const struct domain_entry **ret_second)
{
	int twice = 0;

	table->slots_len = 4;
	while (table->slots_len < 2 * table->len)
		table->slots_len *= 2;
	free(table->slots);
	table->slots = xcalloc(table->slots_len, sizeof(*table->slots));
	for (size_t i = 0; i < table->len; i++) {
		const struct domain_entry *e = &table->entries[i], *there;
		size_t slot;

		there = probe(table, e->domain, e->hash, e->subtree, &slot);
		if (there == NULL) {
			table->slots[slot] = (uint32_t)i + 1;
		} else if (twice == 0) {
			*ret_first = there;
			*ret_second = e;
			twice = 1;
		}
	}
	return twice;
}

static const struct domain_entry *
find(const struct domain_table *table, const char *domain, bool exact)
{
	const struct domain_entry *best = NULL, *e;
	size_t len = strlen(domain), least = len <= DOMAIN_BYTES_MAX ? 0 : len - DOMAIN_BYTES_MAX;
	size_t slot;
	uint32_t hash = HASH_START;

	if (table->len == 0)
		return NULL;
	for (size_t i = len; i > least; i--) {
		hash = hash_step(hash, domain[i - 1]);
		if (i > 1 && domain[i - 2] != '.')
			continue;
		e = probe(table, domain + i - 1, hash, true, &slot);
		best = e != NULL ? e : best;
	}
	e = exact && least == 0 ? probe(table, domain, hash, false, &slot) : NULL;
	return e != NULL ? e : best;
}

const struct domain_entry *
domain_table_find(const struct domain_table *table, const char *domain)
{
	return find(table, domain, true);
}

const struct domain_entry *
domain_table_find_subtree(const struct domain_table *table, const char *domain)
{
	return find(table, domain, false);
}

void
domain_table_done(struct domain_table *table)
{
	for (size_t i = 0; i < table->len; i++)
		free(table->entries[i].domain);
	free(table->entries);
	free(table->slots);
	*table = (struct domain_table){ 0 };
}
