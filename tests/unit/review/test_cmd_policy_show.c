/* test_cmd_policy_show.c: what "ndrq policy show" and "diff" print. */
#include "tests/unit/review/cmd_policy_fixture.h"

static void
begin(void)
{
	enter_folder();
	put("a",
	    "local_domains = [ \"ours.example\" ];\ndomains_file = \"list\";\n"
	    "remote_domains = (\n"
	    "  { name = \"Everyone\"; domain = \"*\"; delay = \"delete\"; },\n"
	    "  { name = \"Two words\"; domain = \"*.a.example\"; ndr = { proved = \"send\"; }; }\n"
	    ");\n");
	put("list", "b.example ndr=send\nc.example row=Everyone\n");
	put("small", "mode = \"observe\"; local_domains = \"ours.example\";\n");
	put("bad", "mood = 1;\n");
	put("ndrq.conf", "store = \"db\"; policy = \"a\"; lmtp = { listen = [ \"unix:/x\" ]; };\n"
			 "release = { relay = \"127.0.0.1:1\"; };\n");
	cr_redirect_stdout();
	cr_redirect_stderr();
}

TestSuite(cmd_policy_show, .init = begin, .fini = leave_folder);

#define REST                                                                                       \
	"  delivery_report         hold    as shipped\n"                                           \
	"  receipt                 hold    as shipped\n"                                           \
	"  auto_reply              hold    as shipped\n"                                           \
	"  abuse_report            hold    as shipped\n"                                           \
	"  unknown                 hold    as shipped\n"                                           \
	"  forwarded               send    as shipped\n"                                           \
	"  ndr_diagnostics         true    as shipped\n"                                           \
	"  returned                full    as shipped\n"                                           \
	"  copy                    none    as shipped\n"

Test(cmd_policy_show, a_domain_is_shown_with_the_place_of_each_value)
{
	cr_assert_eq(RUN("show", "--file", "a", "*.x.A.example"), 0);
	cr_assert_eq(RUN("show", "user@b.example", "--file", "a"), 0);
	cr_assert_stdout_eq_str("Two words  *.a.example  a:5\n"
				"  ndr.proved              send    a:5\n"
				"  ndr.forged              hold    as shipped\n"
				"  ndr.none                hold    as shipped\n"
				"  delay                   delete  a:4\n" REST
				"b.example  ./list:1\n"
				"  ndr                     send    ./list:1\n"
				"  delay                   delete  a:4\n" REST);
}

Test(cmd_policy_show, a_local_domain_is_said_to_be_local)
{
	cr_assert_eq(RUN("show", "--file", "small", "OURS.example"), 0);
	cr_assert_eq(RUN_JSON("show", "--file", "small", "ours.example"), 0);
	cr_assert_stdout_eq_str(
		"ours.example  is local: everything is sent; the row is only for what SRS hides\n"
		"Default  *  as shipped\n"
		"  ndr                     hold    as shipped\n"
		"  delay                   hold    as shipped\n" REST
		"{\"asked\":\"ours.example\",\"local\":true}\n");
}

Test(cmd_policy_show, without_a_domain_all_rows_are_shown_and_the_list_is_counted)
{
	cr_assert_eq(RUN("show", "--file", "a"), 0);
	cr_assert_stdout_eq_str("mode  enforce\nlocal_domains  ours.example\n"
				"Everyone  *  a:4\n"
				"  ndr                     hold    as shipped\n"
				"  delay                   delete  a:4\n" REST
				"Two words  *.a.example  a:5\n"
				"  ndr.proved              send    a:5\n"
				"  ndr.forged              hold    as shipped\n"
				"  ndr.none                hold    as shipped\n"
				"2 more in ./list\n");
}

Test(cmd_policy_show, the_row_for_all_is_asked_for_by_star_or_default)
{
	cr_assert_eq(RUN("show", "--file", "small", "*"), 0);
	cr_assert_eq(RUN("show", "--file", "small", "Default"), 0);
	cr_assert_stdout_eq_str("Default  *  as shipped\n"
				"  ndr                     hold    as shipped\n"
				"  delay                   hold    as shipped\n" REST
				"Default  *  as shipped\n"
				"  ndr                     hold    as shipped\n"
				"  delay                   hold    as shipped\n" REST);
}

Test(cmd_policy_show, as_json_each_value_has_its_file_and_line)
{
	cr_assert_eq(RUN("show", "--json", "--file", "a", "a.example"), 0);
	cr_assert_stdout_eq_str(
		"{\"asked\":\"a.example\",\"row\":\"Two words\",\"domain\":\"*.a.example\","
		"\"file\":\"a\",\"line\":5,\"values\":{\"ndr\":{\"none\":{\"action\":\"hold\"},"
		"\"proved\":{\"action\":\"send\",\"file\":\"a\",\"line\":5},"
		"\"forged\":{\"action\":\"hold\"}},"
		"\"delay\":{\"none\":{\"action\":\"delete\",\"file\":\"a\",\"line\":4,"
		"\"inherited\":true},"
		"\"proved\":{\"action\":\"delete\",\"file\":\"a\",\"line\":4,\"inherited\":true},"
		"\"forged\":{\"action\":\"delete\",\"file\":\"a\",\"line\":4,\"inherited\":true}},"
		"\"delivery_report\":{\"none\":{\"action\":\"hold\"},\"proved\":{\"action\":"
		"\"hold\"}"
		",\"forged\":{\"action\":\"hold\"}},"
		"\"receipt\":{\"none\":{\"action\":\"hold\"},\"proved\":{\"action\":\"hold\"},"
		"\"forged\":{\"action\":\"hold\"}},"
		"\"auto_reply\":{\"none\":{\"action\":\"hold\"},\"proved\":{\"action\":\"hold\"},"
		"\"forged\":{\"action\":\"hold\"}},"
		"\"abuse_report\":{\"none\":{\"action\":\"hold\"},\"proved\":{\"action\":\"hold\"},"
		"\"forged\":{\"action\":\"hold\"}},"
		"\"unknown\":{\"none\":{\"action\":\"hold\"},\"proved\":{\"action\":\"hold\"},"
		"\"forged\":{\"action\":\"hold\"}},"
		"\"forwarded\":{\"none\":{\"action\":\"send\"},\"proved\":{\"action\":\"send\"},"
		"\"forged\":{\"action\":\"send\"}},\"ndr_diagnostics\":{\"value\":true},"
		"\"returned\":{\"value\":\"full\"},\"copy\":{\"value\":\"none\"}}}\n");
}

Test(cmd_policy_show, what_holds_whatever_the_proof_is_one_line_and_one_value)
{
	put("b", "local_domains = \"ours.example\"; postmaster = \"p@a\"; remote_domains = (\n"
		 "  { name = \"All\"; domain = \"*\"; copy = \"each\"; },\n"
		 "  { name = \"D\"; domain = \"d.example\"; ndr_diagnostics = false;\n"
		 "    returned = \"headers\"; }\n"
		 ");\n");
	cr_assert_eq(RUN("show", "--file", "b", "d.example"), 0);
	cr_assert_eq(RUN("diff", "small", "b"), 0);
	cr_assert_eq(RUN_JSON("diff", "b", "small"), 0);
	cr_assert_stdout_eq_str(
		"D  d.example  b:3\n"
		"  ndr                     hold    as shipped\n"
		"  delay                   hold    as shipped\n"
		"  delivery_report         hold    as shipped\n"
		"  receipt                 hold    as shipped\n"
		"  auto_reply              hold    as shipped\n"
		"  abuse_report            hold    as shipped\n"
		"  unknown                 hold    as shipped\n"
		"  forwarded               send    as shipped\n"
		"  ndr_diagnostics         false   b:3\n"
		"  returned                headers b:4\n"
		"  copy                    each    b:2\n"
		"*: mode: observe -> enforce\n"
		"*: postmaster: not there -> p@a\n"
		"*: copy: none -> each\n"
		"d.example: ndr_diagnostics: true -> false\n"
		"d.example: returned: full -> headers\n"
		"{\"domain\":\"*\",\"key\":\"mode\",\"before\":\"enforce\",\"after\":"
		"\"observe\"}\n"
		"{\"domain\":\"*\",\"key\":\"postmaster\",\"before\":\"p@a\"}\n"
		"{\"domain\":\"*\",\"key\":\"copy\",\"before\":\"each\",\"after\":\"none\"}\n"
		"{\"domain\":\"d.example\",\"key\":\"ndr_diagnostics\",\"before\":\"false\","
		"\"after\":\"true\"}\n"
		"{\"domain\":\"d.example\",\"key\":\"returned\",\"before\":\"headers\","
		"\"after\":\"full\"}\n");
}

Test(cmd_policy_show, without_a_file_it_is_the_policy_of_ndrq_conf)
{
	cr_assert_eq(RUN("show", "b.example"), 0);
	cr_assert_eq(unlink("ndrq.conf"), 0);
	cr_assert_eq(RUN("show", "b.example"), 78);
	cr_assert_stderr_eq_str("ndrq.conf: No such file or directory\n");
}

Test(cmd_policy_show, rows_in_one_line_have_what_each_says_itself)
{
	put("one", "local_domains = \"ours.example\";\n"
		   "remote_domains = ( { name = \"All\"; domain = \"*\"; ndr = \"hold\"; }, "
		   "{ name = \"D\"; domain = \"d.example\"; ndr = \"send\"; } );\n");
	put("two", "local_domains = \"ours.example\";\n"
		   "remote_domains = ( { name = \"All\"; domain = \"*\"; ndr = \"hold\"; }, "
		   "{ name = \"D\"; domain = \"d.example\"; ndr = \"delete\"; } );\n");
	cr_assert_eq(RUN("diff", "one", "two"), 0);
	cr_assert_stdout_eq_str("d.example: ndr: send -> delete\n");
}

Test(cmd_policy_show, what_two_policies_do_differently_is_a_line_each)
{
	put("b", "local_domains = [ \"ours.example\", \"new.example\" ]; mode = \"observe\";\n"
		 "remote_domains = (\n"
		 "  { name = \"All\"; domain = \"*\"; ndr = { proved = \"send\"; }; },\n"
		 "  { name = \"D\"; domain = \"d.example\"; ndr = \"send\"; delay = \"send\"; }\n"
		 ");\n");
	cr_assert_eq(RUN("diff", "a", "b"), 0);
	cr_assert_eq(RUN("diff", "a", "a"), 0);
	cr_assert_eq(RUN_JSON("diff", "small", "b"), 0);
	cr_assert_stdout_eq_str(
		"*: mode: enforce -> observe\n"
		"new.example: local_domains: not there -> local\n"
		"*: ndr.proved: hold -> send\n"
		"*: delay: delete -> hold\n"
		"b.example: ndr.none: send -> hold\n"
		"b.example: ndr.forged: send -> hold\n"
		"d.example: ndr: hold -> send\n"
		"d.example: delay: delete -> send\n"
		"{\"domain\":\"new.example\",\"key\":\"local_domains\",\"after\":\"local\"}\n"
		"{\"domain\":\"*\",\"key\":\"ndr.proved\",\"before\":\"hold\",\"after\":\"send\"}\n"
		"{\"domain\":\"d.example\",\"key\":\"ndr\",\"before\":\"hold\",\"after\":\"send\"}"
		"\n"
		"{\"domain\":\"d.example\",\"key\":\"delay\",\"before\":\"hold\",\"after\":"
		"\"send\"}\n");
}

Test(cmd_policy_show, who_we_are_and_whom_we_believe_differs_too)
{
	put("x", "local_domains = \"ours.example\"; our_hosts = [ \"mx.a\", \"mx.b\" ];\n"
		 "our_networks = \"192.0.2.0/24\"; alignment = \"strict\";\n");
	put("y", "local_domains = \"ours.example\"; our_hosts = [ \"mx.b\", \"mx.c\" ];\n"
		 "our_networks = \"192.0.2.0/24\"; authserv_ids = \"mx.b\";\n");
	cr_assert_eq(RUN("diff", "x", "y"), 0);
	cr_assert_eq(RUN("diff", "y", "y"), 0);
	cr_assert_stdout_eq_str("*: our_hosts: mx.a -> not there\n"
				"*: our_hosts: not there -> mx.c\n"
				"*: authserv_ids: not there -> mx.b\n"
				"*: alignment: strict -> relaxed\n");
}

Test(cmd_policy_show, what_the_postmaster_is_told_is_shown_and_differs_too)
{
	put("x", "local_domains = \"ours.example\"; postmaster = \"p@ours.example\";\n"
		 "copy_status = [ \"5.4.6\", \"5.4.8\" ]; digest = { at = \"07:00\"; };\n");
	put("y",
	    "local_domains = \"ours.example\"; postmaster = \"q@ours.example\";\n"
	    "copy_status = \"5.4.8\"; copy_limit = \"5/1d\";\n"
	    "digest = { at = \"08:00\"; to = \"r@ours.example\"; }; domains_file = \"list2\";\n");
	put("list2", "");
	cr_assert_eq(RUN("show", "--file", "y"), 0);
	cr_assert_eq(RUN("diff", "x", "y"), 0);
	cr_assert_eq(RUN("diff", "y", "y"), 0);
	cr_assert_eq(RUN_JSON("diff", "small", "x"), 0);
	cr_assert_stdout_eq_str("mode  enforce\nlocal_domains  ours.example\n"
				"postmaster  q@ours.example\ncopy_status  5.4.8\n"
				"copy_limit  5/1d\ndigest.at  08:00\n"
				"digest.to  r@ours.example\n"
				"Default  *  as shipped\n"
				"  ndr                     hold    as shipped\n"
				"  delay                   hold    as shipped\n" REST
				"*: postmaster: p@ours.example -> q@ours.example\n"
				"*: copy_status: 5.4.6 -> not there\n"
				"*: copy_limit: 60/1h -> 5/1d\n"
				"*: digest.at: 07:00 -> 08:00\n"
				"*: digest.to: not there -> r@ours.example\n"
				"{\"domain\":\"*\",\"key\":\"mode\",\"before\":\"observe\","
				"\"after\":\"enforce\"}\n"
				"{\"domain\":\"*\",\"key\":\"postmaster\","
				"\"after\":\"p@ours.example\"}\n"
				"{\"domain\":\"*\",\"key\":\"copy_status\",\"after\":\"5.4.6\"}\n"
				"{\"domain\":\"*\",\"key\":\"copy_status\",\"after\":\"5.4.8\"}\n"
				"{\"domain\":\"*\",\"key\":\"digest.at\",\"after\":\"07:00\"}\n");
}

#define HOLD_JSON                                                                                  \
	"{\"none\":{\"action\":\"hold\"},\"proved\":{\"action\":\"hold\"},\"forged\":{\"action\":" \
	"\"hold\"}}"
#define SEND_JSON                                                                                  \
	"{\"none\":{\"action\":\"send\"},\"proved\":{\"action\":\"send\"},\"forged\":{\"action\":" \
	"\"send\"}}"

Test(cmd_policy_show, as_json_what_is_said_once_for_all_comes_first)
{
	put("x", "local_domains = \"ours.example\"; postmaster = \"p@ours.example\";\n"
		 "copy_status = [ \"5.4.6\", \"5.4.8\" ];\n");
	cr_assert_eq(RUN_JSON("show", "--file", "x"), 0);
	cr_assert_stdout_eq_str(
		"{\"key\":\"mode\",\"value\":\"enforce\"}\n"
		"{\"key\":\"local_domains\",\"value\":[\"ours.example\"]}\n"
		"{\"key\":\"postmaster\",\"value\":\"p@ours.example\"}\n"
		"{\"key\":\"copy_status\",\"value\":[\"5.4.6\",\"5.4.8\"]}\n"
		"{\"key\":\"copy_limit\",\"value\":\"60/1h\"}\n"
		"{\"row\":\"Default\",\"domain\":\"*\",\"line\":0,\"values\":{"
		"\"ndr\":" HOLD_JSON ",\"delay\":" HOLD_JSON ",\"delivery_report\":" HOLD_JSON
		",\"receipt\":" HOLD_JSON ",\"auto_reply\":" HOLD_JSON
		",\"abuse_report\":" HOLD_JSON ",\"unknown\":" HOLD_JSON ",\"forwarded\":" SEND_JSON
		",\"ndr_diagnostics\":{\"value\":true},\"returned\":{\"value\":\"full\"},"
		"\"copy\":{\"value\":\"none\"}}}\n");
}

#define RULE(name, rest) "{ name = \"" name "\"; " rest " }"

Test(cmd_policy_show, rules_are_shown_before_the_rows_they_come_before)
{
	put("r", "local_domains = [ \"ours.example\" ];\nrules = (\n" RULE(
			 "One",
			 "class = \"receipt\"; action = \"delete\";") ",\n" RULE("Two",
										 "domain = [ "
										 "\"*.b.example\", "
										 "\"c.example\" ]; "
										 "action = "
										 "\"send\";") "\n);"
											      "\n");
	cr_assert_eq(RUN("show", "--file", "r", "a.example"), 0);
	cr_assert_eq(RUN("show", "--file", "r", "x.b.example"), 0);
	cr_assert_stdout_eq_str("rule  One  r:3\n"
				"  class = [ \"receipt\" ];\n"
				"  action = \"delete\";\n"
				"Default  *  as shipped\n"
				"  ndr                     hold    as shipped\n"
				"  delay                   hold    as shipped\n" REST
				"rule  One  r:3\n"
				"  class = [ \"receipt\" ];\n"
				"  action = \"delete\";\n"
				"rule  Two  r:4\n"
				"  domain = [ \"*.b.example\", \"c.example\" ];\n"
				"  action = \"send\";\n"
				"Default  *  as shipped\n"
				"  ndr                     hold    as shipped\n"
				"  delay                   hold    as shipped\n" REST);
}

Test(cmd_policy_show, rules_differ_by_what_they_say_and_by_their_order)
{
	put("r",
	    "local_domains = \"ours.example\"; rules = (\n" RULE(
		    "One",
		    "class = \"receipt\"; "
		    "action = \"delete\";") ",\n" RULE("Two",
						       "class = \"delayed\"; action = "
						       "\"send\";") ",\n" RULE("Three", "action "
											"= "
											"\"hold\""
											";") ");"
											     "\n");
	put("s", "local_domains = \"ours.example\"; rules = (\n" RULE(
			 "Two", "status = \"5.*\"; action "
				"= \"send\";") ",\n" RULE("One", "class = \"receipt\"; action = "
								 "\"hold\";") ",\n" RULE("Four",
											 "action = "
											 "\"hold\""
											 ";") ");"
											      "\n");
	cr_assert_eq(RUN("diff", "r", "s"), 0);
	cr_assert_eq(RUN("diff", "r", "r"), 0);
	cr_assert_eq(RUN_JSON("diff", "r", "s"), 0);
	cr_assert_stdout_eq_str(
		"rule One: action: \"delete\" -> \"hold\"\n"
		"rule Two: class: [ \"delayed\" ] -> not there\n"
		"rule Two: status: not there -> [ \"5.*\" ]\n"
		"rule Three: name: there -> not there\n"
		"rule Four: name: not there -> there\n"
		"*: rules: in one order -> in another\n"
		"{\"rule\":\"One\",\"key\":\"action\",\"before\":\"\\\"delete\\\"\","
		"\"after\":\"\\\"hold\\\"\"}\n"
		"{\"rule\":\"Two\",\"key\":\"class\",\"before\":\"[ \\\"delayed\\\" ]\"}\n"
		"{\"rule\":\"Two\",\"key\":\"status\",\"after\":\"[ \\\"5.*\\\" ]\"}\n"
		"{\"rule\":\"Three\",\"key\":\"name\",\"before\":\"there\"}\n"
		"{\"rule\":\"Four\",\"key\":\"name\",\"after\":\"there\"}\n"
		"{\"domain\":\"*\",\"key\":\"rules\",\"before\":\"in one order\","
		"\"after\":\"in another\"}\n");
}

Test(cmd_policy_show, a_wrong_call_or_a_bad_policy_has_its_status)
{
	cr_expect_eq(RUN("show", "--file", "a", "b", "c"), 64);
	cr_expect_eq(RUN("show", "--file", "a", "a.*"), 64);
	cr_expect_eq(RUN("show", "--nonsense"), 64);
	cr_expect_eq(RUN("show", "--file", "bad"), 78);
	cr_expect_eq(RUN("show", "--file", "none"), 66);
	cr_expect_eq(RUN("diff", "a"), 64);
	cr_expect_eq(RUN("diff", "--nonsense", "a", "b"), 64);
	cr_expect_eq(RUN("diff", "a", "bad"), 78);
	cr_expect_eq(RUN("diff", "none", "a"), 66);
	cr_assert_stdout_eq_str("");
}

Test(cmd_policy_show, help_is_printed_when_asked_for)
{
	cr_expect_eq(RUN("show", "--help"), 0);
	cr_expect_eq(RUN("diff", "--help"), 0);
	cr_assert_stderr_eq_str("");
}
