/*
 * test_strip_samples.c: real bounces, stripped in every way, say the same of
 * their recipients, and nothing of the servers. Samples that are not at hand
 * are not looked at.
 */
#include <dirent.h>

#include "tests/unit/facts/strip_support.h"

static const char *
known_as(const struct facts_recipient *r)
{
	return r->original != NULL ? r->original : r->final;
}

static void
expect_same_facts(const char *file, const struct facts *a, const struct facts *b)
{
	cr_expect_eq(a->class, b->class, "%s", file);
	cr_assert_eq(a->recipients_len, b->recipients_len, "%s", file);
	for (size_t i = 0; i < a->recipients_len; i++) {
		const struct facts_recipient *r = &a->recipients[i], *s = &b->recipients[i];

		cr_expect_str_eq(known_as(r), known_as(s), "%s", file);
		cr_expect_str_eq(s->status, r->status != NULL ? r->status : "5.0.0", "%s", file);
		/* Postfix answers a probe (sendmail -bv) in words of its own */
		cr_expect_str_eq(s->action,
				 strcmp(r->action, "undeliverable") == 0 ? "failed"
				 : strcmp(r->action, "deliverable") == 0 ? "delivered"
									 : r->action,
				 "%s", file);
	}
}

/* No line feed without its carriage return, no line beyond what SMTP takes. */
static void
expect_crlf(const char *file, struct span out)
{
	size_t start = 0;

	for (size_t i = 0; i < out.len; i++) {
		if (out.data[i] != '\n')
			continue;
		cr_expect(i > 0 && out.data[i - 1] == '\r', "%s: byte %zu", file, i);
		cr_expect(i - start <= 1000, "%s: byte %zu", file, i);
		start = i + 1;
	}
}

/* Does the sender know the name, as his own domain or that of a recipient? */
static bool
is_known(const struct facts *f, const char *host)
{
	if (f->original.from != NULL && strstr(f->original.from, host) != NULL)
		return true;
	for (size_t i = 0; i < f->recipients_len; i++)
		if (known_as(&f->recipients[i]) != NULL &&
		    strstr(known_as(&f->recipients[i]), host) != NULL)
			return true;
	return false;
}

/* Nothing that a server wrote is there. */
static void
expect_no_diagnostics(const char *file, const struct facts *before, struct span out)
{
	static const char *const never[] = { "Received:", "Remote-MTA:",        "Diagnostic-Code:",
					     "X-",        "Received-From-MTA:", "Authentication-" };
	const char *text = out.data;

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		AUTO(freep) char *line = xasprintf("\r\n%s", never[i]);

		cr_expect_null(strcasestr(text, line), "%s: %s", file, never[i]);
		cr_expect(strncasecmp(text, never[i], strlen(never[i])) != 0, "%s", file);
	}
	if (before->reporting_mta != NULL && !is_known(before, before->reporting_mta))
		cr_expect_null(strstr(text, before->reporting_mta), "%s: %s", file,
			       before->reporting_mta);
	for (size_t i = 0; i < before->recipients_len; i++) {
		const struct facts_recipient *r = &before->recipients[i];

		cr_expect(r->diagnostic == NULL || strstr(text, r->diagnostic) == NULL, "%s: %s",
			  file, r->diagnostic);
	}
}

static void
check_file(const char *file, struct span bytes)
{
	static const struct strip *const ways[] = { &whole, &headers, &nothing };
	static const char *const rests[] = { ",message/rfc822)", ",text/rfc822-headers)", ")" };
	AUTO(facts_freep) struct facts *before = facts_in(bytes);

	for (size_t i = 0; i < 3; i++) {
		AUTO(buffer_done) struct buffer out = { 0 };
		AUTO(facts_freep) struct facts *after = NULL;
		AUTO(freep) char *shape = NULL;

		cr_assert_eq(strip(bytes, ways[i], &out), 1, "%s", file);
		after = facts_in(buffer_span(&out));
		shape = shape_of(buffer_span(&out));
		expect_same_facts(file, before, after);
		expect_crlf(file, buffer_span(&out));
		cr_expect(is_8bit(bytes) || !is_8bit(buffer_span(&out)), "%s", file);
		cr_expect(strncmp(shape, "multipart/report(text/plain,message/delivery-status",
				  50) == 0,
			  "%s: %s", file, shape);
		if (i > 0 || strstr(shape, "/rfc822)") != NULL)
			cr_expect(strstr(shape, rests[i]) != NULL ||
					  shape[strlen(shape) - 2] == 's',
				  "%s: %s", file, shape);
		if (ways[i]->returned != STRIP_FULL)
			expect_no_diagnostics(file, before, buffer_span(&out));
		cr_expect_str_eq(after->reporting_mta, "ndrq.example");
		if (ways[i]->returned == STRIP_NONE)
			cr_expect_null(after->original.message_id);
		else if (before->original.source.message_id == FACTS_SOURCE_RETURNED &&
			 (before->reporting_mta == NULL ||
			  strstr(before->original.message_id, before->reporting_mta) == NULL))
			cr_expect_str_eq(after->original.message_id, before->original.message_id,
					 "%s:\n%s", file, out.data);
	}
}

static const char *const folders[] = {
	"tests/data/notifications/postfix",   "tests/data/notifications/exim",
	"tests/data/notifications/opensmtpd", "tests/data/notifications/sendmail",
	"../shared/mta/samples/exchange",     "../shared/mta/samples/iis",
};

/* Calls on every message of the folders, in those that are there. */
static size_t
each_sample(void (*call)(const char *file, struct span bytes))
{
	const char *top = getenv("top_srcdir");
	size_t files = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		AUTO(freep)
		char *folder = xasprintf("%s/%s", top != NULL ? top : ".", folders[i]);
		DIR *dir = opendir(folder);
		struct dirent *entry;

		while (dir != NULL && (entry = readdir(dir)) != NULL) {
			AUTO(freep) char *path = xasprintf("%s/%s", folder, entry->d_name);
			AUTO(buffer_done) struct buffer bytes = { 0 };
			struct error err = { 0 };
			size_t len = strlen(path);

			if (len < 4 || strcmp(path + len - 4, ".eml") != 0)
				continue;
			cr_assert_eq(file_read(path, 100 << 20, &bytes, &err), 0, "%s", err.text);
			call(path, buffer_span(&bytes));
			files++;
		}
		if (dir != NULL)
			(void)closedir(dir);
	}
	return files;
}

static bool
is_stripped(const struct facts *f)
{
	if (f->class != FACTS_FAILED && f->class != FACTS_DELAYED)
		return false;
	for (size_t i = 0; i < f->recipients_len; i++)
		if (known_as(&f->recipients[i]) != NULL)
			return true;
	return false;
}

static void
check_sample(const char *file, struct span bytes)
{
	AUTO(facts_freep) struct facts *f = facts_in(bytes);
	AUTO(buffer_done) struct buffer out = { 0 };

	if (is_stripped(f))
		check_file(file, bytes);
	else
		cr_expect_eq(strip(bytes, &whole, &out), 0, "%s", file);
}

TestSuite(strip, .init = facts_init);

Test(strip, real_bounces_become_reports_that_say_the_same_without_their_servers)
{
	cr_expect_geq(each_sample(check_sample), 30);
}
