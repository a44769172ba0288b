/*
 * folder.h: a folder that mail is taken from, and its two places.
 *
 *	FOLDER, or new/ in a Maildir	where others put files
 *	FOLDER/.ndrq/			what is ours: claimed by a rename, so that nobody else
 *					takes it and a crash finds it again
 *
 * Everything is reached through the two descriptors, so that a link that
 * somebody puts in the way leads nowhere.
 */
#ifndef ADMIT_FOLDER_H
#define ADMIT_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

#define FOLDER_CLAIMED ".ndrq"

/* −1: not open. */
struct folder_places {
	int new_fd, claimed_fd;
};
#define FOLDER_PLACES_NONE ((struct folder_places){ -1, -1 })

/* inside: "new" of a Maildir; NULL: the folder itself. Makes .ndrq where it is missing. Refuses
 * a folder in which nothing can be moved. */
int folder_open(const char *path, const char *inside, struct folder_places *ret, struct error *err);
void folder_close(struct folder_places *places);
int folder_fd(const struct folder_places *places, bool claimed);

/*
 * The time by the clock of whoever keeps the folder (a file server's may be
 * minutes off): the mtime of a file made in .ndrq. 1, or 0: none could be made.
 */
int folder_clock(const struct folder_places *places, int64_t *ret_now_ms);

/* ---- what lies there ------------------------------------------------------ */

/* One file. */
struct folder_part {
	char name[NAME_MAX + 1];
	int64_t size_bytes;
	struct timespec modified;
	ino_t ino;
};

/* The files that are one message. The first leads: the others are found by its name. */
enum { FOLDER_PARTS = 3 };
struct folder_found {
	struct folder_part parts[FOLDER_PARTS];
	size_t len;
	bool whole; /* nothing is missing: else it may yet come */
};

/* A single file. 1 found, 0 it is not there, -1: ERROR_PERM, it is no regular file; ERROR_TEMP. */
int folder_find_one(const struct folder_places *places, bool claimed, const char *name,
		    struct folder_found *ret, struct error *err);
bool folder_same_part(const struct folder_part *a, const struct folder_part *b);
/* The newest of their mtimes. */
int64_t folder_newest_ms(const struct folder_found *found);

/* Never over an older file. Fails as rename(2) does, with EEXIST then. */
int folder_move(int from_fd, const char *from, int to_fd, const char *to);

/*
 * A part, for reading. 1 open; 0 not now (changed since it was found, in use:
 * *err, ERROR_TEMP, says what; untouched when it is gone); -1 it is no regular
 * file.
 */
int folder_open_part(int dir_fd, const struct folder_part *part, int *ret_fd, struct error *err);
/* Has somebody locked it, or, on this host, open for writing? Without waiting. */
bool folder_is_in_use(int fd);
/* Is it still what was found? After the last byte was read. */
bool folder_part_is(int fd, const struct folder_part *part);

#endif
