/* test_edit.c: a value is changed in the text, and nothing else is. */
#include <string.h>

#include "policy/edit.h"
#include "tests/unit/policy/sample.h"

#define LOCAL "local_domains = \"ours.example\";\n"

static char folder[] = "/tmp/ndrq-edit-XXXXXX";

static void
put(const char *name, const char *text)
{
	struct span bytes = span_of(text);
	struct error err = { 0 };

	cr_assert_eq(file_publish(folder, name, &bytes, 1, 0600, &err), 0, "%s", err.text);
}

static void
begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void
end(void)
{
	AUTO(freep) char *command = xasprintf("rm -rf %s", folder);

	cr_assert_eq(system(command), 0);
}

TestSuite(edit, .init = begin, .fini = end);

/* "*.b.example", "*" */
static int
edit(const char *pattern, struct policy_setting setting, struct policy_edit *ret, struct error *err)
{
	bool subtree = strncmp(pattern, "*.", 2) == 0;
	const char *domain = strcmp(pattern, "*") == 0 ? NULL : pattern + (subtree ? 2 : 0);

	return policy_edit("p.conf", domain, subtree, &setting, 1, ret, err);
}

static const struct policy_setting send_ndr = { POLICY_KEY_NDR, POLICY_PROOFS, POLICY_SEND };
static const struct policy_setting send_proved = { POLICY_KEY_NDR, POLICY_PROOF_PROVED,
						   POLICY_SEND };
static const struct policy_setting no_diagnostics = { POLICY_KEY_NDR_DIAGNOSTICS, POLICY_PROOFS,
						      1 };
static const struct policy_setting headers = { POLICY_KEY_RETURNED, POLICY_PROOFS,
					       POLICY_RETURNED_HEADERS };

/* A policy.conf, the pattern whose row is changed, to what, and the policy.conf it becomes. */
static const struct {
	const char *text, *pattern;
	const struct policy_setting *setting;
	const char *result;
} row_edits[] = {
	/* a value is replaced where it stands */
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = \"hold\"; } );\n", "a",
	  &send_ndr,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = \"send\"; } );\n" },
	{ LOCAL "remote_domains = ( { ndr : \"ho\" \"ld\" /* b */ , domain = \"A.\"; "
		"name = \"A\" } );\n",
	  "a", &send_ndr,
	  LOCAL "remote_domains = ( { ndr : \"send\" /* b */ , domain = \"A.\"; "
		"name = \"A\" } );\n" },
	/* a member in its group, or a group from a value */
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = { proved = "
		"\"hold\"; none = \"hold\"; } } );\n",
	  "a", &send_proved,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = { proved = "
		"\"send\"; none = \"hold\"; } } );\n" },
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = { none = "
		"\"hold\" } } );\n",
	  "a", &send_proved,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = { none = "
		"\"hold\"; proved = \"send\"; } } );\n" },
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = \"delete\" } );\n", "a",
	  &send_proved,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = { proved = "
		"\"send\"; forged = \"delete\"; none = \"delete\"; } } );\n" },
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = { none = "
		"\"hold\"; }; } );\n",
	  "a", &send_ndr,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = \"send\"; } );\n" },
	/* a new key stands last: on the line, or on one of its own */
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\" } );\n", "a", &send_ndr,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = \"send\"; } );\n" },
	{ LOCAL "remote_domains = (\n\t{\n\t\tname = \"A\";\n\t\tdomain = \"a\";   # a\n"
		"\t\t# b\n\t}   # c\n);\n",
	  "a", &send_proved,
	  LOCAL "remote_domains = (\n\t{\n\t\tname = \"A\";\n\t\tdomain = \"a\";   # a\n"
		"\t\t# b\n\t\tndr = { proved = \"send\"; };\n\t}   # c\n);\n" },
	/* the right one of several, whatever comments and texts say */
	{ LOCAL "# { domain = \"b\"; }\nremote_domains = ( { name = \"domain = b\"; domain "
		"= \"a\"; },\n// {\n{ name = \"B\"; domain = \"*.b\"; }, { name = \"C\"; "
		"domain = "
		"\"b\"; } );\n",
	  "b", &send_ndr,
	  LOCAL "# { domain = \"b\"; }\nremote_domains = ( { name = \"domain = b\"; domain "
		"= \"a\"; },\n// {\n{ name = \"B\"; domain = \"*.b\"; }, { name = \"C\"; "
		"domain = "
		"\"b\"; ndr = \"send\"; } );\n" },
	/* a new row is the last */
	{ LOCAL, "*.b.example", &send_ndr,
	  LOCAL "\nremote_domains = (\n\t{ name = \"*.b.example\"; domain = "
		"\"*.b.example\"; ndr = \"send\"; }\n);\n" },
	{ "local_domains = \"ours.example\";", "*", &send_ndr,
	  LOCAL "\nremote_domains = (\n\t{ name = \"Default\"; domain = \"*\"; ndr = "
		"\"send\"; }\n);\n" },
	{ LOCAL "remote_domains = ( );\n", "b", &send_ndr,
	  LOCAL "remote_domains = ( \n\t{ name = \"b\"; domain = \"b\"; ndr = \"send\"; }\n"
		");\n" },
	{ LOCAL "remote_domains = (\n);\n", "b", &send_ndr,
	  LOCAL "remote_domains = (\n\t{ name = \"b\"; domain = \"b\"; ndr = \"send\"; }\n"
		");\n" },
	{ LOCAL "remote_domains = (\n  { name = \"A\"; domain = \"a\"; }  # a\n  # more\n);\n", "b",
	  &send_ndr,
	  LOCAL "remote_domains = (\n  { name = \"A\"; domain = \"a\"; },  # a\n"
		"  { name = \"b\"; domain = \"b\"; ndr = \"send\"; }\n  # more\n);\n" },
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; } );\n", "b", &send_ndr,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; }, { name = \"b\"; "
		"domain = \"b\"; ndr = \"send\"; } );\n" },
	/* what holds whatever the proof; a flag has no quotes */
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr_diagnostics = "
		"TRUE; } );\n",
	  "a", &no_diagnostics,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"a\"; ndr_diagnostics = "
		"false; } );\n" },
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"*.a\"; ndr_diagnostics = "
		"false; copy = \"each\"; } );\npostmaster = \"p@a\";\n",
	  "b.a", &headers,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"*.a\"; ndr_diagnostics = "
		"false; copy = \"each\"; }, { name = \"b.a\"; domain = \"b.a\"; "
		"ndr_diagnostics = false; copy = \"each\"; returned = \"headers\"; } );\n"
		"postmaster = \"p@a\";\n" },
	/* a rule for the same domain in the same line is another matter */
	{ LOCAL "rules = ( { name = \"R\"; domain = \"a\"; action = \"hold\"; } ); "
		"remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = \"hold\"; } );\n",
	  "a", &send_ndr,
	  LOCAL "rules = ( { name = \"R\"; domain = \"a\"; action = \"hold\"; } ); "
		"remote_domains = ( { name = \"A\"; domain = \"a\"; ndr = \"send\"; } );\n" },
	/* lines end as they do in the file */
	{ "local_domains = \"ours.example\";\r\n", "b", &send_ndr,
	  "local_domains = \"ours.example\";\r\n\r\nremote_domains = (\r\n"
	  "\t{ name = \"b\"; domain = \"b\"; ndr = \"send\"; }\r\n);\r\n" },
	{ "local_domains = \"ours.example\";\r\nremote_domains = (\r\n\t{ name = \"A\"; "
	  "domain = \"a\"; }\r\n);\r\n",
	  "b", &send_ndr,
	  "local_domains = \"ours.example\";\r\nremote_domains = (\r\n\t{ name = \"A\"; "
	  "domain = \"a\"; },\r\n\t{ name = \"b\"; domain = \"b\"; ndr = \"send\"; }\r\n"
	  ");\r\n" },
	{ LOCAL "mode = \"enforce\";\r\n", "b", &send_ndr,
	  LOCAL "mode = \"enforce\";\r\n\nremote_domains = (\n"
		"\t{ name = \"b\"; domain = \"b\"; ndr = \"send\"; }\n);\n" },
	/* a new row keeps what was said for the domain until now */
	{ LOCAL "remote_domains = ( { name = \"All\"; domain = \"*\"; ndr = \"hold\"; }, "
		"{ name = \"A\"; domain = \"*.a\"; ndr = \"send\"; } );\n",
	  "b.a", &headers,
	  LOCAL
	  "remote_domains = ( { name = \"All\"; domain = \"*\"; ndr = \"hold\"; }, "
	  "{ name = \"A\"; domain = \"*.a\"; ndr = \"send\"; }, "
	  "{ name = \"b.a\"; domain = \"b.a\"; ndr = \"send\"; returned = \"headers\"; } );\n" },
	{ LOCAL "remote_domains = ( { name = \"A\"; domain = \"*.a\"; delay = \"send\"; "
		"ndr = { none = \"delete\"; }; } );\n",
	  "b.a", &send_proved,
	  LOCAL "remote_domains = ( { name = \"A\"; domain = \"*.a\"; delay = \"send\"; "
		"ndr = { none = \"delete\"; }; }, { name = \"b.a\"; domain = \"b.a\"; ndr = "
		"{ none = \"delete\"; proved = \"send\"; }; delay = \"send\"; } );\n" },
};

Test(edit, the_row_of_the_domain_changes_and_all_else_stays)
{
	for (size_t i = 0; i < sizeof(row_edits) / sizeof(row_edits[0]); i++) {
		AUTO(policy_edit_done) struct policy_edit e = { 0 };
		struct error err = { 0 };

		put("p.conf", row_edits[i].text);
		cr_assert_eq(edit(row_edits[i].pattern, *row_edits[i].setting, &e, &err), 0,
			     "case %zu: %s", i, err.text);
		cr_expect_str_eq(e.file, "p.conf");
		cr_expect_str_eq(e.old_text.data, row_edits[i].text);
		cr_expect_str_eq(e.new_text.data, row_edits[i].result, "case %zu: %s", i,
				 e.new_text.data);
	}
}

Test(edit, a_row_in_an_included_file_is_changed_there)
{
	AUTO(policy_edit_done) struct policy_edit changed = { 0 };
	AUTO(policy_edit_done) struct policy_edit added = { 0 };
	struct error err = { 0 };

	put("p.conf", LOCAL "remote_domains = (\n@include \"rows.conf\"\n);\n");
	put("rows.conf", "{ name = \"A\"; domain = \"a\"; },\n{ name = \"B\"; domain = \"b\"; }\n");
	cr_assert_eq(edit("b", send_ndr, &changed, &err), 0, "%s", err.text);
	cr_expect_str_eq(changed.file, "./rows.conf");
	cr_expect_str_eq(changed.new_text.data,
			 "{ name = \"A\"; domain = \"a\"; },\n"
			 "{ name = \"B\"; domain = \"b\"; ndr = \"send\"; }\n");
	cr_assert_eq(edit("c", send_ndr, &added, &err), 0, "%s", err.text);
	cr_expect_str_eq(added.file, "p.conf");
	cr_expect_str_eq(added.new_text.data,
			 LOCAL "remote_domains = (\n@include \"rows.conf\"\n"
			       "\t, { name = \"c\"; domain = \"c\"; ndr = \"send\"; }\n);\n");
}

Test(edit, a_domain_in_the_list_has_its_line_changed)
{
	static const struct policy_setting hold_ndr = { POLICY_KEY_NDR, POLICY_PROOFS,
							POLICY_HOLD };
	static const struct {
		const char *list, *pattern;
		const struct policy_setting *setting;
		const char *result; /* NULL: refused */
	} cases[] = {
		{ "a ndr=hold\nb ndr=hold  # b\n", "b", &send_ndr,
		  "a ndr=hold\nb ndr=send  # b\n" },
		{ "b delay=hold#\n", "b", &send_ndr, NULL },
		{ "b delay=hold\r\n", "b", &send_ndr, "b delay=hold ndr=send\r\n" },
		{ "b ndr.none=hold delay=send ndr.proved=hold\n", "b", &send_ndr,
		  "b ndr=send delay=send\n" },
		{ "b ndr=hold ndr.none=send delay=send\t#\n", "b", &hold_ndr,
		  "b ndr=hold delay=send\t#\n" },
		{ "b ndr=hold delay=send # ndr=x\n", "b", &send_proved,
		  "b ndr=hold delay=send ndr.proved=send # ndr=x\n" },
		{ "*.b ndr=hold\n", "*.b", &send_proved, "*.b ndr=hold ndr.proved=send\n" },
		{ "*.b ndr=hold\n", "c", &send_proved, "*.b ndr=hold\nc ndr.proved=send\n" },
		{ "*.b delay=send\n", "x.b", &send_ndr,
		  "*.b delay=send\nx.b delay=send ndr=send\n" },
		{ "", "*.c", &send_ndr, "*.c ndr=send\n" },
		{ "b row=A\n", "b", &send_ndr, NULL },
		{ "b ndr_diagnostics=true ndr=send\n", "b", &no_diagnostics,
		  "b ndr_diagnostics=false ndr=send\n" },
		{ "*.b copy=each\n", "x.b", &headers,
		  "*.b copy=each\nx.b copy=each returned=headers\n" },
	};

	put("p.conf",
	    LOCAL "domains_file = \"list\"; postmaster = \"p@a\";\n"
		  "remote_domains = ( { name = \"A\"; domain = \"z\"; ndr = \"send\"; } );\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(policy_edit_done) struct policy_edit e = { 0 };
		struct error err = { 0 };
		int rc;

		put("list", cases[i].list);
		rc = edit(cases[i].pattern, *cases[i].setting, &e, &err);
		cr_assert_eq(rc, cases[i].result != NULL ? 0 : -1, "case %zu: %s", i, err.text);
		if (rc < 0)
			continue;
		cr_expect_str_eq(e.file, "./list");
		cr_expect_str_eq(e.new_text.data, cases[i].result, "case %zu", i);
	}
}

Test(edit, of_two_settings_the_later_one_holds)
{
	static const struct {
		struct policy_setting settings[2];
		const char *row;
	} cases[] = {
		{ { { POLICY_KEY_NDR, POLICY_PROOFS, POLICY_SEND },
		    { POLICY_KEY_NDR, POLICY_PROOF_NONE, POLICY_HOLD } },
		  "ndr = { proved = \"send\"; forged = \"send\"; none = \"hold\"; };" },
		{ { { POLICY_KEY_NDR, POLICY_PROOF_NONE, POLICY_HOLD },
		    { POLICY_KEY_NDR, POLICY_PROOFS, POLICY_SEND } },
		  "ndr = \"send\";" },
		{ { { POLICY_KEY_DELAY, POLICY_PROOFS, POLICY_SEND },
		    { POLICY_KEY_DELAY, POLICY_PROOFS, POLICY_HOLD } },
		  "delay = \"hold\";" },
	};

	put("p.conf", LOCAL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(policy_edit_done) struct policy_edit e = { 0 };
		struct error err = { 0 };

		cr_assert_eq(policy_edit("p.conf", "a", false, cases[i].settings, 2, &e, &err), 0,
			     "case %zu: %s", i, err.text);
		cr_expect_not_null(strstr(e.new_text.data, cases[i].row), "case %zu: %s", i,
				   e.new_text.data);
	}
}

Test(edit, a_file_that_is_another_by_now_is_said_to_be)
{
	AUTO(policy_edit_done) struct policy_edit e = { 0 };
	struct error err = { 0 };

	put("p.conf", LOCAL);
	cr_assert_eq(edit("a", send_ndr, &e, &err), 0, "%s", err.text);
	cr_expect_eq(policy_edit_is_current(&e, &err), 0);
	put("p.conf", LOCAL "mode = \"observe\";\n");
	cr_expect_eq(policy_edit_is_current(&e, &err), -1);
	cr_expect_eq(err.class, ERROR_TEMP);
	cr_expect_not_null(strstr(err.text, "p.conf: was changed meanwhile"), "%s", err.text);
	cr_assert_eq(unlink("p.conf"), 0);
	cr_expect_eq(policy_edit_is_current(&e, &err), -1);
}

Test(edit, what_is_written_in_an_unforeseen_way_is_left_alone)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ LOCAL "remote_domains = ( { name = \"B\"; domain = \"\\x62\"; } );\n",
		  "p.conf: the place for \"b\" is written in a way" },
		{ LOCAL "remote_domains = ( { name = \"B\"; domain = \"\" \"b\"; } );\n",
		  "edit it by hand" },
		{ LOCAL "remote_domains = ( { name = \"B\"; domain =\n\n\n\"b\"; } );\n",
		  "edit it by hand" },
		{ LOCAL "remote_domains = ( { name = \"b\"; domain = \"a\"; } );\n",
		  "\"b\" is the name of a row already" },
		{ LOCAL "mood = 1;\n", "p.conf:2: mood: unknown key" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_edit e = { 0 };
		struct error err = { 0 };

		put("p.conf", cases[i].text);
		cr_expect_eq(edit("b", send_ndr, &e, &err), -1, "case %zu", i);
		cr_expect_eq(err.class, ERROR_PERM);
		cr_expect_not_null(strstr(err.text, cases[i].says), "case %zu: %s", i, err.text);
		cr_expect_null(e.file);
	}
}
