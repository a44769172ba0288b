/*
 * settings.c: the keys of ndrq.conf.
 *
 * The table is everything there is to set, with defaults and bounds; behind
 * it stand the checks a table cannot say: addresses, a relay that must not
 * leave this host (what is released there bears the null sender and is
 * trusted), somewhere for mail to come in, spans in their order.
 *
 * The caller owns what settings_read gives and frees it with settings_freep.
 * Every error is "file:line: key: …".
 */
#include "base/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define KB         (INT64_C(1) << 10)
#define MB         (INT64_C(1) << 20)
#define GB         (INT64_C(1) << 30)
#define TB         (INT64_C(1) << 40)
#define SECOND     CLOCK_SECOND_MS
#define MINUTE     CLOCK_MINUTE_MS
#define HOUR       CLOCK_HOUR_MS
#define DAY        CLOCK_DAY_MS

static const char *const log_choices[] = { "syslog", "stderr", NULL };
const char *const settings_directory_kinds[] = {
	"maildir", "iis-badmail", "iis-drop", "exchange-replay", "exchange-badmail", "pickup", NULL,
};

/* clang-format off: a table */
#define AT(member) offsetof(struct settings, member)
const struct config_item settings_items[] = {
	{ "store", CONFIG_TEXT, AT(store), NULL, 1, 4000, NULL, "the database file" },
	{ "policy", CONFIG_TEXT, AT(policy), NULL, 1, 4000, NULL,
	  "who may be told: policy.conf(5)" },
	{ "hostname", CONFIG_TEXT, AT(hostname), NULL, 1, 255, NULL, "by this name we greet" },
	{ "log", CONFIG_CHOICE, AT(log), "syslog", 0, 0, log_choices, "where log lines go" },

	{ "lmtp.listen", CONFIG_LIST, AT(lmtp.listen), NULL, 0, 0, NULL, "sockets that take mail" },
	{ "lmtp.socket_mode", CONFIG_MODE, AT(lmtp.socket_mode), "0666", 0, 0777, NULL,
	  "of unix sockets" },
	{ "lmtp.max_sessions", CONFIG_INT, AT(lmtp.max_sessions), "2000", 1, 100000, NULL,
	  "more are told 421" },
	{ "lmtp.max_recipients", CONFIG_INT, AT(lmtp.max_recipients), "1000", 1, 10000, NULL,
	  "of one message; more are told 452" },
	{ "lmtp.command_timeout", CONFIG_SPAN, AT(lmtp.command_timeout_ms), "5m", SECOND, HOUR,
	  NULL, "waiting for a command" },
	{ "lmtp.data_timeout", CONFIG_SPAN, AT(lmtp.data_timeout_ms), "3m", SECOND, HOUR, NULL,
	  "waiting for more of a message" },
	{ "lmtp.transaction_timeout", CONFIG_SPAN, AT(lmtp.transaction_timeout_ms), "30m", SECOND,
	  DAY, NULL, "for all of a message" },

	{ "directory.rescan", CONFIG_SPAN, AT(directory.rescan_ms), "5s", SECOND / 10, HOUR, NULL,
	  "between looks into directories" },
	{ "directory.inotify", CONFIG_BOOL, AT(directory.inotify), "true", 0, 0, NULL,
	  "look at once when the system tells" },
	{ "directory.settle", CONFIG_SPAN, AT(directory.settle_ms), "5s", 0, HOUR, NULL,
	  "for a file to be left in peace" },
	{ "directory.orphan_timeout", CONFIG_SPAN, AT(directory.orphan_timeout_ms), "5m", 0,
	  30 * DAY, NULL, "waiting for the rest of a triplet" },

	{ "release.relay", CONFIG_TEXT, AT(release.relay), NULL, 1, 4000, NULL,
	  "the mail server's release port" },
	{ "release.pickup", CONFIG_TEXT, AT(release.pickup), NULL, 1, 4000, NULL,
	  "instead of a relay: IIS's Pickup folder" },
	{ "release.replay", CONFIG_TEXT, AT(release.replay), NULL, 1, 4000, NULL,
	  "instead of a relay: Exchange's Replay folder" },
	{ "release.temporary", CONFIG_TEXT, AT(release.temporary), NULL, 1, 4000, NULL,
	  "where files for these are written first" },
	{ "release.dot_stuff", CONFIG_BOOL, AT(release.dot_stuff), "false", 0, 0, NULL,
	  "whether Pickup expects a dot before each dot" },
	{ "release.sessions", CONFIG_INT, AT(release.sessions), "4", 1, 64, NULL,
	  "connections to it at once" },
	{ "release.retry_min", CONFIG_SPAN, AT(release.retry_min_ms), "30s", SECOND / 10, DAY, NULL,
	  "first wait after a failure" },
	{ "release.retry_max", CONFIG_SPAN, AT(release.retry_max_ms), "1h", SECOND / 10, DAY, NULL,
	  "longest wait after failures" },
	{ "release.loop_pause", CONFIG_SPAN, AT(release.loop_pause_ms), "5m", SECOND / 10, DAY,
	  NULL, "for a relay that sent us our own" },

	{ "submit.relay", CONFIG_TEXT, AT(submit.relay), NULL, 1, 4000, NULL,
	  "where it signs what we wrote or altered; without it release.relay" },

	{ "limits.size", CONFIG_BYTES, AT(limits.size_bytes), "50M", KB, 2 * GB, NULL,
	  "of a message kept whole" },
	{ "limits.backlog_bytes", CONFIG_BYTES, AT(limits.backlog_bytes), "64M", 64 * KB, 64 * GB,
	  NULL, "waiting for a commit" },
	{ "limits.backlog_messages", CONFIG_INT, AT(limits.backlog_messages), "4096", 1, 1000000,
	  NULL, "waiting for a commit" },
	{ "limits.min_free", CONFIG_BYTES, AT(limits.min_free_bytes), "64M", 0, TB, NULL,
	  "on the store's filesystem" },
	{ "limits.max_size", CONFIG_BYTES, AT(limits.max_size_bytes), "0", 0, 16 * TB, NULL,
	  "of the store; 0 is no limit" },
	{ "limits.commit_batch", CONFIG_INT, AT(limits.commit_batch), "512", 1, 4096, NULL,
	  "messages in one transaction" },
	{ "limits.threads", CONFIG_INT, AT(limits.threads), "2", 1, 64, NULL,
	  "that read and judge messages" },

	{ "retention.held", CONFIG_SPAN, AT(retention.held_ms), "30d", MINUTE, 36500 * DAY, NULL,
	  "bodies of held notifications" },
	{ "retention.deleted", CONFIG_SPAN, AT(retention.deleted_ms), "7d", MINUTE, 36500 * DAY,
	  NULL, "bodies of deleted ones" },
	{ "retention.done", CONFIG_SPAN, AT(retention.done_ms), "7d", MINUTE, 36500 * DAY, NULL,
	  "bodies of those sent, released or failed" },
	{ "retention.record", CONFIG_SPAN, AT(retention.record_ms), "365d", MINUTE, 36500 * DAY,
	  NULL, "records without their body" },
};
const size_t settings_items_len = LEN(settings_items);

#define ROW(member) offsetof(struct settings_directory, member)
/* kind is checked by hand, so that the error can say what there is */
const struct config_item settings_directory_items[] = {
	{ "kind", CONFIG_TEXT, offsetof(struct settings_directory, kind), NULL, 0, 0, NULL,
	  "how mail lies in it" },
	{ "path", CONFIG_TEXT, offsetof(struct settings_directory, path), NULL, 1, 4000, NULL,
	  "the folder" },
	{ "release.relay", CONFIG_TEXT, ROW(release.relay), NULL, 1, 4000, NULL,
	  "whither what came from it leaves, instead of the common one" },
	{ "release.pickup", CONFIG_TEXT, ROW(release.pickup), NULL, 1, 4000, NULL,
	  "the same, into IIS's Pickup folder" },
	{ "release.replay", CONFIG_TEXT, ROW(release.replay), NULL, 1, 4000, NULL,
	  "the same, into Exchange's Replay folder" },
	{ "release.temporary", CONFIG_TEXT, ROW(release.temporary), NULL, 1, 4000, NULL,
	  "where files for these are written first" },
	{ "release.dot_stuff", CONFIG_BOOL, ROW(release.dot_stuff), "false", 0, 0, NULL,
	  "whether Pickup expects a dot before each dot" },
};
const size_t settings_directory_items_len = LEN(settings_directory_items);
/* clang-format on */

/* ---- what the checks need ------------------------------------------------- */

struct check {
	const struct config_file *file;
	struct settings *settings;
	char *folder; /* absolute: the daemon may change its own */
	struct error *err;
};

static int
key_error(const struct check *c, const char *key, const char *what)
{
	return config_error(c->file, config_find(c->file, key), c->err, "%s: %s", key, what);
}

static void
make_absolute(const struct check *c, char **path)
{
	char *whole;

	if ((*path)[0] == '/')
		return;
	whole = xasprintf("%s%s%s", c->folder, strcmp(c->folder, "/") == 0 ? "" : "/", *path);
	free(*path);
	*path = whole;
}

static int
check_required(const struct check *c)
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
check_unix(const struct check *c, const char *key, char **address)
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
check_address(const struct check *c, const char *key, char **address, bool local_only)
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
check_listen(const struct check *c)
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
check_hostname(const struct check *c)
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
check_order(const struct check *c)
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
check_folder(const struct check *c, struct settings_release *r)
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
check_release(const struct check *c, const config_setting_t *at, struct settings_release *r)
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
take_route(const struct check *c, const config_setting_t *row, struct settings_directory *d)
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
check_directory(const struct check *c, const config_setting_t *row, size_t index)
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
read_directories(const struct check *c)
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
check_circle(const struct check *c, const struct settings_release *to)
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
check_circles(const struct check *c)
{
	if (check_circle(c, &c->settings->release) < 0)
		return -1;
	for (size_t i = 0; i < c->settings->directories_len; i++)
		if (check_circle(c, &c->settings->directories[i].release) < 0)
			return -1;
	return 0;
}

static int
check_all(const struct check *c)
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

int
settings_read(const char *path, struct settings **ret_settings, struct error *err)
{
	static const char *const others[] = { "directories", NULL };
	AUTO(config_freep) struct config_file *file = NULL;
	AUTO(settings_freep) struct settings *settings = NULL;
	AUTO(freep) char *folder = file_folder_of(path);
	AUTO(freep) char *absolute = NULL;
	struct check check = { .err = err };

	if (config_load(path, &file, err) < 0)
		return -1;
	if ((absolute = realpath(folder, NULL)) == NULL)
		return error_errno(err, "%s", folder);
	settings = xcalloc(1, sizeof(*settings));
	config_defaults(settings_items, settings_items_len, settings);
	if (config_fill(file, NULL, settings_items, settings_items_len, others, settings, err) < 0)
		return -1;
	check.file = file;
	check.settings = settings;
	check.folder = absolute;
	if (check_all(&check) < 0)
		return -1;
	*ret_settings = TAKE(settings);
	return 0;
}

static void
directory_done(struct settings_directory *d)
{
	config_free_items(settings_directory_items, settings_directory_items_len, d);
	free(d->route);
}

void
settings_freep(struct settings **s)
{
	if (*s == NULL)
		return;
	config_free_items(settings_items, settings_items_len, *s);
	for (size_t i = 0; i < (*s)->directories_len; i++)
		directory_done(&(*s)->directories[i]);
	free((*s)->directories);
	free(*s);
	*s = NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_list(const struct config_list *a, const struct config_list *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool
same_release(const struct settings_release *a, const struct settings_release *b)
{
	return same_text(a->relay, b->relay) && same_text(a->pickup, b->pickup) &&
	       same_text(a->replay, b->replay) && same_text(a->temporary, b->temporary) &&
	       a->dot_stuff == b->dot_stuff;
}

static bool
same_directories(const struct settings *a, const struct settings *b)
{
	if (a->directories_len != b->directories_len)
		return false;
	for (size_t i = 0; i < a->directories_len; i++)
		if (strcmp(a->directories[i].kind, b->directories[i].kind) != 0 ||
		    strcmp(a->directories[i].path, b->directories[i].path) != 0 ||
		    !same_text(a->directories[i].route, b->directories[i].route) ||
		    !same_release(&a->directories[i].release, &b->directories[i].release))
			return false;
	return true;
}

const char *
settings_changed_at_start(const struct settings *a, const struct settings *b)
{
	const struct {
		const char *key;
		bool same;
	} items[] = {
		{ "store", same_text(a->store, b->store) },
		{ "hostname", same_text(a->hostname, b->hostname) },
		{ "log", a->log == b->log },
		{ "lmtp.listen", same_list(&a->lmtp.listen, &b->lmtp.listen) },
		{ "lmtp.socket_mode", a->lmtp.socket_mode == b->lmtp.socket_mode },
		{ "directories", same_directories(a, b) },
		{ "directory.inotify", a->directory.inotify == b->directory.inotify },
		{ "release.relay", same_release(&a->release, &b->release) },
		{ "submit.relay", same_text(a->submit.relay, b->submit.relay) },
		{ "release.sessions", a->release.sessions == b->release.sessions },
		{ "limits.threads", a->limits.threads == b->limits.threads },
		{ "limits.commit_batch", a->limits.commit_batch == b->limits.commit_batch },
		{ "limits.min_free", a->limits.min_free_bytes == b->limits.min_free_bytes },
		{ "limits.max_size", a->limits.max_size_bytes == b->limits.max_size_bytes },
	};

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (!items[i].same)
			return items[i].key;
	return NULL;
}

static void
show_text(const char *key, const char *value, struct buffer *out)
{
	if (value == NULL)
		return;
	buffer_printf(out, "%s = ", key);
	config_show_text(value, out);
	buffer_add_str(out, "; ");
}

static void
show_directory(const struct settings_directory *d, struct buffer *out)
{
	buffer_add_str(out, "\t{ ");
	show_text("kind", d->kind, out);
	show_text("path", d->path, out);
	if (d->route != NULL) {
		buffer_add_str(out, "release = { ");
		show_text("relay", d->release.relay, out);
		show_text("pickup", d->release.pickup, out);
		show_text("replay", d->release.replay, out);
		show_text("temporary", d->release.temporary, out);
		if (d->release.dot_stuff)
			buffer_add_str(out, "dot_stuff = true; ");
		buffer_add_str(out, "}; ");
	}
	buffer_add_str(out, "}");
}

void
settings_show(const struct settings *s, struct buffer *out)
{
	config_show(settings_items, settings_items_len, s, out);
	if (s->directories_len == 0)
		return;
	buffer_add_str(out, "directories = (\n");
	for (size_t i = 0; i < s->directories_len; i++) {
		show_directory(&s->directories[i], out);
		buffer_add_str(out, i + 1 < s->directories_len ? ",\n" : "\n");
	}
	buffer_add_str(out, ");\n");
}
