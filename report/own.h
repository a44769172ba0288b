/*
 * own.h: mail of our own, as a record.
 *
 * It is put like what came: so the outbox sends it, the journal and retention
 * know it, and when it comes back it is a loop. It leaves by "submit" with
 * the null sender.
 */
#ifndef REPORT_OWN_H
#define REPORT_OWN_H

#include "report/mail.h"
#include "store/store.h"

struct own_mail {
	const char *class; /* "copy", "digest"; the rule's name too */
	const struct mail_envelope *envelope;
	struct span bytes;
	bool is_8bit;
	int64_t copy_of; /* 0: of none */
};

/* In the caller's transaction, or one of its own. */
int own_put(struct store *store, const struct own_mail *mail, int64_t *ret_id, struct error *err);

#endif
