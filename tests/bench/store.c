/*
 * store.c: how fast messages go in, and how large they lie there.
 *
 *	tests/bench/store FILE [MESSAGES [BATCH [SENDING% [BUDGETS]]]]
 *
 * Puts messages of 4 KB with one recipient, as the committer does: a
 * transaction a batch, a savepoint a message, synced. FILE must not be there;
 * it is left behind, so that a second run can add to it when it is named
 * with a + in front. BUDGETS is how many of these count each: 3 a day to an
 * address, 100 an hour in a domain, 20 unknown recipients from a client.
 * Prints one line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "store/store.h"

static int64_t
clock_us(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void
die(const struct error *err)
{
	(void)fprintf(stderr, "%s\n", err->text);
	exit(1);
}

#define BUDGETS 3

/* Of 5000 clients; each tries one recipient. */
static void
add_budgets(struct store_new_record *record, unsigned *seed, size_t len)
{
	static char keys[BUDGETS][96], value[32];
	static const char *const values[] = { value };
	static struct store_budget budgets[BUDGETS] = {
		{ .kind = STORE_BUDGET_LIMIT, .window_ms = 86400000, .max = 3 },
		{ .kind = STORE_BUDGET_STORM, .window_ms = 3600000, .max = 100 },
		{ .kind = STORE_BUDGET_HARVEST, .window_ms = 3600000, .max = 20 },
	};
	int client = rand_r(seed) % 5000;

	(void)snprintf(keys[0], sizeof(keys[0]), "address %s", record->rcpt.data);
	(void)snprintf(keys[1], sizeof(keys[1]), "domain %s", record->domain);
	(void)snprintf(keys[2], sizeof(keys[2]), "client 192.0.%d.%d", client / 250, client % 250);
	(void)snprintf(value, sizeof(value), "user%d@example.org", rand_r(seed) % 100000);
	for (size_t i = 0; i < len; i++) {
		budgets[i].rule = "Count";
		budgets[i].key = keys[i];
		budgets[i].verdict = "hold";
		budgets[i].client = keys[i] + sizeof("client");
		budgets[i].mark_ms = 86400000;
		budgets[i].values = values;
		budgets[i].values_len = 1;
	}
	record->budgets = budgets;
	record->budgets_len = len;
}

/* Random bytes where a real message has them: hash, domain, Message-IDs. */
static void
put_one(struct store *store, unsigned *seed, int64_t n, int sending_percent, size_t budgets)
{
	static char body[4096];
	static const char facts[] =
		"{\"class\":\"failed\",\"reporting_mta\":\"mx.example.org\",\"recipients\":[{"
		"\"final\":"
		"\"nobody@example.org\",\"status\":\"5.1.1\",\"action\":\"failed\",\"diagnostic\":"
		"\"550 "
		"5.1.1 User "
		"unknown\"}],\"original\":{\"from\":\"a@b.example\",\"message_id\":\"<1@x>\"}}";
	char rcpt[64], domain[32], message_id[64], original[64];
	struct store_new_record record = { .verdict = "hold", .rule = "Default" };
	struct store_new_message m = {
		.body = { body, sizeof(body) },
		.size_bytes = sizeof(body),
		.received_at_ms = 1700000000000 + n,
		.intake = "lmtp",
		.class = "failed",
		.facts = facts,
		.subject = "Undelivered Mail Returned to Sender",
		.message_id = message_id,
		.original_message_id = original,
		.policy_revision = "0123456789abcdef",
		.records = &record,
		.records_len = 1,
	};
	struct error err;

	for (int i = 0; i < STORE_SHA256_BYTES; i++)
		m.sha256[i] = (uint8_t)(rand_r(seed) >> 7);
	(void)snprintf(domain, sizeof(domain), "d%d.example", rand_r(seed) % 5000);
	(void)snprintf(rcpt, sizeof(rcpt), "user%d@%s", rand_r(seed) % 100000, domain);
	(void)snprintf(message_id, sizeof(message_id), "<%08x.%08x@mx.example.org>",
		       (unsigned)rand_r(seed), (unsigned)n);
	(void)snprintf(original, sizeof(original), "<%08x%08x@%s>", (unsigned)rand_r(seed),
		       (unsigned)rand_r(seed), domain);
	memcpy(body, original, sizeof(original));
	record.rcpt = span_of(rcpt);
	record.domain = domain;
	record.state = rand_r(seed) % 100 < sending_percent ? RECORD_SENDING : RECORD_HELD;
	if (record.state == RECORD_SENDING)
		record.verdict = "send";
	add_budgets(&record, seed, budgets);
	if (store_savepoint(store, &err) < 0 || store_put(store, &m, &err) < 0 ||
	    store_savepoint_release(store, &err) < 0)
		die(&err);
}

int
main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "";
	const int64_t messages = argc > 2 ? atoll(argv[2]) : 100000;
	const int batch = argc > 3 ? atoi(argv[3]) : 64;
	const int sending_percent = argc > 4 ? atoi(argv[4]) : 0;
	const size_t budgets = argc > 5 ? (size_t)atoi(argv[5]) : 0;
	struct store_options options = { .path = path, .mode = STORE_DAEMON };
	AUTO(store_closep) struct store *store = NULL;
	struct rusage usage;
	int64_t start, cpu, before;
	struct error err;
	unsigned seed;

	if (path[0] == '+')
		options.path = ++path;
	else if (path[0] == '\0' || file_bytes(path) > 0 || batch < 1 || budgets > BUDGETS)
		return 64;
	seed = (unsigned)file_bytes(path) + 1;
	before = file_bytes(path);
	if (store_open(&options, &store, &err) < 0)
		die(&err);
	start = clock_us(CLOCK_MONOTONIC);
	cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	for (int64_t n = 0; n < messages;) {
		if (store_check_room(store, 4096 * batch, &err) < 0 || store_begin(store, &err) < 0)
			die(&err);
		for (int i = 0; i < batch && n < messages; i++)
			put_one(store, &seed, n++, sending_percent, budgets);
		if (store_commit(store, &err) < 0)
			die(&err);
	}
	start = clock_us(CLOCK_MONOTONIC) - start;
	cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)getrusage(RUSAGE_SELF, &usage);
	store_closep(&store);
	(void)printf("messages=%" PRId64 " batch=%d sending=%d%% budgets=%zu per_s=%" PRId64
		     " cpu_us=%" PRId64 " bytes_each=%" PRId64 " rss_kb=%ld\n",
		     messages, batch, sending_percent, budgets, messages * 1000000 / start,
		     cpu / messages, (file_bytes(path) - before) / messages, usage.ru_maxrss);
	return 0;
}
