/*
 * folder_client.c: a file a message, by a thread of its own.
 *
 *	loop: send ──jobs──► thread: write, sync, rename ──back──► loop: done
 *
 * Promises that done is called once, in the loop, after the file and its name
 * are synced. What the thread works on is borrowed from the sender until then;
 * freeing the client waits for the thread.
 */
#include "qmgr/folder_client.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qmgr/smtp_command.h"
#include "qmgr/wire.h"

/* One message on its way; outlives a client that is freed meanwhile. */
struct writing {
	struct task task;             /* first */
	struct folder_client *client; /* NULL: it is gone */
	struct smtp_mail mail;
	enum smtp_outcome outcome;
	char *reply;
};

struct folder_client {
	bool replay, dot_stuff;
	char *folder, *temporary;
	struct channel jobs;
	struct channel *back;
	pthread_t thread;
	struct writing *under_way;
	smtp_client_done *done;
	void *ctx;
};

/* ---- the file ---------------------------------------------------------- */

/* "MAIL FROM:<> BODY=…" behind another word: the parameters are the same. */
static void
add_line(struct buffer *out, const char *word, const struct buffer *command)
{
	const char *colon = memchr(command->data, ':', command->len);
	size_t at = (size_t)(colon + 1 - command->data);

	buffer_printf(out, "%s: ", word);
	buffer_add(out, command->data + at, command->len - at);
}

static void
add_replay_envelope(struct buffer *out, const struct smtp_mail *mail)
{
	const unsigned extensions = SMTP_8BITMIME | SMTP_DSN;
	AUTO(buffer_done) struct buffer from = { 0 };
	AUTO(buffer_done) struct buffer to = { 0 };

	smtp_add_mail(&from, mail, extensions);
	smtp_add_rcpt(&to, mail, 0, extensions);
	add_line(out, "X-Sender", &from);
	add_line(out, "X-Receiver", &to);
}

static void
add_pickup_envelope(struct buffer *out, const struct smtp_mail *mail)
{
	buffer_add_str(out, "x-sender: <>\r\nx-receiver: ");
	buffer_add(out, mail->rcpt.data, mail->rcpt.len);
	buffer_add_str(out, "\r\n");
}

static void
add_message(struct buffer *out, const struct smtp_mail *mail, bool dot_stuff)
{
	struct wire_dot lines = { .plain = !dot_stuff };

	wire_dot(&lines, mail->header, out);
	wire_dot(&lines, mail->body, out);
	wire_dot_finish_line(&lines, out);
}

static int
write_file(const struct folder_client *c, const struct smtp_mail *mail, char **ret_name,
	   struct error *err)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(freep) char *name = xasprintf("%s.eml", mail->name);
	struct span part;

	if (mkdir(c->temporary, 0770) < 0 && errno != EEXIST)
		return error_errno(err, "%s", c->temporary);
	if (c->replay)
		add_replay_envelope(&text, mail);
	else
		add_pickup_envelope(&text, mail);
	add_message(&text, mail, c->dot_stuff);
	part = buffer_span(&text);
	if (file_publish_by(c->temporary, c->folder, name, &part, 1, 0660, err) < 0)
		return -1;
	*ret_name = TAKE(name);
	return 0;
}

static void
write_one(struct writing *w, const struct folder_client *c)
{
	const char *objection = smtp_rcpt_objection(w->mail.rcpt);
	AUTO(freep) char *name = NULL;
	struct error err = { 0 };

	if (objection != NULL) {
		w->outcome = SMTP_REFUSED;
		w->reply = xasprintf("not sent: no file can name this recipient: %s", objection);
	} else if (write_file(c, &w->mail, &name, &err) < 0) {
		w->outcome = SMTP_NO_CONTACT;
		w->reply = xstrdup(err.text);
	} else {
		w->outcome = SMTP_DONE;
		w->reply = xasprintf("written as %s/%s", c->folder, name);
	}
}

static void *
thread_main(void *arg)
{
	struct folder_client *c = arg;
	struct task *task;

	while ((task = channel_take(&c->jobs)) != NULL) {
		write_one((struct writing *)task, c);
		channel_put(c->back, task);
	}
	return NULL;
}

/* ---- in the loop ------------------------------------------------------- */

static void
on_written(struct task *task)
{
	struct writing *w = (struct writing *)task;
	struct folder_client *c = w->client;

	if (c != NULL) {
		c->under_way = NULL;
		c->done(c->ctx, w->outcome, w->reply);
	}
	free(w->reply);
	free(w);
}

struct folder_client *
folder_client_new(const struct settings_release *to, struct channel *back)
{
	struct folder_client *c = xcalloc(1, sizeof(*c));

	c->replay = to->replay != NULL;
	c->folder = xstrdup(c->replay ? to->replay : to->pickup);
	c->temporary = xstrdup(to->temporary);
	c->dot_stuff = to->dot_stuff;
	c->back = back;
	channel_init(&c->jobs, NULL, NULL);
	thread_start(&c->thread, "ndrqd-folder", thread_main, c);
	return c;
}

bool
folder_client_busy(const struct folder_client *c)
{
	return c->under_way != NULL;
}

void
folder_client_send(struct folder_client *c, const struct smtp_mail *mail, smtp_client_done *done,
		   void *ctx)
{
	struct writing *w = xcalloc(1, sizeof(*w));

	assert(c->under_way == NULL);
	w->task.done = on_written;
	w->client = c;
	w->mail = *mail;
	c->done = done;
	c->ctx = ctx;
	c->under_way = w;
	channel_put(&c->jobs, &w->task);
}

void
folder_client_freep(struct folder_client **ret_client)
{
	struct folder_client *c = *ret_client;

	if (c == NULL)
		return;
	channel_close(&c->jobs);
	(void)pthread_join(c->thread, NULL);
	if (c->under_way != NULL)
		c->under_way->client = NULL; /* it lies in back */
	channel_done(&c->jobs);
	free(c->folder);
	free(c->temporary);
	free(c);
	*ret_client = NULL;
}
