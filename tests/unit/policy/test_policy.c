/* test_policy.c: what a policy file may say. */
#include <pthread.h>
#include <string.h>

#include "policy/rule.h"
#include "tests/unit/base/manual_keys.h"
#include "tests/unit/policy/sample.h"

#define LOCAL "local_domains = [ \"ours.example\" ];\n"
#define ROW   LOCAL "remote_domains = (\n"

/* A policy.conf, and a part of the sentence that refuses it. */
static const struct {
	const char *text, *says;
} bad_files[] = {
	{ "", "p.conf: local_domains: required" },
	{ "local_domains = [ ];", "p.conf:1: local_domains: required" },
	{ "\nlocal_domains = [ \"a\",\n\"*\" ];", "p.conf:3: local_domains: \"*\" would let" },
	{ "local_domains = \"*\";", "p.conf:1: local_domains: \"*\" would let" },
	{ "local_domains = [ \"a.*\" ];", "local_domains: \"a.*\": \"*\" can only" },
	{ "local_domains = [ \"a b\" ];", "local_domains: \"a b\": not a domain" },
	{ "local_domains = [ 1 ];", "local_domains: a list of texts" },
	{ LOCAL "mode = \"test\";", "p.conf:2: mode: \"enforce\" or \"observe\" is expected" },
	{ LOCAL "our_hosts = [ \"mx.ours.example\",\n\"*.ours.example\" ];",
	  "p.conf:3: our_hosts: \"*.ours.example\" is not the name of a host" },
	{ LOCAL "our_networks = [ \"192.0.2.0/33\" ];",
	  "p.conf:2: our_networks: \"192.0.2.0/33\" is not a network" },
	{ LOCAL "our_networks = \"mx.ours.example\";", "our_networks: \"mx.ours" },
	{ LOCAL "our_networks = [ \"2001:db8::/\" ];", "our_networks: \"2001:db8::/\"" },
	{ LOCAL "authserv_ids = [ \"mx\",\n\"mx 1\" ];",
	  "p.conf:3: authserv_ids: \"mx 1\" is not what stands first" },
	{ LOCAL "authserv_ids = \"\";", "p.conf:2: authserv_ids: \"\" is not" },
	{ LOCAL "trusted_arc_sealers = \"*.list.example\";",
	  "p.conf:2: trusted_arc_sealers: \"*.list.example\" is not a domain" },
	{ LOCAL "alignment = \"loose\";",
	  "p.conf:2: alignment: \"relaxed\" or \"strict\" is expected" },
	{ LOCAL "postmasters = \"x\";", "p.conf:2: postmasters: unknown key" },
	{ LOCAL "remote_domain = ();", "unknown key; is \"remote_domains\" meant?" },
	{ LOCAL "remote_domains = { };", "p.conf:2: remote_domains: a list of groups" },
	{ LOCAL "remote_domains = ( \"x\" );", "p.conf:2: remote_domains: a row is a group" },
	{ ROW "{ name = \"A\"; } );", "p.conf:3: remote_domains: a row needs name and domain" },
	{ ROW "{ domain = \"*\"; } );", "a row needs name and domain" },
	{ ROW "{ name = \"\"; domain = \"a\"; } );", "name: a text in quotes of 1 to 64" },
	{ ROW "{ name = \"a\\x0ab\"; domain = \"a\"; } );", "name: plain words" },
	{ ROW "{ name = \"a\\\"b\"; domain = \"a\"; } );", "name: plain words" },
	{ ROW "{ name = \" a\"; domain = \"a\"; } );", "name: plain words" },
	{ ROW "{ name = \"\xFF\"; domain = \"a\"; } );", "name: plain words" },
	{ ROW "{ name = \"Default\"; domain = \"a\"; } );", "name of the row with domain" },
	{ ROW "{ name = \"A\"; domain = \"a.*\"; } );", "p.conf:3: domain: \"a.*\": \"*\" can" },
	{ ROW "{ name = \"A\"; domain = \"b@a\"; } );", "not an address" },
	{ ROW "{ name = \"A\"; domain = \"a\"; },\n{ name = \"A\"; domain = \"b\"; } );",
	  "p.conf:4: name: \"A\" is the name of a row already, in line 3" },
	{ ROW "{ name = \"A\"; domain = \"a\"; },\n{ name = \"B\"; domain = \"A\"; } );",
	  "p.conf:4: domain: this domain has a row already, in line 3" },
	{ ROW "{ name = \"A\"; domain = \"*.a\"; },\n{ name = \"B\"; domain = \"*.a.\"; } );",
	  "p.conf:4: domain: this domain has a row already, in line 3" },
	{ ROW "{ name = \"A\"; domain = \"*\"; },\n{ name = \"B\"; domain = \"*\"; } );",
	  "p.conf:4: domain: \"*\" has a row already, in line 3" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = \"sent\"; } );",
	  "p.conf:3: ndr: \"send\", \"hold\" or \"delete\" is expected, not \"sent\"" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = true; } );", "is expected, not true" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = { proved = \"sent\"; }; } );",
	  "p.conf:3: ndr.proved: \"send\", \"hold\" or \"delete\" is expected" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = { proven = \"send\"; }; } );",
	  "ndr.proven: unknown key; is \"ndr.proved\" meant?" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = ( \"send\" ); } );",
	  "ndr: \"send\", \"hold\" or \"delete\" is expected, not a list" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = { none = { none = \"hold\"; }; }; } );",
	  "ndr.none: \"send\", \"hold\" or \"delete\" is expected, not a group" },
	{ LOCAL "domains_file = \"\";", "domains_file: a text in quotes, not empty" },
	{ LOCAL "domains_file = \"none\";", "p.conf:2: domains_file: /tmp" },
	{ LOCAL "domains_file = \".\";", "p.conf:2: domains_file: /tmp" },
	{ "local_domains = ( \"a.example\",\n5 );",
	  "p.conf:2: local_domains: a list of texts: [ \"…\", \"…\" ] is expected, not one with "
	  "5 in it" },
	{ LOCAL "our_hosts = [ 1, 2 ];",
	  "p.conf:2: our_hosts: a list of texts: [ \"…\", \"…\" ] is expected, not one with 1" },
	{ LOCAL "our_hosts = ( { a = 1; } );",
	  "our_hosts: a list of texts: [ \"…\", \"…\" ] is expected, not one with a group" },
	{ ROW "{ name = \"A\"; domain = \"a\"; copy = \"all\"; } );",
	  "p.conf:3: copy: \"none\", \"digest\" or \"each\" is expected, not \"all\"" },
	{ ROW "{ name = \"A\"; domain = \"a\"; copy = { none = \"each\"; }; } );",
	  "copy: \"none\", \"digest\" or \"each\" is expected, not a group" },
	{ ROW "{ name = \"A\"; domain = \"a\"; returned = \"body\"; } );",
	  "returned: \"full\", \"headers\" or \"none\" is expected, not \"body\"" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr_diagnostics = \"false\"; } );",
	  "ndr_diagnostics: true or false is expected, not \"false\"" },
	{ ROW "{ name = \"A\"; domain = \"a\"; autoreply = \"send\"; } );",
	  "autoreply: unknown key; is \"auto_reply\" meant?" },
	{ ROW "{ name = \"A\"; domain = \"a\"; }, );", "p.conf:3: syntax error" },
};

Test(policy, a_bad_file_is_refused_whole_with_the_line)
{
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++)
		sample_refused(bad_files[i].text, bad_files[i].says);
	sample_refused_at(LOCAL "domains_file = \".\";", span_of(NULL),
			  "/.: ", "not a regular file");
}

/* A policy.conf, and a part of the warning; "": there is none. */
static const struct {
	const char *text, *says;
} odd_files[] = {
	{ LOCAL, "" },
	{ LOCAL "our_hosts = \"mx\"; authserv_ids = \"mx\";\n"
		"trusted_arc_sealers = \"list.example\";",
	  "" },
	{ LOCAL "authserv_ids = \"mx\";",
	  "p.conf:2: authserv_ids: proves nothing without our_hosts\n" },
	{ LOCAL "trusted_arc_sealers = \"list.example\";",
	  "p.conf:2: trusted_arc_sealers: proves nothing without authserv_ids\n" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = \"send\"; } );", "" },
	{ "local_domains = [ \"*.example\" ];", "p.conf:1: local_domains: \"*.example\" makes" },
	{ "local_domains = [ \"a.b\",\n\"A.b\" ];", "p.conf:2: local_domains: \"A.b\" is" },
	{ ROW "{ name = \"A\"; domain = \"*\"; ndr = \"send\"; } );",
	  "p.conf:3: A: non-delivery reports are sent to anyone" },
	{ ROW "{ name = \"A\"; domain = \"*\"; ndr = { none = \"send\"; }; } );",
	  "p.conf:3: A: non-delivery reports are sent to anyone" },
	{ ROW "{ name = \"A\"; domain = \"*\"; ndr = { proved = \"send\"; }; } );", "" },
	{ ROW "{ name = \"A\"; domain = \"a\"; ndr = { proved = \"send\"; }; } );", "" },
	{ ROW "{ name = \"A\"; domain = \"a\"; unknown = { forged = \"delete\"; }; } );", "" },
	{ ROW "{ name = \"A\"; domain = \"*\"; unknown = \"delete\"; } );",
	  "p.conf:3: A: unknown = \"delete\" deletes" },
	{ ROW "{ name = \"A\"; domain = \"a\"; } );",
	  "p.conf:3: A: the row says nothing that \"Default\" does not say" },
	{ ROW "{ name = \"A\"; domain = \"Ours.example\"; ndr = \"send\"; } );",
	  "p.conf:3: domain: \"Ours.example\" is local" },
	/* of these only "ours.example" itself is local */
	{ ROW "{ name = \"A\"; domain = \"*.Ours.example\"; ndr = \"send\"; } );", "" },
};

Test(policy, what_is_legal_but_surely_not_meant_is_warned_of)
{
	for (size_t i = 0; i < sizeof(odd_files) / sizeof(odd_files[0]); i++)
		sample_warned(odd_files[i].text, odd_files[i].says);
}

Test(policy, the_revision_is_the_sha256_of_the_text)
{
	AUTO(policy_unrefp) struct policy *policy = sample_policy("local_domains = \"a\";\n");

	/* printf 'local_domains = "a";\n' | sha256sum */
	cr_expect_str_eq(policy_revision(policy),
			 "266828846eef2471c41282e8d92b2fd2bd081078812b2f7a85ce87380b218b4f");
	cr_expect(span_equal(policy_text(policy), SPAN("local_domains = \"a\";\n")));
}

Test(policy, the_revision_changes_with_an_included_file)
{
	char folder[] = "/tmp/ndrq-policy-XXXXXX";
	struct span main_text = SPAN("local_domains = \"a\";\n@include \"rows.conf\"\n");
	const struct span rows[] = {
		SPAN("remote_domains = ( { name = \"A\"; domain = \"b\"; ndr = \"send\"; } );\n"),
		SPAN("remote_domains = ( { name = \"A\"; domain = \"b\"; ndr = \"hold\"; } );\n"),
	};
	AUTO(freep) char *path = NULL;
	AUTO(freep) char *included = NULL;
	struct policy *policy = NULL;
	char revisions[2][65];
	struct error err = { 0 };

	cr_assert_not_null(mkdtemp(folder));
	path = xasprintf("%s/p.conf", folder);
	included = xasprintf("%s/rows.conf", folder);
	cr_assert_eq(file_publish(folder, "p.conf", &main_text, 1, 0600, &err), 0);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(file_publish(folder, "rows.conf", &rows[i], 1, 0600, &err), 0);
		cr_assert_eq(policy_read(path, &policy, NULL, &err), 0, "%s", err.text);
		(void)snprintf(revisions[i], sizeof(revisions[i]), "%s", policy_revision(policy));
		policy_unrefp(&policy);
	}
	cr_expect_str_neq(revisions[0], revisions[1]);
	cr_assert_eq(unlink(included), 0);
	cr_assert_eq(policy_read(path, &policy, NULL, &err), -1);
	cr_expect_not_null(strstr(err.text, "p.conf:2: @include: "), "%s", err.text);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(rmdir(folder), 0);
}

Test(policy, our_hosts_and_our_networks_are_lent_to_the_reader)
{
	AUTO(policy_unrefp)
	struct policy *policy = sample_policy("local_domains = \"a\"; our_hosts = \"MX.a\";\n"
					      "our_networks = [ \"192.0.2.0/24\", \"::1\" ];\n");
	struct facts_site site = policy_site(policy);

	cr_assert_eq(site.hosts_len, 1);
	cr_expect_str_eq(site.hosts[0], "MX.a");
	cr_assert_eq(site.networks_len, 2);
	cr_expect_str_eq(site.networks[1], "::1");
}

Test(policy, local_is_what_local_domains_says_in_any_spelling)
{
	AUTO(policy_unrefp)
	struct policy *policy =
		sample_policy("local_domains = [ \"a.example\", \"*.bücher.example\" ];");

	cr_expect(policy_domain_is_local(policy, "A.example"));
	cr_expect(policy_domain_is_local(policy, "bücher.example"));
	cr_expect(policy_domain_is_local(policy, "x.XN--BCHER-KVA.example"));
	cr_expect_not(policy_domain_is_local(policy, "x.a.example"));
	cr_expect_not(policy_domain_is_local(policy, ".bücher.example"));
	cr_expect_not(policy_domain_is_local(policy, ""));
	cr_expect_not(policy_observes(policy));
}

static void *
hold_and_let_go(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		struct policy *mine = policy_ref(arg);

		policy_unrefp(&mine);
	}
	return NULL;
}

Test(policy, references_are_counted_across_threads)
{
	struct policy *policy = sample_policy(LOCAL);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, hold_and_let_go, policy), 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	cr_expect_eq(atomic_load(&policy->refs), 1);
	policy_unrefp(&policy);
	cr_expect_null(policy);
	policy_unrefp(&policy);
}

Test(policy, ten_thousand_rows_are_read)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(policy_unrefp) struct policy *policy = NULL;

	buffer_add_str(&text, ROW);
	for (int i = 0; i < 10000; i++)
		buffer_printf(&text,
			      "%s{ name = \"n%d\"; domain = \"*.d%d.example\"; ndr = \"send\"; }\n",
			      i > 0 ? "," : "", i, i);
	buffer_add_str(&text, ");\n");
	policy = sample_policy(text.data);
	cr_expect_eq(policy->rows_len, 10001);
}

Test(policy, the_shipped_file_loads_without_a_warning)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	AUTO(freep) char *path = xasprintf("%s/conf/policy.conf", getenv("top_srcdir"));
	struct error err = { 0 };

	cr_assert_eq(policy_read(path, &policy, &warnings, &err), 0, "%s", err.text);
	cr_expect_eq(warnings.len, 0, "%s", warnings.data);
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof proof = 0; proof < POLICY_PROOFS; proof++)
			cr_expect_eq(policy->rows[0].values[key][proof],
				     key == POLICY_KEY_FORWARDED || key >= POLICY_ACTION_KEYS
					     ? 0
					     : POLICY_HOLD);
}

/* ---- the manual ------------------------------------------------------------ */

Test(policy, the_manual_has_every_key_with_its_default_and_no_other)
{
	const struct manual_table tables[] = {
		{ policy_items, policy_items_len, NULL, true },
		{ policy_row_items, policy_row_items_len, "\n.Ss Keys of a row", true },
		{ policy_rule_items, policy_rule_items_len, "\n.Ss Keys of a rule", true },
		{ .items = NULL },
	};

	manual_check_keys("man/policy.conf.5", tables,
			  (const char *const[]){ "remote_domains", "rules", NULL });
}
