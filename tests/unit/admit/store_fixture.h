/*
 * store_fixture.h: a real store in a folder of the test's own, a second
 * connection that sees what is committed, and a small message to put.
 */
#ifndef TESTS_UNIT_ADMIT_STORE_FIXTURE_H
#define TESTS_UNIT_ADMIT_STORE_FIXTURE_H

#include <sqlite3.h>

#include "store/store.h"
#include "tests/unit/admit/fixture.h"

static UNUSED struct store *
store_make(const char *folder)
{
	AUTO(freep) char *path = xasprintf("%s/store", folder);
	const struct store_options options = { .path = path,
					       .mode = STORE_DAEMON,
					       .busy_timeout_ms = 100 };
	struct store *store = NULL;
	struct error err = { 0 };

	cr_assert_eq(store_open(&options, &store, &err), 0, "%s", err.text);
	return store;
}

/* As the tool would look at it: a connection of its own. */
static UNUSED sqlite3 *
side_open(const char *folder)
{
	AUTO(freep) char *path = xasprintf("%s/store", folder);
	sqlite3 *db = NULL;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 5000);
	return db;
}

static UNUSED void
side_closep(sqlite3 **db)
{
	cr_assert_eq(sqlite3_close(*db), SQLITE_OK);
}

static UNUSED void
side_run(sqlite3 *db, const char *sql)
{
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(db));
}

/* The first column of the first row; -1: no row. */
static UNUSED int64_t
side_ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t answer = -1;

	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(db));
	if (sqlite3_step(statement) == SQLITE_ROW)
		answer = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return answer;
}

/* A message that differs by its number; record is filled too, both are borrowed. */
static UNUSED void
message_make(unsigned number, enum record_state state, struct store_new_record *record,
	     struct store_new_message *message)
{
	*record = (struct store_new_record){
		.rcpt = SPAN("someone@remote.example"),
		.domain = "remote.example",
		.state = state,
		.verdict = "hold",
		.rule = "Default.ndr",
	};
	*message = (struct store_new_message){
		.body = SPAN("Subject: stored\r\n\r\ntext\r\n"),
		.size_bytes = 25,
		.received_at_ms = 1000000,
		.intake = "lmtp",
		.class = "failed",
		.facts = "{\"class\":\"failed\"}",
		.records = record,
		.records_len = 1,
	};
	memcpy(message->sha256, &number, sizeof(number));
}

#endif
