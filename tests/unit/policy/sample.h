/* sample.h: a policy from a text, for tests. */
#ifndef TESTS_UNIT_POLICY_SAMPLE_H
#define TESTS_UNIT_POLICY_SAMPLE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "policy/policy.h"

/* text is p.conf; listed, when not NULL, the file "domains" beside it. */
static inline int
sample_read_with(const char *text, struct span listed, struct policy **policy,
		 struct buffer *warnings, struct error *err)
{
	char folder[] = "/tmp/ndrq-policy-XXXXXX";
	struct span bytes = span_of(text);
	AUTO(freep) char *path = NULL;
	AUTO(freep) char *domains = NULL;
	int rc;

	cr_assert_not_null(mkdtemp(folder));
	path = xasprintf("%s/p.conf", folder);
	domains = xasprintf("%s/domains", folder);
	cr_assert_eq(file_publish(folder, "p.conf", &bytes, 1, 0600, err), 0, "%s", err->text);
	if (listed.data != NULL)
		cr_assert_eq(file_publish(folder, "domains", &listed, 1, 0600, err), 0, "%s",
			     err->text);
	rc = policy_read(path, policy, warnings, err);
	cr_assert_eq(unlink(path), 0);
	cr_assert(listed.data == NULL || unlink(domains) == 0);
	cr_assert_eq(rmdir(folder), 0);
	return rc;
}

static inline int
sample_read(const char *text, struct policy **policy, struct buffer *warnings, struct error *err)
{
	return sample_read_with(text, span_of(NULL), policy, warnings, err);
}

static inline struct policy *
sample_policy(const char *text)
{
	struct policy *policy = NULL;
	struct error err = { 0 };

	cr_assert_eq(sample_read(text, &policy, NULL, &err), 0, "%s", err.text);
	return policy;
}

#endif
