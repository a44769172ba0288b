/*
 * digest.h: the postmaster's daily digest.
 */
#ifndef QMGR_DIGEST_H
#define QMGR_DIGEST_H

#include "policy/policy.h"
#include "qmgr/admission.h"

struct ev_loop;
struct daily;

struct daily_options {
	struct ev_loop *loop;
	struct policy *const *policy; /* the one in force */
	struct admission *admission;
	struct committer *const *committer; /* NULL: too late */
	const char *store_path, *hostname;  /* borrowed */
	void (*made)(void *ctx);            /* there is one to send */
	void *ctx;
};

struct daily *daily_start(const struct daily_options *options);
/* The policy may be another. */
void daily_wake(struct daily *daily);
/* Begins none; what is under way ends. */
void daily_drain(struct daily *daily);
bool daily_busy(const struct daily *daily);
void daily_stopp(struct daily **daily); /* NULL is fine; nothing is under way any more */

/* The last time, at now_ms or before, that the local clock showed that minute of the day; and the
 * next, after now_ms. */
int64_t daily_last_ms(int64_t now_ms, int minute);
int64_t daily_next_ms(int64_t now_ms, int minute);

#endif
