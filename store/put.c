/*
 * put.c: taking a message in, once.
 *
 * Promises that a message and all its new records are put, or nothing is, and
 * that each recipient is told apart: new, the MTA's redelivery of what we
 * have, or our own mail that came back. In doubt it is a redelivery: that is
 * answered 250 without a second record, and the first one is still here.
 *
 * The redelivery rule is asked before the trace: a looping message whose
 * answer was lost is delivered again too, and is one held record then.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/budget.h"
#include "store/sql.h"
#include "store/transaction.h"

#define REDELIVERY_MS (30 * CLOCK_DAY_MS)

/* Eight bytes that find records of this recipient and sha256 (FNV-1a over the recipient, started
 * from the sha256); HIT verifies both. */
static int64_t
redelivery_key(const uint8_t sha256[STORE_SHA256_BYTES], struct span rcpt)
{
	uint64_t key;

	memcpy(&key, sha256, sizeof(key));
	for (size_t i = 0; i < rcpt.len; i++)
		key = (key ^ (uint8_t)rcpt.data[i]) * UINT64_C(0x100000001B3);
	return (int64_t)key;
}

struct hit {
	int64_t record;
	enum record_state state;
	int64_t instance;
};

/* The newest record of the same bytes to the same recipient: 1, 0 none, -1. */
static int
find_hit(struct store *store, const struct store_new_message *m, struct span rcpt, int64_t key,
	 struct hit *ret_hit, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_HIT);
	int row;

	query_int(&q, key);
	query_blob(&q, rcpt);
	query_blob(&q, (struct span){ (const char *)m->sha256, STORE_SHA256_BYTES });
	query_int(&q, m->received_at_ms - REDELIVERY_MS);
	row = query_row(&q, err);
	if (row > 0)
		*ret_hit = (struct hit){
			.record = sqlite3_column_int64(q.statement, 0),
			.state = query_column_state(&q, 1),
			.instance = sqlite3_column_int64(q.statement, 2),
		};
	return row;
}

/* Nobody has reason to deliver again what this run took, answered and sent on. */
static bool
hit_is_loop(const struct store *store, const struct hit *hit)
{
	if (hit->state != RECORD_SENT && hit->state != RECORD_RELEASED)
		return false;
	if (store->instance == 0 || hit->instance != store->instance)
		return false;
	return !answers_maybe_has(store->lost, hit->record);
}

/* The first record whose trace line the message bears: 1, 0 none, -1. */
static int
find_trace(struct store *store, const struct store_new_message *m, int64_t *ret_record,
	   struct error *err)
{
	for (size_t i = 0; i < m->traces_len; i++) {
		AUTO(query_end) struct query q = query_start(store, SQL_TRACE_MATCH);
		int row;

		query_int(&q, m->traces[i].record);
		query_blob(&q,
			   (struct span){ (const char *)m->traces[i].token, STORE_TOKEN_BYTES });
		row = query_row(&q, err);
		if (row > 0)
			*ret_record = m->traces[i].record;
		if (row != 0)
			return row;
	}
	return 0;
}

/* Which way a record has left by. */
static int
find_route(struct store *store, int64_t record, char **ret_route, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_ROUTE_OF);
	int row;

	query_int(&q, record);
	row = query_row(&q, err);
	if (row > 0)
		*ret_route = xstrdup(query_column_text(&q, 0));
	return row < 0 ? -1 : 0;
}

/* Sets outcome, id (of a redelivery) and loop_of. */
static int
judge_outcome(struct store *store, const struct store_new_message *m, struct store_new_record *r,
	      int64_t key, struct error *err)
{
	struct hit hit;
	int row = find_hit(store, m, r->rcpt, key, &hit, err);

	if (row < 0)
		return -1;
	if (row > 0 && !hit_is_loop(store, &hit)) {
		r->outcome = STORE_PUT_REDELIVERED;
		r->id = hit.record;
		return 0;
	}
	if (row > 0)
		r->loop_of = hit.record;
	else if (find_trace(store, m, &r->loop_of, err) < 0)
		return -1;
	r->outcome = r->loop_of != 0 ? STORE_PUT_LOOP : STORE_PUT_NEW;
	return r->loop_of != 0 ? find_route(store, r->loop_of, &r->loop_route, err) : 0;
}

/* Until something is undone: the row may be of the same transaction. */
static void
remember_policy(struct store *store, const char *revision, int64_t id)
{
	if (strlen(revision) >= sizeof(store->policy_revision))
		return;
	(void)strcpy(store->policy_revision, revision);
	store->policy_id = id;
}

/* The row of a revision; one without its text yet when it was never put. 0: no revision named. */
static int
policy_row(struct store *store, const char *revision, int64_t now_ms, int64_t *ret_id,
	   struct error *err)
{
	AUTO(query_end) struct query find = query_start(store, SQL_POLICY_FIND);
	AUTO(query_end) struct query add = query_start(store, SQL_POLICY_ADD);
	int row;

	*ret_id = 0;
	if (revision == NULL)
		return 0;
	if (strcmp(store->policy_revision, revision) == 0) {
		*ret_id = store->policy_id;
		return 0;
	}
	query_text(&find, revision);
	row = query_row(&find, err);
	if (row > 0)
		remember_policy(store, revision, *ret_id = sqlite3_column_int64(find.statement, 0));
	if (row != 0)
		return row < 0 ? -1 : 0;
	query_text(&add, revision);
	query_text(&add, NULL);
	query_text(&add, NULL); /* whether it observes */
	query_int(&add, now_ms);
	if (query_run(&add, err) < 0)
		return -1;
	*ret_id = sqlite3_last_insert_rowid(store->db);
	return 0;
}

static int
add_message_row(struct store *store, const struct store_new_message *m, int64_t policy,
		struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_MESSAGE_ADD);

	query_blob(&q, (struct span){ (const char *)m->sha256, STORE_SHA256_BYTES });
	query_int(&q, m->size_bytes);
	query_int(&q, m->received_at_ms);
	query_int(&q, store->instance);
	query_text(&q, m->intake);
	query_int(&q, m->truncated);
	query_int(&q, m->smtputf8);
	query_text(&q, m->mail_body);
	query_text(&q, m->ret);
	query_text(&q, m->envid);
	query_text(&q, m->class);
	query_text(&q, m->facts);
	query_text(&q, m->subject);
	query_text(&q, m->message_id);
	query_text(&q, m->original_message_id);
	query_int_or_null(&q, policy);
	query_text(&q, m->client);
	query_text(&q, m->error_code);
	return query_run(&q, err);
}

static int
add_sidecars(struct store *store, const struct store_new_message *m, int64_t message,
	     struct error *err)
{
	for (size_t i = 0; i < m->sidecars_len; i++) {
		AUTO(query_end) struct query q = query_start(store, SQL_SIDECAR_ADD);

		query_int(&q, message);
		query_text(&q, m->sidecars[i].name);
		query_blob(&q, m->sidecars[i].data);
		if (query_run(&q, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_message(struct store *store, const struct store_new_message *m, int64_t *ret_id,
	    struct error *err)
{
	AUTO(query_end) struct query body = query_start(store, SQL_BODY_ADD);
	int64_t policy;

	if (policy_row(store, m->policy_revision, m->received_at_ms, &policy, err) < 0 ||
	    add_message_row(store, m, policy, err) < 0)
		return -1;
	*ret_id = sqlite3_last_insert_rowid(store->db);
	query_int(&body, *ret_id);
	query_blob(&body, m->body);
	if (query_run(&body, err) < 0)
		return -1;
	return add_sidecars(store, m, *ret_id, err);
}

static int
add_outbox_row(struct store *store, int64_t record, int64_t due_at_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_OUTBOX_ADD);

	query_int(&q, record);
	query_int(&q, due_at_ms);
	return query_run(&q, err);
}

static bool
is_default_route(const char *route)
{
	return route == NULL || strcmp(route, STORE_ROUTE_RELEASE) == 0;
}

static int
add_record(struct store *store, const struct store_new_message *m, int64_t message,
	   struct store_new_record *r, const struct ruling *ruling, int64_t key, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_RECORD_ADD);

	query_int(&q, message);
	query_int(&q, key);
	query_blob(&q, r->rcpt);
	query_text(&q, r->domain);
	query_text(&q, r->orcpt);
	query_text(&q, r->notify);
	query_text(&q, record_state_name(ruling->state));
	query_text(&q, ruling->verdict);
	query_text(&q, ruling->rule);
	query_int(&q, m->received_at_ms);
	query_int_or_null(&q, r->loop_of);
	query_text(&q, is_default_route(r->route) ? NULL : r->route);
	query_text(&q, r->proof);
	query_int_or_null(&q, r->copy_of);
	query_int(&q, r->no_diagnostics);
	query_text(&q, r->returned);
	if (query_run(&q, err) < 0)
		return -1;
	r->id = sqlite3_last_insert_rowid(store->db);
	return ruling->state == RECORD_SENDING
		       ? add_outbox_row(store, r->id, m->received_at_ms, err)
		       : 0;
}

/* Only a new record is counted. */
static int
put_new(struct store *store, const struct store_new_message *m, int64_t message,
	struct store_new_record *r, int64_t key, struct error *err)
{
	struct ruling ruling = { r->state, r->verdict, r->rule };
	AUTO(freep) struct tally *tallies = NULL;

	if (r->budgets_len == 0)
		return add_record(store, m, message, r, &ruling, key, err);
	tallies = xcalloc(r->budgets_len, sizeof(*tallies));
	if (budgets_resolve(store, r, m->received_at_ms, tallies, &ruling, err) < 0 ||
	    add_record(store, m, message, r, &ruling, key, err) < 0)
		return -1;
	r->became = ruling.state;
	r->became_by = ruling.rule;
	return budgets_count(store, r, m->received_at_ms, tallies, &ruling, err);
}

static int
put_record(struct store *store, const struct store_new_message *m, struct store_new_record *r,
	   int64_t *message, struct error *err)
{
	int64_t key = redelivery_key(m->sha256, r->rcpt);

	if (judge_outcome(store, m, r, key, err) < 0)
		return -1;
	if (r->outcome == STORE_PUT_REDELIVERED)
		return 0;
	if (*message == 0 && add_message(store, m, message, err) < 0)
		return -1;
	if (r->outcome == STORE_PUT_LOOP) {
		const struct ruling loop = { RECORD_HELD, r->verdict, "loop" };

		return add_record(store, m, *message, r, &loop, key, err);
	}
	return put_new(store, m, *message, r, key, err);
}

/* What can be sent must have an address that a C string and an SMTP line can hold. */
static int
check_records(const struct store *store, const struct store_new_message *m, struct error *err)
{
	if (m->records_len == 0)
		return error_set(err, ERROR_PERM, "store %s: a message without recipients",
				 store->path);
	for (size_t i = 0; i < m->records_len; i++) {
		const struct store_new_record *r = &m->records[i];

		assert(r->state == RECORD_HELD || r->state == RECORD_DELETED ||
		       r->state == RECORD_SENDING);
		if (r->state == RECORD_SENDING &&
		    (r->rcpt.len == 0 || memchr(r->rcpt.data, '\0', r->rcpt.len) != NULL))
			return error_set(err, ERROR_PERM,
					 "store %s: a recipient that cannot be sent to",
					 store->path);
	}
	return 0;
}

static void
reset_outcomes(struct store_new_message *m)
{
	for (size_t i = 0; i < m->records_len; i++) {
		m->records[i].id = m->records[i].loop_of = 0;
		free(TAKE(m->records[i].loop_route));
		m->records[i].outcome = STORE_PUT_NEW;
		m->records[i].became = m->records[i].state;
		m->records[i].became_by = m->records[i].rule;
		m->records[i].storm_began = 0;
		m->records[i].storm_of = NULL;
		m->records[i].marked = NULL;
	}
}

static int
put_records(struct store *store, struct store_new_message *m, struct error *err)
{
	int64_t message = 0;

	for (size_t i = 0; i < m->records_len; i++)
		if (put_record(store, m, &m->records[i], &message, err) < 0)
			return -1;
	return 0;
}

int
store_put_then(struct store *store, struct store_new_message *message,
	       int (*then)(struct store *store, void *ctx, struct error *err), void *ctx,
	       struct error *err)
{
	struct write write;
	int result;

	reset_outcomes(message);
	if (check_records(store, message, err) < 0 || write_begin(store, &write, err) < 0)
		return -1;
	result = put_records(store, message, err);
	if (result == 0 && then != NULL)
		result = then(store, ctx, err);
	result = write_end(&write, result, err);
	if (result < 0)
		reset_outcomes(message);
	return result;
}

int
store_put(struct store *store, struct store_new_message *message, struct error *err)
{
	return store_put_then(store, message, NULL, NULL, err);
}

void
store_answer_lost(struct store *store, const int64_t *ids, size_t ids_len)
{
	for (size_t i = 0; store->lost != NULL && i < ids_len; i++)
		answers_add(store->lost, ids[i]);
}

static int
policy_is_known(struct store *store, const char *revision, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_POLICY_FIND);
	int row;

	query_text(&q, revision);
	row = query_row(&q, err);
	return row > 0 ? sqlite3_column_int(q.statement, 1) : row;
}

static int
add_policy(struct store *store, const char *revision, struct span text, bool observes,
	   int64_t now_ms, struct error *err)
{
	AUTO(query_end) struct query q = query_start(store, SQL_POLICY_ADD);

	query_text(&q, revision);
	query_blob(&q, text);
	query_int(&q, observes);
	query_int(&q, now_ms);
	return query_run(&q, err);
}

int
store_put_policy(struct store *store, const char *revision, struct span text, bool observes,
		 int64_t now_ms, struct error *err)
{
	struct write write;
	int known = policy_is_known(store, revision, err);

	if (known != 0)
		return known < 0 ? -1 : 0;
	if (write_begin(store, &write, err) < 0)
		return -1;
	return write_end(&write, add_policy(store, revision, text, observes, now_ms, err), err);
}
