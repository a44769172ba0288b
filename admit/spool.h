/*
 * spool.h: the bytes of one message on their way through.
 *
 * Small ones stay in memory, larger ones go to an unlinked file in the
 * store's folder, so that a thousand slow senders cost files and not memory.
 * A spool is used by one thread at a time and handed on with its submission.
 */
#ifndef ADMIT_SPOOL_H
#define ADMIT_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

#define SPOOL_SHA256_BYTES    32
/* Of a message beyond size_bytes this much is kept: header and reports come first. */
#define SPOOL_TRUNCATED_BYTES ((size_t)1 << 20)

struct spool;

/* folder is borrowed for the life of the spool. */
struct spool *spool_new(const char *folder, int64_t size_limit_bytes);
void spool_freep(struct spool **spool); /* NULL is fine */

/* ERROR_TEMP when the disk refuses; the spool then stays refused. */
int spool_add(struct spool *spool, struct span bytes, struct error *err);
/* After the last byte; the getters below are for a finished spool. */
int spool_finish(struct spool *spool, struct error *err);

struct span spool_bytes(const struct spool *spool); /* what is kept */
int64_t spool_size(const struct spool *spool);      /* what came */
bool spool_truncated(const struct spool *spool);
const uint8_t *spool_sha256(const struct spool *spool); /* of what came */

#endif
