/*
 * test_budget.c: what the rules that count leave to be counted.
 *
 * Unless a case says otherwise: a bounce that mx.ours.example made, of a
 * message that 203.0.113.9 gave to it, for ann (who is not one of our users,
 * 5.1.1) and someone elsewhere; to be sent to Bob@X.example.
 */
#include <string.h>

#include "tests/unit/policy/sample.h"

#define SITE                                                                                       \
	"local_domains = \"*.ours.example\";\nour_hosts = \"mx.ours.example\";\n"                  \
	"remote_domains = ( { name = \"Default\"; domain = \"*\"; ndr = \"send\"; } );\n"

static struct facts_recipient reported[] = {
	{ .final = (char[]){ "Ann@ours.example" }, .status = (char[]){ "5.1.1" } },
	{ .final = (char[]){ "ann@relay.example" }, .status = (char[]){ "5.1.1" } },
	{ .final = (char[]){ "prvs=12345abcde=ben@lists.ours.example" },
	  .status = (char[]){ "5.1.1" } },
	{ .final = (char[]){ "full@ours.example" }, .status = (char[]){ "5.2.2" } },
	{ .final = (char[]){ "a%x.example@ours.example" }, .status = (char[]){ "5.1.1" } },
	{ .final = (char[]){ "no address" }, .status = (char[]){ "5.1.1" } },
	{ .status = (char[]){ "5.1.1" } },
	{ .final = (char[]){ "cy@ours.example" } },
};

static char our_mta[] = "MX.ours.example", other_mta[] = "mx.x.example";
static char client[] = "203.0.113.9", client_6[] = "2001:DB8:0:0::0:9",
	    client_mapped[] = "::ffff:203.0.113.9";
static char message_id[] = "<Id@x.example>";

static struct facts
sample_facts(void)
{
	return (struct facts){
		.class = FACTS_FAILED,
		.reporting_mta = our_mta,
		.reporting_mta_source = FACTS_SOURCE_DSN,
		.recipients = reported,
		.recipients_len = sizeof(reported) / sizeof(reported[0]),
		.original = { .client_ip = client,
			      .message_id = message_id,
			      .walk = FACTS_WALK_BORDER },
	};
}

static struct policy *
policy_of(const char *rules)
{
	AUTO(freep) char *text = xasprintf(SITE "rules = (\n%s\n);\n", rules);

	return sample_policy(text);
}

static void
add_budget(const struct policy_budget *b, struct buffer *out)
{
	buffer_printf(out, "; %s %s %s %lld/%llds %s", b->rule, policy_budget_name(b->kind),
		      policy_action_name(b->else_action), (long long)b->max,
		      (long long)b->window_ms / 1000, b->key);
	if (b->kind == POLICY_BUDGET_HARVEST)
		buffer_printf(out, " %llds", (long long)b->mark_ms / 1000);
	for (size_t i = 0; i < b->values_len; i++)
		buffer_printf(out, " %s", b->values[i]);
}

/* "ACTION RULE; BUDGET; BUDGET" */
static char *
judge(const struct policy *policy, const struct facts *facts, const char *rcpt, const char *orcpt)
{
	const struct policy_subject subject = { .facts = facts, .rcpt = rcpt, .orcpt = orcpt };
	struct buffer out = { 0 };
	struct policy_decision d;

	policy_decide(policy, &subject, &d);
	buffer_printf(&out, "%s %s", policy_action_name(d.action), d.rule);
	for (size_t i = 0; i < d.budgets_len; i++)
		add_budget(&d.budgets[i], &out);
	policy_decision_done(&d);
	cr_expect_eq(d.budgets_len, 0);
	return buffer_take(&out);
}

Test(budget, a_rule_that_counts_leaves_a_budget_and_does_not_decide)
{
	static const struct {
		const char *rule; /* but its name, L */
		const char *says; /* behind "send Default.ndr" */
	} cases[] = {
		{ "limit = \"3/1d\"; per = \"address\";",
		  "; L limit hold 3/86400s address bob@x.example" },
		{ "limit = \"3/1d\"; per = \"address\"; action = \"delete\";",
		  "; L limit delete 3/86400s address bob@x.example" },
		{ "limit = \"10000/30d\"; per = \"domain\"; action = \"hold\";",
		  "; L limit hold 10000/2592000s domain x.example" },
		{ "storm = \"100/1h\"; per = \"address\";",
		  "; L storm hold 100/3600s address bob@x.example" },
		{ "storm = \"1/1s\"; per = \"domain\";", "; L storm hold 1/1s domain x.example" },
		{ "storm = \"100/1h\"; per = \"client\";",
		  "; L storm hold 100/3600s client 203.0.113.9" },
		{ "storm = \"100/1h\"; per = \"original\"; action = \"delete\";",
		  "; L storm delete 100/3600s original <Id@x.example>" },
		{ "harvest = \"20/1h\";",
		  "; L harvest hold 20/3600s client 203.0.113.9 86400s ann@ours.example "
		  "ben@lists.ours.example" },
		{ "harvest = \"1/1h\"; mark = \"2h\"; action = \"delete\";",
		  "; L harvest delete 1/3600s client 203.0.113.9 7200s ann@ours.example "
		  "ben@lists.ours.example" },

		/* only when its other conditions hold */
		{ "limit = \"3/1d\"; per = \"address\"; class = \"failed\";",
		  "; L limit hold 3/86400s address bob@x.example" },
		{ "limit = \"3/1d\"; per = \"address\"; class = \"delayed\";", "" },
		{ "limit = \"3/1d\"; per = \"address\"; domain = \"y.example\";", "" },
		{ "limit = \"3/1d\"; per = \"address\"; forwarded = true;", "" },
		{ "harvest = \"20/1h\"; client = \"192.0.2.0/24\";", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *rule = xasprintf("{ name = \"L\"; %s }", cases[i].rule);
		AUTO(freep) char *wanted = xasprintf("send Default.ndr%s", cases[i].says);
		AUTO(policy_unrefp) struct policy *policy = policy_of(rule);
		struct facts facts = sample_facts();
		AUTO(freep) char *says = judge(policy, &facts, "Bob@X.example", NULL);

		cr_expect_str_eq(says, wanted, "%s: %s", cases[i].rule, says);
	}
}

Test(budget, an_address_is_one_however_it_is_written)
{
	static const char *const same[] = {
		"bob@x.example",
		"BOB@X.EXAMPLE.",
		"\"bob\"@x.example",
		"prvs=12345abcde=Bob@x.example",
		"btv1==12345==bob@x.example",
		"SRS0=hash=tt=x.example=bob@ours.example",
		"SRS1=hash=fwd.ours.example==hash=tt=x.example=bob@ours.example",
		"prvs=1=SRS0=hash=tt=x.example=prvs=2=bob@ours.example",
	};
	static const char *const other[] = { "bob@y.example", "bo@x.example", "bob+1@x.example" };
	AUTO(policy_unrefp)
	struct policy *policy = policy_of("{ name = \"L\"; limit = \"3/1d\"; per = \"address\"; }");
	struct facts facts = sample_facts();

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		AUTO(freep) char *says = judge(policy, &facts, same[i], NULL);

		cr_expect_str_eq(says,
				 "send Default.ndr; L limit hold 3/86400s address bob@x.example",
				 "%s: %s", same[i], says);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		AUTO(freep) char *says = judge(policy, &facts, other[i], NULL);

		cr_expect_null(strstr(says, "address bob@x.example"), "%s: %s", other[i], says);
	}
}

Test(budget, only_rules_before_the_one_that_decides_count)
{
	AUTO(policy_unrefp)
	struct policy *policy = policy_of(
		"{ name = \"A\"; limit = \"3/1d\"; per = \"domain\"; },\n"
		"{ name = \"Partner\"; domain = \"partner.example\"; action = \"send\"; },\n"
		"{ name = \"B\"; storm = \"5/1h\"; per = \"domain\"; action = \"delete\"; },\n"
		"{ name = \"Gone\"; domain = \"gone.example\"; action = \"delete\"; },\n"
		"{ name = \"C\"; forwarded = true; limit = \"1/1h\"; per = \"domain\"; }");
	static const struct {
		const char *rcpt, *orcpt;
		enum facts_class class;
		bool limits;
		const char *says;
	} cases[] = {
		{ "u@partner.example", NULL, FACTS_FAILED, false,
		  "send Partner; A limit hold 3/86400s domain partner.example" },
		{ "u@gone.example", NULL, FACTS_FAILED, false,
		  "delete Gone; A limit hold 3/86400s domain gone.example;"
		  " B storm delete 5/3600s domain gone.example" },
		{ "u@x.example", NULL, FACTS_DELAYED, false,
		  "hold Default.delay; A limit hold 3/86400s domain x.example;"
		  " B storm delete 5/3600s domain x.example" },
		/* what nobody has recognised is not deleted by a rule that does not name it */
		{ "u@x.example", NULL, FACTS_UNKNOWN, false,
		  "hold Default.unknown; A limit hold 3/86400s domain x.example;"
		  " B storm hold 5/3600s domain x.example" },
		/* for a local user who forwards: only rules that say so */
		{ "u@x.example", "v@ours.example", FACTS_FAILED, false,
		  "send Default.forwarded; C limit hold 1/3600s domain x.example" },
		/* what is decided before the rules is not counted */
		{ "u@ours.example", NULL, FACTS_FAILED, false, "send local" },
		{ NULL, NULL, FACTS_FAILED, false, "hold no-recipient" },
		{ "u", NULL, FACTS_FAILED, false, "hold bad-recipient" },
		{ "u%x.example@ours.example", NULL, FACTS_FAILED, false, "hold routed-recipient" },
		{ "u@x.example", NULL, FACTS_UNKNOWN, true, "hold limits" },
		{ "u@x.example", NULL, FACTS_MAIL, false, "hold mail" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts = sample_facts();
		AUTO(freep) char *says = NULL;

		facts.class = cases[i].class;
		facts.limits = cases[i].limits;
		says = judge(policy, &facts, cases[i].rcpt, cases[i].orcpt);
		cr_expect_str_eq(says, cases[i].says, "case %zu: %s", i, says);
	}
}

Test(budget, unknown_mail_is_deleted_by_a_count_whose_rule_names_it)
{
	AUTO(policy_unrefp)
	struct policy *policy = policy_of("{ name = \"B\"; class = [ \"unknown\", \"failed\" ];\n"
					  "  storm = \"5/1h\"; per = \"domain\"; action = "
					  "\"delete\"; }");
	struct facts facts = sample_facts();
	AUTO(freep) char *says = NULL;

	facts.class = FACTS_UNKNOWN;
	says = judge(policy, &facts, "u@x.example", NULL);
	cr_expect_str_eq(says, "hold Default.unknown; B storm delete 5/3600s domain x.example");
}

Test(budget, a_client_is_known_only_from_what_we_wrote_ourselves)
{
	static const struct {
		const char *what;
		char *client_ip, *reporting_mta;
		enum facts_source source;
		enum facts_walk walk;
		bool foreign_received;
		const char *key; /* NULL: not counted */
	} cases[] = {
		{ "ours", client, our_mta, FACTS_SOURCE_DSN, FACTS_WALK_BORDER, false,
		  "client 203.0.113.9" },
		{ "IPv6 in one form", client_6, our_mta, FACTS_SOURCE_DSN, FACTS_WALK_BORDER, false,
		  "client 2001:db8::9" },
		{ "IPv4 in one form", client_mapped, our_mta, FACTS_SOURCE_DSN, FACTS_WALK_BORDER,
		  false, "client 203.0.113.9" },
		{ "no border: the topmost public address", client, our_mta, FACTS_SOURCE_DSN,
		  FACTS_WALK_NONE, false, NULL },
		{ "all of the way is ours", client, our_mta, FACTS_SOURCE_DSN, FACTS_WALK_INSIDE,
		  false, NULL },
		{ "another host made the notification", client, other_mta, FACTS_SOURCE_DSN,
		  FACTS_WALK_BORDER, false, NULL },
		{ "nobody says who did", client, NULL, FACTS_SOURCE_NONE, FACTS_WALK_BORDER, false,
		  NULL },
		{ "only its text says so", client, our_mta, FACTS_SOURCE_TEXT, FACTS_WALK_BORDER,
		  false, NULL },
		{ "the notification came from outside", client, our_mta, FACTS_SOURCE_DSN,
		  FACTS_WALK_BORDER, true, NULL },
		{ "no address", NULL, our_mta, FACTS_SOURCE_DSN, FACTS_WALK_BORDER, false, NULL },
	};
	AUTO(policy_unrefp)
	struct policy *policy = policy_of("{ name = \"H\"; harvest = \"5/1h\"; },\n"
					  "{ name = \"S\"; storm = \"5/1h\"; per = \"client\"; }");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts facts = sample_facts();
		AUTO(freep) char *wanted = NULL;
		AUTO(freep) char *says = NULL;

		facts.original.client_ip = cases[i].client_ip;
		facts.original.walk = cases[i].walk;
		facts.reporting_mta = cases[i].reporting_mta;
		facts.reporting_mta_source = cases[i].source;
		facts.foreign_received = cases[i].foreign_received;
		facts.recipients_len = 0;
		wanted = cases[i].key == NULL
				 ? xstrdup("send Default.ndr")
				 : xasprintf("send Default.ndr; H harvest hold 5/3600s %s 86400s; "
					     "S storm hold 5/3600s %s",
					     cases[i].key, cases[i].key);
		says = judge(policy, &facts, "u@x.example", NULL);
		cr_expect_str_eq(says, wanted, "%s: %s", cases[i].what, says);
	}
}

Test(budget, a_storm_of_one_message_needs_its_id)
{
	AUTO(policy_unrefp)
	struct policy *policy =
		policy_of("{ name = \"S\"; storm = \"5/1h\"; per = \"original\"; }");
	struct facts facts = sample_facts();
	AUTO(freep) char *says = NULL;

	facts.original.message_id = NULL;
	says = judge(policy, &facts, "u@x.example", NULL);
	cr_expect_str_eq(says, "send Default.ndr");
}

Test(budget, a_notification_of_thousands_gives_no_more_values_than_one_beyond_the_count)
{
	AUTO(policy_unrefp)
	struct policy *policy = policy_of("{ name = \"H\"; harvest = \"7/1h\"; }");
	struct facts_recipient many[1000];
	struct facts facts = sample_facts();
	const struct policy_subject subject = { .facts = &facts, .rcpt = "u@x.example" };
	struct policy_decision d;

	for (size_t i = 0; i < 1000; i++)
		many[i] = (struct facts_recipient){ .final = xasprintf("u%zu@ours.example", i),
						    .status = reported[0].status };
	facts.recipients = many;
	facts.recipients_len = 1000;
	policy_decide(policy, &subject, &d);
	cr_assert_eq(d.budgets_len, 1);
	cr_expect_eq(d.budgets[0].values_len, 8);
	policy_decision_done(&d);
	for (size_t i = 0; i < 1000; i++)
		free(many[i].final);
}

Test(budget, as_many_rules_may_count_as_a_decision_holds)
{
	AUTO(buffer_done) struct buffer rules = { 0 };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(freep) char *too_many = NULL;
	struct facts facts = sample_facts();
	const struct policy_subject subject = { .facts = &facts, .rcpt = "u@x.example" };
	struct policy_decision d;

	for (int i = 0; i < POLICY_BUDGETS_MAX; i++)
		buffer_printf(&rules, "{ name = \"L%d\"; limit = \"3/1d\"; per = \"domain\"; },\n",
			      i);
	too_many = xasprintf(SITE "rules = (\n%s"
				  "{ name = \"Last\"; limit = \"3/1d\"; per = \"domain\"; } );\n",
			     rules.data);
	rules.data[rules.len - 2] = ' ';
	policy = policy_of(rules.data);
	policy_decide(policy, &subject, &d);
	cr_expect_eq(d.budgets_len, POLICY_BUDGETS_MAX);
	policy_decision_done(&d);
	sample_refused(too_many, "p.conf:69: rules: more than 64 that count");
}

/* What a rule says in line 5 of a policy.conf, and a part of the sentence that refuses it. */
static const struct {
	const char *rule, *says;
} bad_counts[] = {
	{ "limit = 3; per = \"address\";", "limit: a text in quotes is expected" },
	{ "limit = \"\"; per = \"address\";", "limit: \"\": a number, \"/\" and a time" },
	{ "limit = \"3\"; per = \"address\";", "limit: \"3\": a number, \"/\" and a time" },
	{ "limit = \"/1d\"; per = \"address\";", "a number, \"/\" and a time" },
	{ "limit = \"-3/1d\"; per = \"address\";", "a number, \"/\" and a time" },
	{ "limit = \"3 / 1d\"; per = \"address\";", "a number, \"/\" and a time" },
	{ "limit = \"3x/1d\"; per = \"address\";", "a number, \"/\" and a time" },
	{ "limit = \"0/1d\"; per = \"address\";", "limit: \"0/1d\": the number is 1 to 10000" },
	{ "limit = \"10001/1d\"; per = \"address\";", "the number is 1 to 10000" },
	{ "limit = \"99999999999999999999/1d\"; per = \"address\";", "the number is 1 to 10000" },
	{ "limit = \"3/\"; per = \"address\";", "behind the \"/\" a time such as 1d" },
	{ "limit = \"3/day\"; per = \"address\";", "behind the \"/\" a time such as 1d" },
	{ "limit = \"3/1d/2\"; per = \"address\";", "behind the \"/\" a time such as 1d" },
	{ "limit = \"3/0\"; per = \"address\";", "the time is 1s to 30d" },
	{ "limit = \"3/999ms\"; per = \"address\";", "the time is 1s to 30d" },
	{ "limit = \"3/31d\"; per = \"address\";", "the time is 1s to 30d" },
	{ "limit = \"3/1d\";", "p.conf:5: limit: limit needs per = \"address\"" },
	{ "limit = \"3/1d\"; per = \"client\";", "per: limit needs per = \"address\"" },
	{ "limit = \"3/1d\"; per = \"original\";", "per: limit needs per = \"address\"" },
	{ "limit = \"3/1d\"; per = \"user\";",
	  "per: \"address\", \"domain\", \"client\" or \"original\" is expected, not "
	  "\"user\"" },
	{ "limit = \"3/1d\"; per = \"address\"; action = \"send\";",
	  "action: what is beyond a count is held or deleted" },
	{ "limit = \"3/1d\"; per = \"address\"; mark = \"1d\";", "mark: there is no harvest" },
	{ "limit = \"3/1d\"; per = \"address\";\nstorm = \"3/1d\";",
	  "p.conf:6: storm: a rule has one count" },
	{ "limit = \"3/1d\"; harvest = \"3/1d\"; per = \"address\";",
	  "harvest: a rule has one count" },
	{ "storm = \"100/1h\";", "storm: it needs per" },
	{ "storm = \"100/1y\"; per = \"client\";", "behind the \"/\" a time" },
	{ "storm = \"3/1d\"; harvest = \"3/1d\"; per = \"client\";",
	  "harvest: a rule has one count" },
	{ "storm = \"3/1d\"; per = \"client\"; mark = \"1d\";", "mark: there is no harvest" },
	{ "harvest = \"20/1h\"; per = \"client\";", "per: harvest is always per client" },
	{ "harvest = \"20/1h\"; action = \"send\";",
	  "action: what is beyond a count is held or deleted" },
	{ "harvest = \"20/1h\"; mark = \"0\";", "mark: a time with its unit" },
	{ "harvest = \"20/1h\"; mark = \"500d\";", "mark: a time with its unit" },
	{ "harvest = \"twenty/1h\";", "harvest: \"twenty/1h\": a number" },
	{ "per = \"address\"; action = \"hold\";", "per: there is no limit or storm" },
	{ "mark = \"1d\"; action = \"hold\";", "mark: there is no harvest" },
	{ "class = \"failed\";", "rules: a rule needs name and action" },
	{ "larger = \"0\"; action = \"hold\";", "larger: a size such as" },
	{ "larger = \"big\"; action = \"hold\";", "larger: a size such as" },
	{ "older = \"0\"; action = \"hold\";", "older: a time with its unit" },
	{ "older = 2; action = \"hold\";", "older: a time with its unit" },
};

Test(budget, a_bad_count_is_refused_with_its_line)
{
	for (size_t i = 0; i < sizeof(bad_counts) / sizeof(bad_counts[0]); i++) {
		AUTO(freep)
		char *text =
			xasprintf(SITE "rules = (\n{ name = \"A\"; %s } );\n", bad_counts[i].rule);

		sample_refused(text, bad_counts[i].says);
	}
}

Test(budget, a_count_of_clients_that_nobody_can_know_is_warned_of)
{
	static const struct {
		const char *site, *rule, *says;
	} cases[] = {
		{ "", "harvest = \"20/1h\";",
		  "p.conf:2: A: counts nothing without our_hosts: the client is not known\n" },
		{ "", "storm = \"20/1h\"; per = \"client\";",
		  "p.conf:2: A: counts nothing without our_hosts: the client is not known\n" },
		{ "our_hosts = \"mx.ours.example\";", "harvest = \"20/1h\";", "" },
		{ "", "storm = \"20/1h\"; per = \"domain\";", "" },
		{ "", "limit = \"20/1h\"; per = \"domain\";", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep)
		char *text = xasprintf("local_domains = \"ours.example\"; %s\n"
				       "rules = ( { name = \"A\"; %s } );\n",
				       cases[i].site, cases[i].rule);

		sample_warned(text, cases[i].says);
	}
}
