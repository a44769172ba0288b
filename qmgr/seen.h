/*
 * seen.h: which files of a folder were looked at and left.
 *
 * A set of 64-bit marks in two generations: what the running scan saw, and
 * what the scan before it saw. So files that are gone are forgotten without
 * being looked for. 8 bytes a file, at most SEEN_MOST; beyond it files are
 * merely read again.
 */
#ifndef QMGR_SEEN_H
#define QMGR_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_MOST ((size_t)4 << 20)

struct seen_set {
	uint64_t *marks; /* open addressing; 0 is empty */
	size_t len, size;
};

struct seen {
	struct seen_set now, before;
};

/* In this generation or the one before; if so it is carried into this one. */
bool seen_has(struct seen *seen, uint64_t mark);
void seen_add(struct seen *seen, uint64_t mark);
/* A scan is over: what it did not see is forgotten after the next. */
void seen_turn(struct seen *seen);
void seen_done(struct seen *seen);

/* FNV-1a over a name and what else tells a file from a later one of that name. */
uint64_t seen_mark(const char *name, uint64_t inode, int64_t mtime, int64_t size_bytes);

#endif
