/*
 * judge.h: one recipient of one message, before a policy.
 *
 * A message that comes in, a record that waits, one of long ago: all are judged here, so that what
 * `ndrq policy replay` says would be done is what is done. No clock, nothing shared; re-entrant.
 */
#ifndef ADMIT_JUDGE_H
#define ADMIT_JUDGE_H

#include "admit/altered.h"
#include "facts/facts.h"
#include "policy/policy.h"
#include "store/store.h"

struct judge_subject {
	const struct facts *facts;
	bool truncated;     /* the message was larger than is kept */
	int64_t size_bytes; /* all that was received */
	int64_t received_at_ms;
	bool delivered_to_is_ours; /* submission.h */
	struct span rcpt;          /* as received, any bytes; empty: not known */
	const char *orcpt;         /* as received (type;xtext); NULL: not given */
	struct span bytes;         /* of the message, as far as they are kept */
	struct altered_memo *memo; /* for all recipients of one message */
};

/* What policy says, and the state it means for the record: held, deleted or sending. */
enum record_state judge(const struct policy *policy, const struct judge_subject *subject,
			struct policy_decision *ret_decision);

/* The recipient, with a NUL behind it, as text for facts and policy; NULL: not known, or no text.
 */
const char *judge_rcpt_text(struct span rcpt);

/* What the stored bytes of a record say, with this policy's our_hosts. Never NULL; the caller's. */
struct facts *judge_read_record(const struct policy *policy, const struct store_record *record,
				struct span bytes);
/* facts, bytes and memo: those of its message. */
enum record_state judge_record(const struct policy *policy, const struct store_record *record,
			       const struct facts *facts, struct span bytes,
			       struct altered_memo *memo, struct policy_decision *ret_decision);

#endif
