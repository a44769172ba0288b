/*
 * test_outbox.c: what leaves, once, and what becomes of what cannot leave.
 *
 * A real store, committer and pool, the real SMTP client, and a relay in the
 * same loop that says what the test tells it.
 */
#include "qmgr/outbox.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
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

static struct crashmark *
open_mark(const char *folder)
{
	AUTO(freep) char *path = xasprintf("%s/reading", folder);
	struct crashmark *mark = NULL;
	struct error err = { 0 };

	cr_assert_eq(crashmark_open(path, &mark, &err), 0, "%s", err.text);
	return mark;
}

/* As the daemon starts its threads; one of them in the pool, so that a test can keep it busy. */
static void
threads_start(struct bench *b)
{
	struct admission_options pool = { .threads = 1, .place = { "", 0 }, .back = &b->loop.back };

	b->crashmark = open_mark(b->folder);
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

static void
put(struct bench *b, unsigned number)
{
	(void)put_message(b, number, RECORD_SENDING, NULL);
}

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

static bool
never(void *ctx)
{
	(void)ctx;
	return false;
}

/* ---- sent ------------------------------------------------------------------------ */

Test(outbox, a_due_row_is_sent_under_our_trace_line_and_becomes_sent)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	bench_run(&b);
	until(&b, STATE_IS(1, "sent"));
	cr_assert_eq(b.relay.messages, 1);
	cr_assert(span_starts_nocase(buffer_span(&b.relay.bodies),
				     "Received: by ndrq.example (ndrq) id 1."),
		  "%.*s", (int)b.relay.bodies.len, b.relay.bodies.data);
	buffer_add_char(&b.relay.bodies, '\0');
	cr_assert_not_null(
		strstr(b.relay.bodies.data, "+0000\r\nSubject: stored\r\n\r\ntext\r\n|"));
	buffer_add_char(&b.relay.lines, '\0');
	cr_assert_str_eq(b.relay.lines.data, "MAIL FROM:<>|RCPT TO:<someone@remote.example>|");
	cr_assert_eq(side_ask(b.side, ROWS), 0);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "%250%taken%")), 1);
	bench_stop(&b);
}

static void
with_dsn(struct store_new_message *message)
{
	message->ret = "HDRS";
	message->envid = "id";
	message->mail_body = "8BITMIME";
	message->records[0].orcpt = "rfc822;user@example.org";
	message->records[0].notify = "NEVER";
}

Test(outbox, the_envelope_goes_out_as_it_came)
{
	struct bench b;

	bench_start(&b);
	(void)put_message(&b, 1, RECORD_SENDING, with_dsn);
	bench_run(&b);
	until(&b, STATE_IS(1, "sent"));
	buffer_add_char(&b.relay.lines, '\0');
	cr_assert_str_eq(
		b.relay.lines.data,
		"MAIL FROM:<> BODY=8BITMIME RET=HDRS ENVID=id|"
		"RCPT TO:<someone@remote.example> NOTIFY=NEVER ORCPT=rfc822;user@example.org|");
	bench_stop(&b);
}

static void
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

Test(outbox, what_a_human_releases_is_sent_after_a_poke_and_becomes_released)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, with_dsn);
	bench_run(&b);
	release(&b, id, "other@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	buffer_add_char(&b.relay.lines, '\0');
	cr_assert_not_null(strstr(b.relay.lines.data, "RCPT TO:<other@remote.example>|"),
			   "no ORCPT or NOTIFY: they are somebody else's: %s", b.relay.lines.data);
	bench_stop(&b);
}

Test(outbox, many_rows_are_sent_once_each_over_no_more_than_the_sessions)
{
	struct bench b;

	bench_start(&b);
	for (unsigned i = 1; i <= 40; i++)
		put(&b, i);
	bench_run(&b);
	until(&b, "SELECT count(*) = 40 FROM record WHERE state = 'sent'");
	cr_assert_eq(b.relay.messages, 40);
	cr_assert_leq(b.relay.most_at_once, 3);
	cr_assert_eq(b.relay.accepted, b.relay.most_at_once, "connections are kept");
	bench_stop(&b);
}

static void
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

Test(outbox, a_large_message_goes_out_whole)
{
	struct bench b;

	bench_start(&b);
	(void)put_message(&b, 1, RECORD_SENDING, large);
	bench_run(&b);
	until(&b, STATE_IS(1, "sent"));
	cr_assert_gt(b.relay.bodies.len, 300000);
	bench_stop(&b);
}

static void
truncated(struct store_new_message *message)
{
	message->truncated = true;
	message->size_bytes = 99999999;
}

Test(outbox, a_truncated_message_leaves_as_its_header_and_a_word)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, truncated);
	release(&b, id, NULL);
	bench_run(&b);
	until(&b, STATE_IS(1, "released"));
	buffer_add_char(&b.relay.bodies, '\0');
	cr_assert_not_null(
		strstr(b.relay.bodies.data,
		       "Subject: stored\r\n\r\n[The rest of this message was too large"));
	cr_assert_null(strstr(b.relay.bodies.data, "text\r\n"));
	bench_stop(&b);
}

/* ---- what a mailbox would have been told -------------------------------------------- */

static const struct {
	const char *stored, *sent; /* NULL: as it is */
} deliveries[] = {
	{ "Delivered-To: someone@remote.example\r\nSubject: x\r\n\r\n", "Subject: x\r\n\r\n" },
	{ "delivered-to:  Someone@Remote.Example \nSubject: x\n\n", "Subject: x\r\n\r\n" },
	{ "Delivered-To: someone@remote.example\r\n\r\ntext\r\n", "\r\ntext\r\n" },
	/* whom it was for before it was forwarded; what others wrote; a field of two lines */
	{ "Delivered-To: user@example.org\r\nSubject: x\r\n\r\n", NULL },
	{ "Subject: x\r\nDelivered-To: someone@remote.example\r\n\r\n", NULL },
	{ "Delivered-To: someone@remote.example\r\n .org\r\n\r\n", NULL },
	{ "Delivered-To: someone@remote.example.org\r\n\r\n", NULL },
	{ "Delivered-To: someone@remote.example\r\n", "" },
	{ "Delivered-To:\r\n\r\n", NULL },
};
static size_t delivery;

static void
delivered(struct store_new_message *message)
{
	message->body = span_of(deliveries[delivery].stored);
	message->size_bytes = (int64_t)message->body.len;
}

Test(outbox, the_line_of_a_delivery_to_us_stays_here_for_the_next_server_would_take_it_for_a_loop)
{
	for (delivery = 0; delivery < sizeof(deliveries) / sizeof(deliveries[0]); delivery++) {
		const char *sent = deliveries[delivery].sent;
		AUTO(freep)
		char *wanted = xasprintf("+0000\r\n%s|",
					 sent == NULL ? deliveries[delivery].stored : sent);
		struct bench b;

		bench_start(&b);
		(void)put_message(&b, 1, RECORD_SENDING, delivered);
		bench_run(&b);
		until(&b, STATE_IS(1, "sent"));
		buffer_add_char(&b.relay.bodies, '\0');
		cr_assert_not_null(strstr(b.relay.bodies.data, wanted), "%zu: %s", delivery,
				   b.relay.bodies.data);
		bench_stop(&b);
	}
}

/* ---- altered --------------------------------------------------------------------------- */

#define BOUNCE                                                                                     \
	"From: MAILER-DAEMON@in.example.org\r\n"                                                   \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"          \
	"--b\r\n\r\nThis is in.example.org.\r\n"                                                   \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n"                                     \
	"Reporting-MTA: dns; in.example.org\r\n\r\n"                                               \
	"Final-Recipient: rfc822; nobody@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"       \
	"--b\r\nContent-Type: message/rfc822\r\n\r\n"                                              \
	"Received: by in.example.org\r\nSubject: hello\r\n\r\nbody\r\n--b--\r\n"

static void
with_bounce(struct store_new_message *message)
{
	message->body = SPAN(BOUNCE);
	message->records[0].no_diagnostics = true;
	message->records[0].returned = "headers";
}

static void
with_truncated_bounce(struct store_new_message *message)
{
	with_bounce(message);
	message->truncated = true;
	message->records[0].returned = NULL;
}

Test(outbox, what_policy_wants_shorter_goes_out_so_and_stays_whole_in_the_store)
{
	static void (*const changes[])(struct store_new_message *) = { with_bounce,
								       with_truncated_bounce };

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct bench b;

		bench_start(&b);
		(void)put_message(&b, 1, RECORD_SENDING, changes[i]);
		bench_run(&b);
		until(&b, STATE_IS(1, "sent"));
		buffer_add_char(&b.relay.bodies, '\0');
		cr_assert_null(strstr(b.relay.bodies.data, "in.example.org"));
		cr_assert_not_null(strstr(b.relay.bodies.data, "nobody@example.org"));
		cr_assert_not_null(strstr(b.relay.bodies.data, "Subject: hello\r\n\r\n--"));
		cr_assert_not_null(strstr(b.relay.bodies.data, "\r\nMessage-ID: <1."));
		cr_assert_null(strstr(b.relay.bodies.data, "too large"));
		cr_assert_eq(side_ask(b.side, "SELECT length(data) FROM body"),
			     (int64_t)sizeof(BOUNCE) - 1);
		bench_stop(&b);
	}
}

Test(outbox, a_human_may_send_it_whole_to_an_address_of_his_own)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, with_bounce);
	bench_run(&b);
	release(&b, id, "someone@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	buffer_add_char(&b.relay.bodies, '\0');
	cr_assert_not_null(strstr(b.relay.bodies.data, "+0000\r\n" BOUNCE));
	bench_stop(&b);
}

static void
with_what_is_no_bounce(struct store_new_message *message)
{
	message->records[0].no_diagnostics = true;
}

Test(outbox, what_cannot_be_made_shorter_is_not_sent)
{
	struct bench b;
	int64_t id;

	bench_start(&b);
	id = put_message(&b, 1, RECORD_HELD, with_what_is_no_bounce);
	bench_run(&b);
	release(&b, id, NULL);
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "failed"));
	cr_assert_eq(b.relay.messages, 0);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "not sent: it cannot be stripped%")), 1);
	release(&b, id, "someone@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	bench_stop(&b);
}

/* As if an earlier run had died while it read or altered these bytes. */
static void
crash_over(const char *folder, struct span bytes)
{
	pid_t child = fork();
	int status = 0;

	cr_assert_geq(child, 0);
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };
		struct spool *spool = spool_new(folder, 1 << 20);
		struct error err;

		(void)setrlimit(RLIMIT_CORE, &no_core);
		crashmark_thread_start(open_mark(folder), 0);
		(void)spool_add(spool, bytes, &err);
		(void)spool_finish(spool, &err);
		crashmark_enter(spool_sha256(spool));
		(void)raise(SIGSEGV);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status));
}

static void
with_another_bounce(struct store_new_message *message)
{
	with_bounce(message);
	message->body = SPAN("X-Other: 1\r\n" BOUNCE);
}

static void
with_whole_bounce(struct store_new_message *message)
{
	message->body = SPAN(BOUNCE);
}

Test(outbox, what_crashed_us_before_is_not_altered_again_and_goes_out_only_whole)
{
	struct bench b;

	bench_start(&b);
	crash_over(b.folder, SPAN(BOUNCE));
	(void)put_message(&b, 1, RECORD_SENDING, with_bounce);
	(void)put_message(&b, 2, RECORD_SENDING, with_another_bounce);
	(void)put_message(&b, 3, RECORD_SENDING, with_whole_bounce);
	bench_run(&b);
	cr_assert_eq(crashmark_suspects(b.crashmark), 1);
	until(&b, STATE_IS(1, "failed"));
	until(&b, STATE_IS(2, "sent"));
	until(&b, STATE_IS(3, "sent"));
	cr_assert_eq(b.relay.messages, 2);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "not sent:%crashed%release --to%")), 1);
	cr_assert_eq(side_ask(b.side, ROWS), 0, "it is not tried again");
	release(&b, 1, "someone@remote.example");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "released"));
	bench_stop(&b);
}

struct blocker {
	struct task task; /* first */
	struct channel go;
};

static bool
block(struct task *task, void *ctx)
{
	(void)ctx;
	(void)channel_take(&((struct blocker *)task)->go);
	return false;
}

static bool
is_rested(void *ctx)
{
	return !outbox_busy(((struct bench *)ctx)->outbox);
}

Test(outbox, what_is_being_altered_when_it_drains_waits_for_the_next_start)
{
	struct blocker blocker = { .task = { .run = block } };
	struct bench b;

	bench_start(&b);
	bench_run(&b);
	channel_init(&blocker.go, NULL, NULL);
	admission_run(b.admission, &blocker.task);
	(void)put_message(&b, 1, RECORD_SENDING, with_bounce);
	outbox_wake(b.outbox);
	(void)test_loop_until(&b.loop, never, &b, 0.3);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 0, "it is leased");
	outbox_drain(b.outbox);
	cr_assert(outbox_busy(b.outbox));
	channel_close(&blocker.go);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	cr_assert_eq(b.relay.messages, 0);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 1);
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
	channel_done(&blocker.go);
}

/* ---- a relay that says no -------------------------------------------------------------- */

/* Minutes from now until the row is due. */
#define DUE_IN_MINUTES                                                                             \
	"SELECT (due_at - CAST(strftime('%s', 'now') AS INTEGER) * 1000 + 30000) / 60000 FROM "    \
	"outbox"

Test(outbox, a_relay_that_says_later_makes_the_row_wait_longer_each_time)
{
	static const int64_t minutes[] = { 10, 20, 25, 25 };
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = "451 4.7.1 try later\r\n";
	bench_run(&b);
	for (int i = 0; i < 4; i++) {
		AUTO(freep)
		char *tried =
			xasprintf("SELECT attempts = %d AND leased_by IS NULL FROM outbox", i + 1);

		until(&b, tried);
		cr_assert_eq(side_ask(b.side, DUE_IN_MINUTES), minutes[i], "attempt %d: %d", i,
			     (int)side_ask(b.side, DUE_IN_MINUTES));
		side_run(b.side, "UPDATE outbox SET due_at = 0");
		outbox_wake(b.outbox);
	}
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	cr_assert_eq(side_ask(b.side, REPLY_IS(1, "%451%try later%")), 1);
	b.relay.to_dot = "250 2.0.0 taken\r\n";
	side_run(b.side, "UPDATE outbox SET due_at = 0");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "sent"));
	bench_stop(&b);
}

Test(outbox, one_row_that_waits_does_not_hold_up_the_others)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = "451 4.7.1 try later\r\n";
	bench_run(&b);
	until(&b, "SELECT attempts = 1 AND leased_by IS NULL FROM outbox");
	b.relay.to_dot = "250 2.0.0 taken\r\n";
	put(&b, 2);
	outbox_wake(b.outbox);
	until(&b, STATE_IS(2, "sent"));
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
}

Test(outbox, a_relay_that_refuses_for_good_ends_it_with_its_words)
{
	static const struct {
		const char *to_rcpt, *to_dot;
	} refusals[] = {
		{ "550 5.1.1 no such user\r\n", "250 ok\r\n" },
		{ "250 ok\r\n", "550 5.1.1 no such user\r\n" },
	};

	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct bench b;

		bench_start(&b);
		put(&b, 1);
		b.relay.to_rcpt = refusals[i].to_rcpt;
		b.relay.to_dot = refusals[i].to_dot;
		bench_run(&b);
		until(&b, STATE_IS(1, "failed"));
		cr_assert_eq(side_ask(b.side, REPLY_IS(1, "%550 5.1.1 no such user%")), 1);
		cr_assert_eq(side_ask(b.side, ROWS), 0);
		bench_stop(&b);
	}
}

/* ---- a relay that is not there ------------------------------------------------------------ */

Test(outbox, an_unreachable_relay_is_probed_by_one_message_and_then_all_go_out)
{
	struct bench b;

	bench_start(&b);
	for (unsigned i = 1; i <= 10; i++)
		put(&b, i);
	outbox_run(&b, b.folder); /* nobody listens */
	until(&b, "SELECT sum(attempts) >= 3 AND max(leased_by IS NOT NULL) = 0 FROM outbox");
	/* three were tried at once before anything was known; from then on one at a time */
	(void)test_loop_until(&b.loop, never, &b, 1.5);
	cr_assert_leq(side_ask(b.side, "SELECT sum(attempts) FROM outbox"), 4,
		      "a probe a second at most, growing");
	relay_listen(&b.relay, b.socket);
	until(&b, "SELECT count(*) = 10 FROM record WHERE state = 'sent'");
	cr_assert_eq(b.relay.messages, 10);
	bench_stop(&b);
}

Test(outbox, contact_lost_after_the_dot_is_noted_as_unknown_and_tried_again)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = NULL;
	bench_run(&b);
	until(&b, "SELECT attempts = 1 AND leased_by IS NULL FROM outbox");
	cr_assert_eq(side_ask(b.side, "SELECT count(*) FROM journal WHERE why LIKE "
				      "'outcome unknown%'"),
		     1);
	cr_assert_eq(side_ask(b.side, DUE_IN_MINUTES), 10, "not at once: it may have arrived");
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
}

Test(outbox, while_a_looping_relay_is_left_alone_nothing_is_sent_or_leased)
{
	struct bench b;

	bench_start(&b);
	bench_run(&b);
	(void)test_loop_until(&b.loop, never, &b, 0.1);
	outbox_pause(b.outbox);
	put(&b, 1);
	outbox_wake(b.outbox);
	(void)test_loop_until(&b.loop, never, &b, 0.3);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 1);
	cr_assert_eq(b.relay.messages, 0);
	bench_stop(&b);
}

/* ---- a store that refuses -------------------------------------------------------------------- */

#define FINISH_FAILS                                                                               \
	"CREATE TRIGGER fail BEFORE UPDATE OF relay_reply ON record"                               \
	" BEGIN SELECT RAISE(ABORT, 'no'); END"

static bool
has_messages(void *ctx)
{
	const struct bench *b = ctx;

	return b->relay.messages >= b->messages;
}

Test(outbox, an_outcome_that_cannot_be_recorded_is_recorded_later_and_nothing_is_sent_again)
{
	struct bench b;

	bench_start(&b);
	side_run(b.side, FINISH_FAILS);
	for (unsigned i = 1; i <= 3; i++)
		put(&b, i);
	bench_run(&b);
	b.messages = 3;
	cr_assert(test_loop_until(&b.loop, has_messages, &b, 10));
	outbox_wake(b.outbox);
	b.loop.came_back = 0;
	(void)test_loop_until(&b.loop, never, &b, 2.5);
	cr_assert_eq(b.relay.messages, 3, "the leases stay");
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 0);
	cr_assert_leq(b.loop.came_back, 3 * 4, "once a second: %d came back", b.loop.came_back);
	side_run(b.side, "DROP TRIGGER fail");
	until(&b, "SELECT count(*) = 3 FROM record WHERE state = 'sent'");
	cr_assert_eq(b.relay.messages, 3);
	put(&b, 4);
	outbox_wake(b.outbox);
	until(&b, STATE_IS(4, "sent"));
	bench_stop(&b);
}

Test(outbox, a_store_that_is_locked_is_asked_again)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	side_run(b.side, "BEGIN IMMEDIATE");
	bench_run(&b);
	(void)test_loop_until(&b.loop, never, &b, 0.3);
	cr_assert_eq(b.relay.messages, 0);
	side_run(b.side, "ROLLBACK");
	outbox_wake(b.outbox);
	until(&b, STATE_IS(1, "sent"));
	bench_stop(&b);
}

Test(outbox, a_body_that_is_gone_is_not_sent_empty)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	put(&b, 2);
	side_run(b.side, "UPDATE record SET purged_at = 1 WHERE id = 1");
	bench_run(&b);
	until(&b, STATE_IS(1, "failed"));
	until(&b, STATE_IS(2, "sent"));
	cr_assert_eq(b.relay.messages, 1);
	bench_stop(&b);
}

Test(outbox, a_body_that_cannot_be_read_now_waits_alone)
{
	struct bench b;

	bench_start(&b);
	(void)put_message(&b, 1, RECORD_SENDING, large);
	put(&b, 2);
	relay_listen(&b.relay, b.socket);
	outbox_run(&b, "/nonexistent/folder"); /* where the large one would be spooled */
	until(&b, STATE_IS(2, "sent"));
	until(&b, "SELECT attempts >= 1 AND leased_by IS NULL FROM outbox WHERE record = 1");
	cr_assert_eq(b.relay.messages, 1);
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sending")), 1);
	bench_stop(&b);
}

/* ---- start and end ----------------------------------------------------------------------------
 */

Test(outbox, a_relay_that_is_no_address_is_a_refusal)
{
	struct bench b;
	struct outbox_options options;
	const struct settings_release nowhere = { .relay = (char *)"not an address" };
	struct outbox *outbox = NULL;
	struct error err = { 0 };

	bench_start(&b);
	bench_run(&b);
	options = (struct outbox_options){ .loop = b.loop.loop,
					   .settings = &b.in_force,
					   .spool_folder = b.folder,
					   .committer = &b.committer,
					   .route = STORE_ROUTE_RELEASE,
					   .to = &nowhere };
	cr_assert_eq(outbox_start(&options, &outbox, &err), -1);
	cr_assert_eq(err.class, ERROR_PERM);
	cr_assert_null(outbox);
	bench_stop(&b);
}

Test(outbox, once_drained_it_leases_no_more_and_comes_to_rest)
{
	struct bench b;

	bench_start(&b);
	bench_run(&b);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	outbox_drain(b.outbox);
	put(&b, 1);
	outbox_wake(b.outbox);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 1);
	cr_assert_eq(b.relay.messages, 0);
	bench_stop(&b);
	outbox_stopp(&b.outbox);
}

Test(outbox, what_is_being_sent_when_it_drains_is_finished)
{
	struct bench b;

	bench_start(&b);
	put(&b, 1);
	bench_run(&b);
	b.messages = 1;
	cr_assert(test_loop_until(&b.loop, has_messages, &b, 10));
	outbox_drain(b.outbox);
	cr_assert(test_loop_until(&b.loop, is_rested, &b, 10));
	cr_assert_eq(side_ask(b.side, STATE_IS(1, "sent")), 1);
	bench_stop(&b);
}

Test(outbox, what_was_broken_off_keeps_its_lease_until_the_next_start)
{
	struct bench b;
	struct error err = { 0 };
	int64_t cleared = 0;

	bench_start(&b);
	put(&b, 1);
	b.relay.to_dot = "";
	bench_run(&b);
	b.messages = 1;
	cr_assert(test_loop_until(&b.loop, has_messages, &b, 10));
	outbox_drain(b.outbox);
	threads_stop(&b);
	outbox_stopp(&b.outbox);
	crashmark_closep(&b.crashmark);
	cr_assert_eq(side_ask(b.side, FREE_ROWS), 0);
	store_closep(&b.store);
	b.store = store_make(b.folder);
	cr_assert_eq(store_outbox_recover(b.store, clock_now_ms(), &cleared, &err), 0);
	cr_assert_eq(cleared, 1);
	b.relay.to_dot = "250 2.0.0 taken\r\n";
	outbox_run(&b, b.folder);
	until(&b, STATE_IS(1, "sent"));
	bench_stop(&b);
}
