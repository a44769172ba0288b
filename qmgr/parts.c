/*
 * parts.c: what the loop is about: the store, the threads, and all that use them.
 *
 * Started in the order in which they need each other: the lock before the
 * store, the store before its threads, the ways out before the ways in. The
 * end is the other way round, but that the threads end first: what they still
 * bring back finds everything in its place, and nothing new is begun by it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "policy/view.h"
#include "qmgr/daemon_state.h"

enum { BUSY_TIMEOUT_MS = 5000, LIST_PERIOD_MS = 2000 };

static const struct intake *const intakes[DAEMON_INTAKES] = { &lmtp_intake, &directory_intake };

/* ---- the store and the threads ------------------------------------------------ */

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

/* ---- in the loop ---------------------------------------------------------------- */

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

/* Reading a list of a hundred thousand domains takes a second; until then the old one holds. */
static void
start_list(struct daemon *d)
{
	d->list = file_watch_start(d->loop, LIST_PERIOD_MS, on_asked_to_reload, d);
	file_watch_set(d->list, policy_domains_file(d->policy));
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
start_routes(struct daemon *d, struct error *err)
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

	return routes_start(&options, &d->routes, err);
}

static int
start_control(struct daemon *d, struct error *err)
{
	const struct control_handler handler = { on_poke, on_asked_to_reload, d };

	return control_start(d->loop, d->folder, &handler, &d->control, err);
}

static int
start_intakes(struct daemon *d, struct error *err)
{
	d->host = (struct intake_host){
		.loop = d->loop,
		.settings = d->settings,
		.spool_folder = d->folder,
		.daemon = d,
	};
	for (size_t i = 0; i < DAEMON_INTAKES; i++) {
		if (intakes[i]->start(&d->host, &d->intake_states[i], err) < 0)
			return -1;
		d->intake_started[i] = true;
	}
	return 0;
}

int
parts_start(struct daemon *d, struct error *err)
{
	if (make_folder(d->folder, err) < 0 || lock_store(d, err) < 0 || open_store(d, err) < 0 ||
	    start_threads(d, err) < 0 || start_routes(d, err) < 0 || start_control(d, err) < 0)
		return -1;
	d->retention = retention_start(d->loop, (const struct settings *const *)&d->settings,
				       d->committer);
	start_daily(d);
	start_list(d);
	errand_put_policy(d);
	start_rejudge(d);
	return start_intakes(d, err);
}

/* ---- on the way ------------------------------------------------------------------- */

void
parts_pause_intakes(struct daemon *d, bool paused)
{
	if (d->paused == paused || d->ending)
		return;
	d->paused = paused;
	log_event(LOG_DEBUG, paused ? "backlog-full" : "backlog-drained",
		  LOG_I("messages", d->backlog_messages), LOG_I("bytes", d->backlog_bytes));
	for (size_t i = 0; i < DAEMON_INTAKES; i++)
		if (d->intake_started[i] && d->paused == paused)
			intakes[i]->pause(d->intake_states[i], paused);
}

/* ---- the end ------------------------------------------------------------------------ */

void
parts_drain(struct daemon *d)
{
	for (size_t i = 0; i < DAEMON_INTAKES; i++)
		if (d->intake_started[i])
			intakes[i]->drain(d->intake_states[i]);
	routes_drain(d->routes);
	retention_drain(d->retention);
	rejudge_drain(d->rejudge);
	daily_drain(d->daily);
	file_watch_drain(d->list);
}

bool
parts_busy(const struct daemon *d)
{
	for (size_t i = 0; i < DAEMON_INTAKES; i++)
		if (d->intake_started[i] && intakes[i]->busy(d->intake_states[i]) > 0)
			return true;
	return d->backlog_messages > 0 || d->errands > 0 || d->reloading ||
	       routes_busy(d->routes) || retention_busy(d->retention) || rejudge_busy(d->rejudge) ||
	       daily_busy(d->daily);
}

/* Nothing more goes to threads that are about to end. */
static void
end_threads(struct daemon *d)
{
	if (d->rejudge != NULL)
		rejudge_drain(d->rejudge);
	if (d->routes != NULL)
		routes_drain(d->routes);
	admission_stopp(&d->admission);
	committer_stopp(&d->committer);
	daemon_take_back(d);
}

void
parts_stop(struct daemon *d)
{
	end_threads(d);
	for (size_t i = 0; i < DAEMON_INTAKES; i++)
		if (d->intake_started[i])
			intakes[i]->stop(d->intake_states[i]);
	retention_stopp(&d->retention);
	rejudge_stopp(&d->rejudge);
	daily_stopp(&d->daily);
	file_watch_stopp(&d->list);
	routes_stopp(&d->routes);
	daemon_take_back(d); /* what files were being written */
	control_stopp(&d->control);
	crashmark_closep(&d->crashmark);
	store_closep(&d->store);
	closep(&d->lock_fd);
}
