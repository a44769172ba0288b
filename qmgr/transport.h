/*
 * transport.h: one way out for one message at a time, whatever lies behind it.
 *
 * A relay (smtp_client.h) or a folder that another server empties
 * (folder_client.h): IIS's Pickup, Exchange's Replay. Who sends does not see
 * which.
 */
#ifndef QMGR_TRANSPORT_H
#define QMGR_TRANSPORT_H

#include "base/channel.h"
#include "base/settings.h"
#include "qmgr/smtp_client.h"

struct transport;

struct transport_options {
	struct ev_loop *loop;
	struct channel *back; /* by which threads tell the loop */
	const char *hostname;
	const struct settings_release *to;
};

/* Refuses an address it cannot read. The options are needed for this call only, but loop and back.
 */
int transport_new(const struct transport_options *options, struct transport **ret_transport,
		  struct error *err);
/* As in smtp_client.h. */
bool transport_busy(const struct transport *transport);
void transport_send(struct transport *transport, const struct smtp_mail *mail,
		    smtp_client_done *done, void *ctx);
void transport_freep(struct transport **transport);

#endif
