/*
 * folder_client.h: a message as a file for another server to pick up.
 *
 * IIS's Pickup: "x-sender: <>", one "x-receiver: ADDRESS", then the message.
 * Exchange's Replay: X-Sender and X-Receiver with the parameters of RFC 3461
 * behind them. (../shared/facts/iis-exchange.md; both by Microsoft's pages on
 * the pickup and replay directories.) Line ends are CR LF; there is no final
 * dot. The file is written in another folder of the same volume, synced, and
 * renamed, so that nobody reads half of it; its name is the record's, so that
 * what is written twice is there once.
 *
 * A thread of its own writes: a mount may hang, and the loop must not.
 */
#ifndef QMGR_FOLDER_CLIENT_H
#define QMGR_FOLDER_CLIENT_H

#include "base/channel.h"
#include "base/settings.h"
#include "qmgr/smtp_client.h"

struct folder_client;

/* to is copied. */
struct folder_client *folder_client_new(const struct settings_release *to, struct channel *back);
bool folder_client_busy(const struct folder_client *client);
/* As smtp_client_send; SMTP_NO_CONTACT: the folder is not there, or refuses for now. */
void folder_client_send(struct folder_client *client, const struct smtp_mail *mail,
			smtp_client_done *done, void *ctx);
/* Waits for a file that is being written; its done is not called. NULL is fine. */
void folder_client_freep(struct folder_client **client);

#endif
