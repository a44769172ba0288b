/* test_domain.c: one form for a domain. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/domain.h"

Test(domain, every_spelling_has_one_form)
{
	static const struct {
		const char *in, *form;
	} cases[] = {
		{ "Example.ORG", "example.org" },
		{ "example.org.", "example.org" },
		{ "münchen.example", "xn--mnchen-3ya.example" },
		{ "MÜNCHEN.example", "xn--mnchen-3ya.example" },
		{ "mu\xCC\x88nchen.example", "xn--mnchen-3ya.example" }, /* decomposed */
		{ "XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example" },
		{ "straße.example", "xn--strae-oqa.example" },
		{ "пример。example", "xn--e1afmkfd.example" },
		{ "under_score.example", "under_score.example" },
		{ "[192.0.2.1]", "[192.0.2.1]" },
		{ "[IPv6:::1]", "[ipv6:::1]" },
		/* refused by libidn2: ASCII lower case, the other bytes stay */
		{ "\xFF\xFEX.example", "\xFF\xFEx.example" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *form = domain_normalise(span_of(cases[i].in));

		cr_expect_str_eq(form, cases[i].form, "%s", cases[i].in);
	}
}

Test(domain, a_policy_names_a_domain_or_a_subtree_and_nothing_else)
{
	static const struct {
		const char *in, *form, *wrong;
		bool subtree;
	} cases[] = {
		{ "example.org", "example.org", NULL, false },
		{ "*.Example.org", "example.org", NULL, true },
		{ "*.bücher.example", "xn--bcher-kva.example", NULL, true },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example", NULL, false },
		{ "a--b.r3---sn-x.example", "a--b.r3---sn-x.example", NULL, false },
		{ "localhost", "localhost", NULL, false },
		{ "[192.0.2.1]", "[192.0.2.1]", NULL, false },
		{ "*.[192.0.2.1]", NULL, "no subdomains", false },
		{ "a.*.example", NULL, "can only stand first", false },
		{ "a*.example", NULL, "can only stand first", false },
		{ "*example", NULL, "can only stand first", false },
		{ "*.*.example", NULL, "can only stand first", false },
		{ "*", NULL, "can only stand first", false },
		{ "*.", NULL, "not a domain", false },
		{ "", NULL, "not a domain", false },
		{ ".example", NULL, "not a domain", false },
		{ "a..example", NULL, "not a domain", false },
		{ "a b.example", NULL, "not a domain", false },
		{ "user@example", NULL, "not an address", false },
		{ "\xFF.example", NULL, "international", false },
		{ "xn--zzzzzzzzz.example", NULL, "international", false },
		{ "-a.example", NULL, "hyphen", false },
		{ "a-.example", NULL, "hyphen", false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", NULL,
		  "63 bytes", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wrong = NULL;
		bool subtree = false;
		AUTO(freep) char *form = domain_read(cases[i].in, &subtree, &wrong);

		if (cases[i].form != NULL) {
			cr_assert_not_null(form, "%s: %s", cases[i].in, wrong);
			cr_expect_str_eq(form, cases[i].form);
			cr_expect_eq(subtree, cases[i].subtree);
		} else {
			cr_expect_null(form, "%s", cases[i].in);
			cr_expect(wrong != NULL && strstr(wrong, cases[i].wrong) != NULL, "%s: %s",
				  cases[i].in, wrong);
		}
	}
}
