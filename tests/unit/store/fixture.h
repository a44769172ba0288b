/*
 * fixture.h: a temporary store, and messages to put in it.
 *
 *	AUTO(fixture_done) struct fixture f = { 0 };
 *	fixture_start(&f);          f.store is a daemon's, in a folder of its own
 *
 * Whatever cannot be asserted by a test is asserted here. Times are small
 * numbers: the store has no clock.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "store/sql.h"
#include "store/store.h"

#define DAY INT64_C(86400000)

struct fixture {
	char *folder, *path;
	struct store *store;
};

void fixture_start(struct fixture *f);
/* Closes and opens as another run of the daemon. */
void fixture_restart(struct fixture *f);
void fixture_done(struct fixture *f);
struct store *fixture_open(const struct fixture *f, enum store_mode mode);

/* A held message to one recipient; its sha256 is all n. */
struct letter {
	struct store_new_message message;
	struct store_new_record records[8];
};
void letter_init(struct letter *letter, uint8_t n, const char *rcpt);
void letter_add(struct letter *letter, const char *rcpt);

/* Puts and expects 0; the id of the first record. */
int64_t put(struct store *store, struct letter *letter);
int64_t put_held(struct store *store, uint8_t n, const char *rcpt);
int64_t put_sending(struct store *store, uint8_t n, const char *rcpt);
/* Puts, leases and finishes one as sent. */
int64_t put_sent(struct store *store, uint8_t n, const char *rcpt);
void finish(struct store *store, int64_t id, enum store_delivery outcome, int64_t now_ms);

/* The state of a record; -1 when there is none. */
int state_of(struct store *store, int64_t id);
/* The first column of sql, asked on the store's own connection. */
int64_t ask(struct store *store, const char *sql);
void tell(struct store *store, const char *sql);
void read_body(struct store *store, int64_t id, struct buffer *out);

/* What must hold of any store at any time; see fixture.c. */
void check_invariants(struct store *store);

#define OK(call)                                                                                   \
	do {                                                                                       \
		struct error err = { 0 };                                                          \
		int rc_ = (call);                                                                  \
		cr_assert_geq(rc_, 0, "%s: %s", #call, err.text);                                  \
	} while (0)

#define REFUSED(wanted, call)                                                                      \
	do {                                                                                       \
		struct error err = { 0 };                                                          \
		int rc_ = (call);                                                                  \
		cr_assert_eq(rc_, -1, "%s: not refused", #call);                                   \
		cr_assert_eq(err.class, (wanted), "%s: %s", #call, err.text);                      \
	} while (0)

#endif
