/*
 * tally.h: how often what would change, with examples, in bounded memory.
 *
 * A row is what was decided, what would be, and up to two names (a domain; a
 * rule and another). At most TALLY_ROWS_MAX different rows are told apart;
 * whatever comes beyond is counted in `others`.
 */
#ifndef REVIEW_TALLY_H
#define REVIEW_TALLY_H

#include <stdint.h>

#include "policy/policy.h"

#define TALLY_ROWS_MAX     8192
#define TALLY_EXAMPLES_MAX 10

struct tally_row {
	enum policy_action then, now;
	char *a, *b; /* NULL: none */
	int64_t records;
	int64_t examples[TALLY_EXAMPLES_MAX]; /* the first that came */
	size_t examples_len;
};

struct tally {
	struct tally_row **slots; /* a hash table, twice as large as is needed */
	size_t rows;
	int64_t others;
};

void tally_add(struct tally *tally, enum policy_action then, enum policy_action now, const char *a,
	       const char *b, int64_t id);
void tally_done(struct tally *tally);

/* All rows, most records first, then by what stands in them; tally->rows of them. The array is the
 * caller's, the rows are not. */
const struct tally_row **tally_sorted(const struct tally *tally);

#endif
