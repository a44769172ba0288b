/*
 * folder_intake.c: from a name to a submission, and what becomes of its file.
 *
 *	take ──► admission ──► committed ──► removed
 *	             │   └───► refused ────► stays, claimed or not: the next scan tries again
 *	             └───────► left ───────► mail: stays, or to the relay
 *	                                     in use: stays, the next scan tries again
 *	                                     unfit: stays, said once
 */
#include "qmgr/folder_intake.h"

#include <stdlib.h>
#include <string.h>

#include "admit/folder_file.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "qmgr/pickup.h"

enum { UNDER_WAY_MAX = 64 }; /* of one folder at once */

struct folder_intake {
	struct folder_intake_options options;
	const struct folder_kind *kind;
	char *path;
	char *route; /* NULL: the common one */
	struct folder_scan *scan;
	struct folder_file *under_way[UNDER_WAY_MAX];
	size_t under_way_len;
};

static void
forget(struct folder_intake *folder, struct folder_file *file)
{
	for (size_t i = 0; i < folder->under_way_len; i++)
		if (folder->under_way[i] == file)
			folder->under_way[i] = folder->under_way[--folder->under_way_len];
	folder_file_freep(&file);
	folder->options.wake(folder->options.ctx);
}

static void
remove_file(const struct folder_file *file)
{
	struct error err;

	if (folder_file_remove(file, &err) < 0)
		log_event(LOG_ERR, "file-not-removed", LOG_S("reason", err.text));
}

static void
give_back(struct folder_file *file)
{
	struct error err;

	if (folder_file_give_back(file, &err) < 0)
		log_event(LOG_ERR, "file-not-given-back", LOG_S("reason", err.text));
}

static void
leave(struct folder_intake *folder, struct folder_file *file)
{
	const char *name = file->name;

	switch (file->verdict) {
	case FOLDER_MAIL:
		folder_scan_leave(folder->scan, file->mark);
		if (folder->kind->tells_mail)
			folder_scan_tell(folder->scan, FOLDER_TELL_LEFT, name, file->mark,
					 "ordinary mail");
		give_back(file);
		break;
	case FOLDER_UNFIT:
		folder_scan_leave(folder->scan, file->mark);
		folder_scan_tell(folder->scan, FOLDER_TELL_LEFT, name, file->mark, file->why.text);
		break;
	case FOLDER_LATER:
		folder_scan_tell(folder->scan, FOLDER_TELL_WAITS, name, file->mark, file->why.text);
		break;
	case FOLDER_GONE:
		break;
	}
}

/* The relay has it, or it waits in .ndrq for its next try, or it lies in Badmail. */
static void
on_mail_done(void *ctx, struct folder_file *file)
{
	forget(ctx, file);
}

static void
on_file_done(struct submission *s)
{
	struct folder_file *file = s->ctx;
	struct folder_intake *folder = file->owner;

	switch (s->outcome) {
	case SUBMISSION_COMMITTED:
	case SUBMISSION_DAMAGED:
		remove_file(file);
		break;
	case SUBMISSION_LEFT:
		if (folder->kind->sends_mail && file->verdict == FOLDER_MAIL) {
			pickup_send(folder->options.sender, file, on_mail_done, folder);
			return;
		}
		leave(folder, file);
		break;
	case SUBMISSION_REFUSED: /* whatever it is, the next would fare no better */
		folder_scan_rest(folder->scan);
		folder_scan_tell(folder->scan, FOLDER_TELL_REFUSED, file->name, file->mark,
				 s->err.text);
		break;
	}
	forget(folder, file);
}

/* ---- for the scanner --------------------------------------------------------- */

static void
take_file(void *ctx, const struct folder_found *found, bool claimed, uint64_t mark)
{
	struct folder_intake *folder = ctx;
	const struct intake_host *host = folder->options.host;
	struct folder_file *file = folder_file_new(folder->kind, folder->path, found, claimed);

	file->owner = folder;
	file->mark = mark;
	file->spool_folder = host->spool_folder;
	/* ordinary mail is not stored: the relay says how large is too large */
	file->size_limit_bytes =
		folder->kind->sends_mail ? INT64_MAX : host->settings->limits.size_bytes;
	file->submission = submission_new(&folder->kind->source, intake_policy(host));
	file->submission->done = on_file_done;
	file->submission->ctx = file;
	file->submission->route = xstrdup(folder->route);
	folder->under_way[folder->under_way_len++] = file;
	intake_submit(host, file->submission);
}

static bool
has_file(void *ctx, const char *name)
{
	const struct folder_intake *folder = ctx;

	for (size_t i = 0; i < folder->under_way_len; i++)
		if (strcmp(folder->under_way[i]->name, name) == 0)
			return true;
	return false;
}

static bool
is_full(void *ctx)
{
	return ((struct folder_intake *)ctx)->under_way_len == UNDER_WAY_MAX;
}

/* ---- one folder --------------------------------------------------------------- */

struct folder_intake *
folder_intake_new(const struct folder_intake_options *options)
{
	struct folder_intake *folder = xcalloc(1, sizeof(*folder));
	struct folder_scan_options scan = {
		.settings = (const struct settings *const *)&options->host->settings,
		.ctx = folder,
		.take = take_file,
		.has = has_file,
		.is_full = is_full,
	};

	folder->options = *options;
	folder->options.row = NULL; /* a reload frees it */
	folder->path = xstrdup(options->row->path);
	folder->route = xstrdup(options->row->route);
	folder->kind = folder_kind_find(options->row->kind);
	scan.path = folder->path;
	scan.kind = folder->kind;
	folder->scan = folder_scan_new(&scan);
	return folder;
}

void
folder_intake_freep(struct folder_intake **ret_folder)
{
	struct folder_intake *folder = *ret_folder;

	if (folder == NULL)
		return;
	folder_scan_freep(&folder->scan);
	for (size_t i = 0; i < folder->under_way_len; i++)
		folder_file_freep(&folder->under_way[i]);
	free(folder->path);
	free(folder->route);
	free(folder);
	*ret_folder = NULL;
}

const char *
folder_intake_path(const struct folder_intake *folder)
{
	return folder->path;
}

struct folder_scan *
folder_intake_scan(const struct folder_intake *folder)
{
	return folder->scan;
}

const struct folder_kind *
folder_intake_kind(const struct folder_intake *folder)
{
	return folder->kind;
}

size_t
folder_intake_under_way(const struct folder_intake *folder)
{
	return folder->under_way_len;
}
