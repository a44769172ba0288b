/*
 * site.c: who we are: our_hosts and our_networks.
 *
 * Checked when the policy is read, then only lent: the reader of facts walks
 * the returned message's Received lines with them (DESIGN.md, "proof").
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
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
is_host(const char *text)
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

int
policy_site_check(const struct policy *policy, const struct config_file *file, struct error *err)
{
	if (check(file, "our_hosts", &policy->our_hosts, is_host,
		  "the name of a host, such as \"mx.example.org\"", err) < 0)
		return -1;
	return check(file, "our_networks", &policy->our_networks, is_network,
		     "a network, such as \"192.0.2.0/24\" or \"2001:db8::/32\"", err);
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
