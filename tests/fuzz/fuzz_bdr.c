/*
 * fuzz_bdr.c: any bytes as the reason of a badmail triplet.
 *
 * What holds for every input: all that comes out is UTF-8 and within its
 * limits; a code has its ten characters; no line end but LF is left.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/bdr.h"
#include "facts/error_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(bdr_done) struct bdr bdr;
	uint32_t code;

	bdr_read((struct span){ (const char *)data, size }, &bdr);
	assert(text_is_utf8(span_of(bdr.text)) && strchr(bdr.text, '\r') == NULL);
	assert(strlen(bdr.text) <= size * 3);
	assert(strlen(bdr.code_text) == (bdr.has_code ? BDR_CODE_SIZE - 1 : 0));
	if (bdr.has_code)
		assert(error_code_parse(bdr.code_text, &code) == 1 && code == bdr.code);
	if (bdr.reason != NULL)
		assert(strlen(bdr.reason) <= BDR_REASON_MAX && text_is_utf8(span_of(bdr.reason)));
	assert(bdr.recipients_len <= BDR_RECIPIENTS_MAX);
	for (size_t i = 0; i < bdr.recipients_len; i++)
		assert(text_is_utf8(span_of(bdr.recipients[i])));
	return 0;
}
