/*
 * recorder.c: the jobs that end a lease.
 *
 * Promises: an outcome that cannot be committed is tried again until it is, or until the daemon
 * ends; what is then lost is a lease, which the next start clears: the row is sent once more
 * rather than forgotten.
 */
#include "qmgr/recorder.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

enum { AGAIN_S = 1 };

struct record_job {
	struct job job; /* first */
	struct recorder *recorder;
	struct outcome outcome;
	char *reply;
	void (*done)(void *ctx);
	void *ctx;
};

static void
record_job_free(struct record_job *r)
{
	free(r->reply);
	free(r);
}

static int
record_execute(struct job *job, struct store *store, struct error *err)
{
	const struct record_job *r = (const struct record_job *)job;
	int was_ours;

	return store_outbox_finish(store, r->outcome.record, r->outcome.delivery, r->outcome.reply,
				   r->outcome.next_due_ms, clock_now_ms(), &was_ours, err);
}

/* The lease stays, so it is not sent again. */
static void
keep_for_later(struct recorder *recorder, struct record_job *r)
{
	log_event(LOG_ERR, "outcome-not-recorded", LOG_I("id", r->outcome.record),
		  LOG_S("reason", r->job.err.text));
	r->job.task.next = recorder->unrecorded;
	recorder->unrecorded = &r->job.task;
	if (!ev_is_active(&recorder->again)) {
		ev_timer_set(&recorder->again, AGAIN_S, 0);
		ev_timer_start(recorder->loop, &recorder->again);
	}
}

static void
record_done(struct task *task)
{
	struct record_job *r = (struct record_job *)task;
	struct recorder *recorder = r->recorder;

	if (r->job.result < 0 && !recorder->draining) {
		keep_for_later(recorder, r);
		return;
	}
	recorder->pending--;
	r->done(r->ctx);
	record_job_free(r);
}

static struct record_job *
take_unrecorded(struct recorder *recorder)
{
	struct record_job *r = (struct record_job *)recorder->unrecorded;

	if (r != NULL)
		recorder->unrecorded = r->job.task.next;
	return r;
}

static void
on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct recorder *recorder = timer->data;
	struct record_job *r;

	(void)loop;
	(void)events;
	while ((r = take_unrecorded(recorder)) != NULL)
		committer_submit(*recorder->committer, &r->job);
}

void
recorder_init(struct recorder *recorder, struct ev_loop *loop, struct committer *const *committer)
{
	*recorder = (struct recorder){ .loop = loop, .committer = committer };
	ev_init(&recorder->again, on_again);
	recorder->again.data = recorder;
}

void
recorder_put(struct recorder *recorder, const struct outcome *outcome, void (*done)(void *ctx),
	     void *ctx)
{
	struct record_job *r;

	if (*recorder->committer == NULL)
		return;
	r = xcalloc(1, sizeof(*r));
	r->job.task.done = record_done;
	r->job.execute = record_execute;
	r->recorder = recorder;
	r->outcome = *outcome;
	r->outcome.reply = r->reply = xstrdup(outcome->reply);
	r->done = done;
	r->ctx = ctx;
	recorder->pending++;
	committer_submit(*recorder->committer, &r->job);
}

void
recorder_drain(struct recorder *recorder)
{
	recorder->draining = true;
}

bool
recorder_busy(const struct recorder *recorder)
{
	return recorder->pending > 0 && recorder->unrecorded == NULL;
}

void
recorder_done(struct recorder *recorder)
{
	struct record_job *r;

	ev_timer_stop(recorder->loop, &recorder->again);
	while ((r = take_unrecorded(recorder)) != NULL)
		record_job_free(r);
}
