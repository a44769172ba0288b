/*
 * file.c: reading whole files, publishing new ones.
 *
 * Promises that a published file is whole and on disk, or absent; a leftover
 * of a crash is named ".tmp-…" and is nobody's.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int
file_read(const char *path, size_t most_bytes, struct buffer *out, struct error *err)
{
	AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char chunk[65536];
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_PERM, "%s: not a regular file", path);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if (out->len + (size_t)n > most_bytes)
			return error_set(err, ERROR_PERM, "%s: larger than %zu bytes", path,
					 most_bytes);
		buffer_add(out, chunk, (size_t)n);
	}
	if (n < 0)
		return error_errno(err, "%s", path);
	return 0;
}

int
file_write_all(int fd, const void *data, size_t len, struct error *err)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
file_sync_folder(const char *folder, struct error *err)
{
	AUTO(closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_errno(err, "%s", folder);
	return 0;
}

static int
write_parts(int fd, const struct span *parts, size_t parts_len, unsigned mode, struct error *err)
{
	for (size_t i = 0; i < parts_len; i++)
		if (file_write_all(fd, parts[i].data, parts[i].len, err) < 0)
			return -1;
	if (fchmod(fd, mode) < 0)
		return error_errno(err, "chmod");
	if (fsync(fd) < 0)
		return error_errno(err, "sync");
	return 0;
}

int
file_publish(const char *folder, const char *name, const struct span *parts, size_t parts_len,
	     unsigned mode, struct error *err)
{
	return file_publish_by(folder, folder, name, parts, parts_len, mode, err);
}

int
file_publish_by(const char *by, const char *folder, const char *name, const struct span *parts,
		size_t parts_len, unsigned mode, struct error *err)
{
	AUTO(freep) char *tmp = xasprintf("%s/.tmp-XXXXXX", by);
	AUTO(freep) char *path = xasprintf("%s/%s", folder, name);
	AUTO(closep) int fd = mkostemp(tmp, O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "%s", tmp);
	if (write_parts(fd, parts, parts_len, mode, err) < 0) {
		(void)error_prefix(err, "%s", path);
		goto undo;
	}
	if (rename(tmp, path) < 0) {
		(void)error_errno(err, "%s", path);
		goto undo;
	}
	return file_sync_folder(folder, err);
undo:
	(void)unlink(tmp);
	return -1;
}

char *
file_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}
