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

Test(clock, dates_of_mail_are_read_in_all_their_forms)
{
	static const struct {
		const char *text;
		int64_t s; /* since 2026-11-21 00:00 UTC; -1: no date */
	} cases[] = {
		{ "Sat, 21 Nov 2026 20:15:48 +0000", 72948 },
		{ "Sat, 21 Nov 2026 21:15:48 +0100 (CET)", 72948 },
		{ "Sat, 21 Nov 2026 15:45:48 -0430", 72948 },
		{ "  21 nov 2026 20:15 GMT", 72900 },
		{ "21 Nov 26 20:15:48 UT", 72948 },
		{ "21 Nov 126 20:15:48", 72948 },
		{ "Sat,21 Nov 2026 (a (nested \\) one) here) 15:15:48 EST", 72948 },
		{ "Fri, 20 Nov 2026 23:59:60 +0000", 0 },
		{ "", -1 },
		{ "Sat", -1 },
		{ "(Sat, 21 Nov 2026", -1 },
		{ "31 Nov 2026 20:15:48 +0000", -1 },
		{ "29 Feb 2026 20:15:48 +0000", -1 },
		{ "0 Nov 2026 20:15:48 +0000", -1 },
		{ "21 Non 2026 20:15:48 +0000", -1 },
		{ "21 Nov 20266 20:15:48 +0000", -1 },
		{ "21 Nov 2026 24:15:48 +0000", -1 },
		{ "21 Nov 2026 20:60:48 +0000", -1 },
		{ "21 Nov 2026 2015 +0000", -1 },
		{ "21 Nov 2026 20:15:48 +01", -1 },
		{ "21 Nov 2026 20:15:48 +0060", -1 },
		{ "2026-11-21T20:15:48Z", -1 },
	};
	const int64_t day = 1795219200;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = -1;
		bool read = clock_parse_rfc5322(cases[i].text, &ms);

		cr_expect_eq(read, cases[i].s >= 0, "%s", cases[i].text);
		cr_expect_eq(ms, cases[i].s < 0 ? -1 : (day + cases[i].s) * 1000, "%s: %lld",
			     cases[i].text, (long long)ms);
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
