/* sample.h: a policy from a text, for tests. */
#ifndef TESTS_UNIT_POLICY_SAMPLE_H
#define TESTS_UNIT_POLICY_SAMPLE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "policy/policy.h"

static inline int
sample_read(const char *text, struct policy **policy, struct buffer *warnings, struct error *err)
{
	char folder[] = "/tmp/ndrq-policy-XXXXXX";
	struct span bytes = span_of(text);
	AUTO(freep) char *path = NULL;
	int rc;

	cr_assert_not_null(mkdtemp(folder));
	path = xasprintf("%s/p.conf", folder);
	cr_assert_eq(file_publish(folder, "p.conf", &bytes, 1, 0600, err), 0, "%s", err->text);
	rc = policy_read(path, policy, warnings, err);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(rmdir(folder), 0);
	return rc;
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
