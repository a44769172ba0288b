/*
 * sql.h: one connection, and how the rest of store/ asks it.
 *
 *	AUTO(query_end) struct query q = query_start(store, SQL_TRACE_MATCH);
 *	query_int(&q, id);                     parameters in order
 *	query_blob(&q, token);
 *	found = query_row(&q, err);            1 a row, 0 none (left), -1 failed
 *	… sqlite3_column_…(q.statement, 0)
 *
 * Bound memory is borrowed until query_end. A statement is one question at a
 * time: it must have ended before it is started again.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/answers.h"
#include "store/statements.h"
#include "store/store.h"

enum sql_id {
#define X(name, text) SQL_##name,
	STATEMENTS(X)
#undef X
		SQL_STATEMENTS
};

struct store {
	sqlite3 *db;
	char *path, *folder;
	int64_t min_free_bytes, max_size_bytes;
	int64_t instance;     /* 0: a tool's */
	bool in_transaction;  /* between store_begin and commit or rollback */
	bool was_full;        /* a write failed: see store_begin */
	bool in_savepoint;    /* the caller's one */
	struct answers *lost; /* answers; NULL: a tool's */
	sqlite3_stmt *statements[SQL_STATEMENTS];
};

struct query {
	struct store *store;
	sqlite3_stmt *statement;
	int bound; /* parameters so far */
	int rc;    /* the first failure to bind one */
};

/* The error SQLite has just reported, in the classes of store.h. Returns -1. */
int sql_error(struct store *store, int rc, struct error *err);

int sql_prepare_all(struct store *store, struct error *err);
void sql_finalize_all(struct store *store);

/*
 * True when SQLite itself has undone the transaction that the caller still
 * believes in (disk full, I/O error). Every query then fails until
 * store_commit or store_rollback: one that ran would commit on its own.
 */
bool sql_transaction_is_lost(const struct store *store);

struct query query_start(struct store *store, enum sql_id id);
void query_end(struct query *q);

void query_int(struct query *q, int64_t value);
void query_int_or_null(struct query *q, int64_t value); /* 0 is NULL */
void query_text(struct query *q, const char *text);     /* NULL is NULL */
void query_blob(struct query *q, struct span bytes);    /* never NULL */

int query_row(struct query *q, struct error *err);
/* To its end, whatever rows there are. 0 or -1. */
int query_run(struct query *q, struct error *err);

const char *query_column_text(const struct query *q, int column); /* NULL is NULL */
struct span query_column_blob(const struct query *q, int column);
/* The state a column names; the schema knows no other names. */
enum record_state query_column_state(const struct query *q, int column);

/* States (bits) as the text that statements look into: "/held//failed/". The caller's. */
char *sql_state_list(unsigned states);

/* A statement without parameters. */
int sql_run(struct store *store, enum sql_id id, struct error *err);
/* Its first column as a number; 0 when there is no row. */
int sql_ask_int(struct store *store, enum sql_id id, int64_t *ret_value, struct error *err);

#endif
