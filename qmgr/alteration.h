/*
 * alteration.h: a leased message becomes what is to be sent, beside the loop.
 *
 * A pool thread reads the message and writes another (admit/altered.h), under
 * the crash mark: bytes over which ndrqd crashed before are not altered again.
 */
#ifndef QMGR_ALTERATION_H
#define QMGR_ALTERATION_H

#include "admit/altered.h"
#include "qmgr/admission.h"

enum alteration_outcome {
	ALTERATION_DONE,
	ALTERATION_UNFIT,   /* it cannot be altered so */
	ALTERATION_SUSPECT, /* reading or altering these bytes crashed ndrqd before */
	ALTERATION_NOT_NOW, /* err: no room */
};

/* In the loop, once for each alteration_start. */
typedef void alteration_done(void *ctx, enum alteration_outcome outcome, const struct error *err);

struct alteration_options {
	struct admission *admission; /* its pool alters */
	const struct crashmark *crashmark;
	const char *hostname, *spool_folder;
	alteration_done *done;
	void *ctx;
};

/* What the options point to, lease and spool are lent until done is called. */
void alteration_start(const struct alteration_options *options, struct store_lease *lease,
		      struct spool **spool);

#endif
