/* test_damaged.c: what cannot be processed is set aside whole, or not at all. */
#include "tests/unit/store/fixture.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static const uint8_t sha256[STORE_SHA256_BYTES] = { 0xab, 0xcd };

/* How many files match below the folder; the last one's path. */
static size_t
find(const struct fixture *f, const char *pattern, char **ret_path)
{
	AUTO(freep) char *full = xasprintf("%s/damaged/%s", f->folder, pattern);
	glob_t g = { 0 };
	size_t n = glob(full, 0, NULL, &g) == 0 ? g.gl_pathc : 0;

	if (ret_path != NULL && n > 0)
		*ret_path = xstrdup(g.gl_pathv[n - 1]);
	globfree(&g);
	return n;
}

Test(damaged, body_and_envelope_are_written_beside_the_store)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	const struct span rcpts[] = { SPAN("a@b.example"), SPAN("\n\0\x1b[31m") };
	const struct store_damaged damaged = {
		.body = SPAN("one\r\n\0two\xff"),
		.intake = "lmtp",
		.reason = "a reader\ncrashed",
		.sender = "",
		.rcpts = rcpts,
		.rcpts_len = 2,
		.received_at_ms = 1795292148000,
		.sha256 = sha256,
	};
	struct store_damaged d = damaged;
	AUTO(freep) char *eml = NULL;
	AUTO(freep) char *txt = NULL;
	AUTO(buffer_done) struct buffer body = { 0 }, text = { 0 };
	struct stat st;
	struct error e = { 0 };

	fixture_start(&f);
	d.place.store_path = f.path;
	store_closep(&f.store);
	OK(store_put_damaged(&d, &err));
	cr_assert_eq(find(&f, "*-abcd*.eml", &eml), 1);
	cr_assert_eq(find(&f, "*.txt", &txt), 1);
	cr_assert_eq(file_read(eml, 100, &body, &e), 0);
	cr_assert(span_equal(buffer_span(&body), damaged.body));
	cr_assert_eq(file_read(txt, 10000, &text, &e), 0);
	cr_assert_not_null(strstr(text.data, "recipient: a@b.example\n"), "%s", text.data);
	cr_assert_not_null(strstr(text.data, "intake: lmtp\n"));
	cr_assert_not_null(strstr(text.data, "sender: \n"));
	cr_assert_not_null(strstr(text.data, "bytes: 10\n"));
	cr_assert_null(strchr(text.data, '\x1b'), "control characters are escaped");
	cr_assert_null(strstr(text.data, "reader\n"));
	cr_assert_eq(stat(eml, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0660);
	OK(store_put_damaged(&d, &err)); /* the same again, for others perhaps: kept apart */
	cr_assert_eq(find(&f, "*.eml", NULL), 2);
	cr_assert_eq(find(&f, "*.txt", NULL), 2);
}

Test(damaged, when_it_cannot_be_written_it_is_refused_and_leaves_nothing)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *folder = NULL;
	const struct span one = SPAN("x");
	struct store_damaged d = {
		.body = one,
		.intake = "lmtp",
		.reason = "r",
		.sha256 = sha256,
		.place = { "/nonexistent/store.db", 0 },
	};
	struct error e = { 0 };

	REFUSED(ERROR_TEMP, store_put_damaged(&d, &err));
	fixture_start(&f);
	d.place.store_path = f.path;
	folder = xasprintf("%s/damaged", f.folder);
	cr_assert_eq(file_publish(f.folder, "damaged", &one, 1, 0600, &e), 0);
	REFUSED(ERROR_TEMP, store_put_damaged(&d, &err)); /* a file stands in the way */
	cr_assert_eq(unlink(folder), 0);
	OK(store_put_damaged(&d, &err));
}

Test(damaged, what_would_fill_the_disk_is_refused_for_now)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(freep) char *folder = NULL;
	struct store_damaged d = {
		.body = SPAN("x"),
		.intake = "lmtp",
		.reason = "r",
		.sha256 = sha256,
		.place = { NULL, INT64_MAX },
	};

	fixture_start(&f);
	d.place.store_path = f.path;
	folder = xasprintf("%s/damaged", f.folder);
	REFUSED(ERROR_TEMP, store_put_damaged(&d, &err));
	cr_assert_neq(access(folder, F_OK), 0);
	d.place.min_free_bytes = 1;
	OK(store_put_damaged(&d, &err));
	cr_assert_eq(access(folder, F_OK), 0);
}
