/*
 * pickup_file.c: Badmail, the rest, the end.
 *
 * In this order, each step synced: the copy in Badmail and its text; then the
 * file for those who wait, or its removal. The wait doubles each time: it is
 * read from the file itself (mtime, when it is due; ctime, when that was set),
 * so that a restart forgets nothing.
 */
#include "admit/pickup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

enum {
	STEM_MOST = 240, /* bytes of a name, so that ".999.bad" has room */
	NUMBERS = 1000,
};

const char *
pickup_file_objection(const struct folder_file *file)
{
	const struct pickup *p = &file->envelope;

	if (p->limits)
		return "it has more recipients than can be read, or one that cannot be read";
	if (p->sender == NULL)
		return "it names no sender";
	if (p->rcpts_len == 0)
		return "it names no recipient";
	return NULL;
}

static size_t
count(const struct pickup_settling *s, enum pickup_fate fate)
{
	size_t n = 0;

	for (size_t i = 0; i < s->file->envelope.rcpts_len; i++)
		n += s->results[i].fate == fate;
	return n;
}

/* The message with an envelope of only those recipients. */
static void
compose(const struct pickup_settling *s, enum pickup_fate fate, struct buffer *block)
{
	struct pickup some = s->file->envelope;

	some.rcpts = xcalloc(some.rcpts_len, sizeof(some.rcpts[0]));
	some.rcpts_len = 0;
	for (size_t i = 0; i < s->file->envelope.rcpts_len; i++)
		if (s->results[i].fate == fate)
			some.rcpts[some.rcpts_len++] = s->file->envelope.rcpts[i];
	pickup_add_block(block, &some);
	free(some.rcpts);
}

static char *
fd_path(int fd)
{
	return xasprintf("/proc/self/fd/%d", fd);
}

/* ---- Badmail -------------------------------------------------------------------- */

static char *
badmail_of(const struct folder_file *file)
{
	AUTO(freep) char *parent = file_folder_of(file->folder);

	return xasprintf("%s/Badmail", strcmp(parent, "/") == 0 ? "" : parent);
}

/* A name that neither of its two files has yet. */
static int
choose_stem(struct pickup_settling *s, const char *badmail, int fd, struct error *err)
{
	const char *name = s->file->name;
	int len = strlen(name) > STEM_MOST ? STEM_MOST : (int)strlen(name);

	for (int i = 0; i < NUMBERS && s->stem == NULL; i++) {
		AUTO(freep)
		char *stem =
			i == 0 ? xasprintf("%.*s", len, name) : xasprintf("%.*s.%d", len, name, i);
		AUTO(freep) char *bad = xasprintf("%s.bad", stem);
		AUTO(freep) char *text = xasprintf("%s.txt", stem);
		struct stat st;

		if (fstatat(fd, bad, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT &&
		    fstatat(fd, text, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			s->stem = TAKE(stem);
	}
	if (s->stem == NULL)
		return error_set(err, ERROR_TEMP, "%s: too many files of one name", badmail);
	return 0;
}

static void
add_printable_line(struct buffer *out, const char *label, const char *value)
{
	buffer_printf(out, "%s: ", label);
	text_add_printable(out, span_of(value));
	buffer_add_str(out, "\r\n");
}

/* Why, for people. */
static void
add_reasons(const struct pickup_settling *s, int64_t now_ms, struct buffer *out)
{
	const struct pickup *p = &s->file->envelope;
	char date[CLOCK_RFC5322_SIZE];

	buffer_add_str(out, "ndrqd did not send this mail.\r\n\r\n");
	add_printable_line(out, "File", s->file->name);
	add_printable_line(out, "Date", clock_format_rfc5322(now_ms, date));
	add_printable_line(out, "Sender", p->sender != NULL ? p->sender : "not known");
	if (s->unsendable != NULL)
		add_printable_line(out, "Reason", s->unsendable);
	for (size_t i = 0; s->unsendable == NULL && i < p->rcpts_len; i++)
		if (s->results[i].fate == PICKUP_REFUSED) {
			add_printable_line(out, "Recipient", p->rcpts[i].path);
			add_printable_line(out, "Refused",
					   s->results[i].reply != NULL ? s->results[i].reply : "");
		}
}

static int
publish_in_badmail(const struct pickup_settling *s, int fd, const char *extension,
		   const struct span *parts, size_t parts_len, struct error *err)
{
	AUTO(freep) char *name = xasprintf("%s.%s", s->stem, extension);
	AUTO(freep) char *folder = fd_path(fd);

	return file_publish(folder, name, parts, parts_len, 0660, err);
}

static int
copy_to_badmail(const struct pickup_settling *s, int fd, struct error *err)
{
	AUTO(buffer_done) struct buffer block = { 0 };
	struct span parts[2];

	compose(s, PICKUP_REFUSED, &block);
	parts[0] = buffer_span(&block);
	parts[1] = spool_bytes(s->file->submission->spool);
	return publish_in_badmail(s, fd, "bad", parts, 2, err);
}

/* Byte for byte, by a rename; where that cannot be (Badmail is another volume), as a copy. 1 moved,
 * 0 copied. */
static int
move_to_badmail(const struct pickup_settling *s, int fd, struct error *err)
{
	AUTO(freep) char *name = xasprintf("%s.bad", s->stem);

	if (folder_move(s->file->places.claimed_fd, s->file->name, fd, name) == 0)
		return fsync(fd) < 0 ? error_errno(err, "Badmail") : 1;
	if (errno != EXDEV)
		return error_errno(err, "Badmail/%s", name);
	return copy_to_badmail(s, fd, err);
}

static int
open_badmail(struct pickup_settling *s, int *ret_fd, struct error *err)
{
	AUTO(freep) char *path = badmail_of(s->file);
	AUTO(closep) int fd = -1;

	if (mkdir(path, 0770) < 0 && errno != EEXIST)
		return error_errno(err, "%s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", path);
	if (choose_stem(s, path, fd, err) < 0)
		return -1;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* The reason first. whole: nobody else waits for the file. 1 it is gone, 0 it lies there still. */
static int
put_in_badmail(struct pickup_settling *s, bool whole, int64_t now_ms, struct error *err)
{
	AUTO(buffer_done) struct buffer reasons = { 0 };
	AUTO(closep) int fd = -1;
	struct span text;

	if (open_badmail(s, &fd, err) < 0)
		return -1;
	add_reasons(s, now_ms, &reasons);
	text = buffer_span(&reasons);
	if (publish_in_badmail(s, fd, "txt", &text, 1, err) < 0)
		return -1;
	return whole ? move_to_badmail(s, fd, err) : copy_to_badmail(s, fd, err);
}

/* ---- the rest --------------------------------------------------------------------- */

static int64_t
to_ms(struct timespec at)
{
	return at.tv_sec * CLOCK_SECOND_MS + at.tv_nsec / 1000000;
}

/* Twice what it was the last time. */
static int64_t
wait_ms(const struct pickup_settling *s)
{
	struct stat st;
	int64_t last_ms = 0, next_ms;

	if (fstatat(s->file->places.claimed_fd, s->file->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		last_ms = to_ms(st.st_mtim) - to_ms(st.st_ctim);
	next_ms = 2 * last_ms + 1;
	if (next_ms < s->retry_min_ms)
		return s->retry_min_ms;
	return next_ms > s->retry_max_ms ? s->retry_max_ms : next_ms;
}

static int
set_due(const struct pickup_settling *s, int64_t due_ms)
{
	struct timespec times[2];

	times[0].tv_sec = times[1].tv_sec = due_ms / CLOCK_SECOND_MS;
	times[0].tv_nsec = times[1].tv_nsec = due_ms % CLOCK_SECOND_MS * 1000000;
	return utimensat(s->file->places.claimed_fd, s->file->name, times, AT_SYMLINK_NOFOLLOW);
}

static int
rewrite(const struct pickup_settling *s, struct error *err)
{
	AUTO(buffer_done) struct buffer block = { 0 };
	AUTO(freep) char *folder = fd_path(s->file->places.claimed_fd);
	struct span parts[2];

	compose(s, PICKUP_LATER, &block);
	parts[0] = buffer_span(&block);
	parts[1] = spool_bytes(s->file->submission->spool);
	return file_publish(folder, s->file->name, parts, 2, 0660, err);
}

static int
keep_for_the_rest(struct pickup_settling *s, bool all, int64_t now_ms, struct error *err)
{
	int64_t due_ms = now_ms + wait_ms(s);

	/* whoever wrote it owns it, and only an owner sets times: then a copy is ours */
	if (all && set_due(s, due_ms) == 0)
		return 0;
	if (rewrite(s, err) < 0)
		return -1;
	return set_due(s, due_ms) < 0 ? error_errno(err, "its next try") : 0;
}

int
pickup_file_settle(struct pickup_settling *s, int64_t now_ms, struct error *err)
{
	size_t refused = count(s, PICKUP_REFUSED), later = count(s, PICKUP_LATER);
	bool nobody = s->unsendable != NULL || refused == s->file->envelope.rcpts_len;
	int moved = 0;

	if ((nobody || refused > 0) && !s->kept) {
		moved = put_in_badmail(s, nobody, now_ms, err);
		if (moved < 0)
			return -1;
		s->kept = true;
	}
	if (moved > 0)
		return 0;
	if (!nobody && later > 0)
		return keep_for_the_rest(s, later == s->file->envelope.rcpts_len, now_ms, err);
	return folder_file_remove(s->file, err);
}
