/*
 * admit.h: where facts, policy and store meet.
 *
 * The one page that joins folders that are strangers to each other. Both
 * halves are functions of the submission: no clock, nothing shared.
 */
#ifndef ADMIT_ADMIT_H
#define ADMIT_ADMIT_H

#include "admit/submission.h"

/* Reads and judges: fills facts, decisions and the store's message. The spool is finished. */
void admit_judge(struct submission *submission);

/* Is it ordinary mail, which ndrq never takes? After admit_judge. */
bool admit_is_mail(const struct submission *submission);

/* Has it arrived where a local recipient gets it? Taken, it could only be sent there again. After
 * admit_judge. */
bool admit_has_arrived(const struct submission *submission);

/*
 * Stores it, inside the committer's transaction. What the store can never
 * take goes to damaged/ instead. 0 with the outcome set, or -1 (ERROR_TEMP).
 */
int admit_store(struct submission *submission, struct store *store, struct error *err);

/* Sets it aside unread, with the reason. 0 with the outcome set, or -1. */
int admit_set_aside(struct submission *submission, const struct store_place *place,
		    const char *reason, struct error *err);

#endif
