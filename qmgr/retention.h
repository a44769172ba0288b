/*
 * retention.h: what is too old goes, a little at a time.
 */
#ifndef QMGR_RETENTION_H
#define QMGR_RETENTION_H

#include "base/settings.h"
#include "qmgr/committer.h"

struct ev_loop;
struct retention;

struct retention *retention_start(struct ev_loop *loop, const struct settings *const *settings,
				  struct committer *committer);
void retention_drain(struct retention *retention); /* starts nothing new */
bool retention_busy(const struct retention *retention);
void retention_stopp(struct retention **retention); /* NULL is fine */

#endif
