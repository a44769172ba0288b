/*
 * facts.c: what is this message, and what does it say?
 *
 * The readers are asked in the order of trust: the machine-readable parts,
 * the message's own header, and last what the transport knew. Only parts
 * that are not inside of a returned or forwarded message count (scan.c does
 * not enter those). All of it is a function of bytes and envelope.
 */
#include "facts/facts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/address.h"
#include "facts/field.h"
#include "facts/message.h"
#include "facts/read.h"

static const char *const class_names[FACTS_CLASSES] = {
	[FACTS_MAIL] = "mail",
	[FACTS_UNKNOWN] = "unknown",
	[FACTS_FAILED] = "failed",
	[FACTS_DELAYED] = "delayed",
	[FACTS_DELIVERED] = "delivered",
	[FACTS_RELAYED] = "relayed",
	[FACTS_EXPANDED] = "expanded",
	[FACTS_RECEIPT] = "receipt",
	[FACTS_AUTO_REPLY] = "auto-reply",
	[FACTS_ABUSE_REPORT] = "abuse-report",
};

const char *facts_class_name(enum facts_class class)
{
	assert((unsigned)class < FACTS_CLASSES);
	return class_names[class];
}

int
facts_class_from_name(const char *name, enum facts_class *ret_class)
{
	for (int i = 0; i < FACTS_CLASSES; i++)
		if (strcmp(name, class_names[i]) == 0) {
			*ret_class = (enum facts_class)i;
			return 1;
		}
	return 0;
}

void
facts_init(void)
{
	message_init();
}

void
facts_set(char **fact, char *value)
{
	if (*fact == NULL)
		*fact = value;
	else
		free(value);
}

struct facts_recipient *
facts_add_recipient(struct facts *f)
{
	struct facts_recipient *r;
	size_t n = f->recipients_len;

	if (n == READ_RECIPIENTS) {
		f->limits = true;
		return NULL;
	}
	/* Powers of two: there is no member for the size. */
	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0))
		f->recipients = xrealloc(f->recipients, (n == 0 ? 4 : 2 * n) * sizeof(*r));
	r = &f->recipients[f->recipients_len++];
	*r = (struct facts_recipient){ 0 };
	return r;
}

static void
recipient_done(struct facts_recipient *r)
{
	free(r->final);
	free(r->original);
	free(r->status);
	free(r->action);
	free(r->diagnostic);
	free(r->remote_mta);
}

void
facts_freep(struct facts **f)
{
	if (*f == NULL)
		return;
	for (size_t i = 0; i < (*f)->recipients_len; i++)
		recipient_done(&(*f)->recipients[i]);
	free((*f)->recipients);
	free((*f)->reporting_mta);
	free((*f)->subject);
	free((*f)->message_id);
	free((*f)->delivered_to);
	free((*f)->original.message_id);
	free((*f)->original.from);
	free((*f)->original.return_path);
	free((*f)->original.subject);
	free((*f)->original.client_ip);
	free(TAKE(*f));
}

/* The parts that make a notification; NULL: there is none. */
struct report {
	const struct scan_part *status, *disposition, *feedback, *returned;
};

static void
find_report(const struct message *m, struct report *ret)
{
	size_t len;
	const struct scan_part *parts = message_parts(m, &len);

	*ret = (struct report){ 0 };
	for (size_t i = 0; i < len; i++) {
		const struct scan_part *p = &parts[i];

		if (ret->status == NULL && part_is_delivery_status(p))
			ret->status = p;
		else if (ret->disposition == NULL && part_is_disposition(p))
			ret->disposition = p;
		else if (ret->feedback == NULL && part_is_feedback(p))
			ret->feedback = p;
		else if (ret->returned == NULL && i > 0 && part_is_returned(p))
			ret->returned = p;
	}
}

static enum facts_class
read_report(struct message *m, const struct report *report, struct facts *f)
{
	enum facts_class class = FACTS_FAILED;
	size_t len;
	const struct scan_part *parts = message_parts(m, &len);

	if (report->status != NULL) {
		for (const struct scan_part *p = report->status; p < parts + len; p++)
			if (part_is_delivery_status(p))
				read_delivery_status(m, p, f);
		(void)class_from_actions(f, &class);
	} else if (report->feedback != NULL) {
		class = FACTS_ABUSE_REPORT;
		read_feedback(m, report->feedback, f);
	} else {
		class = FACTS_RECEIPT;
		read_disposition(m, report->disposition, f);
	}
	if (report->returned != NULL)
		read_returned(m, report->returned, f);
	return class;
}

/* Without any structure of a report: what the header and the transport say. */
static enum facts_class
class_without_report(const struct message *m, const struct facts_envelope *envelope)
{
	if (is_auto_reply(m))
		return FACTS_AUTO_REPLY;
	if (envelope != NULL && envelope->sender != NULL && envelope->sender[0] == '\0')
		return FACTS_UNKNOWN;
	return FACTS_MAIL;
}

struct facts *
facts_from_message(struct span bytes, const struct facts_envelope *envelope)
{
	AUTO(message_freep) struct message *m = message_open(bytes);
	struct facts *f = xcalloc(1, sizeof(*f));
	struct report report;

	f->limits = message_over_limits(m);
	f->subject = message_decode_field(message_field(m, "Subject"));
	f->message_id = field_unfold(message_field(m, "Message-ID"));
	f->delivered_to = address_from_path(message_field(m, "Delivered-To"));
	read_traces(m, f);
	if (!f->limits) {
		find_report(m, &report);
		if (report.status != NULL || report.disposition != NULL || report.feedback != NULL)
			f->class = read_report(m, &report, f);
		else
			f->class = class_without_report(m, envelope);
	}
	if (f->limits)
		f->class = FACTS_UNKNOWN;
	return f;
}

void
facts_envelope_from_header(struct span bytes, char **ret_sender, char **ret_rcpt)
{
	AUTO(freep) char *x_original_to = NULL;
	AUTO(freep) char *delivered_to = NULL;
	AUTO(freep) char *to = NULL;
	struct span header, body;
	struct field f;
	bool to_seen = false;

	*ret_sender = *ret_rcpt = NULL;
	(void)field_split(bytes, SCAN_HEADER, &header, &body);
	while (field_next(&header, &f)) {
		if (field_is(&f, "Return-Path"))
			facts_set(ret_sender, address_from_path(f.value));
		else if (field_is(&f, "X-Original-To"))
			facts_set(&x_original_to, address_from_path(f.value));
		else if (field_is(&f, "Delivered-To"))
			facts_set(&delivered_to, address_from_path(f.value));
		else if (field_is(&f, "To")) {
			if (to_seen)
				free(TAKE(to)); /* two To fields: not a single address */
			else
				to = address_single(f.value);
			to_seen = true;
		}
	}
	if (x_original_to != NULL)
		*ret_rcpt = TAKE(x_original_to);
	else if (delivered_to != NULL)
		*ret_rcpt = TAKE(delivered_to);
	else
		*ret_rcpt = TAKE(to);
}
