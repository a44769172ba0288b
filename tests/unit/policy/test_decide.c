/* test_decide.c: may it leave the building? */
#include <string.h>

#include "tests/unit/policy/sample.h"

static const char policy_text_here[] =
	"local_domains = [ \"*.ours.example\" ];\n"
	"remote_domains = (\n"
	" { name = \"Fabrikam\"; domain = \"*.fabrikam.example\"; ndr = \"send\"; },\n"
	" { name = \"Everyone\"; domain = \"*\"; delay = \"delete\"; receipt = \"send\";\n"
	"   unknown = \"delete\"; },\n"
	" { name = \"Test\"; domain = \"*.test.fabrikam.example\"; ndr = \"delete\";\n"
	"   forwarded = \"delete\"; },\n"
	" { name = \"One\"; domain = \"one.test.fabrikam.example\"; unknown = \"delete\";\n"
	"   forwarded = \"delete\"; },\n"
	" { name = \"All\"; domain = \"all.example\"; ndr = \"send\"; delay = \"send\";\n"
	"   delivery_report = \"send\"; receipt = \"hold\"; auto_reply = \"send\";\n"
	"   abuse_report = \"send\"; unknown = \"send\"; forwarded = \"hold\"; },\n"
	" { name = \"Inner\"; domain = \"ours.example\"; ndr = \"send\"; }\n"
	");\n";

struct sample_case {
	const char *rcpt, *orcpt;
	enum facts_class class;
	bool limits, truncated;
	enum policy_action action;
	const char *rule, *domain;
};

static const struct sample_case cases[] = {
	/* rows: exact, longest subtree, default; what a row does not say */
	{ "a@x.example", NULL, FACTS_FAILED, 0, 0, POLICY_HOLD, "Everyone.ndr", "x.example" },
	{ "a@fabrikam.example", NULL, FACTS_FAILED, 0, 0, POLICY_SEND, "Fabrikam.ndr",
	  "fabrikam.example" },
	{ "a@MX.Fabrikam.example", NULL, FACTS_FAILED, 0, 0, POLICY_SEND, "Fabrikam.ndr",
	  "mx.fabrikam.example" },
	{ "a@test.fabrikam.example", NULL, FACTS_FAILED, 0, 0, POLICY_DELETE, "Test.ndr",
	  "test.fabrikam.example" },
	{ "a@one.test.fabrikam.example", NULL, FACTS_FAILED, 0, 0, POLICY_HOLD, "One.ndr",
	  "one.test.fabrikam.example" },
	{ "a@two.one.test.fabrikam.example", NULL, FACTS_FAILED, 0, 0, POLICY_DELETE, "Test.ndr",
	  "two.one.test.fabrikam.example" },
	{ "a@fabrikam.example", NULL, FACTS_DELAYED, 0, 0, POLICY_DELETE, "Fabrikam.delay",
	  "fabrikam.example" },
	{ "a@fabrikam.example", NULL, FACTS_RECEIPT, 0, 0, POLICY_SEND, "Fabrikam.receipt",
	  "fabrikam.example" },

	/* each class has its key */
	{ "a@all.example", NULL, FACTS_FAILED, 0, 0, POLICY_SEND, "All.ndr", "all.example" },
	{ "a@all.example", NULL, FACTS_DELAYED, 0, 0, POLICY_SEND, "All.delay", "all.example" },
	{ "a@all.example", NULL, FACTS_DELIVERED, 0, 0, POLICY_SEND, "All.delivery_report",
	  "all.example" },
	{ "a@all.example", NULL, FACTS_RELAYED, 0, 0, POLICY_SEND, "All.delivery_report",
	  "all.example" },
	{ "a@all.example", NULL, FACTS_EXPANDED, 0, 0, POLICY_SEND, "All.delivery_report",
	  "all.example" },
	{ "a@all.example", NULL, FACTS_RECEIPT, 0, 0, POLICY_HOLD, "All.receipt", "all.example" },
	{ "a@all.example", NULL, FACTS_AUTO_REPLY, 0, 0, POLICY_SEND, "All.auto_reply",
	  "all.example" },
	{ "a@all.example", NULL, FACTS_ABUSE_REPORT, 0, 0, POLICY_SEND, "All.abuse_report",
	  "all.example" },
	{ "a@all.example", NULL, FACTS_UNKNOWN, 0, 0, POLICY_SEND, "All.unknown", "all.example" },

	/* unknown is deleted only by a row that says so itself */
	{ "a@x.example", NULL, FACTS_UNKNOWN, 0, 0, POLICY_DELETE, "Everyone.unknown",
	  "x.example" },
	{ "a@fabrikam.example", NULL, FACTS_UNKNOWN, 0, 0, POLICY_HOLD, "Fabrikam.unknown",
	  "fabrikam.example" },
	{ "a@one.test.fabrikam.example", NULL, FACTS_UNKNOWN, 0, 0, POLICY_DELETE, "One.unknown",
	  "one.test.fabrikam.example" },

	/* what no row changes */
	{ "a@ours.example", NULL, FACTS_FAILED, 0, 0, POLICY_SEND, "local", "ours.example" },
	{ "a@sub.ours.example", NULL, FACTS_UNKNOWN, 1, 0, POLICY_SEND, "local",
	  "sub.ours.example" },
	{ NULL, NULL, FACTS_FAILED, 0, 0, POLICY_HOLD, "no-recipient", NULL },
	{ "", "b@ours.example", FACTS_FAILED, 0, 0, POLICY_HOLD, "no-recipient", NULL },
	{ "nobody", NULL, FACTS_FAILED, 0, 0, POLICY_HOLD, "bad-recipient", NULL },
	{ "a%x.example@ours.example", NULL, FACTS_FAILED, 0, 0, POLICY_HOLD, "routed-recipient",
	  "ours.example" },
	{ "a@all.example", NULL, FACTS_UNKNOWN, 1, 0, POLICY_HOLD, "limits", "all.example" },
	{ "a@all.example", NULL, FACTS_MAIL, 0, 0, POLICY_HOLD, "mail", "all.example" },
	{ "a@all.example", "b@ours.example", FACTS_MAIL, 0, 0, POLICY_HOLD, "mail", "all.example" },

	/* cut short: held where it would have been sent */
	{ "a@all.example", NULL, FACTS_FAILED, 0, 1, POLICY_HOLD, "truncated", "all.example" },
	{ "a@ours.example", NULL, FACTS_FAILED, 0, 1, POLICY_HOLD, "truncated", "ours.example" },
	{ "a@x.example", NULL, FACTS_FAILED, 0, 1, POLICY_HOLD, "Everyone.ndr", "x.example" },
	{ "a@test.fabrikam.example", NULL, FACTS_FAILED, 0, 1, POLICY_DELETE, "Test.ndr",
	  "test.fabrikam.example" },
	{ "a@x.example", "b@ours.example", FACTS_FAILED, 0, 1, POLICY_HOLD, "truncated",
	  "x.example" },

	/* forwarded: remote now, ours at first; for every class of notification */
	{ "a@x.example", "b@ours.example", FACTS_FAILED, 0, 0, POLICY_SEND, "Everyone.forwarded",
	  "x.example" },
	{ "a@x.example", "b@Ours.Example", FACTS_DELAYED, 0, 0, POLICY_SEND, "Everyone.forwarded",
	  "x.example" },
	{ "a@x.example", "b@ours.example", FACTS_UNKNOWN, 0, 0, POLICY_SEND, "Everyone.forwarded",
	  "x.example" },
	{ "a@all.example", "b@ours.example", FACTS_FAILED, 0, 0, POLICY_HOLD, "All.forwarded",
	  "all.example" },
	{ "a@test.fabrikam.example", "b@ours.example", FACTS_FAILED, 0, 0, POLICY_DELETE,
	  "Test.forwarded", "test.fabrikam.example" },
	{ "a@test.fabrikam.example", "b@ours.example", FACTS_UNKNOWN, 0, 0, POLICY_HOLD,
	  "Test.forwarded", "test.fabrikam.example" },
	{ "a@one.test.fabrikam.example", "b@ours.example", FACTS_UNKNOWN, 0, 0, POLICY_DELETE,
	  "One.forwarded", "one.test.fabrikam.example" },
	{ "a@x.example", "a@x.example", FACTS_FAILED, 0, 0, POLICY_HOLD, "Everyone.ndr",
	  "x.example" },
	{ "a@x.example", "b", FACTS_FAILED, 0, 0, POLICY_HOLD, "Everyone.ndr", "x.example" },
	{ "a@x.example", "", FACTS_FAILED, 0, 0, POLICY_HOLD, "Everyone.ndr", "x.example" },

	/* a forged sender that came back through our SRS is no user of ours */
	{ "a@x.example", "SRS0=h=t=x.example=a@ours.example", FACTS_FAILED, 0, 0, POLICY_HOLD,
	  "Everyone.ndr", "x.example" },
	{ "a@x.example", "prvs=1=SRS0=h=t=x.example=a@ours.example", FACTS_FAILED, 0, 0,
	  POLICY_HOLD, "Everyone.ndr", "x.example" },
	{ "a@x.example", "a%x.example@ours.example", FACTS_FAILED, 0, 0, POLICY_HOLD,
	  "Everyone.ndr", "x.example" },
	{ "SRS0=h=t=x.example=a@ours.example", NULL, FACTS_FAILED, 0, 0, POLICY_HOLD,
	  "Everyone.ndr", "x.example" },
	{ "SRS0=h=t=x.example=a@ours.example", "SRS0=h=t=x.example=a@ours.example", FACTS_FAILED, 0,
	  0, POLICY_HOLD, "Everyone.ndr", "x.example" },
	{ "SRS0=h=t=mx.fabrikam.example=a@ours.example", NULL, FACTS_FAILED, 0, 0, POLICY_SEND,
	  "Fabrikam.ndr", "mx.fabrikam.example" },
	{ "SRS0=h=t=y.ours.example=a@ours.example", NULL, FACTS_FAILED, 0, 0, POLICY_HOLD,
	  "Everyone.ndr", "y.ours.example" },
	{ "SRS0=h=t=ours.example=a@ours.example", NULL, FACTS_FAILED, 0, 0, POLICY_SEND,
	  "Inner.ndr", "ours.example" },
	{ "SRS0=h@ours.example", NULL, FACTS_FAILED, 0, 0, POLICY_HOLD, "bad-recipient", NULL },
};

static void
check_proof(const struct policy *policy, const struct sample_case *c, enum policy_proof proof,
	    size_t i)
{
	const struct facts facts = { .class = c->class, .limits = c->limits };
	const struct policy_subject subject = {
		.facts = &facts,
		.rcpt = c->rcpt,
		.orcpt = c->orcpt,
		.truncated = c->truncated,
		.proof = proof,
	};
	struct policy_decision d;

	policy_decide(policy, &subject, &d);
	cr_expect_eq(d.action, c->action, "case %zu: %s", i, policy_action_name(d.action));
	cr_expect_str_eq(d.rule, c->rule, "case %zu: %s", i, d.rule);
	cr_assert_eq(d.domain == NULL, c->domain == NULL, "case %zu: %s", i, d.domain);
	if (d.domain != NULL)
		cr_expect_str_eq(d.domain, c->domain, "case %zu: %s", i, d.domain);
	policy_decision_done(&d);
	cr_expect_null(d.domain);
}

static void
check(const struct policy *policy, const struct sample_case *c, size_t i)
{
	check_proof(policy, c, POLICY_PROOF_NONE, i);
}

Test(decide, the_first_that_knows_decides_and_names_its_rule)
{
	AUTO(policy_unrefp) struct policy *policy = sample_policy(policy_text_here);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(policy, &cases[i], i);
}

/* A notification of that class for rcpt, at first for orcpt, and what becomes of it by its proof.
 */
static const struct {
	const char *rcpt, *orcpt;
	enum facts_class class;
	const char *says[POLICY_PROOFS][2]; /* none, proved, forged: action, rule */
} by_proof[] = {
	{ "u@x.example",
	  NULL,
	  FACTS_FAILED,
	  { { "hold", "All.ndr.none" },
	    { "send", "All.ndr.proved" },
	    { "delete", "All.ndr.forged" } } },
	{ "u@a.example",
	  NULL,
	  FACTS_FAILED,
	  { { "send", "A.ndr.none" }, { "send", "A.ndr.proved" }, { "delete", "A.ndr.forged" } } },
	{ "u@b.example",
	  NULL,
	  FACTS_FAILED,
	  { { "hold", "B.ndr" }, { "hold", "B.ndr" }, { "hold", "B.ndr" } } },
	{ "u@a.example",
	  NULL,
	  FACTS_DELAYED,
	  { { "delete", "A.delay.none" },
	    { "send", "A.delay.proved" },
	    { "delete", "A.delay.forged" } } },
	/* what nobody has recognised is deleted only by a row that says so itself */
	{ "u@x.example",
	  NULL,
	  FACTS_UNKNOWN,
	  { { "send", "All.unknown.none" },
	    { "hold", "All.unknown.proved" },
	    { "delete", "All.unknown.forged" } } },
	{ "u@b.example",
	  NULL,
	  FACTS_UNKNOWN,
	  { { "send", "B.unknown.none" },
	    { "hold", "B.unknown.proved" },
	    { "hold", "B.unknown.forged" } } },
	{ "u@b.example",
	  "u@ours.example",
	  FACTS_UNKNOWN,
	  { { "send", "B.forwarded.none" },
	    { "send", "B.forwarded.proved" },
	    { "hold", "B.forwarded.forged" } } },
	/* whom it is for comes first */
	{ "u@ours.example",
	  NULL,
	  FACTS_FAILED,
	  { { "send", "local" }, { "send", "local" }, { "send", "local" } } },
};

Test(decide, a_row_may_tell_by_proof_and_inherits_each_member)
{
	AUTO(policy_unrefp)
	struct policy *policy = sample_policy(
		"local_domains = \"ours.example\";\n"
		"remote_domains = (\n"
		" { name = \"All\"; domain = \"*\"; delay = \"delete\";\n"
		"   ndr = { proved = \"send\"; forged = \"delete\"; };\n"
		"   unknown = { none = \"send\"; forged = \"delete\"; };\n"
		"   forwarded = { forged = \"delete\"; }; },\n"
		" { name = \"A\"; domain = \"a.example\"; ndr = { none = \"send\"; };\n"
		"   delay = { proved = \"send\"; }; },\n"
		" { name = \"B\"; domain = \"b.example\"; ndr = \"hold\"; }\n"
		");\n");

	for (size_t i = 0; i < sizeof(by_proof) / sizeof(by_proof[0]); i++)
		for (enum policy_proof proof = 0; proof < POLICY_PROOFS; proof++) {
			const struct facts facts = { .class = by_proof[i].class };
			const struct policy_subject subject = { .facts = &facts,
								.rcpt = by_proof[i].rcpt,
								.orcpt = by_proof[i].orcpt,
								.proof = proof };
			struct policy_decision d;

			policy_decide(policy, &subject, &d);
			cr_expect_str_eq(policy_action_name(d.action), by_proof[i].says[proof][0],
					 "case %zu, %s", i, policy_proof_name(proof));
			cr_expect_str_eq(d.rule, by_proof[i].says[proof][1], "case %zu, %s", i,
					 policy_proof_name(proof));
			policy_decision_done(&d);
		}
}

Test(decide, without_rows_only_local_users_and_those_who_forward_are_told)
{
	AUTO(policy_unrefp)
	struct policy *policy =
		sample_policy("mode = \"observe\"; local_domains = \"ours.example\";");
	static const char *const keys[] = {
		"",
		"unknown",
		"ndr",
		"delay",
		"delivery_report",
		"delivery_report",
		"delivery_report",
		"receipt",
		"auto_reply",
		"abuse_report",
	};

	cr_expect(policy_observes(policy));
	for (size_t class = FACTS_UNKNOWN; class < FACTS_CLASSES; class ++) {
		AUTO(freep) char *rule = xasprintf("Default.%s", keys[class]);
		struct sample_case c = { .rcpt = "a@x.example",
					 .class = (enum facts_class) class,
					 .action = POLICY_HOLD,
					 .rule = rule,
					 .domain = "x.example" };

		check(policy, &c, class);
		c.orcpt = "b@ours.example";
		c.action = POLICY_SEND;
		c.rule = "Default.forwarded";
		check(policy, &c, class);
	}
}

Test(decide, the_longest_name_of_a_row_fits_into_a_rule)
{
	AUTO(policy_unrefp)
	struct policy *policy = sample_policy(
		"local_domains = \"ours.example\"; remote_domains = ( { domain = \"*\"; name = "
		"\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\"; "
		"delivery_report = { proved = \"send\"; }; } );");
	const struct sample_case c = {
		.rcpt = "a@x.example",
		.class = FACTS_EXPANDED,
		.action = POLICY_HOLD,
		.rule = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
			".delivery_report.forged",
		.domain = "x.example",
	};

	check_proof(policy, &c, POLICY_PROOF_FORGED, 0);
}

Test(decide, the_row_says_how_much_goes_along_whoever_decides)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	struct error err = { 0 };
	static const char text[] =
		"local_domains = \"*.ours.example\"; domains_file = \"domains\";\n"
		"postmaster = \"p@ours.example\";\n"
		"rules = ( { name = \"R\"; domain = \"*.a.example\"; action = \"send\"; } );\n"
		"remote_domains = ( { name = \"A\"; domain = \"*.a.example\"; returned = \"none\"; "
		"},\n"
		" { name = \"B\"; domain = \"b.example\"; ndr_diagnostics = true; copy = \"each\"; "
		"},\n"
		" { name = \"Ours\"; domain = \"ours.example\"; ndr_diagnostics = false; },\n"
		" { name = \"Default\"; domain = \"*\"; ndr_diagnostics = false;\n"
		"   returned = \"headers\"; copy = \"digest\"; } );\n";
	static const struct {
		const char *rcpt;
		enum facts_class class;
		bool limits, no_diagnostics;
		enum policy_returned returned;
		enum policy_copy copy;
	} says[] = {
		{ "u@x.a.example", FACTS_FAILED, 0, true, POLICY_RETURNED_NONE,
		  POLICY_COPY_DIGEST },
		{ "u@x.a.example", FACTS_DELAYED, 0, true, POLICY_RETURNED_NONE,
		  POLICY_COPY_DIGEST },
		{ "u@x.a.example", FACTS_DELIVERED, 0, false, POLICY_RETURNED_NONE,
		  POLICY_COPY_DIGEST },
		{ "u@x.a.example", FACTS_UNKNOWN, 1, true, POLICY_RETURNED_NONE,
		  POLICY_COPY_DIGEST },
		{ "u@b.example", FACTS_FAILED, 0, false, POLICY_RETURNED_HEADERS,
		  POLICY_COPY_EACH },
		{ "u@c.example", FACTS_FAILED, 0, true, POLICY_RETURNED_HEADERS,
		  POLICY_COPY_DIGEST },
		{ "u@listed.example", FACTS_FAILED, 0, false, POLICY_RETURNED_FULL,
		  POLICY_COPY_NONE },
		/* an SRS address of ours stands for who is inside */
		{ "SRS0=h=t=b.example=u@ours.example", FACTS_FAILED, 0, false,
		  POLICY_RETURNED_HEADERS, POLICY_COPY_EACH },
		{ "u@ours.example", FACTS_FAILED, 0, false, POLICY_RETURNED_FULL,
		  POLICY_COPY_NONE },
		{ "nobody", FACTS_FAILED, 0, false, POLICY_RETURNED_FULL, POLICY_COPY_NONE },
	};

	cr_assert_eq(sample_read_with(
			     text,
			     SPAN("listed.example ndr_diagnostics=true returned=full copy=none\n"),
			     &policy, NULL, &err),
		     0, "%s", err.text);
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		const struct facts facts = { .class = says[i].class, .limits = says[i].limits };
		const struct policy_subject subject = { .facts = &facts, .rcpt = says[i].rcpt };
		struct policy_decision d;

		policy_decide(policy, &subject, &d);
		cr_expect_eq(d.no_diagnostics, says[i].no_diagnostics, "case %zu", i);
		cr_expect_eq(d.returned, says[i].returned, "case %zu", i);
		cr_expect_eq(d.copy, says[i].copy, "case %zu", i);
		policy_decision_done(&d);
	}
}

/* Rows that say the same are kept once; three of each of 27 here. */
Test(decide, each_of_many_rows_says_what_it_says)
{
	static const enum facts_class classes[] = { FACTS_FAILED, FACTS_DELAYED, FACTS_RECEIPT };
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(policy_unrefp) struct policy *policy = NULL;

	buffer_add_str(&text, "local_domains = \"ours.example\"; remote_domains = (");
	for (int i = 0; i < 81; i++)
		buffer_printf(&text,
			      "%s{ name = \"n%d\"; domain = \"d%d.example\"; ndr = \"%s\";"
			      " delay = \"%s\"; receipt = \"%s\"; }\n",
			      i > 0 ? "," : "", i, i, policy_action_name(i % 3),
			      policy_action_name(i / 3 % 3), policy_action_name(i / 9 % 3));
	buffer_add_str(&text, ");\n");
	policy = sample_policy(text.data);
	for (int i = 0; i < 3 * 81; i++) {
		int row = i / 3, says[] = { row % 3, row / 3 % 3, row / 9 % 3 };
		AUTO(freep) char *rcpt = xasprintf("u@d%d.example", row);
		AUTO(freep) char *name = xasprintf("n%d.", row);
		const struct facts facts = { .class = classes[i % 3] };
		const struct policy_subject subject = { .facts = &facts, .rcpt = rcpt };
		struct policy_decision d;

		policy_decide(policy, &subject, &d);
		cr_expect_eq((int)d.action, says[i % 3], "%s of class %d", rcpt, i % 3);
		cr_expect_eq(strncmp(d.rule, name, strlen(name)), 0, "%s", d.rule);
		policy_decision_done(&d);
	}
}
