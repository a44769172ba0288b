/*
 * recorder.h: what became of a delivery, written until it is written.
 *
 * An outcome that the store does not take is handed in again every second; its lease stays
 * meanwhile, so the row is not sent again. Lives in the loop thread.
 */
#ifndef QMGR_RECORDER_H
#define QMGR_RECORDER_H

#include <ev.h>

#include "qmgr/committer.h"
#include "store/store.h"

struct recorder {
	struct ev_loop *loop;
	struct committer *const *committer; /* NULL behind it once that has ended */
	ev_timer again;
	size_t pending;
	struct task *unrecorded; /* jobs that could not be committed */
	bool draining;
};

/* What store_outbox_finish is told. */
struct outcome {
	int64_t record;
	enum store_delivery delivery;
	const char *reply;
	int64_t next_due_ms;
};

void recorder_init(struct recorder *recorder, struct ev_loop *loop,
		   struct committer *const *committer);
/*
 * done is called once it is committed, or given up because the recorder is drained; never when the
 * committer has ended, or when recorder_done comes first: the next start clears the lease. outcome
 * is the caller's, with its reply.
 */
void recorder_put(struct recorder *recorder, const struct outcome *outcome, void (*done)(void *ctx),
		  void *ctx);
/* From now on each outcome is tried once. */
void recorder_drain(struct recorder *recorder);
/* Something is under way that may be committed without waiting. */
bool recorder_busy(const struct recorder *recorder);
/* After the committer has ended, and what it gave back was taken. */
void recorder_done(struct recorder *recorder);

#endif
