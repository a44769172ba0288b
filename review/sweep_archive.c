/*
 * sweep_archive.c: triplets move to another folder.
 *
 * On the same volume by rename, else copied, synced, and only then removed.
 * Nothing in the archive is ever replaced: where a name is taken the triplet
 * gets another one, all its parts the same ("x.1.bad"). A run that was killed
 * may have copied what it did not remove: the next one finds the same bytes
 * there and only removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admit/folder.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "review/output.h"
#include "review/sweep.h"

enum { NAMES_MAX = 10000 };
#define COPY_NAME ".ndrq-archive.tmp"

struct archive {
	int fd;
	bool other_volume;
};

/* A triplet on its way. */
struct move {
	struct sweep *sweep;
	struct archive *archive;
	const struct badmail *badmail;
	char names[BADMAIL_PARTS][NAME_MAX + 1]; /* in the archive */
	bool copied[BADMAIL_PARTS];              /* by us, now */
	bool there[BADMAIL_PARTS];               /* by a run that was killed */
	bool unreadable;                         /* it failed at the file, not at the archive */
};

static int
open_part(const struct move *m, int part)
{
	return openat(m->sweep->folder_fd, m->badmail->parts[part].name,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* ---- a free name -------------------------------------------------------- */

/* false: too long. */
static bool
write_names(struct move *m, int number)
{
	char suffix[16] = "";

	if (number > 0)
		(void)snprintf(suffix, sizeof(suffix), ".%d", number);
	for (int part = 0; part < BADMAIL_PARTS; part++) {
		const struct badmail_file *file = &m->badmail->parts[part];
		size_t base_len = m->badmail->base_len;

		if (file->there && snprintf(m->names[part], sizeof(m->names[part]), "%.*s%s%s",
					    (int)base_len, file->name, suffix,
					    file->name + base_len) >= (int)sizeof(m->names[part]))
			return false;
	}
	return true;
}

static bool
read_same(int a, int b)
{
	char one[16384], other[16384];
	ssize_t n, m;

	do {
		n = read(a, one, sizeof(one));
		m = n > 0 ? read(b, other, (size_t)n) : read(b, other, 1);
		if (n < 0 || m != n || memcmp(one, other, (size_t)n) != 0)
			return false;
	} while (n > 0);
	return true;
}

static bool
is_copy(const struct move *m, int part)
{
	AUTO(closep) int here = open_part(m, part);
	AUTO(closep)
	int there = openat(m->archive->fd, m->names[part],
			   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return here >= 0 && there >= 0 && read_same(here, there);
}

static bool
names_are_free(struct move *m)
{
	for (int part = 0; part < BADMAIL_PARTS; part++) {
		struct stat st;

		m->there[part] = false;
		if (!m->badmail->parts[part].there ||
		    fstatat(m->archive->fd, m->names[part], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!m->archive->other_volume || !S_ISREG(st.st_mode) || !is_copy(m, part))
			return false;
		m->there[part] = true;
	}
	return true;
}

/* 0, or an errno. */
static int
find_names(struct move *m)
{
	for (int number = 0; number < NAMES_MAX; number++) {
		if (!write_names(m, number))
			return ENAMETOOLONG;
		if (names_are_free(m))
			return 0;
	}
	return EEXIST;
}

/* ---- moving ------------------------------------------------------------- */

/* Never over a file. Where RENAME_NOREPLACE is not known the name is made ours first. */
static int
rename_to(int from_fd, const char *from, int to_fd, const char *to)
{
	int placeholder;

	if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	placeholder = openat(to_fd, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (placeholder < 0)
		return -1;
	(void)close(placeholder);
	if (renameat(from_fd, from, to_fd, to) == 0)
		return 0;
	placeholder = errno;
	(void)unlinkat(to_fd, to, 0);
	errno = placeholder;
	return -1;
}

static int
copy_bytes(struct move *m, int from, int to)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) > 0)
		if (file_write_all(to, chunk, (size_t)n, NULL) < 0)
			return -1;
	m->unreadable = n < 0;
	return n < 0 ? -1 : 0;
}

/* Synced under a name of its own, then under its name. */
static int
copy_to(struct move *m, int part, int from, int to)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   m->badmail->parts[part].modified };

	if (copy_bytes(m, from, to) < 0 || futimens(to, times) < 0 || fsync(to) < 0)
		return -1;
	return rename_to(m->archive->fd, COPY_NAME, m->archive->fd, m->names[part]);
}

static int
copy_part(struct move *m, int part)
{
	AUTO(closep) int from = open_part(m, part);
	AUTO(closep) int to = -1;
	int saved;

	if (from < 0)
		return -1;
	if (folder_is_in_use(from)) {
		errno = EBUSY;
		return -1;
	}
	to = openat(m->archive->fd, COPY_NAME,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -1;
	if (copy_to(m, part, from, to) == 0) {
		m->copied[part] = true;
		return 0;
	}
	saved = errno;
	(void)unlinkat(m->archive->fd, COPY_NAME, 0); /* a full disk needs the room */
	errno = saved;
	return -1;
}

static void
undo_copies(struct move *m)
{
	int saved = errno;

	for (int part = 0; part < BADMAIL_PARTS; part++)
		if (m->copied[part])
			(void)unlinkat(m->archive->fd, m->names[part], 0);
	errno = saved;
}

/* 0, or an errno. */
static int
copy_all(struct move *m)
{
	for (int part = 0; part < BADMAIL_PARTS; part++) {
		if (!m->badmail->parts[part].there || m->there[part])
			continue;
		if (copy_part(m, part) < 0) {
			undo_copies(m);
			return errno;
		}
	}
	/* some network file systems cannot sync a folder, and need not */
	if (fsync(m->archive->fd) < 0 && errno != EINVAL) {
		undo_copies(m);
		return errno;
	}
	return sweep_remove(m->sweep, m->badmail) ? 0 : errno;
}

/* The message first: where it is in use, the triplet stays whole. 0, or an errno. */
static int
rename_all(struct move *m)
{
	for (int part = BADMAIL_BAD; part < BADMAIL_PARTS; part++) {
		const struct badmail_file *file = &m->badmail->parts[part];

		if (file->there &&
		    rename_to(m->sweep->folder_fd, file->name, m->archive->fd, m->names[part]) < 0)
			return errno;
	}
	return 0;
}

static int
move_all(struct move *m)
{
	int error = find_names(m);

	if (error != 0)
		return error;
	if (!m->archive->other_volume) {
		error = rename_all(m);
		if (error != EXDEV)
			return error;
		m->archive->other_volume = true; /* mounts of one device are still two */
	}
	return copy_all(m);
}

static int
archive_triplet(struct sweep *sweep, const struct badmail *badmail, const char *why,
		struct error *err)
{
	struct move m = { .sweep = sweep, .archive = sweep->taker_state, .badmail = badmail };
	int error = move_all(&m), part = BADMAIL_BAD;

	if (error != 0 && m.unreadable)
		return sweep_unreadable(sweep, badmail, error, err);
	if (error != 0)
		return sweep_refused(sweep, badmail, error, err);
	while (!badmail->parts[part].there)
		part++;
	sweep_report(sweep, &(struct sweep_line){
				    .outcome = SWEEP_TAKEN,
				    .name = sweep_name(badmail),
				    .badmail = badmail,
				    .why = why,
				    .archived_as = strcmp(m.names[part], sweep_name(badmail)) == 0
							   ? NULL
							   : m.names[part],
			    });
	return 0;
}

const struct sweep_taker sweep_archiver = { .did = "archived", .take = archive_triplet };

/* ---- opening ------------------------------------------------------------ */

static int
check_archive(const struct sweep *sweep, struct archive *archive)
{
	struct stat here, there;

	if (fstat(sweep->folder_fd, &here) < 0 || fstat(archive->fd, &there) < 0 ||
	    faccessat(archive->fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return -1;
	archive->other_volume = here.st_dev != there.st_dev;
	if (!archive->other_volume && here.st_ino == there.st_ino) {
		errno = EEXIST;
		return -1;
	}
	/* two runs must not use one name for their copies */
	return flock(archive->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? -1 : 0;
}

int
sweep_archive_open(struct sweep *sweep)
{
	const char *path = sweep->plan->archive;
	struct archive *archive = xcalloc(1, sizeof(*archive));

	sweep->taker_state = archive;
	archive->fd = -1;
	if (mkdir(path, 0750) < 0 && errno != EEXIST) {
		complain("--archive %s: %s", path, strerror(errno));
		return EX_CANTCREAT;
	}
	archive->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (archive->fd >= 0 && check_archive(sweep, archive) == 0)
		return EX_OK;
	if (errno == EEXIST) {
		complain("--archive %s: that is the folder to be swept", path);
		return EX_USAGE;
	}
	complain("--archive %s: %s", path,
		 errno == EWOULDBLOCK ? "another sweep is at work in it" : strerror(errno));
	return errno == EWOULDBLOCK ? EX_TEMPFAIL : EX_CANTCREAT;
}

void
sweep_archive_close(struct sweep *sweep)
{
	struct archive *archive = sweep->taker_state;

	closep(&archive->fd);
	free(archive);
	sweep->taker_state = NULL;
}
