/*
 * site.c: who we are, and whom we believe.
 *
 * Checked when the policy is read. our_hosts and our_networks are then only
 * lent: the reader of facts walks the returned message's Received lines with
 * them (DESIGN.md, "proof"); the rest is for proof.c.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/authres.h"
#include "policy/domain.h"
#include "policy/rule.h"

static const config_setting_t *
element(const struct config_file *file, const char *key, size_t i)
{
	const config_setting_t *list = config_find(file, key);

	return config_setting_is_aggregate(list) ? config_setting_get_elem(list, (unsigned)i)
						 : list;
}

static bool
is_network(const char *text)
{
	struct network network;

	return network_read(text, &network) == NULL;
}

static bool
is_domain(const char *text)
{
	bool subtree;
	const char *wrong;
	AUTO(freep) char *domain = domain_read(text, &subtree, &wrong);

	return domain != NULL && !subtree;
}

static int
check(const struct config_file *file, const char *key, const struct config_list *list,
      bool (*is_right)(const char *text), const char *wanted, struct error *err)
{
	for (size_t i = 0; i < list->len; i++) {
		AUTO(freep) char *shown = text_to_printable(span_of(list->items[i]));

		if (!is_right(list->items[i]))
			return config_error(file, element(file, key, i), err,
					    "%s: \"%.80s\" is not %s", key, shown, wanted);
	}
	return 0;
}

/* A key that does nothing without another. */
static void
warn_alone(const struct config_file *file, const char *key, const struct config_list *list,
	   const char *needed, const struct config_list *needed_list, struct buffer *warnings)
{
	if (list->len > 0 && needed_list->len == 0)
		policy_warn(warnings, file, config_find(file, key), "%s: proves nothing without %s",
			    key, needed);
}

int
policy_site_check(const struct policy *policy, const struct config_file *file,
		  struct buffer *warnings, struct error *err)
{
	if (check(file, "our_hosts", &policy->our_hosts, is_domain,
		  "the name of a host, such as \"mx.example.org\"", err) < 0 ||
	    check(file, "our_networks", &policy->our_networks, is_network,
		  "a network, such as \"192.0.2.0/24\" or \"2001:db8::/32\"", err) < 0 ||
	    check(file, "authserv_ids", &policy->authserv_ids, authres_is_id,
		  "what stands first in Authentication-Results, such as \"mx.example.org\"",
		  err) < 0 ||
	    check(file, "trusted_arc_sealers", &policy->trusted_arc_sealers, is_domain,
		  "a domain, as in d= of ARC-Seal", err) < 0)
		return -1;
	warn_alone(file, "authserv_ids", &policy->authserv_ids, "our_hosts", &policy->our_hosts,
		   warnings);
	warn_alone(file, "trusted_arc_sealers", &policy->trusted_arc_sealers, "authserv_ids",
		   &policy->authserv_ids, warnings);
	return 0;
}

struct facts_site
policy_site(const struct policy *policy)
{
	return (struct facts_site){
		.hosts = (const char *const *)policy->our_hosts.items,
		.hosts_len = policy->our_hosts.len,
		.networks = (const char *const *)policy->our_networks.items,
		.networks_len = policy->our_networks.len,
	};
}
