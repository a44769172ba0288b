/*
 * clock.c: reading and writing times.
 *
 * Always UTC, never the locale: these texts go into mail and JSON.
 */
#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t
clock_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "ms", 1 },
	{ "s", CLOCK_SECOND_MS },
	{ "m", CLOCK_MINUTE_MS },
	{ "h", CLOCK_HOUR_MS },
	{ "d", CLOCK_DAY_MS },
	{ "w", 7 * CLOCK_DAY_MS },
};

int
clock_parse_span(const char *text, int64_t *ret_ms, struct error *err)
{
	const int64_t most = 366000 * CLOCK_DAY_MS;
	const char *end = text;
	int64_t number = 0;

	while (isdigit((unsigned char)*end) && number <= most)
		number = number * 10 + (*end++ - '0');
	if (end == text)
		goto bad;
	if (number == 0 && *end == '\0') {
		*ret_ms = 0;
		return 0;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].name) == 0 && number <= most / units[i].ms) {
			*ret_ms = number * units[i].ms;
			return 0;
		}
bad:
	return error_set(err, ERROR_PERM, "\"%s\" is no time span such as 30d, 36h, 90m or 45s",
			 text);
}

const char *
clock_format_rfc3339(int64_t at_ms, char out[CLOCK_RFC3339_SIZE])
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(out, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
	return out;
}

const char *
clock_format_rfc5322(int64_t at_ms, char out[CLOCK_RFC5322_SIZE])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&seconds, &tm) != NULL)
		(void)snprintf(out, CLOCK_RFC5322_SIZE, "%s, %d %s %d %02d:%02d:%02d +0000",
			       days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
			       tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}
