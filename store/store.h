/*
 * store.h: everything that is kept, in one SQLite file.
 *
 * A message is the bytes that came once; a record is one envelope recipient
 * of it, with a state of its own and an id that never changes and is never
 * used again. A change of state is a guarded update plus a row in the
 * journal, in one transaction. An outbox row exists exactly while a record is
 * `sending` or `releasing`.
 *
 * A struct store is one connection, used by one thread at a time. A function
 * that fails has changed nothing, inside a transaction of the caller too
 * (unless the whole of that is lost: then store_commit says so). Refusals
 * are ERROR_TEMP where waiting can help (busy, full, I/O, read-only) and
 * ERROR_PERM where it cannot (a value the schema refuses, a file that is no
 * store, a newer schema).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct store;

enum store_mode {
	STORE_DAEMON, /* creates the file, migrates it */
	STORE_TOOL,   /* reads and changes; refuses an absent, older or newer file */
};

struct store_options {
	const char *path;
	enum store_mode mode;
	int64_t min_free_bytes; /* store_check_room refuses below this */
	int64_t max_size_bytes; /* and above this; 0: no limit */
	int busy_timeout_ms;
};

int store_open(const struct store_options *options, struct store **ret_store, struct error *err);
void store_closep(struct store **store);

/*
 * Transactions. The daemon's committer brackets many calls with one; each of
 * the other functions below that writes opens its own when there is none.
 * store_rollback never fails. After a failed commit the transaction is gone.
 * SQLite may undo a transaction by itself (disk full, I/O error): every call
 * in it fails from then on, store_commit last.
 */
int store_begin(struct store *store, struct error *err); /* BEGIN IMMEDIATE */
int store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);
int store_savepoint(struct store *store, struct error *err); /* one level */
int store_savepoint_release(struct store *store, struct error *err);
void store_savepoint_rollback(struct store *store);

/* Cheap enough for every batch. 0 when there is room for more_bytes, -1 (ERROR_TEMP) when min_free
 * or max_size would be crossed.
 */
int store_check_room(struct store *store, int64_t more_bytes, struct error *err);

/* ---- states ---------------------------------------------------------- */

enum record_state {
	RECORD_HELD,
	RECORD_DELETED,
	RECORD_SENDING,   /* policy lets it pass; in the outbox */
	RECORD_SENT,      /* the relay's 250 */
	RECORD_RELEASING, /* a human's order; in the outbox */
	RECORD_RELEASED,  /* the relay's 250 */
	RECORD_FAILED,    /* the relay refused for good */
};
#define RECORD_STATES (RECORD_FAILED + 1)
const char *record_state_name(enum record_state state);
int record_state_from_name(const char *name,
			   enum record_state *ret_state); /* 1, or 0: no such name */

/*
 * Which way a record leaves (DESIGN.md, "Outbox") is a name: one of these, or that of a folder
 * ("pickup /mnt/iis/Pickup"), which the daemon knows from its settings.
 */
#define STORE_ROUTE_RELEASE "release" /* bytes unchanged */
#define STORE_ROUTE_SUBMIT  "submit"  /* what we wrote or altered */

/* ---- putting --------------------------------------------------------- */

enum store_put_outcome {
	STORE_PUT_NEW,
	STORE_PUT_REDELIVERED, /* the same bytes to the same recipient: no second record */
	STORE_PUT_LOOP,        /* what we sent came back: a new held record, rule "loop" */
};

#define STORE_TOKEN_BYTES  8
#define STORE_SHA256_BYTES 32

/* A trace line found in a message: "I went out as record, here is its token". */
struct store_trace {
	int64_t record;
	uint8_t token[STORE_TOKEN_BYTES];
};

/*
 * A count that a new record adds to, resolved in the transaction that puts it.
 * Budgets of the same rule and key count together. Windows slide.
 */
enum store_budget_kind {
	STORE_BUDGET_LIMIT,   /* records that go out (or would, were they not only observed) */
	STORE_BUDGET_STORM,   /* all records; those beyond max, and those of the window before the
				 first of them, are one group (struct store_storm) */
	STORE_BUDGET_HARVEST, /* different values; beyond max the client is marked for mark_ms, and
				 while it is, each record is beyond */
};
struct store_budget {
	enum store_budget_kind kind;
	const char *rule;
	const char *key; /* what is shared: "address bob@example.net" */
	int64_t window_ms, max;
	const char *verdict; /* beyond it: "hold" or "delete" */
	const char *client;  /* HARVEST: the address */
	int64_t mark_ms;
	const char *const *values; /* which; may be the same twice */
	size_t values_len;
};

struct store_new_record {
	struct span rcpt;        /* as received, any bytes; empty: not known */
	const char *domain;      /* judged; NULL none */
	const char *orcpt;       /* as received (type;xtext); NULL none */
	const char *notify;      /* RFC 3461; NULL none */
	enum record_state state; /* HELD, DELETED or SENDING */
	const char *verdict;     /* what policy said: send, hold, delete (observe mode sends all the
				    same) */
	const char *rule;
	const char *route; /* NULL: STORE_ROUTE_RELEASE */
	const char *proof; /* "proved", "forged"; NULL: none */
	int64_t copy_of;   /* the record that this one is a copy of; 0: none */
	/* The first that it is beyond, and whose verdict is not milder, gives verdict, rule and
	 * state; but no state to one that is only observed. Only for outcome NEW. */
	const struct store_budget *budgets;
	size_t budgets_len;
	bool observed;
	/* how much of the message may go out */
	bool no_diagnostics;
	const char *returned; /* "headers", "none"; NULL: all of it */
	/* filled by store_put */
	int64_t id;
	enum store_put_outcome outcome;
	enum record_state became; /* outcome NEW: state, or stricter */
	const char *became_by;    /* and by which rule: lent by this struct or a budget */
	int64_t storm_began;      /* the group that it is the first beyond of; 0: none */
	const struct store_budget *storm_of; /* and what began it; else NULL */
	const struct store_budget *marked;   /* HARVEST: it marked the client; NULL: none */
	int64_t loop_of;                     /* outcome LOOP: the record that came back */
	char *loop_route;                    /* and the way it had left by; the caller frees */
};

/* What came beside the bytes and is kept as long as they are. */
struct store_sidecar {
	const char *name; /* "bdr", "bdp" */
	struct span data;
};

struct store_new_message {
	uint8_t sha256[STORE_SHA256_BYTES]; /* of all bytes received */
	struct span body;                   /* what is kept of them */
	int64_t size_bytes;                 /* all that was received */
	bool truncated;
	int64_t received_at_ms;
	const char *intake;              /* "lmtp", "maildir" */
	const char *mail_body;           /* "7BIT", "8BITMIME" or NULL (RFC 6152) */
	bool smtputf8;                   /* RFC 6531 */
	const char *ret, *envid;         /* RFC 3461; NULL none */
	const char *class;               /* facts_class_name */
	const char *facts;               /* facts_to_json */
	const char *subject;             /* of the notification; NULL */
	const char *message_id;          /* of the notification; NULL */
	const char *original_message_id; /* of the returned message; NULL */
	const char *policy_revision;
	const char *client;     /* the border's, of the returned message; NULL not known */
	const char *error_code; /* of a Badmail; NULL none */
	const struct store_sidecar *sidecars;
	size_t sidecars_len;
	const struct store_trace *traces;
	size_t traces_len;
	struct store_new_record *records;
	size_t records_len;
};

/*
 * Puts a message and all its records, or nothing. A record whose recipient
 * and sha256 were received within 30 days is a redelivery. It is a loop when
 * a trace names a record whose token matches; or when the hit record went out
 * (sent, released), was taken by this same instance, and its answer is not
 * known to be lost (store_answer_lost): then nobody has reason to redeliver.
 * A loop is put as a new held record with rule "loop", whatever state says.
 * No new message row is made when every record is a redelivery. The hit is
 * asked first: a loop that is delivered again is a redelivery of its record.
 * SENDING without a recipient, or with a NUL in it, is ERROR_PERM.
 */
int store_put(struct store *store, struct store_new_message *message, struct error *err);
/* And then calls then, which may put more: when it fails, with -1, nothing is put at all. */
int store_put_then(struct store *store, struct store_new_message *message,
		   int (*then)(struct store *store, void *ctx, struct error *err), void *ctx,
		   struct error *err);

/* The peer of these records may not have seen our 250: a redelivery is to be expected. Memory only.
 */
void store_answer_lost(struct store *store, const int64_t *ids, size_t ids_len);

/* The policy text of a revision, kept once, and whether it only observes. No-op when known. */
int store_put_policy(struct store *store, const char *revision, struct span text, bool observes,
		     int64_t now_ms, struct error *err);

/* ---- reading --------------------------------------------------------- */

struct store_record {
	int64_t id, message; /* message: the shared row */
	enum record_state state;
	struct span rcpt;
	const char *domain, *orcpt, *notify, *verdict, *rule, *policy_revision;
	const char *intake, *class, *facts, *subject, *message_id, *original_message_id;
	const char *mail_body, *ret, *envid;
	bool smtputf8, truncated;
	const char *route;              /* never NULL */
	const char *proof, *error_code; /* NULL none */
	bool no_diagnostics;            /* what goes out is altered (store_new_record) */
	const char *returned;           /* NULL: all of it */
	int64_t size_bytes, received_at_ms, changed_at_ms;
	int64_t purged_at_ms;    /* 0: the body is there */
	int64_t loop_of;         /* 0: none */
	int64_t copy_of;         /* 0: none */
	int64_t storm;           /* 0: none */
	int64_t attempts;        /* outbox */
	const char *relay_reply; /* the relay's last words; NULL none */
	const char *release_to;  /* release --to; NULL none */
};

struct store_query {
	unsigned states;                 /* bit 1 << state; 0: all */
	const char *domain;              /* exact, A-labels; NULL any */
	const char *class;               /* NULL any but what ndrq wrote itself */
	const char *original_message_id; /* NULL any; with or without brackets */
	int64_t storm;                   /* 0 any */
	int64_t since_ms, until_ms;      /* received; 0: open */
	int64_t before_id;               /* keyset: only smaller ids; 0: from the newest */
	int64_t limit;                   /* 0: no limit */
};

/* Newest first. each returns 0 to go on, 1 to stop; the row is valid during the call only. It may
 * take its time and ask the store: nothing is open meanwhile. */
int store_list(struct store *store, const struct store_query *query,
	       int (*each)(const struct store_record *record, void *ctx), void *ctx,
	       struct error *err);

/* The smallest id a record received since then can have; INT64_MAX: there is none. */
int store_first_since(struct store *store, int64_t since_ms, int64_t *ret_id, struct error *err);

/* 1 found and each was called once, 0 no such record. */
int store_get(struct store *store, int64_t id,
	      int (*each)(const struct store_record *record, void *ctx), void *ctx,
	      struct error *err);

/* The stored bytes, in pieces, byte for byte. 1 written, 0 no such record or purged. */
int store_read_body(struct store *store, int64_t id,
		    int (*write)(void *ctx, const void *data, size_t len, struct error *err),
		    void *ctx, struct error *err);

/* What came beside the message of a record, by name; nothing when its text was purged. */
int store_sidecars(struct store *store, int64_t id,
		   int (*each)(const struct store_sidecar *sidecar, void *ctx), void *ctx,
		   struct error *err);

struct store_journal_entry {
	int64_t at_ms, record, batch;
	const char *who, *why; /* "policy", "outbox", "retention", "daemon" or a user's name */
	const char *from_state, *to_state; /* from_state NULL: it came in; equal: a note */
};
/* In order, how it came in first. 1, or 0: no such record. */
int store_journal(struct store *store, int64_t id,
		  int (*each)(const struct store_journal_entry *entry, void *ctx), void *ctx,
		  struct error *err);

struct store_count {
	const char *key;
	int64_t count; /* records */
	int64_t bytes; /* received for those whose body is still there */
};
enum store_stats_by {
	STATS_BY_STATE,
	STATS_BY_CLASS,
	STATS_BY_DOMAIN,
	STATS_BY_RULE,
	STATS_BY_VERDICT,
	STATS_BY_OBSERVED,  /* the verdicts of policies that only observed */
	STATS_BY_ERROR_CODE /* of those that have one */
};
/* Most frequent first, at most limit (0: all). */
int store_stats(struct store *store, enum store_stats_by by, int64_t limit,
		int (*each)(const struct store_count *count, void *ctx), void *ctx,
		struct error *err);

/* A group of records that came beyond a count. */
struct store_storm {
	int64_t id;
	const char *rule, *shared; /* "address bob@example.net" */
	int64_t began_at_ms, last_at_ms;
	int64_t members; /* records, those forgotten too */
};
/* 1 found and each was called once, 0 no such storm. */
int store_get_storm(struct store *store, int64_t id,
		    int (*each)(const struct store_storm *storm, void *ctx), void *ctx,
		    struct error *err);
/* Newest first, at most limit (0: all). */
int store_storms(struct store *store, int64_t limit,
		 int (*each)(const struct store_storm *storm, void *ctx), void *ctx,
		 struct error *err);

/* A client that tried out too many recipients. */
struct store_harvester {
	const char *client, *rule;
	int64_t first_at_ms, last_at_ms; /* marked; its last notification */
	int64_t until_ms;                /* it is marked */
	int64_t recipients;              /* different ones that it tried, since it is marked */
	int64_t notifications;           /* that the mark has decided */
};
/* Those that are marked at now_ms, by client. */
int store_harvesters(struct store *store, int64_t now_ms,
		     int (*each)(const struct store_harvester *harvester, void *ctx), void *ctx,
		     struct error *err);

/* ---- a human's changes ----------------------------------------------- */

enum store_change_kind {
	STORE_CHANGE_RELEASE, /* held, deleted or failed → releasing, with an outbox row */
	STORE_CHANGE_DELETE,  /* held or failed → deleted */
};
enum store_change_outcome {
	STORE_CHANGED,
	STORE_CHANGE_UNKNOWN_ID,
	STORE_CHANGE_WRONG_STATE,  /* was says which */
	STORE_CHANGE_PURGED,       /* nothing left to release */
	STORE_CHANGE_NO_RECIPIENT, /* release needs --to */
};
struct store_change_result {
	int64_t id;
	enum store_change_outcome outcome;
	enum record_state was;
};
#define STORE_CHANGE_BATCH 500
/* At most STORE_CHANGE_BATCH ids, one transaction, one journal batch (*batch: 0 asks for a new one
 * and gets it, if anything changed). */
int store_change(struct store *store, enum store_change_kind kind, const int64_t *ids,
		 size_t ids_len, const char *release_to, const char *who, const char *why,
		 int64_t now_ms, int64_t *batch, struct store_change_result *results,
		 struct error *err);

/*
 * Empties bodies of records in states (bits) that last changed before
 * before_ms; at most limit records a call (0: all, only with dry_run), one
 * transaction. Never one with an outbox row. Counts what was (or would be)
 * purged. A call may stop before limit (after 64 MB of bodies): repeat it until
 * it purges none.
 */
int store_purge(struct store *store, unsigned states, int64_t before_ms, int64_t limit,
		bool dry_run, const char *who, const char *why, int64_t now_ms,
		int64_t *ret_records, int64_t *ret_bytes, struct error *err);

/* Removes purged records that last changed before before_ms, with their journal; at most limit. */
int store_forget(struct store *store, int64_t before_ms, int64_t limit, int64_t *ret_records,
		 struct error *err);

/* Removes what is out of its window, and harvesters whose mark is long over; at most limit of each.
 */
int store_forget_counted(struct store *store, int64_t now_ms, int64_t limit, int64_t *ret_rows,
			 struct error *err);

/* ---- outbox ---------------------------------------------------------- */

/* A random number that says which run of the daemon this is. Set at open with STORE_DAEMON. */
int64_t store_instance(const struct store *store);

/* At start: no lease of an earlier instance is valid; each such row gets a journal note "outcome
 * unknown". */
int store_outbox_recover(struct store *store, int64_t now_ms, int64_t *ret_cleared,
			 struct error *err);

struct store_lease {
	int64_t record;
	uint8_t token[STORE_TOKEN_BYTES]; /* for our Received line */
	char *rcpt;                       /* release_to, else rcpt */
	bool rcpt_replaced;               /* by --to: ORCPT and NOTIFY are not sent */
	char *orcpt, *notify, *mail_body, *ret, *envid;
	bool smtputf8, truncated;
	bool no_diagnostics; /* what goes out is altered (store_new_record) */
	char *returned;      /* NULL: all of it */
	int64_t attempts;    /* before this one */
	int64_t size_bytes;
	int64_t received_at_ms;
};
void store_lease_done(struct store_lease *lease); /* frees the strings */

/* Leases up to max due rows of a route to this instance, oldest due first. *ret_len says how many;
 * the caller frees each. */
int store_outbox_lease(struct store *store, const char *route, int64_t now_ms, size_t max,
		       struct store_lease *leases, size_t *ret_len, struct error *err);

enum store_delivery {
	STORE_DELIVERY_DONE,    /* 2yz to the final dot: sent or released */
	STORE_DELIVERY_RETRY,   /* 4yz, no contact: due again at next_due_ms */
	STORE_DELIVERY_UNKNOWN, /* contact lost after the final dot: as RETRY, and the journal says
				   so */
	STORE_DELIVERY_REFUSED, /* 5yz: failed */
};
/* Ends a lease of this instance. 1 done, 0 the lease was not ours any more. */
int store_outbox_finish(struct store *store, int64_t record, enum store_delivery outcome,
			const char *reply, int64_t next_due_ms, int64_t now_ms, int *ret_done,
			struct error *err);

/* When the next unleased row of a route is due: 1 and *ret_due_ms, or 0 when there is none. */
int store_outbox_next(struct store *store, const char *route, int64_t *ret_due_ms,
		      struct error *err);

/* Each route that rows wait for, with their number. each returns 0 to go on, 1 to stop. */
int store_outbox_routes(struct store *store,
			int (*each)(const char *route, int64_t rows, void *ctx), void *ctx,
			struct error *err);

/* ---- judging again --------------------------------------------------- */

/*
 * Records that policy let pass and that wait: state sending, not leased, and their message judged
 * by another policy than revision. Looks at the first max outbox rows above *after_id, which is
 * moved on: 1 and *ret_len ids, which may be none, or 0 when there was no row above it. What we
 * wrote ourselves (class copy, digest) is no question of policy.
 */
int store_waiting(struct store *store, const char *revision, size_t max, int64_t *after_id,
		  int64_t *ids, size_t *ret_len, struct error *err);

/* A stricter verdict on a record that waits. */
struct store_rejudged {
	int64_t record;
	enum record_state state; /* HELD or DELETED */
	const char *verdict, *rule, *policy_revision;
	const char *proof; /* as in store_new_record */
};
/*
 * The record leaves the outbox for that state, and bears the new verdict and rule; its journal has
 * a row of who "policy" that names the rule, the revision and the rule until then. 1 done, 0 it
 * does not wait any more (leased, sent): nothing was changed.
 */
int store_rejudge(struct store *store, const struct store_rejudged *rejudged, int64_t now_ms,
		  int *ret_done, struct error *err);

/*
 * Of a record that waits no more goes out than this (store_new_record), and never more than until
 * now; its journal has a note. 1 done, 0 it does not wait any more, or no more went out anyway.
 */
int store_shorten(struct store *store, int64_t record, bool no_diagnostics, const char *returned,
		  const char *policy_revision, int64_t now_ms, int *ret_done, struct error *err);

/* ---- damaged --------------------------------------------------------- */

/*
 * Writes a message that can never be processed whole to the folder
 * `damaged` beside the store, with a .txt that holds envelope and reason, both
 * synced. Needs no connection, so it works when the database does not.
 */
struct store_place {
	const char *store_path;
	int64_t min_free_bytes; /* ERROR_TEMP when the disk would have less */
};
struct store_damaged {
	struct store_place place;
	struct span body;
	const char *intake, *reason;
	const char *sender; /* NULL not known */
	const struct span *rcpts;
	size_t rcpts_len;
	int64_t received_at_ms;
	const uint8_t *sha256;
};
int store_put_damaged(const struct store_damaged *damaged, struct error *err);

#endif
