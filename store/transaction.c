/*
 * transaction.c: what is committed, and when it may be said.
 *
 * Promises that store_commit returns 0 only for work that is synced
 * (synchronous=FULL: the WAL is, before COMMIT ends), and that work which
 * SQLite undid by itself (a full disk, an I/O error inside a savepoint) can
 * be neither committed nor continued: autocommit then is on while we stand in
 * a transaction, every query refuses (sql.c), and the next commit fails.
 */
#include "store/transaction.h"

#include <assert.h>

/* A removed or replaced file would take commits that nobody ever reads. */
static int
check_in_place(const struct store *store, struct error *err)
{
	int moved = 0;

	(void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved)
		return error_set(err, ERROR_TEMP, "store %s: moved or removed while it is open",
				 store->path);
	return 0;
}

/*
 * After a failed write. SQLite moves the WAL into the file only when a commit
 * has succeeded; on a full disk none does, although the file may have room
 * for what the WAL holds, and the WAL could then start over.
 */
static void
empty_wal(struct store *store)
{
	if (store->was_full)
		(void)sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL,
						NULL);
	store->was_full = false;
}

int
store_begin(struct store *store, struct error *err)
{
	assert(!store->in_transaction);
	if (check_in_place(store, err) < 0)
		return -1;
	empty_wal(store);
	if (sql_run(store, SQL_BEGIN, err) < 0)
		return -1;
	store->in_transaction = true;
	return 0;
}

int
store_commit(struct store *store, struct error *err)
{
	int result;

	assert(store->in_transaction);
	result = sql_run(store, SQL_COMMIT, err);
	store_rollback(store); /* of what a failed commit left; else nothing */
	return result;
}

void
store_rollback(struct store *store)
{
	store->in_transaction = false;
	store->in_savepoint = false;
	if (!sqlite3_get_autocommit(store->db))
		(void)sql_run(store, SQL_ROLLBACK, NULL);
}

int
store_savepoint(struct store *store, struct error *err)
{
	assert(store->in_transaction && !store->in_savepoint);
	if (sql_run(store, SQL_SAVE_CALLER, err) < 0)
		return -1;
	store->in_savepoint = true;
	return 0;
}

int
store_savepoint_release(struct store *store, struct error *err)
{
	assert(store->in_savepoint);
	store->in_savepoint = false;
	return sql_run(store, SQL_RELEASE_CALLER, err);
}

/* Undoes the whole transaction when the savepoint cannot be undone: it is lost then, and says so.
 */
static void
undo_to(struct store *store, enum sql_id undo, enum sql_id release)
{
	if (sql_run(store, undo, NULL) < 0 || sql_run(store, release, NULL) < 0) {
		if (!sqlite3_get_autocommit(store->db))
			(void)sql_run(store, SQL_ROLLBACK, NULL);
	}
}

void
store_savepoint_rollback(struct store *store)
{
	assert(store->in_savepoint);
	store->in_savepoint = false;
	undo_to(store, SQL_UNDO_CALLER, SQL_RELEASE_CALLER);
}

int
write_begin(struct store *store, struct write *ret_write, struct error *err)
{
	ret_write->store = store;
	ret_write->own = !store->in_transaction;
	if (ret_write->own)
		return store_begin(store, err);
	return sql_run(store, SQL_SAVE_STEP, err);
}

int
write_end(struct write *write, int result, struct error *err)
{
	struct store *store = write->store;

	if (write->own && result >= 0)
		return store_commit(store, err) < 0 ? -1 : result;
	if (result >= 0 && sql_run(store, SQL_RELEASE_STEP, err) == 0)
		return result;
	if (write->own)
		store_rollback(store);
	else
		undo_to(store, SQL_UNDO_STEP, SQL_RELEASE_STEP);
	return -1;
}
