/*
 * folder_intake.h: one watched folder, and its files under way.
 *
 * Lives in the loop. Joins the scanner (folder_scan.h), admission and, for
 * ordinary mail of a pickup folder, the way to the relay (pickup.h).
 */
#ifndef QMGR_FOLDER_INTAKE_H
#define QMGR_FOLDER_INTAKE_H

#include "qmgr/folder_scan.h"
#include "qmgr/intake.h"

struct folder_intake;
struct pickup_sender;

struct folder_intake_options {
	const struct intake_host *host;
	const struct settings_directory *row; /* read by folder_intake_new only */
	struct pickup_sender *sender;         /* NULL: its kind sends no mail */
	/* There is room again, or something to look at: folder_scan_turn is to be called. */
	void (*wake)(void *ctx);
	void *ctx;
};

struct folder_intake *folder_intake_new(const struct folder_intake_options *options);
void folder_intake_freep(struct folder_intake **folder);

const char *folder_intake_path(const struct folder_intake *folder);
struct folder_scan *folder_intake_scan(const struct folder_intake *folder);
const struct folder_kind *folder_intake_kind(const struct folder_intake *folder);
size_t folder_intake_under_way(const struct folder_intake *folder);

#endif
