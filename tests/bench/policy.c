/*
 * policy.c: how long a policy of many domains takes to load, and to decide.
 *
 *	gcc -std=gnu11 -O2 -D_GNU_SOURCE -I. -o /tmp/bench-policy tests/bench/policy.c \
 *		BUILD/policy/libpolicy.a BUILD/facts/libfacts.a BUILD/base/libbase.a \
 *		$(pkg-config --libs libconfig libidn2 libpsl nettle gmime-3.0 jansson)
 *	/tmp/bench-policy [DOMAINS]
 *
 * Writes two policies, of 10 domains and of DOMAINS (100 000), each once as
 * lines of domains_file and once as rows of remote_domains. A line each; a
 * decision is for a domain of the list chosen at random, or one below it, or
 * one that is not there. The median of nine rounds, the two sizes in turn.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "policy/policy.h"

#define ROUNDS    9
#define DECISIONS 200000
#define FEW       10

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
publish(const char *folder, const char *name, struct span text)
{
	struct error err = { 0 };

	if (file_publish(folder, name, &text, 1, 0600, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

static void
write_policy(const char *folder, bool listed, size_t domains)
{
	AUTO(buffer_done) struct buffer conf = { 0 };
	AUTO(buffer_done) struct buffer list = { 0 };

	buffer_add_str(&conf, "local_domains = \"*.ours.example\";\n");
	buffer_add_str(&conf, listed ? "domains_file = \"domains\";\n" : "remote_domains = (\n");
	for (size_t i = 0; i < domains; i++)
		if (listed)
			buffer_printf(&list, "%sdomain-%06zu.example ndr=%s\n", i % 2 ? "*." : "",
				      i, i % 3 ? "send" : "hold");
		else
			buffer_printf(
				&conf,
				"%s{ name = \"n%06zu\"; domain = \"%sdomain-%06zu.example\"; ndr "
				"= \"send\"; }\n",
				i > 0 ? "," : "", i, i % 2 ? "*." : "", i);
	buffer_add_str(&conf, listed ? "" : ");\n");
	publish(folder, "policy.conf", buffer_span(&conf));
	publish(folder, "domains", buffer_span(&list));
}

static struct policy *
load(const char *folder, bool listed, size_t domains, double *ret_s)
{
	AUTO(freep) char *path = xasprintf("%s/policy.conf", folder);
	struct policy *policy = NULL;
	struct error err = { 0 };
	double before;

	write_policy(folder, listed, domains);
	before = now_s();
	if (policy_read(path, &policy, NULL, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	*ret_s = now_s() - before;
	return policy;
}

/* The same addresses whatever the policy: one in three is below a domain, one is not there. */
static double
decide_ns(const struct policy *policy, size_t domains)
{
	static const char *const forms[] = { "u@domain-%06zu.example", "u@mx.domain-%06zu.example",
					     "u@mx.other-%06zu.example" };
	const struct facts facts = { .class = FACTS_FAILED };
	char(*rcpts)[64] = xcalloc(DECISIONS, sizeof(*rcpts));
	double before, after;

	for (size_t i = 0; i < DECISIONS; i++)
		(void)snprintf(rcpts[i], sizeof(rcpts[i]), forms[i % 3],
			       (size_t)random() % domains);
	before = now_s();
	for (size_t i = 0; i < DECISIONS; i++) {
		const struct policy_subject subject = { .facts = &facts, .rcpt = rcpts[i] };
		struct policy_decision d;

		policy_decide(policy, &subject, &d);
		policy_decision_done(&d);
	}
	after = now_s();
	free(rcpts);
	return (after - before) / DECISIONS * 1e9;
}

static int
compare(const void *a, const void *b)
{
	double one = *(const double *)a, two = *(const double *)b;

	return (one > two) - (one < two);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void
measure(const char *folder, bool listed, size_t domains)
{
	double load_few, load_many, few_median, many_median, few_ns[ROUNDS], many_ns[ROUNDS];
	AUTO(policy_unrefp) struct policy *few = load(folder, listed, FEW, &load_few);
	AUTO(policy_unrefp) struct policy *many = load(folder, listed, domains, &load_many);

	for (int i = 0; i < ROUNDS; i++) {
		few_ns[i] = decide_ns(few, FEW);
		many_ns[i] = decide_ns(many, domains);
	}
	few_median = median(few_ns);
	many_median = median(many_ns);
	(void)printf(
		"as=%s domains=%zu load_ms=%.0f few_decide_ns=%.0f decide_ns=%.0f ratio=%.2f\n",
		listed ? "lines" : "rows", domains, load_many * 1e3, few_median, many_median,
		many_median / few_median);
}

int
main(int argc, char **argv)
{
	char folder[] = "/tmp/ndrq-bench-XXXXXX";
	size_t domains = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	AUTO(freep) char *command = NULL;

	if (domains == 0 || mkdtemp(folder) == NULL)
		return 1;
	measure(folder, true, domains);
	measure(folder, false, domains);
	command = xasprintf("rm -r %s", folder);
	return system(command) == 0 ? 0 : 1;
}
