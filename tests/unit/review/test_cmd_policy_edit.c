/* test_cmd_policy_edit.c: a policy changed from the command line. */
#include <sys/stat.h>

#include "tests/unit/review/cmd_policy_fixture.h"

#define TEXT                                                                                       \
	"local_domains = [ \"ours.example\" ];\n"                                                  \
	"# who is told\n"                                                                          \
	"remote_domains = (\n"                                                                     \
	"\t{ name = \"All\"; domain = \"*\"; delay = \"send\"; }\n"                                \
	");\n"

static void
begin(void)
{
	enter_folder();
	put("p", TEXT);
	put("bad", "mood = 1;\n");
	cr_redirect_stdout();
	cr_redirect_stderr();
}

TestSuite(cmd_policy_edit, .init = begin, .fini = leave_folder);

static void
expect_file(const char *name, const char *text)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };
	struct error err = { 0 };

	cr_assert_eq(file_read(name, 1 << 20, &bytes, &err), 0, "%s", err.text);
	cr_expect_str_eq(bytes.data, text);
}

Test(cmd_policy_edit, allow_and_deny_change_the_domain_s_row)
{
	cr_assert_eq(RUN("allow", "--file", "p", "*.A.example"), 0);
	cr_assert_eq(RUN("deny", "*.a.example", "--file", "p"), 0);
	cr_assert_eq(RUN("deny", "*.a.example", "--file", "p"), 0);
	cr_assert_stdout_eq_str(
		"p:4: - { name = \"All\"; domain = \"*\"; delay = \"send\"; }\n"
		"p:4: + { name = \"All\"; domain = \"*\"; delay = \"send\"; },\n"
		"p:5: + { name = \"*.a.example\"; domain = \"*.a.example\"; ndr = \"send\"; }\n"
		"p:5: - { name = \"*.a.example\"; domain = \"*.a.example\"; ndr = \"send\"; }\n"
		"p:5: + { name = \"*.a.example\"; domain = \"*.a.example\"; ndr = \"hold\"; "
		"delay = \"hold\"; }\n"
		"nothing to change\n");
	cr_assert_stderr_eq_str("");
	expect_file("p", "local_domains = [ \"ours.example\" ];\n"
			 "# who is told\n"
			 "remote_domains = (\n"
			 "\t{ name = \"All\"; domain = \"*\"; delay = \"send\"; },\n"
			 "\t{ name = \"*.a.example\"; domain = \"*.a.example\"; ndr = \"hold\"; "
			 "delay = \"hold\"; }\n"
			 ");\n");
}

Test(cmd_policy_edit, set_changes_any_key_of_any_row)
{
	cr_assert_eq(RUN("set", "--file", "p", "Default", "ndr.proved=send", "receipt=delete"), 0);
	expect_file("p", "local_domains = [ \"ours.example\" ];\n"
			 "# who is told\n"
			 "remote_domains = (\n"
			 "\t{ name = \"All\"; domain = \"*\"; delay = \"send\"; ndr = { proved = "
			 "\"send\"; }; receipt = \"delete\"; }\n"
			 ");\n");
}

Test(cmd_policy_edit, a_key_and_a_member_of_it_may_be_set_together)
{
	cr_assert_eq(RUN("set", "--file", "p", "*", "ndr=send", "ndr.forged=hold"), 0);
	expect_file("p", "local_domains = [ \"ours.example\" ];\n"
			 "# who is told\n"
			 "remote_domains = (\n"
			 "\t{ name = \"All\"; domain = \"*\"; delay = \"send\"; ndr = { proved = "
			 "\"send\"; forged = \"hold\"; none = \"send\"; }; }\n"
			 ");\n");
}

Test(cmd_policy_edit, deny_of_all_holds_what_was_sent_to_all_but_forwarded_mail)
{
	cr_assert_eq(RUN("deny", "--file", "p", "*"), 0);
	cr_assert_stdout_eq_str(
		"p:4: - { name = \"All\"; domain = \"*\"; delay = \"send\"; }\n"
		"p:4: + { name = \"All\"; domain = \"*\"; delay = \"hold\"; ndr = \"hold\"; }\n");
}

Test(cmd_policy_edit, a_dry_run_changes_nothing)
{
	cr_assert_eq(RUN("allow", "--dry-run", "--file", "p", "*"), 0);
	cr_assert_stdout_eq_str(
		"p:4: - { name = \"All\"; domain = \"*\"; delay = \"send\"; }\n"
		"p:4: + { name = \"All\"; domain = \"*\"; delay = \"send\"; ndr = \"send\"; }\n");
	expect_file("p", TEXT);
}

Test(cmd_policy_edit, the_file_keeps_its_mode_and_owner_and_stays_behind_its_link)
{
	struct stat st, link;

	cr_assert_eq(mkdir("real", 0700), 0);
	cr_assert_eq(rename("p", "real/p"), 0);
	cr_assert_eq(symlink("real/p", "p"), 0);
	cr_assert_eq(chmod("p", 0640), 0);
	if (getuid() == 0)
		cr_assert_eq(chown("p", 12, 34), 0);
	cr_assert_eq(RUN("allow", "--file", "p", "a.example"), 0);
	cr_assert_eq(lstat("p", &link), 0);
	cr_expect(S_ISLNK(link.st_mode));
	cr_assert_eq(lstat("real/p", &st), 0);
	cr_expect(S_ISREG(st.st_mode));
	cr_expect_eq(st.st_mode & 07777, 0640);
	if (getuid() == 0)
		cr_expect(st.st_uid == 12 && st.st_gid == 34);
}

Test(cmd_policy_edit, a_file_that_cannot_be_replaced_stays_and_the_status_says_so)
{
	if (getuid() == 0) /* for whom nothing is read-only */
		cr_skip("root");
	cr_assert_eq(chmod(".", 0500), 0);
	cr_expect_eq(RUN("allow", "--file", "p", "a.example"), 77);
	cr_assert_eq(chmod(".", 0700), 0);
	expect_file("p", TEXT);
}

Test(cmd_policy_edit, a_bad_policy_is_not_touched)
{
	cr_expect_eq(RUN("allow", "--file", "bad", "a.example"), 78);
	cr_expect_eq(RUN("deny", "--file", "bad", "a.example"), 78);
	cr_expect_eq(RUN("set", "--file", "none", "a.example", "ndr=send"), 66);
	cr_assert_stderr_eq_str("bad:1: mood: unknown key; is \"mode\" meant?\n"
				"bad:1: mood: unknown key; is \"mode\" meant?\n"
				"none: No such file or directory\n");
	expect_file("bad", "mood = 1;\n");
}

Test(cmd_policy_edit, a_wrong_call_is_status_64)
{
	cr_expect_eq(RUN("allow"), 64);
	cr_expect_eq(RUN("allow", "--file", "p"), 64);
	cr_expect_eq(RUN("allow", "--file", "p", "a", "b"), 64);
	cr_expect_eq(RUN("deny", "--file", "p", "a", "b"), 64);
	cr_expect_eq(RUN("deny", "--file", "p", "a b"), 64);
	cr_expect_eq(RUN("allow", "--nonsense", "a"), 64);
	cr_expect_eq(RUN("set", "--file", "p", "a"), 64);
	cr_expect_eq(RUN("set", "--file", "p", "a", "ndr"), 64);
	cr_expect_eq(RUN("set", "--file", "p", "a", "mdr=send"), 64);
	cr_expect_eq(RUN("set", "--file", "p", "a", "ndr.all=send"), 64);
	cr_expect_eq(RUN("set", "--file", "p", "a", "ndr=sent"), 64);
	cr_assert_stdout_eq_str("");
	expect_file("p", TEXT);
}

Test(cmd_policy_edit, help_is_printed_when_asked_for)
{
	cr_expect_eq(RUN("allow", "--help"), 0);
	cr_expect_eq(RUN("deny", "--help"), 0);
	cr_expect_eq(RUN("set", "--help"), 0);
	cr_assert_stderr_eq_str("");
}
