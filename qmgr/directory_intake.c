/*
 * directory_intake.c: folders that are watched.
 *
 * Each folder is scanned: first what an earlier run had claimed, then new/;
 * again whenever inotify says so, and every `directory.rescan` whatever it
 * says (it is silent on network filesystems). A scan reads names in turns and
 * never holds them: a folder of a million files costs no memory but the marks
 * of those that were left. A folder that cannot be read is said once and tried
 * again at each scan.
 */
#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "qmgr/intake.h"
#include "admit/maildir.h"
#include "qmgr/seen.h"

enum {
	NAMES_A_TURN = 256,
	UNDER_WAY_MAX = 64, /* submissions of one folder at once */
};

enum scan_stage { SCAN_NONE, SCAN_CLAIMED, SCAN_NEW };

struct folder {
	struct directory_intake *intake;
	char *path;
	DIR *dir; /* open while a scan runs */
	enum scan_stage stage;
	bool again;  /* something came while a scan ran */
	bool failed; /* said so in the log */
	struct seen seen;
	struct maildir_file *under_way[UNDER_WAY_MAX];
	size_t under_way_len;
	int watch; /* inotify's number; −1 none */
};

struct directory_intake {
	const struct intake_host *host;
	struct folder *folders;
	size_t folders_len;
	int notify_fd;
	ev_io notify;
	ev_timer rescan;
	ev_timer turn; /* the next piece of a scan */
	bool paused, draining;
};

static void scan_start(struct folder *folder);

static void
complain(struct folder *folder, const char *text)
{
	if (!folder->failed)
		log_event(LOG_ERR, "folder-unreadable", LOG_S("path", folder->path),
			  LOG_S("reason", text));
	folder->failed = true;
}

/* ---- files under way --------------------------------------------------- */

static bool
is_under_way(const struct folder *folder, const char *name)
{
	for (size_t i = 0; i < folder->under_way_len; i++)
		if (strcmp(folder->under_way[i]->name, name) == 0)
			return true;
	return false;
}

static void
forget(struct folder *folder, struct maildir_file *file)
{
	for (size_t i = 0; i < folder->under_way_len; i++)
		if (folder->under_way[i] == file)
			folder->under_way[i] = folder->under_way[--folder->under_way_len];
	maildir_file_freep(&file);
}

static void
wake_scan(struct directory_intake *intake)
{
	if (!intake->draining && !ev_is_active(&intake->turn))
		ev_timer_start(intake->host->loop, &intake->turn);
}

static void
on_file_done(struct submission *s)
{
	struct maildir_file *file = s->ctx;
	struct folder *folder = file->owner;
	struct error err = { 0 };

	switch (s->outcome) {
	case SUBMISSION_COMMITTED:
	case SUBMISSION_DAMAGED:
		if (maildir_remove(file, &err) < 0)
			log_event(LOG_ERR, "file-not-removed", LOG_S("reason", err.text));
		break;
	case SUBMISSION_LEFT: /* ordinary mail will be so tomorrow: it is not read again */
		if (file->mark != 0)
			seen_add(&folder->seen, file->mark);
		if (file->claimed && maildir_give_back(file, &err) < 0)
			log_event(LOG_ERR, "file-not-given-back", LOG_S("reason", err.text));
		break;
	case SUBMISSION_REFUSED: /* stays where it is; the next scan tries again */
		log_event(LOG_WARNING, "file-refused", LOG_S("path", folder->path),
			  LOG_S("name", file->name), LOG_S("reason", s->err.text));
		break;
	}
	forget(folder, file);
	wake_scan(folder->intake);
}

/* mark is 0 for a file that an earlier run had claimed. */
static void
submit_file(struct folder *folder, const char *name, uint64_t mark)
{
	const struct intake_host *host = folder->intake->host;
	struct maildir_file *file = maildir_file_new(folder->path, name, mark == 0);

	file->owner = folder;
	file->mark = mark;
	file->spool_folder = host->spool_folder;
	file->size_limit_bytes = host->settings->limits.size_bytes;
	file->submission = submission_new(&maildir_source, intake_policy(host));
	file->submission->done = on_file_done;
	file->submission->ctx = file;
	folder->under_way[folder->under_way_len++] = file;
	intake_submit(host, file->submission);
}

/* ---- scanning ----------------------------------------------------------- */

static void
look_at(struct folder *folder, const char *name)
{
	struct stat st;
	uint64_t mark;

	if (name[0] == '.' || is_under_way(folder, name))
		return;
	if (fstatat(dirfd(folder->dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return;
	if (folder->stage == SCAN_CLAIMED) {
		submit_file(folder, name, 0);
		return;
	}
	mark = seen_mark(name, st.st_ino, st.st_mtim.tv_sec, st.st_size);
	if (!seen_has(&folder->seen, mark))
		submit_file(folder, name, mark);
}

static void
scan_open(struct folder *folder, enum scan_stage stage)
{
	AUTO(freep)
	char *path = xasprintf("%s/%s", folder->path, stage == SCAN_CLAIMED ? ".ndrq" : "new");

	folder->stage = stage;
	folder->dir = opendir(path);
	if (folder->dir == NULL) {
		complain(folder, strerror(errno));
		folder->stage = SCAN_NONE;
	}
}

static void
scan_end(struct folder *folder)
{
	(void)closedir(folder->dir);
	folder->dir = NULL;
	if (folder->stage == SCAN_CLAIMED) {
		scan_open(folder, SCAN_NEW);
		return;
	}
	folder->stage = SCAN_NONE;
	folder->failed = false;
	seen_turn(&folder->seen);
	if (folder->again)
		scan_start(folder);
}

/* A turn's worth of names. True: there may be more. */
static bool
scan_turn(struct folder *folder)
{
	for (int i = 0; i < NAMES_A_TURN && folder->stage != SCAN_NONE; i++) {
		const struct dirent *entry;

		if (folder->under_way_len == UNDER_WAY_MAX)
			return false; /* on_file_done wakes us */
		entry = readdir(folder->dir);
		if (entry == NULL)
			scan_end(folder);
		else
			look_at(folder, entry->d_name);
	}
	return folder->stage != SCAN_NONE;
}

static void
watch_folder(struct folder *folder)
{
	AUTO(freep) char *path = xasprintf("%s/new", folder->path);

	if (folder->intake->notify_fd >= 0)
		folder->watch = inotify_add_watch(folder->intake->notify_fd, path,
						  IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
}

static void
scan_start(struct folder *folder)
{
	struct error err;

	if (folder->stage != SCAN_NONE) {
		folder->again = true;
		return;
	}
	folder->again = false;
	if (maildir_prepare(folder->path, &err) < 0) {
		complain(folder, err.text);
		return;
	}
	watch_folder(folder); /* a folder that was gone has lost its watch */
	scan_open(folder, SCAN_CLAIMED);
}

static void
on_turn(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct directory_intake *intake = timer->data;
	bool more = false;

	(void)loop;
	(void)events;
	if (intake->paused || intake->draining)
		return;
	for (size_t i = 0; i < intake->folders_len; i++)
		more |= scan_turn(&intake->folders[i]);
	if (more)
		wake_scan(intake);
}

static void
scan_all(struct directory_intake *intake)
{
	for (size_t i = 0; i < intake->folders_len; i++)
		scan_start(&intake->folders[i]);
	wake_scan(intake);
}

static void
on_rescan(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct directory_intake *intake = timer->data;

	(void)events;
	if (intake->draining)
		return;
	scan_all(intake);
	ev_timer_set(timer, (double)intake->host->settings->directory.rescan_ms / 1e3, 0);
	ev_timer_start(loop, timer);
}

static void
on_notify(struct ev_loop *loop, ev_io *io, int events)
{
	struct directory_intake *intake = io->data;
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(intake->notify_fd, buffer, sizeof(buffer));

	(void)loop;
	(void)events;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

		for (size_t i = 0; i < intake->folders_len; i++)
			if (event->wd == intake->folders[i].watch || (event->mask & IN_Q_OVERFLOW))
				scan_start(&intake->folders[i]);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	wake_scan(intake);
}

/* ---- the intake --------------------------------------------------------- */

static void
directory_stop(void *state)
{
	struct directory_intake *intake = state;

	ev_timer_stop(intake->host->loop, &intake->rescan);
	ev_timer_stop(intake->host->loop, &intake->turn);
	ev_io_stop(intake->host->loop, &intake->notify);
	closep(&intake->notify_fd);
	for (size_t i = 0; i < intake->folders_len; i++) {
		if (intake->folders[i].dir != NULL)
			(void)closedir(intake->folders[i].dir);
		seen_done(&intake->folders[i].seen);
		free(intake->folders[i].path);
	}
	free(intake->folders);
	free(intake);
}

static int
directory_start(const struct intake_host *host, void **ret_state, struct error *err)
{
	struct directory_intake *intake = xcalloc(1, sizeof(*intake));

	(void)err; /* a folder may come later: a mount, a new user */
	intake->host = host;
	intake->folders_len = host->settings->directories_len;
	intake->folders = xcalloc(intake->folders_len, sizeof(intake->folders[0]));
	intake->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ev_timer_init(&intake->turn, on_turn, 0, 0);
	intake->turn.data = intake;
	ev_timer_init(&intake->rescan, on_rescan, 0, 0);
	intake->rescan.data = intake;
	ev_io_init(&intake->notify, on_notify, intake->notify_fd, EV_READ);
	intake->notify.data = intake;
	for (size_t i = 0; i < intake->folders_len; i++) {
		intake->folders[i].intake = intake;
		intake->folders[i].path = xstrdup(host->settings->directories[i].path);
		intake->folders[i].watch = -1;
	}
	if (intake->notify_fd >= 0)
		ev_io_start(host->loop, &intake->notify);
	ev_timer_start(host->loop, &intake->rescan);
	*ret_state = intake;
	return 0;
}

static void
directory_pause(void *state, bool paused)
{
	struct directory_intake *intake = state;

	intake->paused = paused;
	if (!paused)
		wake_scan(intake);
}

static void
directory_drain(void *state)
{
	((struct directory_intake *)state)->draining = true;
}

static size_t
directory_busy(const void *state)
{
	const struct directory_intake *intake = state;
	size_t busy = 0;

	for (size_t i = 0; i < intake->folders_len; i++)
		busy += intake->folders[i].under_way_len;
	return busy;
}

const struct intake directory_intake = {
	.name = "directory",
	.start = directory_start,
	.pause = directory_pause,
	.drain = directory_drain,
	.busy = directory_busy,
	.stop = directory_stop,
};
