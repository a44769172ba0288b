/*
 * folder_scan.h: looking through one watched folder.
 *
 * A scan goes first through .ndrq, where an earlier run left what it had
 * claimed, then through what is new, name by name, in turns: a folder of a
 * million files costs no memory but 8 bytes for each that was left. What may
 * be taken is handed to `take`; what is still being written, or lacks a part,
 * is looked at again in the next scan.
 */
#ifndef QMGR_FOLDER_SCAN_H
#define QMGR_FOLDER_SCAN_H

#include "admit/folder_kind.h"
#include "base/settings.h"
#include "qmgr/seen.h"

struct folder_scan;

struct folder_scan_options {
	const char *path; /* borrowed */
	const struct folder_kind *kind;
	const struct settings *const *settings;
	void *ctx;
	/* May be taken now; claimed: it lies in .ndrq. */
	void (*take)(void *ctx, const struct folder_found *found, bool claimed, uint64_t mark);
	/* Was it taken, and is not done with? */
	bool (*has)(void *ctx, const char *name);
	/* No more for now: the turn ends. */
	bool (*is_full)(void *ctx);
};

struct folder_scan *folder_scan_new(const struct folder_scan_options *options);
void folder_scan_freep(struct folder_scan **scan);

/* Begins, or remembers to begin again when a scan runs. */
void folder_scan_start(struct folder_scan *scan);
/* A turn's worth of names. True: there are more, and room for them. */
bool folder_scan_turn(struct folder_scan *scan);
bool folder_scan_runs(const struct folder_scan *scan);
/* What the turns of this scan, or of the last, have taken of the loop's time. */
int64_t folder_scan_spent_ms(const struct folder_scan *scan);
/* Nothing more is taken in this scan: the store refuses. */
void folder_scan_rest(struct folder_scan *scan);

/* Left as it is: not read again until it changes. */
void folder_scan_leave(struct folder_scan *scan, uint64_t mark);
enum folder_telling {
	FOLDER_TELL_LEFT,    /* never, as it is */
	FOLDER_TELL_WAITS,   /* not now */
	FOLDER_TELL_REFUSED, /* the store cannot take it now */
};
/* Says in the log why a file is not taken; once, for as long as nothing about it changes. */
void folder_scan_tell(struct folder_scan *scan, enum folder_telling telling, const char *name,
		      uint64_t mark, const char *reason);
/* Somebody has just written it: the first look at it, so that the next scan can take it. */
void folder_scan_notice(struct folder_scan *scan, const char *name);
/* Something was seen that may be taken in a while. */
bool folder_scan_waits(const struct folder_scan *scan);

#endif
