/*
 * facts.h: what a message says.
 *
 * Facts are a function of bytes and an optional envelope; nothing is looked
 * up, nothing is waited for, and the same input gives the same facts. Every
 * string is valid UTF-8 without NUL, whatever came in; NULL means "not said".
 * Re-entrant after facts_init().
 */
#ifndef FACTS_FACTS_H
#define FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

/* DESIGN.md, "Words". The names (facts_class_name) are stored and printed. */
enum facts_class {
	FACTS_MAIL,         /* "mail": ordinary */
	FACTS_UNKNOWN,      /* "unknown": null sender, none of the rest; or beyond the limits */
	FACTS_FAILED,       /* "failed": an NDR (RFC 3464 Action) */
	FACTS_DELAYED,      /* "delayed" */
	FACTS_DELIVERED,    /* "delivered" */
	FACTS_RELAYED,      /* "relayed" */
	FACTS_EXPANDED,     /* "expanded" */
	FACTS_RECEIPT,      /* "receipt": an MDN (RFC 8098) */
	FACTS_AUTO_REPLY,   /* "auto-reply" (RFC 3834) */
	FACTS_ABUSE_REPORT, /* "abuse-report" (RFC 5965) */
};
#define FACTS_CLASSES (FACTS_ABUSE_REPORT + 1)

const char *facts_class_name(enum facts_class class);
/* 1 found, 0 no such name. */
int facts_class_from_name(const char *name, enum facts_class *ret_class);

/* One per-recipient group of a report (RFC 3464 2.3). */
struct facts_recipient {
	char *final; /* Final-Recipient, without the address type; xtext and utf-8-addr-xtext undone
		      */
	char *original;   /* Original-Recipient, likewise */
	char *status;     /* "5.1.1" (RFC 3463), without the comment behind it */
	char *action;     /* lower case: failed, delayed, delivered, relayed, expanded */
	char *diagnostic; /* Diagnostic-Code, without the type, unfolded */
	char *remote_mta; /* Remote-MTA, without the type */
};

/* Of the returned message: what its header says. */
struct facts_original {
	char *message_id; /* with its angle brackets, as written */
	char *from;       /* the From field, decoded (RFC 2047) */
	char *return_path;
	char *subject;   /* decoded */
	char *client_ip; /* of the border hop; without our_hosts the topmost Received with a public
			    address */
};

/*
 * A trace line of our own at the top of the message (not of the returned one):
 * "Received: … by HOST (ndrq) id RECORD.TOKEN …". Whether it is true only
 * the store can say; a stranger can write one.
 */
struct facts_trace {
	long long record;
	unsigned char token[8];
};
#define FACTS_TRACES_MAX 8

struct facts {
	enum facts_class class;
	bool limits; /* beyond the limits of scan.h: class is unknown, the rest may be empty */
	char *reporting_mta; /* without the address type */
	char *subject;       /* of the notification itself, decoded */
	char *message_id;    /* of the notification itself, with brackets */
	char *delivered_to; /* of the notification itself, topmost */
	struct facts_recipient *recipients;
	size_t recipients_len;
	struct facts_original original;
	struct facts_trace traces[FACTS_TRACES_MAX];
	size_t traces_len;
};

/* What the transport knew; refines the class. A NULL pointer: no envelope known. */
struct facts_envelope {
	const char *sender; /* "" is the null sender; NULL not known */
	const char *rcpt;   /* NULL not known */
};

/* Once, before the first call from any thread. */
void facts_init(void);

/* bytes is the whole message, line ends LF or CRLF. Never NULL, never fails: what cannot be read is
 * FACTS_MAIL or FACTS_UNKNOWN by its envelope. The caller frees. */
struct facts *facts_from_message(struct span bytes, const struct facts_envelope *envelope);
void facts_freep(struct facts **f);

/*
 * One JSON object without a line end, the caller's: class, limits (only when
 * true), subject, reporting_mta, recipients[] {final, original, status,
 * action, diagnostic, remote_mta}, original {message_id, from, return_path,
 * subject, client_ip}; members not known are left out. file, when not NULL,
 * is put first as "file". The form is that of score.py in the corpus.
 */
char *facts_to_json(const struct facts *f, const char *file);

/*
 * The envelope of a message that came without one (a Maildir): sender from
 * the topmost Return-Path ("" for <>), recipient from X-Original-To, else
 * Delivered-To, else a To with a single address. NULL: not said. The caller
 * frees both strings. Limits as for facts; only the header is read.
 */
void facts_envelope_from_header(struct span bytes, char **ret_sender, char **ret_rcpt);

#endif
