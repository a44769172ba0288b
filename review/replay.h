/*
 * replay.h: stored history before another policy. Nothing is changed.
 */
#ifndef REVIEW_REPLAY_H
#define REVIEW_REPLAY_H

#include "policy/policy.h"
#include "store/store.h"

enum replay_outcome {
	REPLAY_JUDGED,
	REPLAY_PURGED,     /* its body is gone */
	REPLAY_UNREADABLE, /* the store cannot give its body */
	REPLAY_LOOP,       /* held because it came back: no policy was asked */
	REPLAY_OURS,       /* ndrq wrote it itself: likewise */
};

struct replayed {
	int64_t id;
	enum replay_outcome outcome;
	const char *verdict, *rule;             /* as recorded */
	const struct policy_decision *decision; /* JUDGED: what it would be now */
};

/*
 * Judges the records of a query, newest first, each from its bytes as if it came in now, in as many
 * threads as there are processors. each is called in their order, in the caller's thread. Memory
 * does not grow with the number of records.
 */
int replay_run(struct store *store, const struct policy *policy, const struct store_query *query,
	       void (*each)(const struct replayed *replayed, void *ctx), void *ctx,
	       struct error *err);

#endif
