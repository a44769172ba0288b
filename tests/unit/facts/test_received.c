/* test_received.c: trace lines, the border, and what stands above it. */
#include "tests/unit/facts/support.h"

#include "facts/read.h"
#include "facts/received.h"

static const struct {
	const char *line, *client, *by;
} lines[] = {
	{ "from a (b [192.0.2.1]) by c.example with SMTP id x; date", "192.0.2.1", "c.example" },
	{ "from [192.0.2.1] (helo=x) by c.example with esmtp (Exim 4.96)", "192.0.2.1",
	  "c.example" },
	{ "from unknown (HELO x) (192.0.2.1)\n  by c.example with SMTP", "192.0.2.1", "c.example" },
	{ "from x (HELO [10.0.0.1]) (192.0.2.1) by c", "192.0.2.1", "c" },
	{ "from x ([192.0.2.1] helo=[10.0.0.1]) by c", "192.0.2.1", "c" },
	{ "from x (EHLO [10.0.0.1]) ([192.0.2.1]) by c", "192.0.2.1", "c" },
	{ "from x (unknown [IPv6:2001:db8::1]) by c", "2001:db8::1", "c" },
	{ "from x (x [192.0.2.1] (may be forged)) by c", "192.0.2.1", "c" },
	{ "from by (by [192.0.2.1]) by by.example; date", "192.0.2.1", "by.example" },
	{ "by c.example (Postfix, from userid 0) id x; date", "", "c.example" },
	{ "(qmail 1 invoked by uid 0); date", "", "" },
	{ "from x by c", "", "c" },
	{ "from [999.1.1.1] by c", "", "c" },
	{ "", "", "" },
};

Test(facts_received, the_client_is_whom_tcp_saw)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct received r;
		AUTO(freep) char *by = NULL;

		received_parse(span_of(lines[i].line), &r);
		by = span_dup(r.by);
		cr_expect_str_eq(r.client, lines[i].client, "%s: %s", lines[i].line, r.client);
		cr_expect_str_eq(by, lines[i].by, "%s: %s", lines[i].line, by);
	}
}

static const char header[] =
	"Received: from in.example (in.example [10.0.0.2]) by mx.example; date\n"
	"Authentication-Results: mx.example; spf=pass\n"
	"Received: by IN.example (Postfix, from userid 1); date\n"
	"Received: from spam (spam [203.0.113.9]) by in.example; date\n"
	"Received-SPF: fail\n"
	"Received: from liar (liar [198.51.100.7]) by liar.example; date\n"
	"ARC-Authentication-Results: i=1; liar.example; dmarc=pass\n"
	"Return-Path: <SRS0=ab=cd=orig.example=joe@fwd.example>\n"
	"X-Spam-Flag: YES\nDate: Sat, 21 Nov 2026 20:15:48 +0000\n";

static struct facts *
read_header(const struct facts_site *site)
{
	struct facts *f = xcalloc(1, sizeof(*f));

	read_returned_header(span_of(header), FACTS_SOURCE_RETURNED, site, f);
	return f;
}

Test(facts_received, the_border_is_the_first_client_that_is_not_us)
{
	static const char *const hosts[] = { "mx.example", "in.example" };
	static const char *const networks[] = { "10.0.0.0/8" };
	const struct facts_site site = { hosts, 2, networks, 1 };
	AUTO(facts_freep) struct facts *f = read_header(&site);

	cr_assert_str_eq(f->original.client_ip, "203.0.113.9");
	cr_assert_str_eq(f->original.border, "from spam (spam [203.0.113.9]) by in.example; date");
	cr_assert_eq(f->original.proofs_len, 3);
	cr_expect(f->original.proofs[0].above_border);
	cr_expect_not(f->original.proofs[1].above_border);
	cr_expect_not(f->original.proofs[2].above_border);
	cr_expect_eq(f->original.proofs[2].kind, FACTS_PROOF_ARC);
	cr_expect_str_eq(f->original.return_path_inner, "joe@orig.example");
	cr_expect_str_eq(f->original.spam, "YES");
	cr_expect_str_eq(f->original.date, "Sat, 21 Nov 2026 20:15:48 +0000");
}

Test(facts_received, without_our_hosts_the_topmost_public_client_counts_and_nothing_is_above)
{
	AUTO(facts_freep) struct facts *f = read_header(NULL);

	cr_assert_str_eq(f->original.client_ip, "203.0.113.9");
	cr_assert_null(f->original.border);
	for (size_t i = 0; i < f->original.proofs_len; i++)
		cr_expect_not(f->original.proofs[i].above_border);
}

Test(facts_received, a_line_that_is_not_ours_ends_the_walk_without_a_border)
{
	static const char *const hosts[] = { "mx.example" };
	static const char *const networks[] = { "10.0.0.0/8" };
	const struct facts_site site = { hosts, 1, networks, 1 };
	AUTO(facts_freep) struct facts *f = read_header(&site);

	cr_assert_null(f->original.border);
	for (size_t i = 0; i < f->original.proofs_len; i++)
		cr_expect_not(f->original.proofs[i].above_border);
}

static const struct {
	const char *network, *client;
	bool holds;
} networks_cases[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/25", "192.0.2.128", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "0.0.0.0/0", "203.0.113.1", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "2001:db8::/32", "2001:db8:1::1", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "::/0", "2001:db8::1", true },
	{ "rubbish", "192.0.2.1", false },
	{ "192.0.2.0/99", "192.0.2.0", true },
	{ "10.0.0.0/8", "127.0.0.1", true },
	{ "10.0.0.0/8", "::1", true },
};

Test(facts_received, networks_hold_what_they_hold_and_loopback_is_always_ours)
{
	for (size_t i = 0; i < sizeof(networks_cases) / sizeof(networks_cases[0]); i++) {
		const char *const one[] = { networks_cases[i].network };
		const struct facts_site site = { NULL, 0, one, 1 };
		struct received r = { .has_from = true };

		(void)strcpy(r.client, networks_cases[i].client);
		cr_expect_eq(received_from_us(&r, &site), networks_cases[i].holds, "%s in %s",
			     networks_cases[i].client, networks_cases[i].network);
	}
}
