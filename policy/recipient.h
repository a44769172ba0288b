/*
 * recipient.h: who a notification would be sent to.
 */
#ifndef POLICY_RECIPIENT_H
#define POLICY_RECIPIENT_H

#include "policy/domain_table.h"

enum recipient_kind {
	RECIPIENT_NONE,   /* not known */
	RECIPIENT_BAD,    /* no address, or an SRS address of ours that says nobody */
	RECIPIENT_ROUTED, /* ours, but its local part names another host: user%d, d!user, @d:user */
	RECIPIENT_LOCAL,  /* ours */
	RECIPIENT_REMOTE, /* anywhere else, or behind an SRS address of ours */
};

/*
 * Who is judged, and the judged domain in *ret_domain, the caller's, for
 * LOCAL, ROUTED and REMOTE, else NULL. The domain is what follows the last @;
 * only when that is ours SRS is undone, and then who is inside is judged, never as
 * local. BATV (prvs=…) keeps its domain.
 */
enum recipient_kind recipient_read(const char *address, const struct domain_table *local,
				   char **ret_domain);

/*
 * That address in the one form it is counted in: local part without quotes and
 * BATV tag, "@", domain; ASCII in lower case. NULL for NONE, BAD and ROUTED. The caller's.
 */
char *recipient_address(const char *address, const struct domain_table *local,
			enum recipient_kind *ret_kind);

#endif
