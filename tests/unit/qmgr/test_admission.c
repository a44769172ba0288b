/* test_admission.c: the pool's path, with real facts, policy, store and committer. */
#include "qmgr/admission.h"

#include <stdatomic.h>

#include "tests/unit/admit/store_fixture.h"
#include "tests/unit/admit/submission_fixture.h"
#include "tests/unit/qmgr/crash_fixture.h"

#define COUNT_RECORDS "SELECT count(*) FROM record"
#define FRIENDLY      "From: a@remote.example\r\nSubject: hello\r\n\r\nhow are you\r\n"

enum { MB = 1 << 20 };

struct bench {
	char *folder, *store_path, *damaged;
	struct policy *policy;
	struct store *store;
	sqlite3 *side;
	struct crashmark *crashmark;
	struct channel back;
	struct committer *committer;
	struct admission *admission;
	int done;
};

static void
bench_prepare(struct bench *b)
{
	facts_init();
	*b = (struct bench){ .folder = folder_make() };
	b->store_path = xasprintf("%s/store", b->folder);
	b->damaged = xasprintf("%s/damaged", b->folder);
	b->policy = policy_make(b->folder, POLICY);
}

static void
bench_start(struct bench *b, unsigned threads)
{
	struct admission_options options = { .threads = threads, .place = { b->store_path, 0 } };

	b->store = store_make(b->folder);
	b->side = side_open(b->folder);
	b->crashmark = mark_open(b->folder);
	channel_init(&b->back, NULL, NULL);
	b->committer = committer_start(b->store, 64, &b->back);
	options.crashmark = b->crashmark;
	options.committer = b->committer;
	options.back = &b->back;
	b->admission = admission_start(&options);
}

static void
bench_stop(struct bench *b)
{
	admission_stopp(&b->admission);
	committer_stopp(&b->committer);
	channel_done(&b->back);
	crashmark_closep(&b->crashmark);
	side_closep(&b->side);
	store_closep(&b->store);
	policy_unrefp(&b->policy);
	free(b->store_path);
	free(b->damaged);
	folder_removep(&b->folder);
}

static void
on_done(struct submission *s)
{
	((struct bench *)s->ctx)->done++;
}

/* Through the pool and back. */
static void
pass(struct bench *b, struct submission *s)
{
	int before = b->done;

	s->done = on_done;
	s->ctx = b;
	admission_submit(b->admission, s);
	admission_flush(b->admission);
	while (b->done == before)
		cr_assert(back_turn(&b->back));
}

static struct submission *
ndr_to(struct bench *b, const char *rcpt)
{
	return submission_make(b->policy, b->folder, SPAN(NDR), rcpt, MB);
}

Test(admission, a_notification_is_read_judged_and_stored)
{
	struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;

	bench_prepare(&b);
	bench_start(&b, 2);
	s = ndr_to(&b, "a@remote.example");
	pass(&b, s);
	cr_assert_eq(s->outcome, SUBMISSION_COMMITTED);
	cr_assert_eq(s->message.records[0].id, 1);
	cr_assert_eq(s->message.records[0].state, RECORD_HELD);
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 1);
	bench_stop(&b);
}

Test(admission, ordinary_mail_is_refused_for_now_or_left_where_it_lies)
{
	static const struct submission_source leaves = { .intake = "maildir", .leaves_mail = true };
	static const struct submission_source insists = { .intake = "lmtp" };
	struct bench b;

	bench_prepare(&b);
	bench_start(&b, 1);
	for (int i = 0; i < 2; i++) {
		AUTO(submission_freep)
		struct submission *s =
			submission_make(b.policy, b.folder, SPAN(FRIENDLY), "u@example.org", MB);

		s->source = i == 0 ? &leaves : &insists;
		free(s->sender);
		s->sender = xstrdup("a@remote.example");
		pass(&b, s);
		cr_assert_eq(s->outcome, i == 0 ? SUBMISSION_LEFT : SUBMISSION_REFUSED);
		if (i == 1)
			cr_assert_eq(s->err.class, ERROR_TEMP);
	}
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 0);
	bench_stop(&b);
}

/* ---- loading and taking --------------------------------------------------------- */

static int load_gives, take_gives;
static int loads, takes; /* each submission is by itself */

static int
scripted_load(struct submission *s, struct error *err)
{
	(void)s;
	loads++;
	return load_gives < 0 ? error_set(err, ERROR_TEMP, "no load") : load_gives;
}

static int
scripted_take(struct submission *s, struct error *err)
{
	(void)s;
	takes++;
	return take_gives < 0 ? error_set(err, ERROR_TEMP, "no take") : take_gives;
}

static const struct submission_source scripted = {
	.intake = "maildir",
	.load = scripted_load,
	.take = scripted_take,
};

Test(admission, what_is_gone_is_left_and_what_cannot_be_had_is_refused)
{
	static const struct {
		int load, take;
		enum submission_outcome outcome;
		int takes;
	} cases[] = {
		{ 1, 1, SUBMISSION_COMMITTED, 1 }, { 0, 1, SUBMISSION_LEFT, 0 },
		{ -1, 1, SUBMISSION_REFUSED, 0 },  { 1, 0, SUBMISSION_LEFT, 1 },
		{ 1, -1, SUBMISSION_REFUSED, 1 },
	};
	struct bench b;

	bench_prepare(&b);
	bench_start(&b, 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(freep) char *rcpt = xasprintf("user%zu@remote.example", i);
		AUTO(submission_freep) struct submission *s = ndr_to(&b, rcpt);

		s->source = &scripted;
		load_gives = cases[i].load;
		take_gives = cases[i].take;
		loads = takes = 0;
		pass(&b, s);
		cr_assert_eq(s->outcome, cases[i].outcome, "case %zu", i);
		cr_assert_eq(loads, 1);
		cr_assert_eq(takes, cases[i].takes);
		if (s->outcome == SUBMISSION_REFUSED)
			cr_assert_eq(s->err.class, ERROR_TEMP);
	}
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 1);
	bench_stop(&b);
}

Test(admission, ordinary_mail_is_not_taken)
{
	struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;

	bench_prepare(&b);
	bench_start(&b, 1);
	s = submission_make(b.policy, b.folder, SPAN(FRIENDLY), "u@example.org", MB);
	free(s->sender);
	s->sender = xstrdup("a@remote.example");
	s->source = &scripted;
	load_gives = take_gives = 1;
	takes = 0;
	pass(&b, s);
	cr_assert_eq(takes, 0);
	bench_stop(&b);
}

/* ---- what crashed us before ------------------------------------------------------- */

static int envelopes_read;

static void
count_envelope(struct submission *s)
{
	(void)s;
	envelopes_read++;
}

Test(admission, what_crashed_a_reader_before_is_set_aside_unread)
{
	static const struct submission_source source = { .intake = "maildir",
							 .read_envelope = count_envelope,
							 .take = scripted_take };
	struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;
	AUTO(submission_freep) struct submission *other = NULL;

	bench_prepare(&b);
	crash_over(b.folder, SPAN(NDR));
	bench_start(&b, 2);
	s = ndr_to(&b, "a@remote.example");
	s->source = &source;
	take_gives = 1;
	takes = 0;
	pass(&b, s);
	cr_assert_eq(s->outcome, SUBMISSION_DAMAGED);
	cr_assert_null(s->facts);
	cr_assert_eq(envelopes_read, 0);
	cr_assert_eq(takes, 1, "it is claimed first, or it would come back");
	cr_assert_eq(folder_count(b.damaged), 2);
	cr_assert_eq(side_ask(b.side, COUNT_RECORDS), 0);
	other = submission_make(b.policy, b.folder, SPAN("X: 1\r\n" NDR), "a@remote.example", MB);
	pass(&b, other);
	cr_assert_eq(other->outcome, SUBMISSION_COMMITTED, "other bytes are read");
	bench_stop(&b);
}

Test(admission, what_cannot_be_set_aside_is_refused_for_now)
{
	struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;

	bench_prepare(&b);
	crash_over(b.folder, SPAN(NDR));
	bench_start(&b, 1);
	write_file(b.damaged, SPAN("a file stands in the way"));
	s = ndr_to(&b, "a@remote.example");
	pass(&b, s);
	cr_assert_eq(s->outcome, SUBMISSION_REFUSED);
	cr_assert_eq(s->err.class, ERROR_TEMP);
	bench_stop(&b);
}

/* ---- a store that refuses ------------------------------------------------------------ */

#define STORE_NEVER_TAKES                                                                          \
	"CREATE TRIGGER never BEFORE INSERT ON message"                                            \
	" BEGIN SELECT RAISE(ABORT, 'never'); END"

Test(admission, what_the_store_can_never_take_is_set_aside)
{
	struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;

	bench_prepare(&b);
	bench_start(&b, 1);
	side_run(b.side, STORE_NEVER_TAKES);
	s = ndr_to(&b, "a@remote.example");
	pass(&b, s);
	cr_assert_eq(s->outcome, SUBMISSION_DAMAGED);
	cr_assert_eq(folder_count(b.damaged), 2);
	bench_stop(&b);
}

Test(admission, what_can_be_neither_stored_nor_set_aside_is_refused_for_now)
{
	struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;

	bench_prepare(&b);
	bench_start(&b, 1);
	side_run(b.side, STORE_NEVER_TAKES);
	write_file(b.damaged, SPAN("a file stands in the way"));
	s = ndr_to(&b, "a@remote.example");
	pass(&b, s);
	cr_assert_eq(s->outcome, SUBMISSION_REFUSED);
	bench_stop(&b);
}

Test(admission, while_the_store_is_locked_mail_is_refused_for_now_and_taken_afterwards)
{
	struct bench b;

	bench_prepare(&b);
	bench_start(&b, 1);
	side_run(b.side, "BEGIN IMMEDIATE");
	for (int i = 0; i < 2; i++) {
		AUTO(submission_freep) struct submission *s = ndr_to(&b, "a@remote.example");

		pass(&b, s);
		cr_assert_eq(s->outcome, i == 0 ? SUBMISSION_REFUSED : SUBMISSION_COMMITTED);
		if (i == 0)
			side_run(b.side, "ROLLBACK");
	}
	cr_assert_not(exists(b.damaged), "a doubt is temporary");
	bench_stop(&b);
}

/* ---- tasks, many, the end ---------------------------------------------------------------- */

struct plain {
	struct task task; /* first */
	pthread_t ran_in;
	bool done;
};

static bool
plain_run(struct task *task, void *ctx)
{
	cr_assert_not_null(ctx);
	((struct plain *)task)->ran_in = pthread_self();
	return true;
}

static void
plain_done(struct task *task)
{
	((struct plain *)task)->done = true;
}

Test(admission, a_plain_task_runs_in_the_pool_and_is_done_in_the_loop)
{
	struct plain plain = { .task = { .run = plain_run, .done = plain_done } };
	struct bench b;

	bench_prepare(&b);
	bench_start(&b, 2);
	admission_run(b.admission, &plain.task);
	cr_assert(back_turn(&b.back));
	cr_assert(plain.done);
	cr_assert_not(pthread_equal(plain.ran_in, pthread_self()));
	bench_stop(&b);
}

enum { MANY = 300 };

static void
make_many(struct bench *b, struct submission **many)
{
	for (int i = 0; i < MANY; i++) {
		AUTO(freep) char *rcpt = xasprintf("user%d@remote.example", i);

		many[i] = ndr_to(b, rcpt);
		many[i]->done = on_done;
		many[i]->ctx = b;
		admission_submit(b->admission, many[i]);
		admission_flush(b->admission);
	}
}

static void
free_many(struct bench *b, struct submission **many)
{
	for (int i = 0; i < MANY; i++) {
		cr_assert_eq(many[i]->outcome, SUBMISSION_COMMITTED);
		submission_freep(&many[i]);
	}
	cr_assert_eq(side_ask(b->side, COUNT_RECORDS), MANY);
}

Test(admission, many_at_once_all_come_back_once)
{
	struct submission *many[MANY];
	struct bench b;

	bench_prepare(&b);
	bench_start(&b, 4);
	make_many(&b, many);
	while (b.done < MANY)
		cr_assert(back_turn(&b.back));
	free_many(&b, many);
	bench_stop(&b);
}

Test(admission, at_the_end_all_that_was_submitted_is_done_first)
{
	struct submission *many[MANY];
	struct bench b;

	bench_prepare(&b);
	bench_start(&b, 4);
	make_many(&b, many);
	admission_stopp(&b.admission);
	committer_stopp(&b.committer);
	while (b.done < MANY)
		cr_assert(back_turn(&b.back));
	free_many(&b, many);
	bench_stop(&b);
}
