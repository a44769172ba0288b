/*
 * network.c: is this address in that network?
 */
#include "policy/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define V4_BITS 96 /* what stands before a mapped IPv4 address */

static bool
is_v4(const struct network_address *a)
{
	static const unsigned char mapped[V4_BITS / 8] = { [10] = 0xFF, [11] = 0xFF };

	return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

bool
network_read_address(const char *text, struct network_address *ret_address)
{
	struct network_address a = { { [10] = 0xFF, [11] = 0xFF } };

	if (strncasecmp(text, "IPv6:", 5) == 0)
		text += 5;
	if (inet_pton(AF_INET, text, a.bytes + V4_BITS / 8) != 1 &&
	    inet_pton(AF_INET6, text, a.bytes) != 1)
		return false;
	*ret_address = a;
	return true;
}

/* Is nothing set behind the network's bits? */
static bool
is_base(const struct network *n)
{
	for (unsigned i = n->bits; i < 128; i++)
		if ((n->base.bytes[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

const char *
network_read(const char *text, struct network *ret_network)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN + 8];
	struct network n = { .bits = 128 };
	char *end;
	unsigned long bits;

	if (len >= sizeof(address))
		return "an address such as 192.0.2.1 or 2001:db8::/32 is expected";
	memcpy(address, text, len);
	address[len] = '\0';
	if (!network_read_address(address, &n.base))
		return "an address such as 192.0.2.1 or 2001:db8::/32 is expected";
	if (slash != NULL) {
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' ||
		    bits > (is_v4(&n.base) ? 32 : 128))
			return "behind the \"/\" a length is expected, up to 32 or 128";
		n.bits = (unsigned)bits + (is_v4(&n.base) ? V4_BITS : 0);
	}
	if (!is_base(&n))
		return "the address has bits set behind the length of the network";
	*ret_network = n;
	return NULL;
}

bool
network_holds(const struct network *network, const struct network_address *address)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	if (memcmp(network->base.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 || (network->base.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}
