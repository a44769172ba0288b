/*
 * strip.c: how a message is to be stripped, and its parts put together again.
 *
 * A message is changed in place when nothing but returned messages are to be
 * cut and each is a part of its own in the outermost multipart: then the
 * header and the other parts are copied. Else it is written anew
 * (report_write.c). What is neither is refused, so that nothing goes out
 * whole that was to be stripped.
 */
#include "facts/strip.h"

#include <string.h>

#include "base/cleanup.h"
#include "facts/field.h"
#include "facts/read.h"
#include "facts/report_write.h"

enum plan {
	PLAN_NONE,    /* it cannot be done */
	PLAN_AS_IS,   /* nothing in it is to go */
	PLAN_CUT,     /* the parts of the returned messages */
	PLAN_REWRITE, /* anew from its facts */
};

/* Does the text quote a header, or at least say that the message follows? */
static bool
text_returns(struct message *m, bool *ret_says_so)
{
	struct notice notice = { .has_returned = false };
	bool quotes;

	notice_read(m, &notice);
	quotes = notice.returned.len > 0;
	*ret_says_so = quotes || notice.has_returned;
	notice_done(&notice);
	return quotes;
}

/* Without a part for it: is the text one with the returned message, or the header of a part its? */
static bool
returns_elsewhere(struct message *m)
{
	size_t len;
	const struct scan_part *parts = message_parts(m, &len);
	bool says_so;

	for (size_t i = 1; i < len; i++)
		if (field_find(parts[i].header, "Received").data != NULL)
			return true;
	(void)text_returns(m, &says_so);
	return says_so;
}

/* Returned messages in the outermost multipart, and all there are; *ret_others: its other parts. */
static size_t
count_returned(const struct message *m, size_t *ret_all, size_t *ret_others)
{
	size_t len, direct = 0;
	const struct scan_part *parts = message_parts(m, &len);

	*ret_all = *ret_others = 0;
	for (size_t i = 1; i < len; i++) {
		bool returned = part_is_returned(&parts[i]);

		*ret_all += returned;
		direct += returned && parts[i].depth == 1;
		*ret_others += !returned && parts[i].depth == 1;
	}
	return direct;
}

/* Others quote as people do. */
static bool
is_bounce(const struct facts *facts)
{
	return facts->class == FACTS_FAILED || facts->class == FACTS_DELAYED;
}

static enum plan
plan_cut(struct message *m, const struct facts *facts, const struct strip *how)
{
	size_t len, all, others, direct = count_returned(m, &all, &others);
	const struct scan_part *parts = message_parts(m, &len);
	enum plan anew = report_is_possible(facts) ? PLAN_REWRITE : PLAN_NONE;
	bool says_so;

	if (part_is_returned(&parts[0]))
		return anew;
	if (all == 0)
		return is_bounce(facts) && returns_elsewhere(m) ? anew : PLAN_AS_IS;
	/* Microsoft 365 has the header in its text too */
	if (is_bounce(facts) && how->returned == STRIP_NONE && text_returns(m, &says_so))
		return anew;
	return direct == all && others > 0 ? PLAN_CUT : anew;
}

static enum plan
plan_of(struct message *m, const struct facts *facts, const struct strip *how)
{
	if (facts->limits || message_over_limits(m))
		return PLAN_NONE;
	if (how->no_diagnostics)
		return report_is_possible(facts) ? PLAN_REWRITE : PLAN_NONE;
	return how->returned == STRIP_FULL ? PLAN_AS_IS : plan_cut(m, facts, how);
}

int
strip_is_possible(struct span bytes, const struct facts *facts, const struct strip *how)
{
	AUTO(message_freep) struct message *m = message_open(bytes);

	return plan_of(m, facts, how) != PLAN_NONE;
}

/* ---- in place ----------------------------------------------------------------------------- */

static void
add_part(struct message *m, const struct scan_part *part, const struct strip *how,
	 const char *boundary, struct buffer *out)
{
	struct span whole = { part->header.data,
			      (size_t)(part->body.data - part->header.data) + part->body.len };
	AUTO(returned_cut_done) struct returned_cut cut = { .type = NULL };

	if (!part_is_returned(part)) {
		buffer_printf(out, "\r\n--%s\r\n", boundary);
		strip_add_lines(out, whole);
		return;
	}
	returned_cut(m, part, how, NULL, &cut);
	if (cut.type == NULL)
		return;
	buffer_printf(out, "\r\n--%s\r\nContent-Type: %s\r\n%s\r\n", boundary, cut.type,
		      cut.is_8bit ? "Content-Transfer-Encoding: 8bit\r\n" : "");
	buffer_add(out, cut.header.data, cut.header.len);
}

/* What stands before the first part, for programs that do not know MIME, is left out. */
static int
cut_parts(struct message *m, const struct strip *how, struct buffer *out)
{
	size_t len;
	const struct scan_part *parts = message_parts(m, &len);
	char boundary[256];

	if (!part_parameter(&parts[0], "boundary", boundary, sizeof(boundary)))
		return 0;
	strip_add_lines(out, parts[0].header);
	for (size_t i = 1; i < len; i++)
		if (parts[i].depth == 1)
			add_part(m, &parts[i], how, boundary, out);
	buffer_printf(out, "\r\n--%s--\r\n", boundary);
	return 1;
}

/* ---- anew ---------------------------------------------------------------------------------- */

static void
rewrite(struct message *m, const struct facts *facts, const struct strip *how,
	const struct strip_writer *writer, struct buffer *out)
{
	size_t len;
	const struct scan_part *parts = message_parts(m, &len);
	AUTO(returned_cut_done) struct returned_cut cut = { .type = NULL };
	struct report_draft draft = {
		.facts = facts,
		.writer = writer,
		.diagnostics = !how->no_diagnostics,
		.date = message_field(m, "Date"),
		.returned = &cut,
	};
	const struct scan_part *returned = NULL;

	for (size_t i = 1; i < len; i++) {
		if (returned == NULL && part_is_returned(&parts[i]))
			returned = &parts[i];
		if (draft.envelope_id.len == 0 && part_is_delivery_status(&parts[i]))
			draft.envelope_id = field_find(message_bytes(m, &parts[i], READ_REPORT),
						       "Original-Envelope-Id");
	}
	if (returned != NULL)
		returned_cut(m, returned, how, facts->reporting_mta, &cut);
	report_write(&draft, out);
}

int
strip_message(struct span bytes, const struct facts *facts, const struct strip *how,
	      const struct strip_writer *writer, struct buffer *out)
{
	AUTO(message_freep) struct message *m = message_open(bytes);

	switch (plan_of(m, facts, how)) {
	case PLAN_NONE:
		return 0;
	case PLAN_AS_IS:
		strip_add_lines(out, bytes);
		return 1;
	case PLAN_CUT:
		return cut_parts(m, how, out);
	case PLAN_REWRITE:
		rewrite(m, facts, how, writer, out);
		return 1;
	}
	return 0;
}
