/*
 * count.c: reading "3/1d".
 *
 * Both numbers have bounds, as each that is counted costs a row of the store
 * until its time is over.
 */
#include "policy/count.h"

#include <ctype.h>
#include <stddef.h>

const char *
count_read(const char *text, int64_t *ret_max, int64_t *ret_window_ms)
{
	int64_t max = 0, window_ms;
	const char *p = text;

	while (isdigit((unsigned char)*p) && max <= COUNT_MAX)
		max = max * 10 + (*p++ - '0');
	if (p == text || (*p != '/' && max <= COUNT_MAX))
		return "a number, \"/\" and a time are expected, as in \"3/1d\"";
	if (max < 1 || max > COUNT_MAX)
		return "the number is 1 to 10000";
	if (clock_parse_span(p + 1, &window_ms, NULL) < 0)
		return "behind the \"/\" a time such as 1d, 36h or 90m is expected";
	if (window_ms < CLOCK_SECOND_MS || window_ms > COUNT_WINDOW_MS)
		return "the time is 1s to 30d";
	*ret_max = max;
	*ret_window_ms = window_ms;
	return NULL;
}
