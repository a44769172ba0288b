/*
 * settings_check.c: what the tables of settings.c cannot say.
 *
 * Addresses, a relay that must not leave this host (what is released there
 * bears the null sender and is trusted), somewhere for mail to come in,
 * folders that are not read and written in a circle, spans in their order.
 * Paths become absolute here: the daemon may change its own folder.
 */
#include "base/settings_check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static int
key_error(const struct settings_check *c, const char *key, const char *what)
{
	return config_error(c->file, config_find(c->file, key), c->err, "%s: %s", key, what);
}

static void
make_absolute(const struct settings_check *c, char **path)
{
	char *whole;

	if ((*path)[0] == '/')
		return;
	whole = xasprintf("%s%s%s", c->folder, strcmp(c->folder, "/") == 0 ? "" : "/", *path);
	free(*path);
	*path = whole;
}

static int
check_required(const struct settings_check *c)
{
	const struct {
		const char *key, *value;
	} required[] = {
		{ "store", c->settings->store },
		{ "policy", c->settings->policy },
	};

	for (size_t i = 0; i < LEN(required); i++)
		if (required[i].value == NULL)
			return key_error(c, required[i].key, "required, and not set");
	return 0;
}

/* ---- addresses ------------------------------------------------------------ */

static bool
is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");
	long port = len > 0 && len <= 5 && text[len] == '\0' ? strtol(text, NULL, 10) : 0;

	return port > 0 && port <= 65535;
}

/* "127.0.0.1:25" or "[::1]:25"; *ret_local says whether it stays on this host. */
static bool
is_ip_and_port(const char *text, bool *ret_local)
{
	const char *colon = strrchr(text, ':');
	AUTO(freep) char *host = NULL;
	struct in6_addr six;
	struct in_addr four;
	size_t len;

	if (colon == NULL || !is_port(colon + 1))
		return false;
	host = xstrndup(text, (size_t)(colon - text));
	len = strlen(host);
	if (inet_pton(AF_INET, host, &four) == 1) {
		*ret_local = ntohl(four.s_addr) >> 24 == 127;
		return true;
	}
	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return false;
	host[len - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &six) != 1)
		return false;
	*ret_local = IN6_IS_ADDR_LOOPBACK(&six);
	return true;
}

/* Makes the path of a unix socket absolute; refuses one that no socket can have. */
static int
check_unix(const struct settings_check *c, const char *key, char **address)
{
	char *path = xstrdup(*address + strlen("unix:"));
	size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, len;

	if (*path == '\0') {
		free(path);
		return key_error(c, key, "\"unix:\" must be followed by a path");
	}
	make_absolute(c, &path);
	len = strlen(path);
	free(*address);
	*address = xasprintf("unix:%s", path);
	free(path);
	if (len > most)
		return config_error(c->file, config_find(c->file, key), c->err,
				    "%s: the path of a socket has at most %zu bytes, not %zu", key,
				    most, len);
	return 0;
}

static int
check_address(const struct settings_check *c, const char *key, char **address, bool local_only)
{
	AUTO(freep) char *shown = text_to_printable(span_of(*address));
	const config_setting_t *at = config_find(c->file, key);
	bool local = false;

	if (strncmp(*address, "unix:", strlen("unix:")) == 0)
		return check_unix(c, key, address);
	if (!is_ip_and_port(*address, &local))
		return config_error(c->file, at, c->err,
				    "%s: \"%.80s\" is neither \"unix:/path\" nor an IP address "
				    "and port such as \"127.0.0.1:10127\" or \"[::1]:10127\"",
				    key, shown);
	if (local_only && !local)
		return config_error(c->file, at, c->err,
				    "%s: \"%.80s\" is not on this host; give \"unix:/path\" or an "
				    "address in 127.0.0.0/8 or [::1]",
				    key, shown);
	return 0;
}

static int
check_listen(const struct settings_check *c)
{
	const struct config_list *listen = &c->settings->lmtp.listen;

	for (size_t i = 0; i < listen->len; i++) {
		if (check_address(c, "lmtp.listen", &listen->items[i], false) < 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (strcmp(listen->items[i], listen->items[j]) == 0)
				return key_error(c, "lmtp.listen", "the same address twice");
	}
	return 0;
}

/* ---- the rest -------------------------------------------------------------- */

/* It stands in our EHLO and in our trace lines (RFC 5321 4.1.2, Domain). */
static int
check_hostname(const struct settings_check *c)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	char name[256] = { 0 };

	if (c->settings->hostname == NULL) {
		if (gethostname(name, sizeof(name) - 1) < 0)
			return error_errno(c->err, "gethostname");
		c->settings->hostname = xstrdup(name);
	}
	if (c->settings->hostname[0] == '\0' ||
	    c->settings->hostname[strspn(c->settings->hostname, allowed)] != '\0')
		return key_error(c, "hostname",
				 "this host's name, such as \"mx.example.org\", "
				 "is expected");
	return 0;
}

static int
check_order(const struct settings_check *c)
{
	const struct settings *s = c->settings;

	if (s->release.retry_min_ms > s->release.retry_max_ms)
		return key_error(c, "release.retry_min", "longer than release.retry_max");
	if (s->retention.record_ms < s->retention.held_ms ||
	    s->retention.record_ms < s->retention.deleted_ms ||
	    s->retention.record_ms < s->retention.done_ms)
		return key_error(c, "retention.record",
				 "shorter than retention.held, retention.deleted or "
				 "retention.done: a record outlives its body");
	return 0;
}

/* ---- the ways out ------------------------------------------------------------ */

/* Beside the folder, so that it is on the same volume. */
static char *
temporary_of(const char *folder)
{
	AUTO(freep) char *parent = file_folder_of(folder);

	return xasprintf("%s/ndrq-tmp", strcmp(parent, "/") == 0 ? "" : parent);
}

static void
strip_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
}

static int
check_folder(const struct settings_check *c, struct settings_release *r)
{
	char **folder = r->pickup != NULL ? &r->pickup : &r->replay;

	make_absolute(c, folder);
	strip_slashes(*folder);
	if (r->temporary == NULL)
		r->temporary = temporary_of(*folder);
	make_absolute(c, &r->temporary);
	strip_slashes(r->temporary);
	if (strcmp(r->temporary, *folder) == 0)
		return config_error(c->file, NULL, c->err,
				    "release.temporary: must not be the folder itself, which "
				    "would be emptied of half a file");
	return 0;
}

/* at: the group, for messages; NULL: there is none. */
static int
check_release(const struct settings_check *c, const config_setting_t *at,
	      struct settings_release *r)
{
	int ways = (r->relay != NULL) + (r->pickup != NULL) + (r->replay != NULL);

	if (ways == 0)
		return config_error(c->file, at, c->err,
				    "release.relay: required, and not set (nor release.pickup, "
				    "release.replay)");
	if (ways > 1)
		return config_error(c->file, at, c->err,
				    "release: one of relay, pickup and replay is expected, not "
				    "%d",
				    ways);
	if (r->relay != NULL)
		return check_address(c, "release.relay", &r->relay, true);
	return check_folder(c, r);
}

static int
take_route(const struct settings_check *c, const config_setting_t *row,
	   struct settings_directory *d)
{
	struct settings_release *r = &d->release;

	if (check_release(c, config_setting_get_member(row, "release"), r) < 0)
		return -1;
	if (r->relay != NULL)
		d->route = xasprintf("relay %s", r->relay);
	else if (r->pickup != NULL)
		d->route = xasprintf("pickup %s", r->pickup);
	else
		d->route = xasprintf("replay %s", r->replay);
	return 0;
}

static bool
is_directory_kind(const char *kind)
{
	for (const char *const *k = settings_directory_kinds; *k != NULL; k++)
		if (strcmp(*k, kind) == 0)
			return true;
	return false;
}

static char *
directory_kinds_text(void)
{
	struct buffer out = { 0 };

	for (const char *const *k = settings_directory_kinds; *k != NULL; k++)
		buffer_printf(&out, "%s\"%s\"", out.len > 0 ? ", " : "", *k);
	return buffer_take(&out);
}

/* Mail that is no notification needs a server to send it. */
static bool
has_relay_for(const struct settings *s, const struct settings_directory *d)
{
	return strcmp(d->kind, "pickup") != 0 || d->release.relay != NULL ||
	       s->submit.relay != NULL || s->release.relay != NULL;
}

/* Exchange leaves its .bad where it reads, and nobody else takes those. */
static bool
may_share(const char *one, const char *other)
{
	static const char bad[] = "exchange-badmail";
	const char *rest = strcmp(one, bad) == 0 ? other : one;

	return (strcmp(one, bad) == 0) != (strcmp(other, bad) == 0) &&
	       (strcmp(rest, "exchange-replay") == 0 || strcmp(rest, "pickup") == 0);
}

static int
check_directory(const struct settings_check *c, const config_setting_t *row, size_t index)
{
	struct settings_directory *d = &c->settings->directories[index];

	if (d->kind == NULL || d->path == NULL)
		return config_error(c->file, row, c->err,
				    "directories: a row needs kind and path: { kind = \"maildir\"; "
				    "path = \"…\"; }");
	if (!is_directory_kind(d->kind)) {
		AUTO(freep) char *shown = text_to_printable(span_of(d->kind));

		AUTO(freep) char *kinds = directory_kinds_text();

		return config_error(c->file, config_setting_get_member(row, "kind"), c->err,
				    "directories: unknown kind \"%.40s\"; there are: %s", shown,
				    kinds);
	}
	make_absolute(c, &d->path);
	strip_slashes(d->path);
	if (!has_relay_for(c->settings, d))
		return config_error(c->file, row, c->err,
				    "directories: a row of kind \"pickup\" sends mail, and none of "
				    "its own release.relay, submit.relay and release.relay is set");
	if (config_setting_get_member(row, "release") != NULL && take_route(c, row, d) < 0)
		return -1;
	for (size_t i = 0; i < index; i++)
		if (strcmp(c->settings->directories[i].path, d->path) == 0 &&
		    !may_share(c->settings->directories[i].kind, d->kind))
			return config_error(c->file, row, c->err,
					    "directories: the same path as in line %d",
					    c->settings->directories[i].line);
	return 0;
}

static int
read_directories(const struct settings_check *c)
{
	const config_setting_t *rows = config_find(c->file, "directories");
	size_t len;

	if (rows == NULL)
		return 0;
	if (!config_setting_is_list(rows))
		return key_error(c, "directories",
				 "a list of groups is expected: ( { … }, { … } )");
	len = (size_t)config_setting_length(rows);
	c->settings->directories = xcalloc(len, sizeof(*c->settings->directories));
	for (size_t i = 0; i < len; i++) {
		const config_setting_t *row = config_setting_get_elem(rows, (unsigned)i);
		struct settings_directory *d = &c->settings->directories[i];

		if (!config_setting_is_group(row))
			return key_error(c, "directories",
					 "a list of groups is expected: ( { … }, { … } )");
		c->settings->directories_len = i + 1;
		(void)config_where(c->file, row, &d->line);
		if (config_fill(c->file, row, settings_directory_items,
				settings_directory_items_len, NULL, d, c->err) < 0 ||
		    check_directory(c, row, i) < 0)
			return -1;
	}
	return 0;
}

/* A folder that we write into and take from. Exchange leaves its .bad where it reads. */
static int
check_circle(const struct settings_check *c, const struct settings_release *to)
{
	const char *folder = to->pickup != NULL ? to->pickup : to->replay;

	for (size_t i = 0; folder != NULL && i < c->settings->directories_len; i++) {
		const struct settings_directory *d = &c->settings->directories[i];

		if (strcmp(d->path, folder) == 0 && strcmp(d->kind, "exchange-badmail") != 0)
			return config_error(c->file, config_find(c->file, "directories"), c->err,
					    "directories: what is released into %.400s would be "
					    "taken from there again",
					    folder);
	}
	return 0;
}

static int
check_circles(const struct settings_check *c)
{
	if (check_circle(c, &c->settings->release) < 0)
		return -1;
	for (size_t i = 0; i < c->settings->directories_len; i++)
		if (check_circle(c, &c->settings->directories[i].release) < 0)
			return -1;
	return 0;
}

int
settings_check(const struct settings_check *c)
{
	struct settings *s = c->settings;

	if (check_required(c) < 0 || check_hostname(c) < 0 || read_directories(c) < 0)
		return -1;
	if (s->lmtp.listen.len == 0 && s->directories_len == 0)
		return config_error(c->file, NULL, c->err,
				    "neither lmtp.listen nor directories is set: no mail could "
				    "come in");
	make_absolute(c, &s->store);
	make_absolute(c, &s->policy);
	if (check_listen(c) < 0 ||
	    check_release(c, config_find(c->file, "release"), &s->release) < 0)
		return -1;
	if (s->submit.relay != NULL && check_address(c, "submit.relay", &s->submit.relay, true) < 0)
		return -1;
	if (check_circles(c) < 0)
		return -1;
	return check_order(c);
}
