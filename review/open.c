/*
 * open.c: what a verb stands on.
 *
 * Reads ndrq.conf and opens the store it names, never creating or migrating
 * one: that is ndrqd's. Every failure is complained about here, once, and
 * becomes an exit status:
 *
 *	ndrq.conf cannot be used           EX_CONFIG
 *	the file is missing or no store    EX_NOINPUT
 *	no permission                      EX_NOPERM
 *	the store is busy, full, older, …  EX_TEMPFAIL
 *	it refuses for good                EX_UNAVAILABLE
 */
#include "review/open.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "review/daemon.h"
#include "review/output.h"

/* Long enough for the daemon's largest batch on a slow disk. */
#define BUSY_TIMEOUT_MS 5000

int
store_refusal(const struct error *err)
{
	complain("%s", err->text);
	return err->class == ERROR_TEMP ? EX_TEMPFAIL : EX_UNAVAILABLE;
}

static int
check_store_file(const char *path)
{
	struct stat st;

	int found = stat(path, &st);

	/* An empty file is one that ndrqd has just made, or SQLite for somebody else. */
	if ((found < 0 && (errno == ENOENT || errno == ENOTDIR)) ||
	    (found == 0 && st.st_size == 0)) {
		complain("no store at %s: has ndrqd run?", path);
		return EX_NOINPUT;
	}
	if (access(path, R_OK | W_OK) < 0 && errno == EACCES) {
		complain("no permission for the store at %s: are you in its group?", path);
		return EX_NOPERM;
	}
	return EX_OK;
}

static int
open_store(struct workplace *place)
{
	const struct store_options options = {
		.path = place->settings->store,
		.mode = STORE_TOOL,
		.min_free_bytes = place->settings->limits.min_free_bytes,
		.max_size_bytes = place->settings->limits.max_size_bytes,
		.busy_timeout_ms = BUSY_TIMEOUT_MS,
	};
	struct error err = { 0 };
	int rc = check_store_file(options.path);

	if (rc != EX_OK)
		return rc;
	if (store_open(&options, &place->store, &err) == 0)
		return EX_OK;
	if (err.class == ERROR_TEMP)
		return store_refusal(&err);
	complain("no store that this ndrq can use: %s", err.text);
	return EX_NOINPUT;
}

int
workplace_open(const struct tool *tool, struct workplace *ret_place)
{
	struct error err = { 0 };

	*ret_place = (struct workplace){ .settings = NULL };
	if (settings_read(tool->config_path, &ret_place->settings, &err) < 0) {
		complain("%s", err.text);
		return EX_CONFIG;
	}
	return open_store(ret_place);
}

void
workplace_close(struct workplace *place)
{
	store_closep(&place->store);
	settings_freep(&place->settings);
}

void
workplace_poke(const struct workplace *place)
{
	daemon_poke(place->settings->store);
}

char *
author_name(void)
{
	/* Only root can have come through sudo; anyone can set a variable. */
	const char *sudo_user = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw;

	if (sudo_user != NULL && *sudo_user != '\0')
		return xstrdup(sudo_user);
	pw = getpwuid(getuid());
	return pw != NULL ? xstrdup(pw->pw_name) : xasprintf("uid %ld", (long)getuid());
}
