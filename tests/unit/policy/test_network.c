/* test_network.c: is this address in that network? */
#include <criterion/criterion.h>
#include <string.h>

#include "policy/network.h"

Test(network, an_address_is_in_the_networks_it_is_in)
{
	static const struct {
		const char *network, *address;
		bool holds;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/25", "192.0.2.127", true },
		{ "192.0.2.0/25", "192.0.2.128", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1/32", "::ffff:192.0.2.1", true },
		{ "::ffff:192.0.2.0/24", "192.0.2.7", true },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "192.0.2.1", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "2001:db8::1", "IPv6:2001:0DB8::1", true },
		{ "::/127", "::1", true },
		{ "::/127", "::2", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network_address address;
		struct network network;

		cr_assert_null(network_read(cases[i].network, &network), "%s", cases[i].network);
		cr_assert(network_read_address(cases[i].address, &address));
		cr_expect_eq(network_holds(&network, &address), cases[i].holds, "%s in %s",
			     cases[i].address, cases[i].network);
	}
}

Test(network, what_is_none_is_refused)
{
	static const struct {
		const char *network, *says;
	} cases[] = {
		{ "", "an address such as" },
		{ "192.0.2", "an address such as" },
		{ "192.0.2.256", "an address such as" },
		{ "mx.example.org", "an address such as" },
		{ "/24", "an address such as" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", "an address" },
		{ "192.0.2.0/", "a length is expected" },
		{ "192.0.2.0/33", "a length is expected" },
		{ "192.0.2.0/-1", "a length is expected" },
		{ "192.0.2.0/24x", "a length is expected" },
		{ "2001:db8::/129", "a length is expected" },
		{ "192.0.2.1/24", "bits set behind" },
		{ "2001:db8::1/64", "bits set behind" },
	};
	struct network_address address;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network network;
		const char *wrong = network_read(cases[i].network, &network);

		cr_expect(wrong != NULL && strstr(wrong, cases[i].says) != NULL, "%s: %s",
			  cases[i].network, wrong);
	}
	cr_expect_not(network_read_address("192.0.2.0/24", &address));
	cr_expect_not(network_read_address("", &address));
}
