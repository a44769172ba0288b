/* test_align.c: which domains belong together. */
#include <criterion/criterion.h>

#include "policy/align.h"

static const struct {
	const char *a, *b;
	bool relaxed, strict;
} cases[] = {
	{ "a.example", "a.example", true, true },
	{ "mail.a.example", "a.example", true, false },
	{ "x.mail.a.example", "y.a.example", true, false },
	{ "a.example", "b.example", false, false },
	/* the end of a name is not its owner */
	{ "nota.example", "a.example", false, false },
	{ "a.example.evil.example", "a.example", false, false },
	/* public suffixes of two labels, and of the private section */
	{ "a.co.uk", "mail.a.co.uk", true, false },
	{ "a.co.uk", "b.co.uk", false, false },
	{ "a.github.io", "b.github.io", false, false },
	{ "x.a.github.io", "a.github.io", true, false },
	/* wildcards and exceptions of the list: *.ck, !www.ck */
	{ "a.b.ck", "c.b.ck", false, false },
	{ "x.www.ck", "www.ck", true, false },
	/* a public suffix is only itself */
	{ "co.uk", "co.uk", true, true },
	{ "co.uk", "a.co.uk", false, false },
	{ "com", "a.com", false, false },
	{ "localhost", "localhost", true, true },
	{ "localhost", "a.localhost", false, false },
	/* A-labels: 公司.cn and 食狮.公司.cn */
	{ "xn--85x722f.xn--55qx5d.cn", "mail.xn--85x722f.xn--55qx5d.cn", true, false },
	{ "xn--85x722f.xn--55qx5d.cn", "b.xn--55qx5d.cn", false, false },
	{ "[192.0.2.1]", "[192.0.2.1]", true, true },
	{ "[192.0.2.1]", "[7.0.2.1]", false, false },
	{ "[ipv6:2001:db8::1]", "a.example", false, false },
	{ "", "a.example", false, false },
	{ ".", "a.example", false, false },
};

Test(align, relaxed_is_the_same_owner_and_strict_the_same_domain)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *a = cases[i].a, *b = cases[i].b;

		cr_expect_eq(align_domains(a, b, ALIGN_RELAXED), cases[i].relaxed, "%s, %s", a, b);
		cr_expect_eq(align_domains(b, a, ALIGN_RELAXED), cases[i].relaxed, "%s, %s", b, a);
		cr_expect_eq(align_domains(a, b, ALIGN_STRICT), cases[i].strict, "%s, %s", a, b);
	}
}
