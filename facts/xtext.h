/*
 * xtext.h: ORCPT and ENVID, decoded.
 */
#ifndef FACTS_XTEXT_H
#define FACTS_XTEXT_H

#include "base/bytes.h"

/* xtext (RFC 3461 4) and utf-8-addr-xtext (RFC 6533 3) undone; what is malformed stays as it
 * stands. */
void xtext_decode(struct span text, struct buffer *out);

#endif
