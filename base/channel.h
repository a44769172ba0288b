/*
 * channel.h: tasks handed from one thread to another.
 *
 * The only thing that threads share: an unbounded first-in-first-out list of
 * tasks under a mutex. What bounds it is the loop, which stops its intakes
 * (intake.h). A task belongs to whoever took it.
 */
#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Embedded as the first member of what it stands for. */
struct task {
	struct task *next;
	/* In the pool (ctx is the struct admission). True: it goes back to the loop now. */
	bool (*run)(struct task *task, void *ctx);
	void (*done)(struct task *task); /* in the loop, afterwards */
};

struct channel {
	pthread_mutex_t lock;
	pthread_cond_t ready;
	struct task *head, **tail;
	bool closed;
	void (*wake)(void *ctx); /* called after a put, outside the lock; may be NULL */
	void *wake_ctx;
};

void channel_init(struct channel *channel, void (*wake)(void *ctx), void *ctx);
void channel_done(struct channel *channel); /* must be empty */

void channel_put(struct channel *channel, struct task *task);
/* A linked list, in its order, with one wake. */
void channel_put_all(struct channel *channel, struct task *first);
/* As channel_put, but a taker that sleeps goes on sleeping until channel_nudge or another put. */
void channel_put_quietly(struct channel *channel, struct task *task);
void channel_nudge(struct channel *channel);
/* Nothing is put any more; takers get what is left, then NULL. */
void channel_close(struct channel *channel);

/* The oldest task; waits for one. NULL: closed and empty. */
struct task *channel_take(struct channel *channel);
/* Up to most tasks, linked, oldest first; waits for the first. NULL: closed and empty. */
struct task *channel_take_some(struct channel *channel, size_t most);
/* All there are, linked; never waits. */
struct task *channel_take_ready(struct channel *channel);

/* A named thread that is sent no signal but those of its own crashes; without it the process ends.
 */
void thread_start(pthread_t *thread, const char *name, void *(*entry)(void *arg), void *arg);

#endif
