/*
 * outgoing.h: what a leased row is as a mail to the relay.
 *
 * Pure: a lease and its body in, an smtp_mail out.
 */
#ifndef QMGR_OUTGOING_H
#define QMGR_OUTGOING_H

#include "qmgr/smtp_client.h"
#include "store/store.h"

/* "ndrq-", a number, "-" and a token. */
#define OUTGOING_NAME_SIZE (5 + 20 + 1 + 2 * STORE_TOKEN_BYTES + 1)

struct outgoing {
	struct smtp_mail mail;
	char name[OUTGOING_NAME_SIZE]; /* of a file */
	struct buffer header;
	struct buffer headers_only;
};

/* Fills an outgoing that is all zero. Its mail borrows from it, the lease and the body. */
void outgoing_make(struct outgoing *outgoing, const struct store_lease *lease, struct span body,
		   const char *hostname, int64_t now_ms);
/* Frees and resets. */
void outgoing_done(struct outgoing *outgoing);

#endif
