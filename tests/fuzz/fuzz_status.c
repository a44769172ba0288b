/*
 * fuzz_status.c: any bytes as what a server said, as markup, and as marks.
 *
 * What holds for every input: a code that is found lies within it and can be
 * explained; a reply code is 4yz or 5yz; folding and markup never grow text
 * more than a little; matching ends.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/codes.h"
#include "facts/family.h"
#include "facts/html.h"
#include "facts/notice.h"
#include "facts/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = { (const char *)data, size }, code;
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(buffer_done) struct buffer folded = { 0 };
	struct family_hits hits;
	int reply = status_find_reply(s);

	family_init();
	assert(reply == 0 || (reply >= 400 && reply < 600));
	if (reply > 0)
		assert(status_length(span_of(status_from_reply(reply))) > 0);
	if (status_find(s, &code)) {
		AUTO(freep) char *word = span_dup(code);
		struct facts_explanation e;

		assert(code.data >= s.data && code.data + code.len <= s.data + s.len);
		assert(facts_explain(word, &e) == 1 && e.known != NULL);
	}
	html_to_text(s, &text);
	assert(text.len <= size);
	notice_fold(&folded, buffer_span(&text));
	assert(folded.len <= text.len + 1);
	family_match_text(buffer_span(&folded), &hits);
	family_match_subject(buffer_span(&folded), true, &hits);
	return 0;
}
