/*
 * kind_badmail.c: the Badmail folder of IIS: .bad, .bdr and .bdp are one record.
 *
 * The message is the .bad; its error code comes from the .bdr, and both others
 * are kept beside it. Who wrote it is not always told by a .bad: a .bdr that
 * says "delivery status notification" makes it one with the null sender. Of
 * a triplet without its .bad what there is becomes the message, so that it is
 * kept, and told apart from others by its bytes.
 *
 * What leads is claimed first and removed last. So after a crash what lies in
 * .ndrq leads what lies there and what had not come along yet.
 */
#include "admit/folder_file.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "admit/badmail.h"
#include "base/cleanup.h"

#define SIDECAR_MOST ((int64_t)1 << 20)

static const char *const part_names[BADMAIL_PARTS] = { "bad", "bdr", "bdp" };

static bool
badmail_wants(const char *name)
{
	return badmail_part_of(name) != BADMAIL_NONE;
}

/* ---- finding ------------------------------------------------------------------ */

enum letters { LETTERS_AS_NAME, LETTERS_LOWER, LETTERS_UPPER, LETTERS };

/* "x.bdr" for "x.bad" and BDR. */
static void
other_name(const char *name, enum badmail_part part, enum letters letters, char *out)
{
	size_t len = strlen(name), at = len - 3;

	memcpy(out, name, len + 1);
	for (size_t i = 0; i < 3; i++) {
		bool was_upper = name[at + i] >= 'A' && name[at + i] <= 'Z';
		bool upper = letters == LETTERS_AS_NAME ? was_upper : letters == LETTERS_UPPER;

		out[at + i] = (char)(part_names[part][i] - (upper ? 'a' - 'A' : 0));
	}
}

/* The name of a part as it lies there; false: there is none. */
static bool
find_other(int fd, const char *name, enum badmail_part part, char *out)
{
	struct stat st;

	for (enum letters letters = LETTERS_AS_NAME; letters < LETTERS; letters++) {
		other_name(name, part, letters, out);
		if (fstatat(fd, out, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return S_ISREG(st.st_mode);
	}
	return false;
}

/* Does it belong to one that is in .ndrq, and will be moved there too? */
static bool
is_led_from_claimed(const struct folder_places *places, const char *name)
{
	char other[NAME_MAX + 1];

	return find_other(places->claimed_fd, name, BADMAIL_BAD, other);
}

static void
add_part(struct folder_found *found, const struct badmail_file *part)
{
	struct folder_part *to = &found->parts[found->len++];

	strcpy(to->name, part->name);
	to->size_bytes = part->size_bytes;
	to->modified = part->modified;
	to->ino = part->ino;
}

static int
badmail_find_all(const struct folder_places *places, bool claimed, const char *name,
		 struct folder_found *ret, struct error *err)
{
	struct badmail b;
	int found = badmail_find(folder_fd(places, claimed), name, &b, err);

	if (found <= 0)
		return found;
	if (!claimed && !b.parts[BADMAIL_BAD].there && is_led_from_claimed(places, name))
		return 0;
	ret->len = 0;
	for (int part = 0; part < BADMAIL_PARTS; part++)
		if (b.parts[part].there)
			add_part(ret, &b.parts[part]);
	ret->whole = ret->len == BADMAIL_PARTS && b.parts[BADMAIL_BAD].size_bytes > 0;
	return 1;
}

/* ---- reading -------------------------------------------------------------------- */

/* A crash came between the first rename and the last. */
static int
take_the_rest(struct folder_file *file, struct error *err)
{
	const char *name = file->name;
	char other[NAME_MAX + 1], there[NAME_MAX + 1];
	bool moved = false;

	if (badmail_part_of(name) == BADMAIL_BAD && file->found.len == BADMAIL_PARTS)
		return 1;
	/* a .bad that came since leads those that lie with it */
	if (find_other(file->places.new_fd, name, BADMAIL_BAD, other))
		return 1;
	for (int part = BADMAIL_BDR; part < BADMAIL_PARTS; part++)
		if (!find_other(file->places.claimed_fd, name, part, there) &&
		    find_other(file->places.new_fd, name, part, other))
			moved |= folder_move(file->places.new_fd, other, file->places.claimed_fd,
					     other) == 0;
	return moved ? badmail_find_all(&file->places, true, name, &file->found, err) : 1;
}

static int
add_to_buffer(void *ctx, struct span bytes, struct error *err)
{
	(void)err;
	buffer_add(ctx, bytes.data, bytes.len);
	return 0;
}

/* .bdr or .bdp. Results as folder_file_read. */
static int
read_sidecar(struct folder_file *file, size_t i, enum badmail_part part, struct error *err)
{
	struct store_new_message *m = &file->submission->message;
	struct buffer *bytes = &file->sidecar_bytes[i];
	int result;

	if (file->found.parts[i].size_bytes > SIDECAR_MOST)
		return folder_file_leave(file, FOLDER_UNFIT, "a .bdr or .bdp is larger than 1 MB");
	result = folder_file_read(file, i, add_to_buffer, bytes, err);
	if (result <= 0)
		return result;
	file->sidecars[m->sidecars_len++] =
		(struct store_sidecar){ part_names[part], buffer_span(bytes) };
	m->sidecars = file->sidecars;
	if (part != BADMAIL_BDR)
		return 1;
	bdr_read(buffer_span(bytes), &file->bdr);
	m->error_code = file->bdr.has_code ? file->bdr.code_text : NULL;
	return 1;
}

/* There is no .bad, or nothing in it. */
static int
spool_sidecar(struct folder_file *file, struct error *err)
{
	struct submission *s = file->submission;

	for (size_t i = 0; i < file->found.len; i++) {
		if (file->sidecar_bytes[i].len == 0)
			continue;
		s->spool = spool_new(file->spool_folder, file->size_limit_bytes);
		if (spool_add(s->spool, buffer_span(&file->sidecar_bytes[i]), err) < 0)
			return -1;
		return folder_file_end_spool(s, err);
	}
	return folder_file_leave(file, FOLDER_UNFIT, "it is empty");
}

static bool
has_message(const struct folder_file *file)
{
	return badmail_part_of(file->name) == BADMAIL_BAD && file->found.parts[0].size_bytes > 0;
}

static int
badmail_load(struct submission *s, struct error *err)
{
	struct folder_file *file = s->ctx;
	int result = folder_file_begin(file, err);

	if (result > 0 && file->was_claimed)
		result = take_the_rest(file, err);
	for (size_t i = 0; result > 0 && i < file->found.len; i++) {
		enum badmail_part part = badmail_part_of(file->found.parts[i].name);

		if (part != BADMAIL_BAD)
			result = read_sidecar(file, i, part, err);
	}
	if (result <= 0)
		return result;
	if (!has_message(file))
		return spool_sidecar(file, err);
	result = folder_file_spool_with_envelope(file, 0, err);
	return result <= 0 ? result : folder_file_check_envelope(file);
}

/* ---- the envelope ------------------------------------------------------------------ */

static bool
is_surely_notification(const struct folder_file *file)
{
	/* it was known as one; or it is not mail */
	return file->was_claimed || !has_message(file) || bdr_is_of_notification(&file->bdr);
}

static void
badmail_read_envelope(struct submission *s)
{
	const struct folder_file *file = s->ctx;

	if (file->envelope.given)
		submission_set_envelope(s, &file->envelope);
	else
		submission_read_header(s);
	if (s->sender == NULL && is_surely_notification(file))
		s->sender = xstrdup("");
}

const struct folder_kind folder_kind_iis_badmail = {
	.name = "iis-badmail",
	.settles = true,
	.tells_mail = true,
	.wants = badmail_wants,
	.find = badmail_find_all,
	.source = {
		.intake = "iis-badmail",
		.load = badmail_load,
		.read_envelope = badmail_read_envelope,
		.take = folder_file_take,
		.leaves_mail = true,
		.delivered_to_is_ours = true,
		.undeliverable = true,
	},
};
