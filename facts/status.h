/*
 * status.h: enhanced status codes (RFC 3463) and SMTP reply codes in text.
 */
#ifndef FACTS_STATUS_H
#define FACTS_STATUS_H

#include <stdbool.h>

#include "base/bytes.h"

/*
 * The code that text gives as a reason: behind an SMTP reply code ("550
 * 5.1.1", "550-#5.1.1") when there is such a place, else the first that
 * stands alone. The span points into text; false: none.
 */
bool status_find(struct span text, struct span *ret);

/* A code at the front of s, complete: "5.1.1"; 0 when there is none. */
size_t status_length(struct span s);

/* An SMTP reply code 4yz or 5yz that is used as one; 0 when there is none. */
int status_find_reply(struct span text);

/* The status that an SMTP reply code stands for (RFC 5321 4.2.3, RFC 5248), static. */
const char *status_from_reply(int reply);

#endif
