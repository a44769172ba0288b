/* test_judge.c: a stored record is judged as it was when it came in. */
#include "admit/judge.h"

#include "admit/admit.h"
#include "tests/unit/admit/submission_fixture.h"

enum { MB = 1 << 20 };

#define MANY                                                                                       \
	"local_domains = [ \"example.org\" ];\n"                                                   \
	"rules = ( { name = \"big\"; larger = 1000; action = \"delete\"; } );\n"                   \
	"remote_domains = ( { name = \"Default\"; domain = \"*\"; unknown = \"delete\";"           \
	" forwarded = \"send\"; auto_reply = \"send\"; } );\n"

/* The record that a submission would be stored as, borrowed from it. */
static struct store_record
record_of(const struct submission *s)
{
	return (struct store_record){
		.rcpt = buffer_span(&s->rcpts[0].path),
		.orcpt = s->rcpts[0].orcpt,
		.intake = s->source->intake,
		.class = s->message.class,
		.truncated = s->message.truncated,
		.size_bytes = s->message.size_bytes,
		.received_at_ms = s->received_at_ms,
	};
}

/* Delivered-To names the mailbox of the folder it was taken from. */
static const struct submission_source folder_source = { .intake = "some-folder",
							.delivered_to_is_ours = true };

struct judged_case {
	const char *name;
	struct span body;
	const char *rcpt, *orcpt;
	const struct submission_source *source; /* NULL: lmtp */
	const char *rule;                       /* of both */
};

static void
expect_same(struct policy *policy, const char *folder, const struct judged_case *c)
{
	AUTO(submission_freep)
	struct submission *s = submission_make(policy, folder, c->body, c->rcpt, MB);
	AUTO(facts_freep) struct facts *facts = NULL;
	struct altered_memo memo = { 0 };
	struct policy_decision again;
	struct store_record record;
	enum record_state state;

	if (c->source != NULL)
		s->source = c->source;
	s->rcpts[0].orcpt = xstrdup(c->orcpt);
	admit_judge(s);
	record = record_of(s);
	facts = judge_read_record(policy, &record, spool_bytes(s->spool));
	state = judge_record(policy, &record, facts, spool_bytes(s->spool), &memo, &again);
	cr_expect_str_eq(s->rcpts[0].decision.rule, c->rule, "%s: %s", c->name,
			 s->rcpts[0].decision.rule);
	cr_expect_str_eq(again.rule, c->rule, "%s again: %s", c->name, again.rule);
	cr_expect_eq(again.action, s->rcpts[0].decision.action, "%s", c->name);
	cr_expect_eq(state, s->rcpts[0].state, "%s", c->name);
	policy_decision_done(&again);
}

Test(judge, a_stored_record_gets_the_verdict_that_it_got_when_it_came_in)
{
	static const struct judged_case cases[] = {
		{ "an NDR",
		  { NDR, sizeof(NDR) - 1 },
		  "a@remote.example",
		  NULL,
		  NULL,
		  "Default.ndr" },
		{ "to one of ours",
		  { NDR, sizeof(NDR) - 1 },
		  "a@example.org",
		  NULL,
		  NULL,
		  "local" },
		{ "no address", { NDR, sizeof(NDR) - 1 }, "nobody", NULL, NULL, "bad-recipient" },
		{ "no recipient", { NDR, sizeof(NDR) - 1 }, "", NULL, NULL, "no-recipient" },
		{ "forwarded by ORCPT",
		  { NDR, sizeof(NDR) - 1 },
		  "a@remote.example",
		  "rfc822;us@example.org",
		  NULL,
		  "Default.forwarded" },
		{ "forwarded by Delivered-To",
		  { "Delivered-To: us@example.org\r\n" NDR,
		    sizeof("Delivered-To: us@example.org\r\n" NDR) - 1 },
		  "a@remote.example",
		  NULL,
		  NULL,
		  "Default.forwarded" },
		{ "a folder's own Delivered-To",
		  { "Delivered-To: us@example.org\r\n" NDR,
		    sizeof("Delivered-To: us@example.org\r\n" NDR) - 1 },
		  "a@remote.example",
		  NULL,
		  &folder_source,
		  "Default.ndr" },
		{ "nobody knows what",
		  { "Subject: hello\r\n\r\ntext\r\n", 24 },
		  "a@remote.example",
		  NULL,
		  NULL,
		  "Default.unknown" },
	};
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(policy_unrefp) struct policy *observer = NULL;

	facts_init();
	policy = policy_make(folder, MANY);
	observer = policy_make(folder, "mode = \"observe\";\n" MANY);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_same(policy, folder, &cases[i]);
		expect_same(observer, folder, &cases[i]);
	}
}

Test(judge, ordinary_mail_is_told_from_what_nobody_knows_by_the_stored_class)
{
	static const char *const classes[] = { "mail", "unknown" };
	static const struct span body = { "Subject: hello\r\n\r\ntext\r\n", 24 };
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(policy_unrefp) struct policy *policy = policy_make(folder, POLICY);

	facts_init();
	for (size_t i = 0; i < 2; i++) {
		const struct store_record record = { .rcpt = SPAN("a@remote.example"),
						     .intake = "iis-badmail",
						     .class = classes[i] };
		AUTO(facts_freep)
		struct facts *facts = judge_read_record(policy, &record, body);

		cr_expect_str_eq(facts_class_name(facts->class), classes[i]);
	}
	const struct store_record ndr = { .rcpt = SPAN("a@remote.example"),
					  .intake = "lmtp",
					  .class = "unknown" };
	AUTO(facts_freep) struct facts *facts = judge_read_record(policy, &ndr, SPAN(NDR));
	cr_expect_eq(facts->class, FACTS_FAILED, "what is read now counts else");
}

Test(judge, size_and_truncation_are_those_of_the_record)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(policy_unrefp) struct policy *policy = policy_make(folder, MANY);
	struct store_record record = { .rcpt = SPAN("a@remote.example"),
				       .intake = "lmtp",
				       .class = "failed",
				       .size_bytes = 2000 };
	struct altered_memo memo = { 0 };
	struct policy_decision d;
	AUTO(facts_freep) struct facts *facts = NULL;

	facts_init();
	facts = judge_read_record(policy, &record, SPAN(NDR));
	cr_expect_eq(judge_record(policy, &record, facts, SPAN(NDR), &memo, &d), RECORD_DELETED);
	cr_expect_str_eq(d.rule, "big");
	policy_decision_done(&d);
	record.rcpt = SPAN("a@example.org");
	record.truncated = true;
	cr_expect_eq(judge_record(policy, &record, facts, SPAN(NDR), &memo, &d), RECORD_HELD);
	cr_expect_str_eq(d.rule, "truncated");
	policy_decision_done(&d);
}
