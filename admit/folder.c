/*
 * folder.c: places, moves, and whether a file is still being written.
 *
 * Others write into these folders while we look: servers, applications,
 * people with an editor, over file systems that know few of Linux's ways. What
 * cannot be told is waited for; nothing is waited for inside a call.
 */
#include "admit/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define CLOCK_FILE ".clock"

void
folder_close(struct folder_places *places)
{
	closep(&places->new_fd);
	closep(&places->claimed_fd);
	*places = FOLDER_PLACES_NONE;
}

int
folder_fd(const struct folder_places *places, bool claimed)
{
	return claimed ? places->claimed_fd : places->new_fd;
}

int
folder_open(const char *path, const char *inside, struct folder_places *ret, struct error *err)
{
	AUTO(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(folder_close) struct folder_places places = FOLDER_PLACES_NONE;

	if (fd < 0)
		return error_errno(err, "%s", path);
	places.new_fd =
		openat(fd, inside == NULL ? "." : inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (places.new_fd < 0)
		return error_errno(err, "%s/%s", path, inside);
	/* two that take the parts of one triplet would tear it; until the places are closed */
	if (flock(places.new_fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return error_set(err, ERROR_TEMP, "%s: a sweep is at work in it", path);
	if (mkdirat(fd, FOLDER_CLAIMED, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s/" FOLDER_CLAIMED, path);
	places.claimed_fd =
		openat(fd, FOLDER_CLAIMED, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (places.claimed_fd < 0)
		return error_errno(err, "%s/" FOLDER_CLAIMED, path);
	/* what cannot be removed is not taken: it would be taken again and again */
	if (faccessat(places.new_fd, ".", W_OK, AT_EACCESS) < 0 ||
	    faccessat(places.claimed_fd, ".", W_OK, AT_EACCESS) < 0)
		return error_errno(err, "%s cannot be written", path);
	*ret = places;
	places = FOLDER_PLACES_NONE;
	return 0;
}

static int64_t
to_ms(struct timespec at)
{
	return at.tv_sec * CLOCK_SECOND_MS + at.tv_nsec / 1000000;
}

int
folder_clock(const struct folder_places *places, int64_t *ret_now_ms)
{
	AUTO(closep) int fd = -1;
	struct stat st;

	/* a new one each time: what is merely touched may get our own time */
	(void)unlinkat(places->claimed_fd, CLOCK_FILE, 0);
	fd = openat(places->claimed_fd, CLOCK_FILE,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	*ret_now_ms = to_ms(st.st_mtim);
	return 1;
}

/* ---- what lies there ---------------------------------------------------------- */

static void
fill_part(struct folder_part *part, const struct stat *st)
{
	part->size_bytes = st->st_size;
	part->modified = st->st_mtim;
	part->ino = st->st_ino;
}

int
folder_find_one(const struct folder_places *places, bool claimed, const char *name,
		struct folder_found *ret, struct error *err)
{
	struct stat st;

	if (fstatat(folder_fd(places, claimed), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_errno(err, "it cannot be looked at");
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_PERM, "not a regular file");
	ret->len = 1;
	ret->whole = true;
	(void)snprintf(ret->parts[0].name, sizeof(ret->parts[0].name), "%s", name);
	fill_part(&ret->parts[0], &st);
	return 1;
}

bool
folder_same_part(const struct folder_part *a, const struct folder_part *b)
{
	return a->ino == b->ino && a->size_bytes == b->size_bytes &&
	       a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

int64_t
folder_newest_ms(const struct folder_found *found)
{
	int64_t newest_ms = INT64_MIN;

	for (size_t i = 0; i < found->len; i++)
		if (to_ms(found->parts[i].modified) > newest_ms)
			newest_ms = to_ms(found->parts[i].modified);
	return newest_ms;
}

/* NFS, CIFS and some FUSE file systems know no RENAME_NOREPLACE, and some of those no links. */
int
folder_move(int from_fd, const char *from, int to_fd, const char *to)
{
	struct stat st;

	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	if (linkat(from_fd, from, to_fd, to, 0) == 0)
		return unlinkat(from_fd, from, 0);
	if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	if (fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno != ENOENT ? -1 : renameat(from_fd, from, to_fd, to);
}

/* ---- in use? --------------------------------------------------------------------- */

/* A lock that somebody holds: flock(2), fcntl(2), or a byte range of a Windows program over CIFS.
 */
static bool
is_locked(int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return true;
	(void)flock(fd, LOCK_UN);
	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/*
 * Is there a lease of that type to be had? A lease for reading is refused (EAGAIN) while somebody
 * on this host has the file open for writing, one for writing while anybody has it open. It is
 * given back at once; whoever opens it in that moment makes a SIGURG, which nobody heeds.
 */
static bool
may_lease(int fd, int type)
{
	if (fcntl(fd, F_SETLEASE, type) < 0)
		return false;
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	return true;
}

bool
folder_is_in_use(int fd)
{
	bool leases = fcntl(fd, F_SETSIG, SIGURG) == 0;

	if (leases && may_lease(fd, F_WRLCK)) /* so nobody has a lock either: the usual case */
		return false;
	return is_locked(fd) || (leases && !may_lease(fd, F_RDLCK) && errno == EAGAIN);
}

bool
folder_part_is(int fd, const struct folder_part *part)
{
	struct folder_part now = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	fill_part(&now, &st);
	return folder_same_part(part, &now);
}

int
folder_open_part(int dir_fd, const struct folder_part *part, int *ret_fd, struct error *err)
{
	AUTO(closep)
	int fd = openat(dir_fd, part->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, ERROR_PERM, "not a regular file");
	if (fd < 0) {
		if (errno != ENOENT)
			(void)error_errno(err, "it cannot be opened");
		return 0;
	}
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return error_set(err, ERROR_PERM, "not a regular file");
	if (!folder_part_is(fd, part)) {
		(void)error_set(err, ERROR_TEMP, "it is changing");
		return 0;
	}
	if (folder_is_in_use(fd)) {
		(void)error_set(err, ERROR_TEMP, "somebody has it in use");
		return 0;
	}
	*ret_fd = fd;
	fd = -1;
	return 1;
}
