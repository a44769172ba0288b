/*
 * message.h: the questions that the readers ask of a message.
 *
 * The MIME library is behind this page and nowhere else. All spans live as
 * long as the message: they point into the bytes it was opened on, or into
 * what it decoded.
 */
#ifndef FACTS_MESSAGE_H
#define FACTS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "facts/scan.h"

struct message;

/* Once, before the first message. */
void message_init(void);

/* Borrows bytes. Never NULL. Finds parts, decodes nothing. */
struct message *message_open(struct span bytes);
void message_freep(struct message **m);

/* Beyond the limits of scan.h: parts is incomplete, and nothing more should be asked of it. */
bool message_over_limits(const struct message *m);

/* [0] is the message itself. */
const struct scan_part *message_parts(const struct message *m, size_t *ret_len);

/* A field of the message's own header as it came, folded; data NULL when there is none. */
struct span message_field(const struct message *m, const char *name);
bool message_has(const struct message *m, const char *name);

/* The n-th field of that name, from 0. */
struct span message_field_nth(const struct message *m, const char *name, size_t n);

/* The body with its transfer encoding undone; at most `most` encoded bytes are read. */
struct span message_bytes(struct message *m, const struct scan_part *part, size_t most);

/* The same as UTF-8, from whatever charset it says or seems to have; HTML as it is. */
struct span message_text(struct message *m, const struct scan_part *part, size_t most);

/*
 * A header value as a fact: unfolded, encoded words decoded (RFC 2047), UTF-8;
 * bare 8-bit bytes are read as charset, NULL: Windows-1252. NULL when empty.
 * The caller's.
 */
char *message_decode_field(struct span value, const char *charset);

/* The same for the first field of that name of the message; bare bytes as its text says. */
char *message_decode_own(const struct message *m, const char *name);

#endif
