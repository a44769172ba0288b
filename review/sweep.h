/*
 * sweep.h: emptying a badmail folder, one triplet after another.
 *
 * A run reads the folder as a stream, in fixed memory, and asks for each
 * triplet whether it is its turn and, if so, a taker to take it: into the
 * store, into an archive, or away. The taker reports each with what became of
 * it; the report counts, and writes the lines.
 */
#ifndef REVIEW_SWEEP_H
#define REVIEW_SWEEP_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "admit/badmail.h"
#include "base/error.h"
#include "review/cutoff.h"

struct sweep;
struct tool;

struct sweep_plan {
	const char *folder, *archive, *log; /* NULL: not given */
	int64_t older_than_ms;              /* −1: not given */
	int64_t max_size_bytes;             /* −1: not given */
	bool delete, dry_run, verbose, json;
};

/* What became of a triplet. */
enum sweep_outcome {
	SWEEP_TAKEN,
	SWEEP_SPARED, /* neither old enough nor too much */
	SWEEP_YOUNG,  /* perhaps still being written */
	SWEEP_IN_USE, /* somebody has it open, or we may not: the next run tries again */
	SWEEP_GONE,   /* somebody else took it meanwhile */
	SWEEP_LEFT,   /* to be left alone, the text says why */
};

struct sweep_line {
	enum sweep_outcome outcome;
	const char *name;              /* of the leading file */
	const struct badmail *badmail; /* NULL: nothing is known but the name */
	const char *why; /* TAKEN: "all", "older-than", "max-size"; else a sentence; may be NULL */
	/* into the store */
	int64_t id; /* 0: not there */
	const char *state, *class, *error_code;
	bool again; /* it was there already */
	/* into the archive; NULL: under its own name */
	const char *archived_as;
};

/* Takes one triplet, now or with those that follow, and reports it. -1: the run cannot go on. */
struct sweep_taker {
	const char *did; /* "stored" */
	int (*take)(struct sweep *sweep, const struct badmail *badmail, const char *why,
		    struct error *err);
	int (*finish)(struct sweep *sweep,
		      struct error *err); /* what is still to do; may be NULL */
};

struct sweep {
	const struct sweep_plan *plan;
	const struct sweep_taker *taker;
	void *taker_state;
	DIR *dir;
	int folder_fd; /* dir's */
	int64_t now_ms;
	int64_t all; /* triplets, for the progress bar; 0: not counted */
	struct cutoff cutoff;
	int64_t left_bytes; /* for --max-size: what would stay without it */
	FILE *log;          /* NULL: none */
	bool log_failed, interrupted;
	int64_t triplets[SWEEP_LEFT + 1];
	int64_t files, bytes;                       /* taken */
	int64_t taken_by_age, taken_by_size, again; /* triplets of those taken */
};

/* Opens and locks the folder, and the log. EX_OK, or an exit status after a complaint. */
int sweep_open(const struct sweep_plan *plan, int64_t now_ms, struct sweep *ret);
void sweep_close(struct sweep *sweep);

/* Goes over the folder once. Returns an exit status, after a complaint if it could not go on. */
int sweep_run(struct sweep *sweep);

/* Counts and says what became of one. */
void sweep_report(struct sweep *sweep, const struct sweep_line *line);
void sweep_print_totals(struct sweep *sweep);

/*
 * By errno of a refused file: reports its triplet as in use, gone or left alone and returns 0; or
 * -1 with *err for what would refuse all others too (a full disk, a folder that is gone).
 */
int sweep_refused(struct sweep *sweep, const struct badmail *badmail, int error, struct error *err);

/*
 * The same of one that cannot be opened or read: a bad block, a name that the server cannot make
 * out, is this file's trouble while the folder still answers.
 */
int sweep_unreadable(struct sweep *sweep, const struct badmail *badmail, int error,
		     struct error *err);

/* The file that leads a triplet. */
const char *sweep_name(const struct badmail *badmail);

/* Has somebody asked us to end? */
bool sweep_is_interrupted(void);

/* ---- takers -------------------------------------------------------------- */

extern const struct sweep_taker sweep_deleter, sweep_archiver, sweep_storer;

/*
 * Removes those parts that are still what they were found to be. 1; or 0 with
 * errno when one was refused (what is gone is not).
 */
int sweep_remove(const struct sweep *sweep, const struct badmail *badmail);

/* Each is EX_OK, or an exit status after a complaint; their state goes to sweep->taker_state. */
int sweep_archive_open(struct sweep *sweep);
void sweep_archive_close(struct sweep *sweep);
int sweep_store_open(const struct tool *tool, struct sweep *sweep);
void sweep_store_close(struct sweep *sweep);

#endif
