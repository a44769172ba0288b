/*
 * replay.c: one thread reads the store, some judge, and the first tells.
 *
 *	 store ──► batch ──► ring: │ told │ judged │ judged │ ready │ ready │ filling │
 *	                             ▲ oldest                  ▲ a worker takes   ▲ newest
 *
 * A batch is what came together: BATCH_RECORDS records, or fewer when their
 * bodies are large. The ring has RING batches; when it is full the oldest is
 * waited for, told and filled anew, so that memory is bounded and the order is
 * that of the store. Records of one message follow each other: it is read once.
 */
#include "review/replay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admit/judge.h"
#include "base/channel.h"
#include "base/cleanup.h"

enum {
	BATCH_RECORDS = 32,
	BATCH_BYTES = 256 << 10,
	LARGE_BYTES = 4 << 20, /* after such a batch all are waited for */
	RING = 16,
	THREADS_MAX = 8,
};

struct item {
	struct store_record record; /* only what judging and telling need */
	char *strings;              /* what it points to */
	enum replay_outcome outcome;
	bool same_message; /* as the item before: that one has the body */
	struct buffer body;
	struct policy_decision decision;
};

struct batch {
	struct item items[BATCH_RECORDS];
	size_t len, bytes;
	bool judged;
};

struct replay {
	struct store *store;
	const struct policy *policy;
	void (*each)(const struct replayed *replayed, void *ctx);
	void *ctx;
	struct batch ring[RING];
	size_t oldest, ready, filling; /* numbers of batches; modulo RING they are places */
	bool closed;
	pthread_mutex_t lock;   /* of ready's end, closed and judged */
	pthread_cond_t changed; /* any of them */
	size_t taken;           /* the next batch for a worker */
	pthread_t threads[THREADS_MAX];
	size_t threads_len;
};

/* ---- judging ----------------------------------------------------------------- */

static void
judge_batch(const struct replay *r, struct batch *batch)
{
	AUTO(facts_freep) struct facts *facts = NULL;
	struct altered_memo memo;
	struct span bytes = { NULL, 0 };

	for (size_t i = 0; i < batch->len; i++) {
		struct item *item = &batch->items[i];

		if (item->outcome != REPLAY_JUDGED)
			continue;
		if (!item->same_message || facts == NULL) {
			facts_freep(&facts);
			bytes = buffer_span(&item->body);
			memo = (struct altered_memo){ 0 };
			facts = judge_read_record(r->policy, &item->record, bytes);
		}
		(void)judge_record(r->policy, &item->record, facts, bytes, &memo, &item->decision);
	}
}

static void *
worker_main(void *arg)
{
	struct replay *r = arg;

	(void)pthread_mutex_lock(&r->lock);
	for (;;) {
		struct batch *batch;

		while (r->taken == r->ready && !r->closed)
			(void)pthread_cond_wait(&r->changed, &r->lock);
		if (r->taken == r->ready)
			break;
		batch = &r->ring[r->taken++ % RING];
		(void)pthread_mutex_unlock(&r->lock);
		judge_batch(r, batch);
		(void)pthread_mutex_lock(&r->lock);
		batch->judged = true;
		(void)pthread_cond_broadcast(&r->changed);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ---- telling ------------------------------------------------------------------ */

static void
tell_item(const struct replay *r, struct item *item)
{
	const struct replayed replayed = {
		.id = item->record.id,
		.outcome = item->outcome,
		.verdict = item->record.verdict,
		.rule = item->record.rule,
		.decision = item->outcome == REPLAY_JUDGED ? &item->decision : NULL,
	};

	r->each(&replayed, r->ctx);
	policy_decision_done(&item->decision);
	free(item->strings);
	buffer_done(&item->body);
	*item = (struct item){ .outcome = REPLAY_JUDGED };
}

static void
tell_oldest(struct replay *r)
{
	struct batch *batch = &r->ring[r->oldest % RING];

	(void)pthread_mutex_lock(&r->lock);
	while (!batch->judged)
		(void)pthread_cond_wait(&r->changed, &r->lock);
	(void)pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < batch->len; i++)
		tell_item(r, &batch->items[i]);
	batch->len = batch->bytes = 0;
	batch->judged = false;
	r->oldest++;
}

/* The batch that was filled goes to the workers; there is room for another when it returns. */
static void
pass_on(struct replay *r)
{
	const struct batch *filled = &r->ring[r->filling % RING];
	bool large = filled->bytes > LARGE_BYTES;

	if (filled->len == 0)
		return;
	(void)pthread_mutex_lock(&r->lock);
	r->ready = ++r->filling;
	(void)pthread_cond_broadcast(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
	while (r->filling - r->oldest == RING || (large && r->oldest < r->filling))
		tell_oldest(r);
}

/* ---- reading ------------------------------------------------------------------ */

/* A copy of what of the record is needed, in one block. */
static void
copy_record(const struct store_record *from, struct item *item)
{
	const char *const texts[] = { from->orcpt, from->intake, from->class, from->verdict,
				      from->rule };
	const char *copies[5];
	size_t size = from->rcpt.len + 1;
	char *at;

	for (size_t i = 0; i < 5; i++)
		size += texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
	item->strings = at = xmalloc(size);
	memcpy(at, from->rcpt.len > 0 ? from->rcpt.data : "", from->rcpt.len);
	at[from->rcpt.len] = '\0';
	at += from->rcpt.len + 1;
	for (size_t i = 0; i < 5; i++) {
		copies[i] = texts[i] != NULL ? strcpy(at, texts[i]) : NULL;
		at += texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
	}
	item->record = (struct store_record){
		.id = from->id,
		.message = from->message,
		.rcpt = { item->strings, from->rcpt.len },
		.orcpt = copies[0],
		.intake = copies[1],
		.class = copies[2],
		.verdict = copies[3],
		.rule = copies[4],
		.truncated = from->truncated,
		.size_bytes = from->size_bytes,
		.received_at_ms = from->received_at_ms,
	};
}

static int
add_piece(void *ctx, const void *data, size_t len, struct error *err)
{
	(void)err;
	buffer_add(ctx, data, len);
	return 0;
}

static enum replay_outcome
read_body(struct replay *r, struct item *item)
{
	struct error ignored;
	int found = store_read_body(r->store, item->record.id, add_piece, &item->body, &ignored);

	if (found < 0)
		return REPLAY_UNREADABLE;
	return found > 0 ? REPLAY_JUDGED : REPLAY_PURGED;
}

static bool
is_ours(const struct store_record *record)
{
	return strcmp(record->class, "copy") == 0 || strcmp(record->class, "digest") == 0;
}

/* Whether the item before has been read and is of the same message. */
static bool
shares_body(const struct batch *batch, const struct item *item)
{
	const struct item *before = item - 1;

	return batch->len > 0 && before->outcome == REPLAY_JUDGED &&
	       before->record.message == item->record.message;
}

static int
on_record(const struct store_record *record, void *ctx)
{
	struct replay *r = ctx;
	struct batch *batch = &r->ring[r->filling % RING];
	struct item *item = &batch->items[batch->len];

	copy_record(record, item);
	item->same_message = shares_body(batch, item);
	if (record->loop_of != 0)
		item->outcome = REPLAY_LOOP;
	else if (is_ours(record))
		item->outcome = REPLAY_OURS;
	else if (record->purged_at_ms != 0)
		item->outcome = REPLAY_PURGED;
	else
		item->outcome = item->same_message ? REPLAY_JUDGED : read_body(r, item);
	batch->len++;
	batch->bytes += item->body.len;
	if (batch->len == BATCH_RECORDS || batch->bytes >= BATCH_BYTES)
		pass_on(r);
	return 0;
}

/* ---- start and end ------------------------------------------------------------ */

static void
start(struct replay *r)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->changed, NULL);
	r->threads_len = processors < 1 ? 1 : (size_t)processors;
	if (r->threads_len > THREADS_MAX)
		r->threads_len = THREADS_MAX;
	for (size_t i = 0; i < r->threads_len; i++)
		thread_start(&r->threads[i], "ndrq-judge", worker_main, r);
}

static void
finish(struct replay *r)
{
	pass_on(r);
	while (r->oldest < r->filling)
		tell_oldest(r);
	(void)pthread_mutex_lock(&r->lock);
	r->closed = true;
	(void)pthread_cond_broadcast(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < r->threads_len; i++)
		(void)pthread_join(r->threads[i], NULL);
	(void)pthread_cond_destroy(&r->changed);
	(void)pthread_mutex_destroy(&r->lock);
}

int
replay_run(struct store *store, const struct policy *policy, const struct store_query *query,
	   void (*each)(const struct replayed *replayed, void *ctx), void *ctx, struct error *err)
{
	struct replay *r = xcalloc(1, sizeof(*r));
	int rc;

	r->store = store;
	r->policy = policy;
	r->each = each;
	r->ctx = ctx;
	start(r);
	rc = store_list(store, query, on_record, r, err);
	finish(r);
	free(r);
	return rc;
}
