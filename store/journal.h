/*
 * journal.h: changes of state, each with its row in the journal.
 *
 * To be called inside a write (transaction.h).
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "store/sql.h"

/* Who did it, why, and when. */
struct cause {
	const char *who;
	const char *why; /* NULL: nothing said */
	int64_t at_ms;
	int64_t batch; /* 0: none */
};

/* 1 changed, 0 the record was not (any more) in state from: nothing was done. */
int journal_move(struct store *store, int64_t record, enum record_state from, enum record_state to,
		 const struct cause *cause, struct error *err);

/* A remark; the state stays. */
int journal_note(struct store *store, int64_t record, enum record_state state,
		 const struct cause *cause, struct error *err);

#endif
