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
#include <strings.h>
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

static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Blanks and comments (RFC 5322 3.2.2). */
static const char *
skip_blanks(const char *p)
{
	int depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && depth > 0 && p[1] != '\0')
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (depth == 0 && strchr(" \t\r\n", *p) == NULL)
			break;
	}
	return p;
}

/* A number of min to max digits. */
static bool
take_digits(const char **p, int min, int max, int *ret)
{
	int digits = 0;

	*ret = 0;
	for (*p = skip_blanks(*p); isdigit((unsigned char)**p) && digits < max; digits++)
		*ret = *ret * 10 + (*(*p)++ - '0');
	return digits >= min && !isdigit((unsigned char)**p);
}

static bool
take_char(const char **p, char c)
{
	*p = skip_blanks(*p);
	if (**p != c)
		return false;
	++*p;
	return true;
}

static bool
take_month(const char **p, int *ret)
{
	*p = skip_blanks(*p);
	for (*ret = 0; *ret < 12; ++*ret)
		if (strncasecmp(*p, months[*ret], 3) == 0) {
			*p += 3;
			return true;
		}
	return false;
}

/* RFC 5322 4.3: two digits, and three, which are years since 1900. */
static bool
take_year(const char **p, int *ret)
{
	const char *begin = skip_blanks(*p);

	if (!take_digits(p, 2, 4, ret))
		return false;
	if (*p - begin == 2 && *ret < 50)
		*ret += 2000;
	else if (*p - begin < 4)
		*ret += 1900;
	return true;
}

static bool
take_time(const char **p, struct tm *tm)
{
	if (!take_digits(p, 1, 2, &tm->tm_hour) || !take_char(p, ':') ||
	    !take_digits(p, 2, 2, &tm->tm_min))
		return false;
	if (take_char(p, ':') && !take_digits(p, 2, 2, &tm->tm_sec))
		return false;
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
}

/* Seconds east of UTC. Names other than these, and none, say nothing: they are taken for UTC. */
static bool
take_zone(const char **p, int *ret_seconds)
{
	static const struct {
		char name[4];
		int hours;
	} zones[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
		      { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 } };
	int number, sign;

	*ret_seconds = 0;
	*p = skip_blanks(*p);
	if (**p != '+' && **p != '-') {
		for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
			if (strncasecmp(*p, zones[i].name, 3) == 0)
				*ret_seconds = zones[i].hours * 3600;
		return true;
	}
	sign = *(*p)++ == '-' ? -1 : 1;
	if (!take_digits(p, 4, 4, &number) || number % 100 > 59)
		return false;
	*ret_seconds = sign * (number / 100 * 3600 + number % 100 * 60);
	return true;
}

static int
days_of(int month, int year)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 1 && leap ? 29 : lengths[month];
}

bool
clock_parse_rfc5322(const char *text, int64_t *ret_ms)
{
	const char *p = skip_blanks(text);
	struct tm tm = { 0 };
	int year, zone;

	while (isalpha((unsigned char)*p))
		p++;
	if (p > text && take_char(&p, ','))
		p = skip_blanks(p);
	if (!take_digits(&p, 1, 2, &tm.tm_mday) || !take_month(&p, &tm.tm_mon) ||
	    !take_year(&p, &year) || !take_time(&p, &tm) || !take_zone(&p, &zone))
		return false;
	if (tm.tm_mday < 1 || tm.tm_mday > days_of(tm.tm_mon, year))
		return false;
	tm.tm_year = year - 1900;
	*ret_ms = ((int64_t)timegm(&tm) - zone) * 1000;
	return true;
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
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&seconds, &tm) != NULL)
		(void)snprintf(out, CLOCK_RFC5322_SIZE, "%s, %d %s %d %02d:%02d:%02d +0000",
			       days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
			       tm.tm_hour, tm.tm_min, tm.tm_sec);
	return out;
}
