/*
 * room.c: is there space for more, before the disk says no.
 *
 * On the disk, new bytes are written to the WAL and again to the file (less
 * the pages free inside it), and pages that are only in the WAL are owed to
 * the file: without room for those no checkpoint succeeds, the WAL is never
 * used again from its start, and not even a purge could be written.
 * Of the file, pages in use are counted, those still in the WAL included: so
 * purging makes room at once, though the file shrinks only slowly. The WAL
 * itself is not counted; checkpoints keep it near 16 MB and one transaction.
 */
#include "store/room.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define PAGE_BYTES 4096 /* SQLite's default since 3.12; open.c sets no other */

struct room {
	int64_t used, unused; /* of the file, in bytes; committed, wherever they are */
	int64_t disk;         /* free, less what is owed to the file */
};

static int
get_pages(struct store *store, struct room *room, struct error *err)
{
	int64_t all, unused;

	if (sql_ask_int(store, SQL_PAGES_ALL, &all, err) < 0 ||
	    sql_ask_int(store, SQL_PAGES_FREE, &unused, err) < 0)
		return -1;
	room->used = (all - unused) * PAGE_BYTES;
	room->unused = unused * PAGE_BYTES;
	return 0;
}

static int
get_room(struct store *store, struct room *room, struct error *err)
{
	struct statvfs fs;
	struct stat file;
	int64_t owed;

	if (get_pages(store, room, err) < 0)
		return -1;
	if (statvfs(store->folder, &fs) < 0)
		return error_errno(err, "%s", store->folder);
	if (stat(store->path, &file) < 0)
		return error_errno(err, "store %s", store->path);
	owed = room->used + room->unused - (int64_t)file.st_size;
	room->disk = (int64_t)(fs.f_bavail * fs.f_frsize) - (owed > 0 ? owed : 0);
	return 0;
}

int
store_check_room(struct store *store, int64_t more_bytes, struct error *err)
{
	struct room room = { 0 };
	int64_t growth;

	if (get_room(store, &room, err) < 0)
		return -1;
	if (store->max_size_bytes > 0 && room.used + more_bytes > store->max_size_bytes)
		return error_set(err, ERROR_TEMP,
				 "store %s: max_size reached: %" PRId64 " of %" PRId64
				 " bytes used",
				 store->path, room.used, store->max_size_bytes);
	growth = more_bytes > room.unused ? more_bytes - room.unused : 0;
	if (room.disk - more_bytes - growth < store->min_free_bytes)
		return error_set(err, ERROR_TEMP,
				 "store %s: min_free reached: %" PRId64
				 " bytes to spare on the disk",
				 store->path, room.disk);
	return 0;
}

void
room_give_back(struct store *store)
{
	struct room room = { 0 };

	if (get_room(store, &room, NULL) < 0)
		return;
	if (room.unused > room.used / 3 || room.disk < store->min_free_bytes)
		(void)sql_run(store, SQL_PAGES_GIVE_BACK, NULL);
}
