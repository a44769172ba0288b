/*
 * query.h: which records, by options that several verbs have.
 *
 *	{ QUERY_OPTION_ROWS, { "limit", … }, … }       in the verb's table
 */
#ifndef REVIEW_QUERY_H
#define REVIEW_QUERY_H

#include <stdint.h>

#include "review/options.h"
#include "store/store.h"

/* A verb's own options are numbered from OPTION_OWN, far below. */
enum {
	QUERY_STATE = OPTION_OWN + 100,
	QUERY_DOMAIN,
	QUERY_CLASS,
	QUERY_MESSAGE_ID,
	QUERY_STORM,
	QUERY_SINCE,
	QUERY_UNTIL
};

/* clang-format off */
#define QUERY_OPTION_ROWS \
	{ "state", QUERY_STATE, "STATES", "in one of these states: held,failed" }, \
	{ "domain", QUERY_DOMAIN, "DOMAIN", "with this judged domain" }, \
	{ "class", QUERY_CLASS, "CLASS", "of this class" }, \
	{ "message-id", QUERY_MESSAGE_ID, "ID", "about the message with this Message-ID" }, \
	{ "storm", QUERY_STORM, "ID", "of this storm (ndrq stats --by storm)" }, \
	{ "since", QUERY_SINCE, "AGE", "received within the last 2d, 36h, …" }, \
	{ "until", QUERY_UNTIL, "AGE", "received longer ago than that" }
/* clang-format on */

/*
 * One option with its value in optarg: 1 it was one of these, 0 it is not, -1 after a complaint.
 * *domain holds what query->domain points to: NULL at first, freed by the caller.
 */
int query_read_option(int key, const char *verb, int64_t now_ms, struct store_query *query,
		      char **domain);

#endif
