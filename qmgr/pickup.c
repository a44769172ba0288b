/*
 * pickup.c: waiting, sending, settling.
 *
 *	pickup_send ──► waiting ──► a free client ──► settling (pool) ──► done
 *	                   ▲           │ no contact      │ cannot
 *	                   └── rest ◄──┘                 └──► again in a while
 *
 * Promises that the folder says what the relay said before a mail is done. A
 * crash between the relay's 250 and that sends the mail again: the file lay in
 * .ndrq and is read at the next start. Nobody can be told apart from a 250
 * that was lost on its way, so the same holds for a connection that breaks
 * behind the final dot.
 *
 * Who waits is bounded by the folder's files under way.
 */
#include "qmgr/pickup.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "admit/pickup_file.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "qmgr/smtp_client.h"
#include "qmgr/smtp_command.h"

enum {
	CONNECT_TIMEOUT_MS = 30000,
	REPLY_TIMEOUT_MS = 300000,
	FINAL_TIMEOUT_MS = 600000, /* RFC 5321 4.5.3.2.6 */
	IDLE_TIMEOUT_MS = 5000,
	REST_MIN_S = 1,
	REST_MAX_S = 60,
	AGAIN_S = 5,
};

struct client {
	struct smtp_client *smtp;
	struct mail *mail; /* being sent; NULL: free */
};

/* One mail on its way. */
struct mail {
	struct task task; /* first: its settling */
	struct mail *next;
	struct pickup_sender *sender;
	struct client *client;
	struct pickup_settling settling;
	struct error err;
	bool failed;
	struct buffer header;
	struct smtp_rcpt *rcpts; /* those that a command can carry */
	size_t *numbers;         /* of each, in the envelope */
	size_t rcpts_len;
	void (*done)(void *ctx, struct folder_file *file);
	void *ctx;
};

struct pickup_sender {
	const struct intake_host *host;
	struct client *clients;
	size_t clients_len;
	struct mail *waiting, **waiting_tail;
	struct mail *unsettled;
	int rest_s; /* the pause after the next failure to reach the relay */
	ev_timer rest, again;
	bool draining;
};

static void next_mail(struct pickup_sender *sender);

static struct folder_file *
file_of(const struct mail *m)
{
	return m->settling.file;
}

static const char *const mail_events[] = {
	[SMTP_DONE] = "mail-sent",        [SMTP_RETRY] = "mail-deferred",
	[SMTP_NO_CONTACT] = "mail-waits", [SMTP_UNKNOWN] = "mail-outcome-unknown",
	[SMTP_REFUSED] = "mail-refused",
};

/* rcpt NULL: nobody in particular. */
static void
log_mail(const struct mail *m, enum smtp_outcome outcome, const char *rcpt, const char *reply)
{
	static const int levels[] = {
		[SMTP_DONE] = LOG_INFO,          [SMTP_RETRY] = LOG_NOTICE,
		[SMTP_NO_CONTACT] = LOG_WARNING, [SMTP_UNKNOWN] = LOG_ERR,
		[SMTP_REFUSED] = LOG_WARNING,
	};

	log_event(levels[outcome], mail_events[outcome], LOG_S("path", file_of(m)->folder),
		  LOG_S("name", file_of(m)->name), LOG_S("sender", file_of(m)->envelope.sender),
		  LOG_S("rcpt", rcpt), LOG_S("reply", reply));
}

/* ---- the end of one ------------------------------------------------------------- */

static void
mail_free(struct mail *m)
{
	for (size_t i = 0; i < file_of(m)->envelope.rcpts_len; i++)
		free(m->settling.results[i].reply);
	free(m->settling.results);
	free(m->settling.stem);
	buffer_done(&m->header);
	free(m->rcpts);
	free(m->numbers);
	free(m);
}

static void
mail_done(struct mail *m)
{
	struct folder_file *file = file_of(m);
	void (*done)(void *, struct folder_file *) = m->done;
	void *ctx = m->ctx;

	mail_free(m);
	done(ctx, file);
}

/* In the pool. */
static bool
settle_run(struct task *task, void *ctx)
{
	struct mail *m = (struct mail *)task;

	(void)ctx;
	m->failed = pickup_file_settle(&m->settling, clock_now_ms(), &m->err) < 0;
	return true;
}

static void
settle_done(struct task *task)
{
	struct mail *m = (struct mail *)task;
	struct pickup_sender *sender = m->sender;

	if (!m->failed || sender->draining) {
		mail_done(m);
		return;
	}
	log_event(LOG_ERR, "mail-not-settled", LOG_S("path", file_of(m)->folder),
		  LOG_S("name", file_of(m)->name), LOG_S("reason", m->err.text));
	m->next = sender->unsettled;
	sender->unsettled = m;
	if (!ev_is_active(&sender->again)) {
		ev_timer_set(&sender->again, AGAIN_S, 0);
		ev_timer_start(sender->host->loop, &sender->again);
	}
}

static void
settle(struct mail *m)
{
	m->task.run = settle_run;
	m->task.done = settle_done;
	intake_run(m->sender->host, &m->task);
}

static void
on_again(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct pickup_sender *sender = timer->data;
	struct mail *m = TAKE(sender->unsettled), *next;

	(void)loop;
	(void)events;
	for (; m != NULL; m = next) {
		next = m->next;
		settle(m);
	}
}

/* ---- sending ------------------------------------------------------------------------ */

static void
set_result(struct mail *m, size_t number, enum smtp_outcome outcome, const char *reply)
{
	struct pickup_result *r = &m->settling.results[number];
	const char *rcpt = file_of(m)->envelope.rcpts[number].path;

	free(r->reply);
	r->reply = xstrdup(reply);
	r->fate = outcome == SMTP_DONE      ? PICKUP_SENT
		  : outcome == SMTP_REFUSED ? PICKUP_REFUSED
					    : PICKUP_LATER;
	log_mail(m, outcome, rcpt, reply);
}

static void
on_rcpt_refused(void *ctx, size_t number, enum smtp_outcome outcome, const char *reply)
{
	struct mail *m = ctx;

	set_result(m, m->numbers[number], outcome, reply);
}

static void
wait_in_front(struct mail *m)
{
	struct pickup_sender *sender = m->sender;

	m->next = sender->waiting;
	if (sender->waiting == NULL)
		sender->waiting_tail = &m->next;
	sender->waiting = m;
}

/* Nothing is wrong with this mail: it is the first again when the relay can be tried. */
static void
not_reached(struct mail *m, const char *reply)
{
	struct pickup_sender *sender = m->sender;

	log_mail(m, SMTP_NO_CONTACT, NULL, reply);
	if (sender->draining) {
		mail_done(m);
		return;
	}
	wait_in_front(m);
	sender->rest_s = sender->rest_s == 0 ? REST_MIN_S : sender->rest_s * 2;
	if (sender->rest_s > REST_MAX_S)
		sender->rest_s = REST_MAX_S;
	ev_timer_stop(sender->host->loop, &sender->rest);
	ev_timer_set(&sender->rest, sender->rest_s, 0);
	ev_timer_start(sender->host->loop, &sender->rest);
}

static void
on_sent(void *ctx, enum smtp_outcome outcome, const char *reply)
{
	struct mail *m = ctx;
	struct pickup_sender *sender = m->sender;

	m->client->mail = NULL;
	m->client = NULL;
	if (outcome == SMTP_NO_CONTACT) {
		not_reached(m, reply);
		return;
	}
	sender->rest_s = 0;
	for (size_t i = 0; i < m->rcpts_len; i++)
		if (m->settling.results[m->numbers[i]].reply == NULL)
			set_result(m, m->numbers[i], outcome, reply);
	settle(m);
	next_mail(sender);
}

static bool
is_8bit(struct span body)
{
	for (size_t i = 0; i < body.len; i++)
		if ((unsigned char)body.data[i] >= 0x80)
			return true;
	return false;
}

/* RFC 5321 4.4: a trace line; not one that could be taken for a released record's. */
static void
fill_header(struct mail *m, struct span *ret_body)
{
	struct span bytes = spool_bytes(file_of(m)->submission->spool);
	char date[CLOCK_RFC5322_SIZE];

	buffer_clear(&m->header);
	buffer_printf(&m->header, "Received: by %s (ndrq pickup);\r\n\t%s\r\n",
		      m->sender->host->settings->hostname,
		      clock_format_rfc5322(clock_now_ms(), date));
	pickup_add_header(bytes, &m->header, ret_body);
}

static void
send_by(struct client *client, struct mail *m)
{
	const struct pickup *p = &file_of(m)->envelope;
	struct smtp_mail mail = {
		.sender = span_of(p->sender),
		.rcpt = m->rcpts[0].rcpt,
		.orcpt = m->rcpts[0].orcpt,
		.notify = m->rcpts[0].notify,
		.others = m->rcpts + 1,
		.others_len = m->rcpts_len - 1,
		.refused = on_rcpt_refused,
		.ret = p->ret,
		.envid = p->envid,
	};

	fill_header(m, &mail.body);
	mail.header = buffer_span(&m->header);
	mail.body_8bit = is_8bit(mail.header) || is_8bit(mail.body);
	client->mail = m;
	m->client = client;
	smtp_client_send(client->smtp, &mail, on_sent, m);
}

/* One at a time while the relay is hard to reach. */
static struct client *
free_client(struct pickup_sender *sender)
{
	struct client *found = NULL;

	for (size_t i = 0; i < sender->clients_len; i++) {
		if (sender->clients[i].mail == NULL)
			found = &sender->clients[i];
		else if (sender->rest_s > 0)
			return NULL;
	}
	return found;
}

static void
next_mail(struct pickup_sender *sender)
{
	struct client *client;

	while (sender->waiting != NULL && !sender->draining && !ev_is_active(&sender->rest) &&
	       (client = free_client(sender)) != NULL) {
		struct mail *m = sender->waiting;

		sender->waiting = m->next;
		if (sender->waiting == NULL)
			sender->waiting_tail = &sender->waiting;
		send_by(client, m);
	}
}

static void
on_rest(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	next_mail(timer->data);
}

/* Those that no command can carry are refused here. */
static void
choose_rcpts(struct mail *m)
{
	const struct pickup *p = &file_of(m)->envelope;

	m->rcpts = xcalloc(p->rcpts_len, sizeof(m->rcpts[0]));
	m->numbers = xcalloc(p->rcpts_len, sizeof(m->numbers[0]));
	for (size_t i = 0; i < p->rcpts_len; i++) {
		const struct pickup_rcpt *r = &p->rcpts[i];
		const char *objection = smtp_rcpt_objection(span_of(r->path));

		if (objection != NULL) {
			AUTO(freep)
			char *why = xasprintf("it cannot be sent by SMTP: %s", objection);

			set_result(m, i, SMTP_REFUSED, why);
			continue;
		}
		m->numbers[m->rcpts_len] = i;
		m->rcpts[m->rcpts_len++] =
			(struct smtp_rcpt){ span_of(r->path), r->orcpt, r->notify };
	}
}

void
pickup_send(struct pickup_sender *sender, struct folder_file *file,
	    void (*done)(void *ctx, struct folder_file *file), void *ctx)
{
	const struct settings *settings = sender->host->settings;
	struct mail *m = xcalloc(1, sizeof(*m));

	m->sender = sender;
	m->done = done;
	m->ctx = ctx;
	m->settling.file = file;
	m->settling.results = xcalloc(file->envelope.rcpts_len + 1, sizeof(m->settling.results[0]));
	m->settling.retry_min_ms = settings->release.retry_min_ms;
	m->settling.retry_max_ms = settings->release.retry_max_ms;
	m->settling.unsendable = pickup_file_objection(file);
	if (sender->draining) {
		mail_done(m);
		return;
	}
	if (m->settling.unsendable != NULL) {
		log_mail(m, SMTP_REFUSED, NULL, m->settling.unsendable);
		settle(m);
		return;
	}
	choose_rcpts(m);
	if (m->rcpts_len == 0) {
		settle(m);
		return;
	}
	*sender->waiting_tail = m;
	sender->waiting_tail = &m->next;
	next_mail(sender);
}

/* ---- start and stop -------------------------------------------------------------------- */

int
pickup_sender_new(const struct intake_host *host, const char *relay,
		  struct pickup_sender **ret_sender, struct error *err)
{
	const struct smtp_client_options options = {
		.relay = relay,
		.hostname = host->settings->hostname,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.reply_timeout_ms = REPLY_TIMEOUT_MS,
		.final_timeout_ms = FINAL_TIMEOUT_MS,
		.idle_timeout_ms = IDLE_TIMEOUT_MS,
	};
	AUTO(pickup_sender_freep) struct pickup_sender *sender = xcalloc(1, sizeof(*sender));

	sender->host = host;
	sender->waiting_tail = &sender->waiting;
	ev_init(&sender->rest, on_rest);
	ev_init(&sender->again, on_again);
	sender->rest.data = sender->again.data = sender;
	sender->clients_len = (size_t)host->settings->release.sessions;
	sender->clients = xcalloc(sender->clients_len, sizeof(sender->clients[0]));
	for (size_t i = 0; i < sender->clients_len; i++)
		if (smtp_client_new(host->loop, &options, &sender->clients[i].smtp, err) < 0)
			return -1;
	*ret_sender = TAKE(sender);
	return 0;
}

static void
drop_all(struct mail **list)
{
	struct mail *m = TAKE(*list), *next;

	for (; m != NULL; m = next) {
		next = m->next;
		mail_done(m);
	}
}

void
pickup_sender_drain(struct pickup_sender *sender)
{
	sender->draining = true;
	ev_timer_stop(sender->host->loop, &sender->rest);
	ev_timer_stop(sender->host->loop, &sender->again);
	drop_all(&sender->waiting);
	sender->waiting_tail = &sender->waiting;
	drop_all(&sender->unsettled);
}

void
pickup_sender_freep(struct pickup_sender **ret_sender)
{
	struct pickup_sender *sender = *ret_sender;

	if (sender == NULL)
		return;
	pickup_sender_drain(sender);
	for (size_t i = 0; i < sender->clients_len; i++) {
		smtp_client_freep(&sender->clients[i].smtp);
		if (sender->clients[i].mail != NULL)
			mail_done(sender->clients[i].mail);
	}
	free(sender->clients);
	free(sender);
	*ret_sender = NULL;
}
