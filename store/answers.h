/*
 * answers.h: records whose peer may not have seen our 250.
 *
 * A bounded set of ids, in memory. It forgets its oldest, and then says so:
 * an id that may have been forgotten is "maybe".
 */
#ifndef STORE_ANSWERS_H
#define STORE_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWERS_MAX 65536

struct answers;

struct answers *answers_new(void);
void answers_freep(struct answers **a);
void answers_add(struct answers *a, int64_t id); /* id > 0 */
/* True when id was added, or may have been and is forgotten. */
bool answers_maybe_has(const struct answers *a, int64_t id);

#endif
