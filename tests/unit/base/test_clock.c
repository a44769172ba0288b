/* test_clock.c: time spans read, times written. */
#include <criterion/criterion.h>

#include "base/clock.h"

Test(clock, spans_are_a_number_and_a_unit)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "30d", 30 * CLOCK_DAY_MS },
		{ "2w", 14 * CLOCK_DAY_MS },
		{ "36h", 36 * CLOCK_HOUR_MS },
		{ "90m", 90 * CLOCK_MINUTE_MS },
		{ "45s", 45000 },
		{ "500ms", 500 },
		{ "0", 0 },
		{ "0d", 0 },
		{ "", -1 },
		{ "d", -1 },
		{ "30", -1 },
		{ "-1d", -1 },
		{ "1y", -1 },
		{ "1d2h", -1 },
		{ "99999999999999999999d", -1 },
		{ "366001d", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		int64_t ms = -1;
		int rc = clock_parse_span(cases[i].text, &ms, &err);

		cr_expect_eq(rc, cases[i].ms < 0 ? -1 : 0, "%s", cases[i].text);
		cr_expect_eq(ms, cases[i].ms, "%s", cases[i].text);
		cr_expect_eq(err.class, rc < 0 ? ERROR_PERM : ERROR_NONE, "%s", cases[i].text);
	}
}

Test(clock, times_are_written_in_utc_as_the_rfcs_want_them)
{
	char rfc3339[CLOCK_RFC3339_SIZE], rfc5322[CLOCK_RFC5322_SIZE];

	cr_assert_str_eq(clock_format_rfc3339(INT64_C(1795292148690), rfc3339),
			 "2026-11-21T20:15:48Z");
	cr_assert_str_eq(clock_format_rfc5322(INT64_C(1795292148690), rfc5322),
			 "Sat, 21 Nov 2026 20:15:48 +0000");
}
