/*
 * folder_scan.c: which files of a folder are safe to take.
 *
 *	name ──► ours? ──► left before? ──► seen before as it is? ──► settled? ──► whole? ──► take
 *	                                         │ no                   │ no         │ no
 *	                                         └──────────────────────┴────────────┴──► next scan
 *
 * A file is safe when two looks found it the same (size, mtime, inode) and it
 * is older than `directory.settle` by the clock of whoever keeps the folder;
 * one that lacks a part, or all its bytes, when it is older than
 * `directory.orphan_timeout` too. A time in the future is nobody's clock and
 * counts as old. In a Maildir all files are whole.
 *
 * A folder that cannot be read is said once, and tried again at each scan.
 */
#include "qmgr/folder_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

enum { NAMES_A_TURN = 256 };
/* At least so long what was said is remembered, through scans that meet the file under way. */
#define TOLD_NS (INT64_C(60) * 1000000000)

enum scan_stage { SCAN_NONE, SCAN_CLAIMED, SCAN_NEW };

struct folder_scan {
	struct folder_scan_options options;
	struct folder_places places; /* open while a scan runs */
	DIR *dir;
	enum scan_stage stage;
	bool again;   /* something came while a scan ran */
	bool failed;  /* said so in the log */
	bool resting; /* nothing more is taken in this scan */
	bool waits;
	int64_t spent_ns;
	bool has_now;        /* now_ms was asked for in this scan */
	int64_t now_ms;      /* the folder's clock */
	int64_t newest_ms;   /* of all files ever seen: a clock of last resort */
	struct seen left;    /* never again as it is */
	struct seen noticed; /* looked at, not taken yet */
	struct seen told;    /* said in the log */
	int64_t told_since_ns;
};

/* ---- saying -------------------------------------------------------------------- */

static void
complain(struct folder_scan *scan, const char *text)
{
	if (!scan->failed)
		log_event(LOG_ERR, "folder-unreadable", LOG_S("path", scan->options.path),
			  LOG_S("reason", text));
	scan->failed = true;
}

static const char *const scan_events[] = {
	[FOLDER_TELL_LEFT] = "file-left",
	[FOLDER_TELL_WAITS] = "file-waits",
	[FOLDER_TELL_REFUSED] = "file-refused",
};

void
folder_scan_tell(struct folder_scan *scan, enum folder_telling telling, const char *name,
		 uint64_t mark, const char *reason)
{
	uint64_t told = seen_mark(reason, mark, 0, 0);

	if (seen_has(&scan->told, told))
		return;
	seen_add(&scan->told, told);
	log_event(telling == FOLDER_TELL_REFUSED ? LOG_WARNING : LOG_NOTICE, scan_events[telling],
		  LOG_S("path", scan->options.path), LOG_S("name", name), LOG_S("reason", reason));
}

/* ---- one file ------------------------------------------------------------------- */

static uint64_t
mark_of(const struct folder_found *found)
{
	uint64_t mark = 0;

	for (size_t i = 0; i < found->len; i++) {
		const struct folder_part *p = &found->parts[i];
		int64_t modified_ns = p->modified.tv_sec * 1000000000 + p->modified.tv_nsec;

		mark = mark * 31 + seen_mark(p->name, p->ino, modified_ns, p->size_bytes);
	}
	return mark != 0 ? mark : 1;
}

/* Asked for only in a scan that has something to judge by it. */
static int64_t
folder_now_ms(struct folder_scan *scan)
{
	if (!scan->has_now && folder_clock(&scan->places, &scan->now_ms) == 0)
		scan->now_ms = scan->newest_ms;
	scan->has_now = true;
	return scan->now_ms;
}

static bool
is_older(struct folder_scan *scan, int64_t than_ms, int64_t modified_ms)
{
	int64_t age_ms = folder_now_ms(scan) - modified_ms;

	return age_ms >= than_ms || age_ms < -(*scan->options.settings)->directory.settle_ms;
}

/* The second look, at a file that nobody has touched for a while. */
static bool
is_safe(struct folder_scan *scan, const struct folder_found *found, uint64_t mark)
{
	const struct settings *s = *scan->options.settings;
	int64_t modified_ms = folder_newest_ms(found);
	bool seen_before = seen_has(&scan->noticed, mark);

	if (modified_ms > scan->newest_ms)
		scan->newest_ms = modified_ms;
	if (!seen_before)
		seen_add(&scan->noticed, mark);
	if (seen_before && is_older(scan, s->directory.settle_ms, modified_ms) &&
	    (found->whole || is_older(scan, s->directory.orphan_timeout_ms, modified_ms)))
		return true;
	scan->waits |= found->whole;
	return false;
}

/* A mail that waits for its next try in .ndrq has that time for its mtime. One that is further off
 * than any try is what came with it: it was claimed, and then came a crash. */
static bool
is_due(const struct folder_scan *scan, const struct folder_found *found)
{
	int64_t wait_ms = folder_newest_ms(found) - clock_now_ms();

	return !scan->options.kind->sends_mail || wait_ms <= 0 ||
	       wait_ms > (*scan->options.settings)->release.retry_max_ms;
}

/* 1 found, 0 nothing for us; what cannot be is told. */
static int
find(struct folder_scan *scan, const char *name, struct folder_found *ret)
{
	struct error err = { 0 };
	int found = scan->options.kind->find(&scan->places, scan->stage == SCAN_CLAIMED, name, ret,
					     &err);

	if (found >= 0)
		return found;
	folder_scan_tell(scan, err.class == ERROR_PERM ? FOLDER_TELL_LEFT : FOLDER_TELL_WAITS, name,
			 seen_mark(name, 0, 0, 0), err.text);
	return 0;
}

static bool
is_named_for_us(const struct folder_scan *scan, const char *name)
{
	return name[0] != '.' && scan->options.kind->wants(name) &&
	       !scan->options.has(scan->options.ctx, name);
}

static void
look_at(struct folder_scan *scan, const char *name)
{
	const struct folder_scan_options *o = &scan->options;
	struct folder_found found;
	uint64_t mark;

	if (!is_named_for_us(scan, name) || find(scan, name, &found) == 0)
		return;
	mark = mark_of(&found);
	if (scan->stage == SCAN_CLAIMED) {
		if (is_due(scan, &found) && !seen_has(&scan->left, mark))
			o->take(o->ctx, &found, true, mark);
		return;
	}
	if (seen_has(&scan->left, mark))
		return;
	if (!o->kind->settles || is_safe(scan, &found, mark))
		o->take(o->ctx, &found, false, mark);
}

void
folder_scan_notice(struct folder_scan *scan, const char *name)
{
	struct folder_found found;
	bool closed = scan->stage == SCAN_NONE;
	struct error err;

	if (!scan->options.kind->settles || name[0] == '.' || !scan->options.kind->wants(name))
		return;
	if (closed &&
	    folder_open(scan->options.path, scan->options.kind->inside, &scan->places, &err) < 0)
		return;
	if (scan->options.kind->find(&scan->places, false, name, &found, &err) > 0) {
		seen_add(&scan->noticed, mark_of(&found));
		scan->waits = true;
	}
	if (closed)
		folder_close(&scan->places);
}

/* ---- scanning ----------------------------------------------------------------------- */

static int
open_stage(struct folder_scan *scan, enum scan_stage stage)
{
	/* a descriptor of its own: closedir(3) closes it */
	int fd = openat(folder_fd(&scan->places, stage == SCAN_CLAIMED), ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	scan->stage = stage;
	scan->dir = fd < 0 ? NULL : fdopendir(fd);
	if (scan->dir != NULL)
		return 0;
	complain(scan, strerror(errno));
	closep(&fd);
	return -1;
}

static void
close_scan(struct folder_scan *scan)
{
	if (scan->dir != NULL)
		(void)closedir(scan->dir);
	scan->dir = NULL;
	folder_close(&scan->places);
	scan->stage = SCAN_NONE;
}

static int64_t
monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
turn_told(struct folder_scan *scan)
{
	int64_t now_ns = monotonic_ns();

	if (now_ns - scan->told_since_ns < TOLD_NS)
		return;
	seen_turn(&scan->told);
	scan->told_since_ns = now_ns;
}

static void
end_stage(struct folder_scan *scan)
{
	(void)closedir(scan->dir);
	scan->dir = NULL;
	if (scan->stage == SCAN_CLAIMED) {
		if (open_stage(scan, SCAN_NEW) < 0)
			close_scan(scan);
		return;
	}
	close_scan(scan);
	scan->failed = false;
	seen_turn(&scan->left);
	seen_turn(&scan->noticed);
	turn_told(scan);
	if (scan->again)
		folder_scan_start(scan);
}

/* A name, or the end of a stage; false: the folder cannot be read. */
static bool
step(struct folder_scan *scan)
{
	const struct dirent *entry;

	errno = 0;
	entry = readdir(scan->dir);
	if (entry != NULL) {
		look_at(scan, entry->d_name);
		return true;
	}
	if (errno != 0) { /* a share that went away: nothing is known of what was not seen */
		complain(scan, strerror(errno));
		close_scan(scan);
		return false;
	}
	end_stage(scan);
	return true;
}

static bool
take_turn(struct folder_scan *scan)
{
	for (int i = 0; i < NAMES_A_TURN && scan->stage != SCAN_NONE; i++) {
		if (scan->resting) {
			close_scan(scan);
			return false;
		}
		if (scan->options.is_full(scan->options.ctx))
			return false;
		if (!step(scan))
			return false;
	}
	return scan->stage != SCAN_NONE;
}

bool
folder_scan_turn(struct folder_scan *scan)
{
	int64_t began_ns = monotonic_ns();
	bool more = take_turn(scan);

	scan->spent_ns += monotonic_ns() - began_ns;
	return more;
}

int64_t
folder_scan_spent_ms(const struct folder_scan *scan)
{
	return scan->spent_ns / 1000000;
}

void
folder_scan_start(struct folder_scan *scan)
{
	struct error err;

	if (scan->stage != SCAN_NONE) {
		scan->again = true;
		return;
	}
	scan->again = scan->resting = scan->waits = scan->has_now = false;
	scan->spent_ns = 0;
	if (folder_open(scan->options.path, scan->options.kind->inside, &scan->places, &err) < 0) {
		complain(scan, err.text);
		return;
	}
	if (open_stage(scan, SCAN_CLAIMED) < 0)
		close_scan(scan);
}

bool
folder_scan_runs(const struct folder_scan *scan)
{
	return scan->stage != SCAN_NONE;
}

void
folder_scan_rest(struct folder_scan *scan)
{
	scan->resting = true;
}

void
folder_scan_leave(struct folder_scan *scan, uint64_t mark)
{
	seen_add(&scan->left, mark);
}

bool
folder_scan_waits(const struct folder_scan *scan)
{
	return scan->waits;
}

struct folder_scan *
folder_scan_new(const struct folder_scan_options *options)
{
	struct folder_scan *scan = xcalloc(1, sizeof(*scan));

	scan->options = *options;
	scan->places = FOLDER_PLACES_NONE;
	return scan;
}

void
folder_scan_freep(struct folder_scan **ret_scan)
{
	struct folder_scan *scan = *ret_scan;

	if (scan == NULL)
		return;
	close_scan(scan);
	seen_done(&scan->left);
	seen_done(&scan->noticed);
	seen_done(&scan->told);
	free(scan);
	*ret_scan = NULL;
}
