/*
 * transport.c: which client is behind it.
 */
#include "qmgr/transport.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "qmgr/folder_client.h"

enum {
	CONNECT_TIMEOUT_MS = 30000,
	REPLY_TIMEOUT_MS = 300000,
	FINAL_TIMEOUT_MS = 600000, /* RFC 5321 4.5.3.2.6 */
	IDLE_TIMEOUT_MS = 5000,
};

/* One of them. */
struct transport {
	struct smtp_client *smtp;
	struct folder_client *folder;
};

static int
new_smtp(struct transport *t, const struct transport_options *options, struct error *err)
{
	const struct smtp_client_options client = {
		.relay = options->to->relay,
		.hostname = options->hostname,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.reply_timeout_ms = REPLY_TIMEOUT_MS,
		.final_timeout_ms = FINAL_TIMEOUT_MS,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
	};

	return smtp_client_new(options->loop, &client, &t->smtp, err);
}

int
transport_new(const struct transport_options *options, struct transport **ret_transport,
	      struct error *err)
{
	AUTO(transport_freep) struct transport *t = xcalloc(1, sizeof(*t));

	if (options->to->relay == NULL)
		t->folder = folder_client_new(options->to, options->back);
	else if (new_smtp(t, options, err) < 0)
		return -1;
	*ret_transport = TAKE(t);
	return 0;
}

bool
transport_busy(const struct transport *t)
{
	return t->smtp != NULL ? smtp_client_busy(t->smtp) : folder_client_busy(t->folder);
}

void
transport_send(struct transport *t, const struct smtp_mail *mail, smtp_client_done *done, void *ctx)
{
	if (t->smtp != NULL)
		smtp_client_send(t->smtp, mail, done, ctx);
	else
		folder_client_send(t->folder, mail, done, ctx);
}

void
transport_freep(struct transport **ret_transport)
{
	struct transport *t = *ret_transport;

	if (t == NULL)
		return;
	smtp_client_freep(&t->smtp);
	folder_client_freep(&t->folder);
	free(t);
	*ret_transport = NULL;
}
