/*
 * admission.c: the path of a submission through the pool.
 *
 *	load ──► suspect? ──► read, judge ──► mail? ──► take ──► committer
 *	  │         └► damaged/ ──┐             │         │
 *	  └───────────────────────┴──► loop ◄───┴─────────┘
 *
 * A message that crashed a reader before is never read again: it is set aside
 * whole, and only then acknowledged.
 */
#include "qmgr/admission.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "admit/admit.h"

/* Larger ones are not waited for by a commit. */
#define SMALL_BYTES (256 * 1024)

struct admission {
	struct admission_options options;
	struct channel tasks;
	struct task *fresh, **fresh_tail; /* submitted in this turn of the loop */
	size_t fresh_small;
	atomic_size_t small; /* small submissions between flush and committer */
	pthread_t *threads;
	atomic_uint next_slot;
};

/* A submission between admission and the committer. */
struct storing {
	struct job job; /* first */
	struct submission *submission;
	const struct store_place *place;
};

static int
store_execute(struct job *job, struct store *store, struct error *err)
{
	return admit_store(((struct storing *)job)->submission, store, err);
}

static int
store_rescue(struct job *job, struct error *err)
{
	const struct storing *storing = (struct storing *)job;
	struct error reason = *err;

	return admit_set_aside(storing->submission, storing->place, reason.text, err) == 0;
}

/* In the loop. */
static void
store_done(struct task *task)
{
	struct storing *storing = (struct storing *)task;
	struct submission *s = storing->submission;

	if (storing->job.result < 0) {
		s->outcome = SUBMISSION_REFUSED;
		s->err = storing->job.err;
	}
	free(storing);
	s->done(s);
}

static void
pass_on(struct admission *a, struct submission *s)
{
	struct storing *storing = xcalloc(1, sizeof(*storing));

	storing->submission = s;
	storing->place = &a->options.place;
	storing->job.task.done = store_done;
	storing->job.execute = store_execute;
	storing->job.rescue = store_rescue;
	storing->job.undoes_itself = true; /* store_put does */
	/* the body, and about as much again as a small one needs in rows and indices */
	storing->job.adds_bytes = (int64_t)s->message.body.len + 2048;
	committer_submit_quietly(a->options.committer, &storing->job);
}

/*
 * The committer begins when the last of those that came together is there: one transaction for all
 * of them, and one waking. Each is put before it is counted out, so the last to be counted nudges
 * for all. A large one, or one yet to be read, waits for nobody and nobody for it.
 */
static void
count_out(struct admission *a, bool is_small)
{
	if (!is_small || atomic_fetch_sub(&a->small, 1) == 1)
		committer_nudge(a->options.committer);
}

static bool
is_small(const struct submission *s)
{
	return s->spool != NULL && spool_size(s->spool) <= SMALL_BYTES;
}

/* A step's result: 1 goes on; 0 it is not there any more; -1 refused. */
static bool
goes_on(struct submission *s, int result)
{
	if (result > 0)
		return true;
	s->outcome = result == 0 ? SUBMISSION_LEFT : SUBMISSION_REFUSED;
	return false;
}

static void
judge(struct submission *s)
{
	crashmark_enter(spool_sha256(s->spool));
	if (s->source->read_envelope != NULL)
		s->source->read_envelope(s);
	admit_judge(s);
	crashmark_leave();
}

static bool
is_ours(struct submission *s)
{
	if (!admit_is_mail(s) && !admit_has_arrived(s))
		return true;
	s->outcome = s->source->leaves_mail ? SUBMISSION_LEFT : SUBMISSION_REFUSED;
	(void)error_set(&s->err, ERROR_TEMP, "ordinary mail");
	return false;
}

/* Whether it goes on to the committer; else the outcome is set. */
static bool
admit(struct admission *a, struct submission *s)
{
	const struct submission_source *source = s->source;

	if (source->load != NULL && !goes_on(s, source->load(s, &s->err)))
		return false;
	if (crashmark_is_suspect(a->options.crashmark, spool_sha256(s->spool))) {
		if (source->take != NULL && !goes_on(s, source->take(s, &s->err)))
			return false;
		if (admit_set_aside(s, &a->options.place,
				    "reading these bytes crashed ndrqd before", &s->err) < 0)
			s->outcome = SUBMISSION_REFUSED;
		return false;
	}
	judge(s);
	if (!is_ours(s))
		return false;
	return source->take == NULL || goes_on(s, source->take(s, &s->err));
}

static bool
submission_run(struct task *task, void *ctx)
{
	struct submission *s = (struct submission *)task;
	bool counted = s->counted, goes_back = !admit(ctx, s);

	if (!goes_back)
		pass_on(ctx, s); /* from here on it is the committer's */
	count_out(ctx, counted);
	return goes_back;
}

static void
submission_task_done(struct task *task)
{
	struct submission *s = (struct submission *)task;

	s->done(s);
}

static void *
admission_main(void *arg)
{
	struct admission *a = arg;
	struct task *task;

	crashmark_thread_start(a->options.crashmark, atomic_fetch_add(&a->next_slot, 1));
	while ((task = channel_take(&a->tasks)) != NULL)
		if (task->run(task, a))
			channel_put(a->options.back, task);
	crashmark_thread_stop();
	return NULL;
}

struct admission *
admission_start(const struct admission_options *options)
{
	struct admission *a = xcalloc(1, sizeof(*a));

	a->options = *options;
	channel_init(&a->tasks, NULL, NULL);
	a->fresh_tail = &a->fresh;
	a->threads = xcalloc(options->threads, sizeof(a->threads[0]));
	for (unsigned i = 0; i < options->threads; i++)
		thread_start(&a->threads[i], "ndrqd-admit", admission_main, a);
	return a;
}

void
admission_submit(struct admission *a, struct submission *s)
{
	s->task.run = submission_run;
	s->task.done = submission_task_done;
	s->task.next = NULL;
	s->counted = is_small(s);
	*a->fresh_tail = &s->task;
	a->fresh_tail = &s->task.next;
	a->fresh_small += s->counted;
}

void
admission_flush(struct admission *a)
{
	if (a->fresh == NULL)
		return;
	atomic_fetch_add(&a->small, a->fresh_small);
	channel_put_all(&a->tasks, TAKE(a->fresh));
	a->fresh_tail = &a->fresh;
	a->fresh_small = 0;
}

void
admission_run(struct admission *a, struct task *task)
{
	channel_put(&a->tasks, task);
}

void
admission_stopp(struct admission **ret_admission)
{
	struct admission *a = *ret_admission;

	if (a == NULL)
		return;
	admission_flush(a);
	channel_close(&a->tasks);
	for (unsigned i = 0; i < a->options.threads; i++)
		(void)pthread_join(a->threads[i], NULL);
	channel_done(&a->tasks);
	free(a->threads);
	free(a);
	*ret_admission = NULL;
}
