/*
 * exchange.h: remote domains of Microsoft Exchange.
 *
 * What Get-RemoteDomain prints, as Export-Csv writes it or as a list
 * (Format-List), to a policy and back; and of Get-TransportConfig, alone or
 * with it, what it says of copies for the postmaster.
 */
#ifndef POLICY_EXCHANGE_H
#define POLICY_EXCHANGE_H

#include "policy/policy.h"

struct exchange_field {
	char *name, *value; /* UTF-8 */
};

struct exchange_domain {
	struct exchange_field *fields;
	size_t len, size;
};

struct exchange_list {
	struct exchange_domain *domains;
	size_t len, size;
};

/* CSV with a line of names first, or a list; UTF-8, or UTF-16 in either order, with a BOM or
 * without. ERROR_PERM: it is neither. */
int exchange_read(struct span bytes, struct exchange_list *ret_list, struct error *err);
void exchange_done(struct exchange_list *list);

/*
 * The text of a policy that does the same; ERROR_PERM when a remote domain
 * cannot be one here. local: what local_domains is to say; without any a name
 * that no mail has. notes gets a line for everything that is left out, taken
 * together, or to be done by hand.
 */
int exchange_to_policy(const struct exchange_list *list, const char *const *local, size_t local_len,
		       struct buffer *out, struct buffer *notes, struct error *err);

/* Set-TransportConfig and Set-RemoteDomain lines of what Exchange has a switch for; notes as above.
 */
void exchange_from_policy(const struct policy *policy, struct buffer *out, struct buffer *notes);

#endif
