/*
 * received.h: one Received line (RFC 5321 4.4): who gave it to whom.
 */
#ifndef FACTS_RECEIVED_H
#define FACTS_RECEIVED_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "facts/facts.h"

struct received {
	struct span by;                /* the host that wrote the line; may be empty */
	bool has_from;                 /* false: the message began at this host */
	char client[INET6_ADDRSTRLEN]; /* its address as TCP saw it; "" not said */
	bool local;                    /* no network: the host had it from one of its programs */
	struct span with;              /* the protocol (RFC 3848); may be empty */
};

void received_parse(struct span value, struct received *ret);

/* The client logged in: ESMTPA, ESMTPSA (RFC 3848), UTF8SMTPA, UTF8SMTPSA (RFC 6531 4.3). */
bool received_is_authenticated(const struct received *r);

bool received_client_is_public(const struct received *r);

/* Was it written by one of our hosts, about a client that is one of us? Loopback is, and a program.
 */
bool received_by_us(const struct received *r, const struct facts_site *site);
bool received_from_us(const struct received *r, const struct facts_site *site);

#endif
