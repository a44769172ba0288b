/*
 * log.h: one event, one line, key=value.
 *
 *	log_event(LOG_INFO, "stored", LOG_I("id", id), LOG_S("rcpt", rcpt));
 *	→ id=42 event=stored rcpt=a@b.example
 *
 * The id, where there is one, is given first. A value with a space, a quote
 * or an equals sign is quoted; control characters are escaped and a value is
 * cut at 512 bytes. Bodies are never logged. Only qmgr/ and review/ log; the
 * folders below return a struct error. Safe from any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>
#include <syslog.h>

#include "base/bytes.h"

struct log_field {
	const char *key;
	enum { LOG_FIELD_TEXT, LOG_FIELD_INT } type;
	struct span text;
	int64_t number;
};

#define LOG_S(k, v)  ((struct log_field){ .key = (k), .type = LOG_FIELD_TEXT, .text = span_of(v) })
#define LOG_SP(k, v) ((struct log_field){ .key = (k), .type = LOG_FIELD_TEXT, .text = (v) })
#define LOG_I(k, v)  ((struct log_field){ .key = (k), .type = LOG_FIELD_INT, .number = (v) })

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };

/* ident must live on. Syslog lines go to facility mail. */
void log_open(enum log_target target, const char *ident);
/* Lines above this syslog level are dropped; LOG_INFO at first. */
void log_set_level(int level);

#define log_event(level, event, ...)                                                               \
	log_event_fields(level, event,                                                             \
			 (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ .key = NULL } })
void log_event_fields(int level, const char *event, const struct log_field *fields);

/* The same line with its LF, added to out, for a file of one's own. fields ends with a NULL key. */
void log_format(struct buffer *out, const char *event, const struct log_field *fields);

#endif
