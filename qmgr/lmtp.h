/*
 * lmtp.h: one LMTP session, without its socket (RFC 2033).
 *
 * Bytes in, reply bytes out. The session knows the protocol and nothing of
 * libev; lmtp_intake.c gives it bytes and writes what it says. It never says
 * 5yz: in a null-sender transaction that would destroy the bounce, and before
 * one it would make a misconfigured server give up.
 */
#ifndef QMGR_LMTP_H
#define QMGR_LMTP_H

#include "qmgr/intake.h"
#include "qmgr/wire.h"

enum {
	LMTP_LINE_BYTES = 8192, /* RFC 5321 4.5.3.1.4 plus the parameters of RFC 3461, generously */
	LMTP_ERRORS_MAX = 20,   /* then we hang up */
};

enum lmtp_state {
	LMTP_GREETED,
	LMTP_READY,
	LMTP_MAIL,
	LMTP_RCPT,
	LMTP_WAITING, /* DATA was said, but the backlog is full */
	LMTP_DATA,
	LMTP_COMMITTING, /* the message is complete and under way */
	LMTP_CLOSING,    /* what is in out is the last we say */
};

struct lmtp_session {
	const struct intake_host *host;
	enum lmtp_state state;
	bool paused; /* set by the owner: no 354 now */
	unsigned errors;
	struct submission *submission; /* from MAIL on; in COMMITTING it is lent away */
	struct wire_undot undot;
	bool spool_failed;
	struct buffer out;    /* to be written by the owner, who clears it */
	int64_t *unconfirmed; /* records whose 250 the peer may not have seen */
	size_t unconfirmed_len;
	void (*submit)(struct lmtp_session *session); /* the owner hands session->submission over */
};

void lmtp_session_start(struct lmtp_session *session, const struct intake_host *host);
/* The session eats bytes until it must wait (WAITING, COMMITTING, CLOSING) or has no whole line.
 * Returns how many. */
size_t lmtp_session_feed(struct lmtp_session *session, struct span in);
/* The submission came back: says one reply a recipient, and frees it. */
void lmtp_session_answer(struct lmtp_session *session);
/*
 * The peer has seen what was written to it: bytes came after it, or an orderly end (a socket that
 * is closed with something unread in it ends with ECONNRESET instead, TCP and unix alike).
 */
void lmtp_session_confirm(struct lmtp_session *session);
/* The backlog has room again. */
void lmtp_session_resume(struct lmtp_session *session);
/* Says "421 text" and closes. */
void lmtp_session_bye(struct lmtp_session *session, const char *text);
/* Frees what it owns; reports an unconfirmed answer as lost. Not while COMMITTING. */
void lmtp_session_done(struct lmtp_session *session);

#endif
