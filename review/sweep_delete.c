/*
 * sweep_delete.c: files that go.
 *
 * Unread, the message goes first: where it is in use, the triplet stays whole.
 * Of one that is kept elsewhere it goes last: whatever ends the run between
 * two files, the message leads what is left, and is recognised by it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "review/sweep.h"

static bool
is_unchanged(int folder_fd, const struct badmail_file *file)
{
	struct stat st;

	return fstatat(folder_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_size == file->size_bytes && st.st_mtim.tv_sec == file->modified.tv_sec &&
	       st.st_mtim.tv_nsec == file->modified.tv_nsec;
}

/* 0: refused, with errno; what is gone is not. */
static int
remove_part(const struct sweep *sweep, const struct badmail_file *file)
{
	return !file->there || unlinkat(sweep->folder_fd, file->name, 0) == 0 || errno == ENOENT;
}

int
sweep_remove(const struct sweep *sweep, const struct badmail *badmail)
{
	for (int part = BADMAIL_PARTS; part-- > BADMAIL_BAD;) {
		const struct badmail_file *file = &badmail->parts[part];

		if (file->there && is_unchanged(sweep->folder_fd, file) &&
		    !remove_part(sweep, file))
			return 0;
	}
	return 1;
}

/* Unread, and found only now. */
static int
remove_unread(const struct sweep *sweep, const struct badmail *badmail)
{
	for (int part = BADMAIL_BAD; part < BADMAIL_PARTS; part++)
		if (!remove_part(sweep, &badmail->parts[part]))
			return 0;
	return 1;
}

static int
delete_triplet(struct sweep *sweep, const struct badmail *badmail, const char *why,
	       struct error *err)
{
	if (!remove_unread(sweep, badmail))
		return sweep_refused(sweep, badmail, errno, err);
	sweep_report(sweep, &(struct sweep_line){ .outcome = SWEEP_TAKEN,
						  .name = sweep_name(badmail),
						  .badmail = badmail,
						  .why = why });
	return 0;
}

const struct sweep_taker sweep_deleter = { .did = "deleted", .take = delete_triplet };
