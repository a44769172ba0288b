/*
 * sweep_store.c: triplets move into the store.
 *
 *	read ──► judge ──► … a batch of them ──► COMMIT ──► files removed
 *
 * Promises that a file is removed only after the COMMIT that holds its bytes,
 * and only if it is still what was read. Killed between the two, the next run
 * meets the same bytes again; the store recognises them, and they are removed.
 *
 * Policy judges as it does for ndrqd, but nothing here is sent: badmail is
 * what a mail server could not return, and sending it by the thousand would
 * make it somebody's backscatter. What policy would send is held, by the rule
 * "badmail". Ordinary mail is not taken, nor what is larger than the store
 * would keep whole. Of a triplet without a message what there is takes its
 * place, so that it is kept and found by its error code.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admit/admit.h"
#include "admit/folder.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "facts/bdr.h"
#include "facts/facts.h"
#include "facts/pickup.h"
#include "policy/policy.h"
#include "review/open.h"
#include "review/output.h"
#include "review/sweep.h"

enum { BATCH = 256 };
#define BATCH_BYTES       ((int64_t)16 << 20)
#define SIDECAR_BYTES_MAX ((int64_t)1 << 20)
/* About what the rows and indices of one take (admission.c). */
#define ROW_BYTES         4096

/* One triplet that was read and is not yet committed. */
struct taking {
	struct badmail badmail;
	const char *why;
	struct submission *submission;
	struct buffer bytes[BADMAIL_PARTS]; /* of the message only until it is spooled */
	struct store_sidecar sidecars[BADMAIL_PARTS];
	struct bdr bdr;
	struct pickup envelope;
	struct error refusal; /* the store will never take it */
};

struct storer {
	struct workplace place;
	struct policy *policy;
	char *spool_folder;
	const char *route; /* of a row of `directories` for this folder; NULL: the common one */
	struct taking batch[BATCH];
	size_t batch_len;
	int64_t batch_bytes;
};

static void
taking_done(struct taking *t)
{
	submission_freep(&t->submission);
	for (int part = 0; part < BADMAIL_PARTS; part++)
		buffer_done(&t->bytes[part]);
	bdr_done(&t->bdr);
	pickup_done(&t->envelope);
}

static void
forget_batch(struct storer *storer)
{
	for (size_t i = 0; i < storer->batch_len; i++)
		taking_done(&storer->batch[i]);
	storer->batch_len = 0;
	storer->batch_bytes = 0;
}

/* ---- reading ------------------------------------------------------------ */

/* Result of a step about one triplet: 1 goes on, 0 it was reported and stays, −1 the run ends. */
static int
leave(struct sweep *sweep, const struct badmail *badmail, const char *why)
{
	sweep_report(sweep, &(struct sweep_line){ .outcome = SWEEP_LEFT,
						  .name = sweep_name(badmail),
						  .badmail = badmail,
						  .why = why });
	return 0;
}

/* Is the open file still the one that was found? */
static bool
is_found(int fd, const struct badmail_file *file)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == file->size_bytes &&
	       st.st_mtim.tv_sec == file->modified.tv_sec &&
	       st.st_mtim.tv_nsec == file->modified.tv_nsec;
}

static int
read_part(struct sweep *sweep, const struct badmail *badmail, int part, struct buffer *to,
	  struct error *err)
{
	const struct badmail_file *file = &badmail->parts[part];
	AUTO(closep)
	int fd = openat(sweep->folder_fd, file->name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char chunk[65536];
	int64_t got = 0;
	ssize_t n;

	if (fd < 0)
		return sweep_unreadable(sweep, badmail, errno, err);
	if (folder_is_in_use(fd))
		return sweep_refused(sweep, badmail, EBUSY, err);
	while (got <= file->size_bytes && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0)
			return sweep_unreadable(sweep, badmail, errno, err);
		buffer_add(to, chunk, (size_t)n);
		got += n;
	}
	if (got != file->size_bytes || !is_found(fd, file))
		return leave(sweep, badmail, "it changed while it was read");
	return 1;
}

/* What is not for the store, by what is known without reading. NULL: nothing. */
static const char *
why_not(const struct storer *storer, const struct badmail *b)
{
	if (badmail_size(b) == 0)
		return "it is empty; --archive and --delete take it";
	if (b->parts[BADMAIL_BAD].there &&
	    b->parts[BADMAIL_BAD].size_bytes > storer->place.settings->limits.size_bytes)
		return "it is larger than limits.size; --archive takes it";
	for (int part = BADMAIL_BDR; part < BADMAIL_PARTS; part++)
		if (b->parts[part].there && b->parts[part].size_bytes > SIDECAR_BYTES_MAX)
			return "the file beside it is larger than 1 MB; --archive takes it";
	return NULL;
}

static int
read_triplet(struct sweep *sweep, struct taking *t, struct error *err)
{
	int result = 1;

	for (int part = BADMAIL_BAD; result > 0 && part < BADMAIL_PARTS; part++)
		if (t->badmail.parts[part].there)
			result = read_part(sweep, &t->badmail, part, &t->bytes[part], err);
	return result;
}

/* The message behind the envelope on top of it. Without one, the first file that says something is
 * kept in its place. */
static int
spool_message(struct sweep *sweep, struct taking *t, struct error *err)
{
	int part = BADMAIL_BAD;
	struct span message;

	pickup_read(buffer_span(&t->bytes[BADMAIL_BAD]), &t->envelope);
	while (t->bytes[part].len == 0)
		part++;
	message = buffer_span(&t->bytes[part]);
	if (part == BADMAIL_BAD)
		message = (struct span){ message.data + t->envelope.message_at,
					 message.len - t->envelope.message_at };
	if (t->envelope.limits || message.len == 0) /* of which not all would be kept */
		return leave(sweep, &t->badmail,
			     "its envelope is too long, or all there is; --archive takes it");
	if (spool_add(t->submission->spool, message, err) < 0 ||
	    spool_finish(t->submission->spool, err) < 0)
		return -1;
	buffer_done(&t->bytes[BADMAIL_BAD]);
	return 1;
}

/* ---- judging ------------------------------------------------------------ */

static const struct submission_source badmail_source = {
	.intake = "iis-badmail",
	.leaves_mail = true,
	.delivered_to_is_ours = true,
	.undeliverable = true,
};

static void
add_sidecars(struct taking *t)
{
	static const char *const names[BADMAIL_PARTS] = { NULL, "bdr", "bdp" };
	struct store_new_message *m = &t->submission->message;

	for (int part = BADMAIL_BDR; part < BADMAIL_PARTS; part++)
		if (t->badmail.parts[part].there)
			t->sidecars[m->sidecars_len++] = (struct store_sidecar){
				.name = names[part],
				.data = buffer_span(&t->bytes[part]),
			};
	m->sidecars = t->sidecars;
	if (t->bdr.has_code)
		m->error_code = t->bdr.code_text;
}

static void
read_envelope(struct taking *t, bool has_message)
{
	struct submission *s = t->submission;

	if (t->envelope.given)
		submission_set_envelope(s, &t->envelope);
	else
		submission_read_header(s);
	if (s->sender == NULL && (!has_message || bdr_is_of_notification(&t->bdr)))
		s->sender = xstrdup("");
}

static void
judge(struct taking *t)
{
	const struct badmail_file *bad = &t->badmail.parts[BADMAIL_BAD];

	bdr_read(buffer_span(&t->bytes[BADMAIL_BDR]), &t->bdr);
	read_envelope(t, bad->there && bad->size_bytes > 0);
	t->submission->received_at_ms = clock_now_ms();
	admit_judge(t->submission);
	add_sidecars(t);
}

/* ---- committing --------------------------------------------------------- */

static int
put_batch(struct storer *storer, struct error *err)
{
	for (size_t i = 0; i < storer->batch_len; i++) {
		struct taking *t = &storer->batch[i];

		t->refusal.class = ERROR_NONE;
		if (admit_store(t->submission, storer->place.store, err) == 0)
			continue;
		if (err->class == ERROR_TEMP)
			return -1;
		t->refusal = *err;
	}
	return 0;
}

static int
commit_batch(struct storer *storer, struct error *err)
{
	struct store *store = storer->place.store;
	int64_t more = storer->batch_bytes + (int64_t)storer->batch_len * ROW_BYTES;

	if (store_check_room(store, more, err) < 0 || store_begin(store, err) < 0)
		return -1;
	if (put_batch(storer, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

/* NULL: a record that was there, and is in whatever state it came to meanwhile. */
static const char *
state_of(const struct store_new_record *r)
{
	switch (r->outcome) {
	case STORE_PUT_NEW:
		return record_state_name(r->became);
	case STORE_PUT_LOOP:
		return record_state_name(RECORD_HELD);
	case STORE_PUT_REDELIVERED:
		break;
	}
	return NULL;
}

static int
end_triplet(struct sweep *sweep, const struct taking *t, struct error *err)
{
	const struct store_new_message *m = &t->submission->message;
	const struct store_new_record *r = &m->records[0];

	if (t->refusal.class != ERROR_NONE)
		return leave(sweep, &t->badmail, t->refusal.text);
	if (!sweep_remove(sweep, &t->badmail))
		return sweep_refused(sweep, &t->badmail, errno, err);
	sweep_report(sweep, &(struct sweep_line){
				    .outcome = SWEEP_TAKEN,
				    .name = sweep_name(&t->badmail),
				    .badmail = &t->badmail,
				    .why = t->why,
				    .id = r->id,
				    .state = state_of(r),
				    .class = m->class,
				    .error_code = m->error_code,
				    .again = r->outcome == STORE_PUT_REDELIVERED,
			    });
	return 0;
}

static int
flush(struct sweep *sweep, struct error *err)
{
	struct storer *storer = sweep->taker_state;
	int result = storer->batch_len == 0 ? 0 : commit_batch(storer, err);

	for (size_t i = 0; result == 0 && i < storer->batch_len; i++)
		result = end_triplet(sweep, &storer->batch[i], err);
	forget_batch(storer);
	return result;
}

static int
fill(struct sweep *sweep, struct taking *t, struct error *err)
{
	struct storer *storer = sweep->taker_state;
	int result;

	t->submission = submission_new(&badmail_source, storer->policy);
	t->submission->route = xstrdup(storer->route);
	t->submission->spool =
		spool_new(storer->spool_folder, storer->place.settings->limits.size_bytes);
	result = read_triplet(sweep, t, err);
	if (result > 0)
		result = spool_message(sweep, t, err);
	if (result <= 0)
		return result;
	judge(t);
	if (admit_is_mail(t->submission))
		return leave(sweep, &t->badmail,
			     "ordinary mail, no notification; --archive and --delete take it");
	return 1;
}

static int
store_triplet(struct sweep *sweep, const struct badmail *badmail, const char *why,
	      struct error *err)
{
	struct storer *storer = sweep->taker_state;
	const char *reason = why_not(storer, badmail);
	struct taking *t;
	int result;

	if (reason != NULL)
		return leave(sweep, badmail, reason);
	if ((storer->batch_len == BATCH ||
	     storer->batch_bytes + badmail_size(badmail) > BATCH_BYTES) &&
	    flush(sweep, err) < 0)
		return -1;
	t = &storer->batch[storer->batch_len];
	*t = (struct taking){ .badmail = *badmail, .why = why };
	result = fill(sweep, t, err);
	if (result <= 0) {
		taking_done(t);
		return result;
	}
	storer->batch_len++;
	storer->batch_bytes += badmail_size(badmail);
	return 0;
}

const struct sweep_taker sweep_storer = { .did = "stored", .take = store_triplet, .finish = flush };

/* ---- opening ------------------------------------------------------------ */

static int
open_policy(struct storer *storer)
{
	struct error err;

	if (policy_read(storer->place.settings->policy, &storer->policy, NULL, &err) < 0) {
		complain("%s", err.text);
		return EX_CONFIG;
	}
	if (store_put_policy(storer->place.store, policy_revision(storer->policy),
			     policy_text(storer->policy), policy_observes(storer->policy),
			     clock_now_ms(), &err) < 0)
		return store_refusal(&err);
	return EX_OK;
}

/* What is released leaves by the way that ndrqd would use, did it watch this folder. */
static const char *
route_of(const struct settings *settings, int folder_fd)
{
	struct stat here, there;

	for (size_t i = 0; i < settings->directories_len; i++)
		if (fstat(folder_fd, &here) == 0 &&
		    stat(settings->directories[i].path, &there) == 0 &&
		    here.st_dev == there.st_dev && here.st_ino == there.st_ino)
			return settings->directories[i].route;
	return NULL;
}

int
sweep_store_open(const struct tool *tool, struct sweep *sweep)
{
	struct storer *storer = xcalloc(1, sizeof(*storer));
	int rc = workplace_open(tool, &storer->place);

	sweep->taker_state = storer;
	if (rc != EX_OK)
		return rc;
	storer->spool_folder = file_folder_of(storer->place.settings->store);
	storer->route = route_of(storer->place.settings, sweep->folder_fd);
	facts_init();
	return open_policy(storer);
}

void
sweep_store_close(struct sweep *sweep)
{
	struct storer *storer = sweep->taker_state;

	forget_batch(storer);
	policy_unrefp(&storer->policy);
	workplace_close(&storer->place);
	free(storer->spool_folder);
	free(storer);
	sweep->taker_state = NULL;
}
