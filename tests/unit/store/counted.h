/*
 * counted.h: records that share a key within a window, for tests.
 *
 * Each is of a message of its own, to v@x.example, and comes in at a second
 * that the test says.
 */
#ifndef TESTS_STORE_COUNTED_H
#define TESTS_STORE_COUNTED_H

#include "tests/unit/store/fixture.h"

#define SECOND INT64_C(1000)

/* Three within 100 seconds; limit and storm count v@x.example, harvest what a client tries. */
extern const struct store_budget limit, storm, harvest;

/* A message that no other test has put; number tells them apart. */
void letter_at(struct letter *letter, int number, int64_t at_s);

/* What put_counted says of a record that no count has touched. */
#define SENT "sending send Default"

/* Puts it with these budgets: "STATE VERDICT RULE", until the next call. */
const char *put_counted(struct store *store, struct letter *letter,
			const struct store_budget *budgets, size_t len);
const char *put_at(struct store *store, const struct store_budget *budget, int number,
		   int64_t at_s);

#endif
