/*
 * settings.h: ndrq.conf, which the daemon and the tool share.
 *
 * The table in settings.c is the list of all keys with their defaults and
 * bounds; ndrq.conf(5) is held against it by a test.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

/* A way out: one of relay, pickup and replay is set. */
struct settings_release {
	char *relay;     /* "127.0.0.1:10044" or "unix:/path"; loopback or unix only */
	char *pickup;    /* IIS's folder */
	char *replay;    /* Exchange's */
	char *temporary; /* of those two: where files are written first */
	bool dot_stuff;  /* of pickup: whoever reads it expects that */
	/* of the one that all have in common */
	int64_t sessions;                   /* at once */
	int64_t retry_min_ms, retry_max_ms; /* back-off */
	int64_t loop_pause_ms; /* how long a relay that sent us our own mail is left alone */
};

struct settings_directory {
	char *kind; /* "maildir", "iis-badmail" … (admit/folder_kind.c has the same) */
	char *path;
	struct settings_release release; /* of its own, when route is not NULL */
	char *route;                     /* the name of that in records: "pickup /path" */
	int line;                        /* in the file, for messages */
};
/* The names, NULL at the end. */
extern const char *const settings_directory_kinds[];

/* A row of directories. */
extern const struct config_item settings_directory_items[];
extern const size_t settings_directory_items_len;

enum settings_log { SETTINGS_LOG_SYSLOG, SETTINGS_LOG_STDERR };

struct settings {
	char *store;    /* the database file; required */
	char *policy;   /* policy.conf; required */
	char *hostname; /* we greet and sign our Received lines by it; default: gethostname */
	int log;        /* enum settings_log */

	struct {
		struct config_list listen;  /* "unix:/path" or "127.0.0.1:10127" or "[::1]:10127" */
		int64_t socket_mode;        /* of unix sockets, octal in the file as text: "0666" */
		int64_t max_sessions;       /* more are told 421 */
		int64_t max_recipients;     /* 1000; then 452 */
		int64_t command_timeout_ms; /* waiting for a command, 5 min (RFC 5321 4.5.3.2.7) */
		int64_t data_timeout_ms;    /* waiting for more of DATA, 3 min */
		int64_t transaction_timeout_ms; /* the whole of DATA, however slowly it drips */
	} lmtp;

	struct settings_directory *directories;
	size_t directories_len;
	struct {
		int64_t rescan_ms;         /* polling beside inotify */
		bool inotify;              /* polling only, without */
		int64_t settle_ms;         /* a file written in place is left alone for so long */
		int64_t orphan_timeout_ms; /* and one that lacks a part, or its bytes */
	} directory;

	struct settings_release release;

	struct settings_release
		submit; /* only relay: for what we wrote or altered; NULL: release */

	struct {
		int64_t size_bytes;    /* of a message kept whole; 50M */
		int64_t backlog_bytes; /* waiting for a commit; intakes stop reading beyond */
		int64_t backlog_messages;
		int64_t min_free_bytes; /* on the store's filesystem; less: 4yz */
		int64_t max_size_bytes; /* of the store; 0: no limit */
		int64_t commit_batch;   /* messages in one transaction; 512 */
		int64_t threads;        /* admission pool */
	} limits;

	struct {
		int64_t held_ms;    /* 30d: then the body goes */
		int64_t deleted_ms; /* 7d */
		int64_t done_ms;    /* 7d: sent, released, failed */
		int64_t record_ms;  /* 365d: then the record goes too */
	} retention;
};

extern const struct config_item settings_items[];
extern const size_t settings_items_len;

/* Reads and checks ndrq.conf. Relative paths in it are relative to its folder, and absolute here.
 */
int settings_read(const char *path, struct settings **ret_settings, struct error *err);
void settings_freep(struct settings **s);

/*
 * The key of something that is read at the start only and differs (a path, a socket, a number of
 * threads), so that it needs a restart; NULL when there is none. Static.
 */
const char *settings_changed_at_start(const struct settings *a, const struct settings *b);

/* The whole as a file: what --show-config prints. */
void settings_show(const struct settings *s, struct buffer *out);

#endif
