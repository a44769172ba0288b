/* test_channel.c: what was put is taken once, in its order, also after a close. */
#include "base/channel.h"

#include <signal.h>
#include <stdatomic.h>

#include "tests/unit/admit/fixture.h"

struct item {
	struct task task; /* first */
	int producer, number;
	bool taken;
};

static int
number_of(const struct task *task)
{
	return ((const struct item *)task)->number;
}

static void
count_wakes(void *ctx)
{
	++*(int *)ctx;
}

static void
put_numbers(struct channel *channel, struct item *items, int len)
{
	for (int i = 0; i < len; i++) {
		items[i].number = i;
		channel_put(channel, &items[i].task);
	}
}

Test(channel, tasks_come_out_in_the_order_they_went_in)
{
	struct channel channel;
	struct item items[100] = { 0 };

	channel_init(&channel, NULL, NULL);
	put_numbers(&channel, items, 100);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(number_of(channel_take(&channel)), i);
	channel_done(&channel);
}

Test(channel, take_some_takes_the_oldest_and_leaves_the_rest_in_order)
{
	struct channel channel;
	struct item items[10] = { 0 };
	struct task *some;

	channel_init(&channel, NULL, NULL);
	put_numbers(&channel, items, 10);
	some = channel_take_some(&channel, 4);
	for (int i = 0; i < 4; i++, some = some->next)
		cr_assert_eq(number_of(some), i);
	cr_assert_null(some);
	some = channel_take_some(&channel, 100);
	for (int i = 4; i < 10; i++, some = some->next)
		cr_assert_eq(number_of(some), i);
	cr_assert_null(some);
	channel_done(&channel);
}

Test(channel, a_channel_that_was_emptied_works_again)
{
	struct channel channel;
	struct item items[6] = { 0 };

	channel_init(&channel, NULL, NULL);
	for (int round = 0; round < 3; round++) {
		put_numbers(&channel, items, 3);
		cr_assert_not_null(round == 0 ? channel_take_ready(&channel)
					      : channel_take_some(&channel, 3));
		cr_assert_null(channel_take_ready(&channel));
	}
	put_numbers(&channel, items, 1);
	cr_assert_eq(channel_take(&channel), &items[0].task);
	channel_done(&channel);
}

Test(channel, take_ready_of_an_empty_channel_does_not_wait)
{
	struct channel channel;

	channel_init(&channel, NULL, NULL);
	cr_assert_null(channel_take_ready(&channel));
	channel_close(&channel);
	cr_assert_null(channel_take_ready(&channel));
	channel_done(&channel);
}

Test(channel, a_list_that_is_put_whole_keeps_its_order_and_wakes_once)
{
	struct channel channel;
	struct item items[5] = { 0 };
	struct task *task;
	int wakes = 0;

	channel_init(&channel, count_wakes, &wakes);
	put_numbers(&channel, items, 2);
	cr_assert_eq(wakes, 2);
	for (int i = 2; i < 5; i++) {
		items[i].number = i;
		items[i].task.next = i < 4 ? &items[i + 1].task : NULL;
	}
	channel_put_all(&channel, &items[2].task);
	cr_assert_eq(wakes, 3);
	task = channel_take_ready(&channel);
	for (int i = 0; i < 5; i++, task = task->next)
		cr_assert_eq(number_of(task), i);
	cr_assert_null(task);
	channel_done(&channel);
}

Test(channel, after_a_close_takers_get_what_is_left_and_then_nothing)
{
	struct channel channel;
	struct item items[3] = { 0 };

	channel_init(&channel, NULL, NULL);
	put_numbers(&channel, items, 3);
	channel_close(&channel);
	cr_assert_eq(channel_take(&channel), &items[0].task);
	cr_assert_eq(channel_take_some(&channel, 10), &items[1].task);
	cr_assert_null(channel_take(&channel));
	cr_assert_null(channel_take_some(&channel, 10));
	channel_done(&channel);
}

/* ---- threads ----------------------------------------------------------- */

static void *
take_one(void *arg)
{
	return channel_take(arg);
}

Test(channel, a_taker_that_waits_is_woken_by_a_put)
{
	struct channel channel;
	struct item item = { .number = 7 };
	pthread_t thread;
	void *taken;

	channel_init(&channel, NULL, NULL);
	thread_start(&thread, "taker", take_one, &channel);
	channel_put(&channel, &item.task);
	cr_assert_eq(pthread_join(thread, &taken), 0);
	cr_assert_eq(taken, (void *)&item);
	channel_done(&channel);
}

Test(channel, all_takers_that_wait_are_woken_by_a_close)
{
	struct channel channel;
	pthread_t threads[4];
	void *taken;

	channel_init(&channel, NULL, NULL);
	for (size_t i = 0; i < COUNT(threads); i++)
		thread_start(&threads[i], "taker", take_one, &channel);
	channel_close(&channel);
	for (size_t i = 0; i < COUNT(threads); i++) {
		cr_assert_eq(pthread_join(threads[i], &taken), 0);
		cr_assert_null(taken);
	}
	channel_done(&channel);
}

enum { PRODUCERS = 4, EACH = 2000 };

struct producer {
	struct channel *channel;
	struct item items[EACH];
};

static void *
produce(void *arg)
{
	struct producer *p = arg;

	for (int i = 0; i < EACH; i++)
		channel_put(p->channel, &p->items[i].task);
	return NULL;
}

/* Takes until the end; each producer's tasks are seen in that producer's order. */
static void *
consume(void *arg)
{
	int last[PRODUCERS];
	struct task *task;
	intptr_t count = 0;

	for (int i = 0; i < PRODUCERS; i++)
		last[i] = -1;
	while ((task = channel_take(arg)) != NULL) {
		struct item *item = (struct item *)task;

		if (item->taken || item->number <= last[item->producer])
			return (void *)-1;
		item->taken = true;
		last[item->producer] = item->number;
		count++;
	}
	return (void *)count;
}

static struct producer *
producers_new(struct channel *channel)
{
	struct producer *producers = xcalloc(PRODUCERS, sizeof(*producers));

	for (int p = 0; p < PRODUCERS; p++) {
		producers[p].channel = channel;
		for (int i = 0; i < EACH; i++) {
			producers[p].items[i].producer = p;
			producers[p].items[i].number = i;
		}
	}
	return producers;
}

Test(channel, of_many_producers_and_takers_nothing_is_lost_doubled_or_out_of_order)
{
	struct channel channel;
	AUTO(freep) struct producer *producers = NULL;
	pthread_t makers[PRODUCERS], takers[3];
	intptr_t total = 0;
	void *count;

	channel_init(&channel, NULL, NULL);
	producers = producers_new(&channel);
	for (size_t i = 0; i < COUNT(takers); i++)
		thread_start(&takers[i], "taker", consume, &channel);
	for (int i = 0; i < PRODUCERS; i++)
		thread_start(&makers[i], "maker", produce, &producers[i]);
	for (int i = 0; i < PRODUCERS; i++)
		cr_assert_eq(pthread_join(makers[i], NULL), 0);
	channel_close(&channel);
	for (size_t i = 0; i < COUNT(takers); i++) {
		cr_assert_eq(pthread_join(takers[i], &count), 0);
		cr_assert_neq((intptr_t)count, -1, "a task came twice or too early");
		total += (intptr_t)count;
	}
	cr_assert_eq(total, PRODUCERS * EACH);
	channel_done(&channel);
}

static void *
look_at_signals(void *arg)
{
	return pthread_sigmask(SIG_SETMASK, NULL, arg) == 0 ? arg : NULL;
}

Test(channel, a_thread_is_sent_no_signal_but_those_of_its_own_crashes)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	static const int others[] = { SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGPIPE, SIGALRM };
	sigset_t before, after, inside;
	pthread_t thread;

	cr_assert_eq(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	thread_start(&thread, "looker", look_at_signals, &inside);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_eq(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (size_t i = 0; i < COUNT(own); i++)
		cr_assert_eq(sigismember(&inside, own[i]), 0);
	for (size_t i = 0; i < COUNT(others); i++) {
		cr_assert_eq(sigismember(&inside, others[i]), 1);
		cr_assert_eq(sigismember(&after, others[i]), sigismember(&before, others[i]),
			     "the starter's own mask is as it was");
	}
}
