/*
 * fixture.c: a temporary store, and messages to put in it.
 */
#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store *
fixture_open(const struct fixture *f, enum store_mode mode)
{
	const struct store_options options = { .path = f->path, .mode = mode };
	struct store *store = NULL;

	OK(store_open(&options, &store, &err));
	return store;
}

void
fixture_start(struct fixture *f)
{
	f->folder = xstrdup("/tmp/ndrq-store-XXXXXX");
	cr_assert_not_null(mkdtemp(f->folder));
	f->path = xasprintf("%s/store.db", f->folder);
	f->store = fixture_open(f, STORE_DAEMON);
}

void
fixture_restart(struct fixture *f)
{
	store_closep(&f->store);
	f->store = fixture_open(f, STORE_DAEMON);
}

void
fixture_done(struct fixture *f)
{
	AUTO(freep) char *command = xasprintf("rm -rf '%s'", f->folder);

	store_closep(&f->store);
	cr_assert_eq(system(command), 0);
	free(f->path);
	free(f->folder);
}

void
letter_init(struct letter *letter, uint8_t n, const char *rcpt)
{
	static const char body[] = "From: <>\r\nSubject: returned\r\n\r\nNo such user.\r\n";

	*letter = (struct letter){
		.message = {
			.body = { body, sizeof(body) - 1 },
			.size_bytes = sizeof(body) - 1,
			.received_at_ms = 1000,
			.intake = "lmtp",
			.class = "failed",
			.facts = "{}",
		},
	};
	memset(letter->message.sha256, n, STORE_SHA256_BYTES);
	letter_add(letter, rcpt);
}

void
letter_add(struct letter *letter, const char *rcpt)
{
	struct store_new_message *m = &letter->message;
	const char *at = strrchr(rcpt, '@');

	cr_assert_lt(m->records_len, 8);
	letter->records[m->records_len++] = (struct store_new_record){
		.rcpt = span_of(rcpt),
		.domain = at != NULL ? at + 1 : NULL,
		.state = RECORD_HELD,
		.verdict = "hold",
		.rule = "Default",
	};
}

int64_t
put(struct store *store, struct letter *letter)
{
	letter->message.records = letter->records;
	OK(store_put(store, &letter->message, &err));
	return letter->records[0].id;
}

int64_t
put_held(struct store *store, uint8_t n, const char *rcpt)
{
	struct letter letter;

	letter_init(&letter, n, rcpt);
	return put(store, &letter);
}

int64_t
put_sending(struct store *store, uint8_t n, const char *rcpt)
{
	struct letter letter;

	letter_init(&letter, n, rcpt);
	letter.records[0].state = RECORD_SENDING;
	letter.records[0].verdict = "send";
	return put(store, &letter);
}

void
finish(struct store *store, int64_t id, enum store_delivery outcome, int64_t now_ms)
{
	int done = 0;

	OK(store_outbox_finish(store, id, outcome, "the reply", now_ms + 500, now_ms, &done, &err));
	cr_assert_eq(done, 1);
}

int64_t
put_sent(struct store *store, uint8_t n, const char *rcpt)
{
	int64_t id = put_sending(store, n, rcpt);
	struct store_lease lease;
	size_t len;

	OK(store_outbox_lease(store, STORE_ROUTE_RELEASE, 1000, 1, &lease, &len, &err));
	cr_assert_eq(len, 1);
	cr_assert_eq(lease.record, id);
	store_lease_done(&lease);
	finish(store, id, STORE_DELIVERY_DONE, 2000);
	return id;
}

static int
note_state(const struct store_record *record, void *ctx)
{
	*(int *)ctx = (int)record->state;
	return 0;
}

int
state_of(struct store *store, int64_t id)
{
	int state = -1;

	OK(store_get(store, id, note_state, &state, &err));
	return state;
}

int64_t
ask(struct store *store, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value;

	cr_assert_eq(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), SQLITE_OK, "%s: %s",
		     sql, sqlite3_errmsg(store->db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sql);
	value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return value;
}

void
tell(struct store *store, const char *sql)
{
	cr_assert_eq(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(store->db));
}

static int
add_piece(void *ctx, const void *data, size_t len, struct error *err)
{
	(void)err;
	buffer_add(ctx, data, len);
	return 0;
}

void
read_body(struct store *store, int64_t id, struct buffer *out)
{
	OK(store_read_body(store, id, add_piece, out, &err));
}

void
check_invariants(struct store *store)
{
	static const char *const none[] = {
		"SELECT count(*) FROM pragma_foreign_key_check",
		"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		/* An outbox row exists exactly while a record is sending or releasing. */
		"SELECT count(*) FROM record WHERE (state IN ('sending', 'releasing'))"
		" <> (id IN (SELECT record FROM outbox))",
		"SELECT count(*) FROM record WHERE purged_at IS NOT NULL"
		" AND id IN (SELECT record FROM outbox)",
		/* A body exists exactly while one of its records is not purged. */
		"SELECT count(*) FROM message WHERE (id IN (SELECT message FROM body)) <>"
		" (id IN (SELECT message FROM record WHERE purged_at IS NULL))",
		"SELECT count(*) FROM message WHERE id NOT IN (SELECT message FROM record)",
		/* A storm has records, and has counted each. */
		"SELECT count(*) FROM storm WHERE members <"
		" max(1, (SELECT count(*) FROM record WHERE record.storm = storm.id))"
		" OR id NOT IN (SELECT storm FROM record WHERE storm IS NOT NULL)",
		/* The journal is a chain that ends in the record's state. */
		"SELECT count(*) FROM journal JOIN record ON record.id = journal.record"
		" WHERE n = (SELECT max(n) FROM journal AS last WHERE last.record = record.id)"
		" AND to_state <> record.state",
		"SELECT count(*) FROM journal AS a JOIN journal AS b"
		" ON b.record = a.record AND b.n = a.n + 1 WHERE b.from_state <> a.to_state",
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_assert_eq(ask(store, none[i]), 0, "%s", none[i]);
}
