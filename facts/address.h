/*
 * address.h: mailboxes as reports write them (RFC 3461, 3464, 5322, 6533).
 *
 * What comes back is a fact (valid UTF-8, limited); NULL when there is none.
 * The caller frees.
 */
#ifndef FACTS_ADDRESS_H
#define FACTS_ADDRESS_H

#include <stdbool.h>

#include "base/bytes.h"

/*
 * The value behind "type;" of a report's field (RFC 3464 2.1.2), comments
 * and trailing blanks taken off. A field without a type is all value. The
 * type goes to ret_type when that is not NULL.
 */
struct span address_skip_type(struct span value, struct span *ret_type);

/* Final-Recipient and Original-Recipient: the mailbox, xtext (RFC 3461 4) and
 * utf-8-addr-xtext (RFC 6533 3) undone. */
char *address_from_report(struct span value);

/* "<a@b>", "Name <a@b>", "a@b (Name)": the mailbox. "<>" gives "". */
char *address_from_path(struct span value);

/* The next member of an address list (RFC 5322 3.4) that holds an "@", as it is written; *rest is
 * moved behind it. False: none is left. */
bool address_list_next(struct span *rest, struct span *ret);

/*
 * The address inside of an SRS0 or SRS1 (Sender Rewriting Scheme) or BATV
 * (draft-levine-smtp-batv) address; NULL when it is neither.
 */
char *address_inner(const char *address);

/* The mailbox of an address list (RFC 5322 3.4) that has exactly one. */
char *address_single(struct span list);

#endif
