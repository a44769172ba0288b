/*
 * directory_intake.c: folders that are watched.
 *
 * Each is scanned every `directory.rescan`, whatever inotify says (it is
 * silent on network filesystems, and can be switched off), and again whenever
 * it says that something came. Where files are written in place its word
 * counts as a first look at the one it names, and the second comes as soon
 * as the file may be safe.
 */
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "qmgr/folder_intake.h"
#include "qmgr/intake.h"
#include "qmgr/pickup.h"

#define MOMENT_S 0.05 /* after the time at which a file may be safe */
#define REST     9    /* times what a scan has taken: a folder of a million gets a tenth of a CPU */

struct watched {
	struct folder_intake *folder;
	struct pickup_sender *sender; /* NULL: it sends no mail */
	int watch;                    /* inotify's number; −1 none */
	ev_timer soon;                /* the second look */
	double ended;                 /* when the last scan did */
};

struct directory_intake {
	const struct intake_host *host;
	struct watched *watched;
	size_t watched_len;
	int notify_fd; /* −1: switched off, or not to be had */
	ev_io notify;
	ev_timer rescan;
	ev_timer turn; /* the next piece of a scan */
	bool paused, draining;
};

static void
wake_turn(void *ctx)
{
	struct directory_intake *intake = ctx;

	if (!intake->draining && !ev_is_active(&intake->turn))
		ev_timer_start(intake->host->loop, &intake->turn);
}

/* ---- scanning ------------------------------------------------------------- */

/* A folder that was gone has lost its watch; one that has it keeps it. */
static void
watch_folder(struct directory_intake *intake, struct watched *w)
{
	const struct folder_kind *kind = folder_intake_kind(w->folder);
	AUTO(freep)
	char *path = xasprintf("%s/%s", folder_intake_path(w->folder),
			       kind->inside != NULL ? kind->inside : ".");
	uint32_t events = IN_MOVED_TO | IN_ONLYDIR | (kind->settles ? IN_CLOSE_WRITE : IN_CREATE);

	if (intake->notify_fd >= 0)
		w->watch = inotify_add_watch(intake->notify_fd, path, events);
}

static bool
has_rested(const struct directory_intake *intake, const struct watched *w)
{
	double spent_s = (double)folder_scan_spent_ms(folder_intake_scan(w->folder)) / 1e3;

	return ev_now(intake->host->loop) - w->ended >= REST * spent_s;
}

static void
start_scan(struct directory_intake *intake, struct watched *w)
{
	if (!folder_scan_runs(folder_intake_scan(w->folder)) && !has_rested(intake, w))
		return; /* the next rescan comes */
	watch_folder(intake, w);
	folder_scan_start(folder_intake_scan(w->folder));
	wake_turn(intake);
}

/* When something may be safe before the next rescan comes round. */
static void
look_again_soon(struct directory_intake *intake, struct watched *w)
{
	const struct settings *s = intake->host->settings;

	if (!folder_scan_waits(folder_intake_scan(w->folder)) || ev_is_active(&w->soon) ||
	    s->directory.settle_ms >= s->directory.rescan_ms)
		return;
	ev_timer_set(&w->soon, (double)s->directory.settle_ms / 1e3 + MOMENT_S, 0);
	ev_timer_start(intake->host->loop, &w->soon);
}

static void
on_soon(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct watched *w = (struct watched *)((char *)timer - offsetof(struct watched, soon));

	(void)loop;
	(void)events;
	start_scan(timer->data, w);
}

static void
on_turn(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct directory_intake *intake = timer->data;
	bool more = false;

	(void)events;
	if (intake->paused || intake->draining)
		return;
	for (size_t i = 0; i < intake->watched_len; i++) {
		struct watched *w = &intake->watched[i];
		bool runs = folder_scan_runs(folder_intake_scan(w->folder));

		more |= folder_scan_turn(folder_intake_scan(w->folder));
		if (runs && !folder_scan_runs(folder_intake_scan(w->folder))) {
			w->ended = ev_now(loop);
			look_again_soon(intake, w);
		}
	}
	if (more)
		wake_turn(intake);
}

static void
on_rescan(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct directory_intake *intake = timer->data;

	(void)events;
	if (intake->draining)
		return;
	for (size_t i = 0; i < intake->watched_len; i++)
		if (!folder_scan_runs(folder_intake_scan(intake->watched[i].folder)))
			start_scan(intake, &intake->watched[i]);
	ev_timer_set(timer, (double)intake->host->settings->directory.rescan_ms / 1e3, 0);
	ev_timer_start(loop, timer);
}

/* ---- inotify ----------------------------------------------------------------- */

static void
heed_event(struct directory_intake *intake, const struct inotify_event *event)
{
	for (size_t i = 0; i < intake->watched_len; i++) {
		struct watched *w = &intake->watched[i];

		if (event->wd != w->watch && (event->mask & IN_Q_OVERFLOW) == 0)
			continue;
		if (folder_intake_kind(w->folder)->settles && event->len > 0) {
			folder_scan_notice(folder_intake_scan(w->folder), event->name);
			look_again_soon(intake, w);
		} else {
			start_scan(intake, w);
		}
	}
}

static void
on_notify(struct ev_loop *loop, ev_io *io, int events)
{
	struct directory_intake *intake = io->data;
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(intake->notify_fd, buffer, sizeof(buffer));

	(void)loop;
	(void)events;
	if (intake->draining)
		return;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

		heed_event(intake, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
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
	for (size_t i = 0; i < intake->watched_len; i++) {
		pickup_sender_freep(&intake->watched[i].sender);
		ev_timer_stop(intake->host->loop, &intake->watched[i].soon);
		folder_intake_freep(&intake->watched[i].folder);
	}
	free(intake->watched);
	free(intake);
}

/* Its own relay, else the one for what is new, else the common one. */
static const char *
relay_of(const struct settings *s, const struct settings_directory *row)
{
	if (row->release.relay != NULL)
		return row->release.relay;
	return s->submit.relay != NULL ? s->submit.relay : s->release.relay;
}

static int
add_folder(struct directory_intake *intake, struct watched *w, const struct settings_directory *row,
	   struct error *err)
{
	struct folder_intake_options options = {
		.host = intake->host,
		.row = row,
		.wake = wake_turn,
		.ctx = intake,
	};

	ev_init(&w->soon, on_soon);
	w->soon.data = intake;
	w->watch = -1;
	if (folder_kind_find(row->kind)->sends_mail &&
	    pickup_sender_new(intake->host, relay_of(intake->host->settings, row), &w->sender,
			      err) < 0)
		return -1;
	options.sender = w->sender;
	w->folder = folder_intake_new(&options);
	return 0;
}

static int
add_folders(struct directory_intake *intake, struct error *err)
{
	const struct settings *settings = intake->host->settings;

	intake->watched = xcalloc(settings->directories_len, sizeof(intake->watched[0]));
	while (intake->watched_len < settings->directories_len) {
		size_t i = intake->watched_len++;

		if (add_folder(intake, &intake->watched[i], &settings->directories[i], err) < 0)
			return -1;
	}
	return 0;
}

static int
directory_start(const struct intake_host *host, void **ret_state, struct error *err)
{
	struct directory_intake *intake = xcalloc(1, sizeof(*intake));

	/* a folder may come later: a mount, a new user */
	intake->host = host;
	intake->notify_fd = -1;
	ev_init(&intake->turn, on_turn);
	intake->turn.data = intake;
	ev_init(&intake->rescan, on_rescan);
	intake->rescan.data = intake;
	ev_init(&intake->notify, on_notify);
	intake->notify.data = intake;
	if (add_folders(intake, err) < 0) {
		directory_stop(intake);
		return -1;
	}
	if (host->settings->directory.inotify)
		intake->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (intake->notify_fd >= 0) {
		ev_io_set(&intake->notify, intake->notify_fd, EV_READ);
		ev_io_start(host->loop, &intake->notify);
	}
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
		wake_turn(intake);
}

static void
directory_drain(void *state)
{
	struct directory_intake *intake = state;

	intake->draining = true;
	for (size_t i = 0; i < intake->watched_len; i++)
		if (intake->watched[i].sender != NULL)
			pickup_sender_drain(intake->watched[i].sender);
}

static size_t
directory_busy(const void *state)
{
	const struct directory_intake *intake = state;
	size_t busy = 0;

	for (size_t i = 0; i < intake->watched_len; i++)
		busy += folder_intake_under_way(intake->watched[i].folder);
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
