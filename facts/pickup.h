/*
 * pickup.h: a mail as a file with its envelope on top.
 *
 * What IIS and Exchange write into Drop and read from Pickup and Replay: lines
 * that look like header fields, before all others, and behind them the message
 * proper, which they are no part of:
 *
 *	x-sender: <a@example.org>                                  IIS
 *	X-Sender: <a@example.org> BODY=7bit RET=HDRS ENVID=x       Exchange Replay
 *	X-Receiver: <b@example.com> NOTIFY=NEVER ORcpt=rfc822;b@example.com
 *	X-CreatedBy: MSExchange15
 *	X-EndOfInjectedXHeaders: 12583
 *
 * The block ends at the first field that is none of these: what a sender
 * wrote stands behind it and chooses nothing.
 */
#ifndef FACTS_PICKUP_H
#define FACTS_PICKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

#define PICKUP_BLOCK_MOST ((size_t)1 << 20) /* bytes of the block, and of a header that is read */
#define PICKUP_RCPTS_MOST ((size_t)5000)
#define PICKUP_VALUE_MOST ((size_t)4096) /* of one address with its parameters */

struct pickup_rcpt {
	char *path;           /* any bytes but NUL; not empty */
	char *orcpt, *notify; /* as they stand there (RFC 3461); NULL: not given */
};

struct pickup {
	bool given;  /* there is an x-sender or an x-receiver line */
	bool limits; /* beyond the limits above, or a recipient that cannot be read: not all is here
		      */
	char *sender; /* "" the null sender; NULL: not said */
	char *ret, *envid;
	const char *mail_body; /* "7BIT", "8BITMIME"; NULL (RFC 6152) */
	struct pickup_rcpt *rcpts;
	size_t rcpts_len, rcpts_size;
	size_t message_at; /* where the message proper begins */
};

/* Never fails; free with pickup_done. Two senders: the first counts. */
void pickup_read(struct span bytes, struct pickup *ret);
void pickup_done(struct pickup *pickup);

/*
 * For a file without such lines, which an application wrote: Sender, else the
 * first of From, is who sends it; To, Cc and Bcc are the recipients, each
 * once. Adds to a pickup that has neither.
 */
void pickup_read_header(struct span message, struct pickup *pickup);

/* The header of the message without its Bcc fields (RFC 5322 3.6.3), which
 * nobody else is to see; *ret_body is the rest, with its blank line. */
void pickup_add_header(struct span message, struct buffer *out, struct span *ret_body);

/* The block for that sender (NULL: none is said) and those recipients, CRLF; as pickup_read reads
 * it. */
void pickup_add_block(struct buffer *out, const struct pickup *pickup);

#endif
