/*
 * record.c: the properties of a record, for people and programs.
 *
 * Getters borrow from the record or its facts; the formatters below copy.
 * A property that is not known has no value: no member in JSON, an empty
 * cell in a table, no line in `show`.
 */
#include "review/record.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "review/output.h"

static struct property_value
value_text(const char *text)
{
	return (struct property_value){ .type = text != NULL ? VALUE_TEXT : VALUE_NONE,
					.text = span_of(text) };
}

static struct property_value
value_int(int64_t number)
{
	return (struct property_value){ .type = VALUE_INT, .number = number };
}

static struct property_value
value_time(int64_t at_ms)
{
	return (struct property_value){ .type = at_ms != 0 ? VALUE_TIME : VALUE_NONE,
					.number = at_ms };
}

static struct property_value
value_yes(bool yes)
{
	return (struct property_value){ .type = yes ? VALUE_YES : VALUE_NONE };
}

/* A text of the facts: of the object in it (NULL: of the facts themselves). */
static struct property_value
value_fact(const struct record_view *view, const char *object, const char *member)
{
	json_t *from = object != NULL ? json_object_get(view->facts, object) : view->facts;

	return value_text(json_string_value(json_object_get(from, member)));
}

/* Of the first recipient in the facts. */
static struct property_value
value_recipient_fact(const struct record_view *view, const char *member)
{
	json_t *first = json_array_get(json_object_get(view->facts, "recipients"), 0);

	return value_text(json_string_value(json_object_get(first, member)));
}

static struct property_value
get_id(const struct record_view *view)
{
	return value_int(view->record->id);
}

static struct property_value
get_state(const struct record_view *view)
{
	return value_text(record_state_name(view->record->state));
}

static struct property_value
get_received(const struct record_view *view)
{
	return value_time(view->record->received_at_ms);
}

static struct property_value
get_changed(const struct record_view *view)
{
	return value_time(view->record->changed_at_ms);
}

static struct property_value
get_class(const struct record_view *view)
{
	return value_text(view->record->class);
}

static struct property_value
get_recipient(const struct record_view *view)
{
	struct span rcpt = view->record->rcpt;

	return (struct property_value){ .type = rcpt.len > 0 ? VALUE_TEXT : VALUE_NONE,
					.text = rcpt };
}

static struct property_value
get_domain(const struct record_view *view)
{
	return value_text(view->record->domain);
}

static struct property_value
get_rule(const struct record_view *view)
{
	return value_text(view->record->rule);
}

static struct property_value
get_verdict(const struct record_view *view)
{
	return value_text(view->record->verdict);
}

static struct property_value
get_proof(const struct record_view *view)
{
	return value_text(view->record->proof);
}

static struct property_value
get_policy_revision(const struct record_view *view)
{
	return value_text(view->record->policy_revision);
}

static struct property_value
get_status(const struct record_view *view)
{
	return value_recipient_fact(view, "status");
}

static struct property_value
get_subject(const struct record_view *view)
{
	return value_text(view->record->subject);
}

static struct property_value
get_message_id(const struct record_view *view)
{
	return value_text(view->record->message_id);
}

static struct property_value
get_original_message_id(const struct record_view *view)
{
	return value_text(view->record->original_message_id);
}

static struct property_value
get_original_from(const struct record_view *view)
{
	return value_fact(view, "original", "from");
}

static struct property_value
get_original_subject(const struct record_view *view)
{
	return value_fact(view, "original", "subject");
}

static struct property_value
get_client_ip(const struct record_view *view)
{
	return value_fact(view, "original", "client_ip");
}

static struct property_value
get_reporting_mta(const struct record_view *view)
{
	return value_fact(view, NULL, "reporting_mta");
}

static struct property_value
get_size(const struct record_view *view)
{
	return (struct property_value){ .type = VALUE_BYTES, .number = view->record->size_bytes };
}

static struct property_value
get_truncated(const struct record_view *view)
{
	return value_yes(view->record->truncated);
}

static struct property_value
get_purged(const struct record_view *view)
{
	return value_time(view->record->purged_at_ms);
}

static struct property_value
get_intake(const struct record_view *view)
{
	return value_text(view->record->intake);
}

static struct property_value
get_route(const struct record_view *view)
{
	return value_text(view->record->route);
}

static struct property_value
get_no_diagnostics(const struct record_view *view)
{
	return value_yes(view->record->no_diagnostics);
}

static struct property_value
get_returned(const struct record_view *view)
{
	return value_text(view->record->returned);
}

/* Both in words. */
static struct property_value
get_goes_out(const struct record_view *view)
{
	const char *returned = view->record->returned;
	bool silent = view->record->no_diagnostics;

	if (returned == NULL)
		return value_text(silent ? "without diagnostics" : NULL);
	if (strcmp(returned, "headers") == 0)
		return value_text(silent ? "without diagnostics, with the headers of the returned "
					   "message only"
					 : "with the headers of the returned message only");
	return value_text(silent ? "without diagnostics and the returned message"
				 : "without the returned message");
}

static struct property_value
get_release_to(const struct record_view *view)
{
	return value_text(view->record->release_to);
}

static struct property_value
get_attempts(const struct record_view *view)
{
	return view->record->attempts > 0 ? value_int(view->record->attempts)
					  : (struct property_value){ .type = VALUE_NONE };
}

static struct property_value
get_relay_reply(const struct record_view *view)
{
	return value_text(view->record->relay_reply);
}

static struct property_value
get_loop_of(const struct record_view *view)
{
	return view->record->loop_of > 0 ? value_int(view->record->loop_of)
					 : (struct property_value){ .type = VALUE_NONE };
}

static struct property_value
get_copy_of(const struct record_view *view)
{
	return view->record->copy_of > 0 ? value_int(view->record->copy_of)
					 : (struct property_value){ .type = VALUE_NONE };
}

static struct property_value
get_storm(const struct record_view *view)
{
	return view->record->storm > 0 ? value_int(view->record->storm)
				       : (struct property_value){ .type = VALUE_NONE };
}

static struct property_value
get_message(const struct record_view *view)
{
	return value_int(view->record->message);
}

static struct property_value
get_error_code(const struct record_view *view)
{
	return value_text(view->record->error_code);
}

static struct property_value
get_orcpt(const struct record_view *view)
{
	return value_text(view->record->orcpt);
}

static struct property_value
get_notify(const struct record_view *view)
{
	return value_text(view->record->notify);
}

static struct property_value
get_ret(const struct record_view *view)
{
	return value_text(view->record->ret);
}

static struct property_value
get_envid(const struct record_view *view)
{
	return value_text(view->record->envid);
}

static struct property_value
get_mail_body(const struct record_view *view)
{
	return value_text(view->record->mail_body);
}

static struct property_value
get_smtputf8(const struct record_view *view)
{
	return value_yes(view->record->smtputf8);
}

/* What the returned message was about says more than "Undelivered Mail Returned to Sender". */
static struct property_value
get_best_subject(const struct record_view *view)
{
	struct property_value original = get_original_subject(view);

	return original.type != VALUE_NONE ? original : get_subject(view);
}

/* In the order in which list and show print them. */
const struct property record_properties[] = {
	{ "id", "ID", NULL, PROPERTY_RIGHT, get_id, "of the record; never used again" },
	{ "state", "STATE", NULL, 0, get_state, "held, deleted, sending, sent, releasing, …" },
	{ "received_at", "AGE", "received", PROPERTY_RIGHT | PROPERTY_AGE, get_received,
	  "when it came in" },
	{ "changed_at", NULL, NULL, 0, get_changed, "when it came into its state" },
	{ "class", "CLASS", "class", 0, get_class, "what it is: failed, delayed, auto-reply, …" },
	{ "recipient", "RECIPIENT", "recipient", PROPERTY_CUT, get_recipient,
	  "who it would be sent to" },
	{ "domain", NULL, "judged domain", 0, get_domain, "the domain that was judged" },
	{ "rule", "RULE", "rule", PROPERTY_CUT, get_rule, "the line of policy that decided" },
	{ "verdict", NULL, "verdict", 0, get_verdict, "what policy said: send, hold, delete" },
	{ "proof", NULL, "sender", 0, get_proof,
	  "whether the returned message was his: proved, forged" },
	{ "policy_revision", NULL, NULL, 0, get_policy_revision, "SHA-256 of the policy" },
	{ "status", NULL, NULL, 0, get_status, "of the first recipient in the report" },
	{ NULL, "SUBJECT", NULL, PROPERTY_CUT, get_best_subject, "original_subject, else subject" },
	{ "subject", NULL, "subject", 0, get_subject, "of the notification" },
	{ "message_id", NULL, "Message-ID", 0, get_message_id, "of the notification" },
	{ "size_bytes", NULL, "size", 0, get_size, "of what was received" },
	{ "truncated", NULL, "truncated", 0, get_truncated, "true: not all of it was kept" },
	{ "purged_at", NULL, "text purged", 0, get_purged, "when its text was removed" },
	{ "reporting_mta", NULL, "reported by", 0, get_reporting_mta, "the host that reports" },
	{ "original_message_id", NULL, NULL, 0, get_original_message_id,
	  "of the returned message" },
	{ "original_from", NULL, NULL, 0, get_original_from, "From of the returned message" },
	{ "original_subject", NULL, NULL, 0, get_original_subject, "of the returned message" },
	{ "client_ip", NULL, NULL, 0, get_client_ip, "where the returned message came from" },
	{ "intake", NULL, "came by", 0, get_intake, "lmtp, maildir" },
	{ "route", NULL, "leaves by", 0, get_route, "release, submit" },
	{ NULL, NULL, "goes out", 0, get_goes_out, "the two below" },
	{ "no_diagnostics", NULL, NULL, 0, get_no_diagnostics,
	  "true: it goes out without what servers said" },
	{ "returned", NULL, NULL, 0, get_returned,
	  "how much of the returned message goes out: headers, none" },
	{ "release_to", NULL, "released to", 0, get_release_to, "as given with --to" },
	{ "attempts", NULL, "attempts", 0, get_attempts, "to send it" },
	{ "relay_reply", NULL, "relay said", 0, get_relay_reply, "the relay's last words" },
	{ "storm", NULL, NULL, 0, get_storm, "the group that it came in" },
	{ "loop_of", NULL, "loop of", 0, get_loop_of, "the record that came back as this one" },
	{ "copy_of", NULL, "copy of", 0, get_copy_of, "the record that this mail is about" },
	{ "message", NULL, "message", 0, get_message, "shared by records that came as one" },
	{ "error_code", NULL, NULL, 0, get_error_code, "why IIS could not return it" },
	{ "orcpt", NULL, "ORCPT", 0, get_orcpt, "RFC 3461" },
	{ "notify", NULL, "NOTIFY", 0, get_notify, "RFC 3461" },
	{ "ret", NULL, "RET", 0, get_ret, "RFC 3461" },
	{ "envid", NULL, "ENVID", 0, get_envid, "RFC 3461" },
	{ "mail_body", NULL, "BODY", 0, get_mail_body, "RFC 6152: 7BIT, 8BITMIME" },
	{ "smtputf8", NULL, "SMTPUTF8", 0, get_smtputf8, "true: RFC 6531" },
	{ .get = NULL },
};

struct record_view
view_of(const struct store_record *record, int64_t now_ms)
{
	struct record_view view = { .record = record, .now_ms = now_ms };

	if (record->facts != NULL)
		view.facts = json_loads(record->facts, 0, NULL);
	return view;
}

void
view_done(struct record_view *view)
{
	json_decref(view->facts);
	view->facts = NULL;
}

static char *
time_text(const struct property *property, int64_t at_ms, int64_t now_ms, bool in_list)
{
	char at[LOCAL_TIME_SIZE], age[AGE_SIZE];

	(void)format_age(now_ms - at_ms, age);
	if (in_list && (property->flags & PROPERTY_AGE) != 0)
		return xstrdup(age);
	return xasprintf("%s (%s ago)", format_local_time(at_ms, at), age);
}

char *
property_text(const struct property *property, const struct record_view *view, bool in_list)
{
	struct property_value value = property->get(view);
	char size[BYTES_SIZE];

	switch (value.type) {
	case VALUE_NONE:
		return xstrdup("");
	case VALUE_TEXT:
		return text_for_people(value.text);
	case VALUE_INT:
		return xasprintf("%lld", (long long)value.number);
	case VALUE_BYTES:
		return xstrdup(format_bytes(value.number, size));
	case VALUE_TIME:
		return time_text(property, value.number, view->now_ms, in_list);
	case VALUE_YES:
		return xstrdup("yes");
	}
	return xstrdup("");
}

json_t *
json_of_text(struct span text)
{
	AUTO(freep) char *utf8 = NULL;

	if (text.data == NULL)
		return NULL;
	utf8 = text_to_utf8(text);
	return json_string(utf8);
}

json_t *
json_of_time(int64_t at_ms)
{
	char at[CLOCK_RFC3339_SIZE];

	return json_string(clock_format_rfc3339(at_ms, at));
}

static json_t *
value_to_json(const struct property_value *value)
{
	switch (value->type) {
	case VALUE_NONE:
		return NULL;
	case VALUE_TEXT:
		return json_of_text(value->text);
	case VALUE_INT:
	case VALUE_BYTES:
		return json_integer(value->number);
	case VALUE_TIME:
		return json_of_time(value->number);
	case VALUE_YES:
		return json_true();
	}
	return NULL;
}

json_t *
record_to_json(const struct record_view *view)
{
	json_t *object = json_object();

	for (const struct property *p = record_properties; p->get != NULL; p++) {
		struct property_value value = p->get(view);

		/* NULL, for no value, sets nothing. */
		if (p->json != NULL)
			(void)json_object_set_new(object, p->json, value_to_json(&value));
	}
	return object;
}
