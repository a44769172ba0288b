/*
 * settings.c: the keys of ndrq.conf.
 *
 * The tables are everything there is to set, with defaults and bounds; what
 * a table cannot say is in settings_check.c.
 *
 * The caller owns what settings_read gives and frees it with settings_freep.
 * Every error is "file:line: key: …".
 */
#include "base/settings_check.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"

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

/* Where mail leaves: all of it, or that of one directory. */
/* clang-format off */
#define RELEASE_ITEMS(at, relay_help, pickup_help, replay_help)                                    \
	{ "release.relay", CONFIG_TEXT, at(release.relay), NULL, 1, 4000, NULL, relay_help },      \
	{ "release.pickup", CONFIG_TEXT, at(release.pickup), NULL, 1, 4000, NULL, pickup_help },   \
	{ "release.replay", CONFIG_TEXT, at(release.replay), NULL, 1, 4000, NULL, replay_help },   \
	{ "release.temporary", CONFIG_TEXT, at(release.temporary), NULL, 1, 4000, NULL,            \
	  "where files for these are written first" },                                             \
	{ "release.dot_stuff", CONFIG_BOOL, at(release.dot_stuff), "false", 0, 0, NULL,            \
	  "whether Pickup expects a dot before each dot" }
/* clang-format on */

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

	RELEASE_ITEMS(AT, "the mail server's release port",
		      "instead of a relay: IIS's Pickup folder",
		      "instead of a relay: Exchange's Replay folder"),
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
	{ "kind", CONFIG_TEXT, ROW(kind), NULL, 0, 0, NULL, "how mail lies in it" },
	{ "path", CONFIG_TEXT, ROW(path), NULL, 1, 4000, NULL, "the folder" },
	RELEASE_ITEMS(ROW, "whither what came from it leaves, instead of the common one",
		      "the same, into IIS's Pickup folder",
		      "the same, into Exchange's Replay folder"),
};
const size_t settings_directory_items_len = LEN(settings_directory_items);

int
settings_read(const char *path, struct settings **ret_settings, struct error *err)
{
	static const char *const others[] = { "directories", NULL };
	AUTO(config_freep) struct config_file *file = NULL;
	AUTO(settings_freep) struct settings *settings = NULL;
	AUTO(freep) char *folder = file_folder_of(path);
	AUTO(freep) char *absolute = NULL;
	struct settings_check check = { .err = err };

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
	if (settings_check(&check) < 0)
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
	config_show(settings_items, settings_items_len, s, true, out);
	if (s->directories_len == 0)
		return;
	buffer_add_str(out, "directories = (\n");
	for (size_t i = 0; i < s->directories_len; i++) {
		show_directory(&s->directories[i], out);
		buffer_add_str(out, i + 1 < s->directories_len ? ",\n" : "\n");
	}
	buffer_add_str(out, ");\n");
}
