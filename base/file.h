/*
 * file.h: files written so that they survive.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"
#include "base/error.h"

/* The whole file; refuses (ERROR_PERM) what is no regular file or larger than most_bytes. */
int file_read(const char *path, size_t most_bytes, struct buffer *out, struct error *err);

/* All bytes, however many write(2) it takes. */
int file_write_all(int fd, const void *data, size_t len, struct error *err);

/*
 * Writes folder/name by way of a temporary name: bytes synced, then renamed,
 * then the folder synced. After 0 the file is there whole, after -1 not at all.
 * An older file of that name is replaced.
 */
int file_publish(const char *folder, const char *name, const struct span *parts, size_t parts_len,
		 unsigned mode, struct error *err);

/* The same with the temporary name in another folder of the same volume. */
int file_publish_by(const char *by, const char *folder, const char *name, const struct span *parts,
		    size_t parts_len, unsigned mode, struct error *err);

int file_sync_folder(const char *folder, struct error *err);

/* The folder a path lies in ("." for a bare name), the caller's. */
char *file_folder_of(const char *path);

#endif
