/*
 * copy.h: the postmaster's copy of a notification.
 */
#ifndef REPORT_COPY_H
#define REPORT_COPY_H

#include "facts/facts.h"
#include "store/store.h"

struct copy_request {
	int64_t record; /* it is a copy of this one, which was just put */
	enum record_state state;
	const char *rule;
	struct span rcpt;
	const struct facts *facts;
	struct span body;
	bool truncated; /* body is not all that came */
	bool smtputf8;
	const char *to, *hostname;
	int64_t now_ms;
	int64_t max, window_ms; /* so many in that time */
};

/* Of a larger notification the copy has the header alone. */
#define COPY_WHOLE_MAX ((size_t)1 << 20)

/*
 * 1 made, and *ret_copy is its record; 0 there have been too many, and the
 * record's journal says so; -1 nothing is changed. In the caller's transaction.
 */
int copy_put(struct store *store, const struct copy_request *request, int64_t *ret_copy,
	     struct error *err);

#endif
