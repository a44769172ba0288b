/*
 * query.c: options into a store_query.
 */
#include "review/query.h"

#include <getopt.h>
#include <stdlib.h>

#include "review/arguments.h"

static int
read_age(const char *verb, const char *option, int64_t now_ms, int64_t *ret_at_ms)
{
	int64_t age_ms;

	if (argument_age(verb, option, optarg, &age_ms) < 0)
		return -1;
	*ret_at_ms = now_ms - age_ms;
	return 1;
}

int
query_read_option(int key, const char *verb, int64_t now_ms, struct store_query *query,
		  char **domain)
{
	switch (key) {
	case QUERY_STATE:
		return argument_states(verb, optarg, &query->states) < 0 ? -1 : 1;
	case QUERY_DOMAIN:
		free(*domain);
		query->domain = *domain = argument_domain(optarg);
		return 1;
	case QUERY_CLASS:
		query->class = optarg;
		return argument_class(verb, optarg) < 0 ? -1 : 1;
	case QUERY_MESSAGE_ID:
		query->original_message_id = optarg;
		return 1;
	case QUERY_STORM:
		return argument_id(verb, "storm", optarg, &query->storm) < 0 ? -1 : 1;
	case QUERY_SINCE:
		return read_age(verb, "since", now_ms, &query->since_ms);
	case QUERY_UNTIL:
		return read_age(verb, "until", now_ms, &query->until_ms);
	default:
		return 0;
	}
}
