/*
 * outgoing.c: the bytes of the store, made fit to travel on.
 *
 * Promises: a message leaves as it came, under one line of ours; only what the step to us added
 * is taken off, and one that was cut leaves as its header.
 */
#include "qmgr/outgoing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "facts/field.h"

/* RFC 5321 4.4: our trace line; by its token we know our own mail again. */
static void
add_received(struct outgoing *out, const struct store_lease *lease, const char *hostname,
	     int64_t now_ms)
{
	char token[2 * STORE_TOKEN_BYTES + 1], date[CLOCK_RFC5322_SIZE];

	hex_encode(lease->token, STORE_TOKEN_BYTES, token);
	(void)snprintf(out->name, sizeof(out->name), "ndrq-%" PRId64 "-%s", lease->record, token);
	buffer_printf(&out->header, "Received: by %s (ndrq) id %" PRId64 ".%s;\r\n\t%s\r\n",
		      hostname, lease->record, token, clock_format_rfc5322(now_ms, date));
}

/* A truncated message leaves as its header and a word about the rest. */
static struct span
header_of(struct outgoing *out, struct span body)
{
	const char *end = memmem(body.data, body.len, "\r\n\r\n", 4);
	const char *lf = memmem(body.data, body.len, "\n\n", 2);
	size_t len = body.len;

	if (end != NULL)
		len = (size_t)(end - body.data) + 2;
	else if (lf != NULL)
		len = (size_t)(lf - body.data) + 1;
	buffer_add(&out->headers_only, body.data, len);
	buffer_add_str(&out->headers_only,
		       "\r\n[The rest of this message was too large to be kept.]\r\n");
	return buffer_span(&out->headers_only);
}

/*
 * Some LMTP clients deliver to us as to a mailbox, with "Delivered-To: who it is for" on top
 * (OpenSMTPD). It was not delivered: where it goes now that line means a loop (local(8) of
 * Postfix, qmail), and the message would be refused.
 */
static struct span
undelivered(struct span body, const char *rcpt)
{
	struct span rest = body;
	struct field first;

	if (span_starts_nocase(body, "Delivered-To:") && field_next(&rest, &first) &&
	    span_equal_nocase(first.value, span_of(rcpt)))
		return rest;
	return body;
}

void
outgoing_make(struct outgoing *out, const struct store_lease *lease, struct span body,
	      const char *hostname, int64_t now_ms)
{
	struct span rest = undelivered(body, lease->rcpt);

	add_received(out, lease, hostname, now_ms);
	out->mail = (struct smtp_mail){
		.rcpt = span_of(lease->rcpt),
		.orcpt = lease->rcpt_replaced ? NULL : lease->orcpt,
		.notify = lease->rcpt_replaced ? NULL : lease->notify,
		.ret = lease->ret,
		.envid = lease->envid,
		.body_8bit = lease->mail_body != NULL && strcmp(lease->mail_body, "8BITMIME") == 0,
		.smtputf8 = lease->smtputf8,
		.name = out->name,
		.header = buffer_span(&out->header),
		.body = lease->truncated ? header_of(out, rest) : rest,
	};
}

void
outgoing_done(struct outgoing *out)
{
	buffer_done(&out->header);
	buffer_done(&out->headers_only);
	*out = (struct outgoing){ 0 };
}
