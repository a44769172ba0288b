/*
 * daemon_state.h: the daemon, for the files it is made of.
 *
 * daemon.c has the loop, its start and its end; parts.c what runs in it and
 * beside it; intake_host.c what intakes hand in and what becomes of that;
 * errand.c asks small things of the committer; reload.c changes what is in
 * force. All of it runs in the loop's thread, and nobody else knows the struct.
 */
#ifndef QMGR_DAEMON_STATE_H
#define QMGR_DAEMON_STATE_H

#include <ev.h>

#include "qmgr/admission.h"
#include "qmgr/control.h"
#include "qmgr/daemon.h"
#include "qmgr/digest.h"
#include "qmgr/file_watch.h"
#include "qmgr/intake.h"
#include "qmgr/rejudge.h"
#include "qmgr/retention.h"
#include "qmgr/routes.h"

enum { DAEMON_INTAKES = 2 };

struct daemon {
	struct ev_loop *loop;
	const char *config_path;
	struct settings *settings;
	struct policy *policy;
	char *store_path, *folder, *hostname; /* copies: settings may be replaced */
	int lock_fd;
	struct store *store;
	struct crashmark *crashmark;
	struct committer *committer;
	struct admission *admission;
	struct routes *routes;
	struct control *control;
	struct retention *retention;
	struct rejudge *rejudge;
	struct daily *daily;
	struct file_watch *list; /* domains_file */
	struct intake_host host;
	void *intake_states[DAEMON_INTAKES];
	bool intake_started[DAEMON_INTAKES];
	bool paused; /* the intakes */
	int64_t backlog_bytes, backlog_messages;
	struct channel back;
	ev_async back_ready;
	ev_prepare before_sleep;
	ev_signal on_hup, on_term, on_int;
	ev_timer drain_timer;
	bool reloading, reload_again, ending;
	int drain_left_ms;
	size_t errands; /* under way */
};

/* Tells systemd, if there is one. */
void daemon_notify(const char *state);
/* Calls done of every task that is back in the loop. */
void daemon_take_back(struct daemon *daemon);

/* The store, the threads and everything that uses them; the loop is there. -1: err. */
int parts_start(struct daemon *daemon, struct error *err);
/* The reverse, from wherever parts_start got to. */
void parts_stop(struct daemon *daemon);
void parts_pause_intakes(struct daemon *daemon, bool paused);
/* Nothing new is begun; parts_busy until what is under way has ended. */
void parts_drain(struct daemon *daemon);
bool parts_busy(const struct daemon *daemon);

/* Pauses the intakes, or lets them go on, by how much waits for a commit. */
void backlog_check(struct daemon *daemon);

/* The text of the policy in force is with the committer before any record that names it. */
void errand_put_policy(struct daemon *daemon);
/* Those answers were lost (store_answer_lost). The ids become the errand's. */
void errand_answer_lost_take(struct daemon *daemon, int64_t *ids, size_t ids_len);

/* Both files are read again; once more when it was asked for meanwhile. */
void reload(struct daemon *daemon);

#endif
