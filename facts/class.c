/*
 * class.c: weighing what speaks for a notification.
 *
 * Nobody's word is enough alone but a field that only one family writes. A
 * mail system's sender, a subject, the wording, a message that came back: it
 * takes two or three of them, for people discuss bounces, quote them and
 * forward them. What a mailing list handed on counts against. Text that is
 * quoted with ">" and text behind a forwarded header was cut off before
 * (notice.c), so a bounce inside of a person's mail is not found here.
 */
#include "facts/class.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "facts/address.h"
#include "facts/field.h"
#include "facts/read.h"

#define ENOUGH 4

static bool
starts_with_any(struct span s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_starts_nocase(s, *words))
			return true;
	return false;
}

/* A sender that no person has: the local part, or the name beside it. */
static bool
is_daemon(struct span from)
{
	static const char *const locals[] = {
		"mailer-daemon",
		"mailerdaemon",
		"mail-daemon",
		"maildaemon",
		"postmaster",
		"mdaemon",
		"mail.delivery.system",
		"double-bounce",
		"mail-delivery",
		"maildelivery",
		"ndr@",
		"bounce@",
		"imss@",
		"daemon@",
		"mail_daemon",
		"e500_smtp_mail_service",
		NULL,
	};
	static const char *const names[] = {
		"mail delivery s",
		"mail deliver system",
		"maildelivery",
		"delivery subsystem",
		"system administrator",
		"mailer daemon",
		"mailer-daemon",
		"postmaster",
		"mail administrator",
		"internet mail delivery",
		"mail system",
		"mail delivery agent",
		"mail deliverysystem",
		"microsoft outlook",
		"administrateur syst",
		"systemadministrator",
		"administrador del sistema",
		NULL,
	};
	AUTO(freep) char *address = address_from_path(from);
	AUTO(freep) char *decoded = NULL;
	struct span name;

	if (address == NULL || address[0] == '\0')
		return from.data != NULL && from.len > 0; /* "From: <>", "From: Postmaster <>" */
	if (starts_with_any(span_of(address), locals))
		return true;
	decoded = message_decode_field(from, NULL);
	name = span_of(decoded);
	while (name.len > 0 &&
	       (name.data[0] == '"' || name.data[0] == '\'' || name.data[0] == ' ')) {
		name.data++;
		name.len--;
	}
	return starts_with_any(name, names);
}

static bool
is_null_path(const struct message *m, const struct facts_envelope *envelope)
{
	AUTO(freep) char *path = NULL;

	if (envelope != NULL && envelope->sender != NULL)
		return envelope->sender[0] == '\0';
	path = address_from_path(message_field(m, "Return-Path"));
	return path != NULL && (path[0] == '\0' || strncasecmp(path, "MAILER-DAEMON", 13) == 0);
}

static bool
is_list(const struct message *m)
{
	static const char *const fields[] = { "List-Id", "List-Post", "List-Unsubscribe",
					      "X-Mailing-List", "X-BeenThere" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (message_has(m, fields[i]))
			return true;
	return span_starts_nocase(message_field(m, "Precedence"), "list");
}

static bool
is_delivery_report(const struct message *m)
{
	size_t len;
	const struct scan_part *top = message_parts(m, &len);
	char type[32];

	return part_is_kind(top, "multipart/") &&
	       part_parameter(top, "report-type", type, sizeof(type)) &&
	       strcasecmp(type, "delivery-status") == 0;
}

void
evidence_gather(const struct message *m, const struct facts_envelope *envelope,
		struct evidence *ret)
{
	AUTO(freep) char *subject = message_decode_own(m, "Subject");
	AUTO(buffer_done) struct buffer folded = { 0 };

	*ret = (struct evidence){
		.null_path = is_null_path(m, envelope),
		.daemon = is_daemon(message_field(m, "From")),
		.list = is_list(m),
		.report = is_delivery_report(m),
		.header = family_match_header(m),
	};
	notice_fold(&folded, span_of(subject));
	family_match_subject(buffer_span(&folded), true, &ret->subject_start);
	family_match_subject(buffer_span(&folded), false, &ret->subject);
}

static bool
has_any(const struct family_hits *hits)
{
	for (int i = 0; i < FACTS_CLASSES; i++)
		if (hits->of[i] != NULL)
			return true;
	return false;
}

bool
evidence_is_any(const struct evidence *e)
{
	return e->null_path || e->daemon || e->report || e->header != NULL ||
	       has_any(&e->subject_start) || has_any(&e->subject);
}

static bool
says_any(const struct notice *notice, const char *const *words)
{
	for (; *words != NULL; words++)
		if (memmem(notice->folded.data, notice->folded.len, *words, strlen(*words)) != NULL)
			return true;
	return false;
}

enum facts_class
bounce_class(const struct evidence *e, const struct family_hits *text, const struct notice *notice)
{
	/* Said only when it is over, whatever a server in between said of a delay. */
	static const char *const over[] = {
		"permanent error",
		"permanent failure",
		"permanent fatal",
		"failed permanently",
		"given up",
		"giving up",
		"not going to try again",
		NULL,
	};
	const struct family *header = e->header;

	if (header != NULL && header->class == FACTS_FAILED && text->of[FACTS_DELAYED] == NULL)
		return FACTS_FAILED;
	if (e->subject_start.of[FACTS_DELAYED] != NULL && e->subject_start.of[FACTS_FAILED] == NULL)
		return FACTS_DELAYED;
	if (text->of[FACTS_DELAYED] == NULL || (notice->folded.len > 0 && says_any(notice, over)))
		return FACTS_FAILED;
	return FACTS_DELAYED;
}

static int
weight_of(const struct family *row)
{
	return row == NULL ? 0 : (int)row->weight;
}

/* The best row for a bounce of either kind. */
static const struct family *
bounce_row(const struct family_hits *hits)
{
	const struct family *failed = hits->of[FACTS_FAILED], *delayed = hits->of[FACTS_DELAYED];

	return weight_of(delayed) > weight_of(failed) ? delayed : failed;
}

static int
weigh_bounce(const struct evidence *e, const struct family_hits *text, bool has_returned)
{
	const struct family *said = bounce_row(text), *titled = bounce_row(&e->subject_start);
	bool is_header = e->header != NULL &&
			 (e->header->class == FACTS_FAILED || e->header->class == FACTS_DELAYED);
	int sender = (e->null_path ? 2 : 0) + (e->daemon ? 2 : 0);
	int subject = titled != NULL ? 2 : bounce_row(&e->subject) != NULL ? 1 : 0;
	int words = weight_of(said);

	/* No mark at all: only a mail system that sends a message back is understood without words.
	 */
	if (!is_header && !e->report && words == 0 && subject < 2 && !(sender > 3 && has_returned))
		return 0;
	/* Subject and wording of one and the same family. */
	if (words == FAMILY_SIGNATURE && titled != NULL && strcmp(said->name, titled->name) == 0)
		words += 2;
	/* Nobody but a person's address speaks for it: one mark more. What a list handed on: two.
	 */
	if (sender == 0)
		words -= 1 + (e->list ? 1 : 0);
	return (is_header ? ENOUGH + 2 : 0) + (e->report ? 3 : 0) + (sender > 3 ? 3 : sender) +
	       subject + words + (has_returned ? 1 : 0);
}

static bool
is_bulk(const struct message *m)
{
	struct span precedence = message_field(m, "Precedence");

	return span_starts_nocase(precedence, "bulk") || span_starts_nocase(precedence, "junk");
}

static const struct family *
auto_reply_row(const struct message *m, const struct evidence *e, const struct family_hits *text)
{
	const struct family *subject = e->subject_start.of[FACTS_AUTO_REPLY];

	if (e->list)
		return NULL;
	if (e->header != NULL && e->header->class == FACTS_AUTO_REPLY)
		return e->header;
	if (subject != NULL &&
	    (subject->weight == FAMILY_SIGNATURE || e->null_path || is_bulk(m) ||
	     text->of[FACTS_AUTO_REPLY] != NULL || message_has(m, "X-Auto-Response-Suppress")))
		return subject;
	return e->null_path || is_bulk(m) ? text->of[FACTS_AUTO_REPLY] : NULL;
}

static const struct family *
receipt_row(const struct evidence *e, const struct family_hits *text)
{
	if (e->header != NULL && e->header->class == FACTS_RECEIPT)
		return e->header;
	if (e->list || e->subject_start.of[FACTS_RECEIPT] == NULL)
		return NULL;
	return text->of[FACTS_RECEIPT];
}

static void
judge_answer(const struct message *m, const struct evidence *e, const struct family_hits *text,
	     struct verdict *ret)
{
	const struct family *row = receipt_row(e, text);

	if (e->header != NULL && e->header->class == FACTS_ABUSE_REPORT) {
		*ret = (struct verdict){ FACTS_ABUSE_REPORT, FACTS_SOURCE_HEADER, e->header };
		return;
	}
	if (row != NULL) {
		*ret = (struct verdict){ FACTS_RECEIPT, FACTS_SOURCE_TEXT, row };
		return;
	}
	row = auto_reply_row(m, e, text);
	if (row != NULL)
		*ret = (struct verdict){ FACTS_AUTO_REPLY, FACTS_SOURCE_TEXT, row };
	if (is_auto_reply(m) || (e->null_path && has_calendar_reply(m)))
		*ret = (struct verdict){ FACTS_AUTO_REPLY, FACTS_SOURCE_HEADER, row };
}

void
evidence_judge(const struct message *m, const struct evidence *e, const struct notice *notice,
	       bool has_returned, struct verdict *ret)
{
	struct family_hits text;
	const struct family *row;

	*ret = (struct verdict){ FACTS_MAIL, FACTS_SOURCE_NONE, NULL };
	family_match_text(buffer_span(&notice->folded), &text);
	row = bounce_row(&text);
	judge_answer(m, e, &text, ret);
	/* A person's program may well quote a phrase of ours; only a signature outweighs it. */
	if (ret->class != FACTS_MAIL && !e->daemon && e->header == NULL &&
	    weight_of(row) < FAMILY_SIGNATURE)
		return;
	if (weigh_bounce(e, &text, has_returned || notice->has_returned) < ENOUGH)
		return;
	*ret = (struct verdict){ bounce_class(e, &text, notice), FACTS_SOURCE_TEXT, row };
	if (e->header != NULL) {
		ret->source = FACTS_SOURCE_HEADER;
		ret->family = e->header;
	} else if (row == NULL) {
		ret->source = FACTS_SOURCE_HEADER;
		ret->family = bounce_row(&e->subject_start);
	}
}
