/*
 * smtp_command.h: what the SMTP client says, and what it must never say.
 *
 * Pure: a mail and the relay's extensions in, command lines out. An address
 * comes from strangers; one that could break out of its command line never
 * becomes part of one.
 */
#ifndef QMGR_SMTP_COMMAND_H
#define QMGR_SMTP_COMMAND_H

#include <stdbool.h>

#include "base/bytes.h"

struct smtp_mail;

/* What a relay may offer that changes what we say; a set of bits. */
enum smtp_extension {
	SMTP_PIPELINING = 1, /* RFC 2920 */
	SMTP_8BITMIME = 2,   /* RFC 6152 */
	SMTP_SMTPUTF8 = 4,   /* RFC 6531 */
	SMTP_DSN = 8,        /* RFC 3461 */
};

/* From the text of an EHLO reply, lines joined by LF, the first of them the greeting. */
unsigned smtp_read_extensions(struct span ehlo);

/* NULL when rcpt may stand in RCPT TO:<…> (or a sender in MAIL FROM), else why it never can (a
 * clause: "it is empty"). */
const char *smtp_rcpt_objection(struct span rcpt);

bool smtp_mail_needs_smtputf8(const struct smtp_mail *mail);

/*
 * The line, with its CR LF. Parameters the relay did not offer, or whose value
 * is malformed, are left out: a relay would refuse the mail over them.
 */
void smtp_add_mail(struct buffer *out, const struct smtp_mail *mail, unsigned extensions);
/* Number 0 is mail->rcpt, then come the others. smtp_rcpt_objection must have had none. */
void smtp_add_rcpt(struct buffer *out, const struct smtp_mail *mail, size_t number,
		   unsigned extensions);

#endif
