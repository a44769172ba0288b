/*
 * loop_fixture.h: a loop with the daemon's channel into it, run until
 * something is so.
 */
#ifndef TESTS_UNIT_QMGR_LOOP_FIXTURE_H
#define TESTS_UNIT_QMGR_LOOP_FIXTURE_H

#include <ev.h>

#include "tests/unit/admit/fixture.h"

struct test_loop {
	struct ev_loop *loop;
	ev_async wake;
	ev_timer deadline;
	bool late;
	struct channel back;
	int came_back; /* tasks */
};

static void
test_loop_on_back(struct ev_loop *loop, ev_async *wake, int events)
{
	struct test_loop *t = wake->data;
	struct task *task = channel_take_ready(&t->back), *next;

	(void)loop;
	(void)events;
	for (; task != NULL; task = next) {
		next = task->next;
		t->came_back++;
		task->done(task);
	}
}

static void
test_loop_on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	((struct test_loop *)timer->data)->late = true;
}

static void
test_loop_wake(void *ctx)
{
	struct test_loop *t = ctx;

	ev_async_send(t->loop, &t->wake);
}

static UNUSED void
test_loop_start(struct test_loop *t)
{
	*t = (struct test_loop){ .loop = ev_loop_new(EVFLAG_AUTO) };
	cr_assert_not_null(t->loop);
	channel_init(&t->back, test_loop_wake, t);
	ev_async_init(&t->wake, test_loop_on_back);
	t->wake.data = t;
	ev_async_start(t->loop, &t->wake);
	ev_init(&t->deadline, test_loop_on_deadline);
	t->deadline.data = t;
}

/* Everything that is ready now, and what becomes ready by it. */
static UNUSED void
test_loop_drain(struct test_loop *t)
{
	test_loop_on_back(t->loop, &t->wake, 0);
}

static UNUSED void
test_loop_stop(struct test_loop *t)
{
	channel_done(&t->back);
	ev_loop_destroy(t->loop);
}

/* Runs until it is so; false: it was not within seconds. */
static UNUSED bool
test_loop_until(struct test_loop *t, bool (*is_so)(void *ctx), void *ctx, double seconds)
{
	t->late = false;
	ev_now_update(t->loop);
	ev_timer_stop(t->loop, &t->deadline);
	ev_timer_set(&t->deadline, seconds, 0);
	ev_timer_start(t->loop, &t->deadline);
	while (!is_so(ctx) && !t->late)
		ev_run(t->loop, EVRUN_ONCE);
	ev_timer_stop(t->loop, &t->deadline);
	return is_so(ctx);
}

#endif
