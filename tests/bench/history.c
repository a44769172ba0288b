/*
 * history.c: a store with a long past, for the bench of ndrq policy replay.
 *
 *	gcc -std=gnu11 -O2 -D_GNU_SOURCE -I. -o /tmp/history tests/bench/history.c \
 *		BUILD/admit/libadmit.a BUILD/report/libreport.a BUILD/store/libstore.a \
 *		BUILD/policy/libpolicy.a BUILD/facts/libfacts.a BUILD/base/libbase.a \
 *		$(pkg-config --libs libconfig libidn2 libpsl nettle gmime-3.0 \
 *		jansson sqlite3 libzstd)
 *	/tmp/history STORE RECORDS POLICY MESSAGE…
 *
 * The messages in turn, each with a line of its own on top so that no two are
 * the same, to recipients in 5 000 domains, read, judged by POLICY and stored
 * as ndrqd does. STORE must not be there. Then, with an ndrq.conf that names it:
 *	/usr/bin/time ndrq -c ndrq.conf policy replay NEW.conf
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit/admit.h"
#include "base/cleanup.h"
#include "base/file.h"

#define BATCH     500
#define SIZE_MAX_ (1 << 20)

static const struct submission_source source = { .intake = "lmtp" };

static void
need(int rc, const struct error *err)
{
	if (rc >= 0)
		return;
	(void)fprintf(stderr, "history: %s\n", err->text);
	exit(1);
}

static void
put(struct store *store, struct policy *policy, long n, struct span message)
{
	AUTO(submission_freep) struct submission *s = submission_new(&source, policy);
	AUTO(freep) char *line = xasprintf("X-Number: %ld\r\n", n);
	AUTO(freep)
	char *rcpt = xasprintf("user%ld@d%ld.example", n % 977, (n * 7919) % 5000);
	struct error err = { 0 };

	s->sender = xstrdup("");
	s->received_at_ms = 1700000000000 + n;
	s->spool = spool_new("/tmp", SIZE_MAX_);
	need(spool_add(s->spool, span_of(line), &err), &err);
	need(spool_add(s->spool, message, &err), &err);
	need(spool_finish(s->spool, &err), &err);
	buffer_add_str(&submission_add_rcpt(s)->path, rcpt);
	admit_judge(s);
	need(admit_store(s, store, &err), &err);
}

int
main(int argc, char **argv)
{
	struct store_options options = { .mode = STORE_DAEMON, .busy_timeout_ms = 1000 };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(store_closep) struct store *store = NULL;
	struct buffer *messages = xcalloc((size_t)argc, sizeof(*messages));
	struct error err = { 0 };
	long records = argc > 4 ? atol(argv[2]) : 0;

	if (records <= 0)
		return 64;
	facts_init();
	options.path = argv[1];
	need(policy_read(argv[3], &policy, NULL, &err), &err);
	need(store_open(&options, &store, &err), &err);
	for (int i = 4; i < argc; i++)
		need(file_read(argv[i], SIZE_MAX_, &messages[i], &err), &err);
	for (long n = 0; n < records; n++) {
		if (n % BATCH == 0)
			need(store_begin(store, &err), &err);
		put(store, policy, n, buffer_span(&messages[4 + n % (argc - 4)]));
		if (n % BATCH == BATCH - 1 || n == records - 1)
			need(store_commit(store, &err), &err);
	}
	for (int i = 4; i < argc; i++)
		buffer_done(&messages[i]);
	free(messages);
	return 0;
}
