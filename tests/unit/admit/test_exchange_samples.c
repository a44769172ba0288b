/*
 * test_exchange_samples.c: real notifications of IIS and Exchange, as files of
 * their folders, give their facts and their envelope. Where the samples are
 * not at hand they are not looked at.
 */
#include "admit/folder_file.h"

#include "admit/admit.h"
#include "base/file.h"
#include "tests/unit/admit/submission_fixture.h"

/* recipients: "final status" each, "-" where none is said; sender "?": not known. */
static const struct sample {
	const char *file;
	enum facts_class class;
	const char *recipients, *sender, *rcpt;
} samples[] = {
	{ "exchange/lhost-exchange2003-04.eml", FACTS_FAILED, "kijitora@example.com -", "",
	  "shironeko@example.jp" },
	{ "exchange/lhost-exchange2003-05.eml", FACTS_FAILED, "kijitora@example.com -", "",
	  "shironeko@example.org" },
	{ "exchange/lhost-exchange2003-07.eml", FACTS_FAILED, "kijitora@EXAMPLE.ORG -",
	  "postmaster@example.org", "sironeko@example.jp" },
	{ "exchange/lhost-exchange2007-01.eml", FACTS_FAILED, "mikeneko@example.co.jp 5.1.1", "",
	  "kijitora@example.jp" },
	{ "exchange/lhost-exchange2007-06.eml", FACTS_FAILED, "transports@agglo-saumur.fr 5.1.1",
	  "", "ha3dsljxgizc2mjrgq2dkobx@mb.newsletter-autos.fr" },
	{ "exchange/lhost-exchange2007-07.eml", FACTS_FAILED, "kijitora@example.jp 5.1.1", "",
	  "sironeko@neko.example.com" },
	{ "exchange/lhost-office365-01.eml", FACTS_FAILED, "kijitora@example.com 5.1.10", "",
	  "sironeko@example.ed.jp" },
	{ "exchange/lhost-office365-03.eml", FACTS_FAILED, "kijitora@example.com 5.1.0", "?",
	  "sironeko@example.net" },
	{ "exchange/lhost-office365-04.eml", FACTS_FAILED,
	  "otsu-sakaba-hunter-neko-nyaaaaaaan@ezweb.ne.jp 5.1.351", "",
	  "azumakuniyuki@outlook.example.com" },
	{ "exchange/lhost-office365-05.eml", FACTS_FAILED, "kijitora@example.jp 5.1.8", "",
	  "azumakuniyuki@microsoft.example.com" },
	{ "exchange/lhost-office365-08.eml", FACTS_FAILED, "nyaan@neko.example.jp 5.4.316", "",
	  "azumakuniyuki@o.example.com" },
	{ "exchange/lhost-office365-09.eml", FACTS_FAILED, "azumakuniyuki@example.ne.jp 5.1.351",
	  "", "kijitora@outlook.example.com" },
	{ "exchange/lhost-office365-11.eml", FACTS_FAILED, "kijitora@cr3.neko.nyaan.jp 5.1.1", "",
	  "azumakuniyuki@microsoft.example.com" },
	{ "exchange/lhost-office365-13.eml", FACTS_FAILED,
	  "kijitora-nyaan@neko.kyoto.example.jp 5.1.10", "", "neko@example.com" },
	{ "iis/iis6-backscatter-2020.eml", FACTS_FAILED,
	  "user1@qq.example.com 5.5.0|user2@qq.example.com 5.5.0", "?",
	  "some-list@lists.example.net" },
	{ "iis/lhost-outlook-01.eml", FACTS_FAILED, "kijitora@example.jp 5.2.2", "",
	  "shironeko@hotmail.example.com" },
	{ "iis/lhost-outlook-06.eml", FACTS_DELAYED, "kijitora@example.com 4.4.7", "",
	  "shironeko@outlook.example.com" },
	{ "iis/lhost-outlook-07.eml", FACTS_FAILED, "kijitora@example.com 4.4.7", "",
	  "shironeko@outlook.example.com" },
	{ "iis/lhost-outlook-09.eml", FACTS_FAILED, "kijitora@example.org 5.5.0", "",
	  "sironeko@example.com" },
	{ "iis/ox-the-exch-bh.eml", FACTS_FAILED, "bill@example.com 5.1.1", "?",
	  "martin@example.org" },
	{ "iis/rfc3464-26.eml", FACTS_FAILED, "kijitora@example.or.jp 5.1.1", "",
	  "Postmaster@example.or.jp" },
	{ "iis/rfc3464-40.eml", FACTS_FAILED, "kijitora@nyaan.neko.example.com 4.4.6", "",
	  "sironeko-nyaan@neko.example.com" },
	{ "iis/rhost-outlook-01.eml", FACTS_FAILED, "kijitora@example.jp 5.2.2", "",
	  "shironeko@hotmail.example.com" },
	{ "iis/rhost-outlook-02.eml", FACTS_FAILED, "kijitora@example.jp 5.1.1", "",
	  "shironeko@outlook.example.com" },
	{ "iis/rhost-outlook-03.eml", FACTS_FAILED, "kijitora@example.jp 5.5.0", "",
	  "shironeko@hotmail.example.org" },
	{ "iis/rhost-outlook-04.eml", FACTS_FAILED,
	  "sabineko@example.co.jp 5.1.1|mikeneko@example.co.jp 5.2.2", "",
	  "shironeko@o.example.com" },
	{ "iis/rhost-outlook-06.eml", FACTS_DELAYED, "kijitora@example.com 4.4.7", "",
	  "shironeko@outlook.example.com" },
	{ "iis/rhost-outlook-07.eml", FACTS_FAILED, "kijitora@example.com 4.4.7", "",
	  "shironeko@outlook.example.com" },
	{ "iis/rhost-outlook-09.eml", FACTS_FAILED, "kijitora@example.org 5.5.0", "",
	  "sironeko@example.com" },
	{ "replay/exchange2016-exported-header-block.eml", FACTS_MAIL, "",
	  "linux-kernel+bounces-125676-user=example.com@vger.kernel.org", "user@example.com" },
};

static struct folder_file *
load(const char *folder, const struct folder_kind *kind, const char *name, struct policy *policy)
{
	struct folder_file *file;
	struct folder_found found = { 0 };
	struct error err = { 0 };

	(void)snprintf(found.parts[0].name, sizeof(found.parts[0].name), "%s", name);
	file = folder_file_new(kind, folder, &found, false);
	file->spool_folder = folder;
	file->size_limit_bytes = 100 << 20;
	file->submission = submission_new(&kind->source, policy);
	file->submission->ctx = file;
	cr_assert_eq(kind->source.load(file->submission, &err), 1, "%s%s", err.text,
		     file->why.text);
	kind->source.read_envelope(file->submission);
	admit_judge(file->submission);
	return file;
}

static char *
recipients_of(const struct facts *f)
{
	struct buffer out = { 0 };

	buffer_add_str(&out, "");
	for (size_t i = 0; i < f->recipients_len; i++)
		buffer_printf(&out, "%s%s %s", i > 0 ? "|" : "", f->recipients[i].final,
			      f->recipients[i].status != NULL ? f->recipients[i].status : "-");
	return out.data == NULL ? xstrdup("") : buffer_take(&out);
}

static void
check(const struct sample *sample, const struct submission *s)
{
	AUTO(freep) char *recipients = recipients_of(s->facts);

	cr_expect_eq(s->facts->class, sample->class, "%s: %s", sample->file, s->message.class);
	cr_expect_str_eq(recipients, sample->recipients, "%s", sample->file);
	cr_expect_str_eq(s->sender == NULL ? "?" : s->sender, sample->sender, "%s", sample->file);
	cr_assert_eq(s->rcpts_len, 1);
	cr_expect(span_equal(buffer_span(&s->rcpts[0].path), span_of(sample->rcpt)), "%s: %s",
		  sample->file, s->rcpts[0].path.data);
}

Test(exchange_samples, each_gives_its_facts_and_its_envelope)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(policy_unrefp) struct policy *policy = policy_make(folder, POLICY);
	AUTO(freep) char *bad = xasprintf("%s/x.bad", folder);
	AUTO(freep) char *eml = xasprintf("%s/x.eml", folder);
	const char *top = getenv("top_srcdir");

	facts_init();
	for (size_t i = 0; i < COUNT(samples); i++) {
		bool is_replay = strncmp(samples[i].file, "replay/", 7) == 0;
		AUTO(buffer_done) struct buffer text = { 0 };
		AUTO(folder_file_freep) struct folder_file *file = NULL;
		AUTO(freep)
		char *path = xasprintf("%s/../shared/mta/samples/%s", top != NULL ? top : ".",
				       samples[i].file);

		if (file_read(path, 100 << 20, &text, NULL) < 0) {
			cr_log_info("%s is not here: not looked at", path);
			continue;
		}
		write_file(is_replay ? eml : bad, buffer_span(&text));
		file = is_replay ? load(folder, &folder_kind_exchange_replay, "x.eml", policy)
				 : load(folder, &folder_kind_iis_badmail, "x.bad", policy);
		check(&samples[i], file->submission);
	}
}
