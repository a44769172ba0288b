/*
 * spool.c: memory first, then an unlinked file.
 *
 * A spool holds at most SPOOL_MEMORY bytes in memory, and all spools
 * together at most SPOOL_MEMORY_ALL (beyond that each goes to its file at
 * once). The file has no name, so nothing is left behind whatever happens.
 * The SHA-256 is of every byte that came, kept or not.
 */
#include "admit/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum {
	SPOOL_MEMORY = 64 * 1024,
	SPOOL_MEMORY_ALL = 64 * 1024 * 1024,
};

struct spool {
	const char *folder;
	int64_t size_limit_bytes;
	int64_t size_bytes; /* came */
	size_t kept_bytes;  /* in memory or in the file */
	struct buffer memory;
	int fd; /* −1: in memory */
	char *map;
	bool truncated, refused;
	struct sha256_ctx hash;
	uint8_t sha256[SPOOL_SHA256_BYTES];
};

static atomic_size_t memory_all;

struct spool *
spool_new(const char *folder, int64_t size_limit_bytes)
{
	struct spool *spool = xcalloc(1, sizeof(*spool));

	spool->folder = folder;
	spool->size_limit_bytes = size_limit_bytes;
	spool->fd = -1;
	sha256_init(&spool->hash);
	return spool;
}

static void
memory_release(struct spool *spool)
{
	atomic_fetch_sub(&memory_all, spool->memory.len);
	buffer_done(&spool->memory);
}

void
spool_freep(struct spool **ret_spool)
{
	struct spool *spool = *ret_spool;

	if (spool == NULL)
		return;
	memory_release(spool);
	if (spool->map != NULL)
		(void)munmap(spool->map, spool->kept_bytes);
	closep(&spool->fd);
	free(spool);
	*ret_spool = NULL;
}

static int
open_unlinked(const char *folder, struct error *err)
{
	AUTO(freep) char *name = xasprintf("%s/.spool-XXXXXX", folder);
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return error_errno(err, "%s: spool file", folder);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s: spool file", folder);
	(void)unlink(name);
	return fd;
}

static int
move_to_file(struct spool *spool, struct error *err)
{
	spool->fd = open_unlinked(spool->folder, err);
	if (spool->fd < 0 ||
	    file_write_all(spool->fd, spool->memory.data, spool->memory.len, err) < 0)
		return -1;
	memory_release(spool);
	return 0;
}

static int
keep(struct spool *spool, struct span bytes, struct error *err)
{
	bool small = spool->memory.len + bytes.len <= SPOOL_MEMORY &&
		     atomic_load(&memory_all) + bytes.len <= SPOOL_MEMORY_ALL;

	spool->kept_bytes += bytes.len;
	if (spool->fd < 0 && small) {
		buffer_add(&spool->memory, bytes.data, bytes.len);
		atomic_fetch_add(&memory_all, bytes.len);
		return 0;
	}
	if (spool->fd < 0 && move_to_file(spool, err) < 0)
		return -1;
	return file_write_all(spool->fd, bytes.data, bytes.len, err);
}

int
spool_add(struct spool *spool, struct span bytes, struct error *err)
{
	if (spool->refused)
		return error_set(err, ERROR_TEMP, "no room to receive the message");
	sha256_update(&spool->hash, bytes.len, (const uint8_t *)bytes.data);
	spool->size_bytes += (int64_t)bytes.len;
	if (spool->truncated)
		return 0;
	if (spool->size_bytes > spool->size_limit_bytes) {
		spool->truncated = true;
		bytes.len -= (size_t)(spool->size_bytes - spool->size_limit_bytes);
	}
	if (keep(spool, bytes, err) == 0)
		return 0;
	spool->refused = true;
	return -1;
}

int
spool_finish(struct spool *spool, struct error *err)
{
	if (spool->refused)
		return error_set(err, ERROR_TEMP, "no room to receive the message");
	sha256_digest(&spool->hash, sizeof(spool->sha256), spool->sha256);
	if (spool->fd < 0 || spool->kept_bytes == 0)
		return 0;
	spool->map = mmap(NULL, spool->kept_bytes, PROT_READ, MAP_PRIVATE, spool->fd, 0);
	if (spool->map == MAP_FAILED) {
		spool->map = NULL;
		return error_errno(err, "spool file");
	}
	return 0;
}

struct span
spool_bytes(const struct spool *spool)
{
	struct span bytes = buffer_span(&spool->memory);

	if (spool->fd >= 0)
		bytes = (struct span){ spool->map, spool->kept_bytes };
	if (spool->truncated && bytes.len > SPOOL_TRUNCATED_BYTES)
		bytes.len = SPOOL_TRUNCATED_BYTES;
	return bytes;
}

int64_t
spool_size(const struct spool *spool)
{
	return spool->size_bytes;
}

bool
spool_truncated(const struct spool *spool)
{
	return spool->truncated;
}

const uint8_t *
spool_sha256(const struct spool *spool)
{
	return spool->sha256;
}
