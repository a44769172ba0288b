/*
 * rejudge.h: a change of policy, for what waits to be sent.
 *
 * Records that an earlier policy let pass and that are still in the outbox
 * are judged by the new one, and may only become stricter: held or deleted.
 * What a human has released is not asked about, nor what is being sent just
 * now. While it goes on nothing more is leased, so that what leaves after a
 * reload was judged by what was reloaded.
 */
#ifndef QMGR_REJUDGE_H
#define QMGR_REJUDGE_H

#include "qmgr/admission.h"

struct ev_loop;
struct rejudge;

struct rejudge_options {
	struct ev_loop *loop;
	struct admission *admission; /* its pool reads and judges */
	struct committer *committer;
	const struct crashmark *crashmark;
	const char *spool_folder;
	/* Called with true when it begins and with false when it has ended. */
	void (*hold)(void *ctx, bool held);
	void *ctx;
};

struct rejudge *rejudge_start(const struct rejudge_options *options);
/* Begins; from anew when it is under way. The policy is referenced. */
void rejudge_run(struct rejudge *rejudge, struct policy *policy);
/* Ends after the step under way; what is left is done at the next start. */
void rejudge_drain(struct rejudge *rejudge);
bool rejudge_busy(const struct rejudge *rejudge);
void rejudge_stopp(struct rejudge **rejudge); /* NULL is fine */

#endif
