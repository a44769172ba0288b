/* test_listed.c: domains one a line. */
#include <string.h>

#include "tests/unit/policy/sample.h"

#define POLICY                                                                                     \
	"local_domains = \"*.ours.example\"; domains_file = \"domains\";\n"                        \
	"remote_domains = ( { name = \"Two words\"; domain = \"a.example\"; ndr = \"send\"; },\n"  \
	" { name = \"Everyone\"; domain = \"*\"; delay = \"delete\"; unknown = \"delete\"; } );\n"

static struct policy *
listed_policy(struct span listed)
{
	struct policy *policy = NULL;
	struct error err = { 0 };

	cr_assert_eq(sample_read_with(POLICY, listed, &policy, NULL, &err), 0, "%s", err.text);
	return policy;
}

static void
expect(const struct policy *policy, const char *rcpt, enum facts_class class,
       enum policy_proof proof, const char *action, const char *rule)
{
	const struct facts facts = { .class = class };
	const struct policy_subject subject = { .facts = &facts, .rcpt = rcpt, .proof = proof };
	struct policy_decision d;

	policy_decide(policy, &subject, &d);
	cr_expect_str_eq(policy_action_name(d.action), action, "%s", rcpt);
	cr_expect_str_eq(d.rule, rule, "%s", rcpt);
	policy_decision_done(&d);
}

Test(listed, a_line_is_a_row)
{
	AUTO(policy_unrefp)
	struct policy *policy =
		listed_policy(SPAN("\xEF\xBB\xBF# a list\r\n\n \t \n"
				   "b.example ndr=send\r\n"
				   "\t*.B.example\tndr=send  # says the same\n"
				   "B\xC3\xBC"
				   "cher.example ndr=hold ndr.proved=send delay.forged=send #\n"
				   "c.example row=\"Two words\"\n"
				   "d.b.example row=Everyone #d\n"
				   "e.example unknown=delete"
				   "\n"));

	expect(policy, "u@b.example", FACTS_FAILED, 0, "send", "b.example.ndr");
	expect(policy, "u@x.b.example", FACTS_FAILED, 0, "send", "*.b.example.ndr");
	expect(policy, "u@b.example", FACTS_DELAYED, 0, "delete", "b.example.delay");
	expect(policy, "u@b.example", FACTS_UNKNOWN, 0, "hold", "b.example.unknown");
	expect(policy, "u@e.example", FACTS_UNKNOWN, 0, "delete", "e.example.unknown");
	expect(policy, "u@d.b.example", FACTS_FAILED, 0, "hold", "Everyone.ndr");
	expect(policy, "u@c.example", FACTS_FAILED, 0, "send", "Two words.ndr");
	expect(policy, "u@a.example", FACTS_FAILED, 0, "send", "Two words.ndr");
	expect(policy,
	       "u@b\xC3\xBC"
	       "cher.example",
	       FACTS_FAILED, POLICY_PROOF_PROVED, "send", "xn--bcher-kva.example.ndr.proved");
	expect(policy, "u@xn--bcher-kva.example", FACTS_FAILED, POLICY_PROOF_NONE, "hold",
	       "xn--bcher-kva.example.ndr.none");
	expect(policy, "u@xn--bcher-kva.example", FACTS_DELAYED, POLICY_PROOF_FORGED, "send",
	       "xn--bcher-kva.example.delay.forged");
	expect(policy, "u@xn--bcher-kva.example", FACTS_DELAYED, POLICY_PROOF_NONE, "delete",
	       "xn--bcher-kva.example.delay.none");
}

Test(listed, a_long_domain_gives_its_end_to_the_rule)
{
	AUTO(policy_unrefp)
	struct policy *policy =
		listed_policy(SPAN("*.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				   ".bbbbbbbbbbbbbbbbbbb.example delivery_report.none=send\n"));

	expect(policy,
	       "u@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       ".bbbbbbbbbbbbbbbbbbb.example",
	       FACTS_RELAYED, POLICY_PROOF_NONE, "send",
	       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbb.example"
	       ".delivery_report.none");
}

Test(listed, a_bad_line_is_refused_with_its_number)
{
	static const struct {
		struct span listed;
		const char *says;
	} cases[] = {
		{ SPAN("\n\nb.example\n"), "domains:3: domain: behind it key=value is expected" },
		{ SPAN("b.example #ndr=send\n"), "domains:1: domain: behind it" },
		{ SPAN("b.example send\n"), "domains:1: send: key=value is expected" },
		{ SPAN("b.example =send\n"), "domains:1: : unknown key" },
		{ SPAN("b.example mdr=send\n"), "domains:1: mdr: unknown key" },
		{ SPAN("b.example ndr.proven=send\n"), "ndr.proven: unknown key" },
		{ SPAN("b.example ndr.=send\n"), "ndr.: unknown key" },
		{ SPAN("b.example name=send\n"), "name: unknown key" },
		{ SPAN("b.example copy=all\n"), "copy=all: none, digest or each is expected" },
		{ SPAN("b.example copy.none=each\n"), "copy.none: unknown key" },
		{ SPAN("b.example returned=x\n"), "full, headers or none is expected" },
		{ SPAN("b.example ndr_diagnostics=no\n"), "true or false is expected" },
		{ SPAN("b.example ndr=sent\n"), "ndr=sent: send, hold or delete is expected" },
		{ SPAN("b.example ndr=\n"), "ndr=: send, hold or delete" },
		{ SPAN("b.example ndr=send ndr=send\n"), "ndr: is said already" },
		{ SPAN("b.example ndr.none=send ndr=send\n"), "ndr: is said already" },
		{ SPAN("b.example ndr=send ndr.none=hold ndr.none=hold\n"),
		  "ndr.none: is said already" },
		{ SPAN("b.example row=None\n"), "None: remote_domains has no row of this name" },
		{ SPAN("b.example row=\n"), ": remote_domains has no row of this name" },
		{ SPAN("b.example row=Everyone ndr=send\n"), "a line with row= says nothing else" },
		{ SPAN("b.example ndr=send row=Everyone\n"), "row: unknown key" },
		{ SPAN("* ndr=send\n"), "*: the row for all domains belongs into remote_domains" },
		{ SPAN("a.*.b ndr=send\n"), "\"*\" can only stand first" },
		{ SPAN("u@b.example ndr=send\n"), "not an address" },
		{ SPAN("b.example ndr=send\nb.example ndr=hold\n"),
		  "domains:2: domain: this domain has a row already, in line 1" },
		{ SPAN("*.b.example ndr=send\n*.B.example. ndr=send\n"), "in line 1" },
		{ SPAN("A.example ndr=send\n"),
		  "domains:1: domain: this domain has a row already, in /tmp" },
		{ SPAN("b.example ndr=se"), "domains:1: b.example ndr=se: the last line has no" },
		{ SPAN("b.example\0ndr=send\n"), "a NUL byte" },
		{ SPAN("\x1b[2J.example ndr=send\n"), "domains:1: \\x1b[2J.example: not a domain" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		sample_refused_at(POLICY, cases[i].listed, "/domains:", cases[i].says);
}

Test(listed, a_line_that_is_too_long_is_refused)
{
	AUTO(buffer_done) struct buffer listed = { 0 };

	for (int i = 0; i < 5000; i++)
		buffer_add_char(&listed, '#');
	buffer_add_char(&listed, '\n');
	sample_refused_at(POLICY, buffer_span(&listed), "/domains:", "too long a line");
}

Test(listed, what_is_surely_not_meant_is_warned_of_but_not_without_end)
{
	AUTO(buffer_done) struct buffer listed = { 0 };
	AUTO(buffer_done) struct buffer warnings = { 0 };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	struct error err = { 0 };

	buffer_add_str(&listed, "b.example unknown=delete\n");
	for (int i = 0; i < 100; i++)
		buffer_printf(&listed, "d%d.ours.example ndr=send\n", i);
	cr_assert_eq(sample_read_with(POLICY, buffer_span(&listed), &policy, &warnings, &err), 0,
		     "%s", err.text);
	cr_expect_not_null(strstr(warnings.data, "domains:1: unknown: \"delete\" deletes"));
	cr_expect_not_null(strstr(warnings.data, "domains:2: d0.ours.example: is local"));
	cr_expect_not_null(strstr(warnings.data, "domains:20: more warnings are not shown\n"));
	cr_expect_null(strstr(warnings.data, "domains:21:"));
}

Test(listed, of_a_subtree_with_a_local_domain_in_it_more_than_that_matches)
{
	AUTO(buffer_done) struct buffer warnings = { 0 };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	struct error err = { 0 };

	cr_assert_eq(sample_read_with("local_domains = \"ours.example\";\n"
				      "domains_file = \"domains\";\n",
				      SPAN("*.ours.example ndr=send\n"), &policy, &warnings, &err),
		     0, "%s", err.text);
	cr_expect_eq(warnings.len, 0, "%s", warnings.data);
}

Test(listed, the_revision_changes_with_the_list)
{
	AUTO(policy_unrefp) struct policy *one = listed_policy(SPAN("b.example ndr=send\n"));
	AUTO(policy_unrefp) struct policy *same = listed_policy(SPAN("b.example ndr=send\n"));
	AUTO(policy_unrefp) struct policy *other = listed_policy(SPAN("b.example ndr=hold\n"));
	AUTO(freep) char *text = span_dup(policy_text(one));

	cr_expect_str_eq(policy_revision(one), policy_revision(same));
	cr_expect_str_neq(policy_revision(one), policy_revision(other));
	/* printf 'b.example ndr=send\n' | sha256sum */
	cr_expect_not_null(
		strstr(text, "\n# SHA-256 of domains_file: "
			     "b7a1abc952384ef174c22d7ed08371dcb7f2be6e895d938ddd7795bb670a75ab"));
}
