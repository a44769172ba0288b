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
	bool met;             /* the fault did happen */
	int rc[6];            /* what the functions that commit returned, in order */
	bool put[2];          /* of the two messages of a transaction: it is in it */
	int seen;             /* how many of them the child itself then saw */
	int64_t purged, gone; /* records */
	int again;            /* what a put returned after the fault was over */
	int64_t again_id;
};

/* What is done, and what must be there afterwards. */
struct scene {
	void (*work)(struct store *store, struct told *told);
	void (*judge)(struct store *store, const struct told *told, const char *where);
};

struct attempt {
	const struct scene *scene;
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

/* ---- two messages, as the committer puts them ------------------------ */

static void
put_two(struct store *store, struct told *told)
{
	int64_t id;

	if (store_begin(store, NULL) == 0) {
		for (uint8_t i = 0; i < 2; i++)
			told->put[i] = put_in_savepoint(store, (uint8_t)(100 + i), &id) == 0;
		told->rc[0] = store_commit(store, NULL);
	}
	told->seen = count_seen(store);
}

static void
judge_two(struct store *store, const struct told *told, const char *where)
{
	int wanted = told->put[0] + told->put[1];
	int there = count_seen(store);

	if (told->rc[0] == 0)
		cr_assert_eq(there, wanted, "%s: %d of %d committed are there", where, there,
			     wanted);
	else
		cr_assert(there == 0 || there == wanted, "%s: half a transaction", where);
	if (told->again == 0)
		cr_assert_eq(told->seen, told->rc[0] == 0 ? wanted : 0, "%s: saw %d", where,
			     told->seen);
}

static const struct scene two_messages = { put_two, judge_two };

/* ---- orders, a delivery, retention ----------------------------------- */

static void
give_orders(struct store *store, struct told *told)
{
	struct store_change_result result;
	struct store_lease lease = { 0 };
	int64_t ids[] = { 2, 3 }, batch = 0, bytes;
	size_t len;
	int done = 0;

	told->rc[0] = store_change(store, STORE_CHANGE_RELEASE, &ids[0], 1, NULL, "anna", NULL,
				   5000, &batch, &result, NULL);
	told->rc[1] = store_outbox_lease(store, STORE_ROUTE_RELEASE, 5000, 1, &lease, &len, NULL);
	store_lease_done(&lease);
	told->rc[2] =
		store_outbox_finish(store, 2, STORE_DELIVERY_DONE, "250", 0, 6000, &done, NULL);
	if (!done)
		told->rc[2] = -1;
	told->rc[3] = store_change(store, STORE_CHANGE_DELETE, &ids[1], 1, NULL, "anna", NULL, 5000,
				   &batch, &result, NULL);
	told->rc[4] = store_purge(store, 1U << RECORD_HELD, 4000, 5, false, "me", NULL, 7000,
				  &told->purged, &bytes, NULL);
	told->rc[5] = store_forget(store, 4000, 2, &told->gone, NULL);
}

static void
judge_orders(struct store *store, const struct told *told, const char *where)
{
	int second = state_of(store, 2);

	if (told->rc[0] == 0)
		cr_assert(second == RECORD_RELEASING || second == RECORD_RELEASED, "%s: 2 is %d",
			  where, second);
	if (told->rc[2] == 0)
		cr_assert_eq(second, RECORD_RELEASED, "%s: sent, but not known", where);
	if (told->rc[3] == 0)
		cr_assert_eq(state_of(store, 3), RECORD_DELETED, "%s: 3 is not deleted", where);
	if (told->rc[4] == 0)
		cr_assert_geq(ask(store, "SELECT (SELECT count(*) FROM record"
					 " WHERE purged_at IS NOT NULL) + 20"
					 " - (SELECT count(*) FROM record WHERE id <= 20)"),
			      told->purged, "%s: a purge is gone", where);
	if (told->rc[5] == 0)
		cr_assert_leq(ask(store, "SELECT count(*) FROM record WHERE id <= 20"),
			      20 - told->gone, "%s: forgotten ones are back", where);
}

static const struct scene orders = { give_orders, judge_orders };

/* ---- attempts -------------------------------------------------------- */

static void
child(const char *path, const struct attempt *attempt, int fd)
{
	const struct store_options options = { .path = path, .mode = STORE_DAEMON };
	struct store *store = NULL;
	struct told told = { .rc = { -1, -1, -1, -1, -1, -1 }, .again = -1 };

	fault_install();
	if (store_open(&options, &store, NULL) < 0 ||
	    sqlite3_exec(store->db, "PRAGMA wal_autocheckpoint = 1; PRAGMA cache_size = 10", NULL,
			 NULL, NULL) != SQLITE_OK)
		_exit(2);
	fault_arm(&attempt->fault);
	attempt->scene->work(store, &told);
	told.met = fault_happened();
	if (attempt->power_cut) {
		fault_power_cut(attempt->seed);
	} else {
		fault_disarm();
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
	AUTO(freep) char *where = xasprintf("%s, step %d", attempt->name, attempt->fault.step);

	f->store = fixture_open(f, STORE_DAEMON);
	check_invariants(f->store);
	cr_assert_eq(state_of(f->store, 20), RECORD_HELD, "%s: an old record went", where);
	attempt->scene->judge(f->store, told, where);
	if (!attempt->power_cut) {
		cr_assert_eq(told->again, 0, "%s: stays broken", where);
		cr_assert_eq(state_of(f->store, told->again_id), RECORD_SENDING);
	}
	store_closep(&f->store);
}

/* Walks the step until one is never reached. */
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
		*(told.rc[0] == 0 ? &committed : &refused) += 1;
		attempt.seed = attempt.seed == 0 ? 0 : attempt.seed + 1;
	}
	for (int i = 0; i < 6; i++)
		cr_assert(told.rc[i] == 0 || attempt.scene == &two_messages);
	cr_assert_geq(refused, 10, "%s: only %d steps before the commit", attempt.name, refused);
	cr_assert_geq(committed, 5, "%s: only %d steps after it", attempt.name, committed);
}

Test(crash, every_step_may_fail_once_with_an_io_error, .timeout = 60)
{
	walk((struct attempt){ .scene = &two_messages,
			       .name = "io error",
			       .fault = { .code = SQLITE_IOERR_WRITE } });
}

Test(crash, every_step_may_fail_once_half_done, .timeout = 60)
{
	walk((struct attempt){ .scene = &two_messages,
			       .name = "torn",
			       .fault = { .code = SQLITE_IOERR_WRITE, .torn = true } });
}

Test(crash, every_step_may_find_the_disk_full, .timeout = 60)
{
	walk((struct attempt){ .scene = &two_messages,
			       .name = "full",
			       .fault = { .code = SQLITE_FULL, .stay = true } });
}

Test(crash, the_power_may_go_at_every_step_and_take_all_that_was_not_synced, .timeout = 60)
{
	walk((struct attempt){ .scene = &two_messages,
			       .name = "power",
			       .fault = { .code = SQLITE_IOERR_WRITE, .stay = true, .torn = true },
			       .power_cut = true });
}

Test(crash, the_power_may_go_at_every_step_and_take_some_of_what_was_not_synced, .timeout = 60)
{
	walk((struct attempt){ .scene = &two_messages,
			       .name = "power, some",
			       .fault = { .code = SQLITE_IOERR_WRITE, .stay = true, .torn = true },
			       .power_cut = true,
			       .seed = 7 });
}

Test(crash, every_step_of_orders_and_retention_may_fail, .timeout = 60)
{
	walk((struct attempt){
		.scene = &orders, .name = "orders", .fault = { .code = SQLITE_IOERR_WRITE } });
}

Test(crash, the_power_may_go_at_every_step_of_orders_and_retention, .timeout = 60)
{
	walk((struct attempt){ .scene = &orders,
			       .name = "orders, power",
			       .fault = { .code = SQLITE_FULL, .stay = true, .torn = true },
			       .power_cut = true,
			       .seed = 3 });
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
