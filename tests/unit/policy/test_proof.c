/*
 * test_proof.c: was the sender of the returned message who he said? Which
 * results say so, and of whom; proof_sample.h says what a case is.
 */
#include "tests/unit/policy/proof_sample.h"

static const struct proof_case results[] = {
	/* nothing said */
	{ "no results", NONE },
	{ "results of nothing", .above = AR "none\n", NONE },

	/* DMARC */
	{ "dmarc pass", .above = PASS, PROVED },
	{ "dmarc pass for a subdomain", .above = AR "dmarc=pass header.from=mail.victim.example\n",
	  PROVED },
	{ "dmarc fail", .above = FAIL, FORGED },
	{ "dmarc fail for a subdomain", .above = AR "dmarc=fail header.from=mail.victim.example\n",
	  FORGED },
	{ "dmarc none", .above = AR "dmarc=none header.from=victim.example\n", NONE },
	{ "dmarc temperror", .above = AR "dmarc=temperror header.from=victim.example\n", NONE },
	{ "dmarc permerror", .above = AR "dmarc=permerror header.from=victim.example\n", NONE },
	{ "dmarc in a word of its own",
	  .above = AR "dmarc=bestguesspass header.from=victim.example\n", NONE },
	{ "dmarc pass for the spammer's own From",
	  .above = AR "dmarc=pass header.from=spammer.example\n", NONE },
	{ "dmarc fail for another From", .above = AR "dmarc=fail header.from=other.example\n",
	  NONE },
	{ "dmarc pass for nobody knows whom", .above = AR "dmarc=pass\n", NONE },
	{ "dmarc fail for nobody knows whom", .above = AR "dmarc=fail\n", NONE },
	{ "dmarc pass for two domains at once",
	  .above = AR "dmarc=pass header.from=spammer.example header.from=victim.example\n", NONE },

	/* SPF */
	{ "spf pass", .above = AR "spf=pass smtp.mailfrom=joe@victim.example\n", PROVED },
	{ "spf pass, only the domain told", .above = AR "spf=pass smtp.mailfrom=victim.example\n",
	  PROVED },
	{ "spf fail", .above = AR "spf=fail smtp.mailfrom=joe@victim.example\n", FORGED },
	{ "spf softfail", .above = AR "spf=softfail smtp.mailfrom=victim.example\n", NONE },
	{ "spf neutral", .above = AR "spf=neutral smtp.mailfrom=victim.example\n", NONE },
	{ "spf none", .above = AR "spf=none smtp.mailfrom=victim.example\n", NONE },
	{ "spf temperror", .above = AR "spf=temperror smtp.mailfrom=victim.example\n", NONE },
	{ "spf permerror", .above = AR "spf=permerror smtp.mailfrom=victim.example\n", NONE },
	{ "spf pass for another domain", .above = AR "spf=pass smtp.mailfrom=spammer.example\n",
	  NONE },
	{ "spf fail for another domain", .above = AR "spf=fail smtp.mailfrom=other.example\n",
	  NONE },
	{ "spf pass of the greeting", .above = AR "spf=pass smtp.helo=victim.example\n", NONE },
	{ "spf fail of the greeting", .above = AR "spf=fail smtp.helo=victim.example\n", NONE },
	{ "spf pass and dmarc fail for another From: the envelope is who is told",
	  .above = AR "spf=pass smtp.mailfrom=victim.example; "
		      "dmarc=fail header.from=other.example\n",
	  PROVED },
	{ "spf pass for a quoted local part that looks like us",
	  .above = AR "spf=pass smtp.mailfrom=\"joe@victim.example\"@spammer.example\n", NONE },
	{ "spf pass for an address with two @, which can be read in two ways",
	  .above = AR "spf=pass smtp.mailfrom=joe@spammer.example@victim.example\n", NONE },
	{ "dkim pass, only i= told, with two @",
	  .above = AR "dkim=pass header.i=joe@spammer.example@victim.example\n", NONE },

	/* Received-SPF */
	{ "Received-SPF pass",
	  .above = SPF "Pass (mx) receiver=mx.ours.example; envelope-from=\"joe@victim.example\"\n",
	  PROVED },
	{ "Received-SPF fail",
	  .above = SPF "Fail (mx) receiver=mx.ours.example; envelope-from=joe@victim.example\n",
	  FORGED },
	{ "Received-SPF that does not say whose it is",
	  .above = SPF "Pass (mx) envelope-from=joe@victim.example\n", NONE },
	{ "Received-SPF of someone else",
	  .above = SPF "Pass receiver=mx.other.example; envelope-from=joe@victim.example\n", NONE },
	{ "Received-SPF of the greeting",
	  .above = SPF "Pass receiver=mx.ours.example; identity=helo; helo=victim.example; "
		       "envelope-from=joe@victim.example\n",
	  NONE },

	/* DKIM */
	{ "dkim pass", .above = AR "dkim=pass header.d=victim.example header.s=s\n", PROVED },
	{ "dkim pass, only i= told", .above = AR "dkim=pass header.i=@mail.victim.example\n",
	  PROVED },
	{ "dkim pass for another signer", .above = AR "dkim=pass header.d=spammer.example\n",
	  NONE },
	{ "dkim pass for another signer, who says i=",
	  .above = AR "dkim=pass header.d=spammer.example header.i=joe@victim.example\n", NONE },
	{ "dkim pass for two signers in one result",
	  .above = AR "dkim=pass header.d=spammer.example header.d=victim.example "
		      "header.i=@victim.example\n",
	  NONE },
	{ "dkim fail is no forgery", .above = AR "dkim=fail header.d=victim.example\n", NONE },
	{ "one of two signatures",
	  .above = AR "dkim=fail header.d=victim.example; "
		      "dkim=pass header.d=victim.example\n",
	  PROVED },

	/* together */
	{ "spf fail but dkim pass: it was forwarded",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; dkim=pass header.d=victim.example\n",
	  PROVED },
	{ "spf fail but dkim pass of another domain: not forged, not proved",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; dkim=pass header.d=other.example\n",
	  NONE },
	{ "spf fail and dkim fail",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; dkim=fail header.d=victim.example\n",
	  FORGED },
	{ "spf fail but dmarc pass: DMARC has the word",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; "
		      "dmarc=pass header.from=victim.example\n",
	  PROVED },
	{ "spf fail, and DMARC knows no policy",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; "
		      "dmarc=none header.from=victim.example\n",
	  FORGED },
	{ "spf fail, and DMARC could not tell",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; "
		      "dmarc=temperror header.from=victim.example\n",
	  NONE },
	{ "spf fail, and dmarc fail for another From: of the victim SPF alone speaks",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; "
		      "dmarc=fail header.from=bank.example\n",
	  FORGED },
	{ "spf fail, and dmarc of nobody knows whom",
	  .above = AR "spf=fail smtp.mailfrom=victim.example; dmarc=fail\n", NONE },
	{ "dmarc pass and dmarc fail contradict", .above = PASS FAIL, NONE },
	{ "dmarc fail and spf pass contradict",
	  .above = FAIL AR "spf=pass smtp.mailfrom=victim.example\n", NONE },
	{ "spf pass and spf fail contradict",
	  .above = AR "spf=pass smtp.mailfrom=victim.example\n" AR
		      "spf=fail smtp.mailfrom=victim.example\n",
	  NONE },
	{ "in two fields",
	  .above = AR "spf=fail smtp.mailfrom=victim.example\n" AR
		      "dkim=pass header.d=victim.example; dmarc=pass "
		      "header.from=victim.example\n",
	  PROVED },

	/* whose word it is */
	{ "another of our ids",
	  .above = "Authentication-Results: GATE (c) 1; dmarc=pass "
		   "header.from=victim.example\n",
	  PROVED },
	{ "an id that is not ours",
	  .above = "Authentication-Results: mx.other.example; dmarc=pass "
		   "header.from=victim.example\n",
	  NONE },
	{ "an id that only begins like ours",
	  .above = "Authentication-Results: mx.ours.example.evil.example; dmarc=pass "
		   "header.from=victim.example\n",
	  NONE },
	{ "our id as a comment",
	  .above = "Authentication-Results: (mx.ours.example) evil.example; dmarc=pass "
		   "header.from=victim.example\n",
	  NONE },
	{ "folded, with comments and a version",
	  .above = "Authentication-Results: mx.ours.example (c)\n\t1;\n\tspf=softfail "
		   "(c;c) smtp.mailfrom=victim.example;\n\tdmarc = pass (p=reject)\n\t"
		   "header . from = victim.example\n",
	  PROVED },
	{ "a version nobody knows",
	  .above = "Authentication-Results: mx.ours.example 2; dmarc=pass "
		   "header.from=victim.example\n",
	  NONE },

	/* who would be told */
	{ "in capitals", .rcpt = "Joe@VICTIM.example",
	  .above = AR "dmarc=pass header.from=Victim.EXAMPLE\n", PROVED },
	{ "as U-label and A-label", .rcpt = "joe@xn--bcher-kva.example",
	  .above = AR "dmarc=pass header.from=b\xC3\xBC"
		      "cher.example\n",
	  PROVED },
	{ "strict: a subdomain is another domain", .strict = true,
	  .above = AR "dmarc=pass header.from=mail.victim.example\n", NONE },
	{ "strict: for and against a subdomain", .strict = true,
	  .above = AR "dmarc=fail header.from=mail.victim.example\n", NONE },
	{ "strict: the same domain", .strict = true, .above = PASS, PROVED },
	{ "two customers of one registry", .rcpt = "joe@victim.co.uk",
	  .above = AR "dmarc=pass header.from=spammer.co.uk\n", NONE },
	{ "two customers of one hoster", .rcpt = "joe@victim.github.io",
	  .above = AR "dmarc=pass header.from=spammer.github.io\n", NONE },
	{ "a domain that is no domain", .above = AR "dmarc=pass header.from=victim..example\n",
	  NONE },
};

Test(proof, results_count_for_the_domain_they_are_aligned_with)
{
	proof_expect_all(results, sizeof(results) / sizeof(results[0]));
}

Test(proof, a_domain_that_was_cut_short_is_no_domain)
{
	AUTO(policy_unrefp) struct policy *policy = proof_policy("relaxed");

	/* wherever the cut falls in victim.example.spammer.example */
	for (size_t len = 3950; len < 4110; len++) {
		AUTO(freep) char *filler = xmalloc(len + 1);
		AUTO(freep) char *above = NULL;

		memset(filler, 'x', len);
		filler[len] = '\0';
		above = xasprintf(AR "spf=none smtp.helo=%s; dkim=pass "
				     "header.d=victim.example.spammer.example\n",
				  filler);
		proof_expect(policy, &(struct proof_case){ .above = above, NONE });
	}
}

Test(proof, without_our_hosts_or_authserv_ids_nothing_is_proved_or_forged)
{
	static const char *const texts[] = {
		"local_domains = \"ours.example\"; authserv_ids = \"mx.ours.example\";\n",
		"local_domains = \"ours.example\"; our_hosts = \"mx.ours.example\";\n",
	};
	static const struct proof_case cases[] = {
		{ "for", .above = PASS, NONE },
		{ "against", .above = FAIL, NONE },
		{ "sealed", .above = AR "arc=pass\n", .below = SEAL SEALED, NONE },
	};

	facts_init();
	for (size_t i = 0; i < 2; i++) {
		AUTO(policy_unrefp) struct policy *policy = sample_policy(texts[i]);

		for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++)
			proof_expect(policy, &cases[j]);
	}
}

Test(proof, each_recipient_has_his_own)
{
	static const struct {
		const char *rcpt;
		enum policy_proof proof;
		const char *rule;
	} rcpts[] = {
		{ "joe@victim.example", POLICY_PROOF_PROVED, "All.ndr.proved" },
		{ "ann@other.example", POLICY_PROOF_FORGED, "All.ndr.forged" },
		{ "eve@third.example", POLICY_PROOF_NONE, "All.ndr.none" },
		{ "bob@ours.example", POLICY_PROOF_NONE, "local" },
		{ "nobody", POLICY_PROOF_NONE, "bad-recipient" },
		{ NULL, POLICY_PROOF_NONE, "no-recipient" },
	};
	AUTO(policy_unrefp) struct policy *policy = proof_policy("relaxed");
	AUTO(freep)
	char *text = proof_notification(
		&(struct proof_case){ .above = PASS AR "spf=fail smtp.mailfrom=other.example\n" });

	for (size_t i = 0; i < sizeof(rcpts) / sizeof(rcpts[0]); i++) {
		struct policy_decision d;

		cr_expect_eq(proof_judge(policy, span_of(text), rcpts[i].rcpt, &d), rcpts[i].proof,
			     "%s", rcpts[i].rcpt);
		cr_expect_str_eq(d.rule, rcpts[i].rule, "%s", d.rule);
		policy_decision_done(&d);
	}
}
