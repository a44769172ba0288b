/*
 * digest.h: what the postmaster is told of a stretch of time.
 *
 * Gathered from the store as numbers and rows, then written as text or HTML;
 * `ndrq digest` and the daily mail are the same. What strangers wrote is
 * cleaned when it is gathered, and escaped where it is written. The order is
 * that of the store's answers, so the same store gives the same digest.
 */
#ifndef REPORT_DIGEST_H
#define REPORT_DIGEST_H

#include <stdbool.h>

#include "store/digest.h"

#define DIGEST_TOP_MAX  10 /* domains, causes, storms */
#define DIGEST_HELD_MAX 20 /* held items that are shown */

struct digest_count {
	char *class, *verdict;
	enum record_state state;
	int64_t records;
};

struct digest_share {
	char *name; /* "": none, or not said */
	int64_t records, held;
};

struct digest_held {
	int64_t id, received_at_ms;
	char *rcpt, *status, *final, *from, *subject; /* "": not known */
};

struct digest_storm {
	int64_t id;
	char *rule, *shared;
	int64_t began_at_ms, last_at_ms, members;
};

struct digest {
	char *hostname;
	int64_t from_ms, until_ms;
	bool ascii; /* every text in it is, and what is written of it */
	int64_t records, held, held_all;
	struct digest_count *counts;
	size_t counts_len, counts_size;
	struct digest_share domains[DIGEST_TOP_MAX], statuses[DIGEST_TOP_MAX];
	size_t domains_len, statuses_len;
	struct digest_storm storms[DIGEST_TOP_MAX];
	size_t storms_len;
	struct digest_held items[DIGEST_HELD_MAX]; /* the newest that are held */
	size_t items_len;
	struct store_digest_copies copies;
};

struct digest_request {
	struct store_stretch stretch;
	int64_t from_ms, until_ms; /* as the digest names the stretch */
	const char *hostname;
	bool ascii;
};

int digest_gather(struct store *store, const struct digest_request *request,
		  struct digest **ret_digest, struct error *err);
void digest_freep(struct digest **digest); /* NULL is fine */

/* Did nothing come, and was nothing left out? Then there is nothing to tell. */
bool digest_is_empty(const struct digest *digest);

/* "ndrq: 7,500 held, 1,500 sent, 1,000 deleted", without line end. The caller's. */
char *digest_subject(const struct digest *digest);

/* At most 80 columns, line ends LF. */
void digest_add_text(const struct digest *digest, struct buffer *out);
/* A whole document, styles in its elements, nothing from outside. */
void digest_add_html(const struct digest *digest, struct buffer *out);

/* What both forms say alike. */

/* A sum over the counts; NULL class, verdict: any; states as bits, 0: any. */
int64_t digest_sum(const struct digest *digest, const char *class, const char *verdict,
		   unsigned states);
/* The columns of the table of classes. */
struct digest_column {
	const char *heading; /* NULL ends the table */
	unsigned states;     /* bits; 0: all */
};
extern const struct digest_column digest_columns[];
/* "5.1.1 bad destination mailbox address"; "(not said)" for "". The caller's. */
char *digest_cause(const char *status);
/* What a domain is called; "(none)" for "". */
const char *digest_domain(const char *name);
/* "2026-11-21 07:00 +0000", local time. */
#define DIGEST_TIME_SIZE 48
const char *digest_time(int64_t at_ms, char out[DIGEST_TIME_SIZE]);
/* "held 7,500, sent 1,500": those that are not 0, in the order of the states; "" for none. The
 * caller's. */
char *digest_summary(const struct digest *digest);
/* "hold 7,500, send 1,500": what policy said. The caller's. */
char *digest_verdicts(const struct digest *digest);
/* What became of the copies, a sentence; NULL when there is nothing to say. The caller's. */
char *digest_copies(const struct digest *digest);

#endif
