/*
 * submission_fixture.h: a policy from its text, and a submission from its bytes.
 */
#ifndef TESTS_UNIT_ADMIT_SUBMISSION_FIXTURE_H
#define TESTS_UNIT_ADMIT_SUBMISSION_FIXTURE_H

#include "policy/policy.h"
#include "admit/submission.h"
#include "tests/unit/admit/fixture.h"

#define POLICY                                                                                     \
	"local_domains = [ \"example.org\" ];\n"                                                   \
	"remote_domains = ( { name = \"Default\"; domain = \"*\"; unknown = \"delete\"; },\n"      \
	" { name = \"Fabrikam\"; domain = \"fabrikam.example\"; ndr = \"send\"; } );\n"

/* A non-delivery report (RFC 3464); the header of the reader's choice goes before it. */
#define NDR                                                                                        \
	"From: MAILER-DAEMON@mx.example.org\r\n"                                                   \
	"Subject: Undelivered Mail Returned to Sender\r\n"                                         \
	"Message-ID: <ndr@mx.example.org>\r\n"                                                     \
	"MIME-Version: 1.0\r\n"                                                                    \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n"          \
	"\r\n"                                                                                     \
	"--b\r\n\r\nThis is the mail system.\r\n"                                                  \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n"                                     \
	"Reporting-MTA: dns; mx.example.org\r\n\r\n"                                               \
	"Final-Recipient: rfc822; nobody@example.org\r\n"                                          \
	"Action: failed\r\nStatus: 5.1.1\r\n\r\n"                                                  \
	"--b\r\nContent-Type: message/rfc822\r\n\r\n"                                              \
	"Message-ID: <returned@remote.example>\r\nSubject: hello\r\n\r\nbody\r\n"                  \
	"--b--\r\n"

static UNUSED struct policy *
policy_make(const char *folder, const char *text)
{
	AUTO(freep) char *path = xasprintf("%s/policy.conf", folder);
	struct policy *policy = NULL;
	struct error err = { 0 };

	write_file(path, span_of(text));
	cr_assert_eq(policy_read(path, &policy, NULL, &err), 0, "%s", err.text);
	return policy;
}

static const UNUSED struct submission_source test_source = { .intake = "lmtp" };

static UNUSED void
submission_add_bytes(struct submission *s, struct span path)
{
	struct submission_rcpt *rcpt = submission_add_rcpt(s);

	buffer_add(&rcpt->path, path.data, path.len);
}

/* A null sender, one recipient (NULL: none yet), the spool finished. */
static UNUSED struct submission *
submission_make(struct policy *policy, const char *folder, struct span body, const char *rcpt,
		int64_t limit_bytes)
{
	struct submission *s = submission_new(&test_source, policy);
	struct error err = { 0 };

	s->sender = xstrdup("");
	s->received_at_ms = 1000000;
	s->spool = spool_new(folder, limit_bytes);
	cr_assert_eq(spool_add(s->spool, body, &err), 0);
	cr_assert_eq(spool_finish(s->spool, &err), 0);
	if (rcpt != NULL)
		submission_add_bytes(s, span_of(rcpt));
	return s;
}

#endif
