/*
 * test_crash.c: every step fails once, the power goes at every step, and the
 * process is killed in the middle. What was said to be committed is there.
 *
 * Each attempt is a child that works on a copy of one store, tells by a pipe
 * what store_commit said, and ends without closing: its parent, another
 * process, recovers.
 */
#include "tests/unit/store/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/unit/store/fault_vfs.h"

struct told {
	int64_t ids[2]; /* of the two messages of the transaction; 0: put failed */
	int put[2], committed;
	bool met;  /* the fault did happen */
	int again; /* what a commit said after the fault was over */
	int64_t again_id;
	int seen; /* records of the transaction the child itself then saw */
};

struct attempt {
	const char *name;
	struct fault_plan fault;
	bool power_cut;
	unsigned seed;
};

static int
put_quietly(struct store *store, uint8_t n, int64_t *ret_id)
{
	static char body[9000]; /* a few overflow pages */
	struct letter l;
	int rc;

	memset(body, n, sizeof(body));
	letter_init(&l, n, "a@b.example");
	l.message.body = (struct span){ body, sizeof(body) };
	l.message.records = l.records;
	l.records[0].state = RECORD_SENDING;
	rc = store_put(store, &l.message, NULL);
	*ret_id = l.records[0].id;
	return rc;
}

static int
put_in_savepoint(struct store *store, uint8_t n, int64_t *ret_id)
{
	if (store_savepoint(store, NULL) < 0)
		return -1;
	if (put_quietly(store, n, ret_id) < 0) {
		store_savepoint_rollback(store);
		return -1;
	}
	return store_savepoint_release(store, NULL);
}

/* What the committer does with two messages. */
static void
work(struct store *store, struct told *told)
{
	told->committed = -1;
	if (store_begin(store, NULL) < 0)
		return;
	for (uint8_t i = 0; i < 2; i++)
		told->put[i] = put_in_savepoint(store, (uint8_t)(100 + i), &told->ids[i]);
	told->committed = store_commit(store, NULL);
}

static int
count_seen(struct store *store)
{
	sqlite3_stmt *s = NULL;
	int seen = -1;

	if (sqlite3_prepare_v2(store->db,
			       "SELECT count(*) FROM message WHERE hex(sha256) LIKE '64%'"
			       " OR hex(sha256) LIKE '65%'",
			       -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		seen = sqlite3_column_int(s, 0);
	(void)sqlite3_finalize(s);
	return seen;
}

static void
child(const char *path, const struct attempt *attempt, int fd)
{
	const struct store_options options = { .path = path, .mode = STORE_DAEMON };
	struct store *store = NULL;
	struct told told = { .again = -1 };

	fault_install();
	if (store_open(&options, &store, NULL) < 0 ||
	    sqlite3_exec(store->db, "PRAGMA wal_autocheckpoint = 1; PRAGMA cache_size = 10", NULL,
			 NULL, NULL) != SQLITE_OK)
		_exit(2);
	fault_arm(&attempt->fault);
	work(store, &told);
	told.met = fault_happened();
	if (attempt->power_cut) {
		fault_power_cut(attempt->seed);
	} else {
		fault_disarm();
		told.seen = count_seen(store);
		told.again = put_quietly(store, 102, &told.again_id);
	}
	if (write(fd, &told, sizeof(told)) != sizeof(told))
		_exit(3);
	_exit(0);
}

static struct told
run_child(const char *path, const struct attempt *attempt)
{
	struct told told;
	int fds[2], status;
	pid_t pid;

	cr_assert_eq(pipe(fds), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		child(path, attempt, fds[1]);
	(void)close(fds[1]);
	cr_assert_eq(read(fds[0], &told, sizeof(told)), sizeof(told), "%s step %d: no report",
		     attempt->name, attempt->fault.step);
	(void)close(fds[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	return told;
}

static void
copy_store(const struct fixture *f, const struct buffer *original)
{
	AUTO(freep) char *wal = xasprintf("%s-wal", f->path);
	AUTO(freep) char *shm = xasprintf("%s-shm", f->path);
	const struct span part = buffer_span(original);
	struct error err = { 0 };

	(void)unlink(wal);
	(void)unlink(shm);
	cr_assert_eq(file_publish(f->folder, "store.db", &part, 1, 0660, &err), 0, "%s", err.text);
}

static void
judge(struct fixture *f, const struct attempt *attempt, const struct told *told)
{
	const char *name = attempt->name;
	int step = attempt->fault.step;
	int wanted = (told->put[0] == 0) + (told->put[1] == 0);
	int there;

	f->store = fixture_open(f, STORE_DAEMON);
	there = count_seen(f->store);
	check_invariants(f->store);
	cr_assert_eq(state_of(f->store, 1), RECORD_HELD, "%s step %d: an old record went", name,
		     step);
	if (told->committed == 0)
		cr_assert_eq(there, wanted, "%s step %d: %d of %d committed are there", name, step,
			     there, wanted);
	else
		cr_assert(there == 0 || there == wanted, "%s step %d: half a transaction", name,
			  step);
	if (!attempt->power_cut) {
		cr_assert_eq(told->seen, told->committed == 0 ? wanted : 0, "%s step %d: seen %d",
			     name, step, told->seen);
		cr_assert_eq(told->again, 0, "%s step %d: stays broken", name, step);
		cr_assert_eq(state_of(f->store, told->again_id), RECORD_SENDING);
	}
	store_closep(&f->store);
}

/* Walks the step until one is never reached. How many commits failed, how many not. */
static void
walk(struct attempt attempt)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer original = { 0 };
	int refused = 0, committed = 0;
	struct told told;
	struct error err = { 0 };

	fixture_start(&f);
	for (uint8_t i = 0; i < 20; i++)
		put_held(f.store, i, "a@b.example");
	store_closep(&f.store);
	cr_assert_eq(file_read(f.path, 1 << 20, &original, &err), 0, "%s", err.text);
	for (attempt.fault.step = 1;; attempt.fault.step++) {
		copy_store(&f, &original);
		told = run_child(f.path, &attempt);
		judge(&f, &attempt, &told);
		if (!told.met)
			break;
		*(told.committed == 0 ? &committed : &refused) += 1;
		attempt.seed = attempt.seed == 0 ? 0 : attempt.seed + 1;
	}
	cr_assert_eq(told.committed, 0);
	cr_assert_geq(refused, 20, "%s: only %d steps before the commit", attempt.name, refused);
	cr_assert_geq(committed, 5, "%s: only %d steps after it", attempt.name, committed);
}

Test(crash, every_step_may_fail_once_with_an_io_error, .timeout = 60)
{
	walk((struct attempt){ .name = "io error", .fault = { .code = SQLITE_IOERR_WRITE } });
}

Test(crash, every_step_may_fail_once_half_done, .timeout = 60)
{
	walk((struct attempt){ .name = "torn",
			       .fault = { .code = SQLITE_IOERR_WRITE, .torn = true } });
}

Test(crash, every_step_may_find_the_disk_full, .timeout = 60)
{
	walk((struct attempt){ .name = "full", .fault = { .code = SQLITE_FULL, .stay = true } });
}

Test(crash, the_power_may_go_at_every_step_and_take_all_that_was_not_synced, .timeout = 60)
{
	walk((struct attempt){ .name = "power",
			       .fault = { .code = SQLITE_IOERR_WRITE, .stay = true, .torn = true },
			       .power_cut = true });
}

Test(crash, the_power_may_go_at_every_step_and_take_some_of_what_was_not_synced, .timeout = 60)
{
	walk((struct attempt){ .name = "power, some",
			       .fault = { .code = SQLITE_IOERR_WRITE, .stay = true, .torn = true },
			       .power_cut = true,
			       .seed = 7 });
}

/* ---- killed ---------------------------------------------------------- */

static void
put_until_killed(const char *path, int fd, int64_t start)
{
	const struct store_options options = { .path = path,
					       .mode = STORE_DAEMON,
					       .busy_timeout_ms = 1000 };
	struct store *store = NULL;

	if (store_open(&options, &store, NULL) < 0)
		_exit(2);
	for (int64_t n = start;; n++) {
		int64_t ids[4];

		if (store_begin(store, NULL) < 0)
			_exit(3);
		for (uint8_t i = 0; i < 4; i++) {
			struct letter l;

			letter_init(&l, i, "a@b.example");
			memcpy(l.message.sha256, &n, sizeof(n));
			l.message.records = l.records;
			l.records[0].state = i % 2 ? RECORD_SENDING : RECORD_HELD;
			if (store_put(store, &l.message, NULL) < 0)
				_exit(4);
			ids[i] = l.records[0].id;
		}
		if (store_commit(store, NULL) < 0 || write(fd, ids, sizeof(ids)) != sizeof(ids))
			_exit(5);
	}
}

Test(crash, what_was_acknowledged_before_a_kill_is_there_after_it, .timeout = 60)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t acknowledged = 0;

	fixture_start(&f);
	tell(f.store, "PRAGMA wal_checkpoint(TRUNCATE)");
	store_closep(&f.store);
	for (int round = 0; round < 12; round++) {
		int fds[2], status;
		int64_t id;
		pid_t pid;

		cr_assert_eq(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			put_until_killed(f.path, fds[1], round * 1000000);
		(void)close(fds[1]);
		(void)usleep((useconds_t)(15000 + round * 7919));
		cr_assert_eq(kill(pid, SIGKILL), 0);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFSIGNALED(status), "the child ended by itself: %d", status);
		f.store = fixture_open(&f, STORE_DAEMON);
		while (read(fds[0], &id, sizeof(id)) == sizeof(id)) {
			cr_assert_neq(state_of(f.store, id), -1, "%lld is lost", (long long)id);
			acknowledged++;
		}
		check_invariants(f.store);
		store_closep(&f.store);
		(void)close(fds[0]);
	}
	cr_assert_gt(acknowledged, 100);
}
