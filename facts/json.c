/*
 * json.c: facts as one JSON object, members not known left out.
 *
 * The form is a contract: programs read it, and so does the daemon's store.
 */
#include "facts/facts.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

static void
add(json_t *object, const char *key, const char *value)
{
	if (value != NULL)
		(void)json_object_set_new_nocheck(object, key, json_string_nocheck(value));
}

static json_t *
recipient_to_json(const struct facts_recipient *r)
{
	json_t *object = json_object();

	add(object, "final", r->final);
	add(object, "original", r->original);
	add(object, "status", r->status);
	add(object, "action", r->action);
	add(object, "diagnostic", r->diagnostic);
	add(object, "remote_mta", r->remote_mta);
	return object;
}

static json_t *
original_to_json(const struct facts_original *o)
{
	json_t *object = json_object();

	add(object, "message_id", o->message_id);
	add(object, "from", o->from);
	add(object, "return_path", o->return_path);
	add(object, "subject", o->subject);
	add(object, "client_ip", o->client_ip);
	return object;
}

char *
facts_to_json(const struct facts *f, const char *file)
{
	AUTO(freep) char *name = file == NULL ? NULL : text_to_utf8(span_of(file));
	json_t *object = json_object();
	json_t *recipients = json_array();
	char *text;

	add(object, "file", name);
	add(object, "class", facts_class_name(f->class));
	if (f->limits)
		(void)json_object_set_new(object, "limits", json_true());
	add(object, "subject", f->subject);
	add(object, "message_id", f->message_id);
	add(object, "reporting_mta", f->reporting_mta);
	for (size_t i = 0; i < f->recipients_len; i++)
		(void)json_array_append_new(recipients, recipient_to_json(&f->recipients[i]));
	(void)json_object_set_new(object, "recipients", recipients);
	(void)json_object_set_new(object, "original", original_to_json(&f->original));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text != NULL ? text : xstrdup("{}");
}
