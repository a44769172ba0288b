/*
 * ids.h: which records a verb is about.
 */
#ifndef REVIEW_IDS_H
#define REVIEW_IDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct ids {
	int64_t *items; /* ascending, each once */
	size_t len, size;
};

/* More than this many are refused. */
#define IDS_MAX ((size_t)10 * 1000 * 1000)

/*
 * Reads operands: ids, or "-" for a list on in: one id a line; blank lines
 * and what follows a # are ignored. 0, or an exit status: EX_USAGE for a word
 * that is no id, EX_DATAERR for such a line, EX_IOERR; err says what.
 */
int ids_read(int argc, char **argv, FILE *in, struct ids *ret_ids, struct error *err);
void ids_done(struct ids *ids);

#endif
