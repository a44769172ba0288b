/*
 * pickup.h: ordinary mail of a pickup folder, to the relay.
 *
 * For applications that write mail into a folder of IIS, where IIS is gone.
 * Each mail is one transaction with all its recipients; the file goes after
 * the relay's 250, and not before. It never enters the store.
 */
#ifndef QMGR_PICKUP_H
#define QMGR_PICKUP_H

#include "admit/folder_file.h"
#include "qmgr/intake.h"

struct pickup_sender;

int pickup_sender_new(const struct intake_host *host, const char *relay,
		      struct pickup_sender **ret_sender, struct error *err);
/* Nothing is sent any more but what is on its way; what waits is done at once, and stays in .ndrq.
 */
void pickup_sender_drain(struct pickup_sender *sender);
void pickup_sender_freep(struct pickup_sender **sender);

/* Claimed, with its spool and envelope. It is the sender's until done is called, from the loop. */
void pickup_send(struct pickup_sender *sender, struct folder_file *file,
		 void (*done)(void *ctx, struct folder_file *file), void *ctx);

#endif
