/*
 * folder_file.c: reading and claiming.
 *
 *	new ──read──► ours? ──rename──► .ndrq/ ──COMMIT──► gone
 *	 ▲              │ no               │ crash
 *	 └──── left ◄───┘                  └──► read again at the next start
 *
 * Promises that a file is removed only after its COMMIT, that what is not ours
 * is never moved, that no link is followed, and that what is stored is what
 * lay there when it was claimed: a file that changed while it was read goes
 * back and is read again later.
 */
#include "admit/folder_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

struct folder_file *
folder_file_new(const struct folder_kind *kind, const char *folder,
		const struct folder_found *found, bool claimed)
{
	struct folder_file *file = xcalloc(1, sizeof(*file));

	file->kind = kind;
	file->folder = xstrdup(folder);
	file->name = xstrdup(found->parts[0].name);
	file->found = *found;
	file->places = FOLDER_PLACES_NONE;
	file->claimed = file->was_claimed = claimed;
	return file;
}

void
folder_file_freep(struct folder_file **ret_file)
{
	struct folder_file *file = *ret_file;

	if (file == NULL)
		return;
	submission_freep(&file->submission);
	folder_close(&file->places);
	pickup_done(&file->envelope);
	bdr_done(&file->bdr);
	for (size_t i = 0; i < FOLDER_PARTS; i++)
		buffer_done(&file->sidecar_bytes[i]);
	free(file->folder);
	free(file->name);
	free(file);
	*ret_file = NULL;
}

int
folder_file_leave(struct folder_file *file, enum folder_verdict verdict, const char *why)
{
	file->verdict = verdict;
	if (why != NULL)
		(void)error_set(&file->why, ERROR_PERM, "%s", why);
	return 0;
}

/* ---- reading ----------------------------------------------------------------- */

int
folder_file_begin(struct folder_file *file, struct error *err)
{
	struct folder_found now = { 0 };
	int found;

	if (folder_open(file->folder, file->kind->inside, &file->places, err) < 0)
		return -1;
	found = file->kind->find(&file->places, file->claimed, file->name, &now, &file->why);
	if (found <= 0) {
		file->verdict = found == 0                      ? FOLDER_GONE
				: file->why.class == ERROR_PERM ? FOLDER_UNFIT
								: FOLDER_LATER;
		return 0;
	}
	if (now.len < file->found.len) /* one of it went away: the next scan sees what is left */
		return folder_file_leave(file, FOLDER_GONE, NULL);
	for (size_t i = 0; i < file->found.len; i++)
		if (!folder_same_part(&file->found.parts[i], &now.parts[i]))
			return folder_file_leave(file, FOLDER_LATER, "it is changing");
	file->found = now;
	return 1;
}

/* By errno: nothing that must hold for the next file too. */
static int
leave_for_now(struct folder_file *file, const char *what)
{
	(void)error_errno(&file->why, "%s", what);
	return folder_file_leave(file, FOLDER_LATER, NULL);
}

static int
read_all(struct folder_file *file, int fd, folder_add *add, void *ctx, struct error *err)
{
	char chunk[65536];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (add(ctx, (struct span){ chunk, (size_t)n }, err) < 0)
			return -1;
	/* a range that somebody has locked (EACCES over CIFS), a bad block */
	return n < 0 ? leave_for_now(file, "it cannot be read") : 1;
}

int
folder_file_read(struct folder_file *file, size_t i, folder_add *add, void *ctx, struct error *err)
{
	const struct folder_part *part = &file->found.parts[i];
	AUTO(closep) int fd = -1;
	int opened =
		folder_open_part(folder_fd(&file->places, file->claimed), part, &fd, &file->why);
	int result;

	if (opened <= 0) {
		file->verdict = opened < 0                      ? FOLDER_UNFIT
				: file->why.class == ERROR_NONE ? FOLDER_GONE
								: FOLDER_LATER;
		return 0;
	}
	result = read_all(file, fd, add, ctx, err);
	if (result > 0 && !folder_part_is(fd, part))
		return folder_file_leave(file, FOLDER_LATER, "it changed while it was read");
	return result;
}

static int
add_to_spool(void *ctx, struct span bytes, struct error *err)
{
	return spool_add(ctx, bytes, err);
}

int
folder_file_end_spool(struct submission *s, struct error *err)
{
	if (spool_finish(s->spool, err) < 0)
		return -1;
	s->received_at_ms = clock_now_ms();
	return 1;
}

int
folder_file_spool(struct folder_file *file, size_t part, struct error *err)
{
	struct submission *s = file->submission;
	int result;

	s->spool = spool_new(file->spool_folder, file->size_limit_bytes);
	result = folder_file_read(file, part, add_to_spool, s->spool, err);
	return result <= 0 ? result : folder_file_end_spool(s, err);
}

/* ---- an envelope on top ---------------------------------------------------------- */

enum { HEAD_BYTES = 65536 };

struct reader {
	struct folder_file *file;
	struct buffer head; /* until the block is surely over */
	bool begun;
};

static int
begin_message(struct reader *r, struct error *err)
{
	size_t at = r->file->envelope.message_at;

	r->begun = true;
	return spool_add(r->file->submission->spool,
			 (struct span){ r->head.data + at, r->head.len - at }, err);
}

static int
add_behind_envelope(void *ctx, struct span bytes, struct error *err)
{
	struct reader *r = ctx;

	if (r->begun)
		return spool_add(r->file->submission->spool, bytes, err);
	buffer_add(&r->head, bytes.data, bytes.len);
	if (r->head.len < HEAD_BYTES)
		return 0;
	pickup_done(&r->file->envelope);
	pickup_read(buffer_span(&r->head), &r->file->envelope);
	if (r->file->envelope.message_at > r->head.len / 2 && r->head.len <= PICKUP_BLOCK_MOST)
		return 0;
	return begin_message(r, err);
}

int
folder_file_spool_with_envelope(struct folder_file *file, size_t part, struct error *err)
{
	struct submission *s = file->submission;
	struct reader reader = { .file = file };
	int result;

	s->spool = spool_new(file->spool_folder, file->size_limit_bytes);
	result = folder_file_read(file, part, add_behind_envelope, &reader, err);
	if (result > 0 && !reader.begun) {
		pickup_done(&file->envelope);
		pickup_read(buffer_span(&reader.head), &file->envelope);
		if (begin_message(&reader, err) < 0)
			result = -1;
	}
	buffer_done(&reader.head);
	if (result > 0 && spool_size(s->spool) == 0)
		return folder_file_leave(file, FOLDER_UNFIT, "an envelope without a message");
	if (result > 0 && spool_truncated(s->spool)) /* nobody waits for an answer: it can stay */
		return folder_file_leave(file, FOLDER_UNFIT, "it is larger than limits.size");
	return result <= 0 ? result : folder_file_end_spool(s, err);
}

int
folder_file_check_envelope(struct folder_file *file)
{
	if (!file->envelope.limits)
		return 1;
	return folder_file_leave(file, FOLDER_UNFIT, "more recipients than can be read");
}

/* ---- moving ------------------------------------------------------------------------ */

static int
move_part(const struct folder_file *file, size_t i, bool to_claimed)
{
	const char *name = file->found.parts[i].name;

	return folder_move(folder_fd(&file->places, !to_claimed), name,
			   folder_fd(&file->places, to_claimed), name);
}

static bool
is_what_was_read(const struct folder_file *file, size_t i)
{
	const struct folder_part *part = &file->found.parts[i];
	struct folder_found now = { 0 };

	return folder_find_one(&file->places, true, part->name, &now, NULL) > 0 &&
	       folder_same_part(part, &now.parts[0]);
}

/* Back with the first len parts. */
static void
undo_take(struct folder_file *file, size_t len)
{
	while (len-- > 0)
		(void)move_part(file, len, false);
	file->claimed = false;
}

/* Part i cannot be moved, the ones before it were; errno says why. */
static int
not_moved(struct folder_file *file, size_t i, struct error *err)
{
	switch (errno) {
	case ENOENT: /* one of it went away: the next scan sees what is left */
		(void)folder_file_leave(file, FOLDER_GONE, NULL);
		break;
	case EACCES: /* a Windows program that shares its file for reading only, and so on */
	case EPERM:
	case EBUSY:
	case ETXTBSY:
	case EEXIST: /* one of that name is in .ndrq still */
		(void)leave_for_now(file, "it cannot be moved");
		break;
	default:
		(void)error_errno(err, "%s/%s", file->folder, file->found.parts[i].name);
		undo_take(file, i);
		return -1;
	}
	undo_take(file, i);
	return 0;
}

int
folder_file_take(struct submission *s, struct error *err)
{
	struct folder_file *file = s->ctx;

	if (file->claimed)
		return 1;
	for (size_t i = 0; i < file->found.len; i++)
		if (move_part(file, i, true) < 0)
			return not_moved(file, i, err);
	file->claimed = true;
	for (size_t i = 0; i < file->found.len; i++)
		if (!is_what_was_read(file, i)) {
			undo_take(file, file->found.len);
			return folder_file_leave(file, FOLDER_LATER,
						 "it changed while it was read");
		}
	return 1;
}

int
folder_file_remove(const struct folder_file *file, struct error *err)
{
	int fd = folder_fd(&file->places, true);

	for (size_t i = file->found.len; i-- > 0;)
		if (unlinkat(fd, file->found.parts[i].name, 0) < 0 && errno != ENOENT)
			return error_errno(err, "%s/" FOLDER_CLAIMED "/%s", file->folder,
					   file->found.parts[i].name);
	return 0;
}

int
folder_file_give_back(struct folder_file *file, struct error *err)
{
	if (!file->claimed)
		return 0;
	for (size_t i = file->found.len; i-- > 0;)
		if (move_part(file, i, false) < 0)
			return error_errno(err, "%s/" FOLDER_CLAIMED "/%s", file->folder,
					   file->found.parts[i].name);
	file->claimed = false;
	return 0;
}
