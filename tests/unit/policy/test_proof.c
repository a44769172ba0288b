/*
 * test_proof.c: was the sender of the returned message who he said?
 *
 * Each case is a notification as a mail server would hand it over, read and
 * judged by the code that the daemon runs. What a case does not say is as in
 * a bounce of our own for mail from outside:
 *
 *	mx.ours.example made it, for joe@victim.example;
 *	a stranger at 203.0.113.9 gave the returned message to mx.ours.example.
 */
#include <string.h>

#include "facts/facts.h"
#include "tests/unit/policy/sample.h"

static const char policy_format[] =
	"local_domains = \"ours.example\";\n"
	"our_hosts = [ \"mx.ours.example\", \"in.ours.example\" ];\n"
	"our_networks = \"10.0.0.0/8\";\n"
	"authserv_ids = [ \"mx.ours.example\", \"gate\" ];\n"
	"trusted_arc_sealers = [ \"list.example\" ];\n"
	"alignment = \"%s\";\n"
	"remote_domains = ( { name = \"All\"; domain = \"*\";\n"
	"  ndr = { proved = \"send\"; forged = \"delete\"; none = \"hold\"; }; } );\n";

#define AR   "Authentication-Results: mx.ours.example; "
#define SPF  "Received-SPF: "
#define PASS AR "dmarc=pass header.from=victim.example\n"
#define FAIL AR "dmarc=fail (p=none) header.from=victim.example\n"
#define BORDER                                                                                     \
	"Received: from c (c [203.0.113.9])\n\tby mx.ours.example (Postfix) with ESMTP id 1\n"
#define INSIDE "Received: from in (in [10.0.0.2])\n\tby mx.ours.example (Postfix) with ESMTP id 2\n"
#define SEAL   "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=list.example; s=s; b=x\n"
#define SEALED                                                                                     \
	"ARC-Authentication-Results: i=1; list.example; dmarc=pass header.from=victim.example\n"

struct proof_case {
	const char *what;
	const char *own;       /* the notification's own trace lines */
	const char *reporting; /* Reporting-MTA */
	const char *rcpt;
	const char *above;  /* of the returned message: what stands over the border */
	const char *border; /* its Received line there, or all of them */
	const char *below;  /* what the stranger wrote */
	bool strict;
	enum policy_proof proof;
};
#define PROVED .proof = POLICY_PROOF_PROVED
#define FORGED .proof = POLICY_PROOF_FORGED
#define NONE   .proof = POLICY_PROOF_NONE

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

#define OR(text, fallback) ((text) != NULL ? (text) : (fallback))

static char *
notification(const struct proof_case *c)
{
	const char *reporting = OR(c->reporting, "dns; mx.ours.example");

	return xasprintf(
		"%sFrom: MAILER-DAEMON@mx.ours.example\nMIME-Version: 1.0\n"
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
		"--b\n\nno\n--b\nContent-Type: message/delivery-status\n\n%s%s%s"
		"Final-Recipient: rfc822; nobody@ours.example\nAction: failed\nStatus: 5.1.1\n\n"
		"--b\nContent-Type: message/rfc822\n\n%s%s%sSubject: x\n\nhello\n--b--\n",
		OR(c->own, "Received: by mx.ours.example (Postfix)\n\tid 1\n"),
		reporting[0] != '\0' ? "Reporting-MTA: " : "", reporting,
		reporting[0] != '\0' ? "\n\n" : "", OR(c->above, ""), OR(c->border, BORDER),
		OR(c->below, ""));
}

static enum policy_proof
judge(const struct policy *policy, struct span text, const char *rcpt, struct policy_decision *d)
{
	const struct facts_site site = policy_site(policy);
	const struct facts_envelope envelope = { "", rcpt };
	AUTO(facts_freep) struct facts *facts = facts_from_message_at(text, &envelope, &site);
	const struct policy_subject subject = { .facts = facts, .rcpt = rcpt };

	policy_decide(policy, &subject, d);
	return d->proof;
}

static struct policy *
policy_of(const char *alignment)
{
	AUTO(freep) char *text = NULL;

	if (asprintf(&text, policy_format, alignment) < 0)
		text = NULL;
	cr_assert_not_null(text);
	facts_init();
	return sample_policy(text);
}

static void
check(const struct proof_case *cases, size_t len)
{
	static const char *const rules[POLICY_PROOFS][2] = {
		[POLICY_PROOF_NONE] = { "hold", "All.ndr.none" },
		[POLICY_PROOF_PROVED] = { "send", "All.ndr.proved" },
		[POLICY_PROOF_FORGED] = { "delete", "All.ndr.forged" },
	};
	AUTO(policy_unrefp) struct policy *relaxed = policy_of("relaxed");
	AUTO(policy_unrefp) struct policy *strict = policy_of("strict");

	for (size_t i = 0; i < len; i++) {
		const struct proof_case *c = &cases[i];
		AUTO(freep) char *text = notification(c);
		struct policy_decision d;
		enum policy_proof proof = judge(c->strict ? strict : relaxed, span_of(text),
						OR(c->rcpt, "joe@victim.example"), &d);

		cr_expect_eq(proof, c->proof, "%s: %s", c->what, policy_proof_name(proof));
		cr_expect_str_eq(policy_action_name(d.action), rules[c->proof][0], "%s", c->what);
		cr_expect_str_eq(d.rule, rules[c->proof][1], "%s: %s", c->what, d.rule);
		policy_decision_done(&d);
	}
}

Test(proof, results_count_for_the_domain_they_are_aligned_with)
{
	check(results, sizeof(results) / sizeof(results[0]));
}

Test(proof, only_what_we_put_there_counts)
{
	check(ways, sizeof(ways) / sizeof(ways[0]));
}

Test(proof, a_domain_that_was_cut_short_is_no_domain)
{
	AUTO(policy_unrefp) struct policy *policy = policy_of("relaxed");

	/* wherever the cut falls in victim.example.spammer.example */
	for (size_t len = 3950; len < 4110; len++) {
		AUTO(freep) char *filler = xmalloc(len + 1);
		AUTO(freep) char *above = NULL;
		AUTO(freep) char *text = NULL;
		struct policy_decision d;

		memset(filler, 'x', len);
		filler[len] = '\0';
		above = xasprintf(AR "spf=none smtp.helo=%s; dkim=pass "
				     "header.d=victim.example.spammer.example\n",
				  filler);
		text = notification(&(struct proof_case){ .above = above });
		cr_expect_eq(judge(policy, span_of(text), "joe@victim.example", &d),
			     POLICY_PROOF_NONE, "%zu", len);
		policy_decision_done(&d);
	}
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
	AUTO(policy_unrefp) struct policy *policy = policy_of("relaxed");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *above = repeated(cases[i].line, cases[i].n, cases[i].then);
		AUTO(freep) char *text = notification(&(struct proof_case){ .above = above });
		struct policy_decision d;

		cr_expect_eq(judge(policy, span_of(text), "joe@victim.example", &d), cases[i].proof,
			     "case %zu", i);
		policy_decision_done(&d);
	}
}

Test(proof, a_stranger_with_many_results_pushes_no_seal_out_of_sight)
{
	AUTO(policy_unrefp) struct policy *policy = policy_of("relaxed");
	AUTO(freep) char *few = repeated(PASS, 3, "");
	AUTO(freep) char *many = repeated(PASS, FACTS_PROOFS_MAX, "");
	const char *const junk[] = { few, many };

	for (size_t i = 0; i < 2; i++) {
		AUTO(freep) char *below = xasprintf(SEAL SEALED "%s", junk[i]);
		AUTO(freep)
		char *text = notification(
			&(struct proof_case){ .above = AR "arc=pass\n", .below = below });
		struct policy_decision d;

		cr_expect_eq(judge(policy, span_of(text), "joe@victim.example", &d),
			     i == 0 ? POLICY_PROOF_PROVED : POLICY_PROOF_NONE, "case %zu", i);
		policy_decision_done(&d);
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

		for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
			AUTO(freep) char *text = notification(&cases[j]);
			struct policy_decision d;

			cr_expect_eq(judge(policy, span_of(text), "joe@victim.example", &d),
				     POLICY_PROOF_NONE, "%zu, %s", i, cases[j].what);
			policy_decision_done(&d);
		}
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
	AUTO(policy_unrefp) struct policy *policy = policy_of("relaxed");
	AUTO(freep)
	char *text = notification(
		&(struct proof_case){ .above = PASS AR "spf=fail smtp.mailfrom=other.example\n" });

	for (size_t i = 0; i < sizeof(rcpts) / sizeof(rcpts[0]); i++) {
		struct policy_decision d;

		cr_expect_eq(judge(policy, span_of(text), rcpts[i].rcpt, &d), rcpts[i].proof, "%s",
			     rcpts[i].rcpt);
		cr_expect_str_eq(d.rule, rcpts[i].rule, "%s", d.rule);
		policy_decision_done(&d);
	}
}
