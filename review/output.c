/*
 * output.c: writing for people and for programs.
 *
 * Promises that no control character of a message reaches a terminal, and
 * that a full disk or closed pipe behind standard output is not called a
 * success. Never fails otherwise.
 */
#include "review/output.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

bool
output_is_terminal(void)
{
	return isatty(STDOUT_FILENO) == 1;
}

char *
text_for_people(struct span s)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	struct buffer out = { 0 };

	text_add_printable(&text, s);
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return buffer_take(&text);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.data[i] < 0x80)
			buffer_add_char(&out, text.data[i]);
		else
			buffer_printf(&out, "\\x%02x", (unsigned char)text.data[i]);
	}
	return buffer_take(&out);
}

void
complain(const char *format, ...)
{
	AUTO(freep) char *text = NULL;
	AUTO(freep) char *shown = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	shown = text_for_people(span_of(text));
	progress_clear();
	(void)fflush(stdout); /* complaints stand where they arose */
	(void)fprintf(stderr, "ndrq: %s\n", shown != NULL ? shown : "");
}

void
output_json_take(json_t *object)
{
	size_t flags = JSON_COMPACT | (output_is_terminal() ? JSON_ENSURE_ASCII : 0);
	AUTO(freep) char *text = json_dumps(object, flags);

	json_decref(object);
	if (text == NULL)
		return;
	/* DEL is the one control character that jansson passes on. */
	for (const char *s = text; *s != '\0'; s++) {
		if (*s == 0x7F)
			(void)fputs("\\u007f", stdout);
		else
			(void)putchar(*s);
	}
	(void)putchar('\n');
}

const char *
format_age(int64_t span_ms, char out[AGE_SIZE])
{
	static const struct {
		int64_t up_to_ms, unit_ms;
		char letter;
	} units[] = {
		{ 2 * CLOCK_MINUTE_MS, CLOCK_SECOND_MS, 's' },
		{ 2 * CLOCK_HOUR_MS, CLOCK_MINUTE_MS, 'm' },
		{ 2 * CLOCK_DAY_MS, CLOCK_HOUR_MS, 'h' },
		{ INT64_MAX, CLOCK_DAY_MS, 'd' },
	};
	size_t i = 0;

	if (span_ms < 0)
		span_ms = 0;
	while (span_ms >= units[i].up_to_ms && i < 3)
		i++;
	(void)snprintf(out, AGE_SIZE, "%lld%c", (long long)(span_ms / units[i].unit_ms),
		       units[i].letter);
	return out;
}

const char *
format_bytes(int64_t bytes, char out[BYTES_SIZE])
{
	static const char letters[] = "KMGTPE";
	double size = (double)bytes;
	size_t i = 0;

	if (bytes < 1024) {
		(void)snprintf(out, BYTES_SIZE, "%lldB", (long long)bytes);
		return out;
	}
	for (size /= 1024; size >= 1024 && i + 1 < sizeof(letters) - 1; i++)
		size /= 1024;
	(void)snprintf(out, BYTES_SIZE, size < 9.95 ? "%.1f%c" : "%.0f%c", size, letters[i]);
	return out;
}

const char *
format_local_time(int64_t at_ms, char out[LOCAL_TIME_SIZE])
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(out, LOCAL_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		out[0] = '\0';
	return out;
}

bool
can_ask(void)
{
	return isatty(STDIN_FILENO) == 1 && output_is_terminal();
}

bool
ask(const char *question)
{
	AUTO(freep) char *line = NULL;
	size_t line_size = 0;

	(void)printf("%s [y/N] ", question);
	(void)fflush(stdout);
	if (getline(&line, &line_size, stdin) < 0) {
		(void)putchar('\n');
		return false;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

static bool progress_shown;

void
progress_show(const char *what, int64_t done, int64_t all)
{
	if (isatty(STDERR_FILENO) != 1 || output_is_terminal())
		return;
	progress_shown = true;
	(void)fprintf(stderr, "\r%s: %lld", what, (long long)done);
	if (all > 0)
		(void)fprintf(stderr, " of %lld", (long long)all);
}

void
progress_bar(const char *what, int64_t done, int64_t all)
{
	static const char full[] = "########################################";
	static int shown = -1;
	int percent = all > 0 && done < all ? (int)(100.0 * (double)done / (double)all) : 100;

	if (isatty(STDERR_FILENO) != 1 || (progress_shown && percent == shown))
		return;
	progress_shown = true;
	shown = percent;
	(void)fprintf(stderr, "\r%s [%-40.*s] %3d%%", what, percent * 40 / 100, full, percent);
}

void
progress_clear(void)
{
	if (progress_shown)
		(void)fputs("\r\033[K", stderr);
	progress_shown = false;
}

int
output_finish(void)
{
	bool failed = fflush(stdout) != 0;
	int saved = errno;

	progress_clear();
	if (!failed && !ferror(stdout))
		return EX_OK;
	complain("standard output cannot be written: %s",
		 failed ? strerror(saved) : "an earlier write failed");
	return EX_IOERR;
}
