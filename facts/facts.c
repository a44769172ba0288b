/*
 * facts.c: what is this message, and what does it say?
 *
 * The outer page: names, owners, limits. reading.c asks the readers. Only
 * parts that are not inside of a returned or forwarded message count (scan.c
 * does not enter those). All of it is a function of bytes, envelope and site.
 */
#include "facts/facts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/address.h"
#include "facts/family.h"
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

const char *
facts_source_name(enum facts_source source)
{
	static const char *const names[] = {
		[FACTS_SOURCE_NONE] = "",
		[FACTS_SOURCE_DSN] = "dsn",
		[FACTS_SOURCE_HEADER] = "header",
		[FACTS_SOURCE_TEXT] = "text",
		[FACTS_SOURCE_RETURNED] = "returned",
	};

	assert((unsigned)source < sizeof(names) / sizeof(names[0]));
	return names[source];
}

void
facts_init(void)
{
	message_init();
	family_init();
}

void
facts_set(char **fact, enum facts_source *source, enum facts_source from, char *value)
{
	if (*fact != NULL) {
		free(value);
		return;
	}
	*fact = value;
	if (value != NULL)
		*source = from;
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

void
facts_set_class(struct facts *f, enum facts_class class, enum facts_source source,
		const char *family)
{
	f->class = class;
	f->class_source = source;
	f->family = family;
}

static void
recipient_done(struct facts_recipient *r)
{
	free(r->final);
	free(r->original);
	free(r->inner);
	free(r->status);
	free(r->action);
	free(r->diagnostic);
	free(r->remote_mta);
}

void
facts_drop_recipients(struct facts *f)
{
	for (size_t i = 0; i < f->recipients_len; i++)
		recipient_done(&f->recipients[i]);
	free(TAKE(f->recipients));
	f->recipients_len = 0;
}

void
facts_freep(struct facts **f)
{
	struct facts_original *o;

	if (*f == NULL)
		return;
	facts_drop_recipients(*f);
	free((*f)->reporting_mta);
	free((*f)->arrival_date);
	free((*f)->subject);
	free((*f)->message_id);
	free((*f)->delivered_to);
	o = &(*f)->original;
	free(o->message_id);
	free(o->from);
	free(o->return_path);
	free(o->return_path_inner);
	free(o->subject);
	free(o->date);
	free(o->client_ip);
	free(o->border);
	free(o->spam);
	for (size_t i = 0; i < o->proofs_len; i++)
		free(o->proofs[i].text);
	free(TAKE(*f));
}

struct facts *
facts_from_message(struct span bytes, const struct facts_envelope *envelope)
{
	return facts_from_message_at(bytes, envelope, NULL);
}

struct facts *
facts_from_message_at(struct span bytes, const struct facts_envelope *envelope,
		      const struct facts_site *site)
{
	static const struct facts_envelope unknown = { 0 };
	AUTO(message_freep) struct message *m = message_open(bytes);
	struct facts *f = xcalloc(1, sizeof(*f));

	f->limits = message_over_limits(m);
	f->subject = message_decode_own(m, "Subject");
	f->message_id = field_message_id(message_field(m, "Message-ID"));
	f->delivered_to = address_from_path(message_field(m, "Delivered-To"));
	read_traces(m, site, f);
	if (!f->limits)
		read_message(m, envelope != NULL ? envelope : &unknown, site, f);
	if (f->limits)
		facts_set_class(f, FACTS_UNKNOWN, FACTS_SOURCE_NONE, NULL);
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
		if (*ret_sender == NULL && field_is(&f, "Return-Path"))
			*ret_sender = address_from_path(f.value);
		else if (x_original_to == NULL && field_is(&f, "X-Original-To"))
			x_original_to = address_from_path(f.value);
		else if (delivered_to == NULL && field_is(&f, "Delivered-To"))
			delivered_to = address_from_path(f.value);
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
