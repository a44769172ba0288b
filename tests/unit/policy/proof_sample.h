/*
 * proof_sample.h: notifications that say something of the sender of what they
 * return, for tests.
 *
 * Each case is a notification as a mail server would hand it over, read and
 * judged by the code that the daemon runs. What a case does not say is as in
 * a bounce of our own for mail from outside:
 *
 *	mx.ours.example made it, for joe@victim.example;
 *	a stranger at 203.0.113.9 gave the returned message to mx.ours.example.
 */
#ifndef TESTS_UNIT_POLICY_PROOF_SAMPLE_H
#define TESTS_UNIT_POLICY_PROOF_SAMPLE_H

#include "facts/facts.h"
#include "tests/unit/policy/sample.h"

static const char proof_policy_format[] =
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

static const char proof_rcpt[] = "joe@victim.example";

#define OR(text, fallback) ((text) != NULL ? (text) : (fallback))

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

static inline char *
proof_notification(const struct proof_case *c)
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

static inline enum policy_proof
proof_judge(const struct policy *policy, struct span text, const char *rcpt,
	    struct policy_decision *d)
{
	const struct facts_site site = policy_site(policy);
	const struct facts_envelope envelope = { "", rcpt };
	AUTO(facts_freep) struct facts *facts = facts_from_message_at(text, &envelope, &site);
	const struct policy_subject subject = { .facts = facts, .rcpt = rcpt };

	policy_decide(policy, &subject, d);
	return d->proof;
}

/* alignment: "relaxed" or "strict" */
static inline struct policy *
proof_policy(const char *alignment)
{
	AUTO(freep) char *text = NULL;

	if (asprintf(&text, proof_policy_format, alignment) < 0)
		text = NULL;
	cr_assert_not_null(text);
	facts_init();
	return sample_policy(text);
}

static inline void
proof_expect(const struct policy *policy, const struct proof_case *c)
{
	AUTO(freep) char *text = proof_notification(c);
	struct policy_decision d;
	enum policy_proof proof = proof_judge(policy, span_of(text), OR(c->rcpt, proof_rcpt), &d);

	cr_expect_eq(proof, c->proof, "%s: %s", OR(c->what, text), policy_proof_name(proof));
	policy_decision_done(&d);
}

/* By proof_policy, whose row does something else for each proof. */
static inline void
proof_expect_all(const struct proof_case *cases, size_t len)
{
	static const char *const rules[POLICY_PROOFS][2] = {
		[POLICY_PROOF_NONE] = { "hold", "All.ndr.none" },
		[POLICY_PROOF_PROVED] = { "send", "All.ndr.proved" },
		[POLICY_PROOF_FORGED] = { "delete", "All.ndr.forged" },
	};
	AUTO(policy_unrefp) struct policy *relaxed = proof_policy("relaxed");
	AUTO(policy_unrefp) struct policy *strict = proof_policy("strict");

	for (size_t i = 0; i < len; i++) {
		const struct proof_case *c = &cases[i];
		AUTO(freep) char *text = proof_notification(c);
		struct policy_decision d;
		enum policy_proof proof = proof_judge(c->strict ? strict : relaxed, span_of(text),
						      OR(c->rcpt, proof_rcpt), &d);

		cr_expect_eq(proof, c->proof, "%s: %s", c->what, policy_proof_name(proof));
		cr_expect_str_eq(policy_action_name(d.action), rules[c->proof][0], "%s", c->what);
		cr_expect_str_eq(d.rule, rules[c->proof][1], "%s: %s", c->what, d.rule);
		policy_decision_done(&d);
	}
}

#endif
