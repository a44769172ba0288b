/*
 * bdr.h: what IIS writes beside a message that it could not return.
 *
 * A badmail triplet is x.bad (the message), x.bdr (a text that says why) and
 * x.bdp (properties, binary). No document gives the grammar of the text and
 * only one was ever quoted in public (../shared/facts/iis-exchange.md), so two
 * fragments are relied on, wherever they stand and however they are wrapped:
 * "error was encountered: …" and "error code was 0x…". The rest is kept as
 * text. Nothing that a .bdr says decides who gets mail.
 */
#ifndef FACTS_BDR_H
#define FACTS_BDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* More is not read: text beyond it is cut, `cut` is set. */
#define BDR_BYTES_MAX      ((size_t)65536)
#define BDR_REASON_MAX     ((size_t)1024)
#define BDR_RECIPIENTS_MAX ((size_t)100)

#define BDR_CODE_SIZE      11 /* "0xC00402C7" */

struct bdr {
	bool has_code;
	uint32_t code;
	char code_text[BDR_CODE_SIZE]; /* "" without one */
	char *reason;                  /* the error's words in one line; NULL: none found */
	char *sender;                  /* behind a label that says so; NULL: none found */
	char **recipients;
	size_t recipients_len;
	char *text; /* all of it: valid UTF-8, lines end in LF */
	bool cut;
};

/*
 * Reads UTF-8, UTF-16 (by its mark, else by where its zeros stand) or CP1252.
 * Never fails: of bytes that say nothing there is only the text. Free with
 * bdr_done.
 */
void bdr_read(struct span bytes, struct bdr *ret);
void bdr_done(struct bdr *bdr);

/* Does it say that the message is a notification, which a .bad does not always tell? */
bool bdr_is_of_notification(const struct bdr *bdr);

#endif
