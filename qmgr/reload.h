/*
 * reload.h: reading both files again, beside the loop.
 */
#ifndef QMGR_RELOAD_H
#define QMGR_RELOAD_H

#include "base/settings.h"
#include "policy/policy.h"
#include "qmgr/admission.h"

/*
 * In the loop, once for each reload_start. Both were read, and become the
 * receiver's; or both are NULL, and err says why.
 */
typedef void reload_done(void *ctx, struct settings *settings, struct policy *policy,
			 const struct error *err);

/* Reads in the pool; config_path is borrowed until done is called. */
void reload_start(struct admission *admission, const char *config_path, reload_done *done,
		  void *ctx);

#endif
