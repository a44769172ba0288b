/*
 * submission.h: one message on its way in.
 *
 * An intake makes it, in the loop; admission (a pool thread) reads and judges
 * it; the committer stores it; back in the loop `done` tells the intake, which
 * answers its peer and frees it. At each moment one thread owns it.
 */
#ifndef ADMIT_SUBMISSION_H
#define ADMIT_SUBMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/spool.h"
#include "base/bytes.h"
#include "base/channel.h"
#include "base/error.h"
#include "facts/facts.h"
#include "facts/pickup.h"
#include "policy/policy.h"
#include "store/store.h"

struct daemon;
struct submission;

/* What an intake adds; runs in the admission thread. Each may be NULL. */
struct submission_source {
	const char *intake; /* name, as stored: "lmtp", "maildir" */
	/* Fills spool, sender and recipients. 1 loaded, 0 it is gone, -1 refused. */
	int (*load)(struct submission *submission, struct error *err);
	/* Reads what stands in for an envelope; what a stranger wrote. May be NULL. */
	void (*read_envelope)(struct submission *submission);
	/* Before the commit, once it is known to be ours: claims it. Same results. */
	int (*take)(struct submission *submission, struct error *err);
	/* It is ordinary mail: an intake without this hears it as a refusal. */
	bool leaves_mail;
	/* Delivered-To names the mailbox it was taken from, and nobody who forwards. */
	bool delivered_to_is_ours;
	/* Whatever has a sender is ordinary mail, also what a program answered. */
	bool null_sender_only;
	/* It lies where its recipients get it: for a local one it has arrived. */
	bool has_arrived;
	/* A server could not deliver it: policy alone sends nothing of it, and when it is what we
	 * released no relay is to blame. */
	bool undeliverable;
};

struct submission_rcpt {
	struct buffer path;              /* any bytes; empty: not known */
	char *orcpt, *notify;            /* as received (RFC 3461); NULL: not given */
	struct policy_decision decision; /* filled by admission */
	enum record_state state;         /* so is this */
	int64_t copy;                    /* its copy for the postmaster; 0 none, -1 left out */
	struct store_budget *budgets;    /* likewise: those of the decision, for the store */
};

enum submission_outcome {
	SUBMISSION_REFUSED,   /* err says why; nothing is kept: 4yz */
	SUBMISSION_COMMITTED, /* stored and synced, or recognised as stored before */
	SUBMISSION_DAMAGED,   /* set aside in damaged/, synced */
	SUBMISSION_LEFT,      /* not ours: ordinary mail, or gone */
};

struct submission {
	struct task task; /* first: the pool's view */
	const struct submission_source *source;
	void (*done)(struct submission *submission); /* in the loop */
	void *ctx;
	/* the daemon's, between intake_submit and done */
	struct daemon *daemon;
	void (*answer)(struct submission *submission);
	int64_t weight_bytes;
	bool counted; /* admission's: the committer waits for it */

	/* the envelope */
	char *sender; /* "" null; NULL: not known */
	struct submission_rcpt *rcpts;
	size_t rcpts_len, rcpts_size;
	const char *mail_body; /* "7BIT", "8BITMIME"; NULL */
	bool smtputf8;
	char *ret, *envid;
	struct spool *spool;
	int64_t received_at_ms;
	const char *hostname;  /* ours, borrowed; NULL: no copies are made */
	char *route;           /* the way it leaves by; NULL: STORE_ROUTE_RELEASE */
	struct policy *policy; /* the one in force when it came */

	/* made on the way (admit.c) */
	struct facts *facts;
	char *facts_json;
	struct store_new_message message;
	struct store_trace traces[FACTS_TRACES_MAX];

	enum submission_outcome outcome;
	struct error err;
};

/* policy is referenced, not taken. */
struct submission *submission_new(const struct submission_source *source, struct policy *policy);
struct submission_rcpt *submission_add_rcpt(struct submission *submission);
/* The lines on top of a file become its envelope; without a recipient that is one not known. */
void submission_set_envelope(struct submission *submission, const struct pickup *envelope);
/* What stands in for an envelope in a header: Return-Path, X-Original-To, Delivered-To, To. The
 * spool is finished. */
void submission_read_header(struct submission *submission);
void submission_freep(struct submission **submission); /* NULL is fine */

#endif
