/* test_transaction.c: what is kept, what is undone, and who may say so. */
#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/transaction.h"

Test(transaction, a_commit_keeps_and_a_rollback_undoes)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t kept, undone;

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	kept = put_held(f.store, 1, "a@b.example");
	OK(store_commit(f.store, &err));
	OK(store_begin(f.store, &err));
	undone = put_held(f.store, 2, "a@b.example");
	store_rollback(f.store);
	store_rollback(f.store); /* nothing left: no harm */
	cr_assert_eq(state_of(f.store, kept), RECORD_HELD);
	cr_assert_eq(state_of(f.store, undone), -1);
}

Test(transaction, a_savepoint_undoes_one_message_of_many)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t first, second, third;

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	OK(store_savepoint(f.store, &err));
	first = put_held(f.store, 1, "a@b.example");
	OK(store_savepoint_release(f.store, &err));
	OK(store_savepoint(f.store, &err));
	second = put_held(f.store, 2, "a@b.example");
	store_savepoint_rollback(f.store);
	cr_assert_eq(state_of(f.store, second), -1);
	OK(store_savepoint(f.store, &err));
	third = put_held(f.store, 3, "a@b.example");
	OK(store_savepoint_release(f.store, &err));
	OK(store_commit(f.store, &err));
	cr_assert_eq(state_of(f.store, first), RECORD_HELD);
	cr_assert_eq(state_of(f.store, third), RECORD_HELD);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 2);
}

Test(transaction, a_store_closed_in_a_transaction_keeps_nothing_of_it)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	put_held(f.store, 1, "a@b.example");
	fixture_restart(&f);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 0);
}

/* As SQLite does on some I/O errors and full disks: everything is undone under our feet. */
static void
lose(struct store *store)
{
	tell(store, "ROLLBACK");
	cr_assert(sql_transaction_is_lost(store));
}

Test(transaction, what_sqlite_undid_by_itself_is_never_said_to_be_committed)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	put_held(f.store, 1, "a@b.example");
	lose(f.store);
	letter_init(&l, 2, "a@b.example");
	l.message.records = l.records;
	REFUSED(ERROR_TEMP, store_put(f.store, &l.message, &err));
	REFUSED(ERROR_TEMP, store_savepoint(f.store, &err));
	REFUSED(ERROR_TEMP, store_commit(f.store, &err));
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 0);
	put_held(f.store, 3, "a@b.example"); /* and it goes on */
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 1);
}

Test(transaction, a_loss_inside_a_savepoint_reaches_the_commit)
{
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (int release = 0; release < 2; release++) {
		OK(store_begin(f.store, &err));
		put_held(f.store, 1, "a@b.example");
		OK(store_savepoint(f.store, &err));
		put_held(f.store, 2, "a@b.example");
		lose(f.store);
		if (release)
			REFUSED(ERROR_TEMP, store_savepoint_release(f.store, &err));
		else
			store_savepoint_rollback(f.store);
		REFUSED(ERROR_TEMP, store_commit(f.store, &err));
		cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 0);
	}
}

Test(transaction, a_loss_inside_a_writing_function_reaches_its_caller)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct write own, step;

	fixture_start(&f);
	OK(write_begin(f.store, &own, &err));
	OK(write_begin(f.store, &step, &err));
	put_held(f.store, 1, "a@b.example");
	lose(f.store);
	REFUSED(ERROR_TEMP, write_end(&step, 0, &err));
	REFUSED(ERROR_TEMP, write_end(&own, 1, &err));
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 0);
}

Test(transaction, a_function_that_fails_leaves_the_callers_transaction_as_it_was)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct write write;
	int64_t id;

	fixture_start(&f);
	OK(store_begin(f.store, &err));
	id = put_held(f.store, 1, "a@b.example");
	OK(write_begin(f.store, &write, &err));
	put_held(f.store, 2, "a@b.example");
	cr_assert_eq(write_end(&write, -1, NULL), -1);
	OK(store_commit(f.store, &err));
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 1);
	cr_assert_eq(state_of(f.store, id), RECORD_HELD);
}

/* Deletes what comes in, one by one, as the tool does. */
static void
delete_all(const char *path, int64_t last)
{
	const struct store_options options = { .path = path,
					       .mode = STORE_TOOL,
					       .busy_timeout_ms = 10000 };
	struct store *store = NULL;

	if (store_open(&options, &store, NULL) < 0)
		_exit(2);
	for (int64_t id = 1; id <= last;) {
		struct store_change_result result;
		int64_t batch = 0;

		if (store_change(store, STORE_CHANGE_DELETE, &id, 1, NULL, "anna", NULL, 5000,
				 &batch, &result, NULL) < 0)
			_exit(3);
		id += result.outcome == STORE_CHANGED;
	}
	_exit(0);
}

Test(transaction, a_tool_and_a_daemon_work_at_once, .timeout = 60)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int status;
	pid_t pid;

	fixture_start(&f);
	(void)sqlite3_busy_timeout(f.store->db, 10000);
	pid = fork();
	if (pid == 0)
		delete_all(f.path, 200);
	for (uint8_t n = 0; n < 200; n++)
		put_held(f.store, n, "a@b.example");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record WHERE state = 'deleted'"), 200);
	check_invariants(f.store);
}

Test(transaction, a_store_that_was_moved_or_removed_takes_nothing_more)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *aside = NULL;

	fixture_start(&f);
	aside = xasprintf("%s.aside", f.path);
	put_held(f.store, 1, "a@b.example");
	cr_assert_eq(rename(f.path, aside), 0);
	REFUSED(ERROR_TEMP, store_begin(f.store, &err));
	cr_assert_eq(rename(aside, f.path), 0);
	put_held(f.store, 2, "a@b.example");
	cr_assert_eq(unlink(f.path), 0);
	REFUSED(ERROR_TEMP, store_begin(f.store, &err));
}
