/*
 * make_store.c: a store with one record of each sort, for the tests of ndrq(1).
 *
 *	make_store FILE [MORE [counted]]
 *
 * The ids below are what the shell tests name. MORE held records follow; with
 * "counted" they are of one storm beyond the third, and from harvesters.
 * Any failure ends it with status 1 and a line on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"

enum {
	ID_SENT = 1,
	ID_FAILED,
	ID_RELEASED,
	ID_HELD,
	ID_HOSTILE,
	ID_DELETED,
	ID_NO_RECIPIENT,
	ID_BINARY,
	ID_PURGED,
	ID_LOOP,
	ID_SENDING,
	ID_MANY /* the first of MORE */
};

#define REVISION "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static int64_t now_ms;
static struct error err;

static void
need(int rc, const char *what)
{
	if (rc >= 0)
		return;
	(void)fprintf(stderr, "make_store: %s: %s\n", what, err.text);
	exit(1);
}

struct sample {
	struct span rcpt;
	const char *domain;
	enum record_state state;
	const char *verdict, *proof, *class, *facts, *subject, *original_message_id;
	struct span body;
	int64_t days_ago;
	const struct store_trace *trace;
	const struct store_budget *budgets;
	size_t budgets_len;
};

static const char *const tried[] = { "a@example.org", "b@example.org" };

/* One IPv4 client of two rules, one of IPv6, and one whose mark is over. */
#define HARVEST(name, address, time_ms)                                                            \
	{                                                                                          \
		.kind = STORE_BUDGET_HARVEST, .rule = name, .key = "client " address,              \
		.window_ms = 1000, .max = 1, .verdict = "hold", .client = address,                 \
		.mark_ms = time_ms, .values = tried, .values_len = 2,                              \
	}
static const struct store_budget counted[] = {
	HARVEST("Harvest", "2001:db8::9", 366 * CLOCK_DAY_MS),
	HARVEST("Harvest", "192.0.2.1", 366 * CLOCK_DAY_MS),
	HARVEST("Another", "192.0.2.1", 366 * CLOCK_DAY_MS),
	HARVEST("Harvest", "192.0.2.2", CLOCK_DAY_MS),
	{ .kind = STORE_BUDGET_STORM,
	  .rule = "Storm",
	  .key = "address many\x1b[31m@many.example",
	  .window_ms = CLOCK_DAY_MS,
	  .max = 3,
	  .verdict = "hold" },
};

static void
put(struct store *store, int64_t id, const struct sample *sample)
{
	struct store_new_record record = {
		.rcpt = sample->rcpt,
		.domain = sample->domain,
		.state = sample->state,
		.verdict = sample->verdict,
		.proof = sample->proof,
		.rule = "Default.ndr",
		.budgets = sample->budgets,
		.budgets_len = sample->budgets_len,
	};
	struct store_new_message message = {
		.body = sample->body,
		.size_bytes = (int64_t)sample->body.len,
		.received_at_ms = now_ms - sample->days_ago * CLOCK_DAY_MS,
		.intake = "lmtp",
		.mail_body = "8BITMIME",
		.class = sample->class,
		.facts = sample->facts,
		.subject = sample->subject,
		.message_id = "<notification@mx.example.org>",
		.original_message_id = sample->original_message_id,
		.policy_revision = REVISION,
		.traces = sample->trace,
		.traces_len = sample->trace != NULL,
		.records = &record,
		.records_len = 1,
	};

	memcpy(message.sha256, &id, sizeof(id));
	need(store_put(store, &message, &err), "put");
	free(record.loop_route);
	if (record.id != id) {
		(void)fprintf(stderr, "make_store: id %lld, not %lld\n", (long long)record.id,
			      (long long)id);
		exit(1);
	}
}

#define BODY                                                                                       \
	SPAN("Subject: Undelivered Mail Returned to Sender\r\n\r\n"                                \
	     "I am sorry to inform you.\r\n.\r\nMAIL FROM:<>\r\n")

static const struct sample ordinary = {
	.rcpt = { "anna@remote.example", 19 },
	.domain = "remote.example",
	.state = RECORD_HELD,
	.verdict = "hold",
	.class = "failed",
	.facts = "{\"class\":\"failed\",\"subject\":\"Undelivered Mail Returned to Sender\","
		 "\"reporting_mta\":\"mx.example.org\",\"recipients\":[{\"final\":\"bob@example."
		 "org\","
		 "\"status\":\"5.1.1\",\"action\":\"failed\",\"diagnostic\":\"550 5.1.1 no such "
		 "user\","
		 "\"remote_mta\":\"inner.example.org\"}],\"original\":{\"message_id\":"
		 "\"<4711@remote.example>\",\"from\":\"Anna <anna@remote.example>\","
		 "\"subject\":\"Cheap pills\",\"client_ip\":\"203.0.113.9\"}}",
	.subject = "Undelivered Mail Returned to Sender",
	.original_message_id = "<4711@remote.example>",
	.days_ago = 3,
};

static struct sample
like_ordinary(enum record_state state, int64_t days_ago)
{
	struct sample sample = ordinary;

	sample.body = BODY;
	sample.state = state;
	sample.days_ago = days_ago;
	if (state == RECORD_SENDING)
		sample.verdict = "send";
	if (state == RECORD_DELETED) {
		sample.verdict = "delete";
		sample.proof = "forged";
	}
	return sample;
}

/* Leases what is due and ends it; the token of the last goes to token. */
static void
deliver(struct store *store, enum store_delivery outcome, const char *reply,
	struct store_trace *ret_trace)
{
	struct store_lease lease;
	size_t len;
	int done;

	need(store_outbox_lease(store, STORE_ROUTE_RELEASE, now_ms, 1, &lease, &len, &err),
	     "lease");
	if (len != 1) {
		(void)fputs("make_store: nothing to lease\n", stderr);
		exit(1);
	}
	ret_trace->record = lease.record;
	memcpy(ret_trace->token, lease.token, sizeof(lease.token));
	need(store_outbox_finish(store, lease.record, outcome, reply, 0, now_ms, &done, &err),
	     "finish");
	store_lease_done(&lease);
}

static void
put_finished(struct store *store, struct store_trace *ret_sent)
{
	const int64_t id = ID_RELEASED;
	struct store_change_result result;
	struct store_trace other;
	struct sample sample;
	int64_t batch = 0;

	sample = like_ordinary(RECORD_SENDING, 9);
	put(store, ID_SENT, &sample);
	deliver(store, STORE_DELIVERY_DONE, "250 2.0.0 taken", ret_sent);
	sample = like_ordinary(RECORD_SENDING, 8);
	put(store, ID_FAILED, &sample);
	deliver(store, STORE_DELIVERY_REFUSED, "550 5.7.1 \x1b[31mno", &other);
	sample = like_ordinary(RECORD_HELD, 7);
	put(store, ID_RELEASED, &sample);
	need(store_change(store, STORE_CHANGE_RELEASE, &id, 1, NULL, "karl", "it was real", now_ms,
			  &batch, &result, &err),
	     "release");
	deliver(store, STORE_DELIVERY_DONE, "250 2.0.0 taken", &other);
}

static void
put_hostile(struct store *store)
{
	struct sample sample = like_ordinary(RECORD_HELD, 2);

	sample.rcpt = SPAN("x\x1b[2J\x9b\xFF@evil.example");
	sample.domain = "evil.example";
	sample.class = "unknown";
	sample.subject = "\x1b]0;owned\x07 \xE2\x80\xAE"
			 "reversed \xC2\x9B"
			 "31m";
	sample.facts = "{\"class\":\"unknown\",\"recipients\":[{\"final\":\"\\u001b[31mf@x\","
		       "\"diagnostic\":\"\\u0007\\u009b\\u007f\"}],"
		       "\"original\":{\"from\":\"\\u001b[1mA\",\"message_id\":\"<\\u001b@x>\"}}";
	sample.original_message_id = "<\x1b@x>";
	put(store, ID_HOSTILE, &sample);
}

static void
put_odd(struct store *store, const struct store_trace *sent)
{
	struct sample sample = like_ordinary(RECORD_HELD, 1);
	char bytes[3 * 256];
	int64_t records, freed;

	sample.rcpt = (struct span){ "", 0 };
	sample.domain = NULL;
	put(store, ID_NO_RECIPIENT, &sample);

	sample = like_ordinary(RECORD_HELD, 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	sample.body = (struct span){ bytes, sizeof(bytes) };
	put(store, ID_BINARY, &sample);

	sample = like_ordinary(RECORD_HELD, 40);
	put(store, ID_PURGED, &sample);
	need(store_purge(store, 1U << RECORD_HELD, now_ms - 39 * CLOCK_DAY_MS, 10, false, "karl",
			 "too old", now_ms, &records, &freed, &err),
	     "purge");

	sample = like_ordinary(RECORD_HELD, 0);
	sample.trace = sent;
	put(store, ID_LOOP, &sample);
}

int
main(int argc, char **argv)
{
	struct store_options options = { .mode = STORE_DAEMON, .busy_timeout_ms = 1000 };
	struct store *store = NULL;
	struct store_trace sent;
	struct sample sample;

	if (argc < 2)
		return 1;
	options.path = argv[1];
	now_ms = clock_now_ms();
	need(store_open(&options, &store, &err), "open");
	need(store_put_policy(store, REVISION, SPAN("mode = \"enforce\";\n"), false, now_ms, &err),
	     "policy");
	put_finished(store, &sent);
	sample = like_ordinary(RECORD_HELD, 3);
	put(store, ID_HELD, &sample);
	put_hostile(store);
	sample = like_ordinary(RECORD_DELETED, 10);
	put(store, ID_DELETED, &sample);
	put_odd(store, &sent);
	sample = like_ordinary(RECORD_SENDING, 40);
	put(store, ID_SENDING, &sample);
	sample = like_ordinary(RECORD_HELD, 20);
	sample.rcpt = SPAN("many@many.example");
	sample.domain = "many.example";
	if (argc > 3) {
		sample.budgets = counted;
		sample.budgets_len = sizeof(counted) / sizeof(counted[0]);
	}
	need(store_begin(store, &err), "begin");
	for (long more = argc > 2 ? atol(argv[2]) : 0, i = 0; i < more; i++)
		put(store, ID_MANY + i, &sample);
	need(store_commit(store, &err), "commit");
	store_closep(&store);
	return 0;
}
