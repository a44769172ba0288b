/* test_open.c: which files become a store, and who may make one. */
#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "store/schema.h"

static int
open_as(const char *path, enum store_mode mode, struct error *err)
{
	const struct store_options options = { .path = path, .mode = mode };
	AUTO(store_closep) struct store *store = NULL;

	return store_open(&options, &store, err);
}

static unsigned
mode_of(const char *path, const char *suffix)
{
	AUTO(freep) char *name = xasprintf("%s%s", path, suffix);
	struct stat st;

	cr_assert_eq(stat(name, &st), 0, "%s", name);
	return st.st_mode & 0777;
}

Test(open, a_daemon_creates_a_store_that_its_group_may_write)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	(void)umask(077);
	fixture_start(&f);
	put_held(f.store, 1, "a@b.example");
	cr_assert_eq(mode_of(f.path, ""), 0660);
	cr_assert_eq(mode_of(f.path, "-wal"), 0660);
	cr_assert_eq(mode_of(f.path, "-shm"), 0660);
}

Test(open, the_connection_is_set_up_as_the_promise_needs)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	cr_assert_eq(ask(f.store, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	cr_assert_eq(ask(f.store, "PRAGMA synchronous"), 2);
	cr_assert_eq(ask(f.store, "PRAGMA foreign_keys"), 1);
	cr_assert_eq(ask(f.store, "PRAGMA wal_autocheckpoint"), 16000);
	cr_assert_eq(ask(f.store, "PRAGMA journal_size_limit"), 64 << 20);
	cr_assert_eq(ask(f.store, "PRAGMA application_id"), SCHEMA_APPLICATION_ID);
	cr_assert_eq(ask(f.store, "PRAGMA user_version"), schema_version);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main'"
				  " AND NOT strict AND name NOT LIKE 'sqlite%'"),
		     0);
}

Test(open, a_tool_creates_nothing)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *other = NULL;

	fixture_start(&f);
	other = xasprintf("%s/other.db", f.folder);
	REFUSED(ERROR_TEMP, open_as(other, STORE_TOOL, &err));
	cr_assert_neq(access(other, F_OK), 0);
	REFUSED(ERROR_TEMP, open_as("/nonexistent/x.db", STORE_DAEMON, &err));
	REFUSED(ERROR_TEMP, open_as(f.folder, STORE_DAEMON, &err));
}

Test(open, an_empty_file_is_a_creation_cut_short_and_is_finished_by_a_daemon_only)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *other = NULL;
	struct error e = { 0 };

	fixture_start(&f);
	other = xasprintf("%s/other.db", f.folder);
	cr_assert_eq(file_publish(f.folder, "other.db", NULL, 0, 0660, &e), 0);
	REFUSED(ERROR_TEMP, open_as(other, STORE_TOOL, &err));
	OK(open_as(other, STORE_DAEMON, &err));
	OK(open_as(other, STORE_TOOL, &err));
}

Test(open, what_is_no_store_of_ours_is_refused_and_left_as_it_was)
{
	const struct span text = SPAN("This is a text file, and long enough to be looked at as one "
				      "that might hold a database header of a hundred bytes.\n");
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *path = NULL;
	AUTO(buffer_done) struct buffer before = { 0 }, after = { 0 };
	struct error e = { 0 };
	sqlite3 *db;

	fixture_start(&f);
	path = xasprintf("%s/other.db", f.folder);
	cr_assert_eq(file_publish(f.folder, "other.db", &text, 1, 0660, &e), 0);
	REFUSED(ERROR_PERM, open_as(path, STORE_DAEMON, &err));
	REFUSED(ERROR_PERM, open_as(path, STORE_TOOL, &err));
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_close(db), SQLITE_OK);
	cr_assert_eq(file_read(path, 1 << 20, &before, &e), 0);
	REFUSED(ERROR_PERM, open_as(path, STORE_DAEMON, &err));
	cr_assert_eq(file_read(path, 1 << 20, &after, &e), 0);
	cr_assert(span_equal(buffer_span(&before), buffer_span(&after)));
}

Test(open, a_newer_schema_is_refused_and_named)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *sql = xasprintf("PRAGMA user_version = %d", schema_version + 1);
	struct error e = { 0 };

	fixture_start(&f);
	tell(f.store, sql);
	store_closep(&f.store);
	REFUSED(ERROR_PERM, open_as(f.path, STORE_TOOL, &err));
	cr_assert_eq(open_as(f.path, STORE_DAEMON, &e), -1);
	cr_assert_eq(e.class, ERROR_PERM);
	cr_assert_not_null(strstr(e.text, "newer"), "%s", e.text);
}

Test(open, an_older_schema_is_refused_by_a_tool_and_migrated_by_a_daemon)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct error e = { 0 };

	fixture_start(&f);
	/* version 0 of ours: what a creation leaves that stopped before its first migration */
	tell(f.store, "PRAGMA foreign_keys = OFF; DROP TABLE journal; DROP TABLE outbox;"
		      "DROP TABLE record; DROP TABLE body; DROP TABLE message;"
		      "DROP TABLE policy; DROP TABLE batch; DROP TABLE storm; DROP TABLE event;"
		      "DROP TABLE harvester; DROP TABLE digest; DROP TABLE sidecar;"
		      "PRAGMA user_version = 0");
	store_closep(&f.store);
	cr_assert_eq(open_as(f.path, STORE_TOOL, &e), -1);
	cr_assert_eq(e.class, ERROR_TEMP);
	cr_assert_not_null(strstr(e.text, "older"), "%s", e.text);
	f.store = fixture_open(&f, STORE_DAEMON);
	put_held(f.store, 1, "a@b.example");
}

/* A file as version 1 left it: one message that leaves by each route. */
static void
make_version_1(const char *path)
{
	static const char rows[] =
		"INSERT INTO message (id, sha256, size, received_at, instance, intake, route,"
		" truncated, smtputf8, class, facts) VALUES"
		" (1, zeroblob(32), 9, 1000, 1, 'lmtp', 'release', 0, 0, 'failed', '{}'),"
		" (2, zeroblob(32), 9, 1000, 1, 'lmtp', 'submit', 0, 0, 'failed', '{}');"
		"INSERT INTO body VALUES (1, x'61'), (2, x'62');"
		"INSERT INTO record (id, message, key, rcpt, state, verdict, rule, changed_at)"
		" VALUES (1, 1, 1, x'61406264', 'sending', 'send', 'r', 1000),"
		" (2, 2, 2, x'61406264', 'sending', 'send', 'r', 1000);"
		"INSERT INTO outbox (record, due_at) VALUES (1, 1000), (2, 1000);"
		"PRAGMA user_version = 1";
	AUTO(freep) char *mark = xasprintf("PRAGMA application_id = %d", SCHEMA_APPLICATION_ID);
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, schema_migrations[0], NULL, NULL, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, rows, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_exec(db, mark, NULL, NULL, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(open, what_waited_in_a_store_of_version_1_leaves_by_the_route_it_had)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct store_lease lease;
	size_t len;

	fixture_start(&f);
	store_closep(&f.store);
	cr_assert_eq(unlink(f.path), 0);
	make_version_1(f.path);
	f.store = fixture_open(&f, STORE_DAEMON);
	cr_assert_eq(ask(f.store, "PRAGMA user_version"), schema_version);
	OK(store_outbox_lease(f.store, STORE_ROUTE_SUBMIT, 2000, 1, &lease, &len, &err));
	cr_assert_eq(len, 1);
	cr_assert_eq(lease.record, 2);
	store_lease_done(&lease);
	OK(store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 2000, 1, &lease, &len, &err));
	cr_assert_eq(len, 1);
	cr_assert_eq(lease.record, 1);
	store_lease_done(&lease);
	check_invariants(f.store);
}

Test(open, a_migration_that_fails_changes_nothing)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	tell(f.store, "PRAGMA user_version = 0"); /* its tables are in the way of migration 1 */
	store_closep(&f.store);
	REFUSED(ERROR_TEMP, open_as(f.path, STORE_DAEMON, &err));
	REFUSED(ERROR_TEMP, open_as(f.path, STORE_DAEMON, &err));
}

Test(open, a_daemon_that_may_not_write_refuses)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	pid_t pid;
	int status;

	if (geteuid() != 0)
		cr_skip_test("needs root to become someone else");
	fixture_start(&f);
	put_held(f.store, 1, "a@b.example");
	cr_assert_eq(chmod(f.folder, 0755), 0);
	cr_assert_eq(chmod(f.path, 0644), 0);
	pid = fork();
	if (pid == 0) {
		struct error e = { 0 };

		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(9);
		_exit(open_as(f.path, STORE_DAEMON, &e) == -1 && e.class == ERROR_TEMP ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

Test(open, each_run_of_the_daemon_has_an_instance_and_a_tool_has_none)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_closep) struct store *tool = NULL;
	int64_t first;

	fixture_start(&f);
	first = store_instance(f.store);
	cr_assert_gt(first, 0);
	fixture_restart(&f);
	cr_assert_neq(store_instance(f.store), first);
	tool = fixture_open(&f, STORE_TOOL);
	cr_assert_eq(store_instance(tool), 0);
}

Test(open, each_state_has_a_name_and_each_name_a_state)
{
	enum record_state state;

	for (int i = 0; i < RECORD_STATES; i++) {
		cr_assert_eq(
			record_state_from_name(record_state_name((enum record_state)i), &state), 1);
		cr_assert_eq((int)state, i);
	}
	cr_assert_eq(record_state_from_name("purged", &state), 0);
}
