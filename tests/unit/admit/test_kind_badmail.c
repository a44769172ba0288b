/* test_kind_badmail.c: a triplet is one message, through crashes too. */
#include "admit/folder_file.h"

#include "admit/admit.h"
#include "tests/unit/admit/submission_fixture.h"

#define REASON                                                                                     \
	"the following error was encountered: This message is a delivery status notification "     \
	"that cannot be delivered.\r\nSpecific error code was 0xC00402C7\r\n"

struct bench {
	char *folder;
	struct policy *policy;
	struct folder_file *file;
};

static char *
path_of(const struct bench *b, const char *name)
{
	return xasprintf("%s/%s", b->folder, name);
}

static void
put(const struct bench *b, const char *name, const char *text)
{
	AUTO(freep) char *path = path_of(b, name);

	write_file(path, span_of(text));
}

static bool
is_there(const struct bench *b, const char *name)
{
	AUTO(freep) char *path = path_of(b, name);

	return exists(path);
}

static void
bench_start(struct bench *b)
{
	struct folder_places places;
	struct error err = { 0 };

	facts_init();
	*b = (struct bench){ .folder = folder_make() };
	b->policy = policy_make(b->folder, POLICY);
	cr_assert_eq(folder_open(b->folder, NULL, &places, &err), 0, "%s", err.text);
	folder_close(&places);
}

static void
bench_stopp(struct bench *b)
{
	folder_file_freep(&b->file);
	policy_unrefp(&b->policy);
	folder_removep(&b->folder);
}

/* Finds and loads it; what load says. */
static int
load(struct bench *b, const char *name, bool claimed)
{
	const struct folder_kind *kind = &folder_kind_iis_badmail;
	struct folder_found found = { 0 };
	struct folder_places places;
	struct error err = { 0 };
	int result;

	folder_file_freep(&b->file);
	cr_assert_eq(folder_open(b->folder, NULL, &places, &err), 0);
	cr_assert_eq(kind->find(&places, claimed, name, &found, &err), 1, "%s", err.text);
	folder_close(&places);
	b->file = folder_file_new(kind, b->folder, &found, claimed);
	b->file->spool_folder = b->folder;
	b->file->size_limit_bytes = 1 << 20;
	b->file->submission = submission_new(&kind->source, b->policy);
	b->file->submission->ctx = b->file;
	result = kind->source.load(b->file->submission, &err);
	cr_assert_geq(result, 0, "%s", err.text);
	if (result > 0) {
		kind->source.read_envelope(b->file->submission);
		admit_judge(b->file->submission);
	}
	return result;
}

static void
take(struct bench *b)
{
	struct error err = { 0 };

	cr_assert_eq(folder_file_take(b->file->submission, &err), 1, "%s", err.text);
}

Test(kind_badmail, all_three_are_one_message_with_code_and_sidecars)
{
	AUTO(bench_stopp) struct bench b;
	const struct store_new_message *m;
	struct error err = { 0 };

	bench_start(&b);
	put(&b, "x.BAD", "To: v@remote.example\r\n" NDR);
	put(&b, "x.bdr", REASON);
	put(&b, "x.Bdp", "\1\2\3");
	cr_assert_eq(load(&b, "x.BAD", false), 1);
	m = &b.file->submission->message;
	cr_assert_str_eq(m->error_code, "0xC00402C7");
	cr_assert_eq(m->sidecars_len, 2);
	cr_assert_str_eq(m->sidecars[0].name, "bdr");
	cr_assert(span_equal(m->sidecars[0].data, SPAN(REASON)));
	cr_assert_str_eq(m->sidecars[1].name, "bdp");
	cr_assert_str_eq(m->class, "failed");
	cr_assert(span_equal(m->records[0].rcpt, SPAN("v@remote.example")));
	take(&b);
	cr_assert_not(is_there(&b, "x.BAD") || is_there(&b, "x.bdr") || is_there(&b, "x.Bdp"));
	cr_assert(is_there(&b, ".ndrq/x.BAD") && is_there(&b, ".ndrq/x.bdr"));
	cr_assert_eq(folder_file_remove(b.file, &err), 0);
	cr_assert_not(is_there(&b, ".ndrq/x.BAD") || is_there(&b, ".ndrq/x.bdr") ||
		      is_there(&b, ".ndrq/x.Bdp"));
}

Test(kind_badmail, a_message_that_would_be_cut_stays_whole)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(freep) char *large = xcalloc(1, (1 << 20) + 2);

	bench_start(&b);
	memset(large, 'x', (1 << 20) + 1);
	put(&b, "x.bad", large);
	put(&b, "x.bdr", REASON);
	cr_assert_eq(load(&b, "x.bad", false), 0);
	cr_assert_eq(b.file->verdict, FOLDER_UNFIT);
	cr_assert_str_eq(b.file->why.text, "it is larger than limits.size");
	cr_assert(is_there(&b, "x.bad") && is_there(&b, "x.bdr"));
}

Test(kind_badmail, what_policy_would_send_is_held)
{
	AUTO(bench_stopp) struct bench b;
	const struct store_new_record *record;

	bench_start(&b);
	put(&b, "x.bad", "To: v@fabrikam.example\r\n" NDR);
	cr_assert_eq(load(&b, "x.bad", false), 1);
	record = &b.file->submission->message.records[0];
	cr_assert_str_eq(record->verdict, "send");
	cr_assert_eq(record->state, RECORD_HELD);
	cr_assert_str_eq(record->rule, "badmail");
}

static const struct {
	const char *bad, *bdr;
	bool is_mail;
	const char *sender;
} judged[] = {
	{ "rubbish", NULL, true, NULL },
	{ "rubbish", "something else went wrong", true, NULL },
	{ "rubbish", REASON, false, "" },
	{ "rubbish", "error code was 0xC00402C7", false, "" },
	{ "Return-Path: <friend@remote.example>\nSubject: hi\n\nhi\n", REASON, true,
	  "friend@remote.example" },
	{ "From: friend@remote.example\nSubject: hi\n\nhi\n", NULL, true, NULL },
	{ "x-sender: <>\nx-receiver: <a@b.example>\nSubject: hi\n\nhi\n", NULL, false, "" },
	{ "", REASON, false, "" },
	{ NULL, REASON, false, "" },
	{ NULL, "no fragment of it", false, "" },
};

Test(kind_badmail, the_bdr_tells_what_the_bad_does_not)
{
	for (size_t i = 0; i < COUNT(judged); i++) {
		AUTO(bench_stopp) struct bench b;

		bench_start(&b);
		if (judged[i].bad != NULL)
			put(&b, "x.bad", judged[i].bad);
		if (judged[i].bdr != NULL)
			put(&b, "x.bdr", judged[i].bdr);
		cr_assert_eq(load(&b, judged[i].bad != NULL ? "x.bad" : "x.bdr", false), 1, "%zu",
			     i);
		cr_expect_eq(admit_is_mail(b.file->submission), judged[i].is_mail, "%zu", i);
		if (judged[i].sender == NULL)
			cr_expect_null(b.file->submission->sender, "%zu", i);
		else
			cr_expect_str_eq(b.file->submission->sender, judged[i].sender, "%zu", i);
		if (judged[i].bad == NULL || judged[i].bad[0] == '\0')
			cr_expect(span_equal(b.file->submission->message.body,
					     span_of(judged[i].bdr)));
	}
}

Test(kind_badmail, nothing_but_empty_files_is_left)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b);
	put(&b, "x.bad", "");
	put(&b, "x.bdr", "");
	cr_assert_eq(load(&b, "x.bad", false), 0);
	cr_assert_eq(b.file->verdict, FOLDER_UNFIT);
}

Test(kind_badmail, an_envelope_that_is_beyond_the_limits_or_alone_is_left)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(buffer_done) struct buffer many = { 0 };

	bench_start(&b);
	put(&b, "x.bad", "x-sender: <>\r\nx-receiver: <a@b.example>\r\n");
	cr_assert_eq(load(&b, "x.bad", false), 0);
	cr_assert_eq(b.file->verdict, FOLDER_UNFIT);
	for (size_t i = 0; i <= PICKUP_RCPTS_MOST; i++)
		buffer_printf(&many, "x-receiver: <r%zu@b.example>\n", i);
	buffer_add_str(&many, NDR);
	put(&b, "y.bad", many.data);
	cr_assert_eq(load(&b, "y.bad", false), 0);
	cr_assert_eq(b.file->verdict, FOLDER_UNFIT);
}

Test(kind_badmail, a_sidecar_that_is_none_is_left_and_the_triplet_with_it)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(buffer_done) struct buffer large = { 0 };

	bench_start(&b);
	while (large.len <= 1 << 20)
		buffer_add_str(&large, "0123456789abcdef");
	put(&b, "x.bad", NDR);
	put(&b, "x.bdp", large.data);
	cr_assert_eq(load(&b, "x.bad", false), 0);
	cr_assert_eq(b.file->verdict, FOLDER_UNFIT);
	cr_assert(is_there(&b, "x.bad") && is_there(&b, "x.bdp"));
}

Test(kind_badmail, after_a_crash_between_two_renames_the_rest_comes_along)
{
	AUTO(bench_stopp) struct bench b;
	struct error err = { 0 };

	bench_start(&b);
	put(&b, ".ndrq/x.bad", NDR);
	put(&b, "x.bdr", REASON);
	put(&b, "x.BDP", "\1");
	cr_assert_eq(load(&b, "x.bad", true), 1);
	cr_assert_eq(b.file->found.len, 3);
	cr_assert_str_eq(b.file->submission->message.error_code, "0xC00402C7");
	cr_assert_not(is_there(&b, "x.bdr") || is_there(&b, "x.BDP"));
	cr_assert_eq(folder_file_remove(b.file, &err), 0);
	cr_assert_not(is_there(&b, ".ndrq/x.bad") || is_there(&b, ".ndrq/x.bdr") ||
		      is_there(&b, ".ndrq/x.BDP"));
}

Test(kind_badmail, a_new_triplet_of_that_name_keeps_what_is_its_own)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b);
	put(&b, ".ndrq/x.bad", NDR);
	put(&b, "x.bad", NDR "another");
	put(&b, "x.bdr", REASON);
	cr_assert_eq(load(&b, "x.bad", true), 1);
	cr_assert_eq(b.file->found.len, 1);
	cr_assert(is_there(&b, "x.bdr"));
}

Test(kind_badmail, after_a_crash_between_two_removals_what_is_left_is_still_ours)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b);
	put(&b, ".ndrq/x.bad", "rubbish");
	cr_assert_eq(load(&b, "x.bad", true), 1);
	cr_assert_not(admit_is_mail(b.file->submission),
		      "its .bdr said that it is a notification; without it that is remembered");
}
