/*
 * admission.h: the pool that reads and judges.
 *
 * A few threads, each taking one submission at a time: load, read, judge,
 * take, then on to the committer (or straight back to the loop when it is not
 * ours, or refused). Other slow work of the loop, such as reading a policy,
 * runs here as a plain task.
 */
#ifndef QMGR_ADMISSION_H
#define QMGR_ADMISSION_H

#include "qmgr/committer.h"
#include "qmgr/crashmark.h"
#include "admit/submission.h"

struct admission;

struct admission_options {
	unsigned threads;
	struct store_place place;    /* for damaged/; borrowed */
	struct crashmark *crashmark; /* borrowed */
	struct committer *committer; /* borrowed; outlives the pool */
	struct channel *back;        /* the loop's */
};

struct admission *admission_start(const struct admission_options *options);
/*
 * The submission comes back through its done, in the loop, with its outcome. It is on its way at
 * the next admission_flush, with the others of the same turn of the loop.
 */
void admission_submit(struct admission *admission, struct submission *submission);
void admission_flush(struct admission *admission);
/* A plain task: run in the pool, done in the loop. */
void admission_run(struct admission *admission, struct task *task);
/* Does what was submitted, then ends the threads. NULL is fine. */
void admission_stopp(struct admission **admission);

#endif
