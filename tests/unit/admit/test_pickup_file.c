/* test_pickup_file.c: after a try the folder says what the relay said. */
#include "admit/pickup_file.h"

#include <fcntl.h>

#include "admit/admit.h"
#include "base/clock.h"
#include "base/file.h"
#include "tests/unit/admit/submission_fixture.h"

#define BLOCK                                                                                      \
	"x-sender: <app@example.org>\r\n"                                                          \
	"x-receiver: <a@remote.example>\r\n"                                                       \
	"x-receiver: <b@remote.example>\r\n"
#define MESSAGE "From: app@example.org\r\nSubject: hi\r\n\r\nhi\r\n"
#define NOW_MS  INT64_C(2000000000000)

/* root/Pickup with one claimed mail for two. */
struct bench {
	char *root, *folder;
	struct policy *policy;
	struct folder_file *file;
	struct pickup_result results[2];
	struct pickup_settling settling;
};

static void
bench_stopp(struct bench *b)
{
	for (size_t i = 0; i < COUNT(b->results); i++)
		free(b->results[i].reply);
	free(b->settling.stem);
	folder_file_freep(&b->file);
	policy_unrefp(&b->policy);
	free(b->folder);
	folder_removep(&b->root);
}

static char *
text_of(const struct bench *b, const char *name)
{
	AUTO(freep) char *path = xasprintf("%s/%s", b->root, name);
	struct buffer text = { 0 };

	if (file_read(path, 1 << 20, &text, NULL) < 0)
		return NULL;
	buffer_add_str(&text, "");
	return buffer_take(&text);
}

static bool
has_text(const struct bench *b, const char *name, const char *wanted)
{
	AUTO(freep) char *text = text_of(b, name);

	return text != NULL && strstr(text, wanted) != NULL;
}

static bool
is_there(const struct bench *b, const char *name)
{
	AUTO(freep) char *path = xasprintf("%s/%s", b->root, name);

	return exists(path);
}

/* Reads and claims what lies there; name is that in Pickup or in .ndrq. */
static void
bench_load(struct bench *b, const char *name, bool claimed)
{
	struct folder_found found = { .whole = true, .len = 0 };
	struct error err = { 0 };

	folder_file_freep(&b->file);
	(void)snprintf(found.parts[0].name, sizeof(found.parts[0].name), "%s", name);
	b->file = folder_file_new(&folder_kind_pickup, b->folder, &found, claimed);
	b->file->spool_folder = b->root;
	b->file->size_limit_bytes = INT64_MAX;
	b->file->submission = submission_new(&folder_kind_pickup.source, b->policy);
	b->file->submission->ctx = b->file;
	cr_assert_eq(folder_kind_pickup.source.load(b->file->submission, &err), 1, "%s", err.text);
	b->settling.file = b->file;
}

static void
bench_start(struct bench *b, const char *name, const char *text)
{
	AUTO(freep) char *path = NULL;

	facts_init();
	*b = (struct bench){ .root = folder_make() };
	b->folder = xasprintf("%s/Pickup", b->root);
	b->policy = policy_make(b->root, POLICY);
	cr_assert_eq(mkdir(b->folder, 0700), 0);
	path = xasprintf("%s/%s", b->folder, name);
	write_file(path, span_of(text));
	b->settling.results = b->results;
	b->settling.retry_min_ms = 1000;
	b->settling.retry_max_ms = 10000;
	bench_load(b, name, false);
}

static int
settle(struct bench *b, enum pickup_fate first, enum pickup_fate second)
{
	struct error err = { 0 };

	b->results[0].fate = first;
	b->results[1].fate = second;
	for (size_t i = 0; i < COUNT(b->results); i++)
		if (b->results[i].fate == PICKUP_REFUSED && b->results[i].reply == NULL)
			b->results[i].reply = xasprintf("550 no %zu", i);
	return pickup_file_settle(&b->settling, NOW_MS, &err);
}

Test(pickup_file, what_all_have_is_gone)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	cr_assert(is_there(&b, "Pickup/.ndrq/m.eml"), "it is claimed when it is read");
	cr_assert_eq(settle(&b, PICKUP_SENT, PICKUP_SENT), 0);
	cr_assert_not(is_there(&b, "Pickup/.ndrq/m.eml") || is_there(&b, "Badmail"));
}

Test(pickup_file, what_is_refused_whole_lies_in_Badmail_byte_for_byte_with_the_reason)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *bad = NULL;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	cr_assert_eq(settle(&b, PICKUP_REFUSED, PICKUP_REFUSED), 0);
	bad = text_of(&b, "Badmail/m.eml.bad");
	cr_assert_str_eq(bad, BLOCK MESSAGE);
	cr_assert(has_text(&b, "Badmail/m.eml.txt",
			   "Recipient: b@remote.example\r\n"
			   "Refused: 550 no 1\r\n"));
	cr_assert_not(is_there(&b, "Pickup/.ndrq/m.eml"));
}

Test(pickup_file, of_two_one_has_it_and_the_other_was_refused)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *bad = NULL;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	cr_assert_eq(settle(&b, PICKUP_SENT, PICKUP_REFUSED), 0);
	bad = text_of(&b, "Badmail/m.eml.bad");
	cr_assert_str_eq(
		bad, "x-sender: <app@example.org>\r\nx-receiver: <b@remote.example>\r\n" MESSAGE);
	cr_assert_not(has_text(&b, "Badmail/m.eml.txt", "a@remote.example"));
	cr_assert_not(is_there(&b, "Pickup/.ndrq/m.eml"));
}

static int64_t
due_of(const struct bench *b)
{
	struct stat st;

	cr_assert_eq(fstatat(b->file->places.claimed_fd, "m.eml", &st, 0), 0);
	return st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

Test(pickup_file, what_is_put_off_waits_as_it_is_until_it_is_due)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *rest = NULL;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	cr_assert_eq(settle(&b, PICKUP_LATER, PICKUP_LATER), 0);
	rest = text_of(&b, "Pickup/.ndrq/m.eml");
	cr_assert_str_eq(rest, BLOCK MESSAGE);
	cr_assert_eq(due_of(&b), NOW_MS + 1000);
}

Test(pickup_file, the_wait_doubles_up_to_its_most)
{
	AUTO(bench_stopp) struct bench b;
	struct timespec times[2] = { 0 };

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	times[0].tv_sec = times[1].tv_sec = clock_now_ms() / 1000 + 3;
	cr_assert_eq(utimensat(b.file->places.claimed_fd, "m.eml", times, 0), 0);
	cr_assert_eq(settle(&b, PICKUP_LATER, PICKUP_LATER), 0);
	cr_assert_geq(due_of(&b), NOW_MS + 4000);
	cr_assert_leq(due_of(&b), NOW_MS + 6001);
	/* set now for a time far ahead: the most */
	cr_assert_eq(settle(&b, PICKUP_LATER, PICKUP_LATER), 0);
	cr_assert_eq(due_of(&b), NOW_MS + 10000);
}

Test(pickup_file, who_is_put_off_alone_waits_alone)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	cr_assert_eq(settle(&b, PICKUP_SENT, PICKUP_LATER), 0);
	bench_load(&b, "m.eml", true);
	cr_assert_eq(b.file->envelope.rcpts_len, 1);
	cr_assert_str_eq(b.file->envelope.rcpts[0].path, "b@remote.example");
	cr_assert_str_eq(b.file->envelope.sender, "app@example.org");
	cr_assert(span_equal(spool_bytes(b.file->submission->spool), SPAN(MESSAGE)));
}

Test(pickup_file, one_refused_and_one_put_off_are_both_looked_after)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	cr_assert_eq(settle(&b, PICKUP_REFUSED, PICKUP_LATER), 0);
	cr_assert(has_text(&b, "Badmail/m.eml.bad", "x-receiver: <a@remote.example>\r\nFrom"));
	cr_assert(has_text(&b, "Pickup/.ndrq/m.eml", "x-receiver: <b@remote.example>\r\nFrom"));
}

Test(pickup_file, an_older_file_in_Badmail_is_not_overwritten)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *badmail = NULL;
	AUTO(freep) char *older = NULL;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	badmail = xasprintf("%s/Badmail", b.root);
	older = xasprintf("%s/m.eml.txt", badmail);
	cr_assert_eq(mkdir(badmail, 0700), 0);
	write_file(older, SPAN("older"));
	cr_assert_eq(settle(&b, PICKUP_REFUSED, PICKUP_REFUSED), 0);
	cr_assert(has_text(&b, "Badmail/m.eml.txt", "older"));
	cr_assert(is_there(&b, "Badmail/m.eml.1.bad") && is_there(&b, "Badmail/m.eml.1.txt"));
}

Test(pickup_file, a_name_of_255_bytes_has_room_for_its_extension)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *name = xasprintf("%0255d", 0);
	AUTO(freep) char *bad = xasprintf("Badmail/%0240d.bad", 0);

	bench_start(&b, name, BLOCK MESSAGE);
	cr_assert_eq(settle(&b, PICKUP_REFUSED, PICKUP_REFUSED), 0);
	cr_assert(is_there(&b, bad));
}

Test(pickup_file, what_cannot_be_put_into_Badmail_stays_and_a_second_call_mends_it)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *badmail = NULL;

	bench_start(&b, "m.eml", BLOCK MESSAGE);
	badmail = xasprintf("%s/Badmail", b.root);
	write_file(badmail, SPAN("in the way"));
	cr_assert_eq(settle(&b, PICKUP_SENT, PICKUP_REFUSED), -1);
	cr_assert(is_there(&b, "Pickup/.ndrq/m.eml"));
	cr_assert_eq(unlink(badmail), 0);
	cr_assert_eq(settle(&b, PICKUP_SENT, PICKUP_REFUSED), 0);
	cr_assert(is_there(&b, "Badmail/m.eml.bad"));
	cr_assert_not(is_there(&b, "Pickup/.ndrq/m.eml"));
}

Test(pickup_file, a_notification_is_one_only_when_all_its_recipients_are_known)
{
	static const struct {
		const char *text;
		bool is_mail;
	} cases[] = {
		{ "x-sender: <>\nx-receiver: a@b.example\n\n" MESSAGE, false },
		{ "x-sender: <a@b.example>\nx-receiver: a@b.example\nAuto-Submitted: "
		  "auto-replied\n" MESSAGE,
		  true },
		{ NDR, true },
		{ "From: <>\nTo: a@b.example\n\nx", true },
		{ "x-sender: <>\nx-receiver: <>\n\n" MESSAGE, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(bench_stopp) struct bench b;

		bench_start(&b, "m.eml", cases[i].text);
		folder_kind_pickup.source.read_envelope(b.file->submission);
		admit_judge(b.file->submission);
		cr_expect_eq(admit_is_mail(b.file->submission), cases[i].is_mail, "%zu", i);
	}
}

Test(pickup_file, a_notification_for_more_than_can_be_read_is_not_kept_for_some)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(buffer_done) struct buffer many = { 0 };

	buffer_add_str(&many, "x-sender: <>\n");
	for (size_t i = 0; i <= PICKUP_RCPTS_MOST; i++)
		buffer_printf(&many, "x-receiver: <r%zu@b.example>\n", i);
	buffer_add_str(&many, NDR);
	bench_start(&b, "m.eml", many.data);
	folder_kind_pickup.source.read_envelope(b.file->submission);
	admit_judge(b.file->submission);
	cr_assert(admit_is_mail(b.file->submission));
	cr_assert_not_null(pickup_file_objection(b.file));
}

Test(pickup_file, a_mail_that_nobody_can_get_says_why)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "From: a@b.example\n\nx", "it names no recipient" },
		{ "To: a@b.example\n\nx", "it names no sender" },
		{ "x-receiver: <a@b.example>\n\nx", "it names no sender" },
		{ "From: a@b.example\nTo: \xFF@b.example\n\nx",
		  "it has more recipients than can be read, or one that cannot be read" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(bench_stopp) struct bench b;

		bench_start(&b, "m.eml", cases[i].text);
		b.settling.unsendable = pickup_file_objection(b.file);
		cr_assert_not_null(b.settling.unsendable);
		cr_expect_str_eq(b.settling.unsendable, cases[i].why);
		cr_assert_eq(pickup_file_settle(&b.settling, NOW_MS, NULL), 0);
		cr_expect(has_text(&b, "Badmail/m.eml.txt", cases[i].why));
		cr_expect(is_there(&b, "Badmail/m.eml.bad"));
	}
}
