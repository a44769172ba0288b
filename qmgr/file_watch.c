/*
 * file_watch.c: looking at a file again and again.
 *
 * A look is one stat, which follows links and works on every filesystem. What
 * is known of a file is who it is, how large, and when it was written; after a
 * look that found something new the next one has to find the same, so that a
 * file is not read while it is being written. A change is told of once; whoever
 * reads the file says so before, so that one that comes meanwhile is seen.
 */
#include "qmgr/file_watch.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"

/* Nothing but zeros: it is not there. */
struct identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written, changed;
};

struct file_watch {
	struct ev_loop *loop;
	ev_timer timer;
	int64_t period_ms;
	void (*changed)(void *ctx);
	void *ctx;
	char *path;
	struct identity read, last; /* when it was read, and at the last look */
};

static struct identity
look(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct identity){ 0 };
	return (struct identity){ st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim };
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
same(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(a->written, b->written) && same_time(a->changed, b->changed);
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct file_watch *w = timer->data;
	struct identity now, before = w->last;

	(void)loop;
	(void)events;
	if (w->path == NULL)
		return;
	w->last = now = look(w->path);
	if (same(&now, &w->read) || !same(&now, &before))
		return;
	w->read = now;
	w->changed(w->ctx);
}

struct file_watch *
file_watch_start(struct ev_loop *loop, int64_t period_ms, void (*changed)(void *ctx), void *ctx)
{
	struct file_watch *w = xcalloc(1, sizeof(*w));
	double period_s = (double)period_ms / 1e3;

	w->loop = loop;
	w->period_ms = period_ms;
	w->changed = changed;
	w->ctx = ctx;
	ev_timer_init(&w->timer, on_timer, period_s, period_s);
	w->timer.data = w;
	ev_timer_start(loop, &w->timer);
	return w;
}

/* Was it written so lately that it may have been after it was read? */
static bool
is_fresh(const struct file_watch *w, const struct identity *i)
{
	return clock_now_ms() - (int64_t)i->changed.tv_sec * 1000 < 2 * w->period_ms + 1000;
}

void
file_watch_set(struct file_watch *w, const char *path)
{
	if (w->path != NULL && path != NULL && strcmp(w->path, path) == 0)
		return;
	free(w->path);
	w->path = path != NULL ? xstrdup(path) : NULL;
	if (path == NULL)
		return;
	w->read = w->last = look(path);
	if (is_fresh(w, &w->read))
		w->read = (struct identity){ 0 };
}

void
file_watch_reading(struct file_watch *w)
{
	if (w->path != NULL)
		w->read = w->last = look(w->path);
}

void
file_watch_drain(struct file_watch *w)
{
	ev_timer_stop(w->loop, &w->timer);
}

void
file_watch_stopp(struct file_watch **watch)
{
	if (*watch == NULL)
		return;
	file_watch_drain(*watch);
	free((*watch)->path);
	free(TAKE(*watch));
}
