/*
 * outbox.h: what leaves.
 *
 * One a route (routes.h). Leases its due rows through the committer, sends each over SMTP to the
 * relay with our Received line on top, and records the outcome. It wakes when told, when a row is
 * due, and every few seconds all the same: a wake-up is a hint.
 */
#ifndef QMGR_OUTBOX_H
#define QMGR_OUTBOX_H

#include <stdbool.h>

#include "base/settings.h"
#include "qmgr/admission.h"

struct ev_loop;
struct outbox;

struct outbox_options {
	struct ev_loop *loop;
	const struct settings *const *settings; /* read at each use: a reload changes it */
	struct committer *const *committer;     /* NULL behind it once that has ended */
	struct admission *admission;            /* its pool alters; ended before the outbox is */
	const struct crashmark *crashmark;
	const char *spool_folder;
	const char *route;                 /* whose rows; lent as long as the outbox is */
	const struct settings_release *to; /* whither; needed at the start only */
	struct channel *back;              /* by which threads tell the loop */
	bool held;                         /* as after outbox_hold */
};

int outbox_start(const struct outbox_options *options, struct outbox **ret_outbox,
		 struct error *err);
/* There may be something due. */
void outbox_wake(struct outbox *outbox);
/* Our own mail came back from the relay: leave it alone for a while. */
void outbox_pause(struct outbox *outbox);
/* Leases nothing while it is held; what is being sent goes on. */
void outbox_hold(struct outbox *outbox, bool held);
/* Leases no more; what is being sent goes on. */
void outbox_drain(struct outbox *outbox);
bool outbox_busy(const struct outbox *outbox);
/* Breaks off what is being sent: its leases are cleared at the next start. NULL is fine. */
void outbox_stopp(struct outbox **outbox);

#endif
