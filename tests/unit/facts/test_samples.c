/* test_samples.c: real notifications of four mail servers say what they say. */
#include "tests/unit/facts/support.h"

/* recipients: "final status action" each. */
static const struct {
	const char *file;
	enum facts_class class;
	const char *recipients, *message_id;
} samples[] = {
	{ "exim/delaywarn.eml", FACTS_DELAYED, "defer@elsewhere.example 4.0.0 delayed",
	  "<1795291698.075555@client.test>" },
	{ "exim/dsn-success.eml", FACTS_DELIVERED, "alice@local.test 2.0.0 delivered",
	  "<1795291697.660025@client.test>" },
	{ "exim/hardbounce-local.eml", FACTS_FAILED, "nouser@local.test 5.0.0 failed",
	  "<1795291696.434513@client.test>" },
	{ "exim/hardbounce-remote-full.eml", FACTS_FAILED, "bad@elsewhere.example 5.0.0 failed",
	  "<1795291696.835918@client.test>" },
	{ "exim/hardbounce-remote-hdrs.eml", FACTS_FAILED, "bad@elsewhere.example 5.0.0 failed",
	  "<1795291697.206874@client.test>" },
	{ "exim/multi-failures.eml", FACTS_FAILED,
	  "nouser@local.test 5.0.0 failed bad@elsewhere.example 5.0.0 failed "
	  "dbad@elsewhere.example 5.0.0 failed",
	  "<1795291698.605006@client.test>" },
	{ "opensmtpd/delaywarn.eml", FACTS_DELAYED, "defer@elsewhere.example 4.0.0 delayed",
	  "<1795292409.326637@client.test>" },
	{ "opensmtpd/dsn-success.eml", FACTS_DELIVERED, "alice@local.test 2.0.0 delivered",
	  "<1795292409.026746@client.test>" },
	{ "opensmtpd/hardbounce-remote-full.eml", FACTS_FAILED,
	  "bad@elsewhere.example 5.0.0 failed", "<1795292408.399372@client.test>" },
	{ "opensmtpd/hardbounce-remote-hdrs.eml", FACTS_FAILED,
	  "bad@elsewhere.example 5.0.0 failed", "<1795292408.723892@client.test>" },
	{ "opensmtpd/hardbounce-remote.eml", FACTS_FAILED, "bad@elsewhere.example 5.0.0 failed",
	  "<1795292408.294648@client.test>" },
	{ "opensmtpd/multi-failures.eml", FACTS_FAILED,
	  "bad2@elsewhere.example 5.0.0 failed bad1@elsewhere.example 5.0.0 failed "
	  "dbad@elsewhere.example 5.0.0 failed",
	  "<1795292409.578095@client.test>" },
	{ "postfix/01-hard-bounce.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/02-ret-full-envid.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/03-ret-hdrs.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/04-multi-rcpt.eml", FACTS_FAILED,
	  "nouser3@local.test 5.1.1 failed nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/05-remote-550-rcpt.eml", FACTS_FAILED, "a@rej.example 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/06-remote-554-data.eml", FACTS_FAILED, "a@rejd.example 5.7.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/07-delay-warning.eml", FACTS_DELAYED, "a@dead.example 4.4.1 delayed",
	  "<0.test@client.test>" },
	{ "postfix/08-expired-4xx.2.eml", FACTS_DELAYED, "a@dead.example 4.4.1 delayed",
	  "<0.test@client.test>" },
	{ "postfix/08-expired-4xx.eml", FACTS_FAILED, "a@dead.example 4.4.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/09-double-bounce.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/10-dsn-success-delivered.eml", FACTS_EXPANDED, "alice@local.test 2.0.0 expanded",
	  "<0.test@client.test>" },
	{ "postfix/11-dsn-success-relayed.eml", FACTS_RELAYED, "x@nodsn.example 2.0.0 relayed",
	  "<0.test@client.test>" },
	{ "postfix/12-dsn-success-expanded.2.eml", FACTS_FAILED, "root-x@virt.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/12-dsn-success-expanded.eml", FACTS_EXPANDED, "team@local.test 2.0.0 expanded",
	  "<0.test@client.test>" },
	{ "postfix/13-smtputf8-sender.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/14-smtputf8-rcpt.eml", FACTS_FAILED, "нет@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/15-smtputf8-subject.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.Привет_мир@client.test>" },
	{ "postfix/16-large-truncated.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/17-8bit-body.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/18-relayed-null-foreign.eml", FACTS_UNKNOWN, "", "" },
	{ "postfix/19-sendmail-bv.eml", FACTS_FAILED,
	  "nouser@local.test 5.1.1 undeliverable games@mx.local.test 2.0.0 deliverable "
	  "a@rej.example 5.1.1 undeliverable",
	  "<20261121201601.A3B49A88A53@mx.local.test>" },
	{ "postfix/20-sendmail-v.2.eml", FACTS_FAILED,
	  "games@mx.local.test 2.0.0 delivered nouser@local.test 5.1.1 failed",
	  "<20261121201603.AC2CEA88A75@mx.local.test>" },
	{ "postfix/20-sendmail-v.eml", FACTS_FAILED, "nouser@local.test 5.1.1 failed",
	  "<20261121201603.AC2CEA88A75@mx.local.test>" },
	{ "postfix/21-policy-notify.eml", FACTS_FAILED, "", "" },
	{ "postfix/22-owner-list.eml", FACTS_DELIVERED, "list@local.test 2.0.0 delivered",
	  "<0.test@client.test>" },
	{ "postfix/23-orig-rcpt-alias.eml", FACTS_FAILED, "root-x@virt.test 5.1.1 failed",
	  "<0.test@client.test>" },
	{ "postfix/24-dsn-success-delivered.eml", FACTS_DELIVERED,
	  "games@local.test 2.0.0 delivered", "<0.test@client.test>" },
	{ "sendmail/delaywarn.eml", FACTS_DELAYED, "defer@remote.example 4.3.0 delayed",
	  "<202611212031.6ALKVPQ3000112@mx.local.test>" },
	{ "sendmail/dsn-success.eml", FACTS_DELIVERED, "alice@local.test 2.1.5 delivered",
	  "<1795292890.005426@client.test>" },
	{ "sendmail/hardbounce-remote-full.eml", FACTS_FAILED, "bad@elsewhere.example 5.1.1 failed",
	  "<1795292888.839548@client.test>" },
	{ "sendmail/hardbounce-remote-hdrs.eml", FACTS_FAILED, "bad@elsewhere.example 5.1.1 failed",
	  "<1795292889.402240@client.test>" },
	{ "sendmail/hardbounce-remote.eml", FACTS_FAILED, "bad@elsewhere.example 5.1.1 failed",
	  "<1795292888.606889@client.test>" },
	{ "sendmail/multi-failures.eml", FACTS_FAILED,
	  "bad1@elsewhere.example 5.1.1 failed bad2@elsewhere.example 5.1.1 failed "
	  "dbad@elsewhere.example 5.7.1 failed",
	  "<1795292891.779091@client.test>" },
};

static char *
recipients_as_text(const struct facts *f)
{
	struct buffer text = { 0 };

	for (size_t i = 0; i < f->recipients_len; i++) {
		const struct facts_recipient *r = &f->recipients[i];

		buffer_printf(&text, "%s%s %s %s", i > 0 ? " " : "", r->final, r->status,
			      r->action);
	}
	return buffer_take(&text);
}

Test(facts_samples, every_sample_has_its_class_recipients_and_message_id)
{
	const struct facts_envelope null_sender = { .sender = "" };

	facts_init();
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		AUTO(buffer_done) struct buffer bytes = { 0 };
		AUTO(facts_freep) struct facts *f = NULL;
		AUTO(freep) char *recipients = NULL;
		const char *id;

		sample_read(samples[i].file, &bytes);
		f = facts_from_message(buffer_span(&bytes), &null_sender);
		recipients = recipients_as_text(f);
		id = f->original.message_id != NULL ? f->original.message_id : "";
		cr_expect_eq(f->class, samples[i].class, "%s: %s", samples[i].file,
			     facts_class_name(f->class));
		cr_expect_str_eq(recipients, samples[i].recipients, "%s: %s", samples[i].file,
				 recipients);
		cr_expect_str_eq(id, samples[i].message_id, "%s: %s", samples[i].file, id);
		cr_expect(facts_are_utf8(f), "%s", samples[i].file);
	}
}

Test(facts_samples, what_a_postfix_bounce_says_is_all_there)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };
	AUTO(facts_freep) struct facts *f = NULL;

	facts_init();
	sample_read("postfix/05-remote-550-rcpt.eml", &bytes);
	f = facts_from_message(buffer_span(&bytes), NULL);
	cr_expect_str_eq(f->reporting_mta, "mx.local.test");
	cr_expect_str_eq(f->arrival_date, "Sat, 21 Nov 2026 20:15:07 +0000 (UTC)");
	cr_expect_str_eq(f->subject, "Undelivered Mail Returned to Sender");
	cr_expect_eq(f->recipients_len, 1);
	cr_expect_str_eq(f->recipients[0].original, "a@rej.example");
	cr_expect_str_eq(f->recipients[0].remote_mta, "127.0.0.1");
	cr_expect(strncmp(f->recipients[0].diagnostic, "550 5.1.1", 9) == 0, "%s",
		  f->recipients[0].diagnostic);
	cr_expect_str_eq(f->original.subject, "test");
	cr_expect(f->original.from != NULL && f->original.return_path != NULL);
}
