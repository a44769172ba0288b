/*
 * answers.c: a bounded set of ids in two generations.
 *
 * Each generation is an open hash of half the ids, at most half full. When
 * the young one is full the old one is forgotten and they change places, so
 * nothing is ever deleted singly. What is forgotten leaves its largest id
 * behind: ids above that cannot have been forgotten, all others are in doubt.
 * Owns one block of memory; never fails.
 */
#include "store/answers.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

#define HALF  (ANSWERS_MAX / 2)
#define SLOTS (2 * HALF) /* a power of two */

struct generation {
	size_t len;
	int64_t largest;
	int64_t slots[SLOTS]; /* 0: free */
};

struct answers {
	int64_t forgotten; /* the largest id forgotten */
	unsigned young;    /* index into generations */
	struct generation generations[2];
};

struct answers *
answers_new(void)
{
	return xcalloc(1, sizeof(struct answers)); /* the kernel gives pages when they are used */
}

void
answers_freep(struct answers **a)
{
	free(TAKE(*a));
}

/* The slot of id, or the free one where it belongs. */
static size_t
find_slot(const struct generation *g, int64_t id)
{
	size_t i = (size_t)(((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % SLOTS;

	while (g->slots[i] != 0 && g->slots[i] != id)
		i = (i + 1) % SLOTS;
	return i;
}

static void
turn_over(struct answers *a)
{
	struct generation *old = &a->generations[a->young ^= 1];

	if (old->largest > a->forgotten)
		a->forgotten = old->largest;
	memset(old, 0, sizeof(*old));
}

void
answers_add(struct answers *a, int64_t id)
{
	struct generation *g = &a->generations[a->young];
	size_t i = find_slot(g, id);

	if (g->slots[i] == id)
		return;
	g->slots[i] = id;
	if (id > g->largest)
		g->largest = id;
	if (++g->len == HALF)
		turn_over(a);
}

bool
answers_maybe_has(const struct answers *a, int64_t id)
{
	if (id <= a->forgotten)
		return true;
	for (int i = 0; i < 2; i++)
		if (a->generations[i].slots[find_slot(&a->generations[i], id)] == id)
			return true;
	return false;
}
