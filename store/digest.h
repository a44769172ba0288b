/*
 * digest.h: what came in a stretch of the store, for the digest.
 *
 * A stretch is a range of record ids. Ids are given in the order in which
 * records are committed, so stretches that follow each other tell of every
 * record exactly once, whatever the clock did. What ndrq wrote itself (class
 * copy, digest) is counted by store_digest_copies alone.
 */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include "store/store.h"

struct store_stretch {
	int64_t first_id, last_id; /* both are in it */
	int64_t since_ms;          /* and of these what was received then or later; 0: all */
};

/* All questions between the two see the same store. */
int store_snapshot_begin(struct store *store, struct error *err);
void store_snapshot_end(struct store *store);

/* From the first record received at since_ms or later to the newest there is. */
int store_stretch_since(struct store *store, int64_t since_ms, struct store_stretch *ret_stretch,
			struct error *err);

struct store_digest_count {
	const char *class, *verdict;
	enum record_state state; /* now */
	int64_t records;
};
/* In the order of class, verdict and state's name. each returns 0 to go on, 1 to stop. */
int store_digest_counts(struct store *store, const struct store_stretch *stretch,
			int (*each)(const struct store_digest_count *count, void *ctx), void *ctx,
			struct error *err);

enum store_digest_by {
	DIGEST_BY_DOMAIN, /* judged; "" none */
	DIGEST_BY_STATUS, /* of the first recipient that is reported; "" not said */
};
struct store_digest_share {
	const char *name;
	int64_t records, held;
};
/* The most frequent, at most limit; of two that are as frequent the first by name. */
int store_digest_top(struct store *store, const struct store_stretch *stretch,
		     enum store_digest_by by, int64_t limit,
		     int (*each)(const struct store_digest_share *share, void *ctx), void *ctx,
		     struct error *err);

struct store_digest_held {
	int64_t id, received_at_ms;
	struct span rcpt;
	const char *status, *final; /* of the first recipient that is reported; NULL not said */
	const char *from, *subject; /* of the returned message, else of the notification; NULL */
};
/* The newest that are held, at most limit. */
int store_digest_held(struct store *store, const struct store_stretch *stretch, int64_t limit,
		      int (*each)(const struct store_digest_held *held, void *ctx), void *ctx,
		      struct error *err);
/* All that are held, of whatever stretch. */
int store_digest_held_all(struct store *store, int64_t *ret_records, struct error *err);

/* Those that went on between from_ms and until_ms, the largest first, at most limit. */
int store_digest_storms(struct store *store, int64_t from_ms, int64_t until_ms, int64_t limit,
			int (*each)(const struct store_storm *storm, void *ctx), void *ctx,
			struct error *err);

struct store_digest_copies {
	int64_t sent, waiting, failed;
	int64_t left_out; /* store_copy_leave_out */
};
int store_digest_copies(struct store *store, const struct store_stretch *stretch,
			struct store_digest_copies *ret_copies, struct error *err);

/* ---- the daily one ------------------------------------------------------ */

struct store_digest_mark {
	int64_t from_ms, until_ms;
	int64_t last_id; /* it told of the records up to this one */
	int64_t record;  /* the mail; 0: there was nothing to tell */
};
/* The last that was made: 1, 0 none yet. record is not asked for. */
int store_digest_latest(struct store *store, struct store_digest_mark *ret_mark, struct error *err);
/*
 * Marks it as made: 1; or 0, one until then or later is there already, and nothing was done. To be
 * called in the transaction that puts its mail.
 */
int store_digest_add(struct store *store, const struct store_digest_mark *mark, struct error *err);

#endif
