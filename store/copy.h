/*
 * copy.h: how many copies were made, and which were not.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

/* The journal of a record of which no copy was made says this. */
#define STORE_COPY_LEFT_OUT "no copy: copy_limit"

/* Copies made after since_ms. */
int store_copies_since(struct store *store, int64_t since_ms, int64_t *ret_copies,
		       struct error *err);

/* Notes in the journal of a record just put that copy_limit left no room for its copy. */
int store_copy_leave_out(struct store *store, int64_t record, enum record_state state,
			 int64_t now_ms, struct error *err);

#endif
