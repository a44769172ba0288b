/*
 * errand.c: a job of a line for the committer.
 *
 * Whoever sends one does not wait for it; the end does. One that fails is
 * logged: nothing that a peer was told depends on it.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "qmgr/daemon_state.h"

struct errand {
	struct job job; /* first */
	struct daemon *daemon;
	struct policy *policy;
	int64_t *ids;
	size_t ids_len;
};

static void
errand_done(struct task *task)
{
	struct errand *errand = (struct errand *)task;

	if (errand->job.result < 0)
		log_event(LOG_ERR, "store-failed", LOG_S("reason", errand->job.err.text));
	errand->daemon->errands--;
	policy_unrefp(&errand->policy);
	free(errand->ids);
	free(errand);
}

static struct errand *
errand_new(struct daemon *d, int (*execute)(struct job *, struct store *, struct error *))
{
	struct errand *errand = xcalloc(1, sizeof(*errand));

	errand->daemon = d;
	errand->job.task.done = errand_done;
	errand->job.execute = execute;
	d->errands++;
	return errand;
}

static int
answer_lost_execute(struct job *job, struct store *store, struct error *err)
{
	const struct errand *errand = (struct errand *)job;

	(void)err;
	store_answer_lost(store, errand->ids, errand->ids_len);
	return 0;
}

void
errand_answer_lost_take(struct daemon *d, int64_t *ids, size_t ids_len)
{
	struct errand *errand;

	if (d->committer == NULL) { /* the end: the next run expects redeliveries anyway */
		free(ids);
		return;
	}
	errand = errand_new(d, answer_lost_execute);
	errand->ids = ids;
	errand->ids_len = ids_len;
	committer_submit(d->committer, &errand->job);
}

static int
put_policy_execute(struct job *job, struct store *store, struct error *err)
{
	const struct errand *errand = (struct errand *)job;

	return store_put_policy(store, policy_revision(errand->policy), policy_text(errand->policy),
				policy_observes(errand->policy), clock_now_ms(), err);
}

void
errand_put_policy(struct daemon *d)
{
	struct errand *errand = errand_new(d, put_policy_execute);

	errand->policy = policy_ref(d->policy);
	committer_submit(d->committer, &errand->job);
}
