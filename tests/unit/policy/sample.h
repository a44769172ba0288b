/* sample.h: a policy from a text, for tests. */
#ifndef TESTS_UNIT_POLICY_SAMPLE_H
#define TESTS_UNIT_POLICY_SAMPLE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
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

/* Refused for good, with the place ("/p.conf:") and these words. */
static inline void
sample_refused_at(const char *text, struct span listed, const char *place, const char *says)
{
	AUTO(freep) char *lines = listed.data != NULL ? span_dup(listed) : xstrdup("");
	struct policy *policy = NULL;
	struct error err = { 0 };

	cr_expect_eq(sample_read_with(text, listed, &policy, NULL, &err), -1, "%s%s", text, lines);
	cr_expect_null(policy);
	cr_expect_eq(err.class, ERROR_PERM);
	cr_expect_not_null(strstr(err.text, place), "%s%s: %s", text, lines, err.text);
	cr_expect_not_null(strstr(err.text, says), "%s%s: %s", text, lines, err.text);
}

static inline void
sample_refused(const char *text, const char *says)
{
	sample_refused_at(text, span_of(NULL), "/p.conf:", says);
}

/* Read, with these words among the warnings; "": without a warning. */
static inline void
sample_warned(const char *text, const char *says)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	struct error err = { 0 };

	buffer_add_str(&warnings, "");
	cr_assert_eq(sample_read(text, &policy, &warnings, &err), 0, "%s: %s", text, err.text);
	cr_expect_not_null(strstr(warnings.data, says), "%s: %s", text, warnings.data);
	cr_expect_eq(warnings.len == 0, says[0] == '\0', "%s: %s", text, warnings.data);
}

#endif
