/* test_hostile.c: whatever comes in, facts come out, whole and soon. */
#include "tests/unit/facts/support.h"

#include <time.h>

#include "tests/unit/facts/shapes.h"

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Generous: the figures themselves are the business of tests/bench. */
#define SECONDS_MOST 5.0

Test(facts_hostile, no_shape_of_ten_megabytes_takes_long_or_breaks_a_fact, .timeout = 120)
{
	facts_init();
	for (size_t i = 0; i < SHAPES_LEN; i++) {
		AUTO(buffer_done) struct buffer m = { 0 };
		AUTO(facts_freep) struct facts *f = NULL;
		double before;

		shapes[i].make(&m, 10 << 20);
		before = cpu_seconds();
		f = facts_from_message(buffer_span(&m), NULL);
		cr_expect_lt(cpu_seconds() - before, SECONDS_MOST, "%s", shapes[i].name);
		cr_expect(facts_are_utf8(f), "%s", shapes[i].name);
	}
}

Test(facts_hostile, a_report_cut_off_anywhere_is_still_read)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };

	facts_init();
	sample_read("postfix/04-multi-rcpt.eml", &bytes);
	for (size_t len = 0; len <= bytes.len; len++) {
		/* In memory of its own, so that a byte read beyond is noticed. */
		AUTO(freep) char *copy = malloc(len > 0 ? len : 1);
		AUTO(facts_freep) struct facts *f = NULL;

		memcpy(copy, bytes.data, len);
		f = facts_from_message((struct span){ copy, len }, NULL);
		cr_assert(facts_are_utf8(f), "cut at %zu", len);
	}
}

Test(facts_hostile, a_report_with_any_byte_changed_is_still_read)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };

	facts_init();
	sample_read("postfix/14-smtputf8-rcpt.eml", &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		static const char changes[] = { '\0', '\n', (char)0xFF, '"', ':' };
		AUTO(facts_freep) struct facts *f = NULL;
		char was = bytes.data[i];

		bytes.data[i] = changes[i % sizeof(changes)];
		f = facts_from_message(buffer_span(&bytes), NULL);
		cr_assert(facts_are_utf8(f), "changed at %zu", i);
		bytes.data[i] = was;
	}
}

Test(facts_hostile, undeclared_and_false_charsets_come_out_as_utf8)
{
	AUTO(facts_freep) struct facts *f = NULL;

	facts_init();
	f = facts_of("Subject: =?no-such-charset?q?=FF?= \xFC=?utf-8?q?=FF?= =?utf-8?b?////?=\n\n");
	cr_assert(facts_are_utf8(f));
	cr_assert_not_null(f->subject);
}
