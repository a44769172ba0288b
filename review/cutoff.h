/*
 * cutoff.h: which are the oldest, without sorting and in fixed memory.
 *
 * First each file's age and size is added, then it is decided how many bytes
 * must go, then each is asked again. Ages are counted in classes whose width
 * is a 64th of the age, so "oldest first" is true but within a class.
 */
#ifndef REVIEW_CUTOFF_H
#define REVIEW_CUTOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUTOFF_CLASSES 2560

struct cutoff {
	int64_t bytes[CUTOFF_CLASSES]; /* all zero at first */
	size_t edge;                   /* the youngest class of which something goes */
	int64_t edge_bytes;            /* how much of it still has to */
};

void cutoff_add(struct cutoff *cutoff, int64_t age_ms, int64_t bytes);

/* So many bytes are to go, the oldest first; no more than one file too many. */
void cutoff_decide(struct cutoff *cutoff, int64_t bytes);

/* Does this one go? To be asked once for each. */
bool cutoff_takes(struct cutoff *cutoff, int64_t age_ms, int64_t bytes);

#endif
