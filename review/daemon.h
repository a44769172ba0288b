/*
 * daemon.h: what the tool says to ndrqd, by the control socket in the store's
 * folder.
 */
#ifndef REVIEW_DAEMON_H
#define REVIEW_DAEMON_H

/*
 * Tells ndrqd that there is work. A hint: no daemon, or one that does not
 * listen, is fine, for its outbox polls as well.
 */
void daemon_poke(const char *store_path);

enum reload_outcome {
	RELOAD_DONE,      /* text: the revision in force */
	RELOAD_KEPT,      /* the old policy is in force; text: why */
	RELOAD_NOBODY,    /* no ndrqd listens */
	RELOAD_FORBIDDEN, /* we may not ask */
	RELOAD_SILENT,    /* asked, but no answer came in time */
};

/* Asks ndrqd to read its files again and waits for what becomes of it. *ret_text (DONE and KEPT,
 * else NULL) is the caller's; it may hold anything. */
enum reload_outcome daemon_reload(const char *store_path, int timeout_ms, char **ret_text);

#endif
