/* test_domain.c: one form for a domain, and the most exact entry for it. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

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

Test(domain, the_exact_entry_beats_the_longest_subtree)
{
	AUTO(domain_table_done) struct domain_table t = { 0 };
	static const struct {
		const char *domain;
		int value; /* -1: none */
	} cases[] = {
		{ "b.example", 0 },   { "a.b.example", 1 },    { "x.a.b.example", 2 },
		{ "c.b.example", 1 }, { "y.c.b.example", 1 },  { "example", -1 },
		{ "bb.example", -1 }, { "b.example.org", -1 }, { "", -1 },
		{ ".b.example", 1 },
	};
	size_t value, first, second;

	cr_expect_eq(domain_table_find(&t, "a", NULL), 0);
	domain_table_add(&t, xstrdup("b.example"), true, 1);
	domain_table_add(&t, xstrdup("a.b.example"), false, 3);
	domain_table_add(&t, xstrdup("b.example"), false, 0);
	domain_table_add(&t, xstrdup("x.a.b.example"), true, 2);
	t.entries[1].value = 1;
	cr_assert_eq(domain_table_sort(&t, &first, &second), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int found = domain_table_find(&t, cases[i].domain, &value);

		cr_expect_eq(found == 1 ? (int)value : -1, cases[i].value, "%s", cases[i].domain);
	}
	domain_table_add(&t, xstrdup("b.example"), true, 9);
	cr_assert_eq(domain_table_sort(&t, &first, &second), 1);
	cr_expect_eq(first, 1);
	cr_expect_eq(second, 9);
}

/* 100 000 entries, and domains as long as a stranger likes. */
Test(domain, a_search_takes_microseconds_whatever_the_table_and_the_domain)
{
	AUTO(domain_table_done) struct domain_table t = { 0 };
	AUTO(buffer_done) struct buffer longest = { 0 };
	size_t value, first, second;
	struct timespec before, after;
	double us;

	for (size_t i = 0; i < 100000; i++)
		domain_table_add(&t, xasprintf("d%zu.example", i), i % 2 == 0, i);
	cr_assert_eq(domain_table_sort(&t, &first, &second), 0);
	for (int i = 0; i < 50000; i++)
		buffer_add_str(&longest, "a.");
	buffer_add_str(&longest, "d2.example");
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(domain_table_find(&t, longest.data, &value), 1);
		cr_assert_eq(value, 2);
	}
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	us = ((double)(after.tv_sec - before.tv_sec) * 1e9 +
	      (double)(after.tv_nsec - before.tv_nsec)) /
	     1e5;
	cr_log_info("%.1f us a search", us);
	cr_expect_lt(us, 5000.0, "%.1f us a search", us);
}
