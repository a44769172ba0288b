/*
 * altered.h: what is sent on with less in it than it came with.
 *
 * The store keeps what came, and with each record how much of it may go out;
 * the message is altered anew whenever it is sent (facts/strip.h). Who is told
 * by a human's own word (release --to) gets it whole.
 */
#ifndef ADMIT_ALTERED_H
#define ADMIT_ALTERED_H

#include "admit/spool.h"
#include "facts/facts.h"
#include "policy/policy.h"
#include "store/store.h"

/* Is anything to go from what this decision sends? */
bool altered_is_asked(const struct policy_decision *decision);
/* As records have it: "headers", "none"; NULL: all of it. */
const char *altered_returned_name(enum policy_returned returned);

/* What is known of one message, so that it is looked at once for a thousand recipients. Zeroed. */
struct altered_memo {
	struct {
		bool known, possible;
	} of[2][POLICY_RETURNED_NONE + 1]; /* no_diagnostics, returned */
};

/* What is to be sent altered but cannot be is held; the rule is "cannot-strip". */
void altered_judge(struct span bytes, const struct facts *facts, struct altered_memo *memo,
		   struct policy_decision *decision);

/* Is what goes out under this lease another message than what came? */
bool altered_is_due(const struct store_lease *lease);

/*
 * *spool, read under this lease, becomes what is to be sent; of a truncated
 * message no part of the returned body. 1 done, or it was not due; 0 it cannot
 * be sent so; -1 (ERROR_TEMP) no room. folder is where spools lie.
 */
int altered_make(struct store_lease *lease, const char *hostname, const char *folder,
		 int64_t now_ms, struct spool **spool, struct error *err);

#endif
