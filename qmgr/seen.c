/*
 * seen.c: a set of marks that forgets by itself.
 *
 * Two different files with one mark are possible and harmless only in one
 * direction: a notification might be left lying until it is touched. With 64
 * bits and four million files that is one in a million folders.
 */
#include "qmgr/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static bool
set_has(const struct seen_set *set, uint64_t mark)
{
	if (set->size == 0)
		return false;
	for (size_t i = mark & (set->size - 1); set->marks[i] != 0; i = (i + 1) & (set->size - 1))
		if (set->marks[i] == mark)
			return true;
	return false;
}

static void
set_insert(struct seen_set *set, uint64_t mark)
{
	size_t i = mark & (set->size - 1);

	while (set->marks[i] != 0 && set->marks[i] != mark)
		i = (i + 1) & (set->size - 1);
	set->len += set->marks[i] == 0;
	set->marks[i] = mark;
}

static void
set_add(struct seen_set *set, uint64_t mark)
{
	struct seen_set larger = { 0 };

	if (set->len >= SEEN_MOST)
		return;
	if (2 * (set->len + 1) > set->size) {
		larger.size = set->size == 0 ? 64 : set->size * 2;
		larger.marks = xcalloc(larger.size, sizeof(larger.marks[0]));
		for (size_t i = 0; i < set->size; i++)
			if (set->marks[i] != 0)
				set_insert(&larger, set->marks[i]);
		free(set->marks);
		*set = larger;
	}
	set_insert(set, mark);
}

bool
seen_has(struct seen *seen, uint64_t mark)
{
	if (set_has(&seen->now, mark))
		return true;
	if (!set_has(&seen->before, mark))
		return false;
	set_add(&seen->now, mark);
	return true;
}

void
seen_add(struct seen *seen, uint64_t mark)
{
	set_add(&seen->now, mark);
}

void
seen_turn(struct seen *seen)
{
	free(seen->before.marks);
	seen->before = seen->now;
	seen->now = (struct seen_set){ 0 };
}

void
seen_done(struct seen *seen)
{
	free(seen->before.marks);
	free(seen->now.marks);
	*seen = (struct seen){ 0 };
}

static uint64_t
mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t
seen_mark(const char *name, uint64_t inode, int64_t mtime, int64_t size_bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = mix(hash, name, strlen(name));
	hash = mix(hash, &inode, sizeof(inode));
	hash = mix(hash, &mtime, sizeof(mtime));
	hash = mix(hash, &size_bytes, sizeof(size_bytes));
	return hash != 0 ? hash : 1;
}
