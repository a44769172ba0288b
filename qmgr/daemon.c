/*
 * daemon.c: the loop.
 *
 *	   intakes ──submit──► admission ──► committer ──┐
 *	      ▲                  (pool)      (one thread) │
 *	      └────done◄──── the loop's channel ◄─────────┘
 *
 * Everything of the daemon (daemon_state.h says which file has what) runs in
 * the loop thread. The other threads see only what a task brings them.
 *
 * The end: nothing new is begun, what is under way has DRAIN_MS; then the
 * threads, the parts in the loop, and the store.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "qmgr/daemon_state.h"
#include "report/mail.h"

enum { DRAIN_MS = 15000 }; /* for peers and the relay, once we were told to end */

void
daemon_notify(const char *state)
{
#ifdef HAVE_SYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

/* ---- what comes back ------------------------------------------------------ */

void
daemon_take_back(struct daemon *d)
{
	struct task *task = channel_take_ready(&d->back), *next;

	for (; task != NULL; task = next) {
		next = task->next;
		task->done(task);
	}
	backlog_check(d);
}

static void
on_back_ready(struct ev_loop *loop, ev_async *async, int events)
{
	(void)loop;
	(void)events;
	daemon_take_back(async->data);
}

/* What a turn of the loop has received goes to admission together. */
static void
on_before_sleep(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	const struct daemon *d = prepare->data;

	(void)loop;
	(void)events;
	admission_flush(d->admission);
}

static void
wake_loop(void *ctx)
{
	struct daemon *d = ctx;

	ev_async_send(d->loop, &d->back_ready);
}

/* ---- the end ---------------------------------------------------------------- */

/* Polls: the end is not a place for cleverness. */
static void
on_drain(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct daemon *d = timer->data;

	(void)events;
	d->drain_left_ms -= 20;
	if (!parts_busy(d) || d->drain_left_ms <= 0)
		ev_break(loop, EVBREAK_ALL);
}

static void
on_signal_end(struct ev_loop *loop, ev_signal *signal, int events)
{
	struct daemon *d = signal->data;

	(void)events;
	if (d->ending)
		return;
	daemon_notify("STOPPING=1");
	log_event(LOG_NOTICE, "stopping");
	d->ending = true;
	parts_drain(d);
	d->drain_left_ms = DRAIN_MS;
	ev_timer_init(&d->drain_timer, on_drain, 0, 0.02);
	d->drain_timer.data = d;
	ev_timer_start(loop, &d->drain_timer);
}

/* ---- start -------------------------------------------------------------------- */

static void
on_signal_hup(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)loop;
	(void)events;
	reload(signal->data);
}

static void
start_signal(struct daemon *d, ev_signal *watcher, int number,
	     void (*callback)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(watcher, callback, number);
	watcher->data = d;
	ev_signal_start(d->loop, watcher);
}

/* A session is a descriptor, and so is a large message. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int
start(struct daemon *d, struct error *err)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file too large is a refusal, not an end */
	(void)umask(0007);
	raise_limits();
	mail_init();
	d->loop = ev_loop_new(EVFLAG_AUTO);
	if (d->loop == NULL)
		return error_set(err, ERROR_TEMP, "cannot make an event loop");
	ev_async_init(&d->back_ready, on_back_ready);
	d->back_ready.data = d;
	ev_async_start(d->loop, &d->back_ready);
	if (parts_start(d, err) < 0)
		return -1;
	ev_prepare_init(&d->before_sleep, on_before_sleep);
	d->before_sleep.data = d;
	ev_prepare_start(d->loop, &d->before_sleep);
	start_signal(d, &d->on_hup, SIGHUP, on_signal_hup);
	start_signal(d, &d->on_term, SIGTERM, on_signal_end);
	start_signal(d, &d->on_int, SIGINT, on_signal_end);
	return 0;
}

static void
stop(struct daemon *d)
{
	parts_stop(d);
	channel_done(&d->back);
	if (d->loop != NULL)
		ev_loop_destroy(d->loop);
	settings_freep(&d->settings);
	policy_unrefp(&d->policy);
	free(d->store_path);
	free(d->hostname);
	free(d->folder);
}

int
daemon_run(struct daemon_options *options, struct error *err)
{
	struct daemon d = {
		.config_path = options->config_path,
		.settings = TAKE(options->settings),
		.policy = TAKE(options->policy),
		.lock_fd = -1,
	};
	int rc;

	d.store_path = xstrdup(d.settings->store);
	d.folder = file_folder_of(d.store_path);
	d.hostname = xstrdup(d.settings->hostname);
	channel_init(&d.back, wake_loop, &d);
	rc = start(&d, err);
	if (rc == 0) {
		log_event(LOG_NOTICE, "ready", LOG_S("store", d.store_path),
			  LOG_S("policy", policy_revision(d.policy)));
		daemon_notify("READY=1");
		options->ready(options->ctx);
		ev_run(d.loop, 0);
	}
	stop(&d);
	if (rc == 0)
		log_event(LOG_NOTICE, "stopped");
	return rc;
}
