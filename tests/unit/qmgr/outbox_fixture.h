/*
 * outbox_fixture.h: an outbox at work: a real store, committer and pool, the real SMTP client, and
 * a relay in the same loop that says what the test tells it.
 */
#ifndef TESTS_UNIT_QMGR_OUTBOX_FIXTURE_H
#define TESTS_UNIT_QMGR_OUTBOX_FIXTURE_H

#include "base/clock.h"
#include "qmgr/outbox.h"
#include "tests/unit/qmgr/crash_fixture.h"
#include "tests/unit/qmgr/loop_fixture.h"
#include "tests/unit/qmgr/relay_fixture.h"
#include "tests/unit/admit/store_fixture.h"

#define STATE_IS(id, state) "SELECT state = '" state "' FROM record WHERE id = " #id
#define REPLY_IS(id, like)  "SELECT relay_reply LIKE '" like "' FROM record WHERE id = " #id
#define ROWS                "SELECT count(*) FROM outbox"
#define FREE_ROWS           "SELECT count(*) FROM outbox WHERE leased_by IS NULL"

enum { MINUTE = 60 * 1000 };

struct bench {
	struct test_loop loop;
	struct relay relay;
	char *folder, *socket, *address;
	struct store *store;
	sqlite3 *side;
	struct settings settings;
	const struct settings *in_force;
	struct crashmark *crashmark;
	struct committer *committer;
	struct admission *admission;
	struct outbox *outbox;
	const char *question; /* of until() */
	int messages;
};

static void
bench_start(struct bench *b)
{
	*b = (struct bench){ .folder = folder_make() };
	b->socket = xasprintf("%s/relay", b->folder);
	b->address = xasprintf("unix:%s", b->socket);
	b->settings = (struct settings){ .hostname = (char *)"ndrq.example" };
	b->settings.release.relay = b->address;
	b->settings.release.sessions = 3;
	b->settings.release.retry_min_ms = 10 * MINUTE;
	b->settings.release.retry_max_ms = 25 * MINUTE;
	b->settings.release.loop_pause_ms = 5 * MINUTE;
	b->in_force = &b->settings;
	test_loop_start(&b->loop);
	relay_init(&b->relay, b->loop.loop);
	b->store = store_make(b->folder);
	b->side = side_open(b->folder);
}

/* As the daemon starts its threads; one of them in the pool, so that a test can keep it busy. */
static void
threads_start(struct bench *b)
{
	struct admission_options pool = { .threads = 1, .place = { "", 0 }, .back = &b->loop.back };

	b->crashmark = mark_open(b->folder);
	b->committer = committer_start(b->store, 64, &b->loop.back);
	pool.crashmark = b->crashmark;
	pool.committer = b->committer;
	b->admission = admission_start(&pool);
}

static void
threads_stop(struct bench *b)
{
	admission_stopp(&b->admission);
	committer_stopp(&b->committer);
	test_loop_drain(&b->loop);
}

static void
outbox_run(struct bench *b, const char *spool_folder)
{
	struct outbox_options options = {
		.loop = b->loop.loop,
		.settings = &b->in_force,
		.spool_folder = spool_folder,
		.committer = &b->committer,
		.route = STORE_ROUTE_RELEASE,
		.to = &b->settings.release,
		.back = &b->loop.back,
	};
	struct error err = { 0 };

	threads_start(b);
	options.admission = b->admission;
	options.crashmark = b->crashmark;
	cr_assert_eq(outbox_start(&options, &b->outbox, &err), 0, "%s", err.text);
}

static void
bench_run(struct bench *b)
{
	relay_listen(&b->relay, b->socket);
	outbox_run(b, b->folder);
}

static void
bench_stop(struct bench *b)
{
	outbox_drain(b->outbox);
	threads_stop(b);
	outbox_stopp(&b->outbox);
	crashmark_closep(&b->crashmark);
	relay_done(&b->relay);
	test_loop_stop(&b->loop);
	side_closep(&b->side);
	store_closep(&b->store);
	free(b->socket);
	free(b->address);
	folder_removep(&b->folder);
}

/* ---- what is to go out ------------------------------------------------------------- */

/* A connection of our own, as the tool has one: the committer's belongs to its thread. */
static struct store *
tool_open(const struct bench *b)
{
	AUTO(freep) char *path = xasprintf("%s/store", b->folder);
	const struct store_options options = { .path = path,
					       .mode = STORE_TOOL,
					       .busy_timeout_ms = 5000 };
	struct store *tool = NULL;
	struct error err = { 0 };

	cr_assert_eq(store_open(&options, &tool, &err), 0, "%s", err.text);
	return tool;
}

static int64_t
put_message(struct bench *b, unsigned number, enum record_state state,
	    void (*change)(struct store_new_message *message))
{
	AUTO(store_closep) struct store *tool = tool_open(b);
	struct store_new_record record;
	struct store_new_message message;
	struct error err = { 0 };

	message_make(number, state, &record, &message);
	if (change != NULL)
		change(&message);
	cr_assert_eq(store_put(tool, &message, &err), 0, "%s", err.text);
	return record.id;
}

static UNUSED void
put(struct bench *b, unsigned number)
{
	(void)put_message(b, number, RECORD_SENDING, NULL);
}

static UNUSED void
large(struct store_new_message *message)
{
	static char body[300000];

	memset(body, 'x', sizeof(body));
	for (size_t i = 78; i < sizeof(body); i += 80)
		memcpy(body + i, "\r\n", 2);
	memcpy(body, "Subject: large\r\n\r\n", 18);
	message->body = (struct span){ body, sizeof(body) };
	message->size_bytes = sizeof(body);
}

static UNUSED void
release(struct bench *b, int64_t id, const char *to)
{
	AUTO(store_closep) struct store *tool = tool_open(b);
	struct store_change_result result;
	struct error err = { 0 };
	int64_t batch = 0;

	cr_assert_eq(store_change(tool, STORE_CHANGE_RELEASE, &id, 1, to, "tester", "why",
				  clock_now_ms(), &batch, &result, &err),
		     0);
	cr_assert_eq(result.outcome, STORE_CHANGED);
}

/* ---- what is so ---------------------------------------------------------------------- */

static bool
answer_is_yes(void *ctx)
{
	const struct bench *b = ctx;

	return side_ask(b->side, b->question) == 1;
}

/* Runs until the answer to a question is 1. */
#define until(b, sql)                                                                              \
	do {                                                                                       \
		(b)->question = (sql);                                                             \
		cr_assert(test_loop_until(&(b)->loop, answer_is_yes, (b), 10), "%s: %d", (sql),    \
			  (int)side_ask((b)->side, (sql)));                                        \
	} while (0)

static UNUSED bool
never(void *ctx)
{
	(void)ctx;
	return false;
}

static UNUSED bool
is_rested(void *ctx)
{
	return !outbox_busy(((struct bench *)ctx)->outbox);
}

static UNUSED bool
has_messages(void *ctx)
{
	const struct bench *b = ctx;

	return b->relay.messages >= b->messages;
}

#endif
