/*
 * folder_file.h: one message of a watched folder on its way in.
 *
 * It is a file, or the few files of a Badmail triplet. What touches them runs
 * in the admission thread: reading, claiming. Whoever made it removes them
 * after the commit, or gives them back.
 */
#ifndef ADMIT_FOLDER_FILE_H
#define ADMIT_FOLDER_FILE_H

#include "admit/folder_kind.h"
#include "facts/bdr.h"
#include "facts/pickup.h"

/* Why a file was left lying, for a submission that ends as SUBMISSION_LEFT. */
enum folder_verdict {
	FOLDER_MAIL,  /* ordinary mail */
	FOLDER_GONE,  /* nothing is there */
	FOLDER_LATER, /* in use, or changing; why says so */
	FOLDER_UNFIT, /* never, as it is; why says so */
};

struct folder_file {
	struct submission *submission; /* its ctx points back here */
	const struct folder_kind *kind;
	char *folder; /* the path that is configured */
	char *name;   /* of what leads; never changes, so that the loop may look while we read */
	struct folder_found found;
	struct folder_places places; /* open from load on */
	bool claimed;                /* what leads lies in .ndrq */
	bool was_claimed;            /* by an earlier run */
	uint64_t mark;               /* the scanner's */
	const char *spool_folder;
	int64_t size_limit_bytes;
	enum folder_verdict verdict;
	struct error why;
	struct pickup envelope; /* of the kinds that have one on top of the file */
	struct bdr bdr;
	struct buffer sidecar_bytes[FOLDER_PARTS];
	struct store_sidecar sidecars[FOLDER_PARTS];
	void *owner;
};

struct folder_file *folder_file_new(const struct folder_kind *kind, const char *folder,
				    const struct folder_found *found, bool claimed);
void folder_file_freep(struct folder_file **file);

/* After COMMIT: what was read goes; what leads last, so that a crash finds the rest by it. */
int folder_file_remove(const struct folder_file *file, struct error *err);
/* It turned out not to be ours: back to where it was. */
int folder_file_give_back(struct folder_file *file, struct error *err);

/* ---- for the kinds --------------------------------------------------------- */

/* Opens the places, and finds what there is now. 1; 0 with the verdict set; -1. */
int folder_file_begin(struct folder_file *file, struct error *err);

/*
 * Gives all bytes of a part to add, in order. 1 read; 0 with the verdict set:
 * not now, or never; -1 add's.
 */
typedef int folder_add(void *ctx, struct span bytes, struct error *err);
int folder_file_read(struct folder_file *file, size_t part, folder_add *add, void *ctx,
		     struct error *err);

/* The message, whole, into the submission's spool. Same results. */
int folder_file_spool(struct folder_file *file, size_t part, struct error *err);

/* The message behind the lines of its envelope (facts/pickup.h), if there are any. Same results. */
int folder_file_spool_with_envelope(struct folder_file *file, size_t part, struct error *err);
/* Finishes the spool. 1 or -1. */
int folder_file_end_spool(struct submission *submission, struct error *err);
/* 1 when all of it was read, else 0 with the verdict set: nobody is left out in silence. */
int folder_file_check_envelope(struct folder_file *file);

/* Left lying for that reason. Returns 0. */
int folder_file_leave(struct folder_file *file, enum folder_verdict verdict, const char *why);

/* The take of each source: moves all parts into .ndrq, and looks whether they are what was read. */
int folder_file_take(struct submission *submission, struct error *err);

#endif
