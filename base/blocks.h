/*
 * blocks.h: many small things that stay, side by side.
 *
 * For long tables that are searched at random: what malloc gives lies among all
 * else that is made meanwhile, so that each search would touch pages of its own.
 */
#ifndef BASE_BLOCKS_H
#define BASE_BLOCKS_H

#include <stddef.h>

/* All zero: none. What is given stays where it is until all of it is freed. */
struct blocks {
	char **blocks;
	size_t len, size;
	char *free; /* of the last one */
	size_t free_len;
};

void *blocks_alloc(struct blocks *blocks, size_t bytes); /* aligned as for pointers */
char *blocks_strdup(struct blocks *blocks, const char *text);
void blocks_done(struct blocks *blocks); /* frees it all, and resets */

#endif
