/*
 * damaged.c: what can never be processed is set aside whole.
 *
 * Promises that after 0 two files are on disk in the folder `damaged` beside
 * the store, synced, and after -1 neither counts: the message may be answered
 * 250 only after 0. The name ends in a random part, since the same bytes may
 * come for other recipients, whose envelope must not be lost. Nothing here
 * needs the database.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/store.h"

static int
make_folder(const char *parent, const char *folder, struct error *err)
{
	if (mkdir(folder, 0770) < 0)
		return errno == EEXIST ? 0 : error_errno(err, "%s", folder);
	return file_sync_folder(parent, err);
}

/* "2026-11-21T20:15:48Z-SHA256-RANDOM", the last two as 16 digits. */
static int
make_name(const struct store_damaged *damaged, char **ret_name, struct error *err)
{
	char at[CLOCK_RFC3339_SIZE], sha256[17], unique[17];
	uint8_t drawn[8];

	if (getrandom(drawn, sizeof(drawn), 0) != sizeof(drawn))
		return error_errno(err, "random number");
	hex_encode(drawn, sizeof(drawn), unique);
	hex_encode(damaged->sha256, 8, sha256);
	*ret_name = xasprintf("%s-%s-%s", clock_format_rfc3339(damaged->received_at_ms, at), sha256,
			      unique);
	return 0;
}

static void
add_line(struct buffer *out, const char *key, struct span value)
{
	buffer_printf(out, "%s: ", key);
	text_add_printable(out, value);
	buffer_add_char(out, '\n');
}

static void
describe(const struct store_damaged *damaged, struct buffer *out)
{
	char at[CLOCK_RFC3339_SIZE], sha256[2 * STORE_SHA256_BYTES + 1];

	hex_encode(damaged->sha256, STORE_SHA256_BYTES, sha256);
	add_line(out, "reason", span_of(damaged->reason));
	add_line(out, "received", span_of(clock_format_rfc3339(damaged->received_at_ms, at)));
	add_line(out, "intake", span_of(damaged->intake));
	buffer_printf(out, "bytes: %zu\nsha256: %s\n", damaged->body.len, sha256);
	if (damaged->sender != NULL)
		add_line(out, "sender", span_of(damaged->sender));
	for (size_t i = 0; i < damaged->rcpts_len; i++)
		add_line(out, "recipient", damaged->rcpts[i]);
}

/* The description first: a body is never there without it. */
static int
publish(const char *folder, const char *name, const struct store_damaged *damaged,
	struct error *err)
{
	AUTO(freep) char *text_name = xasprintf("%s.txt", name);
	AUTO(freep) char *text_path = xasprintf("%s/%s", folder, text_name);
	AUTO(freep) char *body_name = xasprintf("%s.eml", name);
	AUTO(buffer_done) struct buffer text = { 0 };

	describe(damaged, &text);
	if (file_publish(folder, text_name, &(struct span){ text.data, text.len }, 1, 0660, err) <
	    0)
		return -1;
	if (file_publish(folder, body_name, &damaged->body, 1, 0660, err) < 0) {
		(void)unlink(text_path);
		return -1;
	}
	return 0;
}

/* A stranger may send many that are damaged: they must not take the disk. */
static int
check_room(const struct store_damaged *damaged, const char *parent, struct error *err)
{
	struct statvfs fs;
	int64_t spare;

	if (statvfs(parent, &fs) < 0)
		return error_errno(err, "%s", parent);
	spare = (int64_t)(fs.f_bavail * fs.f_frsize);
	if (spare - (int64_t)damaged->body.len >= damaged->place.min_free_bytes)
		return 0;
	return error_set(err, ERROR_TEMP,
			 "%s/damaged: min_free reached: %" PRId64 " bytes to spare on the disk",
			 parent, spare);
}

int
store_put_damaged(const struct store_damaged *damaged, struct error *err)
{
	AUTO(freep) char *parent = file_folder_of(damaged->place.store_path);
	AUTO(freep) char *folder = xasprintf("%s/damaged", parent);
	AUTO(freep) char *name = NULL;

	if (check_room(damaged, parent, err) < 0 || make_folder(parent, folder, err) < 0 ||
	    make_name(damaged, &name, err) < 0)
		return -1;
	return publish(folder, name, damaged, err);
}
