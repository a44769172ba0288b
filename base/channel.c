/*
 * channel.c: a mutex, a condition and a linked list.
 *
 * Promises order and no loss: what was put is taken once, also after a close.
 */
#include "base/channel.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

void
channel_init(struct channel *channel, void (*wake)(void *ctx), void *ctx)
{
	(void)pthread_mutex_init(&channel->lock, NULL);
	(void)pthread_cond_init(&channel->ready, NULL);
	channel->head = NULL;
	channel->tail = &channel->head;
	channel->closed = false;
	channel->wake = wake;
	channel->wake_ctx = ctx;
}

void
channel_done(struct channel *channel)
{
	assert(channel->head == NULL);
	(void)pthread_cond_destroy(&channel->ready);
	(void)pthread_mutex_destroy(&channel->lock);
}

/* The lock is held. */
static void
append(struct channel *channel, struct task *first, struct task *last)
{
	assert(!channel->closed);
	*channel->tail = first;
	channel->tail = &last->next;
}

void
channel_put_all(struct channel *channel, struct task *first)
{
	struct task *last = first;

	while (last->next != NULL)
		last = last->next;
	(void)pthread_mutex_lock(&channel->lock);
	append(channel, first, last);
	if (first == last)
		(void)pthread_cond_signal(&channel->ready);
	else
		(void)pthread_cond_broadcast(&channel->ready);
	(void)pthread_mutex_unlock(&channel->lock);
	if (channel->wake != NULL)
		channel->wake(channel->wake_ctx);
}

void
channel_put(struct channel *channel, struct task *task)
{
	task->next = NULL;
	channel_put_all(channel, task);
}

void
channel_put_quietly(struct channel *channel, struct task *task)
{
	task->next = NULL;
	(void)pthread_mutex_lock(&channel->lock);
	append(channel, task, task);
	(void)pthread_mutex_unlock(&channel->lock);
}

void
channel_nudge(struct channel *channel)
{
	(void)pthread_mutex_lock(&channel->lock);
	(void)pthread_cond_signal(&channel->ready);
	(void)pthread_mutex_unlock(&channel->lock);
}

void
channel_close(struct channel *channel)
{
	(void)pthread_mutex_lock(&channel->lock);
	channel->closed = true;
	(void)pthread_cond_broadcast(&channel->ready);
	(void)pthread_mutex_unlock(&channel->lock);
}

/* The first `most` tasks; the lock is held and the list is not empty. */
static struct task *
cut(struct channel *channel, size_t most)
{
	struct task *first = channel->head;
	struct task *last = first;

	while (--most > 0 && last->next != NULL)
		last = last->next;
	channel->head = last->next;
	if (channel->head == NULL)
		channel->tail = &channel->head;
	last->next = NULL;
	return first;
}

struct task *
channel_take_some(struct channel *channel, size_t most)
{
	struct task *tasks = NULL;

	(void)pthread_mutex_lock(&channel->lock);
	while (channel->head == NULL && !channel->closed)
		(void)pthread_cond_wait(&channel->ready, &channel->lock);
	if (channel->head != NULL)
		tasks = cut(channel, most);
	(void)pthread_mutex_unlock(&channel->lock);
	return tasks;
}

struct task *
channel_take(struct channel *channel)
{
	return channel_take_some(channel, 1);
}

struct task *
channel_take_ready(struct channel *channel)
{
	struct task *tasks;

	(void)pthread_mutex_lock(&channel->lock);
	tasks = channel->head;
	channel->head = NULL;
	channel->tail = &channel->head;
	(void)pthread_mutex_unlock(&channel->lock);
	return tasks;
}

void
thread_start(pthread_t *thread, const char *name, void *(*entry)(void *arg), void *arg)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	sigset_t blocked, before;

	(void)sigfillset(&blocked);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(&blocked, own[i]);
	(void)pthread_sigmask(SIG_SETMASK, &blocked, &before);
	if (pthread_create(thread, NULL, entry, arg) != 0) {
		(void)fputs("cannot start a thread\n", stderr);
		abort();
	}
	(void)pthread_setname_np(*thread, name);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}
