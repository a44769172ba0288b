/* test_alteration.c: one message made shorter in the pool, and what it crashes over. */
#include "qmgr/alteration.h"

#include <sys/mman.h>

#include "tests/unit/qmgr/bounce_fixture.h"
#include "tests/unit/qmgr/crash_fixture.h"
#include "tests/unit/qmgr/loop_fixture.h"

struct bench {
	struct test_loop loop;
	char *folder;
	const char *spool_folder, *hostname;
	struct crashmark *crashmark;
	struct admission *admission;
	struct store_lease lease;
	struct spool *spool;
	int calls;
	enum alteration_outcome outcome;
	struct error err;
};

static void
bench_start(struct bench *b, const char *folder)
{
	struct admission_options pool = { .threads = 1, .place = { "", 0 }, .back = &b->loop.back };

	facts_init();
	*b = (struct bench){ .folder = xstrdup(folder), .hostname = "ndrq.example" };
	b->spool_folder = b->folder;
	b->lease = (struct store_lease){ .rcpt = (char *)"someone@remote.example",
					 .no_diagnostics = true };
	test_loop_start(&b->loop);
	b->crashmark = mark_open(folder);
	pool.crashmark = b->crashmark;
	b->admission = admission_start(&pool);
}

static void
bench_stop(struct bench *b)
{
	admission_stopp(&b->admission);
	test_loop_drain(&b->loop);
	crashmark_closep(&b->crashmark);
	test_loop_stop(&b->loop);
	spool_freep(&b->spool);
	free(b->folder);
}

static void
note(void *ctx, enum alteration_outcome outcome, const struct error *err)
{
	struct bench *b = ctx;

	b->calls++;
	b->outcome = outcome;
	b->err = *err;
}

static bool
is_done(void *ctx)
{
	return ((struct bench *)ctx)->calls > 0;
}

static enum alteration_outcome
alter(struct bench *b, struct span bytes)
{
	const struct alteration_options options = {
		.admission = b->admission,
		.crashmark = b->crashmark,
		.hostname = b->hostname,
		.spool_folder = b->spool_folder,
		.done = note,
		.ctx = b,
	};
	struct error err = { 0 };

	b->calls = 0;
	spool_freep(&b->spool);
	b->spool = spool_new(b->folder, INT64_MAX);
	cr_assert_eq(spool_add(b->spool, bytes, &err), 0);
	cr_assert_eq(spool_finish(b->spool, &err), 0);
	alteration_start(&options, &b->lease, &b->spool);
	cr_assert(test_loop_until(&b->loop, is_done, b, 10));
	cr_assert_eq(b->calls, 1);
	return b->outcome;
}

static bool
still_is(const struct bench *b, struct span bytes)
{
	return span_equal(spool_bytes(b->spool), bytes);
}

Test(alteration, it_gives_a_shorter_message_or_says_that_there_is_none)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct bench b;

	bench_start(&b, folder);
	cr_assert_eq(alter(&b, SPAN(BOUNCE)), ALTERATION_DONE);
	cr_assert_not(still_is(&b, SPAN(BOUNCE)));
	cr_assert_eq(alter(&b, SPAN("Subject: no bounce\r\n\r\ntext\r\n")), ALTERATION_UNFIT);
	cr_assert(still_is(&b, SPAN("Subject: no bounce\r\n\r\ntext\r\n")));
	bench_stop(&b);
}

#define LINE "a line of sixty-four bytes, so that the message becomes large.\r\n"

Test(alteration, without_room_it_is_not_now)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(buffer_done) struct buffer large = { 0 };
	struct bench b;

	buffer_add(&large, BOUNCE, sizeof(BOUNCE) - sizeof("--b--\r\n"));
	while (large.len < 4 << 20)
		buffer_add_str(&large, LINE);
	buffer_add_str(&large, "\r\n--b--\r\n");
	bench_start(&b, folder);
	b.spool_folder = "/nonexistent/folder";
	cr_assert_eq(alter(&b, buffer_span(&large)), ALTERATION_NOT_NOW);
	cr_assert_eq(b.err.class, ERROR_TEMP);
	cr_assert(still_is(&b, buffer_span(&large)));
	bench_stop(&b);
}

/* A name that may not be read: the writer crashes where it says who it is. */
static const char *
deadly_name(void)
{
	return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
die_altering(void *ctx)
{
	struct bench b;

	bench_start(&b, ctx);
	b.hostname = deadly_name();
	(void)alter(&b, SPAN(BOUNCE));
}

Test(alteration, bytes_that_crash_it_are_left_alone_from_the_next_start_on)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct bench b;

	cr_assert_eq(die_in(die_altering, folder), SIGSEGV);
	for (int start = 0; start < 2; start++) {
		bench_start(&b, folder);
		cr_assert_eq(crashmark_suspects(b.crashmark), 1);
		cr_assert_eq(alter(&b, SPAN(BOUNCE)), ALTERATION_SUSPECT);
		cr_assert(still_is(&b, SPAN(BOUNCE)));
		cr_assert_eq(alter(&b, SPAN("X-Other: 1\r\n" BOUNCE)), ALTERATION_DONE);
		bench_stop(&b);
	}
}
