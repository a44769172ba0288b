/*
 * test_proof_trust.c: whose word is taken for it that the sender of the
 * returned message was who he said; proof_sample.h says what a case is.
 */
#include "tests/unit/policy/proof_sample.h"

static const struct proof_case ways[] = {
	/* logged in, or inside */
	{ "logged in, under whatever domain",
	  .border = "Received: from pc (pc [203.0.113.9]) by mx.ours.example (Postfix) "
		    "with ESMTPSA id 1\n",
	  PROVED },
	{ "logged in at Exim",
	  .border = "Received: from [203.0.113.9] (helo=pc) by mx.ours.example with esmtpa "
		    "(Exim 4.96) id 1\n",
	  PROVED },
	{ "logged in behind our gateway",
	  .border = INSIDE "Received: from pc (pc [203.0.113.9]) by in.ours.example with ESMTPSA\n",
	  PROVED },
	{ "logged in, but dmarc says he is not: a contradiction", .above = FAIL,
	  .border = "Received: from pc (pc [203.0.113.9]) by mx.ours.example with ESMTPSA id 1\n",
	  NONE },
	{ "from our network", .border = INSIDE, PROVED },
	{ "from the host itself",
	  .border = "Received: by mx.ours.example (Postfix, from userid 33)\n\tid 1\n", PROVED },
	{ "by a program, as Exim writes it",
	  .border = "Received: from www by mx.ours.example with local (Exim 4.96)\n", PROVED },
	{ "by a program, as OpenSMTPD writes it",
	  .border = "Received: from mx (mx [local]) by mx.ours.example (OpenSMTPD) with ESMTPA\n",
	  PROVED },
	{ "from our network, and before that from nobody knows where",
	  .border = INSIDE "Received: from x (x [203.0.113.9]) by gateway.example with ESMTP\n",
	  NONE },
	{ "without trace lines", .border = "", .above = PASS, NONE },

	/* the border further down */
	{ "results of the border host, one hop inside", .above = INSIDE PASS,
	  .border = "Received: from c (c [203.0.113.9]) by in.ours.example with ESMTP\n", PROVED },
	{ "through a filter on the host itself",
	  .above = "Received: from localhost (localhost [127.0.0.1]) by mx.ours.example\n" PASS,
	  PROVED },

	/* forgeries: results */
	{ "forged results below the border", .below = PASS, NONE },
	{ "forged results, and a made-up line of ours below them",
	  .below = PASS "Received: from in (in [10.0.0.2]) by mx.ours.example with ESMTP\n", NONE },
	{ "forged results, and a made-up border of ours below them", .below = PASS BORDER, NONE },
	{ "a made-up login of ours",
	  .below = "Received: from pc (pc [203.0.113.9]) by mx.ours.example with ESMTPSA\n", NONE },
	{ "forged results do not help against true ones",
	  .above = AR "spf=fail smtp.mailfrom=victim.example\n", .below = PASS BORDER, FORGED },
	{ "forged results do not harm either", .above = PASS, .below = FAIL BORDER, PROVED },
	{ "a forged Received-SPF",
	  .below = SPF "Pass receiver=mx.ours.example; envelope-from=joe@victim.example\n", NONE },
	{ "forged results in the text, as a header behind a blank line",
	  .below = "\n" PASS BORDER "From: joe@victim.example\nMessage-ID: <2@victim.example>\n",
	  NONE },
	{ "the same where our own walk had found no border",
	  .border = "Received: from x (x [203.0.113.9]) by gateway.example with ESMTP\n",
	  .below = "\n" PASS BORDER "From: joe@victim.example\nMessage-ID: <2@victim.example>\n",
	  NONE },
	{ "the client greets as one of us",
	  .border = "Received: from mx.ours.example (unknown [203.0.113.9]) by mx.ours.example "
		    "with ESMTP\n",
	  .below = PASS, NONE },
	{ "the client greets with blanks, as if we had written of one of us",
	  .border =
		  "Received: from in ([10.0.0.2]) by mx.ours.example with ESMTP (c [203.0.113.9]) "
		  "by mx.ours.example with ESMTP\n",
	  .above = PASS, NONE },
	{ "the client greets with an address of ours",
	  .border = "Received: from [10.0.0.2] (unknown [203.0.113.9]) by mx.ours.example with "
		    "ESMTP\n",
	  NONE },
	{ "the client greets as Exim would write a login",
	  .border = "Received: from [203.0.113.9] (helo=a by mx.ours.example with esmtpsa) "
		    "by mx.ours.example with esmtp (Exim 4.96)\n",
	  NONE },
	{ "the client has a certificate with the name of one of us",
	  .border = "Received: from c (c [203.0.113.9])\n"
		    "\t(Client CN \"[10.0.0.2]\", Issuer \"x\" (not verified))\n"
		    "\tby mx.ours.example (Postfix) with ESMTPS id 1\n",
	  .below = PASS BORDER, NONE },
	{ "the client says that one of us asks",
	  .border = "Received: from c ([203.0.113.9] ident=x [10.0.0.2] helo=c) "
		    "by mx.ours.example with esmtp (Exim 4.96)\n",
	  .below = PASS BORDER, NONE },
	{ "the client greets as one of us, from a host whose name is a greeting",
	  .border = "Received: from [10.0.0.2] (helo [203.0.113.9] (may be forged)) "
		    "by mx.ours.example (8.17) with ESMTP\n",
	  .below = PASS BORDER, NONE },
	{ "the sender's address has a login in it",
	  .border = "Received: from [203.0.113.9] (helo=a) by mx.ours.example with esmtp "
		    "(envelope-from <\"a) with esmtpsa (b\"@victim.example>)\n",
	  NONE },

	/* forgeries: what a verifier forgot to quote */
	{ "a result of DMARC slipped in beside the true one, by a filter that does not quote",
	  .above = AR "spf=none smtp.mailfrom=a; dmarc=pass header.from=victim.example "
		      "smtp.x=@evil.example; dmarc=fail header.from=evil.example\n",
	  NONE },
	{ "the same result of DMARC, told by two filters",
	  .above = PASS AR "dmarc=pass header.from=victim.example\n", PROVED },
	{ "a sender who writes on behind his address",
	  .above = AR "spf=fail smtp.mailfrom=x dmarc=pass header.from=victim.example\n", NONE },
	{ "a sender who ends the result, but not his quotes",
	  .above = AR "spf=none smtp.mailfrom=\"x; dmarc=pass header.from=victim.example\n", NONE },
	{ "a comment that does not end",
	  .above = AR "dmarc=pass header.from=victim.example (helo=x\n", NONE },
	{ "what cannot be read might have been for him",
	  .above = AR "spf=fail smtp.mailfrom=victim.example\n" AR "dkim=pass header.d\n", NONE },
	{ "what cannot be read takes no proof away", .above = PASS AR "dkim=pass header.d\n",
	  PROVED },

	/* forgeries: the whole notification */
	{ "a stranger wrote all of it, and our MX took it",
	  .own = "Received: from c (c [203.0.113.66]) by mx.ours.example with ESMTP\n",
	  .above = PASS, NONE },
	{ "the same with made-up lines of ours below",
	  .own = "Received: from c (c [203.0.113.66]) by mx.ours.example with ESMTP\n"
		 "Received: by mx.ours.example (Postfix) id 1\n",
	  .above = PASS, NONE },
	{ "a stranger wrote all of it, and says it was not forged but he logged in",
	  .own = "Received: from c (c [203.0.113.66]) by mx.ours.example with ESMTP\n",
	  .border = "Received: from pc (pc [203.0.113.9]) by mx.ours.example with ESMTPSA id 1\n",
	  NONE },
	{ "a user who logged in wrote all of it",
	  .own = "Received: from pc (pc [203.0.113.66]) by mx.ours.example with ESMTPSA\n",
	  .above = PASS, NONE },
	{ "a gateway that is not ours handed it over",
	  .own = "Received: from gw (gw [10.0.0.9]) by mx.ours.example with ESMTP\n"
		 "Received: from c (c [203.0.113.66]) by gateway.example with ESMTP\n",
	  .above = PASS, NONE },
	{ "another server made it", .reporting = "dns; mx.other.example", .above = PASS, NONE },
	{ "another server made it, with results against him", .reporting = "dns; mx.other.example",
	  .above = FAIL, NONE },
	{ "nobody says who made it", .reporting = "", .above = PASS, NONE },
	{ "made by our inner server, sent by the outer",
	  .own = "Received: from in (in [10.0.0.2]) by mx.ours.example with ESMTP\n"
		 "Received: by in.ours.example (Postfix) id 1\n",
	  .reporting = "dns; IN.ours.example", .above = PASS, PROVED },

	/* SRS says who was rewritten, not that he was it */
	{ "an SRS sender of someone else, with the victim inside",
	  .above = AR "spf=pass smtp.mailfrom=SRS0=h=t=victim.example=joe@fwd.example\n", NONE },
	{ "told is who rewrote, and he is proved",
	  .rcpt = "SRS0=h=t=victim.example=joe@fwd.example",
	  .above = AR "spf=pass smtp.mailfrom=SRS0=h=t=victim.example=joe@fwd.example\n", PROVED },
	{ "our own SRS address proves nothing by itself",
	  .rcpt = "SRS0=h=t=victim.example=joe@ours.example", NONE },
	{ "nor does a pass for us, who rewrote", .rcpt = "SRS0=h=t=victim.example=joe@ours.example",
	  .above = AR "spf=pass smtp.mailfrom=SRS0=h=t=victim.example=joe@ours.example\n", NONE },
	{ "a pass for whom we rewrote does", .rcpt = "SRS0=h=t=victim.example=joe@ours.example",
	  .above = AR "spf=pass smtp.mailfrom=joe@victim.example\n", PROVED },
	{ "a BATV tag changes nothing", .rcpt = "prvs=123456789a=joe@victim.example", .above = PASS,
	  PROVED },

	/* ARC */
	{ "sealed by one we trust", .above = AR "arc=pass\n", .below = SEAL SEALED, PROVED },
	{ "sealed by one we trust, for forwarding broke the rest", .above = FAIL AR "arc=pass\n",
	  .below = SEAL SEALED, PROVED },
	{ "nobody has checked the seal", .below = SEAL SEALED, NONE },
	{ "the seal is broken", .above = AR "arc=fail\n", .below = SEAL SEALED, NONE },
	{ "two checks contradict", .above = AR "arc=pass; arc=fail\n", .below = SEAL SEALED, NONE },
	{ "only a stranger has checked it", .below = AR "arc=pass\n" SEAL SEALED, NONE },
	{ "sealed by one we do not trust, in the name of one we do", .above = AR "arc=pass\n",
	  .below = "ARC-Seal: i=1; d=evil.example; b=x\n" SEALED, NONE },
	{ "sealed again by one we do not trust", .above = AR "arc=pass\n",
	  .below = "ARC-Seal: i=2; d=evil.example; b=x\n"
		   "ARC-Authentication-Results: i=2; list.example; arc=pass\n" SEAL SEALED,
	  NONE },
	{ "sealed again by one we trust: his results count", .above = AR "arc=pass\n",
	  .below = "ARC-Seal: i=2; d=LIST.example; b=x\n"
		   "ARC-Authentication-Results: i=2; l; dmarc=pass header.from=victim.example\n"
		   "ARC-Seal: i=1; d=evil.example; b=x\n"
		   "ARC-Authentication-Results: i=1; e; none\n",
	  PROVED },
	{ "not the results of who sealed before", .above = AR "arc=pass\n",
	  .below = "ARC-Seal: i=2; d=list.example; b=x\n"
		   "ARC-Authentication-Results: i=2; l; arc=pass\n"
		   "ARC-Seal: i=1; d=evil.example; b=x\n" SEALED,
	  NONE },
	{ "two seals of one instance", .above = AR "arc=pass\n", .below = SEAL SEAL SEALED, NONE },
	{ "two results of one instance", .above = AR "arc=pass\n", .below = SEAL SEALED SEALED,
	  NONE },
	{ "no results of the instance", .above = AR "arc=pass\n", .below = SEAL, NONE },
	{ "a seal that cannot be read", .above = AR "arc=pass\n",
	  .below = "ARC-Seal: i=1; d\n" SEALED, NONE },
	{ "sealed results that cannot be read", .above = AR "arc=pass\n",
	  .below = SEAL "ARC-Authentication-Results: list.example; dmarc=pass\n" SEALED, NONE },
	{ "what a sealer says against him does not count", .above = AR "arc=pass\n",
	  .below = SEAL "ARC-Authentication-Results: i=1; list.example; "
			"dmarc=fail header.from=victim.example\n",
	  NONE },
	{ "sealed results for another domain", .above = AR "arc=pass\n",
	  .below = SEAL "ARC-Authentication-Results: i=1; list.example; "
			"dmarc=pass header.from=spammer.example\n",
	  NONE },
};

Test(proof, only_what_we_put_there_counts)
{
	proof_expect_all(ways, sizeof(ways) / sizeof(ways[0]));
}

/* n times "line", then what follows. */
static char *
repeated(const char *line, size_t n, const char *then)
{
	struct buffer out = { 0 };

	for (size_t i = 0; i < n; i++)
		buffer_add_str(&out, line);
	buffer_add_str(&out, then);
	return buffer_take(&out);
}

Test(proof, more_results_than_are_kept_leave_a_doubt)
{
	static const struct {
		const char *line, *then;
		size_t n;
		enum policy_proof proof;
	} cases[] = {
		{ AR "none\n", AR "spf=fail smtp.mailfrom=victim.example\n", FACTS_PROOFS_MAX - 2,
		  POLICY_PROOF_FORGED },
		{ AR "spf=fail smtp.mailfrom=victim.example\n", "", FACTS_PROOFS_MAX,
		  POLICY_PROOF_NONE },
		{ PASS, FAIL, FACTS_PROOFS_MAX, POLICY_PROOF_PROVED },
	};
	AUTO(policy_unrefp) struct policy *policy = proof_policy("relaxed");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *above = repeated(cases[i].line, cases[i].n, cases[i].then);

		proof_expect(policy,
			     &(struct proof_case){ .above = above, .proof = cases[i].proof });
	}
}

Test(proof, a_stranger_with_many_results_pushes_no_seal_out_of_sight)
{
	AUTO(policy_unrefp) struct policy *policy = proof_policy("relaxed");
	AUTO(freep) char *few = repeated(PASS, 3, "");
	AUTO(freep) char *many = repeated(PASS, FACTS_PROOFS_MAX, "");
	AUTO(freep) char *below_few = xasprintf(SEAL SEALED "%s", few);
	AUTO(freep) char *below_many = xasprintf(SEAL SEALED "%s", many);
	const struct proof_case cases[] = {
		{ "few", .above = AR "arc=pass\n", .below = below_few, PROVED },
		{ "many", .above = AR "arc=pass\n", .below = below_many, NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		proof_expect(policy, &cases[i]);
}
