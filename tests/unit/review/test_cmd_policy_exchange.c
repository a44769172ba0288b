/* test_cmd_policy_exchange.c: a policy from Exchange's remote domains, and back. */
#include "tests/unit/review/cmd_policy_fixture.h"

static void
begin(void)
{
	enter_folder();
	put("csv",
	    "Name,DomainName,NDREnabled,DeliveryReportEnabled,AutoReplyEnabled,AllowedOOFType,"
	    "NDRDiagnosticInfoEnabled,TNEFEnabled\nDefault,*,False,True,True,External,True,\n"
	    "A,*.a.example,True,True,False,None,False,\n");
	put("twice", "Name,DomainName\nA,a.example\nB,A.example\n");
	put("text", "hello\n");
	cr_redirect_stdout();
	cr_redirect_stderr();
}

TestSuite(cmd_policy_exchange, .init = begin, .fini = leave_folder);

#define POLICY                                                                                     \
	"# Imported from Exchange. What is off there is held here, where it can be seen.\n\n"      \
	"# Your own domains, whose users are always told.\n"                                       \
	"local_domains = [ \"ours.example\", \"*.ours.example\" ];\n\n"                            \
	"# delay follows NDREnabled, as Exchange has no switch for delays.\n"                      \
	"remote_domains = (\n"                                                                     \
	"\t{\n\t\tname = \"Default\";\n\t\tdomain = \"*\";\n\t\tndr = \"hold\";\n"                 \
	"\t\tdelay = \"hold\";\n\t\tdelivery_report = \"send\";\n\t\tauto_reply = \"send\";\n"     \
	"\t\tndr_diagnostics = true;\n\t},\n"                                                      \
	"\t{\n\t\tname = \"A\";\n\t\tdomain = \"*.a.example\";\n\t\tndr = \"send\";\n"             \
	"\t\tdelay = \"send\";\n\t\tdelivery_report = \"send\";\n\t\tauto_reply = \"hold\";\n"     \
	"\t\tndr_diagnostics = false;\n\t}\n"                                                      \
	");\n"

Test(cmd_policy_exchange, the_policy_is_printed_and_what_is_left_out_is_said)
{
	cr_assert_eq(RUN("import", "--exchange", "csv", "--local", "ours.example", "--local",
			 "*.ours.example"),
		     0);
	cr_assert_stdout_eq_str(POLICY);
	cr_assert_stderr_eq_str("ndrq: csv: ignored, as not about notifications: TNEFEnabled\n");
}

Test(cmd_policy_exchange, the_printed_policy_is_exported_as_the_same_switches)
{
	put("policy", POLICY);
	cr_assert_eq(RUN("check", "policy"), 0);
	cr_assert_eq(RUN("export", "--exchange", "--file", "policy"), 0);
	cr_assert_stdout_eq_str(
		"Set-RemoteDomain -Identity 'Default' -NDREnabled $false -DeliveryReportEnabled "
		"$true "
		"-AutoReplyEnabled $true -AllowedOOFType External "
		"-NDRDiagnosticInfoEnabled $true\n"
		"Set-RemoteDomain -Identity 'A' -NDREnabled $true -DeliveryReportEnabled $true "
		"-AutoReplyEnabled $false -AllowedOOFType None "
		"-NDRDiagnosticInfoEnabled $false\n");
	cr_assert_stderr_eq_str("");
}

Test(cmd_policy_exchange, what_is_no_good_prints_nothing_and_has_its_status)
{
	cr_expect_eq(RUN("import", "--exchange", "none"), 66);
	cr_expect_eq(RUN("import", "--exchange", "text"), 65);
	cr_expect_eq(RUN("import", "--exchange", "twice"), 65);
	cr_expect_eq(RUN("import", "--exchange", "csv", "--local", "a b"), 65);
	cr_expect_eq(RUN("export", "--exchange", "--file", "none"), 66);
	cr_expect_eq(RUN("export", "--exchange", "--file", "text"), 78);
	cr_expect_eq(RUN("import"), 64);
	cr_expect_eq(RUN("import", "--exchange"), 64);
	cr_expect_eq(RUN("import", "--exchange", "csv", "csv"), 64);
	cr_expect_eq(RUN("export"), 64);
	cr_expect_eq(RUN("export", "--nonsense"), 64);
	cr_assert_stdout_eq_str("");
}

Test(cmd_policy_exchange, help_is_printed_when_asked_for)
{
	cr_expect_eq(RUN("import", "--help"), 0);
	cr_expect_eq(RUN("export", "--help"), 0);
	cr_assert_stderr_eq_str("");
}
