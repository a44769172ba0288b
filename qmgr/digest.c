/*
 * digest.c: one mail a day, also through kills and restarts.
 *
 *	       its time has passed, and no digest is younger
 *	timer ──────────────────────────────────────────────► gather, compose ─┐
 *	  ▲                                                       (pool)       │
 *	  └──────────── sent by the outbox ◄── mail and mark ◄─────────────────┘
 *	                                        (committer, one transaction)
 *
 * Promises one for each time that passes, and that each record is told of
 * once: the mark says up to which record the last one told, and is written
 * with the mail or not at all. A time that passed while nobody ran is made up
 * at the start, once. What fails is tried again a minute later.
 *
 * Gathering has a connection of its own, so nobody waits for the store behind
 * it; nothing is under way twice.
 */
#include "qmgr/digest.h"

#include <assert.h>
#include <ev.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "report/digest.h"
#include "report/own.h"

enum { LOOK_MS = 60000, BUSY_TIMEOUT_MS = 5000 };

/* One digest being made. */
struct making {
	struct task task; /* first: the pool's */
	struct job job;   /* the committer's */
	struct daily *daily;
	char *to;
	int64_t due_ms;
	struct store_digest_mark mark;
	bool is_made; /* somebody did already */
	bool is_empty;
	int64_t records, held;
	struct buffer bytes;
	char *subject;
	int result;
	struct error err;
};

struct daily {
	struct daily_options options;
	ev_timer timer;
	int64_t made_ms; /* until then a digest is known to be made */
	bool busy, draining;
};

/* ---- when --------------------------------------------------------------- */

/*
 * Of an hour that comes twice the first; left to itself mktime takes either,
 * by what it was asked before. One that is skipped is the one behind it.
 */
static time_t
time_of(const struct tm *wanted)
{
	struct tm tm, shown;

	for (int is_dst = 1; is_dst >= 0; is_dst--) {
		time_t at;

		tm = *wanted;
		tm.tm_isdst = is_dst;
		at = mktime(&tm);
		if (localtime_r(&at, &shown) != NULL && shown.tm_hour == wanted->tm_hour &&
		    shown.tm_min == wanted->tm_min)
			return at;
	}
	tm = *wanted;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

static int64_t
minute_of_day(int64_t now_ms, int minute, int days)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;

	(void)localtime_r(&now, &tm);
	tm.tm_mday += days;
	tm.tm_hour = minute / 60;
	tm.tm_min = minute % 60;
	tm.tm_sec = 0;
	return (int64_t)time_of(&tm) * 1000;
}

int64_t
daily_last_ms(int64_t now_ms, int minute)
{
	int64_t today_ms = minute_of_day(now_ms, minute, 0);

	return today_ms <= now_ms ? today_ms : minute_of_day(now_ms, minute, -1);
}

int64_t
daily_next_ms(int64_t now_ms, int minute)
{
	int64_t today_ms = minute_of_day(now_ms, minute, 0);

	return today_ms > now_ms ? today_ms : minute_of_day(now_ms, minute, 1);
}

/* ---- in the pool ---------------------------------------------------------- */

/* What it tells of: all behind the last one; the first tells of a day. */
static int
find_stretch(struct making *m, struct store *store, struct digest_request *request,
	     struct error *err)
{
	struct store_digest_mark last = { 0 };
	int64_t since_ms = m->due_ms - CLOCK_DAY_MS;
	int found = store_digest_latest(store, &last, err);

	if (found < 0 || store_stretch_since(store, since_ms, &request->stretch, err) < 0)
		return -1;
	m->is_made = found > 0 && last.until_ms >= m->due_ms;
	request->from_ms = since_ms;
	if (found > 0) {
		request->from_ms = last.until_ms;
		request->stretch.first_id = last.last_id + 1;
		request->stretch.since_ms = 0;
	}
	m->mark.from_ms = request->from_ms;
	m->mark.until_ms = request->until_ms;
	m->mark.last_id = request->stretch.last_id;
	return 0;
}

static struct mail_envelope
envelope_of(const struct making *m, const char *name)
{
	return (struct mail_envelope){ .hostname = m->daily->options.hostname,
				       .to = m->to,
				       .subject = m->subject,
				       .name = name,
				       .date_ms = m->mark.until_ms };
}

static char *
name_of(const struct making *m)
{
	return xasprintf("digest.%" PRId64, m->mark.until_ms);
}

static void
compose(struct making *m, const struct digest *digest)
{
	AUTO(buffer_done) struct buffer text = { 0 }, html = { 0 };
	AUTO(freep) char *name = name_of(m);
	struct mail_envelope envelope;

	m->records = digest->records;
	m->held = digest->held;
	m->is_empty = digest_is_empty(digest);
	if (m->is_empty)
		return;
	m->subject = digest_subject(digest);
	envelope = envelope_of(m, name);
	digest_add_text(digest, &text);
	digest_add_html(digest, &html);
	mail_add_alternative(&envelope, buffer_span(&text), buffer_span(&html), &m->bytes);
}

static int
make(struct making *m, struct error *err)
{
	const struct store_options options = { .path = m->daily->options.store_path,
					       .mode = STORE_TOOL,
					       .busy_timeout_ms = BUSY_TIMEOUT_MS };
	struct digest_request request = { .until_ms = clock_now_ms(),
					  .hostname = m->daily->options.hostname };
	AUTO(store_closep) struct store *store = NULL;
	AUTO(digest_freep) struct digest *digest = NULL;

	if (store_open(&options, &store, err) < 0 || find_stretch(m, store, &request, err) < 0)
		return -1;
	if (m->is_made)
		return 0;
	if (digest_gather(store, &request, &digest, err) < 0)
		return -1;
	compose(m, digest);
	return 0;
}

static bool
run(struct task *task, void *ctx)
{
	struct making *m = (struct making *)task;

	(void)ctx;
	m->result = make(m, &m->err);
	return true;
}

/* ---- in the committer ----------------------------------------------------- */

static struct making *
making_of(struct task *task)
{
	return (struct making *)((char *)task - offsetof(struct making, job));
}

static int
put_mail(struct making *m, struct store *store, struct error *err)
{
	AUTO(freep) char *name = name_of(m);
	const struct mail_envelope envelope = envelope_of(m, name);
	const struct own_mail mail = { .class = "digest",
				       .envelope = &envelope,
				       .bytes = buffer_span(&m->bytes) };

	return m->is_empty ? 0 : own_put(store, &mail, &m->mark.record, err);
}

/* The mail and its mark, or neither: the committer undoes what fails. */
static int
execute(struct job *job, struct store *store, struct error *err)
{
	struct making *m = making_of(&job->task);
	struct store_digest_mark last;
	int found = store_digest_latest(store, &last, err);

	m->is_made = found > 0 && last.until_ms >= m->due_ms;
	if (found < 0 || m->is_made)
		return found < 0 ? -1 : 0;
	if (put_mail(m, store, err) < 0)
		return -1;
	if (store_digest_add(store, &m->mark, err) == 1)
		return 0;
	return error_set(err, ERROR_TEMP, "the digest could not be marked as made");
}

/* ---- in the loop ------------------------------------------------------------ */

static void
arm(struct daily *d, int64_t in_ms)
{
	if (d->draining)
		return;
	ev_timer_stop(d->options.loop, &d->timer);
	ev_timer_set(&d->timer, in_ms < LOOK_MS ? (double)in_ms / 1e3 : LOOK_MS / 1e3, 0);
	ev_timer_start(d->options.loop, &d->timer);
}

static void
end(struct making *m)
{
	m->daily->busy = false;
	arm(m->daily, LOOK_MS);
	buffer_done(&m->bytes);
	free(m->subject);
	free(m->to);
	free(m);
}

static void
log_failure(const struct error *err)
{
	log_event(LOG_ERR, "digest-failed", LOG_S("reason", err->text));
}

static void
job_done(struct task *task)
{
	struct making *m = making_of(task);
	struct daily *d = m->daily;

	if (m->job.result < 0) {
		log_failure(&m->job.err);
		end(m);
		return;
	}
	d->made_ms = m->due_ms;
	if (!m->is_made && m->is_empty)
		log_event(LOG_INFO, "digest-not-needed");
	else if (!m->is_made) {
		log_event(LOG_INFO, "digest", LOG_I("id", m->mark.record), LOG_S("rcpt", m->to),
			  LOG_I("records", m->records), LOG_I("held", m->held));
		d->options.made(d->options.ctx);
	}
	end(m);
}

static void
task_done(struct task *task)
{
	struct making *m = (struct making *)task;
	struct daily *d = m->daily;

	if (m->result < 0)
		log_failure(&m->err);
	if (m->is_made)
		d->made_ms = m->due_ms;
	if (m->result < 0 || m->is_made || d->draining || *d->options.committer == NULL) {
		end(m);
		return;
	}
	m->job.task.done = job_done;
	m->job.execute = execute;
	m->job.adds_bytes = (int64_t)m->bytes.len;
	committer_submit(*d->options.committer, &m->job);
}

static void
begin(struct daily *d, const char *to, int64_t due_ms)
{
	struct making *m = xcalloc(1, sizeof(*m));

	m->task.run = run;
	m->task.done = task_done;
	m->daily = d;
	m->to = xstrdup(to);
	m->due_ms = due_ms;
	d->busy = true;
	admission_run(d->options.admission, &m->task);
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct daily *d = timer->data;
	const struct policy_postmaster p = policy_postmaster(*d->options.policy);
	int64_t now_ms = clock_now_ms(), due_ms;

	(void)loop;
	(void)events;
	assert(!d->busy);
	if (p.digest_to == NULL) {
		arm(d, LOOK_MS);
		return;
	}
	due_ms = daily_last_ms(now_ms, p.digest_minute);
	if (due_ms > d->made_ms)
		begin(d, p.digest_to, due_ms);
	else
		arm(d, daily_next_ms(now_ms, p.digest_minute) - now_ms);
}

struct daily *
daily_start(const struct daily_options *options)
{
	struct daily *d = xcalloc(1, sizeof(*d));

	tzset();
	d->options = *options;
	ev_timer_init(&d->timer, on_timer, 0, 0);
	d->timer.data = d;
	ev_timer_start(options->loop, &d->timer);
	return d;
}

void
daily_wake(struct daily *daily)
{
	if (!daily->busy)
		arm(daily, 0);
}

void
daily_drain(struct daily *daily)
{
	daily->draining = true;
	ev_timer_stop(daily->options.loop, &daily->timer);
}

bool
daily_busy(const struct daily *daily)
{
	return daily->busy;
}

void
daily_stopp(struct daily **ret_daily)
{
	if (*ret_daily == NULL)
		return;
	ev_timer_stop((*ret_daily)->options.loop, &(*ret_daily)->timer);
	free(TAKE(*ret_daily));
}
