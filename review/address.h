/*
 * address.h: does this look like an address that --to may name?
 */
#ifndef REVIEW_ADDRESS_H
#define REVIEW_ADDRESS_H

#include "base/error.h"

/*
 * 0 when text is local@domain, fit to stand in RCPT TO (RFC 5321 4.1.2,
 * 4.5.3.1; RFC 6531 for what is not ASCII); else -1 and why. Whether anyone
 * lives there is for the mail server to say.
 */
int address_check(const char *text, struct error *err);

#endif
