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

/* One walk over a domain, from its end: at each label the hash of what is behind it. */
struct walk {
	const char *domain;
	size_t len, at;
	uint32_t hash;
	unsigned depth; /* labels so far */
};

static struct walk
walk_begin(const char *domain)
{
	size_t len = strlen(domain);

	return (struct walk){ domain, len, len, HASH_START, 0 };
}

/* To the next label's first byte; false at the beginning, or beyond what a domain can be. */
static bool
walk_next(struct walk *w)
{
	while (w->at > 0 && w->len - w->at < DOMAIN_BYTES_MAX) {
		w->hash = hash_step(w->hash, w->domain[--w->at]);
		if (w->at == 0 || w->domain[w->at - 1] == '.') {
			w->depth++;
			return true;
		}
	}
	return false;
}

static uint64_t
depth_bit(unsigned depth)
{
	return UINT64_C(1) << (depth < 63 ? depth : 63);
}

struct domain_entry *
domain_table_add_labelled(struct domain_table *table, const char *domain, bool subtree,
			  size_t value, const char *label)
{
	size_t bytes = strlen(domain) + 1, label_bytes = strlen(label) + 1;
	struct domain_entry *e = blocks_alloc(&table->blocks, sizeof(*e) + bytes + label_bytes);

	*e = (struct domain_entry){ .value = value, .subtree = subtree };
	memcpy(e->domain, domain, bytes);
	memcpy(e->domain + bytes, label, label_bytes);
	table->entries =
		array_grow(table->entries, &table->size, table->len, sizeof(*table->entries));
	table->entries[table->len++] = e;
	return e;
}

struct domain_entry *
domain_table_add(struct domain_table *table, const char *domain, bool subtree, size_t value)
{
	return domain_table_add_labelled(table, domain, subtree, value, "");
}

const char *
domain_entry_label(const struct domain_entry *entry)
{
	return entry->domain + strlen(entry->domain) + 1;
}

/* The slot of an entry, or the free one where it would be. */
static struct domain_slot *
probe(const struct domain_table *table, const char *domain, uint32_t hash, bool subtree)
{
	/* the low bits of FNV-1a depend on the low bits of its input alone */
	size_t at = (hash ^ hash >> 15) & (table->slots_len - 1);
	struct domain_slot *slot;

	for (;; at = (at + 1) & (table->slots_len - 1)) {
		slot = &table->slots[at];
		if (slot->entry == NULL || (slot->hash == hash && slot->entry->subtree == subtree &&
					    strcmp(slot->entry->domain, domain) == 0))
			return slot;
	}
}

/* Into its slot; the entry that is there already, or NULL. */
static const struct domain_entry *
enter(struct domain_table *table, struct domain_entry *e)
{
	struct walk w = walk_begin(e->domain);
	struct domain_slot *slot;

	while (walk_next(&w))
		;
	table->depths |= depth_bit(w.depth);
	slot = probe(table, e->domain, w.hash, e->subtree);
	if (slot->entry != NULL)
		return slot->entry;
	*slot = (struct domain_slot){ e, w.hash };
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
	table->depths = 0;
	for (size_t i = 0; i < table->len; i++) {
		const struct domain_entry *there = enter(table, table->entries[i]);

		if (there == NULL || twice == 1)
			continue;
		*ret_first = there;
		*ret_second = table->entries[i];
		twice = 1;
	}
	return twice;
}

static const struct domain_entry *
find(const struct domain_table *table, const char *domain, bool exact)
{
	struct walk w = walk_begin(domain);
	const struct domain_entry *best = NULL, *e;

	while (table->len > 0 && walk_next(&w)) {
		if ((table->depths & depth_bit(w.depth)) == 0)
			continue;
		e = probe(table, domain + w.at, w.hash, true)->entry;
		best = e != NULL ? e : best;
		if (!exact || w.at > 0)
			continue;
		e = probe(table, domain, w.hash, false)->entry;
		best = e != NULL ? e : best;
	}
	return best;
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
	blocks_done(&table->blocks);
	free(table->entries);
	free(table->slots);
	*table = (struct domain_table){ 0 };
}
