/*
 * returned.c: what the header of the returned message says.
 *
 * Only its header is read, whether the whole message came back or not, or was
 * quoted in the text. The border (DESIGN.md, "proof") is looked for on the
 * way: from the top, as long as our hosts wrote the lines and the client was
 * one of us; the first client that was not is the border's. What stands above
 * it was written by us. The walk is told only of a returned part's own header:
 * text has the words of strangers among ours, and so has what follows a blank
 * line.
 */
#include "facts/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/address.h"
#include "facts/field.h"
#include "facts/received.h"

bool
part_is_returned(const struct scan_part *part)
{
	return part_is(part, "message/rfc822") || part_is(part, "message/global") ||
	       part_is(part, "text/rfc822-headers") || part_is(part, "message/rfc822-headers") ||
	       part_is(part, "message/global-headers") || part_is(part, "text/rfc822") ||
	       part_is(part, "text/rfc822-header");
}

struct reading {
	struct facts_original *o;
	const struct facts_site *site; /* NULL: not known */
	enum facts_source from;
	bool inside;  /* all Received lines until now are ours */
	size_t hops;  /* how many, from clients that are us */
	char *public; /* the topmost public client */
};

static void
read_received(struct reading *r, struct span value)
{
	struct received hop;

	if (r->o->border != NULL || (!r->inside && r->public != NULL))
		return;
	received_parse(value, &hop);
	if (r->public == NULL && received_client_is_public(&hop))
		r->public = xstrdup(hop.client);
	if (!r->inside)
		return;
	r->inside = received_by_us(&hop, r->site);
	if (!r->inside)
		return;
	if (received_from_us(&hop, r->site)) {
		r->hops++;
		return;
	}
	r->o->border = field_unfold(value);
	r->o->border_authenticated = received_is_authenticated(&hop);
	if (hop.client[0] != '\0')
		FACT_SET(r->o, client_ip, r->from, xstrdup(hop.client));
}

static void
add_proof(struct reading *r, enum facts_proof_kind kind, struct span value)
{
	struct facts_original *o = r->o;
	char *text = o->proofs_len < FACTS_PROOFS_MAX ? field_unfold(value) : NULL;

	if (text != NULL)
		o->proofs[o->proofs_len++] = (struct facts_proof){
			.kind = kind,
			.above_border = r->inside && o->border == NULL,
			/* bytes that were no UTF-8 take more room as a fact */
			.cut = value.len > FACT_MOST || strlen(text) > FACT_MOST - 4,
			.text = text,
		};
}

static void
read_field(struct reading *r, const struct field *f)
{
	struct facts_original *o = r->o;

	if (field_is(f, "Received"))
		read_received(r, f->value);
	else if (o->message_id == NULL && field_is(f, "Message-ID"))
		FACT_SET(o, message_id, r->from, field_message_id(f->value));
	else if (o->from == NULL && field_is(f, "From"))
		FACT_SET(o, from, r->from, message_decode_field(f->value, NULL));
	else if (o->subject == NULL && field_is(f, "Subject"))
		FACT_SET(o, subject, r->from, message_decode_field(f->value, NULL));
	else if (o->date == NULL && field_is(f, "Date"))
		FACT_SET(o, date, r->from, field_unfold(f->value));
	else if (o->return_path == NULL && field_is(f, "Return-Path"))
		FACT_SET(o, return_path, r->from, address_from_path(f->value));
	else if (field_is(f, "Authentication-Results"))
		add_proof(r, FACTS_PROOF_AUTHENTICATION_RESULTS, f->value);
	else if (field_is(f, "Received-SPF"))
		add_proof(r, FACTS_PROOF_RECEIVED_SPF, f->value);
	else if (field_is(f, "ARC-Authentication-Results"))
		add_proof(r, FACTS_PROOF_ARC, f->value);
	else if (field_is(f, "ARC-Seal"))
		add_proof(r, FACTS_PROOF_ARC_SEAL, f->value);
	else if (o->spam == NULL && (field_is(f, "X-Spam-Flag") || field_is(f, "X-Spam-Status")))
		o->spam = field_unfold(f->value);
}

enum facts_walk
read_returned_header(struct span header, enum facts_source from, const struct facts_site *site,
		     struct facts *f)
{
	struct reading r = {
		.o = &f->original, .site = site, .from = from, .inside = site != NULL
	};
	struct field field;

	while (field_next(&header, &field))
		read_field(&r, &field);
	/* Without a border nothing is known to be above it. */
	for (size_t i = 0; r.o->border == NULL && i < r.o->proofs_len; i++)
		r.o->proofs[i].above_border = false;
	/* A border that names no address: the public one above it is our own. */
	if (r.o->border != NULL)
		free(r.public);
	else if (r.public != NULL)
		FACT_SET(r.o, client_ip, from, r.public);
	if (r.o->return_path_inner == NULL && r.o->return_path != NULL)
		r.o->return_path_inner = address_inner(r.o->return_path);
	if (r.o->border != NULL)
		return FACTS_WALK_BORDER;
	return r.inside && r.hops > 0 ? FACTS_WALK_INSIDE : FACTS_WALK_NONE;
}

/* Does a header go on here, after a blank line that a gateway put into it? */
static bool
goes_on(struct span body, struct span *ret_header)
{
	struct span rest, line, one;
	struct field first;

	(void)field_split(body, READ_RETURNED, ret_header, &rest);
	one = *ret_header;
	return line_next(&one, &line) && field_next(&line, &first) &&
	       field_find(*ret_header, "Message-ID").data != NULL &&
	       field_find(*ret_header, "From").data != NULL;
}

void
read_returned(struct message *m, const struct scan_part *part, const struct facts_site *site,
	      struct facts *f)
{
	struct span header, body, more;

	(void)field_split(message_bytes(m, part, READ_RETURNED), READ_RETURNED, &header, &body);
	if (header.len == 0) /* a blank line too many before it */
		(void)field_split(body, READ_RETURNED, &header, &body);
	f->original.walk = read_returned_header(header, FACTS_SOURCE_RETURNED, site, f);
	if (f->original.message_id == NULL && goes_on(body, &more))
		(void)read_returned_header(more, FACTS_SOURCE_RETURNED, NULL, f);
}

static void
add_recipients(struct span list, struct facts *f)
{
	struct span one;

	while (address_list_next(&list, &one)) {
		struct facts_recipient *r = facts_add_recipient(f);

		if (r == NULL)
			return;
		FACT_SET(r, final, FACTS_SOURCE_RETURNED, address_from_path(one));
	}
}

void
read_returned_recipients(struct span header, struct facts *f)
{
	struct field field;

	while (field_next(&header, &field))
		if (field_is(&field, "To") || field_is(&field, "Cc") || field_is(&field, "Bcc"))
			add_recipients(field.value, f);
}
