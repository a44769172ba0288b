/*
 * test_committer.c: who is told "done" is on disk, and who is not lost nothing
 * to his neighbours. Against a real store; what is committed is what a second
 * connection sees.
 */
#include "qmgr/committer.h"

#include <semaphore.h>

#include "tests/unit/admit/store_fixture.h"

#define COUNT_RECORDS "SELECT count(*) FROM record"

/* A committer, its store, and the loop's end. */
struct bench {
	char *folder;
	struct store *store;
	sqlite3 *side;
	struct channel back;
	struct committer *committer;
	int done;   /* jobs that came back */
	bool blind; /* the second connection cannot look */
};

enum end { END_WELL, END_TEMP, END_PERM };

struct put {
	struct job job; /* first */
	struct bench *bench;
	unsigned number;
	enum end end;     /* after it has put its message */
	int rescue_gives; /* what rescue returns */
	int rescued;      /* times it was called */
	int executed;
	int64_t seen_before, seen_in_rescue, seen_after; /* records, by the second connection */
};

static int64_t
look(const struct bench *b)
{
	return b->blind ? -1 : side_ask(b->side, COUNT_RECORDS);
}

static int
put_execute(struct job *job, struct store *store, struct error *err)
{
	struct put *put = (struct put *)job;
	struct store_new_record record;
	struct store_new_message message;

	put->executed++;
	put->seen_before = look(put->bench);
	message_make(put->number, RECORD_HELD, &record, &message);
	if (store_put(store, &message, err) < 0)
		return -1;
	if (put->end == END_WELL)
		return 0;
	return error_set(err, put->end == END_PERM ? ERROR_PERM : ERROR_TEMP, "as told");
}

static int
put_rescue(struct job *job, struct error *err)
{
	struct put *put = (struct put *)job;

	put->rescued++;
	put->seen_in_rescue = look(put->bench);
	if (put->rescue_gives == 0)
		(void)error_set(err, ERROR_TEMP, "no rescue");
	return put->rescue_gives;
}

static void
put_done(struct task *task)
{
	struct put *put = (struct put *)task;

	put->seen_after = look(put->bench);
	put->bench->done++;
}

/* With jobs that end well, to be submitted. */
static void
bench_start(struct bench *b, size_t batch, struct put *puts, unsigned len)
{
	*b = (struct bench){ .folder = folder_make() };
	b->store = store_make(b->folder);
	b->side = side_open(b->folder);
	channel_init(&b->back, NULL, NULL);
	b->committer = committer_start(b->store, batch, &b->back);
	for (unsigned i = 0; i < len; i++) {
		puts[i] = (struct put){ .bench = b, .number = i, .rescue_gives = 1 };
		puts[i].job.task.done = put_done;
		puts[i].job.execute = put_execute;
		puts[i].job.rescue = put_rescue;
	}
}

static void
bench_stop(struct bench *b)
{
	committer_stopp(&b->committer);
	channel_done(&b->back);
	side_closep(&b->side);
	store_closep(&b->store);
	folder_removep(&b->folder);
}

/* Holds the committer, so that what is submitted meanwhile is ready together. */
struct gate {
	struct job job; /* first */
	sem_t closed, open;
};

static int
gate_execute(struct job *job, struct store *store, struct error *err)
{
	(void)store;
	(void)err;
	(void)sem_post(&((struct gate *)job)->closed);
	while (sem_wait(&((struct gate *)job)->open) < 0)
		;
	return 0;
}

static void
gate_done(struct task *task)
{
	(void)task;
}

static void
gate_close(struct gate *gate, struct bench *b)
{
	*gate = (struct gate){ .job = { .execute = gate_execute, .task = { .done = gate_done } } };
	(void)sem_init(&gate->closed, 0, 0);
	(void)sem_init(&gate->open, 0, 0);
	committer_submit(b->committer, &gate->job);
	while (sem_wait(&gate->closed) < 0)
		;
}

/* Submits all, in as many transactions as it happens to take, and hears of all. */
static void
run(struct bench *b, struct put *puts, int len)
{
	int want = b->done + len;

	for (int i = 0; i < len; i++)
		committer_submit(b->committer, &puts[i].job);
	while (b->done < want)
		cr_assert(back_turn(&b->back));
}

/* Submits all, so that they are ready at once, and hears of all. */
static void
run_together(struct bench *b, struct put *puts, int len)
{
	struct gate gate;
	int want = b->done + len;

	gate_close(&gate, b);
	for (int i = 0; i < len; i++)
		committer_submit(b->committer, &puts[i].job);
	(void)sem_post(&gate.open);
	while (b->done < want)
		cr_assert(back_turn(&b->back));
	(void)sem_destroy(&gate.closed);
	(void)sem_destroy(&gate.open);
}

static void
assert_all_done(const struct put *puts, size_t len)
{
	for (size_t i = 0; i < len; i++)
		cr_assert_eq(puts[i].job.result, 0, "job %zu: %s", i, puts[i].job.err.text);
}

/* With a reason, and nothing is set aside: waiting can help. */
static void
assert_all_refused_for_now(const struct put *puts, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		cr_assert_eq(puts[i].job.result, -1, "job %zu", i);
		cr_assert_eq(puts[i].job.err.class, ERROR_TEMP, "%s", puts[i].job.err.text);
		cr_assert_neq(puts[i].job.err.text[0], '\0');
		cr_assert_eq(puts[i].rescued, 0);
	}
}

static void
assert_executed(const struct put *puts, size_t len, int times)
{
	for (size_t i = 0; i < len; i++)
		cr_assert_eq(puts[i].executed, times, "job %zu", i);
}

/* ---- batches --------------------------------------------------------------- */

Test(committer, jobs_that_are_ready_together_share_one_transaction)
{
	struct bench b;
	struct put puts[20];

	bench_start(&b, 512, puts, COUNT(puts));
	run_together(&b, puts, COUNT(puts));
	for (size_t i = 0; i < COUNT(puts); i++) {
		cr_assert_eq(puts[i].job.result, 0);
		cr_assert_eq(puts[i].seen_before, 0, "nothing was committed in between");
	}
	bench_stop(&b);
}

Test(committer, nothing_is_answered_before_the_commit)
{
	struct bench b;
	struct put puts[20];

	bench_start(&b, 512, puts, COUNT(puts));
	run_together(&b, puts, COUNT(puts));
	for (size_t i = 0; i < COUNT(puts); i++)
		cr_assert_eq(puts[i].seen_after, 20, "all of the batch are there at each answer");
	bench_stop(&b);
}

Test(committer, a_transaction_holds_at_most_the_batch)
{
	struct bench b;
	struct put puts[7];

	bench_start(&b, 3, puts, COUNT(puts));
	run_together(&b, puts, COUNT(puts));
	for (int i = 0; i < 7; i++)
		cr_assert_eq(puts[i].seen_before, i / 3 * 3, "job %d saw %d", i,
			     (int)puts[i].seen_before);
	bench_stop(&b);
}

Test(committer, jobs_are_done_in_the_order_they_came)
{
	struct bench b;
	struct put puts[30];

	bench_start(&b, 4, puts, COUNT(puts));
	run_together(&b, puts, COUNT(puts));
	for (int i = 0; i < 30; i++) {
		AUTO(freep)
		char *sql = xasprintf("SELECT hex(sha256) LIKE '%02X%%' FROM message WHERE id = %d",
				      i, i + 1);

		cr_assert_eq(side_ask(b.side, sql), 1, "job %d", i);
	}
	bench_stop(&b);
}

/* ---- jobs that fail ---------------------------------------------------------- */

Test(committer, a_job_that_fails_takes_nothing_with_it_but_itself)
{
	struct bench b;
	struct put puts[5];

	bench_start(&b, 512, puts, COUNT(puts));
	puts[2].end = END_TEMP;
	run_together(&b, puts, COUNT(puts));
	for (size_t i = 0; i < COUNT(puts); i++)
		cr_assert_eq(puts[i].job.result, i == 2 ? -1 : 0);
	cr_assert_eq(puts[2].job.err.class, ERROR_TEMP);
	cr_assert_str_eq(puts[2].job.err.text, "as told");
	cr_assert_eq(puts[2].rescued, 0, "waiting can help: nothing is set aside");
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 4, "what it had put is gone");
	bench_stop(&b);
}

Test(committer, what_the_store_can_never_take_is_rescued_after_the_commit)
{
	struct bench b;
	struct put puts[3];

	bench_start(&b, 512, puts, COUNT(puts));
	puts[1].end = END_PERM;
	run_together(&b, puts, COUNT(puts));
	cr_assert_eq(puts[1].rescued, 1);
	cr_assert_eq(puts[1].seen_in_rescue, 2, "the others are committed by then");
	cr_assert_eq(puts[1].job.result, 0);
	cr_assert_eq(puts[0].rescued + puts[2].rescued, 0);
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 2);
	bench_stop(&b);
}

Test(committer, a_rescue_that_fails_is_a_refusal)
{
	struct bench b;
	struct put puts[2];

	bench_start(&b, 512, puts, COUNT(puts));
	puts[0].end = puts[1].end = END_PERM;
	puts[0].rescue_gives = 0;
	puts[1].job.rescue = NULL;
	run_together(&b, puts, COUNT(puts));
	cr_assert_eq(puts[0].rescued, 1);
	cr_assert_eq(puts[0].job.result, -1);
	cr_assert_str_eq(puts[0].job.err.text, "no rescue");
	cr_assert_eq(puts[1].job.result, -1);
	cr_assert_eq(puts[1].job.err.class, ERROR_PERM);
	bench_stop(&b);
}

/* ---- transactions that fail ----------------------------------------------------- */

/* From now on a COMMIT that has put a record fails: a constraint is checked only then. */
#define COMMITS_FAIL                                                                               \
	"CREATE TABLE parent (id INTEGER PRIMARY KEY);"                                            \
	"CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);"    \
	"CREATE TRIGGER fail AFTER INSERT ON record BEGIN INSERT INTO child VALUES (9); END"
#define COMMITS_WORK "DROP TRIGGER fail; DROP TABLE child; DROP TABLE parent"

Test(committer, a_commit_that_fails_fails_all_its_jobs_for_now)
{
	struct bench b;
	struct put puts[4];

	bench_start(&b, 512, puts, COUNT(puts));
	side_run(b.side, COMMITS_FAIL);
	run_together(&b, puts, COUNT(puts));
	assert_executed(puts, COUNT(puts), 1);
	assert_all_refused_for_now(puts, COUNT(puts));
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 0);
	side_run(b.side, COMMITS_WORK);
	run_together(&b, puts, COUNT(puts)); /* when it is over, all goes on */
	assert_all_done(puts, COUNT(puts));
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 4);
	bench_stop(&b);
}

Test(committer, what_can_never_be_stored_is_rescued_although_the_commit_failed)
{
	struct bench b;
	struct put puts[2];

	bench_start(&b, 512, puts, COUNT(puts));
	puts[1].end = END_PERM;
	side_run(b.side, COMMITS_FAIL);
	run_together(&b, puts, COUNT(puts));
	cr_assert_eq(puts[0].job.result, -1);
	cr_assert_eq(puts[0].rescued, 0);
	cr_assert_eq(puts[1].job.result, 0);
	cr_assert_eq(puts[1].rescued, 1);
	bench_stop(&b);
}

/* SQLite itself may undo a transaction in the middle: a full disk, an I/O error. */
Test(committer, a_transaction_that_is_undone_under_way_fails_jobs_before_and_after)
{
	struct bench b;
	struct put puts[5];

	bench_start(&b, 512, puts, COUNT(puts));
	side_run(b.side, "CREATE TRIGGER fail BEFORE INSERT ON message"
			 " WHEN hex(NEW.sha256) LIKE '02%'"
			 " BEGIN SELECT RAISE(ROLLBACK, 'undone'); END");
	puts[2].job.rescue = NULL; /* a trigger's error is a constraint's; a disk's is not */
	run_together(&b, puts, COUNT(puts));
	for (size_t i = 0; i < COUNT(puts); i++) {
		cr_assert_eq(puts[i].job.result, -1, "job %zu", i);
		cr_assert_eq(puts[i].rescued, 0);
		if (i != 2)
			cr_assert_eq(puts[i].job.err.class, ERROR_TEMP);
	}
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 0, "none is stored in secret");
	side_run(b.side, "DROP TRIGGER fail");
	run_together(&b, puts, COUNT(puts));
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 5);
	bench_stop(&b);
}

Test(committer, a_store_that_is_locked_by_another_fails_all_for_now_and_works_afterwards)
{
	struct bench b;
	struct put puts[3];

	bench_start(&b, 512, puts, COUNT(puts));
	side_run(b.side, "BEGIN IMMEDIATE");
	run(&b, puts, COUNT(puts));
	assert_executed(puts, COUNT(puts), 0);
	assert_all_refused_for_now(puts, COUNT(puts));
	side_run(b.side, "ROLLBACK");
	run(&b, puts, COUNT(puts));
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 3);
	bench_stop(&b);
}

Test(committer, a_store_that_was_removed_fails_all_for_now_and_nothing_is_rescued)
{
	struct bench b;
	struct put put;
	AUTO(freep) char *path = NULL;

	bench_start(&b, 512, &put, 1);
	path = xasprintf("%s/store", b.folder);
	b.blind = true;
	cr_assert_eq(unlink(path), 0);
	run(&b, &put, 1);
	assert_all_refused_for_now(&put, 1);
	bench_stop(&b);
}

/* All pages but the first. */
static void
spoil(const char *folder)
{
	AUTO(freep) char *path = xasprintf("%s/store", folder);
	char page[4096];
	struct stat st;
	FILE *f = fopen(path, "r+");

	cr_assert_not_null(f);
	cr_assert_eq(fstat(fileno(f), &st), 0);
	memset(page, 0x5A, sizeof(page));
	cr_assert_eq(fseek(f, sizeof(page), SEEK_SET), 0);
	for (off_t at = sizeof(page); at < st.st_size; at += (off_t)sizeof(page))
		cr_assert_eq(fwrite(page, sizeof(page), 1, f), 1);
	cr_assert_eq(fclose(f), 0);
}

/* A damaged file is a doubt, not a verdict over every message that waits. */
Test(committer, a_store_that_is_corrupt_fails_all_for_now_and_nothing_is_rescued)
{
	struct bench b;
	struct put put;

	bench_start(&b, 512, &put, 1);
	side_run(b.side, "PRAGMA wal_checkpoint(TRUNCATE)");
	b.blind = true;
	spoil(b.folder);
	run(&b, &put, 1);
	assert_all_refused_for_now(&put, 1);
	bench_stop(&b);
}

/* ---- room -------------------------------------------------------------------------- */

Test(committer, without_room_what_would_add_is_refused_and_the_rest_is_done)
{
	struct bench b;
	struct put puts[3];

	bench_start(&b, 512, puts, COUNT(puts));
	puts[0].job.adds_bytes = puts[2].job.adds_bytes = INT64_C(1) << 60; /* more than any disk */
	run_together(&b, puts, COUNT(puts));
	cr_assert_eq(puts[0].job.result, -1);
	cr_assert_eq(puts[0].job.err.class, ERROR_TEMP);
	cr_assert_eq(puts[0].executed, 0);
	cr_assert_eq(puts[0].rescued, 0);
	cr_assert_eq(puts[1].job.result, 0, "it may even make room");
	cr_assert_eq(puts[2].job.result, -1);
	puts[0].job.adds_bytes = puts[2].job.adds_bytes = 1000;
	run_together(&b, puts, COUNT(puts));
	assert_all_done(puts, COUNT(puts));
	bench_stop(&b);
}

/* ---- the end ------------------------------------------------------------------------ */

Test(committer, at_the_end_all_that_was_submitted_is_done_first)
{
	struct bench b;
	struct put puts[50];

	bench_start(&b, 4, puts, COUNT(puts));
	for (size_t i = 0; i < COUNT(puts); i++)
		committer_submit(b.committer, &puts[i].job);
	committer_stopp(&b.committer);
	cr_assert_null(b.committer);
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 50);
	while (b.done < 50)
		cr_assert(back_turn(&b.back));
	cr_assert_null(channel_take_ready(&b.back));
	bench_stop(&b);
}

enum { SUBMITTERS = 4, EACH = 40 };

static void *
submit_some(void *arg)
{
	struct put *puts = arg;

	for (int i = 0; i < EACH; i++)
		committer_submit(puts[i].bench->committer, &puts[i].job);
	return NULL;
}

Test(committer, many_threads_may_submit_at_once)
{
	struct put *puts = xcalloc(SUBMITTERS * EACH, sizeof(*puts));
	pthread_t threads[SUBMITTERS];
	struct bench b;

	bench_start(&b, 16, puts, SUBMITTERS * EACH);
	for (int i = 0; i < SUBMITTERS; i++)
		thread_start(&threads[i], "submitter", submit_some, &puts[i * EACH]);
	while (b.done < SUBMITTERS * EACH)
		cr_assert(back_turn(&b.back));
	for (int i = 0; i < SUBMITTERS; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	assert_all_done(puts, SUBMITTERS * EACH);
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), SUBMITTERS * EACH);
	bench_stop(&b);
	free(puts);
}
