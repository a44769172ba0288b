/*
 * transaction.h: the bracket around each writing function of store/.
 *
 *	struct write write;
 *
 *	if (write_begin(store, &write, err) < 0)
 *		return -1;
 *	return write_end(&write, do_it(store, …), err);
 *
 * Inside a transaction of the caller it is a savepoint, so that a function
 * that fails has changed nothing; without one it is a transaction of its own.
 */
#ifndef STORE_TRANSACTION_H
#define STORE_TRANSACTION_H

#include "store/sql.h"

struct write {
	struct store *store;
	bool own; /* the transaction, not a savepoint in the caller's */
};

int write_begin(struct store *store, struct write *ret_write, struct error *err);
/* Keeps the work when result is not negative, undoes it else. Returns result, or -1 when keeping
 * failed. */
int write_end(struct write *write, int result, struct error *err);

#endif
