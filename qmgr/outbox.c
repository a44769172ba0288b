/*
 * outbox.c: leasing, sending, and having it recorded.
 *
 *	       timer, wake               free senders
 *	idle ─────────────► lease job ────┬─────────────► send ──► recorder ────► wake
 *	 ▲                  (committer)   └─► alteration ──▲ (relay)  (committer)   │
 *	 │                                    (pool)                                │
 *	 └──────── nothing due ◄────────────────────────────────────────────────────┘
 *
 * Promises: a row is sent only under our lease; `sent` and `released` are
 * written only after the relay's 250; a finish that cannot be committed is
 * tried again until it is, and the row is not sent again meanwhile. A relay
 * that cannot be reached is probed by one message at a time, with growing
 * pauses; a relay that answers 4yz makes that row wait. What policy wants
 * shorter is never sent whole: what cannot be altered fails.
 */
#include "qmgr/outbox.h"

#include <assert.h>
#include <ev.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "qmgr/alteration.h"
#include "qmgr/outgoing.h"
#include "qmgr/recorder.h"
#include "qmgr/transport.h"
#include "admit/altered.h"
#include "admit/spool.h"

enum {
	POLL_MS = 5000,
	REST_MIN_MS = 1000,
	REST_MAX_MS = 60000,
	SENDERS_MAX = 64, /* release.sessions goes no higher */
};

/* One connection to the relay and what it is sending. */
struct sender {
	struct outbox *outbox;
	struct transport *transport;
	bool taken;    /* from the lease until the finish is committed */
	bool altering; /* a pool thread has the lease and the spool */
	struct store_lease lease;
	struct spool *spool;
	struct outgoing outgoing;
};

enum body {
	BODY_READ,
	BODY_GONE,
	BODY_UNREADABLE, /* now: this row alone waits */
};

struct lease_job {
	struct job job; /* first */
	struct outbox *outbox;
	size_t wanted, len;
	struct store_lease leases[SENDERS_MAX];
	struct spool *spools[SENDERS_MAX];
	enum body bodies[SENDERS_MAX];
	struct error errors[SENDERS_MAX];
	int64_t next_due_ms; /* −1: the outbox is empty */
};

struct outbox {
	struct outbox_options options;
	ev_timer timer;
	struct sender *senders;
	size_t senders_len;
	struct recorder recorder;
	bool leasing, again, held, draining;
	char *hostname;  /* for the pool's threads: settings are the loop's */
	int64_t rest_ms; /* the pause after the next failure to reach the relay */
	int64_t rest_until_ms;
};

static void lease(struct outbox *o);

static const struct settings *
settings_of(const struct outbox *o)
{
	return *o->options.settings;
}

/* ---- when ------------------------------------------------------------- */

static void
arm(struct outbox *o, int64_t in_ms)
{
	struct ev_loop *loop = o->options.loop;

	if (in_ms > POLL_MS)
		in_ms = POLL_MS;
	ev_timer_stop(loop, &o->timer);
	ev_timer_set(&o->timer, in_ms > 0 ? (double)in_ms / 1e3 : 0, 0);
	ev_timer_start(loop, &o->timer);
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	outbox_wake(timer->data);
}

void
outbox_wake(struct outbox *o)
{
	if (o->draining || o->held)
		return;
	if (o->leasing)
		o->again = true;
	else
		lease(o);
}

/* The relay could not be reached, or sent our own mail back. */
static void
rest(struct outbox *o, int64_t ms)
{
	int64_t until = clock_now_ms() + ms;

	if (until > o->rest_until_ms)
		o->rest_until_ms = until;
}

void
outbox_pause(struct outbox *o)
{
	rest(o, settings_of(o)->release.loop_pause_ms);
	log_event(LOG_ERR, "relay-paused", LOG_S("route", o->options.route),
		  LOG_I("seconds", settings_of(o)->release.loop_pause_ms / 1000),
		  LOG_S("reason", "what was sent came back: its release port captures again"));
}

/* ---- finishing --------------------------------------------------------- */

static void
sender_clear(struct sender *sender)
{
	store_lease_done(&sender->lease);
	spool_freep(&sender->spool);
	outgoing_done(&sender->outgoing);
}

static void
on_recorded(void *ctx)
{
	struct sender *sender = ctx;

	sender->taken = false;
	outbox_wake(sender->outbox);
}

static void
finish(struct sender *sender, enum store_delivery delivery, const char *reply, int64_t next_due_ms)
{
	const struct outcome outcome = {
		.record = sender->lease.record,
		.delivery = delivery,
		.reply = reply,
		.next_due_ms = next_due_ms,
	};

	recorder_put(&sender->outbox->recorder, &outcome, on_recorded, sender);
	sender_clear(sender);
}

/* ---- sending ------------------------------------------------------------ */

static int64_t
back_off(const struct outbox *o, int64_t attempts)
{
	int64_t wait_ms = settings_of(o)->release.retry_min_ms;

	while (attempts-- > 0 && wait_ms < settings_of(o)->release.retry_max_ms)
		wait_ms *= 2;
	return wait_ms < settings_of(o)->release.retry_max_ms
		       ? wait_ms
		       : settings_of(o)->release.retry_max_ms;
}

static void
reached(struct outbox *o)
{
	o->rest_ms = 0;
}

static void
not_reached(struct outbox *o)
{
	o->rest_ms = o->rest_ms == 0 ? REST_MIN_MS : o->rest_ms * 2;
	if (o->rest_ms > REST_MAX_MS)
		o->rest_ms = REST_MAX_MS;
	rest(o, o->rest_ms);
}

static void
log_outcome(const struct sender *sender, const char *event, int level, const char *reply)
{
	log_event(level, event, LOG_I("id", sender->lease.record),
		  LOG_S("rcpt", sender->lease.rcpt), LOG_S("reply", reply));
}

static void
on_sent(void *ctx, enum smtp_outcome outcome, const char *reply)
{
	struct sender *sender = ctx;
	struct outbox *o = sender->outbox;
	int64_t now_ms = clock_now_ms();
	int64_t later_ms = now_ms + back_off(o, sender->lease.attempts);

	switch (outcome) {
	case SMTP_DONE:
		reached(o);
		log_outcome(sender, "sent", LOG_INFO, reply);
		finish(sender, STORE_DELIVERY_DONE, reply, 0);
		break;
	case SMTP_REFUSED:
		reached(o);
		log_outcome(sender, "refused-by-relay", LOG_WARNING, reply);
		finish(sender, STORE_DELIVERY_REFUSED, reply, 0);
		break;
	case SMTP_RETRY:
		reached(o);
		log_outcome(sender, "deferred-by-relay", LOG_NOTICE, reply);
		finish(sender, STORE_DELIVERY_RETRY, reply, later_ms);
		break;
	case SMTP_NO_CONTACT: /* nothing is wrong with this row */
		not_reached(o);
		log_outcome(sender, "relay-unreachable", LOG_WARNING, reply);
		finish(sender, STORE_DELIVERY_RETRY, reply, now_ms);
		break;
	case SMTP_UNKNOWN:
		not_reached(o);
		log_outcome(sender, "outcome-unknown", LOG_ERR, reply);
		finish(sender, STORE_DELIVERY_UNKNOWN, reply, later_ms);
		break;
	}
}

static void
send_lease(struct sender *sender)
{
	outgoing_make(&sender->outgoing, &sender->lease, spool_bytes(sender->spool),
		      settings_of(sender->outbox)->hostname, clock_now_ms());
	transport_send(sender->transport, &sender->outgoing.mail, on_sent, sender);
}

/* ---- not sending --------------------------------------------------------- */

static void
finish_ending(struct sender *sender)
{
	finish(sender, STORE_DELIVERY_RETRY, "not sent: ndrqd was ending", clock_now_ms());
}

static void
finish_not_now(struct sender *sender, const char *reason)
{
	finish(sender, STORE_DELIVERY_RETRY, reason,
	       clock_now_ms() + back_off(sender->outbox, sender->lease.attempts));
}

/* ---- altering ------------------------------------------------------------ */

static void
on_altered(void *ctx, enum alteration_outcome outcome, const struct error *err)
{
	struct sender *sender = ctx;

	sender->altering = false;
	if (sender->outbox->draining) {
		finish_ending(sender);
		return;
	}
	switch (outcome) {
	case ALTERATION_DONE:
		send_lease(sender);
		break;
	case ALTERATION_UNFIT:
		finish(sender, STORE_DELIVERY_REFUSED,
		       "not sent: it cannot be stripped; ndrq release --to sends it whole", 0);
		break;
	case ALTERATION_SUSPECT:
		finish(sender, STORE_DELIVERY_REFUSED,
		       "not sent: these bytes crashed ndrqd before, so they are not stripped; "
		       "ndrq release --to sends it whole",
		       0);
		break;
	case ALTERATION_NOT_NOW:
		finish_not_now(sender, err->text);
		break;
	}
}

static void
alter_lease(struct sender *sender)
{
	const struct outbox *o = sender->outbox;
	const struct alteration_options options = {
		.admission = o->options.admission,
		.crashmark = o->options.crashmark,
		.hostname = o->hostname,
		.spool_folder = o->options.spool_folder,
		.done = on_altered,
		.ctx = sender,
	};

	sender->altering = true;
	alteration_start(&options, &sender->lease, &sender->spool);
}

/* ---- leasing ------------------------------------------------------------ */

static int
add_piece(void *ctx, const void *data, size_t len, struct error *err)
{
	return spool_add(ctx, (struct span){ data, len }, err);
}

static enum body
read_body(struct lease_job *l, size_t i, struct store *store)
{
	struct error *err = &l->errors[i];
	int found;

	l->spools[i] = spool_new(l->outbox->options.spool_folder, INT64_MAX);
	found = store_read_body(store, l->leases[i].record, add_piece, l->spools[i], err);
	if (found == 0)
		return BODY_GONE;
	if (found < 0 || spool_finish(l->spools[i], err) < 0)
		return BODY_UNREADABLE;
	return BODY_READ;
}

static int
lease_execute(struct job *job, struct store *store, struct error *err)
{
	struct lease_job *l = (struct lease_job *)job;
	int found;

	if (store_outbox_lease(store, l->outbox->options.route, clock_now_ms(), l->wanted,
			       l->leases, &l->len, err) < 0)
		return -1;
	for (size_t i = 0; i < l->len; i++)
		l->bodies[i] = read_body(l, i, store);
	found = store_outbox_next(store, l->outbox->options.route, &l->next_due_ms, err);
	if (found == 0)
		l->next_due_ms = -1;
	return found < 0 ? -1 : 0;
}

static struct sender *
free_sender(struct outbox *o)
{
	for (size_t i = 0; i < o->senders_len; i++)
		if (!o->senders[i].taken)
			return &o->senders[i];
	return NULL;
}

static void
give(struct outbox *o, struct lease_job *l, size_t i)
{
	struct sender *sender = free_sender(o);

	assert(sender != NULL);
	sender->taken = true;
	sender->lease = l->leases[i];
	sender->spool = TAKE(l->spools[i]);
	if (o->draining) {
		finish_ending(sender);
		return;
	}
	switch (l->bodies[i]) {
	case BODY_READ:
		if (altered_is_due(&sender->lease))
			alter_lease(sender);
		else
			send_lease(sender);
		break;
	case BODY_GONE:
		finish(sender, STORE_DELIVERY_REFUSED, "not sent: its body is gone", 0);
		break;
	case BODY_UNREADABLE:
		finish_not_now(sender, l->errors[i].text);
		break;
	}
}

static void
lease_drop(struct lease_job *l)
{
	for (size_t i = 0; i < l->len; i++) {
		store_lease_done(&l->leases[i]);
		spool_freep(&l->spools[i]);
	}
}

static void
lease_failed(struct outbox *o, struct lease_job *l)
{
	log_event(LOG_ERR, "outbox-not-read", LOG_S("reason", l->job.err.text));
	lease_drop(l);
	if (!o->draining)
		arm(o, POLL_MS);
}

static void
lease_done(struct task *task)
{
	struct lease_job *l = (struct lease_job *)task;
	struct outbox *o = l->outbox;

	o->leasing = false;
	if (l->job.result < 0) {
		lease_failed(o, l);
	} else {
		for (size_t i = 0; i < l->len; i++)
			give(o, l, i);
		if (!o->draining)
			arm(o, l->next_due_ms < 0 ? POLL_MS : l->next_due_ms - clock_now_ms());
	}
	free(l);
	if (o->again && !o->draining && !o->held)
		lease(o);
}

/* As many as there are free senders; one while the relay is hard to reach. */
static size_t
wanted(const struct outbox *o)
{
	size_t taken = 0;

	for (size_t i = 0; i < o->senders_len; i++)
		taken += o->senders[i].taken;
	if (o->rest_ms > 0)
		return taken == 0 ? 1 : 0;
	return o->senders_len - taken;
}

static void
lease(struct outbox *o)
{
	int64_t rests_ms = o->rest_until_ms - clock_now_ms();
	struct lease_job *l;

	o->again = false;
	ev_timer_stop(o->options.loop, &o->timer);
	if (rests_ms > 0) {
		arm(o, rests_ms);
		return;
	}
	if (wanted(o) == 0)
		return; /* a finish wakes us */
	l = xcalloc(1, sizeof(*l));
	l->job.task.done = lease_done;
	l->job.execute = lease_execute;
	l->outbox = o;
	l->wanted = wanted(o);
	o->leasing = true;
	committer_submit(*o->options.committer, &l->job);
}

/* ---- start and stop ------------------------------------------------------ */

int
outbox_start(const struct outbox_options *options, struct outbox **ret_outbox, struct error *err)
{
	const struct transport_options transport = {
		.loop = options->loop,
		.back = options->back,
		.hostname = (*options->settings)->hostname,
		.to = options->to,
	};
	struct outbox *o = xcalloc(1, sizeof(*o));

	o->options = *options;
	o->held = options->held;
	o->hostname = xstrdup((*options->settings)->hostname);
	o->senders_len = (size_t)(*options->settings)->release.sessions;
	assert(o->senders_len >= 1 && o->senders_len <= SENDERS_MAX);
	o->senders = xcalloc(o->senders_len, sizeof(o->senders[0]));
	ev_init(&o->timer, on_timer);
	o->timer.data = o;
	recorder_init(&o->recorder, options->loop, options->committer);
	for (size_t i = 0; i < o->senders_len; i++) {
		o->senders[i].outbox = o;
		if (transport_new(&transport, &o->senders[i].transport, err) < 0) {
			outbox_stopp(&o);
			return -1;
		}
	}
	*ret_outbox = o;
	outbox_wake(o);
	return 0;
}

void
outbox_hold(struct outbox *o, bool held)
{
	o->held = held;
	outbox_wake(o); /* when it is not */
}

void
outbox_drain(struct outbox *o)
{
	o->draining = true;
	recorder_drain(&o->recorder);
	ev_timer_stop(o->options.loop, &o->timer);
}

bool
outbox_busy(const struct outbox *o)
{
	for (size_t i = 0; i < o->senders_len; i++)
		if (o->senders[i].altering || transport_busy(o->senders[i].transport))
			return true;
	return o->leasing || recorder_busy(&o->recorder);
}

void
outbox_stopp(struct outbox **ret_outbox)
{
	struct outbox *o = *ret_outbox;

	if (o == NULL)
		return;
	ev_timer_stop(o->options.loop, &o->timer);
	recorder_done(&o->recorder);
	for (size_t i = 0; i < o->senders_len; i++) {
		transport_freep(&o->senders[i].transport);
		sender_clear(&o->senders[i]);
	}
	free(o->senders);
	free(o->hostname);
	free(o);
	*ret_outbox = NULL;
}
