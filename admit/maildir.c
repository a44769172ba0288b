/*
 * maildir.c: reading and claiming a file.
 *
 *	new/x ──read──► ours? ──rename──► .ndrq/x ──COMMIT──► gone
 *	  ▲               │ no                │ crash
 *	  └── left ◄──────┘                   └──► read again at the next start
 *
 * Promises that a file is removed only after its COMMIT, that ordinary mail is
 * never moved, and that no link is followed.
 */
#include "admit/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

static char *
path_in(const struct maildir_file *file, bool claimed)
{
	return xasprintf("%s/%s/%s", file->folder, claimed ? ".ndrq" : "new", file->name);
}

static int
open_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_errno(err, "%s", path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	errno = EINVAL;
	return error_set(err, ERROR_PERM, "%s: not a regular file", path);
}

static int
read_into_spool(int fd, struct spool *spool, const char *path, struct error *err)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (spool_add(spool, (struct span){ chunk, (size_t)n }, err) < 0)
			return -1;
	if (n < 0)
		return error_errno(err, "%s", path);
	return spool_finish(spool, err);
}

/* Return-Path, X-Original-To, Delivered-To, To: what stands in for an envelope. */
static void
maildir_read_envelope(struct submission *s)
{
	AUTO(freep) char *rcpt = NULL;
	struct submission_rcpt *only = submission_add_rcpt(s);

	facts_envelope_from_header(spool_bytes(s->spool), &s->sender, &rcpt);
	if (rcpt != NULL)
		buffer_add_str(&only->path, rcpt);
}

static int
maildir_load(struct submission *s, struct error *err)
{
	const struct maildir_file *file = s->ctx;
	AUTO(freep) char *path = path_in(file, file->claimed);
	AUTO(closep) int fd = open_file(path, err);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	s->spool = spool_new(file->spool_folder, file->size_limit_bytes);
	if (read_into_spool(fd, s->spool, path, err) < 0)
		return -1;
	s->received_at_ms = clock_now_ms();
	return 1;
}

/* Never over an older file. NFS and some FUSE filesystems know no RENAME_NOREPLACE: a link then
 * does it. */
static int
move_file(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(from, to) < 0 || unlink(from) < 0 ? -1 : 0;
}

static int
maildir_take(struct submission *s, struct error *err)
{
	struct maildir_file *file = s->ctx;
	AUTO(freep) char *from = path_in(file, false);
	AUTO(freep) char *to = path_in(file, true);

	if (file->claimed)
		return 1;
	if (move_file(from, to) < 0)
		return errno == ENOENT ? 0 : error_errno(err, "%s", from);
	file->claimed = true;
	return 1;
}

const struct submission_source maildir_source = {
	.intake = "maildir",
	.load = maildir_load,
	.read_envelope = maildir_read_envelope,
	.take = maildir_take,
	.leaves_mail = true,
	.delivered_to_is_ours = true,
};

struct maildir_file *
maildir_file_new(const char *folder, const char *name, bool claimed)
{
	struct maildir_file *file = xcalloc(1, sizeof(*file));

	file->folder = xstrdup(folder);
	file->name = xstrdup(name);
	file->claimed = claimed;
	return file;
}

void
maildir_file_freep(struct maildir_file **ret_file)
{
	struct maildir_file *file = *ret_file;

	if (file == NULL)
		return;
	submission_freep(&file->submission);
	free(file->folder);
	free(file->name);
	free(file);
	*ret_file = NULL;
}

int
maildir_prepare(const char *folder, struct error *err)
{
	AUTO(freep) char *path = xasprintf("%s/.ndrq", folder);

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", path);
	return 0;
}

int
maildir_remove(const struct maildir_file *file, struct error *err)
{
	AUTO(freep) char *path = path_in(file, true);

	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, "%s", path);
	return 0;
}

int
maildir_give_back(const struct maildir_file *file, struct error *err)
{
	AUTO(freep) char *from = path_in(file, true);
	AUTO(freep) char *to = path_in(file, false);

	if (!file->claimed)
		return 0;
	if (move_file(from, to) < 0)
		return error_errno(err, "%s", from);
	return 0;
}
