/*
 * routes.c: which ways out there are, by the settings.
 */
#include "qmgr/routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

struct route {
	const char *name; /* as records have it */
	const struct settings_release *to;
};

struct routes {
	struct outbox **outboxes;
	char **names;
	size_t len;
};

/* The i-th route of the settings, some of them more than once; false: there are no more. */
static bool
route_at(const struct settings *s, size_t i, struct route *ret_route)
{
	const struct settings_directory *d;

	if (i == 0) {
		*ret_route = (struct route){ STORE_ROUTE_RELEASE, &s->release };
		return true;
	}
	if (i == 1) {
		*ret_route = (struct route){ STORE_ROUTE_SUBMIT,
					     s->submit.relay != NULL ? &s->submit : &s->release };
		return true;
	}
	if (i - 2 >= s->directories_len)
		return false;
	d = &s->directories[i - 2];
	*ret_route = d->route != NULL ? (struct route){ d->route, &d->release }
				      : (struct route){ STORE_ROUTE_RELEASE, &s->release };
	return true;
}

static bool
has_route(const struct settings *settings, const char *name)
{
	struct route route;

	for (size_t i = 0; route_at(settings, i, &route); i++)
		if (strcmp(route.name, name) == 0)
			return true;
	return false;
}

static int
complain_route(const char *name, int64_t rows, void *ctx)
{
	if (!has_route(ctx, name))
		log_event(LOG_ERR, "route-missing", LOG_S("route", name), LOG_I("records", rows));
	return 0;
}

int
routes_complain(const struct settings *settings, struct store *store, struct error *err)
{
	return store_outbox_routes(store, complain_route, (void *)settings, err);
}

static bool
is_there(const struct routes *routes, const char *name)
{
	for (size_t i = 0; i < routes->len; i++)
		if (strcmp(routes->names[i], name) == 0)
			return true;
	return false;
}

static int
add_route(struct routes *routes, const struct outbox_options *options, const struct route *route,
	  struct error *err)
{
	struct outbox_options of = *options;

	routes->outboxes = xrealloc(routes->outboxes, (routes->len + 1) * sizeof(struct outbox *));
	routes->names = xrealloc(routes->names, (routes->len + 1) * sizeof(char *));
	routes->names[routes->len] = xstrdup(route->name);
	of.route = routes->names[routes->len];
	of.to = route->to;
	if (outbox_start(&of, &routes->outboxes[routes->len], err) < 0) {
		free(routes->names[routes->len]);
		return -1;
	}
	routes->len++;
	return 0;
}

int
routes_start(const struct outbox_options *options, struct routes **ret_routes, struct error *err)
{
	AUTO(routes_stopp) struct routes *routes = xcalloc(1, sizeof(*routes));
	struct route route;

	for (size_t i = 0; route_at(*options->settings, i, &route); i++)
		if (!is_there(routes, route.name) && add_route(routes, options, &route, err) < 0)
			return -1;
	*ret_routes = TAKE(routes);
	return 0;
}

void
routes_wake(struct routes *routes, const char *route)
{
	for (size_t i = 0; i < routes->len; i++)
		if (route == NULL || strcmp(routes->names[i], route) == 0)
			outbox_wake(routes->outboxes[i]);
}

void
routes_pause(struct routes *routes, const char *route)
{
	for (size_t i = 0; i < routes->len; i++)
		if (strcmp(routes->names[i], route) == 0)
			outbox_pause(routes->outboxes[i]);
}

void
routes_hold(struct routes *routes, bool held)
{
	for (size_t i = 0; i < routes->len; i++)
		outbox_hold(routes->outboxes[i], held);
}

void
routes_drain(struct routes *routes)
{
	for (size_t i = 0; i < routes->len; i++)
		outbox_drain(routes->outboxes[i]);
}

bool
routes_busy(const struct routes *routes)
{
	for (size_t i = 0; i < routes->len; i++)
		if (outbox_busy(routes->outboxes[i]))
			return true;
	return false;
}

void
routes_stopp(struct routes **ret_routes)
{
	struct routes *routes = *ret_routes;

	if (routes == NULL)
		return;
	for (size_t i = 0; i < routes->len; i++) {
		outbox_stopp(&routes->outboxes[i]);
		free(routes->names[i]);
	}
	free(routes->outboxes);
	free(routes->names);
	free(routes);
	*ret_routes = NULL;
}
