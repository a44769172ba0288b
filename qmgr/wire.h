/*
 * wire.h: the lines of LMTP and SMTP, both ways (RFC 5321, 2033).
 *
 * Pure: bytes in, structs out; no socket, no clock, no allocation but in the
 * buffers given. Spans borrow from the input (or are constants). A line ends
 * with CR LF and with nothing else (RFC 5321 2.3.8): a bare CR or LF is a byte
 * like any other.
 */
#ifndef QMGR_WIRE_H
#define QMGR_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/* ---- lines ----------------------------------------------------------- */

/*
 * The first line of data, without its CR LF, and how many bytes it took.
 * 1: found. 0: no CR LF yet. -1: longer than most bytes (CR LF included).
 */
int wire_next_line(struct span data, size_t most, struct span *ret_line, size_t *ret_used);

/* ---- DATA, receiving -------------------------------------------------- */

/* Undoes dot-stuffing (RFC 5321 4.5.2) across any cutting of the stream. { 0 } starts. */
struct wire_undot {
	int state;
};

/*
 * Feeds in; emit is called with runs of message bytes (CR LF kept). Returns
 * true when the final CR LF . CR LF was seen; *ret_used bytes of in belong to
 * the message, the rest is the next command (pipelining).
 */
bool wire_undot(struct wire_undot *u, struct span in, size_t *ret_used,
		void (*emit)(void *ctx, const char *data, size_t len), void *ctx);

/* ---- DATA, sending ---------------------------------------------------- */

/* Stuffs dots and makes every stray CR or LF a CR LF, across any cutting. { 0 } starts. */
struct wire_dot {
	int state;
	bool plain; /* for a file: dots stay as they are */
};
void wire_dot(struct wire_dot *d, struct span in, struct buffer *out);
/* The final line end if one is missing. */
void wire_dot_finish_line(struct wire_dot *d, struct buffer *out);
/* That, and the dot. */
void wire_dot_end(struct wire_dot *d, struct buffer *out);

/* ---- commands, receiving ---------------------------------------------- */

enum wire_verb {
	WIRE_LHLO,
	WIRE_MAIL,
	WIRE_RCPT,
	WIRE_DATA,
	WIRE_RSET,
	WIRE_NOOP,
	WIRE_VRFY,
	WIRE_QUIT,
	WIRE_HELO, /* HELO, EHLO: not in LMTP */
	WIRE_OTHER,
};
/* Splits "VERB rest"; the argument is trimmed. */
enum wire_verb wire_parse_verb(struct span line, struct span *ret_argument);

enum wire_body { WIRE_BODY_NONE, WIRE_BODY_7BIT, WIRE_BODY_8BITMIME };

/* MAIL FROM:<path> with RFC 1870, 6152, 6531, 3461 parameters. */
struct wire_mail {
	struct span path; /* without brackets; empty is the null sender */
	int64_t size;     /* −1 not given */
	enum wire_body body;
	bool smtputf8;
	struct span ret;   /* "FULL" or "HDRS"; empty: not given */
	struct span envid; /* xtext as received */
};
/* RCPT TO:<path> with RFC 3461 parameters. */
struct wire_rcpt {
	struct span path;   /* without brackets, quoted parts kept; any bytes */
	struct span notify; /* as received; empty: not given */
	struct span orcpt;  /* "rfc822;xtext" as received */
};
/*
 * The argument behind the verb ("FROM:<> SIZE=1"). 0, or -1 with a text for
 * the reply. A path that is no address is no error here (it is kept as bytes
 * and held); a missing FROM: or TO: is, and a FROM: with nothing behind it,
 * which is not "<>". Unknown parameters are ignored: to refuse would be to
 * lose the bounce. Source routes (@a,@b:c@d) are dropped.
 */
int wire_parse_mail(struct span argument, struct wire_mail *ret_mail, struct error *err);
int wire_parse_rcpt(struct span argument, struct wire_rcpt *ret_rcpt, struct error *err);

/* ---- replies, receiving ------------------------------------------------ */

struct wire_reply {
	int code;           /* 0 while incomplete */
	int first_code;     /* of its first line; all must bear the same */
	size_t lines;       /* so far */
	struct buffer text; /* all lines without code and separator, joined by LF; at most 4 KB are
			       kept */
};
/* Feeds one line. 1: that was the last one. 0: more follow. -1: no reply line. */
int wire_reply_add(struct wire_reply *reply, struct span line);
void wire_reply_done(struct wire_reply *reply); /* frees and resets */

/* ---- addresses of sockets ---------------------------------------------- */

struct sockaddr_storage;
/* "unix:/path", "127.0.0.1:25", "[::1]:25"; no names. ERROR_PERM when it is none of these. */
int wire_parse_address(const char *text, struct sockaddr_storage *ret_address, unsigned *ret_len,
		       struct error *err);
/* unix, 127.0.0.0/8 or ::1. */
bool wire_address_is_local(const struct sockaddr_storage *address);

#endif
