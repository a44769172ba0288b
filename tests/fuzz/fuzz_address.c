/*
 * fuzz_address.c: any bytes as an address, a list of them, a Received line.
 *
 * What holds for every input: what comes back is valid UTF-8 and limited; a
 * list ends; an inner address is shorter than the one around it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/address.h"
#include "facts/field.h"
#include "facts/received.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text)
{
	assert(text == NULL || (text_is_utf8(span_of(text)) && strlen(text) <= FACT_MOST));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = { (const char *)data, size }, rest = s, one, type;
	AUTO(freep) char *report = address_from_report(s);
	AUTO(freep) char *path = address_from_path(s);
	AUTO(freep) char *single = address_single(s);
	AUTO(freep) char *inner = report == NULL ? NULL : address_inner(report);
	struct received hop;

	check(report);
	check(path);
	check(single);
	check(inner);
	assert(inner == NULL || strlen(inner) < strlen(report));
	while (address_list_next(&rest, &one))
		assert(one.data >= s.data && one.data + one.len <= s.data + s.len);
	one = address_skip_type(s, &type);
	assert(one.len <= s.len && type.len <= s.len);
	received_parse(s, &hop);
	assert(hop.by.len <= s.len && strlen(hop.client) < sizeof(hop.client));
	return 0;
}
