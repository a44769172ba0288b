/* test_domain_table.c: the most exact entry for a domain. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/domain_table.h"

static void
begin(struct domain_table *t)
{
	const struct domain_entry *first, *second;

	(void)domain_table_add(t, "b.example", true, 1);
	(void)domain_table_add(t, "a.b.example", false, 3);
	(void)domain_table_add(t, "b.example", false, 0);
	(void)domain_table_add(t, "x.a.b.example", true, 2);
	cr_assert_eq(domain_table_index(t, &first, &second), 0);
}

static int
value_of(const struct domain_entry *e)
{
	return e != NULL ? (int)e->value : -1;
}

Test(domain_table, the_exact_entry_beats_the_longest_subtree)
{
	AUTO(domain_table_done) struct domain_table t = { 0 };
	static const struct {
		const char *domain;
		int value, subtree; /* -1: none */
	} cases[] = {
		{ "b.example", 0, 1 },       { "a.b.example", 3, 1 },
		{ "x.a.b.example", 2, 2 },   { "y.x.a.b.example", 2, 2 },
		{ "c.b.example", 1, 1 },     { "y.c.b.example", 1, 1 },
		{ "example", -1, -1 },       { "bb.example", -1, -1 },
		{ "b.example.org", -1, -1 }, { "", -1, -1 },
		{ ".b.example", 1, 1 },      { ".", -1, -1 },
	};

	cr_expect_null(domain_table_find(&t, "a"));
	begin(&t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *domain = cases[i].domain;

		cr_expect_eq(value_of(domain_table_find(&t, domain)), cases[i].value, "%s", domain);
		cr_expect_eq(value_of(domain_table_find_subtree(&t, domain)), cases[i].subtree,
			     "%s", domain);
	}
}

Test(domain_table, of_two_for_one_domain_the_first_is_found_and_both_are_told)
{
	AUTO(domain_table_done) struct domain_table t = { 0 };
	const struct domain_entry *first, *second;

	begin(&t);
	(void)domain_table_add(&t, "b.example", true, 9);
	(void)domain_table_add(&t, "z.example", true, 10);
	(void)domain_table_add(&t, "b.example", true, 11);
	cr_assert_eq(domain_table_index(&t, &first, &second), 1);
	cr_expect_eq(first->value, 1);
	cr_expect_eq(second->value, 9);
	cr_expect_eq(value_of(domain_table_find(&t, "z.b.example")), 1);
	cr_expect_eq(value_of(domain_table_find(&t, "z.example")), 10);
}

Test(domain_table, a_label_stands_beside_its_domain)
{
	AUTO(domain_table_done) struct domain_table t = { 0 };
	const struct domain_entry *first, *second;

	(void)domain_table_add_labelled(&t, "a.example", false, 1, "Partners");
	(void)domain_table_add(&t, "b.example", true, 2);
	cr_assert_eq(domain_table_index(&t, &first, &second), 0);
	cr_expect_str_eq(domain_entry_label(domain_table_find(&t, "a.example")), "Partners");
	cr_expect_str_eq(domain_entry_label(domain_table_find(&t, "x.b.example")), "");
}

/* 100 000 entries, and domains as long as a stranger likes. */
Test(domain_table, a_search_takes_microseconds_whatever_the_table_and_the_domain)
{
	AUTO(domain_table_done) struct domain_table t = { 0 };
	AUTO(buffer_done) struct buffer longest = { 0 };
	const struct domain_entry *first, *second;
	struct timespec before, after;
	char domain[32];
	double us;

	for (size_t i = 0; i < 100000; i++) {
		(void)snprintf(domain, sizeof(domain), "d%zu.example", i);
		(void)domain_table_add(&t, domain, i % 2 == 0, i);
	}
	cr_assert_eq(domain_table_index(&t, &first, &second), 0);
	for (int i = 0; i < 50000; i++)
		buffer_add_str(&longest, "a.");
	buffer_add_str(&longest, "d2.example");
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(value_of(domain_table_find(&t, longest.data)), 2);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	us = ((double)(after.tv_sec - before.tv_sec) * 1e9 +
	      (double)(after.tv_nsec - before.tv_nsec)) /
	     1e5;
	cr_log_info("%.1f us a search", us);
	cr_expect_lt(us, 5000.0, "%.1f us a search", us);
}
