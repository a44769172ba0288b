/*
 * routes.h: the ways out, one outbox each.
 *
 * "release" sends bytes unchanged, "submit" what we wrote or altered (the
 * mail server's signing filter runs there). A record names its route
 * (store.h); what waits for a route that the settings no longer have stays
 * and is said at the start.
 */
#ifndef QMGR_ROUTES_H
#define QMGR_ROUTES_H

#include "qmgr/outbox.h"

struct routes;

/* The settings are read now; those that may change, through the pointer. */
int routes_start(const struct outbox_options *options, struct routes **ret_routes,
		 struct error *err);
/* Says which rows wait for a route there is none of. Before the committer has the store. */
int routes_complain(const struct settings *settings, struct store *store, struct error *err);
/* There may be something due by this route; NULL: by any. */
void routes_wake(struct routes *routes, const char *route);
/* Our own mail came back by this one. A route there is none of: nothing to do. */
void routes_pause(struct routes *routes, const char *route);
/* None leases anything while held. */
void routes_hold(struct routes *routes, bool held);
void routes_drain(struct routes *routes);
bool routes_busy(const struct routes *routes);
void routes_stopp(struct routes **routes); /* NULL is fine */

#endif
