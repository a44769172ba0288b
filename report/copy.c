/*
 * copy.c: a word about a notification, and the notification.
 *
 * Texts of strangers are cleaned and cut; what is attached is theirs, and
 * marked as an attachment.
 */
#include "report/copy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/columns.h"
#include "report/digest.h"
#include "report/own.h"
#include "store/copy.h"

enum { TEXT_WIDTH = 66, SUBJECT_WIDTH = 120 };
#define HEADER_BYTES_MAX ((size_t)64 << 10)

/* "sent", though it is still sending: that is what was decided. */
static const char *
fate_of(const struct copy_request *r)
{
	return r->state == RECORD_SENDING ? "sent" : record_state_name(r->state);
}

static void
add_line(struct buffer *out, const char *label, struct span value)
{
	AUTO(freep) char *clean = columns_clean(value, false);

	if (clean[0] == '\0')
		return;
	buffer_printf(out, "  %-11s ", label);
	columns_add_cut(out, clean, TEXT_WIDTH, false);
	buffer_add_char(out, '\n');
}

static const struct facts_recipient *
first_recipient(const struct facts *facts)
{
	static const struct facts_recipient none;

	return facts->recipients_len > 0 ? &facts->recipients[0] : &none;
}

static void
add_text(const struct copy_request *r, struct buffer *out)
{
	const struct facts_recipient *first = first_recipient(r->facts);
	AUTO(freep) char *rule = columns_clean(span_of(r->rule), false);
	AUTO(freep) char *cause = first->status != NULL ? digest_cause(first->status) : NULL;

	buffer_printf(out, "The attached notification was %s, by the rule %s.\n\n", fate_of(r),
		      rule);
	add_line(out, "recipient", r->rcpt);
	add_line(out, "cause", span_of(cause));
	add_line(out, "about", span_of(first->final));
	add_line(out, "diagnostic", span_of(first->diagnostic));
	add_line(out, "from", span_of(r->facts->original.from));
	add_line(out, "subject", span_of(r->facts->original.subject));
	buffer_printf(out, "\n  ndrq show %" PRId64 "\n", r->record);
	if (r->state == RECORD_HELD || r->state == RECORD_DELETED)
		buffer_printf(out, "  ndrq release %" PRId64 "\n", r->record);
	if (r->state == RECORD_HELD)
		buffer_printf(out, "  ndrq delete %" PRId64 "\n", r->record);
}

/* "NDR 123 held: 5.1.1, anna@remote.example" */
static char *
subject_of(const struct copy_request *r)
{
	AUTO(freep) char *rcpt = columns_clean(r->rcpt, false);
	const char *status = first_recipient(r->facts)->status;
	AUTO(freep) char *clean = columns_clean(span_of(status != NULL ? status : ""), false);
	struct buffer out = { 0 };

	buffer_printf(&out, "NDR %" PRId64 " %s: %s%s", r->record, fate_of(r), clean,
		      clean[0] != '\0' ? ", " : "");
	columns_add_cut(&out, rcpt, SUBJECT_WIDTH, false);
	return buffer_take(&out);
}

/* Up to the empty line, whole lines alone. */
static struct span
header_of(struct span body)
{
	const char *crlf = memmem(body.data, body.len, "\r\n\r\n", 4);
	const char *lf = memmem(body.data, body.len, "\n\n", 2);
	struct span header = body;

	if (crlf != NULL)
		header.len = (size_t)(crlf - body.data) + 2;
	if (lf != NULL && (size_t)(lf - body.data) + 1 < header.len)
		header.len = (size_t)(lf - body.data) + 1;
	if (header.len > HEADER_BYTES_MAX) {
		const char *end = memrchr(body.data, '\n', HEADER_BYTES_MAX);

		header.len = end != NULL ? (size_t)(end - body.data) + 1 : HEADER_BYTES_MAX;
	}
	return header;
}

static int
put(struct store *store, const struct copy_request *r, int64_t *ret_copy, struct error *err)
{
	AUTO(buffer_done) struct buffer text = { 0 }, bytes = { 0 };
	AUTO(freep) char *subject = subject_of(r);
	AUTO(freep) char *name = xasprintf("copy.%" PRId64 ".%" PRId64, r->record, r->now_ms);
	AUTO(freep) char *filename = xasprintf("notification-%" PRId64 ".eml", r->record);
	bool headers_only = r->truncated || r->body.len > COPY_WHOLE_MAX;
	const struct mail_envelope envelope = { r->hostname, r->to, subject, name, r->now_ms };
	const struct mail_attachment attachment = {
		.bytes = headers_only ? header_of(r->body) : r->body,
		.filename = filename,
		.headers_only = headers_only,
		.smtputf8 = r->smtputf8,
	};
	struct own_mail mail = { .class = "copy", .envelope = &envelope, .copy_of = r->record };

	add_text(r, &text);
	mail_add_copy(&envelope, buffer_span(&text), &attachment, &bytes, &mail.is_8bit);
	mail.bytes = buffer_span(&bytes);
	return own_put(store, &mail, ret_copy, err) < 0 ? -1 : 1;
}

int
copy_put(struct store *store, const struct copy_request *request, int64_t *ret_copy,
	 struct error *err)
{
	int64_t made;

	if (store_copies_since(store, request->now_ms - request->window_ms, &made, err) < 0)
		return -1;
	if (made < request->max)
		return put(store, request, ret_copy, err);
	return store_copy_leave_out(store, request->record, request->state, request->now_ms, err);
}
