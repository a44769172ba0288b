/*
 * config.h: reading libconfig files without surprises.
 *
 * libconfig 1.5 can end the process on a bad @include or a read error, so a
 * file is parsed in a forked child first. Errors are "file:line: …".
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/* Parses path into config (initialised here, config_done to free). @include is relative to the
 * file's folder. The text that was parsed (of the file itself) goes to text, when not NULL. */
int config_read(const char *path, config_t *config, struct buffer *text, struct error *err);
void config_done(config_t *config);

enum config_type {
	CONFIG_INT,    /* int64_t */
	CONFIG_BOOL,   /* bool */
	CONFIG_TEXT,   /* char * */
	CONFIG_CHOICE, /* int: index into choices */
	CONFIG_LIST,   /* struct config_list: an array of strings, or one string */
	CONFIG_BYTES,  /* int64_t; "50M", "2G", or a number of bytes */
	CONFIG_SPAN,   /* int64_t ms; "30d" (clock_parse_span) */
};

struct config_list {
	char **items;
	size_t len;
};

/* One key. Tables of these are what the reader, the defaults, --show-config and the manual page
 * test walk. */
struct config_item {
	const char *key; /* "lmtp.max_sessions": group, dot, name */
	enum config_type type;
	size_t offset;              /* into the struct that is filled */
	const char *fallback;       /* as written in the file; NULL: none (NULL text, empty list) */
	int64_t min, max;           /* INT, BYTES, SPAN */
	const char *const *choices; /* CHOICE: NULL-terminated */
	const char *help;           /* half a line */
};

/*
 * Fills target from config: fallbacks first, then what the file says. A key
 * that is in no item and not among others (NULL-terminated, may be NULL: keys
 * the caller reads itself) is an error, with its line and the nearest known
 * key. file is for messages.
 */
int config_fill(const config_t *config, const char *file, const struct config_item *items,
		size_t items_len, const char *const *others, void *target, struct error *err);

/* Frees texts and lists. */
void config_free_items(const struct config_item *items, size_t items_len, void *target);

/* "key = value;" a line, groups written out as they may stand in a file. */
void config_show(const struct config_item *items, size_t items_len, const void *target,
		 struct buffer *out);

#endif
