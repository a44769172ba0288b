/*
 * smtp_session.h: what is said to a relay and what its replies mean, without a socket (RFC 5321).
 *
 * Reply bytes in, command and message bytes out. The session knows the protocol and nothing of
 * libev; smtp_client.c connects, gives it bytes, writes what it says, and does what it is told by
 * an enum smtp_next.
 */
#ifndef QMGR_SMTP_SESSION_H
#define QMGR_SMTP_SESSION_H

#include "qmgr/smtp_client.h"
#include "qmgr/wire.h"

enum smtp_state {
	SMTP_STATE_CLOSED,
	SMTP_STATE_CONNECTING,
	SMTP_STATE_GREETING,
	SMTP_STATE_EHLO,
	SMTP_STATE_HELO,
	SMTP_STATE_MAIL,
	SMTP_STATE_RCPT,
	SMTP_STATE_DATA,
	SMTP_STATE_BODY,
	SMTP_STATE_FINAL,
	SMTP_STATE_ABORT,
	SMTP_STATE_READY,
	SMTP_STATE_QUIT,
};

/* What the owner is to do; after the last three nothing that was said on the connection counts. */
enum smtp_next {
	SMTP_NEXT_WAIT,    /* nothing: there is no whole reply yet */
	SMTP_NEXT_GO_ON,   /* a state was entered: its time runs from now */
	SMTP_NEXT_TELL,    /* likewise, and the mail is judged */
	SMTP_NEXT_CLOSE,   /* close the connection */
	SMTP_NEXT_ABANDON, /* close it; the mail is judged */
	SMTP_NEXT_AGAIN,   /* close it, and connect anew for the mail under way */
};

struct smtp_session {
	const char *relay, *hostname; /* the owner's */

	/* of a connection */
	enum smtp_state state;
	struct buffer in;  /* what came, added by the owner */
	struct buffer out; /* to be written by the owner, who clears it */
	struct wire_reply reply;
	unsigned extensions;

	/* of a mail */
	struct smtp_mail mail;
	void *ctx;   /* for mail.refused */
	bool reused; /* begun on a kept connection, nothing of the body sent, nobody refused */
	size_t rcpts_said, rcpts_answered, rcpts_taken;
	struct wire_dot dot;
	size_t header_at, body_at;
	bool dotted; /* all of it is in out, or was */
	bool judged; /* outcome and words are known */
	enum smtp_outcome outcome;
	struct buffer words; /* one line, any bytes escaped */
};

/* A mail to be sent next; everything in it is borrowed until it is judged. False: it is judged
 * already, for no command can carry its addresses. */
bool smtp_session_take_mail(struct smtp_session *session, const struct smtp_mail *mail, void *ctx);
/* Says the first lines of the mail that was taken. In EHLO, HELO and READY only. */
enum smtp_next smtp_session_begin_mail(struct smtp_session *session);
/* Enters a state and says what is said there. */
void smtp_session_enter(struct smtp_session *session, enum smtp_state state);
/* Reads the next reply; to be called until it says WAIT. */
enum smtp_next smtp_session_hear(struct smtp_session *session);
/* In BODY: puts the next bytes of header and body into out, and behind the last of them the dot. */
void smtp_session_fill_body(struct smtp_session *session);
/* Contact is lost, or time is up; why is a clause for the record. */
enum smtp_next smtp_session_lose_contact(struct smtp_session *session, const char *why);
/* The connection is closed: forgets what belongs to it. */
void smtp_session_close(struct smtp_session *session);
/* Frees what it owns. */
void smtp_session_done(struct smtp_session *session);

#endif
