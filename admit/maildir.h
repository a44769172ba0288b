/*
 * maildir.h: one file of a Maildir on its way in.
 *
 * The parts that touch files run in the admission thread: reading, claiming.
 * Claimed means renamed into FOLDER/.ndrq/, so that nobody else takes it and
 * a crash finds it again.
 */
#ifndef ADMIT_MAILDIR_H
#define ADMIT_MAILDIR_H

#include "admit/submission.h"

struct maildir_file {
	struct submission *submission; /* its ctx points back here */
	char *folder;                  /* the Maildir */
	char *name;
	bool claimed;  /* it lies in .ndrq/ */
	uint64_t mark; /* seen.h; 0: claimed by an earlier run */
	const char *spool_folder;
	int64_t size_limit_bytes;
	void *owner;
};

extern const struct submission_source maildir_source;

struct maildir_file *maildir_file_new(const char *folder, const char *name, bool claimed);
void maildir_file_freep(struct maildir_file **file);

/* FOLDER/.ndrq, made if missing. */
int maildir_prepare(const char *folder, struct error *err);
/* After COMMIT: the claimed file goes. */
int maildir_remove(const struct maildir_file *file, struct error *err);
/* It turned out to be ordinary mail: back to new/, if it was claimed by an earlier run. */
int maildir_give_back(const struct maildir_file *file, struct error *err);

#endif
