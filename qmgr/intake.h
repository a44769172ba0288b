/*
 * intake.h: the ways in, as a table.
 *
 * An intake lives in the loop. It makes submissions and hands them to
 * intake_submit; it hears of each through the submission's done, and answers
 * its peer only then. While the backlog is full it is paused: it stops
 * reading, so that whoever sends waits in its own queue and not in our memory.
 */
#ifndef QMGR_INTAKE_H
#define QMGR_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/settings.h"
#include "admit/submission.h"

struct ev_loop;
struct daemon;

/* What the daemon lends to its intakes. */
struct intake_host {
	struct ev_loop *loop;
	const struct settings *settings; /* changes at a reload: read through this, keep no copy */
	const char *spool_folder;
	struct daemon *daemon;
};

/* The policy in force, for submission_new. */
struct policy *intake_policy(const struct intake_host *host);
/* Takes the submission over until its done is called. */
void intake_submit(const struct intake_host *host, struct submission *submission);
/* In the pool, then its done in the loop. Whoever submits it is busy until then. */
void intake_run(const struct intake_host *host, struct task *task);
/* Those records were committed, but their peer may not know. The ids become the daemon's. */
void intake_answer_lost_take(const struct intake_host *host, int64_t *ids, size_t ids_len);

struct intake {
	const char *name;
	int (*start)(const struct intake_host *host, void **ret_state, struct error *err);
	void (*pause)(void *state, bool paused);
	/* Takes nothing new; answers what comes back. */
	void (*drain)(void *state);
	/* How much it still waits for, after drain. */
	size_t (*busy)(const void *state);
	void (*stop)(void *state); /* frees it; nothing is under way any more */
};

extern const struct intake lmtp_intake;
extern const struct intake directory_intake;

#endif
