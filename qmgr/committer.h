/*
 * committer.h: the thread that owns the store's write connection.
 *
 * Jobs come in any order from anywhere and are done in the order they came.
 * All that are ready (at most `batch`) share one transaction, each in a
 * savepoint of its own; they go back to the loop only after COMMIT. When the
 * COMMIT fails every one of them hears so.
 */
#ifndef QMGR_COMMITTER_H
#define QMGR_COMMITTER_H

#include "base/channel.h"
#include "store/store.h"

struct committer;

struct job {
	struct task task; /* first; task.run is not used, task.done is called in the loop */
	/* Does its part; -1 undoes this job alone, unless the whole transaction is lost. */
	int (*execute)(struct job *job, struct store *store, struct error *err);
	/* After the COMMIT, in the committer: may be NULL. 1: done after all, 0: it stays as it is.
	 */
	int (*rescue)(struct job *job, struct error *err);
	bool undoes_itself; /* execute leaves nothing behind when it fails: no savepoint is needed
			     */
	int64_t adds_bytes; /* what it will add to the store; 0: nothing worth counting */
	int result;         /* 0 committed, -1: err */
	struct error err;
};

/* Finished jobs are put into back (the loop's channel). store stays the caller's. */
struct committer *committer_start(struct store *store, size_t batch, struct channel *back);
void committer_submit(struct committer *committer, struct job *job); /* any thread */
/* The same, but a committer that sleeps need not begin yet: more is coming, and then a nudge. */
void committer_submit_quietly(struct committer *committer, struct job *job);
void committer_nudge(struct committer *committer);
/* Does what was submitted, then ends the thread. NULL is fine. */
void committer_stopp(struct committer **committer);

#endif
