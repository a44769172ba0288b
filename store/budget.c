/*
 * budget.c: counting what shares a key within a window.
 *
 * Runs inside the transaction that puts the record, and only for a new one:
 * what is redelivered, loops, or is rolled back counts nothing.
 *
 * A key's events are numbered, and the windows slide:
 *
 *	event n is beyond max  ⇔  event n - max is still inside the window
 *
 * so a count reads one row however large it is, and what is older than the
 * last max is dropped at once: a stranger can grow a key to max rows, and
 * each only until its window is over (store_forget_events). To count
 * different values, one that is seen again gets a new number; there may be
 * gaps then, and the rows are counted back.
 *
 * A key is eight bytes of a SHA-256: nobody can make one that is another's.
 */
#include "store/budget.h"

#include <assert.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static int64_t
hash_of(const char *first, const char *second)
{
	struct sha256_ctx sha;
	uint8_t digest[8];
	int64_t hash;

	sha256_init(&sha);
	sha256_update(&sha, strlen(first) + 1, (const uint8_t *)first);
	sha256_update(&sha, strlen(second), (const uint8_t *)second);
	sha256_digest(&sha, sizeof(digest), digest);
	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

/* A clock that was wrong for a while must not count for as long as it was. */
static bool
is_inside(const struct store_budget *b, int64_t event_ms, int64_t at_ms)
{
	return event_ms > at_ms - b->window_ms && event_ms < at_ms + b->window_ms;
}

static int
ask_event(struct store *store, enum sql_id id, int64_t key, int64_t number, int64_t *ret_first,
	  int64_t *ret_second, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, id);
	int row;

	query_int(&q, key);
	query_int(&q, number);
	row = query_row(&q, err);
	if (row > 0) {
		*ret_first = sqlite3_column_int64(q.statement, 0);
		*ret_second = sqlite3_column_int64(q.statement, 1);
	}
	return row;
}

/* The number of a key's last event; 0: none. */
static int
last_event(struct store *store, int64_t key, int64_t *ret_n, struct error *err)
{
	int64_t at_ms;

	*ret_n = 0;
	return ask_event(store, SQL_EVENT_BACK, key, 0, ret_n, &at_ms, err) < 0 ? -1 : 0;
}

static int
add_event(struct store *store, int64_t key, int64_t n, int64_t at_ms, const struct store_budget *b,
	  int64_t record, int64_t value, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_EVENT_ADD);

	query_int(&q, key);
	query_int(&q, n);
	query_int(&q, at_ms);
	query_int(&q, at_ms + b->window_ms);
	query_int_or_null(&q, record);
	query_int_or_null(&q, value);
	return query_run(&q, err);
}

/* Drops a key's events up to and with number n. */
static int
trim_events(struct store *store, int64_t key, int64_t n, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_EVENT_TRIM);

	query_int(&q, key);
	query_int(&q, n);
	return query_run(&q, err);
}

/* ---- limit and storm: each event counts ------------------------------- */

/* Would one more event be beyond? */
static int
look(struct store *store, const struct store_budget *b, int64_t at_ms, struct tally *t,
     struct error *err)
{
	int64_t then_ms, record;
	int row;

	if (last_event(store, t->key, &t->n, err) < 0)
		return -1;
	row = ask_event(store, SQL_EVENT_GET, t->key, t->n + 1 - b->max, &then_ms, &record, err);
	t->over = row > 0 && is_inside(b, then_ms, at_ms);
	return row < 0 ? -1 : 0;
}

static int
count(struct store *store, const struct store_budget *b, int64_t record, int64_t at_ms,
      const struct tally *t, struct error *err)
{
	if (add_event(store, t->key, t->n + 1, at_ms, b, record, 0, err) < 0)
		return -1;
	return trim_events(store, t->key, t->n + 1 - b->max, err);
}

/* ---- storm: those beyond are one group -------------------------------- */

/* The group that is still on, which can only be the last: 1, 0 none, -1. */
static int
find_storm(struct store *store, const struct store_budget *b, int64_t key, int64_t at_ms,
	   int64_t *ret_id, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_STORM_FIND);
	int row;

	query_int(&q, key);
	row = query_row(&q, err);
	if (row <= 0 || !is_inside(b, sqlite3_column_int64(q.statement, 1), at_ms))
		return row < 0 ? -1 : 0;
	*ret_id = sqlite3_column_int64(q.statement, 0);
	return 1;
}

static int
add_storm(struct store *store, const struct store_budget *b, int64_t key, int64_t at_ms,
	  int64_t *ret_id, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_STORM_ADD);

	query_int(&q, key);
	query_text(&q, b->rule);
	query_text(&q, b->key);
	query_int(&q, at_ms);
	if (query_run(&q, err) < 0)
		return -1;
	*ret_id = sqlite3_last_insert_rowid(store->db);
	return 0;
}

/* Those of the window that are in no group yet. */
static int
attach_window(struct store *store, const struct store_budget *b, const struct tally *t,
	      int64_t storm, int64_t at_ms, struct error *err)
{
	AUTO(query_end) struct query attach = query_start(store, SQL_STORM_ATTACH);
	AUTO(query_end) struct query begin = query_start(store, SQL_STORM_BEGIN);

	query_int(&attach, storm);
	query_int(&attach, t->key);
	query_int(&attach, t->n + 1 - b->max);
	query_int(&attach, at_ms - b->window_ms);
	if (query_run(&attach, err) < 0)
		return -1;
	query_int(&begin, storm);
	query_int(&begin, sqlite3_changes(store->db));
	query_int(&begin, t->key);
	query_int(&begin, t->n + 1 - b->max);
	return query_run(&begin, err);
}

static int
attach_one(struct store *store, int64_t record, int64_t storm, int64_t at_ms, struct error *err)
{
	AUTO(query_end) struct query member = query_start(store, SQL_STORM_MEMBER);
	AUTO(query_end) struct query grow = query_start(store, SQL_STORM_GROW);

	query_int(&member, record);
	query_int(&member, storm);
	if (query_run(&member, err) < 0)
		return -1;
	query_int(&grow, storm);
	query_int(&grow, at_ms);
	return query_run(&grow, err);
}

/* The group that is on, or a new one. */
static int
join_storm(struct store *store, const struct store_budget *b, struct store_new_record *r,
	   int64_t at_ms, const struct tally *t, struct error *err)
{
	int64_t storm;
	int row = find_storm(store, b, t->key, at_ms, &storm, err);

	if (row < 0)
		return -1;
	if (row == 0 && (add_storm(store, b, t->key, at_ms, &storm, err) < 0 ||
			 attach_window(store, b, t, storm, at_ms, err) < 0))
		return -1;
	if (row == 0) {
		r->storm_began = storm;
		r->storm_of = b;
	}
	return attach_one(store, r->id, storm, at_ms, err);
}

/* ---- harvest: different values ---------------------------------------- */

/* 1 it was not there before, 0 it was, -1. */
static int
add_value(struct store *store, const struct store_budget *b, const char *value, int64_t at_ms,
	  struct tally *t, struct error *err)
{
	AUTO(query_end) struct query drop = query_start(store, SQL_EVENT_DROP_VALUE);
	int64_t hash = hash_of("", value);
	int dropped;

	hash += hash == 0; /* which is NULL */
	query_int(&drop, t->key);
	query_int(&drop, hash);
	if (query_run(&drop, err) < 0)
		return -1;
	dropped = sqlite3_changes(store->db);
	if (add_event(store, t->key, ++t->n, at_ms, b, 0, hash, err) < 0)
		return -1;
	return dropped == 0;
}

/* Is the value before the last max ones still inside? Those before it are dropped. */
static int
look_values(struct store *store, const struct store_budget *b, int64_t at_ms, struct tally *t,
	    struct error *err)
{
	int64_t n, then_ms;
	int row = ask_event(store, SQL_EVENT_BACK, t->key, b->max, &n, &then_ms, err);

	t->over = row > 0 && is_inside(b, then_ms, at_ms);
	return row > 0 ? trim_events(store, t->key, n - 1, err) : row;
}

static int
mark(struct store *store, const struct store_budget *b, int64_t fresh, int64_t at_ms,
     struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_HARVESTER_MARK);

	query_text(&q, b->client);
	query_text(&q, b->rule);
	query_int(&q, at_ms);
	query_int(&q, at_ms + b->mark_ms);
	query_int(&q, b->max + 1);
	query_int(&q, fresh);
	return query_run(&q, err);
}

/* 1 it is marked, and this notification is noted; 0, -1. */
static int
note_marked(struct store *store, const struct store_budget *b, int64_t at_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_HARVESTER_NOTE);

	query_text(&q, b->client);
	query_text(&q, b->rule);
	query_int(&q, at_ms);
	if (query_run(&q, err) < 0)
		return -1;
	return sqlite3_changes(store->db) > 0;
}

/* Adds the values; how many were not there before. */
static int
add_values(struct store *store, const struct store_budget *b, int64_t at_ms, struct tally *t,
	   int64_t *ret_fresh, struct error *err)
{
	*ret_fresh = 0;
	if (b->values_len == 0)
		return 0;
	if (last_event(store, t->key, &t->n, err) < 0)
		return -1;
	for (size_t i = 0; i < b->values_len; i++) {
		int added = add_value(store, b, b->values[i], at_ms, t, err);

		if (added < 0)
			return -1;
		*ret_fresh += added;
	}
	return look_values(store, b, at_ms, t, err);
}

static int
harvest(struct store *store, const struct store_budget *b, int64_t at_ms, struct tally *t,
	const struct store_budget **ret_marked, struct error *err)
{
	int64_t fresh;
	int marked;

	if (add_values(store, b, at_ms, t, &fresh, err) < 0)
		return -1;
	marked = note_marked(store, b, at_ms, err);
	if (marked >= 0 && t->over) {
		if (mark(store, b, fresh, at_ms, err) < 0)
			return -1;
		if (marked == 0)
			*ret_marked = b;
	}
	t->over |= marked > 0;
	return marked < 0 ? -1 : 0;
}

/* ---- all of a record --------------------------------------------------- */

static int
strictness(const char *verdict)
{
	return strcmp(verdict, "send") == 0 ? 0 : strcmp(verdict, "hold") == 0 ? 1 : 2;
}

static int
resolve_one(struct store *store, const struct store_budget *b, int64_t at_ms, struct tally *t,
	    const struct ruling *ruling, const struct store_budget **ret_marked, struct error *err)
{
	t->key = hash_of(b->rule, b->key);
	switch (b->kind) {
	case STORE_BUDGET_LIMIT:
		if (strcmp(ruling->verdict, "send") != 0)
			return 0; /* nothing that is sent */
		return look(store, b, at_ms, t, err);
	case STORE_BUDGET_STORM:
		return look(store, b, at_ms, t, err);
	case STORE_BUDGET_HARVEST:
		return harvest(store, b, at_ms, t, ret_marked, err);
	}
	return 0;
}

int
budgets_resolve(struct store *store, struct store_new_record *r, int64_t at_ms,
		struct tally *tallies, struct ruling *ruling, struct error *err)
{
	bool decided = false;

	for (size_t i = 0; i < r->budgets_len; i++) {
		const struct store_budget *b = &r->budgets[i];

		if (resolve_one(store, b, at_ms, &tallies[i], ruling, &r->marked, err) < 0)
			return -1;
		if (decided || !tallies[i].over ||
		    strictness(b->verdict) < strictness(ruling->verdict))
			continue;
		decided = true;
		ruling->verdict = b->verdict;
		ruling->rule = b->rule;
		if (!r->observed)
			ruling->state = strictness(b->verdict) == 1 ? RECORD_HELD : RECORD_DELETED;
	}
	return 0;
}

/* A record is of one group at most, the first that it belongs to. */
static int
count_one(struct store *store, const struct store_budget *b, struct store_new_record *r,
	  int64_t at_ms, const struct tally *t, const struct ruling *ruling, bool *grouped,
	  struct error *err)
{
	switch (b->kind) {
	case STORE_BUDGET_LIMIT:
		/* in observe mode it goes out too, but would not have */
		if (strcmp(ruling->verdict, "send") != 0 || ruling->state != RECORD_SENDING)
			return 0;
		return count(store, b, r->id, at_ms, t, err);
	case STORE_BUDGET_STORM:
		if (t->over && !*grouped && join_storm(store, b, r, at_ms, t, err) < 0)
			return -1;
		*grouped |= t->over;
		return count(store, b, r->id, at_ms, t, err);
	case STORE_BUDGET_HARVEST:
		return 0;
	}
	return 0;
}

int
budgets_count(struct store *store, struct store_new_record *r, int64_t at_ms,
	      const struct tally *tallies, const struct ruling *ruling, struct error *err)
{
	bool grouped = false;

	for (size_t i = 0; i < r->budgets_len; i++)
		if (count_one(store, &r->budgets[i], r, at_ms, &tallies[i], ruling, &grouped, err) <
		    0)
			return -1;
	return 0;
}
