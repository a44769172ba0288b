/*
 * badmail.h: the files of a badmail folder that belong together.
 *
 * IIS leaves x.bad (the message), x.bdr (why, as text) and x.bdp (properties,
 * binary), names in any case. A folder is read name by name and never held:
 * each name is asked once, by badmail_find, whether it leads its triplet, and
 * the others are looked up beside it. The leader is the .bad; where there is
 * none, the .bdr; else the .bdp. So each triplet comes up once.
 *
 * Nothing is opened and no link is followed here.
 */
#ifndef ADMIT_BADMAIL_H
#define ADMIT_BADMAIL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

enum badmail_part { BADMAIL_NONE = -1, BADMAIL_BAD, BADMAIL_BDR, BADMAIL_BDP, BADMAIL_PARTS };

struct badmail_file {
	bool there;
	char name[NAME_MAX + 1];
	int64_t size_bytes;
	struct timespec modified, changed; /* mtime, ctime */
	dev_t dev;
	ino_t ino;
};

struct badmail {
	size_t base_len; /* of each name: "x" of "x.bad" */
	struct badmail_file parts[BADMAIL_PARTS];
};

/* By the extension, in any case; a name that is nothing else (".bad") is none. */
enum badmail_part badmail_part_of(const char *name);

/*
 * 1: name leads a triplet, *ret has what there is of it now (one file at
 * least, all of them regular). 0: it leads none: it is no badmail name, or
 * another file of its triplet leads, or it is gone. -1: it leads one that is
 * to be left alone: ERROR_PERM, a part is no regular file, or two different
 * files differ by case only (of those only one is not a 0, so
 * that it is said once); ERROR_TEMP, a file could not be looked at.
 */
int badmail_find(int folder_fd, const char *name, struct badmail *ret, struct error *err);

/* Of all its parts: the newest mtime in milliseconds, and the bytes. */
int64_t badmail_newest_ms(const struct badmail *badmail);
int64_t badmail_size(const struct badmail *badmail);
unsigned badmail_count(const struct badmail *badmail); /* 1 to 3 */

/* Are the files the same, with the same sizes and times, as when `before` was found? */
bool badmail_unchanged(const struct badmail *before, const struct badmail *now);

#endif
