/*
 * sns.c: bounces that Amazon SES tells by way of SNS, as JSON in the text.
 *
 * As the SES developer guide describes them ("Amazon SNS notification
 * contents for Amazon SES"): an object with notificationType, or one whose
 * "Message" holds that object as text. Mail that crossed Sendmail has its
 * long lines cut by "!", line end, blank.
 */
#include "facts/read.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/address.h"
#include "facts/field.h"
#include "facts/status.h"

/* The text with cut lines joined; JSON has no raw line end within a string. */
static void
join_lines(struct span text, struct buffer *out)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t end = i + 1;

		if (text.data[i] == '!') {
			if (end < text.len && text.data[end] == '\r')
				end++;
			if (end + 1 < text.len && text.data[end] == '\n' &&
			    text.data[end + 1] == ' ') {
				i = end + 1;
				continue;
			}
		}
		buffer_add_char(out, text.data[i]);
	}
}

static json_t *
parse(struct span text)
{
	json_t *outer = json_loadb(text.data, text.len, JSON_DISABLE_EOF_CHECK, NULL);
	const char *inner = json_string_value(json_object_get(outer, "Message"));
	json_t *message;

	if (inner == NULL)
		return outer;
	message = json_loads(inner, 0, NULL);
	json_decref(outer);
	return message;
}

static char *
text_of(json_t *object, const char *key)
{
	return fact_dup(span_of(json_string_value(json_object_get(object, key))));
}

static void
read_recipient(json_t *one, const char *action, struct facts *f)
{
	struct facts_recipient *r = facts_add_recipient(f);
	const char *status = json_string_value(json_object_get(one, "status"));
	const char *diagnostic = json_string_value(json_object_get(one, "diagnosticCode"));

	if (r == NULL)
		return;
	FACT_SET(r, final, FACTS_SOURCE_TEXT,
		 json_is_string(one) ? fact_dup(span_of(json_string_value(one)))
				     : text_of(one, "emailAddress"));
	FACT_SET(r, status, FACTS_SOURCE_TEXT,
		 fact_dup((struct span){ status, status_length(span_of(status)) }));
	FACT_SET(r, action, FACTS_SOURCE_TEXT, text_of(one, "action"));
	FACT_SET(r, action, FACTS_SOURCE_TEXT, xstrdup(action));
	FACT_SET(r, diagnostic, FACTS_SOURCE_TEXT,
		 fact_dup(address_skip_type(span_of(diagnostic), NULL)));
}

static void
read_original(json_t *mail, struct facts *f)
{
	json_t *common = json_object_get(mail, "commonHeaders");

	FACT_SET(&f->original, message_id, FACTS_SOURCE_TEXT, text_of(common, "messageId"));
	FACT_SET(&f->original, subject, FACTS_SOURCE_TEXT, text_of(common, "subject"));
	FACT_SET(&f->original, return_path, FACTS_SOURCE_TEXT, text_of(mail, "source"));
	FACT_SET(&f->original, from, FACTS_SOURCE_TEXT,
		 fact_dup(span_of(
			 json_string_value(json_array_get(json_object_get(common, "from"), 0)))));
}

bool
read_ses_notification(struct span text, struct facts *f, enum facts_class *ret)
{
	static const struct {
		const char *type, *object, *recipients, *action;
		enum facts_class class;
	} kinds[] = {
		{ "Bounce", "bounce", "bouncedRecipients", "failed", FACTS_FAILED },
		{ "Complaint", "complaint", "complainedRecipients", NULL, FACTS_ABUSE_REPORT },
		{ "Delivery", "delivery", "recipients", "delivered", FACTS_DELIVERED },
	};
	AUTO(buffer_done) struct buffer joined = { 0 };
	json_t *root, *object, *one;
	const char *type;
	size_t i;

	join_lines(span_trim(text), &joined);
	if (joined.len == 0 || joined.data[0] != '{' ||
	    (root = parse(buffer_span(&joined))) == NULL)
		return false;
	type = json_string_value(json_object_get(root, "notificationType"));
	for (size_t k = 0; type != NULL && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (strcmp(type, kinds[k].type) != 0)
			continue;
		*ret = kinds[k].class;
		object = json_object_get(root, kinds[k].object);
		json_array_foreach (json_object_get(object, kinds[k].recipients), i, one)
			read_recipient(one, kinds[k].action, f);
		facts_set(&f->reporting_mta, &f->reporting_mta_source, FACTS_SOURCE_TEXT,
			  fact_dup(address_skip_type(span_of(json_string_value(json_object_get(
							     object, "reportingMTA"))),
						     NULL)));
		read_original(json_object_get(root, "mail"), f);
		json_decref(root);
		return true;
	}
	json_decref(root);
	return false;
}
