/*
 * fuzz_facts.c: any bytes as a message. tests/fuzz/run.sh builds and runs it;
 * AFL++ takes the same entry (run.sh says how).
 *
 * What holds for every input: facts come back; every string is valid UTF-8
 * without NUL, within its limit; the same bytes give the same facts; the JSON
 * parses. The first byte chooses the envelope, the rest is the message.
 */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/facts.h"
#include "facts/field.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	facts_init();
	return 0;
}

static void
check_text(const char *text)
{
	if (text == NULL)
		return;
	assert(text_is_utf8(span_of(text)));
	assert(strlen(text) <= FACT_MOST + 256);
}

static void
check(const struct facts *f)
{
	const struct facts_original *o = &f->original;

	check_text(f->reporting_mta);
	check_text(f->subject);
	check_text(f->message_id);
	check_text(f->delivered_to);
	check_text(o->message_id);
	check_text(o->from);
	check_text(o->return_path);
	check_text(o->return_path_inner);
	check_text(o->subject);
	check_text(o->date);
	check_text(o->client_ip);
	check_text(o->border);
	check_text(o->spam);
	assert(o->proofs_len <= FACTS_PROOFS_MAX && f->traces_len <= FACTS_TRACES_MAX);
	for (size_t i = 0; i < o->proofs_len; i++)
		check_text(o->proofs[i].text);
	for (size_t i = 0; i < f->recipients_len; i++) {
		const struct facts_recipient *r = &f->recipients[i];

		check_text(r->final);
		check_text(r->original);
		check_text(r->inner);
		check_text(r->status);
		check_text(r->action);
		check_text(r->diagnostic);
		check_text(r->remote_mta);
		assert((r->final == NULL) == (r->source.final == FACTS_SOURCE_NONE));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = { "mx.example" };
	static const char *const networks[] = { "10.0.0.0/8", "2001:db8::/32" };
	static const struct facts_site site = { hosts, 1, networks, 2 };
	static const struct facts_envelope envelopes[] = {
		{ .sender = NULL },
		{ .sender = "" },
		{ .sender = "a@b.example", .rcpt = "c@d.example" },
		{ .sender = "", .rcpt = "c@d.example" },
	};
	const struct facts_envelope *envelope = &envelopes[size > 0 ? data[0] % 4 : 0];
	const struct facts_site *where = size > 0 && data[0] & 4 ? &site : NULL;
	struct span bytes = { (const char *)data + (size > 0), size - (size > 0) };
	AUTO(facts_freep) struct facts *f = facts_from_message_at(bytes, envelope, where);
	AUTO(facts_freep) struct facts *again = facts_from_message_at(bytes, envelope, where);
	AUTO(freep) char *json = facts_to_json_with_sources(f, "file");
	AUTO(freep) char *json_again = facts_to_json_with_sources(again, "file");
	AUTO(freep) char *sender = NULL;
	AUTO(freep) char *rcpt = NULL;
	json_t *parsed;

	check(f);
	assert(strcmp(json, json_again) == 0);
	parsed = json_loads(json, 0, NULL);
	assert(parsed != NULL);
	json_decref(parsed);
	facts_envelope_from_header(bytes, &sender, &rcpt);
	check_text(sender);
	check_text(rcpt);
	return 0;
}
