/*
 * own.c: from a composed mail to a row in the outbox.
 */
#include "report/own.h"

#include <nettle/sha2.h>
#include <string.h>

#include "base/cleanup.h"

static void
digest_bytes(struct span bytes, uint8_t out[STORE_SHA256_BYTES])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, bytes.len, (const uint8_t *)bytes.data);
	sha256_digest(&sha, STORE_SHA256_BYTES, out);
}

int
own_put(struct store *store, const struct own_mail *mail, int64_t *ret_id, struct error *err)
{
	const struct mail_envelope *e = mail->envelope;
	AUTO(freep) char *message_id = xasprintf("<%s@%s>", e->name, e->hostname);
	struct store_new_record record = {
		.rcpt = span_of(e->to),
		.state = RECORD_SENDING,
		.verdict = "send",
		.rule = mail->class,
		.route = STORE_ROUTE_SUBMIT,
		.copy_of = mail->copy_of,
	};
	struct store_new_message message = {
		.body = mail->bytes,
		.size_bytes = (int64_t)mail->bytes.len,
		.received_at_ms = e->date_ms,
		.intake = "ndrq",
		.mail_body = mail->is_8bit ? "8BITMIME" : NULL,
		.class = mail->class,
		.facts = "{}",
		.subject = e->subject,
		.message_id = message_id,
		.records = &record,
		.records_len = 1,
	};

	digest_bytes(mail->bytes, message.sha256);
	if (store_put(store, &message, err) < 0)
		return -1;
	*ret_id = record.id;
	return 0;
}
