/*
 * reading.c: the order in which a message's readers are asked.
 *
 * First the machine-readable parts, which speak for themselves; then fields
 * that only one family writes, the text, and last what the transport knew.
 * The text is read only when something is missing without it. A reading owns
 * its notice and frees it; what it finds goes to the facts. Nothing fails.
 */
#include "facts/read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "facts/address.h"
#include "facts/class.h"
#include "facts/family.h"
#include "facts/field.h"

/* A message being read. */
struct reading {
	struct message *m;
	const struct facts_envelope *envelope; /* never NULL */
	const struct facts_site *site;
	struct facts *f;
	struct evidence evidence;
	struct notice notice; /* read when the text is needed */
	bool notice_read;
	/* The parts that make a notification; NULL: there is none. */
	const struct scan_part *status, *disposition, *feedback, *returned;
};

/*
 * The parts of a report. Without a part for it the returned header can stand
 * where a gateway that knows no better puts it: in the header of a part.
 */
static void
find_parts(struct reading *r)
{
	size_t len;
	const struct scan_part *parts = message_parts(r->m, &len);

	for (size_t i = 0; i < len; i++) {
		const struct scan_part *p = &parts[i];

		if (r->status == NULL && part_is_delivery_status(p))
			r->status = p;
		else if (r->disposition == NULL && part_is_disposition(p))
			r->disposition = p;
		else if (r->feedback == NULL && part_is_feedback(p))
			r->feedback = p;
		else if (r->returned == NULL && i > 0 && part_is_returned(p))
			r->returned = p;
	}
}

static const struct notice *
need_notice(struct reading *r)
{
	if (!r->notice_read)
		notice_read(r->m, &r->notice);
	r->notice_read = true;
	return &r->notice;
}

/* Who the notification is for: no recipient of the returned message, as a rule. */
static char *
own_recipient(const struct reading *r)
{
	struct span to = message_field(r->m, "To"), one;

	if (r->envelope->rcpt != NULL)
		return fact_dup(span_of(r->envelope->rcpt));
	return address_list_next(&to, &one) ? address_from_path(one) : NULL;
}

/* The domain that the reporter writes from. */
static char *
own_domain(const struct reading *r)
{
	AUTO(freep) char *from = address_from_path(message_field(r->m, "From"));
	const char *at = from == NULL ? NULL : strrchr(from, '@');

	return at == NULL || at[1] == '\0' ? NULL : xstrdup(at + 1);
}

/* Gives what the text said of an address (or of the only one) to the recipient named in a header.
 */
static void
move_said(struct facts_recipient *to, struct facts *listed)
{
	for (size_t i = 0; i < listed->recipients_len; i++) {
		struct facts_recipient *from = &listed->recipients[i];

		if (listed->recipients_len > 1 &&
		    (from->final == NULL || strcasecmp(from->final, to->final) != 0))
			continue;
		FACT_SET(to, status, from->source.status, TAKE(from->status));
		FACT_SET(to, diagnostic, from->source.diagnostic, TAKE(from->diagnostic));
		FACT_SET(to, original, from->source.original, TAKE(from->original));
		to->status_derived = from->status_derived;
		return;
	}
}

/* X-Failed-Recipients (Exim, Gmail): a list, the field repeated when it is long. */
static bool
read_failed_recipients(struct reading *r, struct facts *listed)
{
	struct span list, one;

	for (size_t n = 0; (list = message_field_nth(r->m, "X-Failed-Recipients", n)).data != NULL;
	     n++)
		while (address_list_next(&list, &one)) {
			struct facts_recipient *added = facts_add_recipient(r->f);

			if (added == NULL)
				return true;
			FACT_SET(added, final, FACTS_SOURCE_HEADER, address_from_path(one));
			FACT_SET(added, action, FACTS_SOURCE_HEADER, xstrdup("failed"));
			if (added->final != NULL)
				move_said(added, listed);
		}
	if (r->f->recipients_len == 1 && r->f->recipients[0].status == NULL)
		read_said_of_all(&r->notice, &r->f->recipients[0]);
	return r->f->recipients_len > 0;
}

/* Only who is in the header of the returned message is left. */
static void
read_last_resort(struct reading *r, const char *action)
{
	struct facts *f = r->f;

	if (r->notice.returned.len > 0)
		read_returned_recipients(buffer_span(&r->notice.returned), f);
	else if (r->returned != NULL)
		read_returned_recipients(message_bytes(r->m, r->returned, READ_RETURNED), f);
	for (size_t i = 0; i < f->recipients_len; i++)
		FACT_SET(&f->recipients[i], action, FACTS_SOURCE_TEXT, xstrdup(action));
}

/*
 * A gateway that wraps a report into its own message, or pastes it into its
 * text: outside are the marks of a bounce and nobody named, inside is the
 * report. One level.
 */
static void
read_wrapped(struct reading *r)
{
	AUTO(message_freep) struct message *inner = NULL;
	const struct scan_part *parts;
	size_t len;

	if (r->returned != NULL)
		inner = message_open(message_bytes(r->m, r->returned, READ_REPORT));
	else
		inner = message_open(r->notice.quoted);
	parts = message_parts(inner, &len);
	for (size_t i = 0; !message_over_limits(inner) && i < len; i++)
		if (part_is_delivery_status(&parts[i]))
			read_delivery_status(inner, &parts[i], r->f);
}

/* The recipients that text and header name. */
static void
read_text_recipients(struct reading *r, enum facts_class class)
{
	AUTO(freep) char *own = own_recipient(r);
	AUTO(freep) char *domain = own_domain(r);
	AUTO(facts_freep) struct facts *listed = xcalloc(1, sizeof(*listed));
	const char *action = facts_class_name(class);

	if (read_delivery_fields(buffer_span(&r->notice.own), r->f))
		return;
	read_listed_recipients(&r->notice, span_of(own), domain, action, listed);
	if (read_failed_recipients(r, listed))
		return;
	if (listed->recipients_len == 0)
		read_wrapped(r);
	if (r->f->recipients_len > 0)
		return;
	facts_drop_recipients(r->f);
	r->f->recipients = TAKE(listed->recipients);
	r->f->recipients_len = listed->recipients_len;
	listed->recipients_len = 0;
	if (r->f->recipients_len == 0)
		read_last_resort(r, action);
}

static void
read_original(struct reading *r)
{
	size_t len;
	const struct scan_part *parts = message_parts(r->m, &len);

	if (r->returned != NULL)
		read_returned(r->m, r->returned, r->site, r->f);
	else if (need_notice(r)->returned.len > 0) /* Microsoft 365 puts it into the text */
		(void)read_returned_header(buffer_span(&r->notice.returned), FACTS_SOURCE_TEXT,
					   r->site, r->f);
	for (size_t i = 2; r->returned == NULL && r->f->original.message_id == NULL && i < len; i++)
		if (field_find(parts[i].header, "Received").data != NULL)
			(void)read_returned_header(parts[i].header, FACTS_SOURCE_RETURNED, r->site,
						   r->f);
}

static const char *
name_of(const struct family *family)
{
	return family == NULL ? NULL : family->name;
}

/* A null sender proves no notification, but it is no person's mail either. */
static enum facts_class
class_by_envelope(const struct reading *r)
{
	const char *sender = r->envelope->sender;

	return sender != NULL && sender[0] == '\0' ? FACTS_UNKNOWN : FACTS_MAIL;
}

/* No part of a report: header, text, and last what the transport knew. */
static void
read_without_report(struct reading *r)
{
	struct verdict verdict = { FACTS_MAIL, FACTS_SOURCE_NONE, NULL };
	struct facts *f = r->f;

	if (evidence_is_any(&r->evidence) || is_auto_reply(r->m))
		evidence_judge(r->m, &r->evidence, need_notice(r), r->returned != NULL, &verdict);
	if (verdict.class == FACTS_MAIL)
		verdict.class = class_by_envelope(r);
	facts_set_class(f, verdict.class, verdict.source, name_of(verdict.family));
	if (verdict.class == FACTS_ABUSE_REPORT)
		read_original(r);
	if (verdict.class != FACTS_FAILED && verdict.class != FACTS_DELAYED)
		return;
	read_text_recipients(r, verdict.class);
	/* Fields that were put into the text know better (Action decides). */
	if (class_from_actions(f, &f->class) && f->recipients[0].source.action == FACTS_SOURCE_DSN)
		f->class_source = FACTS_SOURCE_DSN;
	read_original(r);
}

/* Amazon tells by a message of its own what happened to another. */
static bool
is_from_sns(const struct message *m)
{
	struct span from = message_field(m, "From");

	return from.len > 0 && memmem(from.data, from.len, "@sns.amazonaws.com", 18) != NULL;
}

/*
 * A status part speaks for itself in a multipart/report; elsewhere (OpenSMTPD,
 * gateways) something must say that a mail system wrote it, for people attach
 * reports too.
 */
static bool
is_ours(const struct reading *r)
{
	size_t len;
	const struct scan_part *parts = message_parts(r->m, &len);

	return part_is(&parts[r->status->parent], "multipart/report") ||
	       evidence_is_any(&r->evidence);
}

/* Challenge-response systems write failed reports to ask who is there. */
static const struct family *
challenge_of(struct reading *r)
{
	struct family_hits hits;

	if (r->evidence.daemon || r->evidence.null_path)
		return NULL;
	family_match_text(buffer_span(&need_notice(r)->folded), &hits);
	return hits.of[FACTS_FAILED] != NULL ? NULL : hits.of[FACTS_AUTO_REPLY];
}

/* Without an Action that is known: what the text says, else what the status says. */
static enum facts_class
class_without_action(struct reading *r)
{
	struct verdict verdict;
	const struct facts *f = r->f;

	evidence_judge(r->m, &r->evidence, need_notice(r), r->returned != NULL, &verdict);
	if (verdict.class == FACTS_DELAYED)
		return FACTS_DELAYED;
	for (size_t i = 0; i < f->recipients_len; i++)
		if (f->recipients[i].status != NULL)
			return f->recipients[i].status[0] == '2' ? FACTS_DELIVERED : FACTS_FAILED;
	return verdict.class == FACTS_MAIL ? class_by_envelope(r) : verdict.class;
}

static void
read_delivery_report(struct reading *r)
{
	size_t len;
	const struct scan_part *parts = message_parts(r->m, &len);
	const struct family *challenge;
	enum facts_class class = FACTS_FAILED;

	for (const struct scan_part *p = r->status; p < parts + len; p++)
		if (part_is_delivery_status(p))
			read_delivery_status(r->m, p, r->f);
	fill_statuses(r->f);
	if (r->f->recipients_len == 0) {
		read_without_report(r);
		return;
	}
	if (!class_from_actions(r->f, &class))
		class = class_without_action(r);
	facts_set_class(r->f, class, FACTS_SOURCE_DSN, NULL);
	if (class == FACTS_FAILED && (challenge = challenge_of(r)) != NULL)
		facts_set_class(r->f, FACTS_AUTO_REPLY, FACTS_SOURCE_TEXT, challenge->name);
	read_original(r);
}

/* A receipt; but Sieve's reject writes one to say that the message was not taken (RFC 5429 2.1). */
static void
read_receipt(struct reading *r)
{
	const struct family *header = r->evidence.header;
	struct facts *f = r->f;

	facts_set_class(f, FACTS_RECEIPT, FACTS_SOURCE_DSN, NULL);
	read_disposition(r->m, r->disposition, f);
	if (header != NULL && header->class == FACTS_FAILED) {
		facts_set_class(f, FACTS_FAILED, FACTS_SOURCE_HEADER, header->name);
		for (size_t i = 0; i < f->recipients_len; i++)
			FACT_SET(&f->recipients[i], action, FACTS_SOURCE_HEADER, xstrdup("failed"));
	}
	read_original(r);
}

void
read_message(struct message *m, const struct facts_envelope *envelope,
	     const struct facts_site *site, struct facts *f)
{
	struct reading reading = { .m = m, .envelope = envelope, .site = site, .f = f };
	struct reading *r = &reading;
	enum facts_class class;

	find_parts(r);
	evidence_gather(r->m, r->envelope, &r->evidence);
	if (r->status != NULL && is_ours(r)) {
		read_delivery_report(r);
	} else if (r->feedback != NULL) {
		facts_set_class(r->f, FACTS_ABUSE_REPORT, FACTS_SOURCE_DSN, NULL);
		read_feedback(r->m, r->feedback, r->f);
		read_original(r);
	} else if (r->disposition != NULL) {
		read_receipt(r);
	} else if (is_from_sns(r->m) &&
		   read_ses_notification(buffer_span(&need_notice(r)->own), r->f, &class)) {
		facts_set_class(r->f, class, FACTS_SOURCE_TEXT, "amazon-ses");
	} else {
		read_without_report(r);
	}
	fill_statuses(r->f);
	for (size_t i = 0; i < r->f->recipients_len; i++)
		if (r->f->recipients[i].final != NULL)
			r->f->recipients[i].inner = address_inner(r->f->recipients[i].final);
	notice_done(&r->notice);
}
