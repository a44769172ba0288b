/*
 * policy.c: reading a policy, and keeping it as long as someone holds it.
 *
 * A policy is made whole or not at all, and never changed afterwards; so any
 * thread may ask it anything without a lock. It is counted by reference; the
 * last policy_unrefp frees it, in whichever thread that is.
 *
 * The revision is over the text with its includes in place and the digest of
 * domains_file: files that read the same are the same policy.
 */
#include "policy/policy.h"

#include <nettle/sha2.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/domain.h"
#include "policy/rule.h"

static const char *const mode_choices[] = { "enforce", "observe", NULL };
static const char *const alignment_choices[] = { "relaxed", "strict", NULL };

const struct config_item policy_items[] = {
	{ "mode", CONFIG_CHOICE, offsetof(struct policy, mode), "enforce", 0, 0, mode_choices,
	  "enforce, or only observe" },
	{ "local_domains", CONFIG_LIST, offsetof(struct policy, local_domains), NULL, 0, 0, NULL,
	  "whose users are always told" },
	{ "our_hosts", CONFIG_LIST, offsetof(struct policy, our_hosts), NULL, 0, 0, NULL,
	  "the names that our mail servers sign Received lines with" },
	{ "our_networks", CONFIG_LIST, offsetof(struct policy, our_networks), NULL, 0, 0, NULL,
	  "where they and our own clients send from" },
	{ "domains_file", CONFIG_TEXT, offsetof(struct policy, domains_file), NULL, 1, 0, NULL,
	  "more domains, one a line" },
	{ "authserv_ids", CONFIG_LIST, offsetof(struct policy, authserv_ids), NULL, 0, 0, NULL,
	  "whose results of authentication are believed" },
	{ "trusted_arc_sealers", CONFIG_LIST, offsetof(struct policy, trusted_arc_sealers), NULL, 0,
	  0, NULL, "forwarders whose results are believed as well" },
	{ "alignment", CONFIG_CHOICE, offsetof(struct policy, alignment), "relaxed", 0, 0,
	  alignment_choices, "relaxed: the same owner; strict: the same domain" },
	{ "postmaster", CONFIG_TEXT, offsetof(struct policy, told.postmaster), NULL, 1, 0, NULL,
	  "who gets copies and the digest" },
	{ "copy_status", CONFIG_LIST, offsetof(struct policy, told.copy_status), NULL, 0, 0, NULL,
	  "copies of these alone" },
	{ "copy_limit", CONFIG_TEXT, offsetof(struct policy, told.copy_limit), "60/1h", 1, 0, NULL,
	  "so many copies in that time" },
	{ "digest.at", CONFIG_TEXT, offsetof(struct policy, told.digest_at), NULL, 1, 0, NULL,
	  "when it is sent, local time" },
	{ "digest.to", CONFIG_TEXT, offsetof(struct policy, told.digest_to), NULL, 1, 0, NULL,
	  "who gets it; without it the postmaster" },
};
const size_t policy_items_len = sizeof(policy_items) / sizeof(policy_items[0]);

void
policy_warn(struct buffer *warnings, const struct config_file *file, const config_setting_t *at,
	    const char *format, ...)
{
	AUTO(freep) char *text = NULL;
	const char *path;
	va_list ap;
	int line;

	if (warnings == NULL)
		return;
	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	path = config_where(file, at, &line);
	buffer_printf(warnings, "%s:%d: %s\n", path, line, text);
}

/* The i-th of local_domains, which may also be a single text. */
static const config_setting_t *
local_setting(const struct config_file *file, size_t i)
{
	const config_setting_t *list = config_find(file, "local_domains");

	return config_setting_is_aggregate(list) ? config_setting_get_elem(list, (unsigned)i)
						 : list;
}

static int
read_local_domain(struct policy *policy, const struct config_file *file, size_t i,
		  struct buffer *warnings, struct error *err)
{
	const char *text = policy->local_domains.items[i], *wrong;
	const config_setting_t *at = local_setting(file, i);
	AUTO(freep) char *shown = text_to_printable(span_of(text));
	AUTO(freep) char *domain = NULL;
	bool subtree;

	if (strcmp(text, "*") == 0)
		return config_error(file, at, err,
				    "local_domains: \"*\" would let everything out; it must name "
				    "domains");
	if ((domain = domain_read(text, &subtree, &wrong)) == NULL)
		return config_error(file, at, err, "local_domains: \"%.80s\": %s", shown, wrong);
	if (subtree && strchr(domain, '.') == NULL)
		policy_warn(warnings, file, at,
			    "local_domains: \"%s\" makes every domain under it local", shown);
	(void)domain_table_add(&policy->local, domain, subtree, i);
	return 0;
}

static int
read_local_domains(struct policy *policy, const struct config_file *file, struct buffer *warnings,
		   struct error *err)
{
	const struct domain_entry *first, *second;

	if (policy->local_domains.len == 0)
		return config_error(file, config_find(file, "local_domains"), err,
				    "local_domains: required: the domains whose users are always "
				    "told");
	for (size_t i = 0; i < policy->local_domains.len; i++)
		if (read_local_domain(policy, file, i, warnings, err) < 0)
			return -1;
	if (domain_table_index(&policy->local, &first, &second) == 1)
		policy_warn(warnings, file, local_setting(file, second->value),
			    "local_domains: \"%s\" is there twice",
			    policy->local_domains.items[second->value]);
	return 0;
}

static void
set_revision(struct policy *policy)
{
	struct sha256_ctx sha;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&sha);
	sha256_update(&sha, policy->text.len, (const uint8_t *)policy->text.data);
	sha256_digest(&sha, sizeof(digest), digest);
	hex_encode(digest, sizeof(digest), policy->revision);
}

int
policy_read(const char *path, struct policy **ret_policy, struct buffer *warnings,
	    struct error *err)
{
	return policy_read_draft(path, NULL, ret_policy, warnings, err);
}

int
policy_read_draft(const char *path, const struct config_draft *draft, struct policy **ret_policy,
		  struct buffer *warnings, struct error *err)
{
	static const char *const others[] = { "remote_domains", "rules", NULL };
	AUTO(config_freep) struct config_file *file = NULL;
	AUTO(policy_unrefp) struct policy *policy = NULL;
	struct span text;

	if (config_load_draft(path, draft, &file, err) < 0)
		return -1;
	policy = xcalloc(1, sizeof(*policy));
	atomic_init(&policy->refs, 1);
	text = config_text(file);
	buffer_add(&policy->text, text.data, text.len);
	config_defaults(policy_items, policy_items_len, policy);
	if (config_fill(file, NULL, policy_items, policy_items_len, others, policy, err) < 0 ||
	    read_local_domains(policy, file, warnings, err) < 0 ||
	    policy_site_check(policy, file, warnings, err) < 0 ||
	    policy_postmaster_read(policy, file, err) < 0 ||
	    policy_rules_read(policy, file, warnings, err) < 0 ||
	    policy_rows_read(policy, file, draft, warnings, err) < 0 ||
	    policy_postmaster_check(policy, warnings, err) < 0)
		return -1;
	set_revision(policy);
	*ret_policy = TAKE(policy);
	return 0;
}

struct policy *
policy_ref(struct policy *policy)
{
	(void)atomic_fetch_add_explicit(&policy->refs, 1, memory_order_relaxed);
	return policy;
}

static void
policy_free(struct policy *policy)
{
	buffer_done(&policy->text);
	config_free_items(policy_items, policy_items_len, policy);
	domain_table_done(&policy->local);
	domain_table_done(&policy->remote);
	policy_rules_free(policy->rules, policy->rules_len);
	for (size_t i = 0; i < policy->rows_len; i++)
		free(policy->rows[i].source);
	free(policy->rows);
	free(policy->says);
	blocks_done(&policy->names);
	for (size_t i = 0; i < policy->files_len; i++)
		free(policy->files[i]);
	free(policy->files);
	free(policy);
}

void
policy_unrefp(struct policy **policy)
{
	/* whoever frees sees all that the others did with it before they let go */
	if (*policy != NULL &&
	    atomic_fetch_sub_explicit(&(*policy)->refs, 1, memory_order_acq_rel) == 1)
		policy_free(*policy);
	*policy = NULL;
}

struct span
policy_text(const struct policy *policy)
{
	return buffer_span(&policy->text);
}

const char *
policy_revision(const struct policy *policy)
{
	return policy->revision;
}

bool
policy_observes(const struct policy *policy)
{
	return policy->mode == POLICY_OBSERVE;
}

bool
policy_pattern_is_local(const struct policy *policy, const char *domain, bool subtree)
{
	return (subtree ? domain_table_find_subtree(&policy->local, domain)
			: domain_table_find(&policy->local, domain)) != NULL;
}

bool
policy_domain_is_local(const struct policy *policy, const char *domain)
{
	AUTO(freep) char *form = domain_normalise(span_of(domain));

	return domain_is_plausible(form) && domain_table_find(&policy->local, form) != NULL;
}
