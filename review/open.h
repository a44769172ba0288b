/*
 * open.h: configuration and store, for a verb.
 */
#ifndef REVIEW_OPEN_H
#define REVIEW_OPEN_H

#include "base/error.h"
#include "base/settings.h"
#include "review/verb.h"
#include "store/store.h"

struct workplace {
	struct settings *settings;
	struct store *store;
};

/* EX_OK, or an exit status after a complaint. workplace_close is fine in both cases. */
int workplace_open(const struct tool *tool, struct workplace *ret_place);
void workplace_close(struct workplace *place);

/* Complains about a store that refused, and says with which status to exit. */
int store_refusal(const struct error *err);

/* Tells ndrqd that there is work, as a hint (daemon.h). */
void workplace_poke(const struct workplace *place);

/* The name for the journal: the login name, behind sudo that of who called it. The caller's. */
char *author_name(void);

#endif
