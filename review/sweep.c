/*
 * sweep.c: going over the folder.
 *
 *	[sizes: all names, for --max-size] ──► each triplet: whose turn? ──► taker
 *
 * Promises that a triplet is taken whole or left whole as far as the file
 * system lets us, that nothing is followed out of the folder, and that memory
 * does not grow with it. SIGINT and SIGTERM end the run between two triplets;
 * a second one ends it at once, which loses nothing either.
 *
 * Ages are told by the folder's own clock: that of the server it lies on.
 */
#include "review/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "review/output.h"
#include "review/verb.h"

/* IIS writes the three files one after another: a triplet that is not whole gets more time. */
#define SETTLE_MS         (5 * CLOCK_SECOND_MS)
#define SETTLE_PARTIAL_MS (60 * CLOCK_SECOND_MS)

/* So far ahead of the folder's own clock nobody writes now. */
#define AHEAD_MS          CLOCK_DAY_MS

/* ndrqd has the folder for moments only, if it watches it. */
enum { LOCK_TRIES = 50, LOCK_PAUSE_MS = 100 };

#define CLOCK_FILE ".ndrq-clock"

static volatile sig_atomic_t interrupted;

static void
on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

bool
sweep_is_interrupted(void)
{
	return interrupted != 0;
}

static void
heed_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART | (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* ---- opening ------------------------------------------------------------ */

static int
refuse_folder(const char *path)
{
	int saved = errno;

	complain("%s: %s", path, strerror(saved));
	return saved == EACCES || saved == EPERM || saved == EROFS ? EX_NOPERM : EX_NOINPUT;
}

/* The time on the folder's server, by a file that is gone at once; also shows that we may write. */
static int
ask_clock(struct sweep *sweep)
{
	static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	AUTO(closep) int fd = openat(sweep->folder_fd, CLOCK_FILE, flags, 0600);
	struct stat st;

	if (fd < 0 && errno == EEXIST) { /* of a run that was killed */
		(void)unlinkat(sweep->folder_fd, CLOCK_FILE, 0);
		fd = openat(sweep->folder_fd, CLOCK_FILE, flags, 0600);
	}
	if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS))
		return refuse_folder(sweep->plan->folder);
	if (fd < 0) /* a full disk: our own clock must do */
		return EX_OK;
	if (fstat(fd, &st) == 0)
		sweep->now_ms = st.st_mtim.tv_sec * CLOCK_SECOND_MS + st.st_mtim.tv_nsec / 1000000;
	(void)unlinkat(sweep->folder_fd, CLOCK_FILE, 0);
	return EX_OK;
}

static int
open_log(struct sweep *sweep)
{
	const char *path = sweep->plan->log;
	int fd;

	if (path == NULL || sweep->plan->dry_run)
		return EX_OK;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0640);
	if (fd < 0 || (sweep->log = fdopen(fd, "a")) == NULL) {
		complain("--log %s: %s", path, strerror(errno));
		closep(&fd);
		return EX_CANTCREAT;
	}
	return EX_OK;
}

/* Where the file system knows no such locks two runs hinder each other and no more. */
static int
lock_folder(int fd)
{
	static const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK; i++) {
		if (i == LOCK_TRIES)
			return -1;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int
sweep_open(const struct sweep_plan *plan, int64_t now_ms, struct sweep *ret)
{
	int fd = open(plan->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	*ret = (struct sweep){ .plan = plan, .now_ms = now_ms, .folder_fd = fd };
	if (fd < 0 || (ret->dir = fdopendir(fd)) == NULL) {
		rc = refuse_folder(plan->folder);
		closep(&fd);
		return rc;
	}
	if (plan->dry_run)
		return EX_OK;
	if (lock_folder(fd) < 0) {
		complain("%s: another sweep is at work in it, or ndrqd", plan->folder);
		return EX_TEMPFAIL;
	}
	rc = ask_clock(ret);
	return rc != EX_OK ? rc : open_log(ret);
}

void
sweep_close(struct sweep *sweep)
{
	if (sweep->dir != NULL)
		(void)closedir(sweep->dir);
	if (sweep->log != NULL)
		(void)fclose(sweep->log);
	sweep->dir = NULL;
	sweep->log = NULL;
}

/* ---- one name after another --------------------------------------------- */

/* Each returns 0 to go on, −1 to end. */
typedef int each_name(struct sweep *sweep, const char *name, struct error *err);

static int
walk(struct sweep *sweep, each_name *each, struct error *err)
{
	rewinddir(sweep->dir);
	while (!sweep_is_interrupted()) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(sweep->dir);
		if (entry == NULL && errno != 0)
			return error_errno(err, "%s", sweep->plan->folder);
		if (entry == NULL)
			return 0;
		if (each(sweep, entry->d_name, err) < 0)
			return -1;
	}
	sweep->interrupted = true;
	return 0;
}

static int
count_name(struct sweep *sweep, const char *name, struct error *err)
{
	(void)err;
	sweep->all += badmail_part_of(name) == BADMAIL_BAD;
	return 0;
}

static bool
is_old(const struct sweep *sweep, int64_t age_ms)
{
	return sweep->plan->older_than_ms >= 0 && age_ms >= sweep->plan->older_than_ms;
}

static bool
is_settled(const struct badmail *badmail, int64_t age_ms)
{
	if (age_ms < -AHEAD_MS)
		return true;
	return age_ms >= (badmail_count(badmail) == BADMAIL_PARTS ? SETTLE_MS : SETTLE_PARTIAL_MS);
}

/* For --max-size: what there is, but for what goes by its age. */
static int
measure_name(struct sweep *sweep, const char *name, struct error *err)
{
	struct badmail badmail;
	struct stat st;
	int64_t age_ms;

	(void)err;
	if (badmail_part_of(name) == BADMAIL_NONE) {
		if (fstatat(sweep->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			sweep->left_bytes += st.st_size;
		return 0;
	}
	if (badmail_find(sweep->folder_fd, name, &badmail, NULL) <= 0)
		return 0;
	age_ms = sweep->now_ms - badmail_newest_ms(&badmail);
	if (is_old(sweep, age_ms) && is_settled(&badmail, age_ms))
		return 0;
	sweep->left_bytes += badmail_size(&badmail);
	if (is_settled(&badmail, age_ms))
		cutoff_add(&sweep->cutoff, age_ms, badmail_size(&badmail));
	return 0;
}

/* Why it is taken; NULL: it is not, and *ret_not says why. */
static const char *
choose(struct sweep *sweep, const struct badmail *badmail, enum sweep_outcome *ret_not)
{
	const struct sweep_plan *o = sweep->plan;
	int64_t age_ms = sweep->now_ms - badmail_newest_ms(badmail);

	*ret_not = SWEEP_YOUNG;
	if (!is_settled(badmail, age_ms))
		return NULL;
	*ret_not = SWEEP_SPARED;
	if (is_old(sweep, age_ms))
		return "older-than";
	if (o->max_size_bytes >= 0)
		return cutoff_takes(&sweep->cutoff, age_ms, badmail_size(badmail)) ? "max-size"
										   : NULL;
	return o->older_than_ms >= 0 ? NULL : "all";
}

/* One that cannot be looked at, or is odd. What refuses one name refuses all if the folder is gone.
 */
static int
leave(struct sweep *sweep, const char *name, const struct error *why, struct error *err)
{
	struct stat st;

	if (why->class == ERROR_TEMP &&
	    fstatat(sweep->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != EACCES &&
	    errno != ENOENT)
		return error_errno(err, "%s", sweep->plan->folder);
	sweep_report(sweep,
		     &(struct sweep_line){ .outcome = SWEEP_LEFT, .name = name, .why = why->text });
	return 0;
}

static int
sweep_one(struct sweep *sweep, const char *name, struct error *err)
{
	struct badmail badmail;
	struct error odd;
	enum sweep_outcome not_taken;
	const char *why;
	int found = badmail_find(sweep->folder_fd, name, &badmail, &odd);

	if (found < 0)
		return leave(sweep, name, &odd, err);
	if (found == 0)
		return 0;
	why = choose(sweep, &badmail, &not_taken);
	if (why != NULL && !sweep->plan->dry_run)
		return sweep->taker->take(sweep, &badmail, why, err);
	sweep_report(sweep, &(struct sweep_line){ .outcome = why != NULL ? SWEEP_TAKEN : not_taken,
						  .name = name,
						  .badmail = &badmail,
						  .why = why });
	return 0;
}

/* ---- the run ------------------------------------------------------------ */

static int
measure(struct sweep *sweep, struct error *err)
{
	/* the progress bar's other end */
	if (isatty(STDERR_FILENO) == 1 && walk(sweep, count_name, err) < 0)
		return -1;
	if (sweep->plan->max_size_bytes < 0)
		return 0;
	if (walk(sweep, measure_name, err) < 0)
		return -1;
	cutoff_decide(&sweep->cutoff, sweep->left_bytes - sweep->plan->max_size_bytes);
	return 0;
}

/* What was begun is finished, also when the walk could not go on; its error is the one to tell. */
static int
work(struct sweep *sweep, struct error *err)
{
	struct error late;
	int result = walk(sweep, sweep_one, err);

	if (sweep->taker->finish == NULL || sweep->plan->dry_run ||
	    sweep->taker->finish(sweep, &late) == 0)
		return result;
	if (result == 0)
		*err = late;
	return -1;
}

static int
exit_status(const struct sweep *sweep, int result)
{
	if (result < 0 || sweep->interrupted)
		return EX_TEMPFAIL;
	if (sweep->triplets[SWEEP_IN_USE] + sweep->triplets[SWEEP_LEFT] > 0)
		return EXIT_REFUSED;
	return sweep->log_failed ? EX_IOERR : EX_OK;
}

int
sweep_run(struct sweep *sweep)
{
	struct error err = { 0 };
	int result;

	heed_signals();
	result = measure(sweep, &err);
	if (result == 0 && !sweep->interrupted)
		result = work(sweep, &err);
	progress_clear();
	if (result < 0)
		complain("%s", err.text);
	sweep_print_totals(sweep);
	return exit_status(sweep, result);
}

int
sweep_refused(struct sweep *sweep, const struct badmail *badmail, int error, struct error *err)
{
	struct sweep_line line = { .outcome = SWEEP_LEFT,
				   .name = sweep_name(badmail),
				   .badmail = badmail,
				   .why = strerror(error) };

	switch (error) {
	case EACCES:
	case EPERM:
	case EBUSY:
	case ETXTBSY:
		line.outcome = SWEEP_IN_USE;
		break;
	case ENOENT:
		line.outcome = SWEEP_GONE;
		break;
	case ENAMETOOLONG:
	case EEXIST:
	case EISDIR:
	case ELOOP:
		break;
	default:
		errno = error;
		return error_errno(err, "%s/%s", sweep->plan->folder, line.name);
	}
	sweep_report(sweep, &line);
	return 0;
}

int
sweep_unreadable(struct sweep *sweep, const struct badmail *badmail, int error, struct error *err)
{
	AUTO(freep) char *why = xasprintf("it cannot be read: %s", strerror(error));
	struct stat st;

	if (error != EIO || fstat(sweep->folder_fd, &st) < 0)
		return sweep_refused(sweep, badmail, error, err);
	sweep_report(sweep, &(struct sweep_line){ .outcome = SWEEP_LEFT,
						  .name = sweep_name(badmail),
						  .badmail = badmail,
						  .why = why });
	return 0;
}

const char *
sweep_name(const struct badmail *badmail)
{
	int part = BADMAIL_BAD;

	while (!badmail->parts[part].there)
		part++;
	return badmail->parts[part].name;
}
