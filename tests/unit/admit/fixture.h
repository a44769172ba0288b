/*
 * fixture.h: what several tests of qmgr/ need: a folder of one's own, a store
 * in it, a loop's end of a channel, a peer of its own to look from.
 */
#ifndef TESTS_UNIT_ADMIT_FIXTURE_H
#define TESTS_UNIT_ADMIT_FIXTURE_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/channel.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define UNUSED   __attribute__((unused))

static UNUSED char *
folder_make(void)
{
	char name[] = "/tmp/ndrq-qmgr-XXXXXX";

	cr_assert_not_null(mkdtemp(name));
	return xstrdup(name);
}

static UNUSED int
folder_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* For AUTO: the folder goes with all that is in it. */
static UNUSED void
folder_removep(char **path)
{
	(void)nftw(*path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(TAKE(*path));
}

static UNUSED size_t
folder_count(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	(void)closedir(dir);
	return count;
}

static UNUSED void
write_file(const char *path, struct span text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	cr_assert_eq(fwrite(text.data, 1, text.len, f), text.len);
	cr_assert_eq(fclose(f), 0);
}

static UNUSED bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/*
 * The loop's end of a channel without a loop: takes one task, waiting for it,
 * and calls its done. False once the channel is closed and empty.
 */
static UNUSED bool
back_turn(struct channel *back)
{
	struct task *task = channel_take(back);

	if (task == NULL)
		return false;
	task->done(task);
	return true;
}

#endif
