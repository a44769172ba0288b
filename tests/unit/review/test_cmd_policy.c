/* test_cmd_policy.c: what "ndrq policy" prints, and how it leaves. */
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/review/cmd_policy_fixture.h"

static void
begin(void)
{
	enter_folder();
	put("good", "local_domains = \"ours.example\";\n"
		    "remote_domains = ( { name = \"Two words\"; domain = \"a.example\";\n"
		    "  ndr = \"send\"; receipt = \"delete\"; } );\n");
	put("watch", "mode = \"observe\"; local_domains = \"ours.example\";\n");
	put("odd", "local_domains = \"ours.example\";\n"
		   "remote_domains = ( { name = \"A\"; domain = \"*\"; ndr = \"send\"; } );\n");
	put("proof", "local_domains = \"ours.example\"; remote_domains = ( { name = \"B\";\n"
		     "domain = \"b.example\"; ndr = { proved = \"send\"; forged = \"delete\"; };\n"
		     "} );\n");
	put("bad", "local_domains = \"ours.example\";\nmood = \"x\";\n");
	put("ndr", "From: MAILER-DAEMON@ours.example\r\nTo: x@a.example\r\nMIME-Version: 1.0\r\n"
		   "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
		   "\r\n--b\r\n\r\nno\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
		   "Reporting-MTA: dns; mx.ours.example\r\n\r\n"
		   "Final-Recipient: rfc822; nobody@ours.example\r\nAction: failed\r\n"
		   "Status: 5.1.1\r\n\r\n--b--\r\n");
	put("site", "local_domains = \"ours.example\"; our_hosts = \"mx.ours.example\";\n"
		    "authserv_ids = \"mx.ours.example\";\n"
		    "remote_domains = ( { name = \"B\"; domain = \"b.example\";\n"
		    "  ndr = { proved = \"send\"; forged = \"delete\"; }; } );\n");
	put("passed",
	    "From: MAILER-DAEMON@ours.example\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
	    "\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
	    "Reporting-MTA: dns; mx.ours.example\r\n\r\n"
	    "Final-Recipient: rfc822; nobody@ours.example\r\nAction: failed\r\n"
	    "Status: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Authentication-Results: mx.ours.example;\r\n spf=pass smtp.mailfrom=u@b.example\r\n"
	    "Received: from b (b [203.0.113.9]) by mx.ours.example\r\n\r\nhello\r\n--b--\r\n");
	cr_redirect_stdout();
	cr_redirect_stderr();
}

TestSuite(cmd_policy, .init = begin, .fini = leave_folder);

Test(cmd_policy, a_good_policy_is_met_with_silence)
{
	cr_assert_eq(RUN("check", "good"), 0);
	cr_assert_stdout_eq_str("");
	cr_assert_stderr_eq_str("");
}

Test(cmd_policy, what_is_wrong_is_named_by_line_and_the_status_is_78)
{
	cr_assert_eq(RUN("check", "bad"), 78);
	cr_assert_stdout_eq_str("");
	cr_assert_stderr_eq_str("bad:2: mood: unknown key; is \"mode\" meant?\n");
}

Test(cmd_policy, a_warning_does_not_change_the_status)
{
	cr_assert_eq(RUN("check", "odd"), 0);
	cr_assert_stderr_eq_str(
		"odd:2: A: non-delivery reports are sent to anyone, forged senders too\n");
}

Test(cmd_policy, a_file_that_is_not_there_is_status_66_and_a_folder_78)
{
	cr_assert_eq(RUN("check", "none"), 66);
	cr_assert_eq(RUN("check", "."), 78);
	cr_assert_eq(RUN("test", "none", "--rcpt", "a@b"), 66);
	cr_assert_eq(RUN("test", "bad", "--rcpt", "a@b"), 78);
	cr_assert_eq(RUN("test", "good", "--rcpt", "a@b", "none"), 66);
	cr_assert_eq(RUN("test", "good", "--rcpt", "a@b", "."), 66);
	cr_assert_stderr_eq_str("none: No such file or directory\n.: not a regular file\n"
				"none: No such file or directory\n"
				"bad:2: mood: unknown key; is \"mode\" meant?\n"
				"ndrq: none: No such file or directory\n"
				"ndrq: .: Is a directory\n");
}

Test(cmd_policy, the_decision_is_one_line)
{
	cr_assert_eq(RUN("test", "good", "--rcpt", "u@A.example"), 0);
	cr_assert_eq(RUN("test", "good", "--rcpt", "u@a.example", "--class", "receipt"), 0);
	cr_assert_eq(RUN("test", "good", "--rcpt", "u@b.example", "--orcpt", "x@ours.example"), 0);
	cr_assert_eq(RUN("test", "--rcpt", "nobody", "good"), 0);
	cr_assert_eq(RUN("test", "good", "--rcpt", "u@ours.example", "ndr"), 0);
	cr_assert_eq(RUN("test", "good", "--rcpt", "u@b.example", "--from", "", "ndr"), 0);
	cr_assert_eq(RUN("test", "watch", "--rcpt", "u@b.example"), 0);
	cr_assert_eq(RUN("test", "proof", "--rcpt", "u@b.example", "--proof", "proved"), 0);
	cr_assert_eq(RUN("test", "proof", "--rcpt", "u@b.example", "--proof", "forged"), 0);
	cr_assert_eq(RUN("test", "proof", "--rcpt", "u@b.example", "--proof", "none"), 0);
	cr_assert_eq(RUN("test", "proof", "--rcpt", "u@b.example"), 0);
	cr_assert_stdout_eq_str("send rule=\"Two words.ndr\" domain=a.example class=failed\n"
				"delete rule=\"Two words.receipt\" domain=a.example class=receipt\n"
				"send rule=Default.forwarded domain=b.example class=failed\n"
				"hold rule=bad-recipient domain=- class=failed\n"
				"send rule=local domain=ours.example class=failed proof=none\n"
				"hold rule=Default.ndr domain=b.example class=failed proof=none\n"
				"hold rule=Default.ndr domain=b.example class=failed mode=observe\n"
				"send rule=B.ndr.proved domain=b.example class=failed\n"
				"delete rule=B.ndr.forged domain=b.example class=failed\n"
				"hold rule=B.ndr.none domain=b.example class=failed\n"
				"hold rule=B.ndr.none domain=b.example class=failed\n");
}

Test(cmd_policy, as_json_it_is_one_object_a_line)
{
	cr_assert_eq(RUN("test", "good", "--json", "--rcpt", "u@a.example"), 0);
	cr_assert_eq(RUN_JSON("test", "watch", "--rcpt", "u@\xFF.example"), 0);
	cr_assert_eq(RUN_JSON("test", "good", "--rcpt", "nobody"), 0);
	cr_assert_stdout_eq_str(
		"{\"action\":\"send\",\"rule\":\"Two words.ndr\",\"domain\":\"a.example\","
		"\"class\":\"failed\",\"observe\":false}\n"
		"{\"action\":\"hold\",\"rule\":\"Default.ndr\",\"domain\":\"\xEF\xBF\xBD.example\","
		"\"class\":\"failed\",\"observe\":true}\n"
		"{\"action\":\"hold\",\"rule\":\"bad-recipient\",\"class\":\"failed\","
		"\"observe\":false}\n");
}

Test(cmd_policy, the_message_may_come_on_standard_input)
{
	int fd = open("ndr", O_RDONLY);

	cr_assert_geq(fd, 0);
	cr_assert_eq(dup2(fd, STDIN_FILENO), 0);
	(void)close(fd);
	cr_assert_eq(RUN("test", "good", "--rcpt", "u@a.example", "-"), 0);
	cr_assert_stdout_eq_str(
		"send rule=\"Two words.ndr\" domain=a.example class=failed proof=none\n");
}

Test(cmd_policy, a_message_is_read_as_the_site_would_and_its_proof_told)
{
	cr_assert_eq(RUN("test", "site", "--rcpt", "u@b.example", "passed"), 0);
	cr_assert_eq(RUN("test", "site", "--rcpt", "u@c.example", "passed"), 0);
	cr_assert_eq(RUN("test", "proof", "--rcpt", "u@b.example", "passed"), 0);
	cr_assert_eq(RUN_JSON("test", "site", "--rcpt", "u@b.example", "passed"), 0);
	cr_assert_stdout_eq_str(
		"send rule=B.ndr.proved domain=b.example class=failed proof=proved\n"
		"hold rule=Default.ndr domain=c.example class=failed proof=none\n"
		"hold rule=B.ndr.none domain=b.example class=failed proof=none\n"
		"{\"action\":\"send\",\"rule\":\"B.ndr.proved\",\"domain\":\"b.example\","
		"\"class\":\"failed\",\"proof\":\"proved\",\"observe\":false}\n");
}

Test(cmd_policy, what_would_go_out_in_part_only_is_marked)
{
	put("less", "local_domains = \"ours.example\"; remote_domains = (\n"
		    "  { name = \"B\"; domain = \"b.example\"; ndr = \"send\";\n"
		    "    ndr_diagnostics = false; returned = \"headers\"; } );\n");
	put("fwd", "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
		   "Content-Type: message/rfc822\n\nSubject: x\n\n--a--\n");
	cr_assert_eq(RUN("test", "less", "--rcpt", "u@b.example", "passed"), 0);
	cr_assert_eq(RUN_JSON("test", "less", "--rcpt", "u@b.example", "passed"), 0);
	put("less", "local_domains = \"ours.example\"; remote_domains = (\n"
		    "  { name = \"B\"; domain = \"b.example\"; unknown = \"send\";\n"
		    "    returned = \"none\"; } );\n");
	cr_assert_eq(RUN("test", "less", "--rcpt", "u@b.example", "fwd"), 0);
	cr_assert_stdout_eq_str(
		"send rule=B.ndr domain=b.example class=failed proof=none ndr_diagnostics=false "
		"returned=headers\n"
		"{\"action\":\"send\",\"rule\":\"B.ndr\",\"domain\":\"b.example\","
		"\"class\":\"failed\",\"proof\":\"none\",\"observe\":false,"
		"\"ndr_diagnostics\":false,\"returned\":\"headers\"}\n"
		"hold rule=cannot-strip domain=b.example class=unknown proof=none returned=none\n");
}

Test(cmd_policy, a_wrong_call_is_status_64_with_the_usage)
{
	cr_expect_eq(RUN(), 64);
	cr_expect_eq(RUN("chek", "good"), 64);
	cr_expect_eq(RUN("check"), 64);
	cr_expect_eq(RUN("check", "good", "bad"), 64);
	cr_expect_eq(RUN("check", "--nonsense", "good"), 64);
	cr_expect_eq(RUN("test", "good"), 64);
	cr_expect_eq(RUN("test", "--rcpt", "a@b"), 64);
	cr_expect_eq(RUN("test", "good", "--rcpt"), 64);
	cr_expect_eq(RUN("test", "good", "--rcpt", "a@b", "ndr", "ndr"), 64);
	cr_expect_eq(RUN("test", "good", "--rcpt", "a@b", "--class", "bounce"), 64);
	cr_expect_eq(RUN("test", "good", "--rcpt", "a@b", "--proof", "pass"), 64);
	cr_expect_eq(RUN("test", "good", "--rcpt", "a@b", "--class", "failed", "ndr"), 64);
	cr_expect_eq(RUN("test", "good", "--rcpt", "a@b", "--proof", "proved", "ndr"), 64);
	cr_assert_stdout_eq_str("");
}

Test(cmd_policy, help_is_printed_when_asked_for)
{
	cr_expect_eq(RUN("--help"), 0);
	cr_expect_eq(RUN("check", "--help"), 0);
	cr_expect_eq(RUN("test", "--help"), 0);
	cr_assert_stderr_eq_str("");
}
