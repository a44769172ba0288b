/*
 * intake_host.c: what intakes hand in, until it is back.
 *
 * The backlog is what is under way between here and the commit: a submission
 * adds when it leaves and subtracts when it is back. When it is full the
 * intakes stop reading. What came of a submission is logged, and heeded (there
 * is something to send, the relay sends our own mail back) before its intake
 * hears of it and answers.
 */
#include "base/log.h"
#include "qmgr/daemon_state.h"

struct policy *
intake_policy(const struct intake_host *host)
{
	return host->daemon->policy;
}

void
intake_run(const struct intake_host *host, struct task *task)
{
	admission_run(host->daemon->admission, task);
}

void
intake_answer_lost_take(const struct intake_host *host, int64_t *ids, size_t ids_len)
{
	errand_answer_lost_take(host->daemon, ids, ids_len);
}

/* ---- the backlog ---------------------------------------------------------- */

/* Half the bound is where reading starts again, so that it does not flicker. */
void
backlog_check(struct daemon *d)
{
	const struct settings *s = d->settings;

	if (d->backlog_bytes >= s->limits.backlog_bytes ||
	    d->backlog_messages >= s->limits.backlog_messages)
		parts_pause_intakes(d, true);
	else if (d->backlog_bytes <= s->limits.backlog_bytes / 2 &&
		 d->backlog_messages <= s->limits.backlog_messages / 2)
		parts_pause_intakes(d, false);
}

/* ---- what comes back ------------------------------------------------------ */

static void
log_record(const struct submission *s, const struct store_new_record *r)
{
	static const char *const events[] = {
		[STORE_PUT_NEW] = "stored",
		[STORE_PUT_REDELIVERED] = "redelivered",
		[STORE_PUT_LOOP] = "loop",
	};

	if (r->outcome == STORE_PUT_LOOP)
		log_event(LOG_ERR, "loop", LOG_I("id", r->id), LOG_SP("rcpt", r->rcpt),
			  LOG_I("loop_of", r->loop_of), LOG_S("intake", s->source->intake));
	else
		log_event(LOG_INFO, events[r->outcome], LOG_I("id", r->id),
			  LOG_S("state", record_state_name(r->became)), LOG_SP("rcpt", r->rcpt),
			  LOG_S("class", s->message.class), LOG_S("rule", r->became_by),
			  LOG_S("intake", s->source->intake), LOG_I("size", s->message.size_bytes));
	if (r->storm_of != NULL)
		log_event(LOG_NOTICE, "storm", LOG_I("id", r->id), LOG_I("storm", r->storm_began),
			  LOG_S("shared", r->storm_of->key), LOG_S("rule", r->storm_of->rule));
	if (r->marked != NULL)
		log_event(LOG_NOTICE, "harvester", LOG_I("id", r->id),
			  LOG_S("client", r->marked->client), LOG_S("rule", r->marked->rule));
}

/* The postmaster's copy of it, if one was asked for. */
static void
heed_copy(struct daemon *d, int64_t record, int64_t copy)
{
	if (copy > 0) {
		log_event(LOG_INFO, "copied", LOG_I("id", copy), LOG_I("copy_of", record));
		routes_wake(d->routes, STORE_ROUTE_SUBMIT);
	} else if (copy < 0) {
		log_event(LOG_NOTICE, "copy-left-out", LOG_I("id", record));
	}
}

static void
heed_committed(struct daemon *d, const struct submission *s)
{
	for (size_t i = 0; i < s->message.records_len; i++) {
		const struct store_new_record *r = &s->message.records[i];

		log_record(s, r);
		if (r->outcome == STORE_PUT_LOOP && !s->source->undeliverable)
			routes_pause(d->routes, r->loop_route);
		if (r->outcome == STORE_PUT_NEW && r->became == RECORD_SENDING)
			routes_wake(d->routes, r->route != NULL ? r->route : STORE_ROUTE_RELEASE);
		heed_copy(d, r->id, s->rcpts[i].copy);
	}
}

static void
heed_submission(struct daemon *d, const struct submission *s)
{
	d->backlog_bytes -= s->weight_bytes;
	d->backlog_messages--;
	switch (s->outcome) {
	case SUBMISSION_COMMITTED:
		heed_committed(d, s);
		break;
	case SUBMISSION_DAMAGED:
		log_event(LOG_ERR, "damaged", LOG_S("intake", s->source->intake),
			  LOG_S("reason", s->err.text));
		break;
	case SUBMISSION_REFUSED:
		log_event(LOG_WARNING, "refused", LOG_S("intake", s->source->intake),
			  LOG_S("reason", s->err.text));
		break;
	case SUBMISSION_LEFT:
		break;
	}
}

/* Every submission passes here before its intake hears of it. */
static void
on_submission_done(struct submission *s)
{
	heed_submission(s->daemon, s);
	s->answer(s);
}

static int64_t
weight(const struct submission *s)
{
	return s->spool == NULL ? 0 : (int64_t)spool_bytes(s->spool).len;
}

void
intake_submit(const struct intake_host *host, struct submission *s)
{
	struct daemon *d = host->daemon;

	s->daemon = d;
	s->hostname = d->hostname;
	s->answer = s->done;
	s->done = on_submission_done;
	s->weight_bytes = weight(s);
	d->backlog_bytes += s->weight_bytes;
	d->backlog_messages++;
	admission_submit(d->admission, s);
	backlog_check(d);
}
