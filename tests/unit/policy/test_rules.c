/* test_rules.c: the rules before the table. */
#include <string.h>

#include "tests/unit/policy/sample.h"

#define LOCAL "local_domains = \"*.ours.example\";\n"

struct rule_case {
	const char *condition; /* of the one rule, whose action is send */
	bool matches;
};

/* Two recipients of ours could not be reached; the message came from 203.0.113.9. */
static struct facts_recipient both[] = {
	{ .final = (char[]){ "ann@ours.example" }, .status = (char[]){ "5.1.1" } },
	{ .final = (char[]){ "x@relay.example" },
	  .original = (char[]){ "Bob@lists.ours.example" },
	  .status = (char[]){ "5.1.10" } },
};

static char reporting_mta[] = "MX1.Ours.Example", client_ip[] = "203.0.113.9";
static char date[] = "Thu, 19 Nov 2026 20:15:48 +0000";
static char spam[] = "Yes, score=9.1";

static struct facts
sample_facts(void)
{
	return (struct facts){
		.class = FACTS_FAILED,
		.reporting_mta = reporting_mta,
		.recipients = both,
		.recipients_len = 2,
		.original = { .client_ip = client_ip, .spam = spam, .date = date },
	};
}

static struct policy *
rule_policy(const char *rules)
{
	AUTO(freep) char *text = xasprintf(LOCAL "rules = (\n%s\n);\n", rules);

	return sample_policy(text);
}

/* "ACTION RULE" */
static char *
judge(const struct policy *policy, struct facts *facts, const char *rcpt, const char *orcpt)
{
	const struct policy_subject subject = { .facts = facts,
						.rcpt = rcpt,
						.orcpt = orcpt,
						.size_bytes = 2048,
						.received_at_ms = INT64_C(1795292148000) };
	struct policy_decision d;
	char *says;

	policy_decide(policy, &subject, &d);
	says = xasprintf("%s %s", policy_action_name(d.action), d.rule);
	policy_decision_done(&d);
	return says;
}

/* A condition, and whether it holds for the bounce of sample_facts to u@x.example. */
static const struct rule_case on_condition[] = {
	{ "", true },

	{ "class = \"failed\";", true },
	{ "class = [ \"receipt\", \"failed\" ];", true },
	{ "class = [ \"delayed\", \"unknown\" ];", false },

	/* each recipient that is reported */
	{ "status = \"5.1.*\";", true },
	{ "status = \"5.*\";", true },
	{ "status = [ \"5.1.1\", \"5.1.10\" ];", true },
	{ "status = \"5.1.1\";", false },
	{ "status = \"5.1.10\";", false },
	{ "status = \"4.*\";", false },
	{ "status = \"5.2.*\";", false },

	{ "domain = \"x.example\";", true },
	{ "domain = \"*.example\";", true },
	{ "domain = [ \"a.example\", \"X.Example.\" ];", true },
	{ "domain = \"*.a.example\";", false },

	{ "original = \"*@*.ours.example\";", true },
	{ "original = \"*@*\";", true },
	{ "original = [ \"ANN@ours.example\", \"bob@*\" ];", true },
	{ "original = \"*@ours.example\";", false },
	{ "original = \"ann@*\";", false },
	{ "original = \"*@*.lists.ours.example\";", false },

	{ "client = \"203.0.113.0/24\";", true },
	{ "client = [ \"2001:db8::/32\", \"203.0.113.9\" ];", true },
	{ "client = \"192.0.2.0/24\";", false },

	{ "reporting_mta = \"mx1.ours.example\";", true },
	{ "reporting_mta = \"*.ours.example\";", true },
	{ "reporting_mta = \"ours.example\";", false },

	{ "proof = \"none\";", true },
	{ "proof = [ \"proved\", \"none\" ];", true },
	{ "proof = [ \"proved\", \"forged\" ];", false },

	{ "spam = true;", true },
	{ "spam = false;", false },

	{ "larger = \"2047\";", true },
	{ "larger = \"2K\";", false },
	{ "larger = \"1M\";", false },

	/* it came two days before */
	{ "older = \"47h\";", true },
	{ "older = \"2d\";", false },

	{ "forwarded = false;", true },
	{ "forwarded = true;", false },

	/* all of them */
	{ "class = \"failed\"; status = \"5.*\"; domain = \"x.example\";"
	  "original = \"*@*\"; client = \"::/0\"; reporting_mta = \"*.example\";",
	  true },
	{ "class = \"failed\"; status = \"5.*\"; domain = \"y.example\";", false },
};

Test(rules, a_condition_holds_or_it_does_not)
{
	for (size_t i = 0; i < sizeof(on_condition) / sizeof(on_condition[0]); i++) {
		AUTO(freep)
		char *rule = xasprintf("{ name = \"It\"; action = \"send\"; %s }",
				       on_condition[i].condition);
		AUTO(policy_unrefp) struct policy *policy = rule_policy(rule);
		struct facts facts = sample_facts();
		AUTO(freep) char *says = judge(policy, &facts, "u@x.example", NULL);

		cr_expect_str_eq(says, on_condition[i].matches ? "send It" : "hold Default.ndr",
				 "%s: %s", on_condition[i].condition, says);
	}
}

Test(rules, a_condition_on_what_is_not_known_does_not_hold)
{
	static const char *const conditions[] = {
		"status = \"5.*\";",  "original = \"*@*\";",
		"client = \"::/0\";", "reporting_mta = \"*.example\";",
		"older = \"1s\";",
	};
	struct facts_recipient no_status = { .final = (char[]){ "no address" } };

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		AUTO(freep)
		char *rule = xasprintf("{ name = \"It\"; action = \"send\"; %s }", conditions[i]);
		AUTO(policy_unrefp) struct policy *policy = rule_policy(rule);
		struct facts nothing = { .class = FACTS_FAILED };
		struct facts little = { .class = FACTS_FAILED,
					.recipients = &no_status,
					.recipients_len = 1,
					.original = { .client_ip = (char[]){ "unknown" } } };
		AUTO(freep) char *one = judge(policy, &nothing, "u@x.example", NULL);
		AUTO(freep) char *two = judge(policy, &little, "u@x.example", NULL);

		cr_expect_str_eq(one, "hold Default.ndr", "%s", conditions[i]);
		cr_expect_str_eq(two, "hold Default.ndr", "%s", conditions[i]);
	}
}

Test(rules, the_first_that_matches_decides_before_the_table_and_after_what_no_row_changes)
{
	AUTO(policy_unrefp)
	struct policy *policy = rule_policy(
		"{ name = \"Pass on\"; forwarded = true; class = \"failed\"; action = \"hold\"; "
		"},\n"
		"{ name = \"Lists\"; domain = \"*.lists.example\"; action = \"send\"; },\n"
		"{ name = \"Gone\"; class = [ \"receipt\", \"delayed\" ]; action = \"delete\"; },\n"
		"{ name = \"All\"; domain = \"a.lists.example\"; action = \"hold\"; },\n"
		"{ name = \"Junk\"; domain = \"junk.example\"; action = \"delete\"; },\n"
		"{ name = \"Odd\"; class = \"unknown\"; domain = \"odd.example\";\n"
		"  action = \"delete\"; }");
	static const struct {
		const char *rcpt, *orcpt;
		enum facts_class class;
		bool limits;
		const char *says;
	} cases[] = {
		{ "u@a.lists.example", NULL, FACTS_RECEIPT, false, "send Lists" },
		{ "u@b.example", NULL, FACTS_RECEIPT, false, "delete Gone" },
		{ "u@b.example", NULL, FACTS_FAILED, false, "hold Default.ndr" },
		/* for a local user who forwards: only rules that say so */
		{ "u@a.lists.example", "v@ours.example", FACTS_RECEIPT, false,
		  "send Default.forwarded" },
		{ "u@a.lists.example", "v@ours.example", FACTS_FAILED, false, "hold Pass on" },
		/* what comes first */
		{ "u@ours.example", NULL, FACTS_RECEIPT, false, "send local" },
		{ NULL, NULL, FACTS_RECEIPT, false, "hold no-recipient" },
		{ "u@a.lists.example", NULL, FACTS_UNKNOWN, true, "hold limits" },
		{ "u@a.lists.example", NULL, FACTS_MAIL, false, "hold mail" },
		/* who is inside an SRS address of ours */
		{ "SRS0=h=t=b.lists.example=u@ours.example", NULL, FACTS_FAILED, false,
		  "send Lists" },
		/* what nobody has recognised is deleted only by a rule that names it */
		{ "u@junk.example", NULL, FACTS_FAILED, false, "delete Junk" },
		{ "u@junk.example", NULL, FACTS_UNKNOWN, false, "hold Junk" },
		{ "u@odd.example", NULL, FACTS_UNKNOWN, false, "delete Odd" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts = { .class = cases[i].class, .limits = cases[i].limits };
		AUTO(freep) char *says = judge(policy, &facts, cases[i].rcpt, cases[i].orcpt);

		cr_expect_str_eq(says, cases[i].says, "case %zu: %s", i, says);
	}
}

Test(rules, age_is_told_by_our_border_else_by_the_report_else_by_the_sender)
{
	static char now[] = "Sat, 21 Nov 2026 20:15:00 +0000",
		    old[] = "Tue, 17 Nov 2026 20:15:00 +0000", odd[] = "yesterday",
		    border_now[] = "from c ([203.0.113.9]) by mx; Sat, 21 Nov 2026 21:15:00 +0100",
		    border_old[] = "from c (a; b) by mx; Tue, 17 Nov 2026 20:15:00 +0000 (UTC)",
		    border_odd[] = "from c ([203.0.113.9]) by mx",
		    future[] = "Mon, 23 Nov 2026 20:15:00 +0000";
	static const struct {
		char *border, *arrival_date, *date;
		bool is_old;
	} cases[] = {
		{ border_old, now, now, true }, { border_now, old, old, false },
		{ border_odd, old, now, true }, { NULL, old, now, true },
		{ NULL, now, old, false },      { NULL, odd, old, true },
		{ NULL, NULL, old, true },      { NULL, NULL, now, false },
		{ NULL, NULL, future, false },  { NULL, NULL, odd, false },
	};
	AUTO(policy_unrefp)
	struct policy *policy =
		rule_policy("{ name = \"Old\"; older = \"2d\"; action = \"delete\"; }");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts = { .class = FACTS_FAILED,
				       .arrival_date = cases[i].arrival_date,
				       .original = { .border = cases[i].border,
						     .date = cases[i].date } };
		AUTO(freep) char *says = judge(policy, &facts, "u@x.example", NULL);

		cr_expect_str_eq(says, cases[i].is_old ? "delete Old" : "hold Default.ndr",
				 "case %zu: %s", i, says);
	}
}

Test(rules, a_rule_may_ask_whether_the_sender_was_who_he_said)
{
	AUTO(policy_unrefp)
	struct policy *policy =
		rule_policy("{ name = \"Forged\"; proof = \"forged\"; action = \"delete\"; },\n"
			    "{ name = \"Odd\"; proof = [ \"none\", \"proved\" ];\n"
			    "  domain = \"odd.example\"; action = \"send\"; }");
	static const struct {
		const char *rcpt;
		enum policy_proof proof;
		const char *rule;
	} cases[] = {
		{ "u@x.example", POLICY_PROOF_FORGED, "Forged" },
		{ "u@x.example", POLICY_PROOF_PROVED, "Default.ndr" },
		{ "u@odd.example", POLICY_PROOF_PROVED, "Odd" },
		{ "u@odd.example", POLICY_PROOF_NONE, "Odd" },
		{ "u@odd.example", POLICY_PROOF_FORGED, "Forged" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts = { .class = FACTS_FAILED };
		const struct policy_subject subject = { .facts = &facts,
							.rcpt = cases[i].rcpt,
							.proof = cases[i].proof };
		struct policy_decision d;

		policy_decide(policy, &subject, &d);
		cr_expect_str_eq(d.rule, cases[i].rule, "case %zu: %s", i, d.rule);
		policy_decision_done(&d);
	}
}

/* What stands in line 2 of a policy.conf, and a part of the sentence that refuses it. */
static const struct {
	const char *rules, *says;
} bad_rules[] = {
	{ "rules = { };", "p.conf:2: rules: a list of groups is expected" },
	{ "rules = ( \"x\" );", "p.conf:2: rules: a rule is a group" },
	{ "rules = ( { name = \"A\"; } );", "p.conf:2: rules: a rule needs name and action" },
	{ "rules = ( { action = \"send\"; } );", "a rule needs name and action" },
	{ "rules = ( { name = \"A\"; action = \"pass\"; } );",
	  "action: \"send\", \"hold\" or \"delete\" is expected, not \"pass\"" },
	{ "rules = ( { name = \" A\"; action = \"send\"; } );", "name: plain words" },
	{ "rules = ( { name = \"local\"; action = \"send\"; } );",
	  "name: \"local\" has a meaning of its own" },
	{ "rules = ( { name = \"unreadable\"; action = \"send\"; } );",
	  "name: \"unreadable\" has a meaning of its own" },
	{ "rules = ( { name = \"cannot-strip\"; action = \"send\"; } );",
	  "name: \"cannot-strip\" has a meaning of its own" },
	{ "rules = ( { name = \"badmail\"; action = \"send\"; } );",
	  "name: \"badmail\" has a meaning of its own" },
	{ "rules = ( { name = \"copy\"; action = \"send\"; } );",
	  "name: \"copy\" has a meaning of its own" },
	{ "rules = ( { name = \"digest\"; action = \"send\"; } );",
	  "name: \"digest\" has a meaning of its own" },
	{ "rules = ( { name = \"A\"; action = \"send\"; },\n{ name = \"A\"; action = "
	  "\"hold\"; } );",
	  "p.conf:3: name: \"A\" is the name of a rule already" },
	{ "rules = ( { name = \"A\"; action = \"send\"; clas = \"failed\"; } );",
	  "clas: unknown key; is \"class\" meant?" },
	{ "rules = ( { name = \"A\"; action = \"send\"; class = [ ]; } );",
	  "class: an empty list matches nothing" },
	{ "rules = ( { name = \"A\"; action = \"send\"; class = [ \"failed\",\n"
	  "\"bounce\" ]; } );",
	  "class: \"bounce\": failed, delayed" },
	{ "rules = ( { name = \"A\"; action = \"send\"; class = \"mail\"; } );",
	  "class: \"mail\": failed, delayed" },
	{ "rules = ( { name = \"A\"; action = \"send\"; status = \"5\"; } );",
	  "status: \"5\": a status as 5.1.1, 5.1.* or 5.* is expected" },
	{ "rules = ( { name = \"A\"; action = \"send\"; status = \"3.1.1\"; } );", "a status as" },
	{ "rules = ( { name = \"A\"; action = \"send\"; status = \"5.1\"; } );", "a status as" },
	{ "rules = ( { name = \"A\"; action = \"send\"; status = \"5.1*\"; } );", "a status as" },
	{ "rules = ( { name = \"A\"; action = \"send\"; status = \"5.*.1\"; } );", "a status as" },
	{ "rules = ( { name = \"A\"; action = \"send\"; status = \"5.1.1.1\"; } );",
	  "a status as" },
	{ "rules = ( { name = \"A\"; action = \"send\"; status = \"5.1.1000\"; } );",
	  "a status as" },
	{ "rules = ( { name = \"A\"; action = \"send\"; domain = \"a.*\"; } );",
	  "domain: \"a.*\": \"*\" can only stand first" },
	{ "rules = ( { name = \"A\"; action = \"send\"; domain = [ \"a\", \"A\" ]; } );",
	  "domain: \"A\": is there twice" },
	{ "rules = ( { name = \"A\"; action = \"send\"; original = \"a\"; } );",
	  "original: \"a\": an address as" },
	{ "rules = ( { name = \"A\"; action = \"send\"; original = \"a*@b\"; } );",
	  "before the \"@\" a \"*\" can only stand alone" },
	{ "rules = ( { name = \"A\"; action = \"send\"; original = \"a@b c\"; } );",
	  "original: \"a@b c\": not a domain" },
	{ "rules = ( { name = \"A\"; action = \"send\"; client = \"10.0.0.1/8\"; } );",
	  "client: \"10.0.0.1/8\": the address has bits set" },
	{ "rules = ( { name = \"A\"; action = \"send\"; reporting_mta = \"\"; } );",
	  "reporting_mta: \"\": not a domain" },
	{ "rules = ( { name = \"A\"; action = \"send\"; proof = \"pass\"; } );",
	  "proof: \"pass\": proved, forged or none is expected" },
	{ "rules = ( { name = \"A\"; action = \"send\"; spam = \"yes\"; } );",
	  "spam: true or false is expected" },
	{ "rules = ( { name = \"A\"; action = \"send\"; forwarded = 1; } );",
	  "forwarded: true or false is expected" },
};

Test(rules, a_bad_rule_is_refused_with_its_line)
{
	for (size_t i = 0; i < sizeof(bad_rules) / sizeof(bad_rules[0]); i++) {
		AUTO(freep) char *text = xasprintf(LOCAL "%s\n", bad_rules[i].rules);

		sample_refused(text, bad_rules[i].says);
	}
}

Test(rules, what_is_legal_but_surely_not_meant_is_warned_of)
{
	static const struct {
		const char *rule, *says;
	} cases[] = {
		{ "class = \"failed\"; action = \"delete\";", "" },
		{ "action = \"send\";", "p.conf:2: A: the rule has no condition" },
		{ "domain = [ \"ours.example\", \"x.ours.example\" ]; action = \"send\";",
		  "p.conf:2: A: the domain is local" },
		{ "domain = [ \"ours.example\", \"x.example\" ]; action = \"send\";", "" },
		{ "domain = \"*.ours.example\"; action = \"send\";",
		  "p.conf:2: A: the domain is local" },
		{ "forwarded = true; action = \"hold\";", "" },
		{ "proof = [ \"proved\", \"forged\" ]; action = \"send\";",
		  "p.conf:2: A: never matches without our_hosts" },
		{ "proof = [ \"none\", \"forged\" ]; action = \"hold\";", "" },
		{ "class = \"unknown\"; action = \"delete\";",
		  "p.conf:2: A: \"delete\" for class unknown deletes" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep)
		char *text = xasprintf(LOCAL "rules = ( { name = \"A\"; %s } );\n", cases[i].rule);

		sample_warned(text, cases[i].says);
	}
}

Test(rules, of_a_subtree_with_a_local_domain_in_it_more_than_that_matches)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	struct error err = { 0 };

	cr_assert_eq(sample_read("local_domains = \"ours.example\";\n"
				 "rules = ( { name = \"A\"; domain = \"*.ours.example\"; "
				 "action = \"send\"; } );\n",
				 &policy, &warnings, &err),
		     0, "%s", err.text);
	cr_expect_eq(warnings.len, 0, "%s", warnings.data);
}
