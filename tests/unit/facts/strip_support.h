/* strip_support.h: what the tests of stripping share. */
#ifndef TESTS_UNIT_FACTS_STRIP_SUPPORT_H
#define TESTS_UNIT_FACTS_STRIP_SUPPORT_H

#include "facts/scan.h"
#include "facts/strip.h"
#include "tests/unit/facts/support.h"

static const struct strip_writer writer = {
	.host = "ndrq.example",
	.rcpt = "victim@remote.example",
	.message_id = "1.0123456789abcdef@ndrq.example",
	.now_ms = INT64_C(1795292102000),
};
static const struct strip whole = { .no_diagnostics = true, .returned = STRIP_FULL };
static const struct strip headers = { .no_diagnostics = true, .returned = STRIP_HEADERS };
static const struct strip nothing = { .no_diagnostics = true, .returned = STRIP_NONE };

static inline struct facts *
facts_in(struct span bytes)
{
	static const struct facts_envelope envelope = { .sender = "" };

	return facts_from_message(bytes, &envelope);
}

/* 1 stripped, 0 not possible; both functions agree. */
static inline int
strip(struct span bytes, const struct strip *how, struct buffer *out)
{
	AUTO(facts_freep) struct facts *f = facts_in(bytes);
	int possible = strip_is_possible(bytes, f, how);

	buffer_add_str(out, "");
	cr_expect_eq(strip_message(bytes, f, how, &writer, out), possible);
	cr_expect(possible == 1 || out->len == 0);
	return possible;
}

/* The parts of a message, as "multipart/report(text/plain,message/delivery-status)". */
static inline char *
shape_of(struct span bytes)
{
	struct buffer out = { 0 };
	struct scan scan;

	scan_message(bytes, &scan);
	for (size_t i = 0; i < scan.len; i++) {
		struct span type = scan.parts[i].type;

		buffer_printf(&out, "%s%.*s",
			      i == 0   ? ""
			      : i == 1 ? "("
				       : ",",
			      (int)type.len, type.data);
	}
	buffer_add_str(&out, scan.len > 1 ? ")" : "");
	scan_done(&scan);
	return buffer_take(&out);
}

static inline bool
is_8bit(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] >= 0x80)
			return true;
	return false;
}

#endif
