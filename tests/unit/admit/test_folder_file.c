/* test_folder_file.c: a file is taken only when it is ours, removed only when told, and never
 * followed.
 */
#include "admit/folder_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include "admit/admit.h"
#include "base/settings.h"
#include "tests/unit/admit/submission_fixture.h"

#define HEADED "Return-Path: <>\r\nX-Original-To: user@remote.example\r\n" NDR

/* A Maildir with its .ndrq, and one file under way. */
struct bench {
	char *folder, *from, *to; /* new/name and .ndrq/name */
	struct policy *policy;
	struct folder_file *file;
};

static void
bench_start(struct bench *b, bool claimed)
{
	struct folder_places places;
	struct folder_found found = { .whole = true };
	struct error err = { 0 };
	AUTO(freep) char *new = NULL;

	facts_init();
	*b = (struct bench){ .folder = folder_make() };
	new = xasprintf("%s/new", b->folder);
	b->from = xasprintf("%s/new/name", b->folder);
	b->to = xasprintf("%s/.ndrq/name", b->folder);
	b->policy = policy_make(b->folder, POLICY);
	cr_assert_eq(mkdir(new, 0700), 0);
	cr_assert_eq(folder_open(b->folder, "new", &places, &err), 0);
	folder_close(&places);
	(void)snprintf(found.parts[0].name, sizeof(found.parts[0].name), "name");
	b->file = folder_file_new(&folder_kind_maildir, b->folder, &found, claimed);
	b->file->spool_folder = b->folder;
	b->file->size_limit_bytes = 1 << 20;
	b->file->submission = submission_new(&folder_kind_maildir.source, b->policy);
	b->file->submission->ctx = b->file;
}

static void
bench_stopp(struct bench *b)
{
	folder_file_freep(&b->file);
	policy_unrefp(&b->policy);
	free(b->from);
	free(b->to);
	folder_removep(&b->folder);
}

static int
load(struct bench *b, struct error *err)
{
	return folder_kind_maildir.source.load(b->file->submission, err);
}

static int
take(struct bench *b, struct error *err)
{
	return folder_kind_maildir.source.take(b->file->submission, err);
}

Test(folder_file, a_file_is_read_with_the_envelope_of_its_header_and_stays)
{
	AUTO(bench_stopp) struct bench b;
	const struct submission *s;
	struct error err = { 0 };

	bench_start(&b, false);
	write_file(b.from, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1, "%s", err.text);
	folder_kind_maildir.source.read_envelope(b.file->submission);
	s = b.file->submission;
	cr_assert(span_equal(spool_bytes(s->spool), SPAN(HEADED)));
	cr_assert_str_eq(s->sender, "");
	cr_assert_eq(s->rcpts_len, 1);
	cr_assert_str_eq(s->rcpts[0].path.data, "user@remote.example");
	cr_assert_gt(s->received_at_ms, 0);
	cr_assert(exists(b.from));
	cr_assert_not(exists(b.to));
}

Test(folder_file, a_file_that_names_nobody_has_one_unknown_recipient_and_is_held)
{
	AUTO(bench_stopp) struct bench b;
	struct submission *s;
	struct error err = { 0 };

	bench_start(&b, false);
	write_file(b.from, SPAN("Return-Path: <>\r\n" NDR));
	cr_assert_eq(load(&b, &err), 1);
	s = b.file->submission;
	folder_kind_maildir.source.read_envelope(s);
	cr_assert_eq(s->rcpts_len, 1);
	cr_assert_eq(s->rcpts[0].path.len, 0);
	admit_judge(s);
	cr_assert_not(admit_is_mail(s));
	cr_assert_eq(s->message.records[0].state, RECORD_HELD);
}

Test(folder_file, ordinary_mail_is_known_as_such)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };

	bench_start(&b, false);
	write_file(b.from,
		   SPAN("Return-Path: <friend@remote.example>\r\nSubject: hi\r\n\r\nhi\r\n"));
	cr_assert_eq(load(&b, &err), 1);
	folder_kind_maildir.source.read_envelope(b.file->submission);
	admit_judge(b.file->submission);
	cr_assert(admit_is_mail(b.file->submission));
	cr_assert(folder_kind_maildir.source.leaves_mail);
}

Test(folder_file, a_large_file_is_truncated_like_any_message)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };

	bench_start(&b, false);
	b.file->size_limit_bytes = 200;
	write_file(b.from, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1);
	cr_assert(spool_truncated(b.file->submission->spool));
	cr_assert_eq(spool_size(b.file->submission->spool), (int64_t)sizeof(HEADED) - 1);
}

Test(folder_file, a_file_is_taken_by_a_rename_and_removed_when_told)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };

	bench_start(&b, false);
	write_file(b.from, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1, "%s", err.text);
	cr_assert_eq(take(&b, &err), 1, "%s", err.text);
	cr_assert(b.file->claimed);
	cr_assert_not(exists(b.from));
	cr_assert(exists(b.to));
	cr_assert_eq(folder_file_remove(b.file, &err), 0);
	cr_assert_not(exists(b.to));
	cr_assert_eq(folder_file_remove(b.file, &err), 0, "it is gone: that is what was wanted");
}

Test(folder_file, what_an_earlier_run_had_claimed_is_read_there_and_not_taken_again)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };

	bench_start(&b, true);
	write_file(b.to, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1, "%s", err.text);
	cr_assert_eq(take(&b, &err), 1);
	cr_assert(exists(b.to));
}

Test(folder_file, a_claimed_file_can_be_given_back_and_an_unclaimed_one_needs_not)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(bench_stopp) struct bench unclaimed;
	struct error err = { 0 };

	bench_start(&b, true);
	write_file(b.to, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1, "%s", err.text);
	cr_assert_eq(folder_file_give_back(b.file, &err), 0, "%s", err.text);
	cr_assert(exists(b.from));
	cr_assert_not(exists(b.to));
	bench_start(&unclaimed, false);
	cr_assert_eq(folder_file_give_back(unclaimed.file, &err), 0);
}

Test(folder_file, a_file_that_vanished_is_gone_and_no_refusal)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };

	bench_start(&b, false);
	cr_assert_eq(load(&b, &err), 0);
	cr_assert_eq(b.file->verdict, FOLDER_GONE);
	write_file(b.from, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1);
	cr_assert_eq(unlink(b.from), 0);
	cr_assert_eq(take(&b, &err), 0);
	cr_assert_not(b.file->claimed);
}

/* ---- what is no file of ours ---------------------------------------------------- */

Test(folder_file, a_link_is_not_followed)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *target = NULL;
	struct error err = { 0 };

	bench_start(&b, false);
	target = xasprintf("%s/secret", b.folder);
	write_file(target, SPAN(HEADED));
	cr_assert_eq(symlink(target, b.from), 0);
	cr_assert_eq(load(&b, &err), 0);
	cr_assert_eq(b.file->verdict, FOLDER_UNFIT);
	cr_assert_null(b.file->submission->spool);
}

Test(folder_file, a_link_in_place_of_ndrq_is_not_followed)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *claimed = NULL;
	AUTO(freep) char *elsewhere = NULL;
	struct folder_places places;
	struct error err = { 0 };

	bench_start(&b, false);
	claimed = xasprintf("%s/.ndrq", b.folder);
	elsewhere = xasprintf("%s/elsewhere", b.folder);
	cr_assert_eq(rmdir(claimed), 0);
	cr_assert_eq(mkdir(elsewhere, 0700), 0);
	cr_assert_eq(symlink(elsewhere, claimed), 0);
	cr_assert_eq(folder_open(b.folder, "new", &places, &err), -1);
	write_file(b.from, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), -1);
	cr_assert(exists(b.from));
}

Test(folder_file, a_fifo_and_a_folder_are_left_at_once)
{
	AUTO(bench_stopp) struct bench fifo;
	AUTO(bench_stopp) struct bench folder;
	struct error err = { 0 };

	bench_start(&fifo, false);
	cr_assert_eq(mkfifo(fifo.from, 0600), 0);
	cr_assert_eq(load(&fifo, &err), 0, "nobody waits for a writer");
	cr_assert_eq(fifo.file->verdict, FOLDER_UNFIT);
	bench_start(&folder, false);
	cr_assert_eq(mkdir(folder.from, 0700), 0);
	cr_assert_eq(load(&folder, &err), 0);
	cr_assert_eq(folder.file->verdict, FOLDER_UNFIT);
}

Test(folder_file, a_name_that_is_taken_in_ndrq_is_not_overwritten_and_waits_alone)
{
	AUTO(bench_stopp) struct bench b;
	struct stat st;
	struct error err = { 0 };

	bench_start(&b, false);
	write_file(b.from, SPAN(HEADED));
	write_file(b.to, SPAN("older"));
	cr_assert_eq(load(&b, &err), 1);
	cr_assert_eq(take(&b, &err), 0, "no refusal: the next file may fare better");
	cr_assert_eq(b.file->verdict, FOLDER_LATER);
	cr_assert_str_eq(b.file->why.text, "it cannot be moved: File exists");
	cr_assert_not(b.file->claimed);
	cr_assert(exists(b.from));
	cr_assert_eq(stat(b.to, &st), 0);
	cr_assert_eq(st.st_size, 5);
}

Test(folder_file, a_name_that_is_taken_in_new_is_not_overwritten)
{
	AUTO(bench_stopp) struct bench b;
	struct stat st;
	struct error err = { 0 };

	bench_start(&b, true);
	write_file(b.from, SPAN("newer"));
	write_file(b.to, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1);
	cr_assert_eq(folder_file_give_back(b.file, &err), -1);
	cr_assert_eq(stat(b.from, &st), 0);
	cr_assert_eq(st.st_size, 5);
	cr_assert(exists(b.to));
}

Test(folder_file, the_folder_of_claims_is_made_once_and_is_private)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(freep) char *path = xasprintf("%s/.ndrq", folder);
	struct folder_places places;
	struct error err = { 0 };
	struct stat st;

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(folder_open(folder, NULL, &places, &err), 0, "%s", err.text);
		folder_close(&places);
	}
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 077, 0);
	cr_assert_eq(folder_open("/nonexistent", NULL, &places, &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
}

Test(folder_file, a_folder_that_is_being_swept_is_left_alone_until_that_is_over)
{
	AUTO(folder_removep) char *folder = folder_make();
	int sweep = open(folder, O_RDONLY | O_DIRECTORY);
	struct folder_places places, more;
	struct error err = { 0 };

	cr_assert_eq(flock(sweep, LOCK_EX), 0);
	cr_expect_eq(folder_open(folder, NULL, &places, &err), -1);
	cr_expect_eq(err.class, ERROR_TEMP);
	cr_expect_not_null(strstr(err.text, ": a sweep is at work in it"));
	cr_assert_eq(flock(sweep, LOCK_UN), 0);
	cr_assert_eq(folder_open(folder, NULL, &places, &err), 0);
	cr_assert_eq(folder_open(folder, NULL, &more, &err), 0, "we ourselves may be several");
	cr_expect_eq(flock(sweep, LOCK_EX | LOCK_NB), -1);
	folder_close(&places);
	folder_close(&more);
	cr_expect_eq(flock(sweep, LOCK_EX | LOCK_NB), 0);
	(void)close(sweep);
}

/* ---- what is still being written -------------------------------------------------- */

/* Each holds the file, and gives it back. */
static int
hold_flock(const char *path)
{
	int fd = open(path, O_RDWR);

	cr_assert_eq(flock(fd, LOCK_EX), 0);
	return fd;
}

static int
hold_range(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 1 };
	int fd = open(path, O_RDWR);

	cr_assert_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	return fd;
}

static int
hold_flock_as_reader(const char *path)
{
	int fd = open(path, O_RDONLY);

	cr_assert_eq(flock(fd, LOCK_EX), 0);
	return fd;
}

static int
hold_open(const char *path)
{
	return open(path, O_WRONLY);
}

Test(folder_file, what_somebody_has_in_use_waits)
{
	int (*const holds[])(const char *) = { hold_flock, hold_flock_as_reader, hold_range,
					       hold_open };

	for (size_t i = 0; i < COUNT(holds); i++) {
		AUTO(bench_stopp) struct bench b;
		struct error err = { 0 };
		int fd;

		bench_start(&b, false);
		write_file(b.from, SPAN(HEADED));
		fd = holds[i](b.from);
		cr_assert_geq(fd, 0);
		cr_expect_eq(load(&b, &err), 0, "%zu", i);
		cr_expect_eq(b.file->verdict, FOLDER_LATER, "%zu", i);
		cr_expect_str_eq(b.file->why.text, "somebody has it in use");
		(void)close(fd);
		folder_close(&b.file->places);
		spool_freep(&b.file->submission->spool);
		cr_expect_eq(load(&b, &err), 1, "%zu", i);
	}
}

Test(folder_file, what_somebody_only_reads_is_taken)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };
	int fd;

	bench_start(&b, false);
	write_file(b.from, SPAN(HEADED));
	fd = open(b.from, O_RDONLY);
	cr_assert_eq(flock(fd, LOCK_SH), 0);
	cr_expect_eq(load(&b, &err), 1);
	(void)close(fd);
}

Test(folder_file, what_changed_since_it_was_found_waits)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };

	bench_start(&b, false);
	write_file(b.from, SPAN(HEADED));
	cr_assert_eq(load(&b, &err), 1);
	write_file(b.from, SPAN(HEADED "more"));
	cr_assert_eq(take(&b, &err), 0);
	cr_assert_eq(b.file->verdict, FOLDER_LATER);
	cr_assert(exists(b.from), "it went back");
	cr_assert_not(b.file->claimed);
	folder_close(&b.file->places);
	spool_freep(&b.file->submission->spool);
	cr_assert_eq(load(&b, &err), 0, "and is not what was found");
	cr_assert_eq(b.file->verdict, FOLDER_LATER);
}

Test(folder_file, a_kind_stands_for_each_name_that_the_settings_know)
{
	for (const char *const *name = settings_directory_kinds; *name != NULL; name++) {
		const struct folder_kind *kind = folder_kind_find(*name);

		cr_assert_not_null(kind, "%s", *name);
		cr_assert_str_eq(kind->source.intake, *name);
	}
	cr_assert_null(folder_kind_find("mbox"));
}
