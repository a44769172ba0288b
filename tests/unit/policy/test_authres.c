/* test_authres.c: what is a result of authentication, and what only looks like one. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/authres.h"

/* "id[#instance]: method=value{reason} ptype.name=value, method=…" */
static char *
show(const struct authres *a)
{
	struct buffer out = { 0 };

	buffer_add_str(&out, a->id != NULL ? a->id : "-");
	if (a->instance > 0)
		buffer_printf(&out, "#%u", a->instance);
	buffer_add_char(&out, ':');
	for (size_t i = 0; i < a->results_len; i++) {
		const struct authres_result *r = &a->results[i];

		buffer_printf(&out, "%s %s=%s", i > 0 ? "," : "", r->method, r->value);
		if (r->reason != NULL)
			buffer_printf(&out, "{%s}", r->reason);
		for (size_t j = 0; j < r->properties_len; j++)
			buffer_printf(&out, " %s.%s=%s", r->properties[j].ptype,
				      r->properties[j].name, r->properties[j].value);
	}
	return buffer_take(&out);
}

struct sample {
	const char *text, *shown; /* NULL: not readable */
};

static void
check(const struct sample *samples, size_t len, bool (*read)(const char *, struct authres *))
{
	for (size_t i = 0; i < len; i++) {
		AUTO(authres_done) struct authres a;
		bool is_read = read(samples[i].text, &a);
		AUTO(freep) char *shown = show(&a);

		cr_expect_eq(is_read, samples[i].shown != NULL, "%s", samples[i].text);
		cr_expect_str_eq(shown, is_read ? samples[i].shown : "-:", "%s: %s",
				 samples[i].text, shown);
	}
}
#define CHECK(samples, read) check((samples), sizeof(samples) / sizeof((samples)[0]), (read))

Test(authres, the_examples_of_the_standard_are_read)
{
	static const struct sample samples[] = {
		/* RFC 8601 appendix B */
		{ "example.org 1; none", "example.org:" },
		{ "example.com; spf=pass smtp.mailfrom=example.net",
		  "example.com: spf=pass smtp.mailfrom=example.net" },
		{ "example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; "
		  "spf=pass smtp.mailfrom=example.net",
		  "example.com: auth=pass smtp.auth=sender@example.net, "
		  "spf=pass smtp.mailfrom=example.net" },
		{ "example.com; dkim=pass (good signature) header.d=example.com",
		  "example.com: dkim=pass header.d=example.com" },
		{ "example.com; dkim=pass reason=\"good signature\" "
		  "header.i=@mail-router.example.net; dkim=fail reason=\"bad signature\" "
		  "header.i=@newyork.example.com",
		  "example.com: dkim=pass{good signature} header.i=@mail-router.example.net, "
		  "dkim=fail{bad signature} header.i=@newyork.example.com" },
		/* a comment wherever one may be */
		{ "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 "
		  "(One yay) = (wait for it) fail policy (A dot can go here) . "
		  "(like that) expired (this surprised me) = (as I wasn't expecting it) "
		  "1362471462",
		  "foo.example.net: dkim=fail policy.expired=1362471462" },
	};

	CHECK(samples, authres_read);
}

Test(authres, what_verifiers_write_is_read)
{
	static const struct sample samples[] = {
		/* OpenDKIM, OpenDMARC */
		{ "mx; dkim=pass (2048-bit key; unprotected) header.d=a.example "
		  "header.i=@a.example header.a=rsa-sha256 header.s=s1 header.b=Ab/c+D12; "
		  "dkim-atps=neutral",
		  "mx: dkim=pass header.d=a.example header.i=@a.example header.a=rsa-sha256 "
		  "header.s=s1 header.b=Ab/c+D12, dkim-atps=neutral" },
		{ "mx; dmarc=pass (p=none dis=none) header.from=a.example",
		  "mx: dmarc=pass header.from=a.example" },
		/* rspamd */
		{ "mx; spf=pass (mx: domain of \"x y\"@a.example designates 192.0.2.1 as "
		  "permitted sender) smtp.mailfrom=joe+x@a.example; "
		  "dmarc=none; arc=pass (\"a:s=x:i=1\")",
		  "mx: spf=pass smtp.mailfrom=joe+x@a.example, dmarc=none, arc=pass" },
		/* Exim */
		{ "mx; iprev=pass (host.a.example) smtp.remote-ip=2001:db8::1; "
		  "spf=softfail smtp.mailfrom=a.example; arc=none",
		  "mx: iprev=pass smtp.remote-ip=2001:db8::1, "
		  "spf=softfail smtp.mailfrom=a.example, arc=none" },
		/* amavisd-new, policyd-spf */
		{ "mx (amavisd-new); dkim=pass (1024-bit key) reason=\"pass (just generated)\" "
		  "header.d=a.example",
		  "mx: dkim=pass{pass (just generated)} header.d=a.example" },
		{ "mx; spf=pass (sender SPF authorized) smtp.mailfrom=a.example (client-ip="
		  "192.0.2.1; helo=h; envelope-from=j@a.example; receiver=r@b)",
		  "mx: spf=pass smtp.mailfrom=a.example" },
		{ "mx; spf=pass smtp.mailfrom=<joe@a.example> smtp.helo=[192.0.2.1]",
		  "mx: spf=pass smtp.mailfrom=joe@a.example smtp.helo=[192.0.2.1]" },
	};

	CHECK(samples, authres_read);
}

Test(authres, the_grammar_is_kept_in_its_corners)
{
	static const struct sample samples[] = {
		{ "mx", "mx:" },
		{ "mx;", "mx:" },
		{ "mx;;", "mx:" },
		{ "mx; none", "mx:" },
		{ "mx; NONE (really)", "mx:" },
		{ "mx; none; spf=pass", NULL },
		{ "mx; spf=pass; none", NULL },
		{ "mx;spf=pass;", "mx: spf=pass" },
		{ "mx; ; spf=pass ;", "mx: spf=pass" },
		{ "(a (nested \\) comment)) \"m x\" ; SPF=Pass SMTP.MailFrom=A.Example",
		  "m x: spf=pass smtp.mailfrom=A.Example" },
		{ "mx; spf=pass reason=\"a \\\"b\\\" c\"", "mx: spf=pass{a \"b\" c}" },
		{ "mx; spf=pass smtp.mailfrom=\"a;b c\"@d.example",
		  "mx: spf=pass smtp.mailfrom=a;b c@d.example" },
		{ "mx; spf=pass smtp.mailfrom=", "mx: spf=pass smtp.mailfrom=" },
		{ "mx; spf=pass smtp.mailfrom=<>", "mx: spf=pass smtp.mailfrom=" },
		{ "mx; spf=pass smtp.mailfrom=\xC3\xA4@\xC3\xB6.example",
		  "mx: spf=pass smtp.mailfrom=\xC3\xA4@\xC3\xB6.example" },
		{ "mx; spf=pass reason.reason=x", "mx: spf=pass reason.reason=x" },
		/* versions that are not known are left out */
		{ "mx 2; spf=pass", "mx:" },
		{ "mx 11; spf=pass", "mx:" },
		{ "mx; spf/2=pass; dkim/1=pass", "mx: dkim=pass" },
	};

	CHECK(samples, authres_read);
}

Test(authres, what_is_not_of_the_grammar_is_not_read_at_all)
{
	static const struct sample samples[] = {
		{ "", NULL },
		{ ";", NULL },
		{ "; spf=pass", NULL },
		{ "(mx); spf=pass", NULL },
		{ "\"\"; spf=pass", NULL },
		{ "mx spf=pass", NULL },
		{ "mx; spf", NULL },
		{ "mx; spf=", NULL },
		{ "mx; =pass", NULL },
		{ "mx; spf=pass smtp", NULL },
		{ "mx; spf=pass smtp.mailfrom", NULL },
		{ "mx; spf=pass smtp.=a", NULL },
		{ "mx; spf=pass .mailfrom=a", NULL },
		{ "mx; spf/=pass", NULL },
		{ "mx; spf=pass.a", NULL },
		{ "mx; spf=pass reason=a reason=b", NULL },
		{ "mx; spf=pass (open", NULL },
		{ "mx; spf=pass; (open", NULL },
		{ "mx (open; spf=pass", NULL },
		{ "mx; spf=pass (open \\", NULL },
		{ "mx; spf=pass reason=\"open", NULL },
		{ "mx; spf=pass reason=\"open\\", NULL },
		{ "mx; spf=pass smtp.mailfrom=<a@b", NULL },
		{ "mx; spf=pass smtp.mailfrom=a,b", NULL },
		{ "mx; spf=pass smtp.mailfrom=a\\b", NULL },
		{ "mx; spf=pass smtp.mailfrom=\"a\"b", NULL },
		{ "mx; spf=pass smtp.mailfrom=\"a\"\"b\"", NULL },
		{ "mx; spf=pass \xC3\xA4.b=c", NULL },
		/* as Exchange Online writes it: no authserv-id */
		{ "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; b.example; "
		  "dkim=none header.d=none;b.example; dmarc=pass action=none "
		  "header.from=a.example;",
		  NULL },
		/* a stranger writes on, where the verifier forgot to quote him */
		{ "mx; spf=fail smtp.mailfrom=x dmarc=pass header.from=victim.example", NULL },
		{ "mx; spf=pass smtp.mailfrom=a; dmarc=pass "
		  "header.from=victim.example\"@evil.example",
		  NULL },
		{ "mx; spf=pass smtp.mailfrom=\"a; dmarc=pass header.from=victim.example", NULL },
	};

	CHECK(samples, authres_read);
}

Test(authres, more_than_fits_is_not_read)
{
	AUTO(buffer_done) struct buffer results = { 0 };
	AUTO(buffer_done) struct buffer properties = { 0 };
	AUTO(authres_done) struct authres a;

	buffer_add_str(&results, "mx");
	for (int i = 0; i < AUTHRES_RESULTS_MAX; i++)
		buffer_add_str(&results, ";a=b");
	cr_assert(authres_read(results.data, &a));
	cr_expect_eq(a.results_len, AUTHRES_RESULTS_MAX);
	authres_done(&a);
	buffer_add_str(&results, ";a=b");
	cr_expect_not(authres_read(results.data, &a));
	buffer_add_str(&properties, "mx;a=b");
	for (int i = 0; i < AUTHRES_PROPERTIES_MAX; i++)
		buffer_add_str(&properties, " a.b=c");
	cr_assert(authres_read(properties.data, &a));
	cr_expect_eq(a.properties_len, AUTHRES_PROPERTIES_MAX);
	authres_done(&a);
	buffer_add_str(&properties, " a.b=c");
	cr_expect_not(authres_read(properties.data, &a));
}

Test(authres, deep_comments_are_read_without_a_stack)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(authres_done) struct authres a;

	buffer_add_str(&text, "mx ");
	for (int i = 0; i < 100000; i++)
		buffer_add_char(&text, '(');
	cr_expect_not(authres_read(text.data, &a));
	for (int i = 0; i < 100000; i++)
		buffer_add_char(&text, ')');
	cr_expect(authres_read(text.data, &a));
}

Test(authres, every_beginning_of_a_field_is_read_or_refused)
{
	static const char text[] =
		"(c) \"m\\x\" 1 (c); spf/1=pass (c) reason=\"r\" smtp.mailfrom=\"a b\"@c.d "
		"smtp.helo=<h>; dkim=pass header.d=x;";

	for (size_t len = 0; len < sizeof(text); len++) {
		AUTO(freep) char *begin = xstrndup(text, len);
		AUTO(authres_done) struct authres a = { 0 };
		AUTO(authres_done) struct authres b = { 0 };
		AUTO(authres_done) struct authres c = { 0 };

		(void)authres_read(begin, &a);
		(void)authres_read_arc(begin, &b);
		(void)authres_read_spf(begin, &c);
	}
}

Test(authres, a_property_with_two_values_has_none)
{
	AUTO(authres_done) struct authres a;
	const struct authres_result *r;

	cr_assert(authres_read("mx; spf=pass smtp.mailfrom=a smtp.mailfrom=b smtp.helo=C "
			       "smtp.helo=c header.x=y",
			       &a));
	r = &a.results[0];
	cr_expect_null(authres_property(r, "smtp", "mailfrom"));
	cr_expect_str_eq(authres_property(r, "smtp", "helo"), "c");
	cr_expect_str_eq(authres_property(r, "header", "x"), "y");
	cr_expect_null(authres_property(r, "smtp", "x"));
	cr_expect_null(authres_property(r, "header", "y"));
}

Test(authres, of_arc_the_instance_comes_first)
{
	static const struct sample samples[] = {
		{ "i=1; list.example; dmarc=pass header.from=a.example",
		  "list.example#1: dmarc=pass header.from=a.example" },
		{ " (c) i = 50 (c) ; list.example; none", "list.example#50:" },
		{ "list.example; dmarc=pass", NULL },
		{ "i=0; list.example; none", NULL },
		{ "i=100; list.example; none", NULL },
		{ "i=x; list.example; none", NULL },
		{ "j=1; list.example; none", NULL },
		{ "i=1 list.example; none", NULL },
		{ "i=1;", NULL },
		{ "", NULL },
	};

	CHECK(samples, authres_read_arc);
}

Test(authres, received_spf_is_one_result)
{
	static const struct sample samples[] = {
		/* RFC 7208 9.1 */
		{ "pass (mybox.example.org: domain of myname@example.com designates 192.0.2.1 as "
		  "permitted sender) receiver=mybox.example.org; client-ip=192.0.2.1; "
		  "envelope-from=\"myname@example.com\"; helo=foo.example.com;",
		  "mybox.example.org: spf=pass .receiver=mybox.example.org "
		  ".client-ip=192.0.2.1 .envelope-from=myname@example.com "
		  ".helo=foo.example.com smtp.mailfrom=myname@example.com" },
		{ "fail (mybox.example.org: domain of myname@example.com does not designate "
		  "192.0.2.1 as permitted sender) identity=mailfrom; client-ip=192.0.2.1; "
		  "envelope-from=\"myname@example.com\";",
		  "-: spf=fail .identity=mailfrom .client-ip=192.0.2.1 "
		  ".envelope-from=myname@example.com smtp.mailfrom=myname@example.com" },
		/* policyd-spf hides the receiver */
		{ "Softfail (mailfrom) identity=mailfrom; client-ip=192.0.2.1; helo=h; "
		  "envelope-from=<a@b.example>; receiver=<UNKNOWN>",
		  "UNKNOWN: spf=softfail .identity=mailfrom .client-ip=192.0.2.1 .helo=h "
		  ".envelope-from=a@b.example .receiver=UNKNOWN smtp.mailfrom=a@b.example" },
		{ "Pass (helo) identity=helo; helo=h.example; envelope-from=a@b; receiver=mx",
		  "mx: spf=pass .identity=helo .helo=h.example .envelope-from=a@b .receiver=mx "
		  "smtp.helo=h.example" },
		{ "Pass identity=pra; envelope-from=a@b; helo=h",
		  "-: spf=pass .identity=pra .envelope-from=a@b .helo=h" },
		{ "Pass identity=helo", "-: spf=pass .identity=helo" },
		{ "none", "-: spf=none" },
		{ "none (no record)", "-: spf=none" },
		{ "", NULL },
		{ "(pass)", NULL },
		{ "pass;", NULL },
		{ "pass=", NULL },
		{ "pass (open", NULL },
		{ "pass receiver", NULL },
		{ "pass receiver=mx helo=h", NULL },
		{ "pass receiver=mx; receiver=mx", NULL },
		{ "pass identity=helo; identity=mailfrom; envelope-from=a@b", NULL },
		{ "pass receiver=\"mx", NULL },
	};

	CHECK(samples, authres_read_spf);
}

Test(authres, an_id_is_one_word)
{
	cr_expect(authres_is_id("mx.example.org"));
	cr_expect(authres_is_id("example.org/mx1"));
	cr_expect(authres_is_id("\xC3\xA4.example"));
	cr_expect_not(authres_is_id(""));
	cr_expect_not(authres_is_id("mx 1"));
	cr_expect_not(authres_is_id("mx;"));
	cr_expect_not(authres_is_id("mx(a)"));
	cr_expect_not(authres_is_id("\"mx\""));
	cr_expect_not(authres_is_id("mx\n"));
}

Test(authres, a_seal_names_its_instance_and_who_signed)
{
	static const struct {
		const char *text, *domain;
		unsigned instance;
	} seals[] = {
		{ "i=1; a=rsa-sha256; t=1; cv=none; d=list.example; s=s; b=Ab/c= d+e==",
		  "list.example", 1 },
		{ " d = list.example ; i = 12 ; ", "list.example", 12 },
		{ "d=list.example", NULL, 0 },
		{ "i=1", NULL, 0 },
		{ "i=1; d=", NULL, 0 },
		{ "i=1; d=a; d=b", NULL, 0 },
		{ "i=1; i=2; d=a", NULL, 0 },
		{ "i=0; d=a", NULL, 0 },
		{ "i=123; d=a", NULL, 0 },
		{ "i=x; d=a", NULL, 0 },
		{ "i=1x; d=a", NULL, 0 },
		{ "i=1; nonsense; d=a", NULL, 0 },
		{ "i=1;; d=a", NULL, 0 },
		{ "", NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(seals) / sizeof(seals[0]); i++) {
		unsigned instance = 0;
		AUTO(freep) char *domain = NULL;
		bool read = authres_read_seal(seals[i].text, &instance, &domain);

		cr_expect_eq(read, seals[i].domain != NULL, "%s", seals[i].text);
		cr_expect_eq(instance, seals[i].instance, "%s: %u", seals[i].text, instance);
		if (read)
			cr_expect_str_eq(domain, seals[i].domain, "%s: %s", seals[i].text, domain);
	}
}
