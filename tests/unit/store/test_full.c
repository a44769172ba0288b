/*
 * test_full.c: no room, no lock, no permission, no disk.
 *
 * Each trouble is a temporary refusal, undoes what it met, and is over when
 * it is over: the same connection goes on.
 */
#include "tests/unit/store/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/store/fault_vfs.h"

/* A letter with a body of 400 KB. */
static void
letter_init_large(struct letter *l, uint8_t n, const char *body)
{
	letter_init(l, n, "a@b.example");
	l->message.body = (struct span){ body, 400000 };
	l->message.records = l->records;
}

static void
set_max_pages(struct store *store, int64_t pages)
{
	AUTO(freep) char *sql = xasprintf("PRAGMA max_page_count = %lld", (long long)pages);

	tell(store, sql);
}

Test(full, a_full_file_refuses_for_now_and_takes_again_when_there_is_room)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *body = xcalloc(1, 400000);
	struct letter l;

	fixture_start(&f);
	set_max_pages(f.store, ask(f.store, "PRAGMA page_count") + 5);
	letter_init_large(&l, 1, body);
	REFUSED(ERROR_TEMP, store_put(f.store, &l.message, &err));
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM message"), 0);
	put_held(f.store, 2, "a@b.example"); /* a small one still fits */
	set_max_pages(f.store, 1000000);
	put(f.store, &l);
	check_invariants(f.store);
}

Test(full, a_full_file_inside_a_savepoint_never_takes_the_others_silently)
{
	AUTO(freep) char *body = xcalloc(1, 400000);

	for (int way = 0; way < 3; way++) {
		AUTO(fixture_done) struct fixture f = { 0 };
		struct letter l;
		int committed;

		fixture_start(&f);
		set_max_pages(f.store, ask(f.store, "PRAGMA page_count") + 5);
		letter_init_large(&l, 9, body);
		OK(store_begin(f.store, &err));
		OK(store_savepoint(f.store, &err));
		put_held(f.store, 1, "a@b.example");
		OK(store_savepoint_release(f.store, &err));
		OK(store_savepoint(f.store, &err));
		REFUSED(ERROR_TEMP, store_put(f.store, &l.message, &err));
		if (way == 0)
			store_savepoint_rollback(f.store);
		if (way == 1)
			(void)store_savepoint_release(f.store, NULL);
		committed = store_commit(f.store, NULL);
		cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), committed == 0 ? 1 : 0);
		set_max_pages(f.store, 1000000);
		put(f.store, &l);
		check_invariants(f.store);
	}
}

Test(full, a_write_that_the_system_refuses_is_temporary_and_passes)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *body = xcalloc(1, 400000);
	struct rlimit before, little;
	struct letter l;

	fixture_start(&f);
	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = before;
	little.rlim_cur = 300000; /* of any one file: the WAL meets it */
	letter_init_large(&l, 1, body);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	REFUSED(ERROR_TEMP, store_put(f.store, &l.message, &err));
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM message"), 0);
	put(f.store, &l);
	check_invariants(f.store);
}

Test(full, a_wal_that_can_grow_no_more_is_emptied_into_the_file)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct rlimit before, little;
	int failed = 0, failed_again = 0;
	struct letter l;

	fixture_start(&f);
	(void)signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	little = before;
	little.rlim_cur = 400000; /* far below the WAL at which SQLite does it by itself */
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	for (uint8_t i = 0; i < 100; i++) {
		letter_init(&l, i, "a@b.example");
		l.message.records = l.records;
		if (store_put(f.store, &l.message, NULL) == 0)
			continue;
		failed++;
		failed_again += store_put(f.store, &l.message, NULL) < 0;
	}
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	cr_assert_gt(failed, 0);
	cr_assert_eq(failed_again, 0, "%d of %d", failed_again, failed);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 100);
}

Test(full, a_disk_that_fails_or_is_read_only_is_temporary_and_passes)
{
	static const int codes[] = { SQLITE_IOERR_WRITE, SQLITE_FULL, SQLITE_READONLY, SQLITE_NOMEM,
				     SQLITE_CANTOPEN };

	fault_install();
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		AUTO(fixture_done) struct fixture f = { 0 };
		struct letter l;

		fixture_start(&f);
		put_held(f.store, 1, "a@b.example");
		fault_arm(&(struct fault_plan){ .step = 1, .code = codes[i], .stay = true });
		letter_init(&l, 2, "a@b.example");
		l.message.records = l.records;
		REFUSED(ERROR_TEMP, store_put(f.store, &l.message, &err));
		REFUSED(ERROR_TEMP, store_put(f.store, &l.message, &err));
		fault_disarm();
		cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 1);
		put(f.store, &l);
		check_invariants(f.store);
	}
}

Test(full, a_store_locked_by_another_is_temporary_and_passes)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_closep) struct store *other = NULL;
	struct letter l;
	int64_t batch = 0;
	int64_t id = 1;
	struct store_change_result result;

	fixture_start(&f);
	put_held(f.store, 1, "a@b.example");
	other = fixture_open(&f, STORE_TOOL);
	OK(store_begin(other, &err));
	letter_init(&l, 2, "a@b.example");
	l.message.records = l.records;
	REFUSED(ERROR_TEMP, store_begin(f.store, &err));
	REFUSED(ERROR_TEMP, store_put(f.store, &l.message, &err));
	REFUSED(ERROR_TEMP, store_change(f.store, STORE_CHANGE_DELETE, &id, 1, NULL, "me", NULL, 1,
					 &batch, &result, &err));
	cr_assert_eq(batch, 0);
	cr_assert_eq(state_of(f.store, 1), RECORD_HELD, "readers are not kept waiting");
	store_rollback(other);
	put(f.store, &l);
}

Test(full, room_is_refused_before_it_ends)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(store_closep) struct store *narrow = NULL;
	struct store_options options = { .mode = STORE_DAEMON };
	AUTO(freep) char *body = xcalloc(1, 400000);
	struct letter l;
	int64_t records, bytes;

	fixture_start(&f);
	letter_init_large(&l, 1, body);
	OK(store_check_room(f.store, INT64_C(1) << 30, &err)); /* no limits set */
	options.path = f.path;
	options.max_size_bytes = 800000;
	OK(store_open(&options, &narrow, &err));
	OK(store_check_room(narrow, 1000, &err));
	REFUSED(ERROR_TEMP, store_check_room(narrow, 800000, &err));
	put(narrow, &l);
	REFUSED(ERROR_TEMP, store_check_room(narrow, 400000, &err));
	OK(store_purge(narrow, 1U << RECORD_HELD, 5000, 10, false, "me", NULL, 6000, &records,
		       &bytes, &err));
	cr_assert_eq(bytes, 400000);
	OK(store_check_room(narrow, 400000, &err)); /* purging makes room at once */
	store_closep(&narrow);
	options.max_size_bytes = 0;
	options.min_free_bytes = INT64_MAX / 2;
	OK(store_open(&options, &narrow, &err));
	REFUSED(ERROR_TEMP, store_check_room(narrow, 0, &err));
}

Test(full, a_purged_store_gives_pages_back_to_the_disk)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *body = xcalloc(1, 400000);
	int64_t records, bytes, pages;

	fixture_start(&f);
	for (uint8_t i = 0; i < 20; i++) {
		struct letter l;

		letter_init_large(&l, i, body);
		put(f.store, &l);
	}
	pages = ask(f.store, "PRAGMA page_count");
	OK(store_purge(f.store, 1U << RECORD_HELD, 5000, 100, false, "me", NULL, 6000, &records,
		       &bytes, &err));
	cr_assert_eq(records, 20);
	cr_assert_lt(ask(f.store, "PRAGMA page_count"), pages / 4);
	check_invariants(f.store);
}
