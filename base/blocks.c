/*
 * blocks.c: blocks of 64 KB, filled one after another. Nothing here fails.
 */
#include "base/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { BLOCK_BYTES = 64 * 1024 };

/* Every block ends where a pointer may stand. */
static char *
take(struct blocks *b, size_t bytes, size_t alignment)
{
	size_t gap = b->free_len % alignment;

	if (b->free_len < gap + bytes) {
		b->free_len = bytes > BLOCK_BYTES ? (bytes / sizeof(void *) + 1) * sizeof(void *)
						  : BLOCK_BYTES;
		b->blocks = array_grow(b->blocks, &b->size, b->len, sizeof(*b->blocks));
		b->blocks[b->len++] = b->free = xmalloc(b->free_len);
		gap = 0;
	}
	b->free += gap + bytes;
	b->free_len -= gap + bytes;
	return b->free - bytes;
}

void *
blocks_alloc(struct blocks *blocks, size_t bytes)
{
	return take(blocks, bytes, sizeof(void *));
}

char *
blocks_strdup(struct blocks *blocks, const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(take(blocks, bytes, 1), text, bytes);
}

void
blocks_done(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->len; i++)
		free(blocks->blocks[i]);
	free(blocks->blocks);
	*blocks = (struct blocks){ 0 };
}
