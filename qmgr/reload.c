/*
 * reload.c: both files are read in the pool, and pointers changed in the loop.
 *
 * Either both are good or nothing changes. Reading may take long (a slow disk,
 * a hundred thousand domains): the loop goes on meanwhile. A reload asked for
 * during another begins when that has ended.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "policy/view.h"
#include "qmgr/daemon_state.h"

struct reading {
	struct task task; /* first */
	struct daemon *daemon;
	struct settings *settings; /* both or none: err */
	struct policy *policy;
	struct error err;
};

/* ---- in force ---------------------------------------------------------------- */

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
	errand_put_policy(d);
	file_watch_set(d->list, policy_domains_file(policy));
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
conclude(struct daemon *d, struct reading *r)
{
	bool good = r->settings != NULL;

	d->reloading = false;
	if (good) {
		apply_settings(d, TAKE(r->settings));
		apply_policy(d, TAKE(r->policy));
	} else {
		log_event(LOG_ERR, "reload-failed", LOG_S("kept", policy_revision(d->policy)),
			  LOG_S("reason", r->err.text));
	}
	answer_reload(d, good ? NULL : &r->err);
	daemon_notify("READY=1");
	if (d->reload_again && !d->ending)
		reload(d);
}

/* ---- reading ------------------------------------------------------------------- */

/* In the pool. */
static bool
run(struct task *task, void *ctx)
{
	struct reading *r = (struct reading *)task;

	(void)ctx;
	if (settings_read(r->daemon->config_path, &r->settings, &r->err) == 0 &&
	    policy_read(r->settings->policy, &r->policy, NULL, &r->err) < 0)
		settings_freep(&r->settings);
	return true;
}

static void
done(struct task *task)
{
	struct reading *r = (struct reading *)task;

	conclude(r->daemon, r);
	free(r);
}

void
reload(struct daemon *d)
{
	struct reading *r;

	d->reload_again = d->reloading;
	if (d->reloading)
		return;
	daemon_notify("RELOADING=1");
	file_watch_reading(d->list);
	d->reloading = true;
	control_reload_begins(d->control);
	r = xcalloc(1, sizeof(*r));
	r->task.run = run;
	r->task.done = done;
	r->daemon = d;
	admission_run(d->admission, &r->task);
}
