/*
 * sweep_delete.c: files that go.
 *
 * The message goes first: where it is in use, the triplet stays whole.
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

static int
remove_parts(const struct sweep *sweep, const struct badmail *badmail, bool only_unchanged)
{
	for (int part = BADMAIL_BAD; part < BADMAIL_PARTS; part++) {
		const struct badmail_file *file = &badmail->parts[part];

		if (!file->there || (only_unchanged && !is_unchanged(sweep->folder_fd, file)))
			continue;
		if (unlinkat(sweep->folder_fd, file->name, 0) < 0 && errno != ENOENT)
			return 0;
	}
	return 1;
}

int
sweep_remove(const struct sweep *sweep, const struct badmail *badmail)
{
	return remove_parts(sweep, badmail, true);
}

/* Unread, and found only now. */
static int
delete_triplet(struct sweep *sweep, const struct badmail *badmail, const char *why,
	       struct error *err)
{
	if (!remove_parts(sweep, badmail, false))
		return sweep_refused(sweep, badmail, errno, err);
	sweep_report(sweep, &(struct sweep_line){ .outcome = SWEEP_TAKEN,
						  .name = sweep_name(badmail),
						  .badmail = badmail,
						  .why = why });
	return 0;
}

const struct sweep_taker sweep_deleter = { .did = "deleted", .take = delete_triplet };
