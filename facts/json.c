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

/* A member of "source": where the member of that name came from. */
static void
add_source(json_t *sources, const char *key, enum facts_source source)
{
	if (source != FACTS_SOURCE_NONE)
		add(sources, key, facts_source_name(source));
}

static json_t *
recipient_to_json(const struct facts_recipient *r, bool with_sources)
{
	json_t *object = json_object(), *sources;

	add(object, "final", r->final);
	add(object, "original", r->original);
	add(object, "inner", r->inner);
	add(object, "status", r->status);
	if (r->status_derived)
		(void)json_object_set_new(object, "status_derived", json_true());
	add(object, "action", r->action);
	add(object, "diagnostic", r->diagnostic);
	add(object, "remote_mta", r->remote_mta);
	if (!with_sources)
		return object;
	sources = json_object();
	add_source(sources, "final", r->source.final);
	add_source(sources, "original", r->source.original);
	add_source(sources, "status", r->source.status);
	add_source(sources, "action", r->source.action);
	add_source(sources, "diagnostic", r->source.diagnostic);
	add_source(sources, "remote_mta", r->source.remote_mta);
	(void)json_object_set_new(object, "source", sources);
	return object;
}

static json_t *
proofs_to_json(const struct facts_original *o)
{
	static const char *const kinds[] = {
		[FACTS_PROOF_AUTHENTICATION_RESULTS] = "authentication-results",
		[FACTS_PROOF_RECEIVED_SPF] = "received-spf",
		[FACTS_PROOF_ARC] = "arc-authentication-results",
		[FACTS_PROOF_ARC_SEAL] = "arc-seal",
	};
	json_t *proofs = json_array();

	for (size_t i = 0; i < o->proofs_len; i++) {
		json_t *proof = json_object();

		add(proof, "kind", kinds[o->proofs[i].kind]);
		(void)json_object_set_new(proof, "above_border",
					  json_boolean(o->proofs[i].above_border));
		if (o->proofs[i].cut)
			(void)json_object_set_new(proof, "cut", json_true());
		add(proof, "text", o->proofs[i].text);
		(void)json_array_append_new(proofs, proof);
	}
	return proofs;
}

static json_t *
original_to_json(const struct facts_original *o, bool with_sources)
{
	json_t *object = json_object(), *sources;

	add(object, "message_id", o->message_id);
	add(object, "from", o->from);
	add(object, "return_path", o->return_path);
	add(object, "return_path_inner", o->return_path_inner);
	add(object, "subject", o->subject);
	add(object, "date", o->date);
	add(object, "client_ip", o->client_ip);
	add(object, "border", o->border);
	if (o->border_authenticated)
		(void)json_object_set_new(object, "border_authenticated", json_true());
	if (o->walk != FACTS_WALK_NONE)
		add(object, "walk", o->walk == FACTS_WALK_BORDER ? "border" : "inside");
	add(object, "spam", o->spam);
	if (o->proofs_len > 0)
		(void)json_object_set_new(object, "proofs", proofs_to_json(o));
	if (!with_sources)
		return object;
	sources = json_object();
	add_source(sources, "message_id", o->source.message_id);
	add_source(sources, "from", o->source.from);
	add_source(sources, "return_path", o->source.return_path);
	add_source(sources, "subject", o->source.subject);
	add_source(sources, "date", o->source.date);
	add_source(sources, "client_ip", o->source.client_ip);
	(void)json_object_set_new(object, "source", sources);
	return object;
}

static json_t *
sources_to_json(const struct facts *f)
{
	json_t *sources = json_object();

	add_source(sources, "class", f->class_source);
	add_source(sources, "subject",
		   f->subject == NULL ? FACTS_SOURCE_NONE : FACTS_SOURCE_HEADER);
	add_source(sources, "message_id",
		   f->message_id == NULL ? FACTS_SOURCE_NONE : FACTS_SOURCE_HEADER);
	add_source(sources, "reporting_mta", f->reporting_mta_source);
	return sources;
}

static char *
to_json(const struct facts *f, const char *file, bool with_sources)
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
	add(object, "arrival_date", f->arrival_date);
	if (f->foreign_received)
		(void)json_object_set_new(object, "foreign_received", json_true());
	for (size_t i = 0; i < f->recipients_len; i++)
		(void)json_array_append_new(recipients,
					    recipient_to_json(&f->recipients[i], with_sources));
	(void)json_object_set_new(object, "recipients", recipients);
	(void)json_object_set_new(object, "original", original_to_json(&f->original, with_sources));
	if (with_sources) {
		add(object, "family", f->family);
		(void)json_object_set_new(object, "source", sources_to_json(f));
	}
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text != NULL ? text : xstrdup("{}");
}

char *
facts_to_json(const struct facts *f, const char *file)
{
	return to_json(f, file, false);
}

char *
facts_to_json_with_sources(const struct facts *f, const char *file)
{
	return to_json(f, file, true);
}
