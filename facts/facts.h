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

/* Where a fact was read. */
enum facts_source {
	FACTS_SOURCE_NONE,     /* there is no such fact */
	FACTS_SOURCE_DSN,      /* "dsn": the machine-readable part */
	FACTS_SOURCE_HEADER,   /* "header": of the notification */
	FACTS_SOURCE_TEXT,     /* "text": what it tells people */
	FACTS_SOURCE_RETURNED, /* "returned": the message that came back */
};
const char *facts_source_name(enum facts_source source); /* "" for none */

/* One per-recipient group of a report (RFC 3464 2.3), or one address that the text lists. */
struct facts_recipient {
	char *final; /* Final-Recipient, without the address type; xtext and utf-8-addr-xtext undone
		      */
	char *original;      /* Original-Recipient, likewise */
	char *inner;         /* of final, when it is SRS or BATV: the address inside */
	char *status;        /* "5.1.1" (RFC 3463), without the comment behind it */
	char *action;        /* lower case: failed, delayed, delivered, relayed, expanded */
	char *diagnostic;    /* Diagnostic-Code, without the type, unfolded */
	char *remote_mta;    /* Remote-MTA, without the type */
	bool status_derived; /* only an SMTP reply code was there */
	struct {
		enum facts_source final, original, status, action, diagnostic, remote_mta;
	} source;
};

/* A line of the returned header that speaks for or against its sender. */
enum facts_proof_kind {
	FACTS_PROOF_AUTHENTICATION_RESULTS, /* RFC 8601 */
	FACTS_PROOF_RECEIVED_SPF,           /* RFC 7208 9.1 */
	FACTS_PROOF_ARC,                    /* ARC-Authentication-Results (RFC 8617) */
	FACTS_PROOF_ARC_SEAL,               /* who signed for those of the same instance */
};
struct facts_proof {
	enum facts_proof_kind kind;
	bool above_border; /* added by us: it stands above the Received line of the border */
	bool cut;          /* longer than a fact can be: text is not all of it */
	char *text;        /* unfolded */
};
#define FACTS_PROOFS_MAX 16

/* How the walk down the Received lines of the returned message ended (DESIGN.md, "proof"). */
enum facts_walk {
	FACTS_WALK_NONE,   /* our_hosts not known, no line, one that is not ours, or no returned
			      part of its own */
	FACTS_WALK_BORDER, /* at a client outside */
	FACTS_WALK_INSIDE, /* all of them are ours, from clients that are us */
};

/* Of the returned message: what its header says. */
struct facts_original {
	char *message_id; /* with its angle brackets, as written */
	char *from;       /* the From field, decoded (RFC 2047) */
	char *return_path;
	char *return_path_inner; /* when that is SRS or BATV: the address inside */
	char *subject;           /* decoded */
	char *date;
	char *client_ip; /* of the border hop; without our_hosts the topmost Received with a public
			    address */
	char *border;    /* the Received line of the border; NULL without our_hosts, or not found */
	bool border_authenticated; /* it says ESMTPA, ESMTPSA (RFC 3848) */
	enum facts_walk walk;
	char *spam; /* X-Spam-Flag, else X-Spam-Status */
	struct facts_proof proofs[FACTS_PROOFS_MAX];
	size_t proofs_len;
	struct {
		enum facts_source message_id, from, return_path, subject, date, client_ip;
	} source;
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
	enum facts_source class_source;
	const char *family;  /* by whose mark it was known (family_table.c); NULL: by structure */
	char *reporting_mta; /* without the address type */
	enum facts_source reporting_mta_source;
	char *arrival_date; /* when the returned message reached that MTA, as the report has it */
	char *subject;      /* of the notification itself, decoded */
	char *message_id;   /* of the notification itself, with brackets */
	char *delivered_to; /* of the notification itself, topmost */
	struct facts_recipient *recipients;
	size_t recipients_len;
	struct facts_original original;
	struct facts_trace traces[FACTS_TRACES_MAX];
	size_t traces_len;
	bool foreign_received; /* the notification itself has a Received line that is not by one of
				  our hosts about one of us: not all of its way was ours */
};

/*
 * Who we are (policy.conf: our_hosts, our_networks), for the border of the
 * returned message's Received lines. Addresses are canonical text or CIDR.
 */
struct facts_site {
	const char *const *hosts; /* any case */
	size_t hosts_len;
	const char *const *networks; /* "192.0.2.0/24", "2001:db8::/32", "192.0.2.1" */
	size_t networks_len;
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

/* The same, with the border of the returned message's Received lines; site may be NULL. */
struct facts *facts_from_message_at(struct span bytes, const struct facts_envelope *envelope,
				    const struct facts_site *site);

void facts_freep(struct facts **f);

/*
 * One JSON object without a line end, the caller's: class, limits (only when
 * true), subject, message_id, reporting_mta, arrival_date,
 * foreign_received (only when true), recipients[] {final, original, inner, status, status_derived
 * (only when true), action, diagnostic, remote_mta}, original {message_id, from, return_path,
 * return_path_inner, subject, date, client_ip, border, border_authenticated (only when true), walk
 * ("border", "inside"), spam, proofs[] {kind, above_border, cut (only when true), text}}; members
 * not known are left out. file, when not NULL, is put first as "file". The form is that of score.py
 * in the corpus.
 */
char *facts_to_json(const struct facts *f, const char *file);

/* The same with a member "source" in each object that says where its members came from, and
 * "family". */
char *facts_to_json_with_sources(const struct facts *f, const char *file);

/*
 * The envelope of a message that came without one (a Maildir): sender from
 * the topmost Return-Path ("" for <>), recipient from X-Original-To, else
 * Delivered-To, else a To with a single address. NULL: not said. The caller
 * frees both strings. Limits as for facts; only the header is read.
 */
void facts_envelope_from_header(struct span bytes, char **ret_sender, char **ret_rcpt);

#endif
