/*
 * pickup_file.h: what becomes of a mail of a pickup folder after a try to send it.
 *
 * It lies in .ndrq until each recipient's fate is known. Those who have it are
 * forgotten, those whom the relay refused for good get a copy in Badmail,
 * beside the folder, with a text that says why, and for the rest the file
 * waits: its mtime is the time of its next try.
 */
#ifndef ADMIT_PICKUP_FILE_H
#define ADMIT_PICKUP_FILE_H

#include "admit/folder_file.h"

enum pickup_fate { PICKUP_SENT, PICKUP_LATER, PICKUP_REFUSED };

struct pickup_result {
	enum pickup_fate fate;
	char *reply; /* the relay's; NULL: it did not say */
};

struct pickup_settling {
	struct folder_file *file;
	struct pickup_result *results; /* one for each recipient of its envelope */
	const char *unsendable;        /* why nobody can get it; NULL: somebody can */
	int64_t retry_min_ms, retry_max_ms;
	char *stem; /* of its files in Badmail, once chosen; the caller frees */
	bool kept;  /* those who were refused have their copy */
};

/* NULL: it can be sent. Else a clause, static: "it names no recipient". */
const char *pickup_file_objection(const struct folder_file *file);

/*
 * Makes the folder right. -1 (ERROR_TEMP): not all was done; call it again
 * later with the same struct. What a crash leaves in between is sent again.
 */
int pickup_file_settle(struct pickup_settling *settling, int64_t now_ms, struct error *err);

#endif
