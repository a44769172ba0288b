/*
 * tally.c: an open hash table that is full when it has had enough.
 *
 * Names come from mail and from policies: only their number is bounded here,
 * their length is by those who made them.
 */
#include "review/tally.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS ((size_t)2 * TALLY_ROWS_MAX)

/* FNV-1a, over the NUL too. */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	for (size_t i = 0; text != NULL; i++) {
		hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001B3);
		if (text[i] == '\0')
			break;
	}
	return hash;
}

static int
compare_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static bool
is_row(const struct tally_row *row, enum policy_action then, enum policy_action now, const char *a,
       const char *b)
{
	return row->then == then && row->now == now && compare_text(row->a, a) == 0 &&
	       compare_text(row->b, b) == 0;
}

void
tally_add(struct tally *t, enum policy_action then, enum policy_action now, const char *a,
	  const char *b, int64_t id)
{
	uint64_t hash = hash_text(hash_text(3 * (uint64_t)then + (uint64_t)now, a), b);
	struct tally_row *row;
	size_t i;

	if (t->slots == NULL)
		t->slots = xcalloc(SLOTS, sizeof(*t->slots));
	for (i = hash % SLOTS; t->slots[i] != NULL; i = (i + 1) % SLOTS)
		if (is_row(t->slots[i], then, now, a, b))
			break;
	if (t->slots[i] == NULL && t->rows == TALLY_ROWS_MAX) {
		t->others++;
		return;
	}
	if (t->slots[i] == NULL) {
		t->slots[i] = xcalloc(1, sizeof(*t->slots[i]));
		*t->slots[i] = (struct tally_row){ then, now, .a = xstrdup(a), .b = xstrdup(b) };
		t->rows++;
	}
	row = t->slots[i];
	row->records++;
	if (row->examples_len < TALLY_EXAMPLES_MAX)
		row->examples[row->examples_len++] = id;
}

void
tally_done(struct tally *t)
{
	for (size_t i = 0; t->slots != NULL && i < SLOTS; i++) {
		if (t->slots[i] == NULL)
			continue;
		free(t->slots[i]->a);
		free(t->slots[i]->b);
		free(t->slots[i]);
	}
	free(t->slots);
	*t = (struct tally){ 0 };
}

static int
compare_rows(const void *left, const void *right)
{
	const struct tally_row *a = *(const struct tally_row *const *)left;
	const struct tally_row *b = *(const struct tally_row *const *)right;
	int order;

	if (a->records != b->records)
		return a->records < b->records ? 1 : -1;
	if ((order = compare_text(a->a, b->a)) != 0 || (order = compare_text(a->b, b->b)) != 0)
		return order;
	return ((int)a->then - (int)b->then) * 3 + (int)a->now - (int)b->now;
}

const struct tally_row **
tally_sorted(const struct tally *t)
{
	const struct tally_row **rows = xcalloc(t->rows + 1, sizeof(struct tally_row *));
	size_t len = 0;

	for (size_t i = 0; t->slots != NULL && i < SLOTS; i++)
		if (t->slots[i] != NULL)
			rows[len++] = t->slots[i];
	qsort(rows, len, sizeof(struct tally_row *), compare_rows);
	return rows;
}
