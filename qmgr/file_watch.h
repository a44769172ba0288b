/*
 * file_watch.h: a file that other programs write, and when it has changed.
 */
#ifndef QMGR_FILE_WATCH_H
#define QMGR_FILE_WATCH_H

#include <stdint.h>

struct ev_loop;
struct file_watch;

/*
 * Looks at the file every period_ms; changed is called when it is another than
 * the one that was read, or gone, and has been left alone for a period.
 */
struct file_watch *file_watch_start(struct ev_loop *loop, int64_t period_ms,
				    void (*changed)(void *ctx), void *ctx);

/* path was read just now, NULL: there is none. */
void file_watch_set(struct file_watch *watch, const char *path);

/* It is about to be read, whatever becomes of that. */
void file_watch_reading(struct file_watch *watch);

/* changed is not called any more. */
void file_watch_drain(struct file_watch *watch);
void file_watch_stopp(struct file_watch **watch); /* NULL is fine */

#endif
