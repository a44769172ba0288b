/*
 * daemon.c: the loop and its parts.
 *
 *	   intakes ──submit──► admission ──► committer ──┐
 *	      ▲                  (pool)      (one thread) │
 *	      └────done◄──── the loop's channel ◄─────────┘
 *
 * Everything here runs in the loop thread. The other threads see only what a
 * task brings them. What is counted here (the backlog) is counted in the loop
 * alone: a submission adds when it leaves and subtracts when it is back.
 *
 * A reload reads in the pool and changes pointers in the loop; a reload that
 * fails changes nothing. The end: intakes first, then what is under way, then
 * the outbox, then the threads, then the store.
 */
#include "qmgr/daemon.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "qmgr/admission.h"
#include "qmgr/control.h"
#include "qmgr/digest.h"
#include "qmgr/intake.h"
#include "qmgr/rejudge.h"
#include "qmgr/reload.h"
#include "qmgr/retention.h"
#include "qmgr/routes.h"
#include "report/mail.h"

enum {
	BUSY_TIMEOUT_MS = 5000,
	DRAIN_MS = 15000, /* for peers and the relay, once we were told to end */
};

static const struct intake *const intakes[] = { &lmtp_intake, &directory_intake };
enum { INTAKES = sizeof(intakes) / sizeof(intakes[0]) };

struct daemon {
	struct ev_loop *loop;
	const char *config_path;
	struct settings *settings;
	struct policy *policy;
	char *store_path, *folder, *hostname; /* copies: settings may be replaced */
	int lock_fd;
	struct store *store;
	struct crashmark *crashmark;
	struct committer *committer;
	struct admission *admission;
	struct routes *routes;
	struct control *control;
	struct retention *retention;
	struct rejudge *rejudge;
	struct daily *daily;
	struct intake_host host;
	void *intake_states[INTAKES];
	bool intake_started[INTAKES];
	bool paused;
	int64_t backlog_bytes, backlog_messages;
	struct channel back;
	ev_async back_ready;
	ev_prepare before_sleep;
	ev_signal on_hup, on_term, on_int;
	ev_timer drain_timer;
	bool reloading, reload_again, ending;
	int drain_left_ms;
	size_t jobs; /* small jobs of our own under way */
	void (*ready)(void *ctx);
	void *ready_ctx;
};

static void
notify(const char *state)
{
#ifdef HAVE_SYSTEMD
	(void)sd_notify(0, state);
#else
	(void)state;
#endif
}

/* ---- what intakes ask for ------------------------------------------------ */

struct policy *
intake_policy(const struct intake_host *host)
{
	return host->daemon->policy;
}

static void
pause_intakes(struct daemon *d, bool paused)
{
	if (d->paused == paused || d->ending)
		return;
	d->paused = paused;
	log_event(LOG_DEBUG, paused ? "backlog-full" : "backlog-drained",
		  LOG_I("messages", d->backlog_messages), LOG_I("bytes", d->backlog_bytes));
	for (size_t i = 0; i < INTAKES; i++)
		if (d->intake_started[i] && d->paused == paused)
			intakes[i]->pause(d->intake_states[i], paused);
}

static int64_t
weight(const struct submission *s)
{
	return s->spool == NULL ? 0 : (int64_t)spool_bytes(s->spool).len;
}

/* Half the bound is where reading starts again, so that it does not flicker. */
static void
check_backlog(struct daemon *d)
{
	const struct settings *s = d->settings;

	if (d->backlog_bytes >= s->limits.backlog_bytes ||
	    d->backlog_messages >= s->limits.backlog_messages)
		pause_intakes(d, true);
	else if (d->backlog_bytes <= s->limits.backlog_bytes / 2 &&
		 d->backlog_messages <= s->limits.backlog_messages / 2)
		pause_intakes(d, false);
}

/* Jobs of a line: a closure for the committer. */
struct small_job {
	struct job job; /* first */
	struct daemon *daemon;
	struct policy *policy;
	int64_t *ids;
	size_t ids_len;
};

static void
small_done(struct task *task)
{
	struct small_job *small = (struct small_job *)task;

	if (small->job.result < 0)
		log_event(LOG_ERR, "store-failed", LOG_S("reason", small->job.err.text));
	small->daemon->jobs--;
	policy_unrefp(&small->policy);
	free(small->ids);
	free(small);
}

static struct small_job *
small_new(struct daemon *d, int (*execute)(struct job *, struct store *, struct error *))
{
	struct small_job *small = xcalloc(1, sizeof(*small));

	small->daemon = d;
	small->job.task.done = small_done;
	small->job.execute = execute;
	d->jobs++;
	return small;
}

static int
answer_lost_execute(struct job *job, struct store *store, struct error *err)
{
	const struct small_job *small = (struct small_job *)job;

	(void)err;
	store_answer_lost(store, small->ids, small->ids_len);
	return 0;
}

void
intake_answer_lost_take(const struct intake_host *host, int64_t *ids, size_t ids_len)
{
	struct small_job *small;

	if (host->daemon->committer ==
	    NULL) { /* the end: the next run expects redeliveries anyway */
		free(ids);
		return;
	}
	small = small_new(host->daemon, answer_lost_execute);
	small->ids = ids;
	small->ids_len = ids_len;
	committer_submit(host->daemon->committer, &small->job);
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
	check_backlog(d);
}

void
intake_run(const struct intake_host *host, struct task *task)
{
	admission_run(host->daemon->admission, task);
}

static void
on_back_ready(struct ev_loop *loop, ev_async *async, int events)
{
	struct daemon *d = async->data;
	struct task *task = channel_take_ready(&d->back), *next;

	(void)loop;
	(void)events;
	for (; task != NULL; task = next) {
		next = task->next;
		task->done(task);
	}
	check_backlog(d);
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

/* ---- reload ---------------------------------------------------------------- */

static int
put_policy_execute(struct job *job, struct store *store, struct error *err)
{
	const struct small_job *small = (struct small_job *)job;

	return store_put_policy(store, policy_revision(small->policy), policy_text(small->policy),
				policy_observes(small->policy), clock_now_ms(), err);
}

/* The text is with the committer before any record that names it. */
static void
put_policy(struct daemon *d)
{
	struct small_job *small = small_new(d, put_policy_execute);

	small->policy = policy_ref(d->policy);
	committer_submit(d->committer, &small->job);
}

static void reload(struct daemon *d);

/* What was opened at the start stays as it is until a restart, and we say so. */
static void
apply_settings(struct daemon *d, struct settings *settings)
{
	const char *changed = settings_changed_at_start(d->settings, settings);

	if (changed != NULL) {
		log_event(LOG_WARNING, "restart-needed", LOG_S("key", changed));
		settings_freep(&settings);
		return;
	}
	settings_freep(&d->settings);
	d->settings = settings;
	d->host.settings = settings;
}

static void
apply_policy(struct daemon *d, struct policy *policy)
{
	bool changed = strcmp(policy_revision(policy), policy_revision(d->policy)) != 0;

	policy_unrefp(&d->policy);
	d->policy = policy;
	put_policy(d);
	if (changed)
		rejudge_run(d->rejudge, policy);
	daily_wake(d->daily);
	log_event(LOG_NOTICE, "reloaded", LOG_S("policy", policy_revision(policy)));
}

/* Those who asked by the control socket. */
static void
answer_reload(const struct daemon *d, const struct error *err)
{
	AUTO(freep)
	char *answer = xasprintf("%s %s%s%s", err == NULL ? "reloaded" : "kept",
				 policy_revision(d->policy), err == NULL ? "" : " ",
				 err == NULL ? "" : err->text);

	control_reload_ends(d->control, answer);
}

static void
on_reloaded(void *ctx, struct settings *settings, struct policy *policy, const struct error *err)
{
	struct daemon *d = ctx;

	d->reloading = false;
	if (settings == NULL) {
		log_event(LOG_ERR, "reload-failed", LOG_S("kept", policy_revision(d->policy)),
			  LOG_S("reason", err->text));
	} else {
		apply_settings(d, settings);
		apply_policy(d, policy);
	}
	answer_reload(d, settings == NULL ? err : NULL);
	notify("READY=1");
	if (d->reload_again && !d->ending)
		reload(d);
}

static void
reload(struct daemon *d)
{
	d->reload_again = d->reloading;
	if (d->reloading)
		return;
	notify("RELOADING=1");
	d->reloading = true;
	control_reload_begins(d->control);
	reload_start(d->admission, d->config_path, on_reloaded, d);
}

static void
on_signal_hup(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)loop;
	(void)events;
	reload(signal->data);
}

/* ---- the end ---------------------------------------------------------------- */

static bool
is_busy(const struct daemon *d)
{
	for (size_t i = 0; i < INTAKES; i++)
		if (d->intake_started[i] && intakes[i]->busy(d->intake_states[i]) > 0)
			return true;
	return d->backlog_messages > 0 || d->jobs > 0 || d->reloading || routes_busy(d->routes) ||
	       retention_busy(d->retention) || rejudge_busy(d->rejudge) || daily_busy(d->daily);
}

/* Polls: the end is not a place for cleverness. */
static void
on_drain(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct daemon *d = timer->data;

	(void)events;
	d->drain_left_ms -= 20;
	if (!is_busy(d) || d->drain_left_ms <= 0)
		ev_break(loop, EVBREAK_ALL);
}

static void
on_signal_end(struct ev_loop *loop, ev_signal *signal, int events)
{
	struct daemon *d = signal->data;

	(void)events;
	if (d->ending)
		return;
	notify("STOPPING=1");
	log_event(LOG_NOTICE, "stopping");
	d->ending = true;
	for (size_t i = 0; i < INTAKES; i++)
		if (d->intake_started[i])
			intakes[i]->drain(d->intake_states[i]);
	routes_drain(d->routes);
	retention_drain(d->retention);
	rejudge_drain(d->rejudge);
	daily_drain(d->daily);
	d->drain_left_ms = DRAIN_MS;
	ev_timer_init(&d->drain_timer, on_drain, 0, 0.02);
	d->drain_timer.data = d;
	ev_timer_start(loop, &d->drain_timer);
}

/* ---- start -------------------------------------------------------------------- */

static int
make_folder(const char *folder, struct error *err)
{
	if (mkdir(folder, 0770) < 0)
		return errno == EEXIST ? 0 : error_errno(err, "%s", folder);
	/* mkdir(2) does not set this bit: files get the folder's group, so that the tool may write
	 */
	if (chmod(folder, 02770) < 0)
		return error_errno(err, "%s", folder);
	return 0;
}

static int
lock_store(struct daemon *d, struct error *err)
{
	AUTO(freep) char *path = xasprintf("%s.lock", d->settings->store);

	d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (d->lock_fd < 0)
		return error_errno(err, "%s", path);
	if (flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, ERROR_TEMP, "%s: another ndrqd has this store open", path);
	return 0;
}

static int
open_store(struct daemon *d, struct error *err)
{
	const struct store_options options = {
		.path = d->settings->store,
		.mode = STORE_DAEMON,
		.min_free_bytes = d->settings->limits.min_free_bytes,
		.max_size_bytes = d->settings->limits.max_size_bytes,
		.busy_timeout_ms = BUSY_TIMEOUT_MS,
	};
	int64_t cleared = 0;

	if (store_open(&options, &d->store, err) < 0 ||
	    store_outbox_recover(d->store, clock_now_ms(), &cleared, err) < 0 ||
	    routes_complain(d->settings, d->store, err) < 0)
		return -1;
	if (cleared > 0)
		log_event(LOG_WARNING, "leases-cleared", LOG_I("records", cleared));
	return 0;
}

static int
start_threads(struct daemon *d, struct error *err)
{
	AUTO(freep) char *mark = xasprintf("%s.reading", d->settings->store);
	struct admission_options options = {
		.threads = (unsigned)d->settings->limits.threads,
		.place = { d->store_path, d->settings->limits.min_free_bytes },
		.back = &d->back,
	};

	if (crashmark_open(mark, &d->crashmark, err) < 0)
		return -1;
	if (crashmark_suspects(d->crashmark) > 0)
		log_event(LOG_ERR, "crashed-before",
			  LOG_I("messages", (int64_t)crashmark_suspects(d->crashmark)));
	d->committer =
		committer_start(d->store, (size_t)d->settings->limits.commit_batch, &d->back);
	options.crashmark = d->crashmark;
	options.committer = d->committer;
	d->admission = admission_start(&options);
	return 0;
}

static void
on_poke(void *ctx)
{
	routes_wake(((struct daemon *)ctx)->routes, NULL);
}

static void
on_hold(void *ctx, bool held)
{
	routes_hold(((struct daemon *)ctx)->routes, held);
}

static void
on_asked_to_reload(void *ctx)
{
	struct daemon *d = ctx;

	if (!d->ending)
		reload(d);
}

/* What waits may have been let pass by the policy of an earlier run: nothing leaves before. */
static void
start_rejudge(struct daemon *d)
{
	const struct rejudge_options options = {
		.loop = d->loop,
		.admission = d->admission,
		.committer = d->committer,
		.crashmark = d->crashmark,
		.spool_folder = d->folder,
		.hold = on_hold,
		.ctx = d,
	};

	d->rejudge = rejudge_start(&options);
	rejudge_run(d->rejudge, d->policy);
}

static void
on_digest(void *ctx)
{
	routes_wake(((struct daemon *)ctx)->routes, STORE_ROUTE_SUBMIT);
}

static void
start_daily(struct daemon *d)
{
	d->daily = daily_start(&(const struct daily_options){
		.loop = d->loop,
		.policy = &d->policy,
		.admission = d->admission,
		.committer = &d->committer,
		.store_path = d->store_path,
		.hostname = d->hostname,
		.made = on_digest,
		.ctx = d,
	});
}

static int
start_parts(struct daemon *d, struct error *err)
{
	const struct outbox_options options = {
		.loop = d->loop,
		.settings = (const struct settings *const *)&d->settings,
		.committer = &d->committer,
		.admission = d->admission,
		.crashmark = d->crashmark,
		.spool_folder = d->folder,
		.back = &d->back,
		.held = true,
	};
	const struct control_handler handler = { on_poke, on_asked_to_reload, d };

	if (routes_start(&options, &d->routes, err) < 0 ||
	    control_start(d->loop, d->folder, &handler, &d->control, err) < 0)
		return -1;
	d->retention = retention_start(d->loop, (const struct settings *const *)&d->settings,
				       d->committer);
	start_daily(d);
	put_policy(d);
	start_rejudge(d);
	d->host = (struct intake_host){
		.loop = d->loop,
		.settings = d->settings,
		.spool_folder = d->folder,
		.daemon = d,
	};
	for (size_t i = 0; i < INTAKES; i++) {
		if (intakes[i]->start(&d->host, &d->intake_states[i], err) < 0)
			return -1;
		d->intake_started[i] = true;
	}
	return 0;
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
	if (make_folder(d->folder, err) < 0 || lock_store(d, err) < 0)
		return -1;
	d->loop = ev_loop_new(EVFLAG_AUTO);
	if (d->loop == NULL)
		return error_set(err, ERROR_TEMP, "cannot make an event loop");
	ev_async_init(&d->back_ready, on_back_ready);
	d->back_ready.data = d;
	ev_async_start(d->loop, &d->back_ready);
	if (open_store(d, err) < 0 || start_threads(d, err) < 0 || start_parts(d, err) < 0)
		return -1;
	ev_prepare_init(&d->before_sleep, on_before_sleep);
	d->before_sleep.data = d;
	ev_prepare_start(d->loop, &d->before_sleep);
	start_signal(d, &d->on_hup, SIGHUP, on_signal_hup);
	start_signal(d, &d->on_term, SIGTERM, on_signal_end);
	start_signal(d, &d->on_int, SIGINT, on_signal_end);
	return 0;
}

/* The reverse of start, from wherever it got to. */
static void
stop(struct daemon *d)
{
	if (d->rejudge != NULL)
		rejudge_drain(d->rejudge);
	if (d->routes != NULL)
		routes_drain(d->routes); /* nothing more goes to the threads that end now */
	admission_stopp(&d->admission);
	committer_stopp(&d->committer);
	if (d->loop != NULL)
		on_back_ready(d->loop, &d->back_ready, 0);
	for (size_t i = 0; i < INTAKES; i++)
		if (d->intake_started[i])
			intakes[i]->stop(d->intake_states[i]);
	retention_stopp(&d->retention);
	rejudge_stopp(&d->rejudge);
	daily_stopp(&d->daily);
	routes_stopp(&d->routes);
	if (d->loop != NULL)
		on_back_ready(d->loop, &d->back_ready, 0); /* what files were being written */
	control_stopp(&d->control);
	crashmark_closep(&d->crashmark);
	store_closep(&d->store);
	channel_done(&d->back);
	if (d->loop != NULL)
		ev_loop_destroy(d->loop);
	closep(&d->lock_fd);
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
		notify("READY=1");
		options->ready(options->ctx);
		ev_run(d.loop, 0);
	}
	stop(&d);
	if (rc == 0)
		log_event(LOG_NOTICE, "stopped");
	return rc;
}
