/*
 * reload.c: a task for the pool that reads ndrq.conf and the policy.
 *
 * Either both are good or nothing is handed over. Reading may take long (a
 * slow disk, a hundred thousand domains): the loop goes on meanwhile.
 */
#include "qmgr/reload.h"

#include <stdlib.h>

#include "base/cleanup.h"

struct reload {
	struct task task; /* first */
	const char *config_path;
	struct settings *settings;
	struct policy *policy;
	struct error err;
	reload_done *done;
	void *ctx;
};

static bool
run(struct task *task, void *ctx)
{
	struct reload *r = (struct reload *)task;

	(void)ctx;
	if (settings_read(r->config_path, &r->settings, &r->err) == 0 &&
	    policy_read(r->settings->policy, &r->policy, NULL, &r->err) < 0)
		settings_freep(&r->settings);
	return true;
}

static void
done(struct task *task)
{
	struct reload *r = (struct reload *)task;

	r->done(r->ctx, TAKE(r->settings), TAKE(r->policy), &r->err);
	free(r);
}

void
reload_start(struct admission *admission, const char *config_path, reload_done *on_done, void *ctx)
{
	struct reload *r = xcalloc(1, sizeof(*r));

	r->task.run = run;
	r->task.done = done;
	r->config_path = config_path;
	r->done = on_done;
	r->ctx = ctx;
	admission_run(admission, &r->task);
}
