/*
 * fault_vfs.c: a SQLite VFS that fails where it is told.
 *
 * A file of ours is a struct that points at the real one behind it. Each
 * write is kept with the bytes it replaced until a sync of its file; a power
 * cut puts the old bytes back, newest first, and then makes some of the
 * writes again, oldest first.
 */
#include "tests/unit/store/fault_vfs.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

struct change {
	char *path;
	off_t at, old_size;
	char *old_bytes, *new_bytes; /* new_bytes NULL: a truncation */
	size_t old_len, new_len;
};

struct file {
	sqlite3_file base;
	const char *path; /* NULL: a temporary file */
	sqlite3_file *real;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *system_vfs;
static struct fault_plan plan;
static int steps;
static struct change *changes;
static size_t changes_len, changes_size;

/* ---- faults ---------------------------------------------------------- */

void
fault_arm(const struct fault_plan *wanted)
{
	plan = *wanted;
	steps = 0;
}

void
fault_disarm(void)
{
	plan.step = 0;
}

bool
fault_happened(void)
{
	return plan.step > 0 && steps >= plan.step;
}

/* 0, or the error of this step. */
static int
take_step(void)
{
	steps++;
	if (plan.step == 0 || steps < plan.step)
		return SQLITE_OK;
	return steps == plan.step || plan.stay ? plan.code : SQLITE_OK;
}

/* ---- what is not synced ---------------------------------------------- */

static void
change_done(struct change *c)
{
	free(c->path);
	free(c->old_bytes);
	free(c->new_bytes);
}

/* Keeps what [at, end of file or at + len) holds before it is changed. */
static void
remember(const struct file *f, off_t at, const void *bytes, size_t len)
{
	struct change c = { .at = at, .new_len = len };
	struct stat st;
	int fd;

	if (f->path == NULL)
		return;
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		abort();
	c.path = xstrdup(f->path);
	c.old_size = st.st_size;
	if (st.st_size > at)
		c.old_len = (size_t)(st.st_size - at);
	if (bytes != NULL && c.old_len > len)
		c.old_len = len;
	c.old_bytes = xmalloc(c.old_len);
	if (pread(fd, c.old_bytes, c.old_len, at) != (ssize_t)c.old_len)
		abort();
	if (bytes != NULL) {
		c.new_bytes = xmalloc(len);
		memcpy(c.new_bytes, bytes, len);
	}
	(void)close(fd);
	changes = array_grow(changes, &changes_size, changes_len, sizeof(*changes));
	changes[changes_len++] = c;
}

static void
forget(const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < changes_len; i++) {
		if (path != NULL && strcmp(changes[i].path, path) == 0)
			change_done(&changes[i]);
		else
			changes[kept++] = changes[i];
	}
	changes_len = kept;
}

static void
undo(const struct change *c)
{
	int fd = open(c->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || pwrite(fd, c->old_bytes, c->old_len, c->at) != (ssize_t)c->old_len ||
	    ftruncate(fd, c->old_size) < 0)
		abort();
	(void)close(fd);
}

static void
redo(const struct change *c)
{
	int fd = open(c->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		abort();
	if (c->new_bytes == NULL ? ftruncate(fd, c->at) < 0
				 : pwrite(fd, c->new_bytes, c->new_len, c->at) < 0)
		abort();
	(void)close(fd);
}

void
fault_power_cut(unsigned seed)
{
	for (size_t i = changes_len; i > 0; i--)
		undo(&changes[i - 1]);
	for (size_t i = 0; i < changes_len && seed != 0; i++)
		if (rand_r(&seed) & 0x4000)
			redo(&changes[i]);
}

/* ---- files ----------------------------------------------------------- */

#define REAL(f) (((struct file *)(f))->real)

static int
file_close(sqlite3_file *f)
{
	return REAL(f)->pMethods->xClose(REAL(f));
}

static int
file_read(sqlite3_file *f, void *bytes, int len, sqlite3_int64 at)
{
	return REAL(f)->pMethods->xRead(REAL(f), bytes, len, at);
}

static int
file_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	int rc = take_step();

	if (rc != SQLITE_OK && plan.torn)
		len /= 2;
	if (rc == SQLITE_OK || plan.torn) {
		remember((struct file *)f, at, bytes, (size_t)len);
		(void)REAL(f)->pMethods->xWrite(REAL(f), bytes, len, at);
	}
	return rc;
}

static int
file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = take_step();

	if (rc != SQLITE_OK)
		return rc;
	remember((struct file *)f, size, NULL, 0);
	return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int
file_sync(sqlite3_file *f, int flags)
{
	int rc = take_step();

	if (rc != SQLITE_OK)
		return rc;
	forget(((struct file *)f)->path);
	return REAL(f)->pMethods->xSync(REAL(f), flags);
}

static int
file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int
file_lock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xLock(REAL(f), level);
}

static int
file_unlock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int
file_check_lock(sqlite3_file *f, int *ret)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), ret);
}

static int
file_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int
file_sector_size(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int
file_characteristics(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int
file_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
	return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, ret);
}

static int
file_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}

static void
file_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int
file_shm_unmap(sqlite3_file *f, int remove)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* no mmap: every byte comes by here */
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int
vfs_open(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags, int *ret_flags)
{
	struct file *file = (struct file *)f;
	int rc;

	(void)v;
	file->path = path;
	file->real = (sqlite3_file *)(file + 1);
	rc = system_vfs->xOpen(system_vfs, path, file->real, flags, ret_flags);
	file->base.pMethods = file->real->pMethods != NULL ? &methods : NULL;
	return rc;
}

static int
vfs_delete(sqlite3_vfs *v, const char *path, int sync_folder)
{
	(void)v;
	forget(path);
	return system_vfs->xDelete(system_vfs, path, sync_folder);
}

void
fault_install(void)
{
	system_vfs = sqlite3_vfs_find(NULL);
	assert(system_vfs != NULL && system_vfs != &vfs);
	vfs = *system_vfs; /* what is not replaced works on paths and clocks, not on files */
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct file) + system_vfs->szOsFile;
	vfs.pNext = NULL;
	vfs.xOpen = vfs_open;
	vfs.xDelete = vfs_delete;
	(void)sqlite3_vfs_register(&vfs, 1);
}
