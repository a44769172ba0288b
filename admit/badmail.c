/*
 * badmail.c: triplets, by looking up names.
 *
 * Most folders write one case throughout, so the case of the name in hand is
 * tried first and mostly that is all: two lookups that hit, and two for a
 * .bad that differs by case. Only when something is missing are all eight
 * ways to write each extension tried. A file system without case answers to
 * all of them with one file, which is one file.
 */
#include "admit/badmail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"

enum { EXTENSION = 4, CASES = 8, ALL_LOWER = 0, ALL_UPPER = 7 };

static const char extensions[BADMAIL_PARTS][EXTENSION + 1] = { ".bad", ".bdr", ".bdp" };

enum badmail_part
badmail_part_of(const char *name)
{
	size_t len = strlen(name);

	if (len <= EXTENSION || len > NAME_MAX)
		return BADMAIL_NONE;
	for (int part = BADMAIL_BAD; part < BADMAIL_PARTS; part++)
		if (strcasecmp(name + len - EXTENSION, extensions[part]) == 0)
			return part;
	return BADMAIL_NONE;
}

/* Which of the three letters are capitals. */
static unsigned
case_of(const char *name)
{
	const char *letters = name + strlen(name) - 3;
	unsigned capitals = 0;

	for (unsigned i = 0; i < 3; i++)
		if (letters[i] >= 'A' && letters[i] <= 'Z')
			capitals |= 1U << i;
	return capitals;
}

static void
write_name(const char *base, size_t base_len, enum badmail_part part, unsigned capitals, char *out)
{
	memcpy(out, base, base_len);
	memcpy(out + base_len, extensions[part], EXTENSION + 1);
	for (unsigned i = 0; i < 3; i++)
		if (capitals & 1U << i)
			out[base_len + 1 + i] = (char)(out[base_len + 1 + i] - 'a' + 'A');
}

/* What a triplet is put together from, and what is wrong with it. */
struct search {
	int folder_fd;
	const char *name;
	unsigned capitals; /* of name */
	struct badmail *found;
	bool twins;              /* two different files for one part */
	char twin[NAME_MAX + 1]; /* the second of them */
	const char *not_regular; /* a name in found */
};

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void
keep(struct search *s, enum badmail_part part, const char *name, const struct stat *st)
{
	struct badmail_file *file = &s->found->parts[part];
	struct badmail_file other = { .there = true,
				      .size_bytes = st->st_size,
				      .modified = st->st_mtim,
				      .changed = st->st_ctim,
				      .dev = st->st_dev,
				      .ino = st->st_ino };

	if (file->there) {
		if (file->dev != other.dev || file->ino != other.ino) {
			s->twins = true;
			strcpy(s->twin, name);
		}
		return;
	}
	strcpy(other.name, name);
	*file = other;
	if (!S_ISREG(st->st_mode) && s->not_regular == NULL)
		s->not_regular = file->name;
}

/* 1 there, 0 not, -1 failed. */
static int
look_up(struct search *s, enum badmail_part part, unsigned capitals, struct error *err)
{
	char name[NAME_MAX + 1];
	struct stat st;

	write_name(s->name, s->found->base_len, part, capitals, name);
	if (fstatat(s->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_errno(err, "%s", name);
	keep(s, part, name, &st);
	return 1;
}

/* A .bad with both others in its own case, and no other .bad: all there is to know. 1, 0, -1. */
static int
look_in_own_case(struct search *s, struct error *err)
{
	for (int part = BADMAIL_BDR; part < BADMAIL_PARTS; part++) {
		int found = look_up(s, part, s->capitals, err);

		if (found <= 0)
			return found;
	}
	if (s->capitals != ALL_LOWER && look_up(s, BADMAIL_BAD, ALL_LOWER, err) < 0)
		return -1;
	if (s->capitals != ALL_UPPER && look_up(s, BADMAIL_BAD, ALL_UPPER, err) < 0)
		return -1;
	return !s->twins;
}

/*
 * All eight ways to write one part. Where every one of them is answered the file system knows no
 * case: one file, also where it makes up inode numbers as it goes (CIFS without serverino).
 */
static int
look_in_each_case(struct search *s, enum badmail_part part, struct error *err)
{
	bool twins = s->twins;
	int hits = 0;

	for (unsigned i = 0; i < CASES; i++) {
		int found = look_up(s, part, s->capitals ^ i, err);

		if (found < 0)
			return -1;
		hits += found;
	}
	if (hits == CASES)
		s->twins = twins;
	return 0;
}

static int
look_everywhere(struct search *s, struct error *err)
{
	s->twins = false;
	for (int part = BADMAIL_BAD; part < BADMAIL_PARTS; part++)
		if (look_in_each_case(s, part, err) < 0)
			return -1;
	return 0;
}

/* Is there one of a part that leads before this one, in the same case? The quick no. */
static int
is_led(struct search *s, enum badmail_part part, struct error *err)
{
	for (int before = BADMAIL_BAD; before < (int)part; before++) {
		int found = look_up(s, before, s->capitals, err);

		if (found != 0)
			return found;
	}
	return 0;
}

static enum badmail_part
leading_part(const struct badmail *b)
{
	for (int part = BADMAIL_BAD; part < BADMAIL_PARTS; part++)
		if (b->parts[part].there)
			return part;
	return BADMAIL_NONE;
}

/* Of several files that could lead, the first by name speaks. */
static bool
is_first_of_twins(const struct search *s, enum badmail_part part)
{
	for (unsigned capitals = ALL_UPPER; capitals != s->capitals; capitals--) {
		char name[NAME_MAX + 1];
		struct stat st;

		write_name(s->name, s->found->base_len, part, capitals, name);
		if (fstatat(s->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return false;
	}
	return true;
}

static int
judge(const struct search *s, enum badmail_part part, struct error *err)
{
	if (leading_part(s->found) != part)
		return 0;
	if (s->twins) {
		if (!is_first_of_twins(s, part))
			return 0;
		return error_set(err, ERROR_PERM, "%s: two files differ by case only: left alone",
				 s->twin);
	}
	if (s->not_regular != NULL)
		return error_set(err, ERROR_PERM, "%s: not a regular file: left alone",
				 s->not_regular);
	return 1;
}

static int
find(struct search *s, enum badmail_part part, struct error *err)
{
	int result = is_led(s, part, err);

	if (result != 0)
		return result > 0 ? 0 : -1;
	result = look_up(s, part, s->capitals, err);
	if (result <= 0)
		return result;
	result = part == BADMAIL_BAD ? look_in_own_case(s, err) : 0;
	if (result < 0 || (result == 0 && look_everywhere(s, err) < 0))
		return -1;
	return judge(s, part, err);
}

int
badmail_find(int folder_fd, const char *name, struct badmail *ret, struct error *err)
{
	enum badmail_part part = badmail_part_of(name);
	struct search s = { .folder_fd = folder_fd, .name = name, .found = ret };

	if (part == BADMAIL_NONE)
		return 0;
	s.capitals = case_of(name);
	ret->base_len = strlen(name) - EXTENSION;
	for (int i = 0; i < BADMAIL_PARTS; i++)
		ret->parts[i].there = false;
	return find(&s, part, err);
}

int64_t
badmail_newest_ms(const struct badmail *b)
{
	int64_t newest = INT64_MIN;

	for (int part = 0; part < BADMAIL_PARTS; part++) {
		const struct timespec *at = &b->parts[part].modified;
		int64_t ms = at->tv_sec * CLOCK_SECOND_MS + at->tv_nsec / 1000000;

		if (b->parts[part].there && ms > newest)
			newest = ms;
	}
	return newest;
}

int64_t
badmail_size(const struct badmail *b)
{
	int64_t size = 0;

	for (int part = 0; part < BADMAIL_PARTS; part++)
		if (b->parts[part].there)
			size += b->parts[part].size_bytes;
	return size;
}

unsigned
badmail_count(const struct badmail *b)
{
	unsigned count = 0;

	for (int part = 0; part < BADMAIL_PARTS; part++)
		count += b->parts[part].there;
	return count;
}

bool
badmail_unchanged(const struct badmail *before, const struct badmail *now)
{
	for (int part = 0; part < BADMAIL_PARTS; part++) {
		const struct badmail_file *a = &before->parts[part], *b = &now->parts[part];

		if (a->there != b->there)
			return false;
		if (a->there && (strcmp(a->name, b->name) != 0 || a->size_bytes != b->size_bytes ||
				 !same_time(a->modified, b->modified)))
			return false;
	}
	return true;
}
