/*
 * committer.c: one transaction for all who wait.
 *
 * Promises that a job whose result is 0 is on disk. A job that fails takes
 * nothing with it but itself; a transaction that fails fails all its jobs,
 * with an error that says to try again. A job that the store can never take
 * (ERROR_PERM) gets one more chance: its rescue, which works without the
 * store.
 *
 *	jobs ready ──► room? ──► BEGIN ──► savepoint, execute, release ─┐
 *	                                     ▲        └► rollback to ───┤
 *	                                     └──── next ────────────────┤
 *	                loop ◄── rescue the impossible ◄── COMMIT ◄─────┘
 */
#include "qmgr/committer.h"

#include <signal.h>
#include <stdlib.h>

#include "base/bytes.h"

struct committer {
	struct store *store;
	size_t batch;
	struct channel jobs;
	struct channel *back;
	pthread_t thread;
};

#define FOR_JOBS(job, first)                                                                       \
	for (struct job *job = (struct job *)(first); job != NULL;                                 \
	     job = (struct job *)job->task.next)

static void
fail(struct job *job, const struct error *err)
{
	job->result = -1;
	job->err = *err;
}

/* Of what is not about the job itself: whatever it is, it is a doubt, and the mail is kept
 * elsewhere. */
static void
fail_temporarily(struct job *job, const struct error *err)
{
	fail(job, err);
	job->err.class = ERROR_TEMP;
}

/* Refuses the jobs that would add to a store that has no room; the others may even make some. */
static void
refuse_without_room(struct committer *c, struct task *first)
{
	struct error err;
	int64_t bytes = 0;

	FOR_JOBS (job, first)
		bytes += job->adds_bytes;
	if (bytes == 0 || store_check_room(c->store, bytes, &err) == 0)
		return;
	FOR_JOBS (job, first)
		if (job->adds_bytes > 0)
			fail(job, &err);
}

static void
execute_in_savepoint(struct committer *c, struct job *job)
{
	struct error err;

	if (store_savepoint(c->store, &err) < 0) {
		fail_temporarily(job, &err);
		return;
	}
	job->result = job->execute(job, c->store, &job->err);
	if (job->result == 0 && store_savepoint_release(c->store, &err) < 0)
		fail_temporarily(job, &err);
	if (job->result < 0)
		store_savepoint_rollback(c->store);
}

static void
execute(struct committer *c, struct job *job)
{
	if (job->result < 0)
		return;
	if (job->undoes_itself)
		job->result = job->execute(job, c->store, &job->err);
	else
		execute_in_savepoint(c, job);
}

static void
fail_all(struct task *first, const struct error *err)
{
	FOR_JOBS (job, first)
		if (job->result == 0)
			fail_temporarily(job, err);
}

static void
run_batch(struct committer *c, struct task *first)
{
	struct error err;

	FOR_JOBS (job, first)
		job->result = 0;
	refuse_without_room(c, first);
	if (store_begin(c->store, &err) < 0) {
		fail_all(first, &err);
		return;
	}
	FOR_JOBS (job, first)
		execute(c, job);
	if (store_commit(c->store, &err) == 0)
		return;
	store_rollback(c->store);
	fail_all(first, &err);
}

static void
rescue(struct task *first)
{
	FOR_JOBS (job, first)
		if (job->result < 0 && job->err.class == ERROR_PERM && job->rescue != NULL &&
		    job->rescue(job, &job->err) > 0)
			job->result = 0;
}

static void *
committer_main(void *arg)
{
	struct committer *c = arg;
	struct task *first;

	while ((first = channel_take_some(&c->jobs, c->batch)) != NULL) {
		run_batch(c, first);
		rescue(first);
		channel_put_all(c->back, first);
	}
	return NULL;
}

struct committer *
committer_start(struct store *store, size_t batch, struct channel *back)
{
	struct committer *c = xcalloc(1, sizeof(*c));

	c->store = store;
	c->batch = batch;
	c->back = back;
	channel_init(&c->jobs, NULL, NULL);
	thread_start(&c->thread, "ndrqd-commit", committer_main, c);
	return c;
}

void
committer_submit(struct committer *c, struct job *job)
{
	channel_put(&c->jobs, &job->task);
}

void
committer_submit_quietly(struct committer *c, struct job *job)
{
	channel_put_quietly(&c->jobs, &job->task);
}

void
committer_nudge(struct committer *c)
{
	channel_nudge(&c->jobs);
}

void
committer_stopp(struct committer **ret_committer)
{
	struct committer *c = *ret_committer;

	if (c == NULL)
		return;
	channel_close(&c->jobs);
	(void)pthread_join(c->thread, NULL);
	channel_done(&c->jobs);
	free(c);
	*ret_committer = NULL;
}
