/*
 * proof.c: what the returned message's header proves about its sender.
 *
 * Everything in it was written by a stranger but what our own hosts put on
 * top: so only what stands above the border counts, bears one of our
 * authserv_ids, and came back in a notification that we made. Whoever wrote
 * the whole notification himself proves nothing, whatever he wrote into it.
 *
 * A pass is for the domain it names. dmarc=pass for the spammer's own From is
 * no proof for the envelope sender he made up; so every result counts only
 * for a domain aligned with the one that is judged, which is who would be
 * told. All doubt is POLICY_PROOF_NONE:
 *
 *	for him: dmarc, spf or dkim pass, aligned;    against    neither
 *	he logged in; he is inside our networks       him
 *	----------------------------------------------------------------
 *	proved                                        none       proved
 *	                                              forged     none
 *
 * Against him: dmarc=fail, aligned; where DMARC says nothing of the judged
 * domain, spf=fail, aligned, and no dkim pass of any domain (a forwarder
 * breaks SPF and keeps DKIM). Results that cannot be read might have been for
 * him: then nothing is forged.
 *
 * Results of a trusted ARC sealer are for him or do not count: he sealed
 * because forwarding would break what we can see. Nothing here fails, and
 * nothing is kept.
 */
#include "policy/proof.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "policy/align.h"
#include "policy/authres.h"
#include "policy/domain.h"
#include "policy/rule.h"

struct evidence {
	const struct policy *policy;
	const char *domain; /* that is judged */
	bool passed;        /* dmarc, spf or dkim; aligned */
	bool dmarc_failed;  /* aligned */
	bool dmarc_spoke;   /* of the domain, or who knows of which; not "none" */
	bool spf_failed;    /* aligned */
	bool dkim_passed;   /* of any domain */
	bool arc_passed;
	bool arc_failed;
	bool unreadable;
	bool contradicts; /* two results of DMARC that differ: one was slipped in */
	char dmarc[160];  /* the first: its value and From */
};

static bool
is_listed(const struct config_list *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++)
		if (strcasecmp(list->items[i], text) == 0)
			return true;
	return false;
}

/*
 * Does an address, or a domain, belong to the judged domain? With two "@" the
 * verifier may have taken another domain for the address's than we would.
 */
static bool
is_aligned(const struct evidence *e, const char *address)
{
	const char *at = address == NULL ? NULL : strrchr(address, '@');
	AUTO(freep) char *domain = NULL;

	if (address == NULL || (at != NULL && strchr(address, '@') != at))
		return false;
	domain = domain_normalise(span_of(at == NULL ? address : at + 1));
	return domain_is_plausible(domain) &&
	       align_domains(domain, e->domain, (enum align_mode)e->policy->alignment);
}

/* A message has one From, so DMARC has one result, however many filters tell it. */
static void
compare_dmarc(struct evidence *e, const struct authres_result *r, const char *from)
{
	char told[sizeof(e->dmarc)];

	(void)snprintf(told, sizeof(told), "%s %s", r->value, from == NULL ? "" : from);
	if (e->dmarc[0] == '\0')
		memcpy(e->dmarc, told, sizeof(told));
	else if (strcasecmp(e->dmarc, told) != 0)
		e->contradicts = true;
}

static void
add_dmarc(struct evidence *e, const struct authres_result *r)
{
	const char *from = authres_property(r, "header", "from");
	bool aligned = is_aligned(e, from);

	compare_dmarc(e, r, from);
	if (strcmp(r->value, "none") != 0 && (aligned || from == NULL))
		e->dmarc_spoke = true;
	if (aligned && strcmp(r->value, "pass") == 0)
		e->passed = true;
	if (aligned && strcmp(r->value, "fail") == 0)
		e->dmarc_failed = true;
}

/* Of MAIL FROM: a host's greeting says nothing of the sender. */
static void
add_spf(struct evidence *e, const struct authres_result *r)
{
	if (!is_aligned(e, authres_property(r, "smtp", "mailfrom")))
		return;
	if (strcmp(r->value, "pass") == 0)
		e->passed = true;
	if (strcmp(r->value, "fail") == 0)
		e->spf_failed = true;
}

/* d= signs; some verifiers tell only i=, which is d= or below it (RFC 6376 3.5). */
static void
add_dkim(struct evidence *e, const struct authres_result *r)
{
	const char *signer = authres_property(r, "header", "d");

	if (strcmp(r->value, "pass") != 0)
		return;
	e->dkim_passed = true;
	for (size_t i = 0; signer == NULL && i < r->properties_len; i++)
		if (strcmp(r->properties[i].name, "d") == 0)
			return; /* two of them */
	if (signer == NULL)
		signer = authres_property(r, "header", "i");
	if (is_aligned(e, signer))
		e->passed = true;
}

static void
add_results(struct evidence *e, const struct authres *a)
{
	for (size_t i = 0; i < a->results_len; i++) {
		const struct authres_result *r = &a->results[i];

		if (strcmp(r->method, "dmarc") == 0)
			add_dmarc(e, r);
		else if (strcmp(r->method, "spf") == 0)
			add_spf(e, r);
		else if (strcmp(r->method, "dkim") == 0)
			add_dkim(e, r);
		else if (strcmp(r->method, "arc") == 0 && strcmp(r->value, "pass") == 0)
			e->arc_passed = true;
		else if (strcmp(r->method, "arc") == 0)
			e->arc_failed = true;
	}
}

/* A line above the border: ours by its place, and by its name (RFC 8601 5). */
static void
add_proof(struct evidence *e, const struct facts_proof *proof)
{
	AUTO(authres_done) struct authres a = { 0 };
	bool read = proof->kind == FACTS_PROOF_RECEIVED_SPF ? authres_read_spf(proof->text, &a)
							    : authres_read(proof->text, &a);

	if (!read || proof->cut)
		e->unreadable = true;
	else if (a.id != NULL && is_listed(&e->policy->authserv_ids, a.id))
		add_results(e, &a);
}

static void
add_ours(struct evidence *e, const struct facts_original *o)
{
	for (size_t i = 0; i < o->proofs_len; i++)
		if (o->proofs[i].above_border &&
		    (o->proofs[i].kind == FACTS_PROOF_AUTHENTICATION_RESULTS ||
		     o->proofs[i].kind == FACTS_PROOF_RECEIVED_SPF))
			add_proof(e, &o->proofs[i]);
	/* there may have been more of them */
	if (o->proofs_len == FACTS_PROOFS_MAX && o->proofs[FACTS_PROOFS_MAX - 1].above_border)
		e->unreadable = true;
}

/*
 * Who sealed last, when that is one seal of one we trust: its instance; 0:
 * nobody. Our own arc=pass says that the seals are true.
 */
static unsigned
trusted_instance(const struct policy *policy, const struct facts_original *o)
{
	unsigned last = 0;
	bool trusted = false;

	if (policy->trusted_arc_sealers.len == 0 || o->proofs_len == FACTS_PROOFS_MAX)
		return 0;
	for (size_t i = 0; i < o->proofs_len; i++) {
		const struct facts_proof *p = &o->proofs[i];
		AUTO(freep) char *signer = NULL;
		unsigned instance;

		if (p->kind != FACTS_PROOF_ARC_SEAL)
			continue;
		if (p->cut || !authres_read_seal(p->text, &instance, &signer) || instance == last)
			return 0;
		if (instance < last)
			continue;
		last = instance;
		trusted = is_listed(&policy->trusted_arc_sealers, signer);
	}
	return trusted ? last : 0;
}

/* What the results of that instance say for the sender. */
static bool
sealed_pass(const struct evidence *e, const struct facts_original *o, unsigned instance)
{
	struct evidence sealed = { .policy = e->policy, .domain = e->domain };
	size_t found = 0;

	for (size_t i = 0; i < o->proofs_len; i++) {
		const struct facts_proof *p = &o->proofs[i];
		AUTO(authres_done) struct authres a = { 0 };

		if (p->kind != FACTS_PROOF_ARC)
			continue;
		if (p->cut || !authres_read_arc(p->text, &a))
			return false;
		if (a.instance != instance)
			continue;
		found++;
		add_results(&sealed, &a);
	}
	return found == 1 && sealed.passed && !sealed.dmarc_failed;
}

static bool
is_proved_by_arc(const struct evidence *e, const struct facts_original *o)
{
	unsigned instance = trusted_instance(e->policy, o);

	return instance != 0 && e->arc_passed && !e->arc_failed && sealed_pass(e, o, instance);
}

bool
proof_is_ours(const struct policy *policy, const struct facts *facts)
{
	return facts->reporting_mta != NULL && facts->reporting_mta_source == FACTS_SOURCE_DSN &&
	       is_listed(&policy->our_hosts, facts->reporting_mta) && !facts->foreign_received &&
	       facts->original.walk != FACTS_WALK_NONE;
}

enum policy_proof
proof_find(const struct policy *policy, const struct facts *facts, const char *domain)
{
	const struct facts_original *o = &facts->original;
	struct evidence e = { .policy = policy, .domain = domain };
	bool known = o->walk == FACTS_WALK_INSIDE || o->border_authenticated;
	bool against;

	if (domain == NULL || !proof_is_ours(policy, facts))
		return POLICY_PROOF_NONE;
	if (o->walk == FACTS_WALK_BORDER)
		add_ours(&e, o);
	if (e.contradicts)
		return POLICY_PROOF_NONE;
	if (is_proved_by_arc(&e, o))
		return POLICY_PROOF_PROVED;
	against = e.dmarc_failed || (e.spf_failed && !e.dmarc_spoke && !e.dkim_passed);
	if (e.passed || known)
		return against ? POLICY_PROOF_NONE : POLICY_PROOF_PROVED;
	return against && !e.unreadable ? POLICY_PROOF_FORGED : POLICY_PROOF_NONE;
}
