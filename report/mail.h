/*
 * mail.h: mail that ndrq writes itself.
 *
 * What comes out is RFC 5322 with CRLF, Auto-Submitted: auto-generated (RFC
 * 3834), and 7-bit but for a notification that is attached as it came.
 */
#ifndef REPORT_MAIL_H
#define REPORT_MAIL_H

#include <stdbool.h>

#include "base/bytes.h"

/* Once, before the first mail from any thread. */
void mail_init(void);

struct mail_envelope {
	const char *hostname; /* From is ndrq at it */
	const char *to;       /* an address in ASCII */
	const char *subject;  /* clean UTF-8 */
	const char *name;     /* the left half of the Message-ID, in ASCII */
	int64_t date_ms;
};

/* multipart/alternative of both. */
void mail_add_alternative(const struct mail_envelope *envelope, struct span text, struct span html,
			  struct buffer *out);

struct mail_attachment {
	struct span bytes;
	const char *filename; /* ASCII */
	bool headers_only;    /* of a message that is too large, or not whole */
	bool smtputf8;        /* RFC 6532: its header may be UTF-8 */
};

/*
 * multipart/mixed of text and a notification: message/rfc822 byte for byte
 * but for line ends, which become CRLF; text/rfc822-headers (RFC 6522);
 * message/global (RFC 6532); or, where a part may not be what the bytes are
 * (RFC 2046 5.2.1: NUL, a lone CR, lines over 998 bytes, line ends of both
 * sorts), application/octet-stream in base64, which changes no byte.
 * *ret_8bit says whether bytes above 127 are in it.
 */
void mail_add_copy(const struct mail_envelope *envelope, struct span text,
		   const struct mail_attachment *attachment, struct buffer *out, bool *ret_8bit);

#endif
