/* support.h: what the tests of facts/ share. */
#ifndef TESTS_UNIT_FACTS_SUPPORT_H
#define TESTS_UNIT_FACTS_SUPPORT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "facts/facts.h"

/* A file below tests/data/notifications. */
static inline void
sample_read(const char *name, struct buffer *out)
{
	const char *top = getenv("top_srcdir");
	AUTO(freep)
	char *path = xasprintf("%s/tests/data/notifications/%s", top != NULL ? top : ".", name);
	struct error err = { 0 };

	cr_assert_eq(file_read(path, 100 << 20, out, &err), 0, "%s", err.text);
}

static inline struct facts *
facts_of(const char *text)
{
	return facts_from_message(span_of(text), NULL);
}

/* "a" and "a" or none and none. */
static inline bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Every string of the facts is valid UTF-8. */
static inline bool
facts_are_utf8(const struct facts *f)
{
	AUTO(freep) char *json = facts_to_json(f, NULL);
	const char *const strings[] = { f->reporting_mta,
					f->arrival_date,
					f->subject,
					f->message_id,
					f->original.message_id,
					f->original.from,
					f->original.return_path,
					f->original.subject,
					f->original.client_ip,
					json };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (!text_is_utf8(span_of(strings[i])))
			return false;
	for (size_t i = 0; i < f->recipients_len; i++) {
		const struct facts_recipient *r = &f->recipients[i];

		if (!text_is_utf8(span_of(r->final)) || !text_is_utf8(span_of(r->original)) ||
		    !text_is_utf8(span_of(r->diagnostic)) || !text_is_utf8(span_of(r->remote_mta)))
			return false;
	}
	return true;
}

#endif
