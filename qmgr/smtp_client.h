/*
 * smtp_client.h: one connection to a relay, sending one message at a time.
 *
 * Lives in the loop thread. A message has one recipient or, when it is no
 * notification, several in one transaction. The connection is opened when first needed and
 * kept for the next message; a relay that closes an idle connection costs
 * nothing but a new one.
 */
#ifndef QMGR_SMTP_CLIENT_H
#define QMGR_SMTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct ev_loop;
struct smtp_client;

struct smtp_client_options {
	const char *relay;          /* "unix:/path" or "127.0.0.1:10044" (wire_parse_address) */
	const char *hostname;       /* for EHLO */
	int64_t connect_timeout_ms; /* 30 s */
	int64_t reply_timeout_ms;   /* 300 s */
	int64_t final_timeout_ms;   /* 600 s: the reply to the final dot (RFC 5321 4.5.3.2.6) */
	int64_t idle_timeout_ms;    /* 5 s: then QUIT */
};

enum smtp_outcome {
	SMTP_DONE,       /* 2yz to the final dot */
	SMTP_RETRY,      /* 4yz, a protocol error, or the relay lacks what the mail needs */
	SMTP_NO_CONTACT, /* no connection, or lost before the relay said anything of this mail */
	SMTP_UNKNOWN,    /* contact lost after the final dot was written */
	SMTP_REFUSED,    /* 5yz to MAIL, RCPT, DATA or the final dot; or a recipient no
			    command can carry, which the relay then never hears of */
};

/* A recipient more of the same transaction; smtp_rcpt_objection must have had none. */
struct smtp_rcpt {
	struct span rcpt;
	const char *orcpt, *notify;
};

/* Everything is borrowed until done is called. */
struct smtp_mail {
	struct span sender;         /* empty: the null sender */
	struct span rcpt;           /* as it was received */
	const char *orcpt, *notify; /* NULL: not sent; only when the relay says DSN */
	const char *ret, *envid;
	bool body_8bit;     /* BODY=8BITMIME was declared */
	bool smtputf8;      /* was declared, or an address is not ASCII */
	struct span header; /* our Received line, with its CR LF; put before body */
	struct span body;
	const char *name; /* of a file: the same for the same record, and no other's */
	const struct smtp_rcpt *others; /* behind rcpt */
	size_t others_len;
	/*
	 * With others: the relay refused one (number 0 is rcpt), for good or for now, and the mail
	 * may yet go to the rest, to whom alone the outcome in done applies. May be called from
	 * any turn of the loop before done. ctx is that of smtp_client_send.
	 */
	void (*refused)(void *ctx, size_t number, enum smtp_outcome outcome, const char *reply);
};

/* reply: "550 5.1.1 no such user" or what went wrong; one line, any bytes escaped; valid during the
 * call. */
typedef void smtp_client_done(void *ctx, enum smtp_outcome outcome, const char *reply);

/* Refuses an address it cannot read. */
int smtp_client_new(struct ev_loop *loop, const struct smtp_client_options *options,
		    struct smtp_client **ret_client, struct error *err);
bool smtp_client_busy(const struct smtp_client *client);
/* Not while busy. done is called exactly once, later, from the loop (never from within this call).
 */
void smtp_client_send(struct smtp_client *client, const struct smtp_mail *mail,
		      smtp_client_done *done, void *ctx);
/* Closes at once; a message under way gets no done. NULL is fine. */
void smtp_client_freep(struct smtp_client **client);

#endif
