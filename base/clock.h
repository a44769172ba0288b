/*
 * clock.h: points and spans of time, in milliseconds.
 *
 * A point is milliseconds since 1970 UTC; a span is milliseconds. Code below
 * qmgr/ and review/ never asks for the time: `now_ms` is passed in.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define CLOCK_SECOND_MS INT64_C(1000)
#define CLOCK_MINUTE_MS (60 * CLOCK_SECOND_MS)
#define CLOCK_HOUR_MS   (60 * CLOCK_MINUTE_MS)
#define CLOCK_DAY_MS    (24 * CLOCK_HOUR_MS)

int64_t clock_now_ms(void);

/*
 * "30d", "36h", "90m", "45s", "2w", "500ms": a whole number and its unit (0
 * needs none). ERROR_PERM for anything else, or over 1000 years.
 */
int clock_parse_span(const char *text, int64_t *ret_ms, struct error *err);

/*
 * "Sat, 21 Nov 2026 21:15:48 +0100 (CET)", RFC 5322 3.3 with the obsolete forms
 * of 4.3 (years of two digits, "GMT", no seconds). False: it is no such date.
 */
bool clock_parse_rfc5322(const char *text, int64_t *ret_ms);

/* "2026-11-21T20:15:48Z" (RFC 3339). */
#define CLOCK_RFC3339_SIZE 32
const char *clock_format_rfc3339(int64_t at_ms, char out[CLOCK_RFC3339_SIZE]);

/* "Sat, 21 Nov 2026 20:15:48 +0000" (RFC 5322 3.3), whatever the locale. */
#define CLOCK_RFC5322_SIZE 40
const char *clock_format_rfc5322(int64_t at_ms, char out[CLOCK_RFC5322_SIZE]);

#endif
