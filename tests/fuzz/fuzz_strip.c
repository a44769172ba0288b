/*
 * fuzz_strip.c: any bytes as a message that is to be stripped.
 *
 * What holds for every input: what can be done is done, and what cannot
 * leaves nothing behind; the result is no more than a bound longer than the
 * input; written anew it is a report of the same class that says the same of
 * its recipients' status, without a field that was to go. The first byte
 * chooses how it is stripped.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/field.h"
#include "facts/scan.h"
#include "facts/strip.h"

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
check_header(struct span header)
{
	static const char *const gone[] = { "Received",
					    "Return-Path",
					    "Diagnostic-Code",
					    "Remote-MTA",
					    "Authentication-Results",
					    "Received-From-MTA" };
	struct field f;

	while (field_next(&header, &f)) {
		assert(!span_starts_nocase(f.name, "X-"));
		for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
			assert(!field_is(&f, gone[i]));
	}
}

/* The headers of all parts, and those that are their bodies. */
static void
check_parts(struct span out, bool has_returned_body)
{
	struct scan scan;

	scan_message(out, &scan);
	assert(!scan.limits && scan.len >= 3 && scan.len <= 4);
	assert(part_is(&scan.parts[0], "multipart/report"));
	assert(part_is(&scan.parts[2], "message/delivery-status"));
	for (size_t i = 0; i < scan.len; i++)
		check_header(scan.parts[i].header);
	check_header(scan.parts[2].body);
	if (scan.len == 4) {
		struct span header = scan.parts[3].body, body;

		if (has_returned_body)
			(void)field_split(header, header.len, &header, &body);
		check_header(header);
	}
	scan_done(&scan);
}

static const char *
known_as(const struct facts_recipient *r)
{
	return r->original != NULL ? r->original : r->final;
}

/* Whoever can be named is there, in order, with what was known. */
static void
check_facts(const struct facts *before, const struct facts *after)
{
	size_t n = 0;

	assert(after->class == before->class);
	for (size_t i = 0; i < before->recipients_len; i++) {
		const struct facts_recipient *r = &before->recipients[i];

		if (known_as(r) == NULL || known_as(r)[0] == '\0' || strlen(known_as(r)) > 512)
			continue;
		assert(n < after->recipients_len);
		assert(r->status == NULL || strcmp(after->recipients[n].status, r->status) == 0);
		n++;
	}
	assert(n == after->recipients_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct strip_writer writer = {
		.host = "ndrq.example",
		.rcpt = "victim@remote.example",
		.message_id = "1.0123456789abcdef@ndrq.example",
		.now_ms = INT64_C(1795292102000),
	};
	static const struct facts_envelope envelope = { .sender = "" };
	uint8_t choice = size > 0 ? data[0] : 0;
	const struct strip how = { .no_diagnostics = (choice & 1) == 0,
				   .returned = (enum strip_returned)(choice / 2 % 3) };
	struct span bytes = { (const char *)data + (size > 0), size - (size > 0) };
	AUTO(facts_freep) struct facts *before = facts_from_message(bytes, &envelope);
	AUTO(facts_freep) struct facts *after = NULL;
	AUTO(buffer_done) struct buffer out = { 0 };
	int done = strip_message(bytes, before, &how, &writer, &out);

	assert(done == strip_is_possible(bytes, before, &how));
	if (done == 0) {
		assert(out.len == 0);
		return 0;
	}
	assert(out.len <= 64 * bytes.len + 4096);
	if (!how.no_diagnostics)
		return 0;
	after = facts_from_message(buffer_span(&out), &envelope);
	check_facts(before, after);
	check_parts(buffer_span(&out), how.returned == STRIP_FULL);
	return 0;
}
