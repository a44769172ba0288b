/*
 * room.c: is there space for more, before the disk says no.
 *
 * Of the disk, what is counted is what others may still take: new bytes are
 * written to the WAL and again to the file (less the pages free inside it).
 * Of the file, pages in use, those still in the WAL included: so purging
 * makes room at once, though the file shrinks only slowly. The WAL itself is
 * not counted; checkpoints keep it near 16 MB and one transaction.
 */
#include "store/room.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#define PAGE_BYTES 4096 /* SQLite's default since 3.12; open.c sets no other */

static int
get_pages(struct store *store, int64_t *ret_used_bytes, int64_t *ret_free_bytes, struct error *err)
{
	int64_t all, unused;

	if (sql_ask_int(store, SQL_PAGES_ALL, &all, err) < 0 ||
	    sql_ask_int(store, SQL_PAGES_FREE, &unused, err) < 0)
		return -1;
	*ret_used_bytes = (all - unused) * PAGE_BYTES;
	*ret_free_bytes = unused * PAGE_BYTES;
	return 0;
}

static int
get_disk(const struct store *store, int64_t *ret_bytes, struct error *err)
{
	struct statvfs fs;

	if (statvfs(store->folder, &fs) < 0)
		return error_errno(err, "%s", store->folder);
	*ret_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	return 0;
}

int
store_check_room(struct store *store, int64_t more_bytes, struct error *err)
{
	int64_t used, unused, disk = 0;
	int64_t growth;

	if (get_pages(store, &used, &unused, err) < 0 || get_disk(store, &disk, err) < 0)
		return -1;
	if (store->max_size_bytes > 0 && used + more_bytes > store->max_size_bytes)
		return error_set(err, ERROR_TEMP,
				 "store %s: max_size reached: %" PRId64 " of %" PRId64
				 " bytes used",
				 store->path, used, store->max_size_bytes);
	growth = more_bytes > unused ? more_bytes - unused : 0;
	if (disk - more_bytes - growth < store->min_free_bytes)
		return error_set(err, ERROR_TEMP,
				 "store %s: min_free reached: %" PRId64 " bytes free on the disk",
				 store->path, disk);
	return 0;
}

void
room_give_back(struct store *store)
{
	int64_t used, unused, disk = 0;

	if (get_pages(store, &used, &unused, NULL) < 0 || get_disk(store, &disk, NULL) < 0)
		return;
	if (unused > used / 3 || disk < store->min_free_bytes)
		(void)sql_run(store, SQL_PAGES_GIVE_BACK, NULL);
}
