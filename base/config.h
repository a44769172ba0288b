/*
 * config.h: reading libconfig files without surprises.
 *
 * libconfig 1.5 ends the process on a read error, halves large numbers in
 * silence and stops at a NUL byte. So the text is gathered here, with every
 * @include in its place, and handed to libconfig as one string, first in a
 * forked child. Errors are "file:line: …" (ERROR_PERM); only what the system
 * refuses (no such file, no fork) is ERROR_TEMP.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/* A parsed file, and where each of its lines came from. */
struct config_file;

/* `@include "name"` is relative to the folder of the file it stands in, at most 8 deep. */
int config_load(const char *path, struct config_file **ret_file, struct error *err);
/* The same as if one of the files held something else (base/config_text.h). draft may be NULL. */
struct config_draft;
int config_load_draft(const char *path, const struct config_draft *draft,
		      struct config_file **ret_file, struct error *err);
void config_freep(struct config_file **file); /* NULL is fine */

/* The text that was parsed, included files and all. */
struct span config_text(const struct config_file *file);
const config_setting_t *config_top(const struct config_file *file);
/* "lmtp.listen"; NULL when the file does not say it. */
const config_setting_t *config_find(const struct config_file *file, const char *key);

/* The file and the line a setting stands in; for NULL the file that was loaded, line 0. */
const char *config_where(const struct config_file *file, const config_setting_t *at, int *ret_line);

/* "file:line: " (at may be NULL: "file: ") and the text. Returns -1. */
int config_error(const struct config_file *file, const config_setting_t *at, struct error *err,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

enum config_type {
	CONFIG_INT,    /* int64_t */
	CONFIG_BOOL,   /* bool */
	CONFIG_TEXT,   /* char * */
	CONFIG_CHOICE, /* int: index into choices; -1 when nothing says it */
	CONFIG_LIST,   /* struct config_list: an array of strings, or one string */
	CONFIG_BYTES,  /* int64_t; "50M", "2G", or a number of bytes */
	CONFIG_SPAN,   /* int64_t ms; "30d" (clock_parse_span) */
	CONFIG_MODE,   /* int64_t; "0660", octal in quotes as libconfig has no octal */
};

struct config_list {
	char **items;
	size_t len;
};

/* One key. Tables of these are what the reader, the defaults, --show-config and the manual page
 * test walk. Keys of one group stand together. "ndr" and "ndr.none" may both be keys: then ndr is
 * one value or a group. */
struct config_item {
	const char *key; /* "lmtp.max_sessions": group, dot, name; or a name */
	enum config_type type;
	size_t offset;              /* into the struct that is filled */
	const char *fallback;       /* as in the file without quotes; NULL: none (NULL text,
				       empty list) */
	int64_t min, max;           /* INT, BYTES, SPAN, MODE; of TEXT the length, max 0: any */
	const char *const *choices; /* CHOICE: NULL-terminated */
	const char *help;           /* half a line, for people */
};

/* Sets every item of target, which is zeroed, to its fallback. */
void config_defaults(const struct config_item *items, size_t items_len, void *target);

/*
 * Sets what group (NULL: the whole file) says; the rest of target stays. A
 * key that is in no item and not among others (NULL-terminated, may be NULL:
 * keys the caller reads itself) is an error that names the nearest known key.
 * After an error target is to be freed as after success.
 */
int config_fill(const struct config_file *file, const config_setting_t *group,
		const struct config_item *items, size_t items_len, const char *const *others,
		void *target, struct error *err);

/* Frees texts and lists. */
void config_free_items(const struct config_item *items, size_t items_len, void *target);

/* "key = value;" a line, explained with "# help" behind it; groups written out as they may stand in
 * a file; what has no value is left out. */
void config_show(const struct config_item *items, size_t items_len, const void *target,
		 bool explained, struct buffer *out);
/* A text in quotes, as it may stand in a file. */
void config_show_text(const char *text, struct buffer *out);

#endif
