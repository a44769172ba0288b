/* test_file.c: published files are whole or absent. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

Test(file, a_published_file_reads_back_whole_and_leaves_no_temporary)
{
	char folder[] = "/tmp/ndrq-file-XXXXXX";
	const struct span parts[] = { SPAN("one "), SPAN(""), SPAN("two\n") };
	AUTO(freep) char *path = NULL;
	AUTO(buffer_done) struct buffer text = { 0 };
	struct error err = { 0 };

	cr_assert_not_null(mkdtemp(folder));
	path = xasprintf("%s/name", folder);
	cr_assert_eq(file_publish(folder, "name", parts, 3, 0600, &err), 0, "%s", err.text);
	cr_assert_eq(file_read(path, 100, &text, &err), 0, "%s", err.text);
	cr_assert_str_eq(text.data, "one two\n");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(rmdir(folder), 0, "something was left behind");
}

Test(file, a_folder_that_is_not_there_is_a_temporary_refusal)
{
	struct error err = { 0 };

	cr_assert_eq(file_publish("/nonexistent/x", "name", NULL, 0, 0600, &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
}

Test(file, what_is_too_large_or_no_file_is_refused)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	struct error err = { 0 };

	cr_assert_eq(file_read("/etc/passwd", 3, &text, &err), -1);
	cr_assert_eq(err.class, ERROR_PERM);
	cr_assert_eq(file_read("/tmp", 3, &text, &err), -1);
	cr_assert_eq(err.class, ERROR_PERM);
}

Test(file, the_folder_of_a_path_is_what_stands_before_the_last_slash)
{
	AUTO(freep) char *a = file_folder_of("/a/b");
	AUTO(freep) char *b = file_folder_of("/a");
	AUTO(freep) char *c = file_folder_of("a");

	cr_assert_str_eq(a, "/a");
	cr_assert_str_eq(b, "/");
	cr_assert_str_eq(c, ".");
}
