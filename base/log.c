/*
 * log.c: writing log lines.
 *
 * A line is built whole and handed over with one call, so that lines of
 * several threads never mix. If it cannot be written it is dropped: logging
 * stops nothing.
 */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { VALUE_BYTES_MAX = 512 };

static enum log_target log_target = LOG_TO_STDERR;
static const char *log_ident = "ndrq";
static int log_level = LOG_INFO;
static bool log_to_journal; /* stderr is the journal's: a line says its own priority */

void
log_open(enum log_target target, const char *ident)
{
	log_target = target;
	log_ident = ident;
	log_to_journal = target == LOG_TO_STDERR && getenv("JOURNAL_STREAM") != NULL;
	if (target == LOG_TO_SYSLOG)
		openlog(ident, LOG_PID, LOG_MAIL);
}

void
log_set_level(int level)
{
	log_level = level;
}

static void
add_value(struct buffer *line, struct span value)
{
	AUTO(buffer_done) struct buffer shown = { 0 };
	size_t len = value.len < VALUE_BYTES_MAX ? value.len : VALUE_BYTES_MAX;

	text_add_printable(&shown, (struct span){ value.data, len });
	if (shown.len > 0 && strpbrk(shown.data, " \"=\\") == NULL) {
		buffer_add(line, shown.data, shown.len);
		return;
	}
	buffer_add_char(line, '"');
	for (size_t i = 0; i < shown.len; i++) {
		if (shown.data[i] == '"')
			buffer_add_char(line, '\\');
		buffer_add_char(line, shown.data[i]);
	}
	buffer_add_char(line, '"');
}

static void
add_field(struct buffer *line, const struct log_field *field)
{
	buffer_printf(line, "%s=", field->key);
	if (field->type == LOG_FIELD_INT)
		buffer_printf(line, "%" PRId64, field->number);
	else
		add_value(line, field->text);
	buffer_add_char(line, ' ');
}

void
log_format(struct buffer *out, const char *event, const struct log_field *fields)
{
	if (fields->key != NULL && strcmp(fields->key, "id") == 0)
		add_field(out, fields++);
	buffer_printf(out, "event=%s ", event);
	for (; fields->key != NULL; fields++)
		add_field(out, fields);
	out->data[out->len - 1] = '\n';
}

void
log_event_fields(int level, const char *event, const struct log_field *fields)
{
	AUTO(buffer_done) struct buffer line = { 0 };

	if (level > log_level)
		return;
	if (log_to_journal)
		buffer_printf(&line, "<%d>",
			      level); /* sd-daemon(3); the journal knows who speaks */
	else if (log_target == LOG_TO_STDERR)
		buffer_printf(&line, "%s: ", log_ident);
	log_format(&line, event, fields);
	if (log_target == LOG_TO_SYSLOG)
		syslog(level, "%s", line.data);
	else if (write(STDERR_FILENO, line.data, line.len) < 0)
		return;
}
