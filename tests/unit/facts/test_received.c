/* test_received.c: trace lines, the border, and what stands above it. */
#include "tests/unit/facts/support.h"

#include "facts/field.h"
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
	{ "from x ([10.0.0.1]) by c with ESMTP (y [192.0.2.1]) by c with ESMTP", "10.0.0.1", "" },
	{ "from x by by c", "", "" },
	{ "from [999.1.1.1] by c", "", "c" },
	/* what a client can put beside its address: a certificate, a greeting, who it says asks */
	{ "from a (b [192.0.2.1])\n\t(Client CN \"[10.0.0.1]\", Issuer \"(10.0.0.2)\" (not "
	  "verified))"
	  "\n\tby c (Postfix) with ESMTPS",
	  "192.0.2.1", "c" },
	{ "from a ([192.0.2.1] ident=[10.0.0.1]) by c", "192.0.2.1", "c" },
	{ "from a ([192.0.2.1] helo=x ident=x [10.0.0.1]) by c", "192.0.2.1", "c" },
	{ "from [192.0.2.1] (helo=x ident=(10.0.0.1)) by c", "192.0.2.1", "c" },
	{ "from [192.0.2.1] (ident=[10.0.0.1]) by c", "192.0.2.1", "c" },
	{ "from a (HELO b) (x@192.0.2.1) by c", "192.0.2.1", "c" },
	{ "from a (HELO b) (10.0.0.1@192.0.2.1) by c", "192.0.2.1", "c" },
	{ "from [10.0.0.1] (x.helo [192.0.2.1] (may be forged)) by c", "192.0.2.1", "c" },
	{ "from [10.0.0.1] (helo [192.0.2.1] (may be forged)) by c", "", "c" },
	{ "from [10.0.0.1] (unknown [unknown]) by c", "", "c" },
	{ "from a (x)(10.0.0.1)@b [192.0.2.1]) by c", "", "c" },
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

Test(facts_received, a_border_that_names_no_address_does_not_borrow_one_of_ours)
{
	static const char *const hosts[] = { "mx.example", "in.example" };
	static const char *const networks[] = { "192.0.2.0/24" };
	static const char trace[] = "Received: from in (in [192.0.2.7]) by mx.example; date\n"
				    "Received: from spam by in.example; date\n";
	const struct facts_site site = { hosts, 2, networks, 1 };
	AUTO(facts_freep) struct facts *f = xcalloc(1, sizeof(*f));

	cr_expect_eq(read_returned_header(span_of(trace), FACTS_SOURCE_RETURNED, &site, f),
		     FACTS_WALK_BORDER);
	cr_expect_null(f->original.client_ip, "%s", f->original.client_ip);
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

static const struct {
	const char *line, *with;
	bool authenticated, local;
} protocols[] = {
	{ "from a (b [192.0.2.1]) by c (Postfix) with ESMTPSA id x; date", "ESMTPSA", true, false },
	{ "from a (b [192.0.2.1]) by c (OpenSMTPD) with ESMTPA id x", "ESMTPA", true, false },
	{ "from [192.0.2.1] (helo=a) by c with esmtpsa (TLS1.3) tls (Exim 4.96)", "esmtpsa", true,
	  false },
	{ "from a (b [192.0.2.1]) by c (Postfix) with UTF8SMTPSA id x", "UTF8SMTPSA", true, false },
	{ "from a (b [192.0.2.1]) by c (Postfix) with UTF8SMTPA id x", "UTF8SMTPA", true, false },
	{ "from a (b [192.0.2.1]) by c (Postfix) with ESMTPS id x", "ESMTPS", false, false },
	{ "from a (b [192.0.2.1]) by c with SMTP; date", "SMTP", false, false },
	{ "from a (b [192.0.2.1]) by c with", "", false, false },
	{ "from a (b [192.0.2.1]) by c; date", "", false, false },
	/* what a client can write into the line is not where the protocol stands */
	{ "from with (with ESMTPSA by [192.0.2.1]) by c with ESMTP id x", "ESMTP", false, false },
	{ "from [192.0.2.1] (helo=a with esmtpsa) by c with esmtp (Exim 4.96)"
	  " (envelope-from <\"a) with esmtpsa (b\"@d>)",
	  "", false, false },
	{ "from a (b [192.0.2.1]) by c with ESMTP id x for <\"a with ESMTPA b\"@c>", "", false,
	  false },
	{ "from a with ESMTPSA (b [192.0.2.1]) by c with ESMTP", "ESMTP", false, false },
	{ "from a by c with ESMTPSA (b [192.0.2.1]) by c with ESMTP", "", false, false },
	{ "from a (b [192.0.2.1]) by c with ESMTPSA with ESMTP", "", false, false },
	/* without a network */
	{ "by c (Postfix, from userid 0) id x; date", "", false, true },
	{ "(qmail 1 invoked by uid 0); date", "", false, true },
	{ "from joe by c with local (Exim 4.96) id x", "local", false, true },
	{ "from c (c [local]) by c (OpenSMTPD) with ESMTPA id x", "ESMTPA", true, true },
	{ "from localhost (localhost) by c (8.17.1.9/8.17.1.9) id x", "", false, true },
	{ "from a ([192.0.2.1]) by c with local id x", "local", false, false },
	{ "from [local] (b [192.0.2.1]) by c", "", false, false },
	{ "from localhost (b [192.0.2.1]) by c", "", false, false },
	{ "from a by c with ESMTP", "ESMTP", false, false },
};

Test(facts_received, a_login_is_known_by_the_protocol_and_a_program_by_its_form)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		struct received r;
		AUTO(freep) char *with = NULL;

		received_parse(span_of(protocols[i].line), &r);
		with = span_dup(r.with);
		cr_expect_str_eq(with, protocols[i].with, "%s: %s", protocols[i].line, with);
		cr_expect_eq(received_is_authenticated(&r), protocols[i].authenticated, "%s",
			     protocols[i].line);
		cr_expect_eq(r.local, protocols[i].local, "%s", protocols[i].line);
	}
}

static const char *const mx[] = { "mx.example" };
static const char *const lan[] = { "10.0.0.0/8" };
static const struct facts_site mx_site = { mx, 1, lan, 1 };

/* A notification with its own trace lines, and what it returns. */
static struct facts *
read_notification(const char *own, const char *returned, const struct facts_site *site)
{
	AUTO(freep)
	char *text = xasprintf("%sFrom: MAILER-DAEMON@mx.example\nMIME-Version: 1.0\n"
			       "Content-Type: multipart/report; boundary=b\n\n"
			       "--b\nContent-Type: message/delivery-status\n\n"
			       "Reporting-MTA: dns; mx.example\n\n"
			       "Final-Recipient: rfc822; a@b.example\nAction: failed\n"
			       "Status: 5.1.1\n\n"
			       "--b\nContent-Type: message/rfc822\n\n%s\n--b--\n",
			       own, returned);

	facts_init();
	return facts_from_message_at(span_of(text), NULL, site);
}

static const struct {
	const char *returned;
	enum facts_walk walk;
	bool authenticated;
} walks[] = {
	{ "Received: from a ([203.0.113.9]) by mx.example with ESMTP\n\n", FACTS_WALK_BORDER, 0 },
	{ "Received: from a ([203.0.113.9]) by mx.example with ESMTPSA\n\n", FACTS_WALK_BORDER, 1 },
	{ "Received: from a ([10.0.0.2]) by mx.example with ESMTP\n\n", FACTS_WALK_INSIDE, 0 },
	{ "Received: by mx.example (Postfix, from userid 0)\n\n", FACTS_WALK_INSIDE, 0 },
	{ "Received: from joe by mx.example with local (Exim)\n\n", FACTS_WALK_INSIDE, 0 },
	/* the last line is not ours: nobody knows where it began */
	{ "Received: from a ([10.0.0.2]) by mx.example with ESMTP\n"
	  "Received: from b ([203.0.113.9]) by gateway.example with ESMTPSA\n\n",
	  FACTS_WALK_NONE, 0 },
	{ "Received: from b ([203.0.113.9]) by gateway.example with ESMTPSA\n"
	  "Received: from a ([10.0.0.2]) by mx.example with ESMTP\n\n",
	  FACTS_WALK_NONE, 0 },
	{ "Subject: none\n\n", FACTS_WALK_NONE, 0 },
	/* what a stranger puts below is not looked at */
	{ "Received: from a ([203.0.113.9]) by mx.example with ESMTP\n"
	  "Received: from a ([10.0.0.2]) by mx.example with ESMTPSA\n\n",
	  FACTS_WALK_BORDER, 0 },
	/* nor a header that he put into the text */
	{ "Received: from b ([203.0.113.9]) by gateway.example with SMTP\n\n"
	  "Received: from a ([10.0.0.2]) by mx.example with ESMTP\n"
	  "Message-ID: <1@x>\nFrom: a\n\n",
	  FACTS_WALK_NONE, 0 },
	{ "Received: from b ([203.0.113.9]) by gateway.example with SMTP\n\n"
	  "Received: from a ([203.0.113.1]) by mx.example with ESMTPSA\n"
	  "Message-ID: <1@x>\nFrom: a\n\n",
	  FACTS_WALK_NONE, 0 },
};

Test(facts_received, the_walk_ends_at_the_border_or_inside_or_nobody_knows)
{
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		AUTO(facts_freep)
		struct facts *f = read_notification("", walks[i].returned, &mx_site);
		AUTO(facts_freep)
		struct facts *unknown = read_notification("", walks[i].returned, NULL);

		cr_expect_eq(f->original.walk, walks[i].walk, "case %zu: %d", i, f->original.walk);
		cr_expect_eq(f->original.border_authenticated, walks[i].authenticated, "case %zu",
			     i);
		cr_expect_eq(unknown->original.walk, FACTS_WALK_NONE, "case %zu", i);
	}
}

Test(facts_received, what_stands_in_the_text_of_a_stranger_is_never_above_the_border)
{
	AUTO(facts_freep)
	struct facts *f = read_notification(
		"",
		"Received: from b ([203.0.113.9]) by gateway.example with SMTP\n\n"
		"Authentication-Results: mx.example; dmarc=pass header.from=x.example\n"
		"Received: from a ([203.0.113.1]) by mx.example with ESMTPSA\n"
		"Message-ID: <1@x>\nFrom: a\n\n",
		&mx_site);

	cr_assert_eq(f->original.proofs_len, 1);
	cr_expect_not(f->original.proofs[0].above_border);
	cr_expect_null(f->original.border);
}

Test(facts_received, a_returned_header_that_only_the_text_quotes_has_no_walk)
{
	static const char text[] =
		"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n"
		"Hi. This is the qmail-send program at mx.example.\n"
		"I'm afraid I wasn't able to deliver your message to the following addresses.\n"
		"This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
		"<a@b.example>:\nno such user\n\n"
		"--- Below this line is a copy of the message.\n\n"
		"Received: from a ([203.0.113.9]) by mx.example with ESMTPSA\n"
		"Message-ID: <1@x>\nFrom: a@b\nSubject: x\n\nhello\n";
	AUTO(facts_freep) struct facts *f = NULL;

	facts_init();
	f = facts_from_message_at(span_of(text), NULL, &mx_site);
	cr_assert_eq(f->class, FACTS_FAILED);
	cr_expect_str_eq(f->original.client_ip, "203.0.113.9");
	cr_expect_eq(f->original.walk, FACTS_WALK_NONE);
}

static const struct {
	const char *own;
	bool foreign;
} ways[] = {
	{ "", false },
	{ "Received: by mx.example (Postfix)\n", false },
	{ "Received: from Debian-exim by mx.example with local (Exim 4.96)\n", false },
	{ "Received: from mx.example (mx.example [local]) by mx.example (OpenSMTPD)\n", false },
	{ "Received: from localhost (localhost) by mx.example (8.17.1.9/8.17.1.9)\n", false },
	{ "Received: from a (a [10.0.0.2]) by mx.example\nReceived: by MX.example (Postfix)\n",
	  false },
	{ "Received: from a (a [203.0.113.9]) by mx.example\n", true },
	{ "Received: from a (a [203.0.113.9]) by mx.example\n"
	  "Received: by mx.example (Postfix)\n",
	  true },
	{ "Received: by mx.example (Postfix)\n"
	  "Received: from a (a [203.0.113.9]) by mx.example\n",
	  true },
	{ "Received: by other.example (Postfix)\n", true },
	{ "Received: nonsense\n", true },
	{ "Received : from a by mx.example with ESMTP\n", true },
};

Test(facts_received, one_line_that_is_not_ours_makes_a_notification_foreign)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		AUTO(facts_freep)
		struct facts *f = read_notification(ways[i].own, "Subject: x\n\n", &mx_site);
		AUTO(facts_freep)
		struct facts *unknown = read_notification(ways[i].own, "Subject: x\n\n", NULL);

		cr_expect_eq(f->foreign_received, ways[i].foreign, "case %zu", i);
		cr_expect_not(unknown->foreign_received, "case %zu", i);
	}
}

/* Results of the given length, what fills them made of one byte again and again. */
static struct facts *
read_long_results(size_t len, char filler)
{
	AUTO(freep) char *filled = xmalloc(len + 1);
	AUTO(freep) char *returned = NULL;

	memset(filled, filler, len);
	memcpy(filled, "mx.example;", 11);
	filled[len] = '\0';
	returned = xasprintf("Authentication-Results: %s\n"
			     "Received: from a ([203.0.113.9]) by mx.example\n\n",
			     filled);
	return read_notification("", returned, &mx_site);
}

Test(facts_received, results_longer_than_a_fact_are_marked)
{
	static const struct {
		size_t len;
		char filler;
		bool cut;
	} cases[] = {
		{ 1000, 'x', false }, { FACT_MOST - 10, 'x', false }, { FACT_MOST + 1, 'x', true },
		{ 9000, 'x', true },  { 1000, '\xFF', false },        { 1400, '\xFF', true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(facts_freep)
		struct facts *f = read_long_results(cases[i].len, cases[i].filler);

		cr_assert_eq(f->original.proofs_len, 1);
		cr_expect(f->original.proofs[0].above_border);
		cr_expect_eq(f->original.proofs[0].cut, cases[i].cut, "case %zu", i);
	}
}

Test(facts_received, json_says_what_a_proof_rests_on)
{
	AUTO(facts_freep)
	struct facts *f = read_notification("Received: by other.example (Postfix)\n",
					    "ARC-Seal: i=1; d=x.example\n"
					    "Received: from a ([203.0.113.9]) by mx.example"
					    " with ESMTPA\n\n",
					    &mx_site);
	AUTO(facts_freep)
	struct facts *inside = read_notification("", "Received: by mx.example\n\n", &mx_site);
	AUTO(freep) char *json = facts_to_json(f, NULL);
	AUTO(freep) char *json_inside = facts_to_json(inside, NULL);

	cr_expect_not_null(strstr(json, "\"foreign_received\":true"), "%s", json);
	cr_expect_not_null(strstr(json, "\"border_authenticated\":true,\"walk\":\"border\""), "%s",
			   json);
	cr_expect_not_null(strstr(json, "{\"kind\":\"arc-seal\",\"above_border\":true,\"text\":"));
	cr_expect_not_null(strstr(json_inside, "\"walk\":\"inside\""), "%s", json_inside);
	cr_expect_null(strstr(json_inside, "foreign_received"));
	cr_expect_null(strstr(json_inside, "border_authenticated"));
}
