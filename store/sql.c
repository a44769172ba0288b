/*
 * sql.c: statements, their parameters, and what a failure means.
 *
 * Promises that no statement runs in a transaction SQLite has undone by
 * itself, and that each failure is sorted into "waiting can help" or not; in
 * doubt it can. Owns the prepared statements.
 */
#include "store/sql.h"

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const texts[SQL_STATEMENTS] = {
#define X(name, text) [SQL_##name] = text,
	STATEMENTS(X)
#undef X
};

static enum error_class
class_of(int rc)
{
	switch (rc & 0xFF) {
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return ERROR_PERM;
	default: /* SQLite's list, not ours: BUSY, LOCKED, FULL, IOERR, READONLY, NOMEM …; and
		  * CORRUPT, which says nothing about the message at hand: its sender keeps it */
		return ERROR_TEMP;
	}
}

int
sql_error(struct store *store, int rc, struct error *err)
{
	const char *text = sqlite3_extended_errcode(store->db) == rc ? sqlite3_errmsg(store->db)
								     : sqlite3_errstr(rc);

	if ((rc & 0xFF) == SQLITE_FULL || (rc & 0xFF) == SQLITE_IOERR)
		store->was_full = true;
	return error_set(err, class_of(rc), "store %s: %s", store->path, text);
}

int
sql_prepare_all(struct store *store, struct error *err)
{
	for (int i = 0; i < SQL_STATEMENTS; i++) {
		int rc = sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
					    &store->statements[i], NULL);

		if (rc != SQLITE_OK)
			return sql_error(store, rc, err);
	}
	return 0;
}

void
sql_finalize_all(struct store *store)
{
	for (int i = 0; i < SQL_STATEMENTS; i++)
		(void)sqlite3_finalize(store->statements[i]);
}

bool
sql_transaction_is_lost(const struct store *store)
{
	return store->in_transaction && sqlite3_get_autocommit(store->db);
}

struct query
query_start(struct store *store, enum sql_id id)
{
	struct query q = { .store = store, .statement = store->statements[id] };

	assert(!sqlite3_stmt_busy(q.statement));
	return q;
}

void
query_end(struct query *q)
{
	(void)sqlite3_reset(q->statement);
	if (q->bound > 0)
		(void)sqlite3_clear_bindings(q->statement);
}

static void
note(struct query *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

void
query_int(struct query *q, int64_t value)
{
	note(q, sqlite3_bind_int64(q->statement, ++q->bound, value));
}

void
query_int_or_null(struct query *q, int64_t value)
{
	if (value != 0)
		query_int(q, value);
	else
		note(q, sqlite3_bind_null(q->statement, ++q->bound));
}

void
query_text(struct query *q, const char *text)
{
	note(q, sqlite3_bind_text(q->statement, ++q->bound, text, -1, SQLITE_STATIC));
}

void
query_blob(struct query *q, struct span bytes)
{
	const char *data = bytes.data != NULL ? bytes.data : "";

	note(q, sqlite3_bind_blob64(q->statement, ++q->bound, data, bytes.len, SQLITE_STATIC));
}

int
query_row(struct query *q, struct error *err)
{
	int rc = q->rc;

	if (sql_transaction_is_lost(q->store))
		return error_set(err, ERROR_TEMP, "store %s: the transaction was undone",
				 q->store->path);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q->statement);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return sql_error(q->store, rc, err);
}

int
query_run(struct query *q, struct error *err)
{
	int row;

	do
		row = query_row(q, err);
	while (row > 0);
	return row;
}

const char *
query_column_text(const struct query *q, int column)
{
	return (const char *)sqlite3_column_text(q->statement, column);
}

struct span
query_column_blob(const struct query *q, int column)
{
	const void *data = sqlite3_column_blob(q->statement, column);

	return (struct span){ data, (size_t)sqlite3_column_bytes(q->statement, column) };
}

enum record_state
query_column_state(const struct query *q, int column)
{
	enum record_state state = RECORD_HELD;
	const char *name = query_column_text(q, column);

	if (name != NULL)
		(void)record_state_from_name(name, &state);
	return state;
}

char *
sql_state_list(unsigned states)
{
	struct buffer list = { 0 };

	for (int i = 0; i < RECORD_STATES; i++)
		if (states & 1U << i)
			buffer_printf(&list, "/%s/", record_state_name((enum record_state)i));
	return buffer_take(&list);
}

int
sql_run(struct store *store, enum sql_id id, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, id);

	return query_run(&q, err);
}

int
sql_ask_int(struct store *store, enum sql_id id, int64_t *ret_value, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, id);
	int row = query_row(&q, err);

	if (row < 0)
		return -1;
	*ret_value = row > 0 ? sqlite3_column_int64(q.statement, 0) : 0;
	return 0;
}
