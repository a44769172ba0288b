/*
 * network.h: addresses and networks, IPv4 and IPv6 alike.
 *
 * An IPv4 address is kept as its mapped form (RFC 4291 2.5.5.2), so that
 * "::ffff:192.0.2.1" and "192.0.2.1" are one.
 */
#ifndef POLICY_NETWORK_H
#define POLICY_NETWORK_H

#include <stdbool.h>

struct network_address {
	unsigned char bytes[16];
};

struct network {
	struct network_address base;
	unsigned bits; /* of 128 */
};

/* "192.0.2.1", "2001:db8::1", also as RFC 5321 4.1.3 has it ("IPv6:2001:db8::1"). */
bool network_read_address(const char *text, struct network_address *ret_address);

/* An address, or one and "/" and a length. What is wrong with it, or NULL. */
const char *network_read(const char *text, struct network *ret_network);

bool network_holds(const struct network *network, const struct network_address *address);

#endif
