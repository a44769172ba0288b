/* test_postmaster.c: who is told, when, and of what copies are made. */
#include <string.h>

#include "policy/rule.h"
#include "tests/unit/policy/sample.h"

#define LOCAL      "local_domains = [ \"ours.example\" ];\n"
#define POSTMASTER LOCAL "postmaster = \"p@ours.example\";\n"
#define ROW        "remote_domains = (\n{ name = \"A\"; domain = \"a\"; copy = "

Test(postmaster, a_wrong_key_is_refused_with_its_line)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ LOCAL "postmaster = \"postmaster\";",
		  "p.conf:2: postmaster: \"postmaster\": an" },
		{ LOCAL "postmaster = \"a b@c.example\";", "p.conf:2: postmaster" },
		{ LOCAL "postmaster = \"a@b@c.example\";", "p.conf:2: postmaster" },
		{ LOCAL "postmaster = \"a@*.example\";", "p.conf:2: postmaster" },
		{ LOCAL "postmaster = \"<a@c.example>\";", "p.conf:2: postmaster" },
		{ LOCAL "postmaster = \"a@c.example\\r\\nDATA\";", "p.conf:2: postmaster" },
		{ LOCAL "postmaster = \"\xC3\xA4@c.example\";", "p.conf:2: postmaster" },
		{ LOCAL "postmaster = 1;", "p.conf:2: postmaster: a text" },
		{ POSTMASTER "copy_status = \"5.1\";", "p.conf:3: copy_status: \"5.1\": a status" },
		{ POSTMASTER "copy_status = [ \"5.*\", \"x\" ];", "copy_status: \"x\": a status" },
		{ POSTMASTER "copy_limit = \"many\";", "p.conf:3: copy_limit: \"many\": a number" },
		{ POSTMASTER "copy_limit = \"0/1h\";", "copy_limit: \"0/1h\": the number is" },
		{ POSTMASTER "copy_limit = \"1/1y\";", "copy_limit: \"1/1y\": behind the" },
		{ POSTMASTER "digest = { };", "p.conf:3: digest: at: required" },
		{ POSTMASTER "digest = { to = \"a@b.example\"; };", "digest: at: required" },
		{ POSTMASTER "digest = { at = \"7:00\"; };",
		  "p.conf:3: digest.at: \"7:00\": a time" },
		{ POSTMASTER "digest = { at = \"24:00\"; };", "digest.at: \"24:00\": a time" },
		{ POSTMASTER "digest = { at = \"07:60\"; };", "digest.at: \"07:60\": a time" },
		{ POSTMASTER "digest = { at = \"07-00\"; };", "digest.at: \"07-00\": a time" },
		{ POSTMASTER "digest = { at = \"07:00\"; to = \"x\"; };",
		  "p.conf:3: digest.to: \"x\": an" },
		{ POSTMASTER "digest = { when = \"07:00\"; };", "digest.when: unknown key" },
		{ LOCAL "digest = { at = \"07:00\"; };", "p.conf:2: digest: to: required" },
		{ LOCAL ROW "\"each\"; } );", "p.conf:3: copy: needs postmaster" },
		{ LOCAL ROW "\"digest\"; } );", "p.conf:3: copy: needs postmaster" },
		{ LOCAL "remote_domains = ( { name = \"B\"; domain = \"b\"; },\n"
			"{ name = \"A\"; domain = \"*\"; copy = \"each\"; } );",
		  "p.conf:3: copy: needs postmaster" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		sample_refused(cases[i].text, cases[i].says);
}

Test(postmaster, a_listed_domain_with_copies_needs_one_too)
{
	sample_refused_at(LOCAL "domains_file = \"domains\";\n",
			  SPAN("# two\nb.example ndr=send\na.example copy=each\n"),
			  "/domains:3:", "copy: needs postmaster");
}

Test(postmaster, copies_for_a_digest_that_is_not_made_are_warned_of)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	struct error err = { 0 };

	cr_assert_eq(sample_read(POSTMASTER ROW "\"digest\"; } );", &policy, &warnings, &err), 0);
	cr_assert_not_null(warnings.data);
	cr_expect_not_null(strstr(warnings.data, "p.conf:4: copy: \"digest\" tells nobody"), "%s",
			   warnings.data);
}

Test(postmaster, a_listed_domain_with_such_copies_is_warned_of_by_its_line)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	struct error err = { 0 };

	cr_assert_eq(sample_read_with(POSTMASTER "domains_file = \"domains\";\n",
				      SPAN("# two\na.example copy=digest\n"), &policy, &warnings,
				      &err),
		     0);
	cr_assert_not_null(warnings.data);
	cr_expect_not_null(strstr(warnings.data, "domains:2: copy: \"digest\" tells nobody"), "%s",
			   warnings.data);
}

Test(postmaster, the_keys_say_who_is_told_and_when)
{
	static const struct {
		const char *text, *address, *digest_to;
		int minute;
		int64_t max, window_ms;
	} cases[] = {
		{ LOCAL, NULL, NULL, 0, 60, 3600000 },
		{ POSTMASTER, "p@ours.example", NULL, 0, 60, 3600000 },
		{ POSTMASTER "digest = { at = \"07:05\"; };", "p@ours.example", "p@ours.example",
		  425, 60, 3600000 },
		{ POSTMASTER "copy_limit = \"3/1d\"; digest = { at = \"00:00\"; to = \"d@x.y\"; };",
		  "p@ours.example", "d@x.y", 0, 3, 86400000 },
		{ LOCAL "digest = { at = \"23:59\"; to = \"d@x.y\"; };", NULL, "d@x.y", 1439, 60,
		  3600000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(policy_unrefp) struct policy *policy = sample_policy(cases[i].text);
		struct policy_postmaster p = policy_postmaster(policy);

		cr_expect((p.address == NULL) == (cases[i].address == NULL), "case %zu", i);
		cr_expect((p.digest_to == NULL) == (cases[i].digest_to == NULL), "case %zu", i);
		if (p.address != NULL)
			cr_expect_str_eq(p.address, cases[i].address);
		if (p.digest_to != NULL)
			cr_expect_str_eq(p.digest_to, cases[i].digest_to);
		cr_expect_eq(p.digest_minute, cases[i].minute, "case %zu", i);
		cr_expect_eq(p.copy_max, cases[i].max, "case %zu", i);
		cr_expect_eq(p.copy_window_ms, cases[i].window_ms, "case %zu", i);
	}
}

#define EACH(more) POSTMASTER more ROW "\"each\"; ndr = \"send\"; } );"

Test(postmaster, copies_are_made_of_the_ndrs_of_a_row_with_the_statuses_that_are_named)
{
	static const struct {
		const char *text, *rcpt;
		enum facts_class class;
		const char *statuses[2]; /* of the recipients that are reported */
		bool wants;
	} cases[] = {
		{ EACH(""), "u@a", FACTS_FAILED, { "5.1.1" }, true },
		{ EACH(""), "u@a", FACTS_FAILED, { NULL }, true },
		{ EACH(""), "u@b", FACTS_FAILED, { "5.1.1" }, false },
		{ EACH(""), "u@ours.example", FACTS_FAILED, { "5.1.1" }, false },
		{ EACH(""), "u@a", FACTS_DELAYED, { "4.1.1" }, false },
		{ EACH(""), "u@a", FACTS_UNKNOWN, { NULL }, false },
		{ EACH("copy_status = [ ];"), "u@a", FACTS_FAILED, { "5.1.1" }, true },
		{ EACH("copy_status = [ \"5.4.*\" ];"), "u@a", FACTS_FAILED, { "5.1.1" }, false },
		{ EACH("copy_status = [ \"5.4.*\", \"5.2.0\" ];"),
		  "u@a",
		  FACTS_FAILED,
		  { "5.4.6" },
		  true },
		{ EACH("copy_status = [ \"5.4.*\", \"5.2.0\" ];"),
		  "u@a",
		  FACTS_FAILED,
		  { "5.2.0" },
		  true },
		{ EACH("copy_status = \"5.4.*\";"),
		  "u@a",
		  FACTS_FAILED,
		  { "5.1.1", "5.4.6" },
		  true },
		{ EACH("copy_status = \"5.4.*\";"), "u@a", FACTS_FAILED, { NULL }, false },
		{ POSTMASTER ROW "\"digest\"; } );", "u@a", FACTS_FAILED, { "5.1.1" }, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(policy_unrefp) struct policy *policy = sample_policy(cases[i].text);
		struct facts_recipient recipients[2] = { 0 };
		struct facts facts = { .class = cases[i].class, .recipients = recipients };
		const struct policy_subject subject = { .facts = &facts, .rcpt = cases[i].rcpt };
		struct policy_decision d;

		while (facts.recipients_len < 2 &&
		       cases[i].statuses[facts.recipients_len] != NULL) {
			recipients[facts.recipients_len].status =
				xstrdup(cases[i].statuses[facts.recipients_len]);
			facts.recipients_len++;
		}
		policy_decide(policy, &subject, &d);
		cr_expect_eq(policy_wants_copy(policy, &d, &facts), cases[i].wants, "case %zu", i);
		policy_decision_done(&d);
		free(recipients[0].status);
		free(recipients[1].status);
	}
}
