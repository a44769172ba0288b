/*
 * kind_envelope.c: folders of files that bear their envelope (facts/pickup.h).
 *
 *	iis-drop		what IIS delivered; only notifications are taken
 *	exchange-replay		the same with Exchange's parameters, *.eml
 *	exchange-badmail	*.bad, which Exchange could not read; the lines may be missing
 *	pickup			what applications write to be sent (qmgr/pickup.h)
 */
#include "admit/folder_file.h"

#include <stdlib.h>

#include "base/cleanup.h"

static bool
wants_any(const char *name)
{
	return !folder_name_is_temporary(name) && !folder_name_ends(name, ".bad");
}

static bool
wants_eml(const char *name)
{
	return folder_name_ends(name, ".eml");
}

static bool
wants_bad(const char *name)
{
	return folder_name_ends(name, ".bad");
}

/* An empty file was only just made. */
static int
find_file(const struct folder_places *places, bool claimed, const char *name,
	  struct folder_found *ret, struct error *err)
{
	int found = folder_find_one(places, claimed, name, ret, err);

	if (found > 0)
		ret->whole = ret->parts[0].size_bytes > 0;
	return found;
}

/* Whatever it is: with lines or without. */
static int
load_any(struct folder_file *file, struct error *err)
{
	int result = folder_file_begin(file, err);

	if (result > 0 && file->found.parts[0].size_bytes == 0)
		return folder_file_leave(file, FOLDER_UNFIT, "it is empty");
	return result <= 0 ? result : folder_file_spool_with_envelope(file, 0, err);
}

static int
load_with_envelope(struct submission *s, struct error *err)
{
	struct folder_file *file = s->ctx;
	int result = load_any(file, err);

	if (result > 0 && !file->envelope.given)
		return folder_file_leave(file, FOLDER_UNFIT, "no x-sender or x-receiver line");
	return result <= 0 ? result : folder_file_check_envelope(file);
}

static int
load_bad(struct submission *s, struct error *err)
{
	int result = load_any(s->ctx, err);

	return result <= 0 ? result : folder_file_check_envelope(s->ctx);
}

static void
read_envelope(struct submission *s)
{
	const struct folder_file *file = s->ctx;

	submission_set_envelope(s, &file->envelope);
}

static void
read_envelope_or_header(struct submission *s)
{
	const struct folder_file *file = s->ctx;

	if (file->envelope.given)
		submission_set_envelope(s, &file->envelope);
	else
		submission_read_header(s);
}

/* With more recipients than can be read it is nobody's; as a mail it ends in Badmail. */
static void
read_pickup_envelope(struct submission *s)
{
	const struct folder_file *file = s->ctx;

	submission_set_envelope(s, &file->envelope);
	if (file->envelope.limits)
		free(TAKE(s->sender));
}

/* All that lies there is ours to send, so it is claimed as soon as it is read. */
static int
load_pickup(struct submission *s, struct error *err)
{
	struct folder_file *file = s->ctx;
	int result = load_any(file, err);

	if (result <= 0)
		return result;
	if (!file->envelope.given)
		pickup_read_header(spool_bytes(s->spool), &file->envelope);
	return folder_file_take(s, err);
}

#define DROP_SOURCE(kind)                                                                          \
	.intake = kind, .load = load_with_envelope, .read_envelope = read_envelope,                \
	.take = folder_file_take, .leaves_mail = true, .delivered_to_is_ours = true

const struct folder_kind folder_kind_iis_drop = {
	.name = "iis-drop",
	.settles = true,
	.wants = wants_any,
	.find = find_file,
	.source = { DROP_SOURCE("iis-drop"), .has_arrived = true },
};

const struct folder_kind folder_kind_exchange_replay = {
	.name = "exchange-replay",
	.settles = true,
	.wants = wants_eml,
	.find = find_file,
	.source = { DROP_SOURCE("exchange-replay") },
};

const struct folder_kind folder_kind_exchange_badmail = {
	.name = "exchange-badmail",
	.settles = true,
	.tells_mail = true,
	.wants = wants_bad,
	.find = find_file,
	.source = {
		.intake = "exchange-badmail",
		.load = load_bad,
		.read_envelope = read_envelope_or_header,
		.take = folder_file_take,
		.leaves_mail = true,
		.delivered_to_is_ours = true,
		.undeliverable = true,
	},
};

const struct folder_kind folder_kind_pickup = {
	.name = "pickup",
	.settles = true,
	.sends_mail = true,
	.wants = wants_any,
	.find = find_file,
	.source = {
		.intake = "pickup",
		.load = load_pickup,
		.read_envelope = read_pickup_envelope,
		.take = folder_file_take,
		.leaves_mail = true,
		.delivered_to_is_ours = true,
		.null_sender_only = true,
	},
};
