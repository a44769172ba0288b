/*
 * dsn.c: the machine-readable part of a delivery report (RFC 3464, 6533).
 *
 * One walk over its lines. A blank line ends a group, and the next field that
 * speaks of a recipient begins one; a group begins too where a reporter left
 * the blank line out and names a second recipient. Fields keep their last
 * good reading: types may be missing, the blank after ";" too. Nothing here
 * fails; fields that are not understood are passed over.
 */
#include "facts/read.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/address.h"
#include "facts/field.h"

bool
part_is_delivery_status(const struct scan_part *part)
{
	return part_is(part, "message/delivery-status") ||
	       part_is(part, "message/global-delivery-status") ||
	       part_is(part, "message/xdelivery-status");
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 3463 2: class "." subject "." detail; what stands behind is a comment. */
static char *
status_code(struct span s)
{
	size_t n = 1, digits;

	s = span_trim(s);
	if (s.len < 5 || (s.data[0] != '2' && s.data[0] != '4' && s.data[0] != '5'))
		return NULL;
	for (int dot = 0; dot < 2; dot++) {
		if (n >= s.len || s.data[n] != '.')
			return NULL;
		n++;
		for (digits = 0; n < s.len && is_digit(s.data[n]); digits++)
			n++;
		if (digits < 1 || digits > 3)
			return NULL;
	}
	return xstrndup(s.data, n);
}

/* The first word, lower case: "failed". */
static char *
action_word(struct span s)
{
	size_t n = 0;
	char *word;

	s = span_trim(s);
	while (n < s.len && n < 32 && ((s.data[n] | 32) >= 'a' && (s.data[n] | 32) <= 'z'))
		n++;
	if (n == 0)
		return NULL;
	word = xstrndup(s.data, n);
	text_lower_ascii(word);
	return word;
}

static char *
typed_text(struct span value)
{
	return field_unfold(address_skip_type(value, NULL));
}

enum dsn_key {
	DSN_FINAL,
	DSN_ORIGINAL,
	DSN_ACTUAL,
	DSN_ACTION,
	DSN_STATUS,
	DSN_DIAGNOSTIC,
	DSN_REMOTE_MTA,
	DSN_OTHER
};

static enum dsn_key
dsn_key(const struct field *f)
{
	static const char *const names[] = {
		[DSN_FINAL] = "Final-Recipient",
		[DSN_ORIGINAL] = "Original-Recipient",
		[DSN_ACTUAL] = "X-Actual-Recipient",
		[DSN_ACTION] = "Action",
		[DSN_STATUS] = "Status",
		[DSN_DIAGNOSTIC] = "Diagnostic-Code",
		[DSN_REMOTE_MTA] = "Remote-MTA",
	};

	for (int i = 0; i < DSN_OTHER; i++)
		if (field_is(f, names[i]))
			return (enum dsn_key)i;
	return DSN_OTHER;
}

/* The group being read. actual is Sendmail's X-Actual-Recipient. */
struct group {
	struct facts_recipient *recipient; /* NULL: none begun */
	char *actual;
	bool ended; /* a blank line was passed */
	enum facts_source from;
};

static void
end_group(struct group *g)
{
	if (g->recipient != NULL)
		FACT_SET(g->recipient, final, g->from, TAKE(g->actual));
	free(g->actual);
	*g = (struct group){ .ended = true, .from = g->from };
}

static void
set_field(struct group *g, enum dsn_key key, struct span value)
{
	struct facts_recipient *r = g->recipient;

	switch (key) {
	case DSN_FINAL:
		FACT_SET(r, final, g->from, address_from_report(value));
		break;
	case DSN_ORIGINAL:
		FACT_SET(r, original, g->from, address_from_report(value));
		break;
	case DSN_ACTUAL:
		if (g->actual == NULL)
			g->actual = address_from_report(value);
		break;
	case DSN_ACTION:
		FACT_SET(r, action, g->from, action_word(value));
		break;
	case DSN_STATUS:
		FACT_SET(r, status, g->from, status_code(value));
		break;
	case DSN_DIAGNOSTIC:
		FACT_SET(r, diagnostic, g->from, typed_text(value));
		break;
	case DSN_REMOTE_MTA:
		FACT_SET(r, remote_mta, g->from, typed_text(value));
		break;
	case DSN_OTHER:
		break;
	}
}

/*
 * Does this field begin a new recipient? After a blank line a recipient's
 * name does; other fields belong to the recipient before, when that one
 * still lacks them (a blank line too many), or else begin one too.
 */
static bool
begins_recipient(const struct group *g, enum dsn_key key)
{
	const struct facts_recipient *r = g->recipient;

	if (r == NULL)
		return true;
	if (key == DSN_FINAL)
		return r->final != NULL || (g->ended && r->action != NULL);
	if (!g->ended)
		return false;
	switch (key) {
	case DSN_ACTION:
		return r->action != NULL;
	case DSN_STATUS:
		return r->status != NULL;
	case DSN_DIAGNOSTIC:
		return r->diagnostic != NULL;
	case DSN_REMOTE_MTA:
		return r->remote_mta != NULL;
	case DSN_FINAL:
	case DSN_ORIGINAL:
	case DSN_ACTUAL:
	case DSN_OTHER:
		break;
	}
	return true;
}

static void
read_field(struct group *g, const struct field *field, struct facts *f)
{
	enum dsn_key key = dsn_key(field);

	if (key == DSN_OTHER) {
		if (field_is(field, "Reporting-MTA"))
			facts_set(&f->reporting_mta, &f->reporting_mta_source, g->from,
				  typed_text(field->value));
		else if (f->arrival_date == NULL && field_is(field, "Arrival-Date"))
			f->arrival_date = field_unfold(field->value);
		return;
	}
	if (begins_recipient(g, key)) {
		end_group(g);
		g->recipient = facts_add_recipient(f);
	}
	g->ended = false;
	if (g->recipient != NULL)
		set_field(g, key, field->value);
}

/* A group that names nobody is no recipient: only rubbish, or an empty report. */
static bool
is_empty(const struct facts_recipient *r)
{
	return r->final == NULL && r->original == NULL && r->status == NULL && r->action == NULL;
}

static void
drop_empty_tail(struct facts *f)
{
	while (f->recipients_len > 0 && is_empty(&f->recipients[f->recipients_len - 1])) {
		struct facts_recipient *r = &f->recipients[--f->recipients_len];

		free(r->diagnostic);
		free(r->remote_mta);
	}
}

static void
read_groups(struct span rest, enum facts_source from, struct facts *f)
{
	struct group g = { .ended = true, .from = from };
	struct field field;
	struct span header;

	while (rest.len > 0) {
		(void)field_split(rest, rest.len, &header, &rest);
		while (field_next(&header, &field))
			read_field(&g, &field, f);
		g.ended = true;
	}
	end_group(&g);
	drop_empty_tail(f);
}

void
read_delivery_status(struct message *m, const struct scan_part *part, struct facts *f)
{
	read_groups(message_bytes(m, part, READ_REPORT), FACTS_SOURCE_DSN, f);
}

bool
read_delivery_fields(struct span text, struct facts *f)
{
	struct span rest = text;
	struct field field;

	while (field_next(&rest, &field))
		if (field_is(&field, "Final-Recipient")) {
			read_groups(text, FACTS_SOURCE_TEXT, f);
			return f->recipients_len > 0;
		}
	return false;
}

/*
 * Action decides, never the status (a failed report may carry 4.x); the worst
 * of several speaks for the message. "deliverable" and "undeliverable" are
 * what Postfix writes for an address probe (sendmail -bv).
 */
bool
class_from_actions(const struct facts *f, enum facts_class *ret)
{
	static const struct {
		const char *action;
		enum facts_class class;
		int weight;
	} actions[] = {
		{ "failed", FACTS_FAILED, 5 },         { "failure", FACTS_FAILED, 5 },
		{ "fail", FACTS_FAILED, 5 },           { "expired", FACTS_FAILED, 5 },
		{ "undeliverable", FACTS_FAILED, 5 },  { "delayed", FACTS_DELAYED, 4 },
		{ "delay", FACTS_DELAYED, 4 },         { "expanded", FACTS_EXPANDED, 3 },
		{ "relayed", FACTS_RELAYED, 2 },       { "delivered", FACTS_DELIVERED, 1 },
		{ "deliverable", FACTS_DELIVERED, 1 },
	};
	int best = 0;

	for (size_t i = 0; i < f->recipients_len; i++) {
		const char *action = f->recipients[i].action;

		for (size_t k = 0; action != NULL && k < sizeof(actions) / sizeof(actions[0]); k++)
			if (strcmp(action, actions[k].action) == 0 && actions[k].weight > best) {
				best = actions[k].weight;
				*ret = actions[k].class;
			}
	}
	return best > 0;
}
