/*
 * crashmark.h: which message was being read when we died.
 *
 * A message that crashes its reader would come back for ever: the MTA keeps
 * it, and tries again; the outbox would lease it again. Each admission thread
 * notes the SHA-256 of what it reads or alters in a small shared file; a crash
 * (not a kill) marks that note, and when the same bytes come again they are
 * set aside unread, held, or not altered.
 */
#ifndef QMGR_CRASHMARK_H
#define QMGR_CRASHMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct crashmark;

/* Opens or creates the file at path; notes of a crash become suspects. */
int crashmark_open(const char *path, struct crashmark **ret_mark, struct error *err);
void crashmark_closep(struct crashmark **mark); /* NULL is fine */

/* Once in each reading thread: its slot and its signal stack. */
void crashmark_thread_start(struct crashmark *mark, unsigned slot);
void crashmark_thread_stop(void);
#define CRASHMARK_SLOTS 64

/* Around the reading, in that thread. */
void crashmark_enter(const uint8_t sha256[32]);
void crashmark_leave(void);

/* Did these bytes crash a reader before? Any thread. */
bool crashmark_is_suspect(const struct crashmark *mark, const uint8_t sha256[32]);
size_t crashmark_suspects(const struct crashmark *mark);

#endif
