/*
 * retention.c: a job every minute, and another at once while there is more.
 *
 * One job empties at most BATCH bodies of each kind, forgets at most BATCH
 * records, and BATCH_COUNTED of the rows that rules count with, which are small,
 * so that nobody waits long for the store behind it.
 */
#include "qmgr/retention.h"

#include <ev.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { BATCH = 200, BATCH_COUNTED = 5000, EVERY_S = 60 };

struct retention {
	struct job job; /* first */
	struct ev_loop *loop;
	ev_timer timer;
	const struct settings *const *settings;
	struct committer *committer;
	int64_t ages_ms[3], forget_ms; /* copies: the settings are the loop's */
	int64_t purged, forgotten, uncounted;
	bool busy, draining;
};

static const unsigned kinds[3] = {
	1U << RECORD_HELD,
	1U << RECORD_DELETED,
	1U << RECORD_SENT | 1U << RECORD_RELEASED | 1U << RECORD_FAILED,
};

static int
retention_execute(struct job *job, struct store *store, struct error *err)
{
	struct retention *r = (struct retention *)job;
	int64_t now_ms = clock_now_ms(), records, bytes;

	r->purged = r->forgotten = r->uncounted = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (store_purge(store, kinds[i], now_ms - r->ages_ms[i], BATCH, false, "retention",
				"age", now_ms, &records, &bytes, err) < 0)
			return -1;
		r->purged += records;
	}
	if (store_forget_counted(store, now_ms, BATCH_COUNTED, &r->uncounted, err) < 0)
		return -1;
	return store_forget(store, now_ms - r->forget_ms, BATCH, &r->forgotten, err);
}

static void
submit(struct retention *r)
{
	const struct settings *s = *r->settings;

	r->ages_ms[0] = s->retention.held_ms;
	r->ages_ms[1] = s->retention.deleted_ms;
	r->ages_ms[2] = s->retention.done_ms;
	r->forget_ms = s->retention.record_ms;
	r->busy = true;
	committer_submit(r->committer, &r->job);
}

static void
retention_done(struct task *task)
{
	struct retention *r = (struct retention *)task;
	/* a purge of large bodies may stop before its batch is full */
	bool more = r->purged > 0 || r->forgotten >= BATCH || r->uncounted >= BATCH_COUNTED;

	r->busy = false;
	if (r->job.result < 0)
		log_event(LOG_ERR, "retention-failed", LOG_S("reason", r->job.err.text));
	else if (r->purged + r->forgotten > 0)
		log_event(LOG_INFO, "retention", LOG_I("purged", r->purged),
			  LOG_I("forgotten", r->forgotten));
	if (r->job.result == 0 && more && !r->draining)
		submit(r);
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct retention *r = timer->data;

	(void)loop;
	(void)events;
	if (!r->busy)
		submit(r);
}

struct retention *
retention_start(struct ev_loop *loop, const struct settings *const *settings,
		struct committer *committer)
{
	struct retention *r = xcalloc(1, sizeof(*r));

	r->job.task.done = retention_done;
	r->job.execute = retention_execute;
	r->loop = loop;
	r->settings = settings;
	r->committer = committer;
	ev_timer_init(&r->timer, on_timer, 1, EVERY_S);
	r->timer.data = r;
	ev_timer_start(loop, &r->timer);
	return r;
}

void
retention_drain(struct retention *r)
{
	r->draining = true;
	ev_timer_stop(r->loop, &r->timer);
}

bool
retention_busy(const struct retention *r)
{
	return r->busy;
}

void
retention_stopp(struct retention **ret_retention)
{
	if (*ret_retention == NULL)
		return;
	ev_timer_stop((*ret_retention)->loop, &(*ret_retention)->timer);
	free(*ret_retention);
	*ret_retention = NULL;
}
