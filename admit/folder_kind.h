/*
 * folder_kind.h: the kinds of folders, as a table.
 *
 * What differs between a Maildir, the folders of IIS and those of Exchange
 * stands in a struct of functions; whoever scans a folder knows no kind. The
 * names are those of base/settings.h.
 */
#ifndef ADMIT_FOLDER_KIND_H
#define ADMIT_FOLDER_KIND_H

#include "admit/folder.h"
#include "admit/submission.h"

struct folder_kind {
	const char *name;   /* "iis-badmail": in ndrq.conf, and the intake of its records */
	const char *inside; /* "new"; NULL: the folder itself */
	/* Files may still be being written: each is left alone until it rests. */
	bool settles;
	/* Mail that is left lying is told once: in these folders nobody expects any. */
	bool tells_mail;
	/* Ordinary mail goes to the relay (qmgr/pickup.h). */
	bool sends_mail;
	/* Is a file of that name one to look at? */
	bool (*wants)(const char *name);
	/* All that belongs to it, if it leads. Results as folder_find_one. */
	int (*find)(const struct folder_places *places, bool claimed, const char *name,
		    struct folder_found *ret, struct error *err);
	/* Its ctx is a struct folder_file (admit/folder_file.h). */
	struct submission_source source;
};

extern const struct folder_kind folder_kind_maildir, folder_kind_iis_badmail, folder_kind_iis_drop,
	folder_kind_exchange_replay, folder_kind_exchange_badmail, folder_kind_pickup;

/* NULL: there is none of that name. */
const struct folder_kind *folder_kind_find(const char *name);

/* "*.tmp" in any case: whoever writes it will rename it. */
bool folder_name_is_temporary(const char *name);
/* Ends in that extension (".bad"), in any case, behind something. */
bool folder_name_ends(const char *name, const char *extension);

#endif
