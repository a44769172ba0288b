/* test_ids.c: all ids are read, or none is acted on. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "review/ids.h"

/* Reads "-" from text. */
static int
read_text(const char *text, struct ids *ids, struct error *err)
{
	char *argv[] = { (char[]){ "-" } };
	FILE *in = tmpfile();
	int rc;

	cr_assert_not_null(in);
	(void)fputs(text, in);
	rewind(in);
	rc = ids_read(1, argv, in, ids, err);
	(void)fclose(in);
	return rc;
}

Test(ids, operands_are_put_in_order_and_doubles_dropped)
{
	char *argv[] = { (char[]){ "7" }, (char[]){ "3" }, (char[]){ "7" }, (char[]){ "5" } };
	struct ids ids = { .items = NULL };
	struct error err = { 0 };

	cr_assert_eq(ids_read(4, argv, NULL, &ids, &err), EX_OK, "%s", err.text);
	cr_assert_eq(ids.len, 3);
	cr_assert_eq(ids.items[0], 3);
	cr_assert_eq(ids.items[1], 5);
	cr_assert_eq(ids.items[2], 7);
	ids_done(&ids);
	cr_assert_null(ids.items);
}

Test(ids, blank_lines_comments_and_crlf_are_ignored)
{
	struct ids ids = { .items = NULL };
	struct error err = { 0 };

	cr_assert_eq(read_text("# held\n\n 12 # spam\r\n\t\n9223372036854775807", &ids, &err),
		     EX_OK, "%s", err.text);
	cr_assert_eq(ids.len, 2);
	cr_assert_eq(ids.items[0], 12);
	cr_assert_eq(ids.items[1], INT64_MAX);
	ids_done(&ids);
}

Test(ids, an_empty_list_is_no_error)
{
	struct ids ids = { .items = NULL };
	struct error err = { 0 };

	cr_assert_eq(read_text("", &ids, &err), EX_OK);
	cr_assert_eq(ids.len, 0);
	ids_done(&ids);
}

Test(ids, a_line_that_is_no_id_is_named_and_gives_nothing)
{
	static const char *const bad[] = { "1\n2x\n",
					   "1\n-5\n",
					   "1\n0\n",
					   "1\n1 2\n",
					   "1\n9223372036854775808\n",
					   "1\n\x1b[2J\n",
					   "1\n99999999999999999999999999999999\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ids ids = { .items = NULL };
		struct error err = { 0 };

		cr_assert_eq(read_text(bad[i], &ids, &err), EX_DATAERR, "%s", bad[i]);
		cr_assert_null(ids.items);
		cr_assert_not_null(strstr(err.text, "line 2"), "%s", err.text);
		cr_assert_null(strchr(err.text, '\x1b'));
	}
}

Test(ids, an_operand_that_is_no_id_and_no_operand_at_all_are_usage_errors)
{
	char *argv[] = { (char[]){ "3" }, (char[]){ "all" } };
	struct ids ids = { .items = NULL };
	struct error err = { 0 };

	cr_assert_eq(ids_read(2, argv, NULL, &ids, &err), EX_USAGE);
	cr_assert_str_eq(err.text, "\"all\" is no id");
	cr_assert_eq(ids_read(0, argv, NULL, &ids, &err), EX_USAGE);
	cr_assert_null(ids.items);
}
