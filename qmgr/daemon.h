/*
 * daemon.h: ndrqd, from its settings to its end.
 */
#ifndef QMGR_DAEMON_H
#define QMGR_DAEMON_H

#include <stdbool.h>

#include "base/settings.h"
#include "policy/policy.h"

struct daemon;

struct daemon_options {
	const char *config_path;
	/* Read and checked already; both become the daemon's. */
	struct settings *settings;
	struct policy *policy;
	/* Called once, when every intake is open and the store is ready. */
	void (*ready)(void *ctx);
	void *ctx;
};

/*
 * Takes the store's lock, starts all parts, and runs until SIGTERM or SIGINT.
 * 0: it ended as asked. -1: it could not start (err).
 */
int daemon_run(struct daemon_options *options, struct error *err);

#endif
