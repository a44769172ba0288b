/* test_admit.c: facts, policy and store met on one page, with the real three. */
#include "admit/admit.h"

#include "report/mail.h"
#include "tests/unit/admit/store_fixture.h"
#include "tests/unit/admit/submission_fixture.h"

enum { MB = 1 << 20 };

struct bench {
	char *folder;
	struct policy *policy;
};

static void
bench_start(struct bench *b, const char *policy)
{
	facts_init();
	b->folder = folder_make();
	b->policy = policy_make(b->folder, policy);
}

static void
bench_stopp(struct bench *b)
{
	policy_unrefp(&b->policy);
	folder_removep(&b->folder);
}

static struct submission *
judged(struct bench *b, struct span body, const char *rcpt, const char *orcpt)
{
	struct submission *s = submission_make(b->policy, b->folder, body, rcpt, MB);

	s->rcpts[0].orcpt = xstrdup(orcpt);
	admit_judge(s);
	return s;
}

static void
assert_record(const struct store_new_record *r, enum record_state state, const char *verdict,
	      const char *rule)
{
	cr_assert_eq(r->state, state, "it is %s by %s", record_state_name(r->state), r->rule);
	cr_assert_str_eq(r->verdict, verdict);
	cr_assert_str_eq(r->rule, rule);
}

Test(admit, a_notification_is_read_judged_and_made_ready_for_the_store)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;
	const struct store_new_message *m;

	bench_start(&b, POLICY);
	s = submission_make(b.policy, b.folder, SPAN(NDR), "who@Remote.Example", MB);
	submission_add_bytes(s, SPAN("x@fabrikam.example"));
	submission_add_bytes(s, SPAN("y@example.org"));
	s->mail_body = "8BITMIME";
	s->smtputf8 = true;
	s->ret = xstrdup("HDRS");
	s->envid = xstrdup("id");
	s->rcpts[0].notify = xstrdup("NEVER");
	admit_judge(s);
	m = &s->message;
	cr_assert_not(admit_is_mail(s));
	cr_assert_str_eq(m->class, "failed");
	cr_assert_str_eq(m->subject, "Undelivered Mail Returned to Sender");
	cr_assert_str_eq(m->message_id, "<ndr@mx.example.org>");
	cr_assert_str_eq(m->original_message_id, "<returned@remote.example>");
	cr_assert_str_eq(m->intake, "lmtp");
	cr_assert_str_eq(m->mail_body, "8BITMIME");
	cr_assert_str_eq(m->ret, "HDRS");
	cr_assert_str_eq(m->envid, "id");
	cr_assert(m->smtputf8);
	cr_assert_not(m->truncated);
	cr_assert_eq(m->received_at_ms, 1000000);
	cr_assert_eq(m->size_bytes, (int64_t)sizeof(NDR) - 1);
	cr_assert(span_equal(m->body, SPAN(NDR)));
	cr_assert_str_eq(m->policy_revision, policy_revision(b.policy));
	cr_assert_not_null(strstr(m->facts, "\"5.1.1\""));
	cr_assert_eq(m->records_len, 3);
	assert_record(&m->records[0], RECORD_HELD, "hold", "Default.ndr");
	cr_assert_str_eq(m->records[0].domain, "remote.example");
	cr_assert_str_eq(m->records[0].notify, "NEVER");
	cr_assert(span_equal(m->records[0].rcpt, SPAN("who@Remote.Example")));
	assert_record(&m->records[1], RECORD_SENDING, "send", "Fabrikam.ndr");
	assert_record(&m->records[2], RECORD_SENDING, "send", "local");
}

Test(admit, a_null_sender_without_a_report_is_unknown_and_no_mail)
{
	static const struct span texts[] = { SPAN(""), SPAN("\r\n"),
					     SPAN("Subject: hello\r\n\r\nhow are you\r\n"),
					     SPAN("\0\xff\xfe bytes \r\r\n\n"),
					     SPAN("Content-Type: multipart/report\r\n\r\n") };
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, POLICY);
	for (size_t i = 0; i < COUNT(texts); i++) {
		AUTO(submission_freep)
		struct submission *s = judged(&b, texts[i], "a@remote.example", NULL);

		cr_assert_not(admit_is_mail(s), "%zu", i);
		assert_record(&s->message.records[0], RECORD_DELETED, "delete", "Default.unknown");
	}
}

Test(admit, with_a_sender_ordinary_mail_is_ordinary_mail)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;

	bench_start(&b, POLICY);
	s = submission_make(b.policy, b.folder, SPAN("Subject: hello\r\n\r\nhow are you\r\n"),
			    "a@remote.example", MB);
	free(s->sender);
	s->sender = xstrdup("someone@remote.example");
	admit_judge(s);
	cr_assert(admit_is_mail(s));
}

/* ---- altered --------------------------------------------------------------------- */

#define STRIPPED                                                                                   \
	"local_domains = [ \"example.org\" ];\n"                                                   \
	"remote_domains = ( { name = \"Default\"; domain = \"*\"; ndr = \"send\"; unknown = "      \
	"\"send\";\n"                                                                              \
	" ndr_diagnostics = false; returned = \"headers\"; },\n"                                   \
	" { name = \"Held\"; domain = \"held.example\"; ndr = \"hold\"; returned = \"none\"; },\n" \
	" { name = \"Whole\"; domain = \"whole.example\"; ndr_diagnostics = true; returned = "     \
	"\"full\"; } );\n"

Test(admit, a_record_knows_how_much_of_it_goes_out_and_takes_the_way_of_what_is_signed)
{
	static const struct {
		const char *rcpt, *route;
		enum record_state state;
		bool no_diagnostics;
		const char *returned, *own_route, *observed;
	} cases[] = {
		{ "a@remote.example", "submit", RECORD_SENDING, true, "headers", NULL, NULL },
		{ "a@held.example", "submit", RECORD_HELD, true, "none", NULL, NULL },
		{ "a@whole.example", NULL, RECORD_SENDING, false, NULL, NULL, NULL },
		{ "a@example.org", NULL, RECORD_SENDING, false, NULL, NULL, NULL },
		/* what came as a file leaves as one */
		{ "a@remote.example", "pickup /x", RECORD_SENDING, true, "headers", "pickup /x",
		  NULL },
		/* observe changes nothing */
		{ "a@remote.example", NULL, RECORD_SENDING, false, NULL, NULL,
		  "mode = \"observe\";\n" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(freep)
		char *text = xasprintf("%s%s", cases[i].observed != NULL ? cases[i].observed : "",
				       STRIPPED);
		AUTO(bench_stopp) struct bench b;
		AUTO(submission_freep) struct submission *s = NULL;
		const struct store_new_record *r;

		bench_start(&b, text);
		s = submission_make(b.policy, b.folder, SPAN(NDR), cases[i].rcpt, MB);
		s->route = xstrdup(cases[i].own_route);
		admit_judge(s);
		r = &s->message.records[0];
		cr_expect_eq(r->state, cases[i].state, "case %zu", i);
		cr_expect_eq(r->no_diagnostics, cases[i].no_diagnostics, "case %zu", i);
		cr_expect(cases[i].returned == NULL ? r->returned == NULL
						    : strcmp(r->returned, cases[i].returned) == 0,
			  "case %zu", i);
		cr_expect(cases[i].route == NULL ? r->route == NULL
						 : strcmp(r->route, cases[i].route) == 0,
			  "case %zu: %s", i, r->route);
		cr_expect(span_equal(s->message.body, SPAN(NDR)), "the store keeps the whole");
	}
}

/* A message/rfc822 in a part of a part, as who forwards a report as it is. */
#define NESTED                                                                                     \
	"Subject: fwd\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"                 \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "                   \
	"message/rfc822\r\n\r\nSubject: x\r\n\r\nbody\r\n--b--\r\n--a--\r\n"

Test(admit, what_cannot_be_stripped_is_held_unless_it_goes_nowhere_anyway)
{
	static const struct {
		const char *rcpt;
		enum record_state state;
		const char *verdict, *rule;
	} cases[] = {
		{ "a@remote.example", RECORD_HELD, "hold", "cannot-strip" },
		{ "a@held.example", RECORD_HELD, "hold", "cannot-strip" },
		{ "a@whole.example", RECORD_SENDING, "send", "Whole.unknown" },
		{ "a@example.org", RECORD_SENDING, "send", "local" },
	};
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, STRIPPED);
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(submission_freep)
		struct submission *s = judged(&b, SPAN(NESTED), cases[i].rcpt, NULL);

		assert_record(&s->message.records[0], cases[i].state, cases[i].verdict,
			      cases[i].rule);
	}
}

/* ---- forwarded ------------------------------------------------------------------ */

Test(admit, orcpt_is_decoded_before_it_is_judged)
{
	static const struct {
		const char *orcpt;
		bool forwarded;
	} cases[] = {
		{ "rfc822;user@example.org", true },
		{ "RFC822;user@example.org", true },
		{ "rfc822;user+40example.org", true }, /* xtext (RFC 3461 4) */
		{ "user@example.org", true },
		{ "utf-8;us\\x{E4}r@example.org", true }, /* RFC 6533 3 */
		{ "rfc822;user@remote.example", false },
		{ "rfc822;user@example.org+00.remote.example", false },
		{ "rfc822;", false },
		{ "", false },
		{ NULL, false },
	};
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, POLICY);
	for (size_t i = 0; i < COUNT(cases); i++) {
		AUTO(submission_freep)
		struct submission *s = judged(&b, SPAN(NDR), "a@remote.example", cases[i].orcpt);

		if (cases[i].forwarded)
			assert_record(&s->message.records[0], RECORD_SENDING, "send",
				      "Default.forwarded");
		else
			assert_record(&s->message.records[0], RECORD_HELD, "hold", "Default.ndr");
	}
}

Test(admit, delivered_to_stands_in_for_orcpt_and_orcpt_goes_before_it)
{
	const struct span message = SPAN("Delivered-To: user@example.org\r\n" NDR);
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *without = NULL;
	AUTO(submission_freep) struct submission *with = NULL;

	bench_start(&b, POLICY);
	without = judged(&b, message, "a@remote.example", NULL);
	assert_record(&without->message.records[0], RECORD_SENDING, "send", "Default.forwarded");
	with = judged(&b, message, "a@remote.example", "rfc822;x@other.example");
	assert_record(&with->message.records[0], RECORD_HELD, "hold", "Default.ndr");
}

/* ---- what is held, whatever else ---------------------------------------------------- */

static const struct {
	struct span rcpt;
	const char *rule;
} impossible[] = {
	{ SPAN(""), "no-recipient" },
	{ SPAN("a\0b@example.org"), "no-recipient" },
	{ SPAN("\xff\xfe@example.org"), "no-recipient" },
	{ SPAN("a\nb@example.org"), "bad-recipient" },
	{ SPAN("no address at all"), "bad-recipient" },
};

Test(admit, a_recipient_that_is_no_address_is_held_as_its_bytes)
{
	AUTO(bench_stopp) struct bench b;

	bench_start(&b, POLICY);
	for (size_t i = 0; i < COUNT(impossible); i++) {
		AUTO(submission_freep)
		struct submission *s = submission_make(b.policy, b.folder, SPAN(NDR), NULL, MB);

		submission_add_bytes(s, impossible[i].rcpt);
		admit_judge(s);
		assert_record(&s->message.records[0], RECORD_HELD, "hold", impossible[i].rule);
		cr_assert(span_equal(s->message.records[0].rcpt, impossible[i].rcpt));
	}
}

Test(admit, a_truncated_message_is_held_even_for_a_local_user)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;

	bench_start(&b, POLICY);
	s = submission_make(b.policy, b.folder, SPAN(NDR), "user@example.org", 300);
	admit_judge(s);
	cr_assert(s->message.truncated);
	cr_assert_eq(s->message.size_bytes, (int64_t)sizeof(NDR) - 1);
	cr_assert_eq(s->message.body.len, 300);
	assert_record(&s->message.records[0], RECORD_HELD, "hold", "truncated");
}

#define OBSERVE "mode = \"observe\";\n" POLICY

Test(admit, in_observe_mode_everything_is_sent_and_the_verdict_is_recorded)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *held = NULL;
	AUTO(submission_freep) struct submission *deleted = NULL;

	bench_start(&b, OBSERVE);
	held = judged(&b, SPAN(NDR), "a@remote.example", NULL);
	assert_record(&held->message.records[0], RECORD_SENDING, "hold", "Default.ndr");
	deleted = judged(&b, SPAN("x\r\n"), "a@remote.example", NULL);
	assert_record(&deleted->message.records[0], RECORD_SENDING, "delete", "Default.unknown");
}

Test(admit, in_observe_mode_what_cannot_be_sent_whole_and_to_somebody_is_held)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *truncated = NULL;

	bench_start(&b, OBSERVE);
	truncated = submission_make(b.policy, b.folder, SPAN(NDR), "user@example.org", 300);
	admit_judge(truncated);
	assert_record(&truncated->message.records[0], RECORD_HELD, "hold", "truncated");
	for (size_t i = 0; i < 3; i++) {
		AUTO(submission_freep)
		struct submission *s = submission_make(b.policy, b.folder, SPAN(NDR), NULL, MB);

		submission_add_bytes(s, impossible[i].rcpt);
		admit_judge(s);
		assert_record(&s->message.records[0], RECORD_HELD, "hold", impossible[i].rule);
	}
}

/* ---- storing --------------------------------------------------------------------------- */

Test(admit, what_was_judged_is_stored_byte_for_byte_and_known_when_it_comes_again)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(store_closep) struct store *store = NULL;
	AUTO(side_closep) sqlite3 *side = NULL;
	int64_t first = 0;
	struct error err = { 0 };

	bench_start(&b, POLICY);
	store = store_make(b.folder);
	side = side_open(b.folder);
	for (int i = 0; i < 2; i++) {
		AUTO(submission_freep)
		struct submission *s = judged(&b, SPAN(NDR), "a@remote.example", NULL);

		s->outcome = SUBMISSION_REFUSED;
		cr_assert_eq(admit_store(s, store, &err), 0, "%s", err.text);
		cr_assert_eq(s->outcome, SUBMISSION_COMMITTED);
		cr_assert_eq(s->message.records[0].outcome,
			     i == 0 ? STORE_PUT_NEW : STORE_PUT_REDELIVERED);
		if (i == 0)
			first = s->message.records[0].id;
		cr_assert_eq(s->message.records[0].id, first);
	}
	cr_assert_eq(side_ask(side, "SELECT count(*) FROM record"), 1);
	cr_assert_eq(side_ask(side, "SELECT length(data) FROM body"), (int64_t)sizeof(NDR) - 1);
}

Test(admit, every_recipient_that_can_be_judged_can_be_stored)
{
	static const char *const policies[] = { POLICY, OBSERVE };

	for (size_t p = 0; p < COUNT(policies); p++) {
		AUTO(bench_stopp) struct bench b;
		AUTO(store_closep) struct store *store = NULL;
		AUTO(submission_freep) struct submission *s = NULL;
		struct error err = { 0 };

		bench_start(&b, policies[p]);
		store = store_make(b.folder);
		s = submission_make(b.policy, b.folder, SPAN(NDR), "good@remote.example", MB);
		for (size_t i = 0; i < COUNT(impossible); i++)
			submission_add_bytes(s, impossible[i].rcpt);
		admit_judge(s);
		cr_assert_eq(admit_store(s, store, &err), 0, "%s", err.text);
	}
}

Test(admit, what_is_set_aside_is_whole_with_its_envelope_and_reason)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;
	AUTO(freep) char *store_path = NULL;
	struct store_place place = { 0 };
	AUTO(freep) char *damaged = NULL;
	struct error err = { 0 };

	bench_start(&b, POLICY);
	store_path = xasprintf("%s/store", b.folder);
	place.store_path = store_path;
	damaged = xasprintf("%s/damaged", b.folder);
	s = submission_make(b.policy, b.folder, SPAN(NDR), "a@remote.example", MB);
	cr_assert_eq(admit_set_aside(s, &place, "it crashed", &err), 0, "%s", err.text);
	cr_assert_eq(s->outcome, SUBMISSION_DAMAGED);
	cr_assert_str_eq(s->err.text, "it crashed");
	cr_assert_eq(folder_count(damaged), 2, "the message and its envelope");
}

Test(admit, what_cannot_be_set_aside_is_refused_for_now)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(submission_freep) struct submission *s = NULL;
	const struct store_place nowhere = { "/nonexistent/folder/store", 0 };
	struct error err = { 0 };

	bench_start(&b, POLICY);
	s = submission_make(b.policy, b.folder, SPAN(NDR), "a@remote.example", MB);
	cr_assert_eq(admit_set_aside(s, &nowhere, "it crashed", &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
	cr_assert_neq(s->outcome, SUBMISSION_DAMAGED);
}

#define COPIES                                                                                     \
	"local_domains = [ \"example.org\" ];\n"                                                   \
	"postmaster = \"p@example.org\"; copy_limit = \"2/1h\";\n"                                 \
	"remote_domains = ( { name = \"Default\"; domain = \"*\"; copy = \"each\"; } );\n"

Test(admit, each_new_remote_recipient_has_a_copy_as_far_as_the_limit_goes)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(store_closep) struct store *store = NULL;
	AUTO(side_closep) sqlite3 *side = NULL;
	static const struct {
		const char *hostname;
		const char *rcpts[4];
		int64_t copies[4]; /* of each recipient: a record, 0 none, -1 left out */
		int64_t all;
	} cases[] = {
		{ NULL, { "a@x.example" }, { 0 }, 0 },
		{ "mx.example.org", { "b@x.example", "c@example.org" }, { 4, 0 }, 1 },
		{ "mx.example.org", { "b@x.example" }, { 0 }, 1 }, /* redelivered */
		{ "mx.example.org", { "d@x.example", "e@x.example" }, { 7, -1 }, 2 },
	};

	bench_start(&b, COPIES);
	mail_init();
	store = store_make(b.folder);
	side = side_open(b.folder);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(submission_freep)
		struct submission *s = submission_make(b.policy, b.folder, SPAN(NDR), NULL, MB);
		struct error err = { 0 };

		s->hostname = cases[i].hostname;
		for (size_t r = 0; cases[i].rcpts[r] != NULL; r++)
			submission_add_bytes(s, span_of(cases[i].rcpts[r]));
		admit_judge(s);
		cr_assert_eq(admit_store(s, store, &err), 0, "%s", err.text);
		for (size_t r = 0; r < s->rcpts_len; r++)
			cr_expect_eq(s->rcpts[r].copy, cases[i].copies[r], "case %zu, %zu: %d", i,
				     r, (int)s->rcpts[r].copy);
		cr_expect_eq(side_ask(side, "SELECT count(*) FROM message WHERE class = 'copy'"),
			     cases[i].all, "case %zu", i);
	}
}

Test(admit, a_copy_that_cannot_be_made_leaves_no_record_and_is_no_reason_to_set_aside)
{
	AUTO(bench_stopp) struct bench b;
	AUTO(store_closep) struct store *store = NULL;
	AUTO(side_closep) sqlite3 *side = NULL;
	AUTO(submission_freep) struct submission *s = NULL;
	struct error err = { 0 };

	bench_start(&b, COPIES);
	mail_init();
	store = store_make(b.folder);
	side = side_open(b.folder);
	side_run(side, "CREATE TRIGGER no BEFORE INSERT ON message WHEN NEW.class = 'copy'"
		       " BEGIN SELECT raise(ABORT, 'no'); END");
	s = judged(&b, SPAN(NDR), "a@x.example", NULL);
	s->hostname = "mx.example.org";
	cr_expect_eq(admit_store(s, store, &err), -1);
	cr_expect_eq(err.class, ERROR_TEMP);
	cr_expect_eq(side_ask(side, "SELECT count(*) FROM record"), 0);
	side_run(side, "DROP TRIGGER no");
	cr_expect_eq(admit_store(s, store, &err), 0);
	cr_expect_eq(side_ask(side, "SELECT count(*) FROM record"), 2);
}

/* ---- counting --------------------------------------------------------------------------- */

#define COUNTS(mode)                                                                               \
	"mode = \"" mode "\"; local_domains = \"example.org\";\n"                                  \
	"rules = ( { name = \"Once\"; limit = \"1/1h\"; per = \"address\"; } );\n"                 \
	"remote_domains = ( { name = \"All\"; domain = \"*\"; ndr = \"send\"; } );\n"

Test(admit, what_policy_leaves_to_be_counted_is_counted_where_it_is_stored)
{
	static const struct {
		const char *policy;
		enum record_state second;
		int64_t waiting;
	} cases[] = {
		{ COUNTS("enforce"), RECORD_HELD, 1 },
		{ COUNTS("observe"), RECORD_SENDING, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(bench_stopp) struct bench b;
		AUTO(store_closep) struct store *store = NULL;
		AUTO(side_closep) sqlite3 *side = NULL;
		AUTO(submission_freep) struct submission *s = NULL;
		struct error err = { 0 };

		bench_start(&b, cases[i].policy);
		store = store_make(b.folder);
		side = side_open(b.folder);
		s = submission_make(b.policy, b.folder, SPAN(NDR), "Bob@remote.example", MB);
		submission_add_bytes(s, SPAN("prvs=1=bob@Remote.example"));
		admit_judge(s);
		assert_record(&s->message.records[1], RECORD_SENDING, "send", "All.ndr");
		cr_assert_eq(admit_store(s, store, &err), 0, "%s", err.text);
		cr_expect_eq(s->message.records[0].became, RECORD_SENDING);
		cr_expect_eq(s->message.records[1].became, cases[i].second);
		cr_expect_str_eq(s->message.records[1].became_by, "Once");
		cr_expect_eq(side_ask(side, "SELECT count(*) FROM outbox"), cases[i].waiting);
		cr_expect_eq(side_ask(side, "SELECT count(*) FROM record"
					    " WHERE verdict = 'hold' AND rule = 'Once'"),
			     1);
	}
}

Test(admit, size_and_age_are_those_of_what_was_received)
{
	static const struct {
		const char *condition;
		bool holds;
	} cases[] = {
		{ "larger = \"100\";", true },
		{ "larger = \"10K\";", false },
		{ "older = \"1h\";", true }, /* received at 1000 s, see below */
		{ "older = \"2h\";", false },
	};
	static const char head[] = "Message-ID: <returned@remote.example>\r\n";
	AUTO(buffer_done) struct buffer dated = { 0 };
	static const char ndr[] = NDR;
	const char *at = strstr(ndr, head);

	buffer_add(&dated, ndr, (size_t)(at - ndr));
	buffer_add_str(&dated, "Date: Wed, 31 Dec 1969 22:50:00 +0000\r\n");
	buffer_add_str(&dated, at);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep)
		char *policy = xasprintf("local_domains = \"example.org\"; rules = ("
					 " { name = \"It\"; action = \"delete\"; %s } );\n",
					 cases[i].condition);
		AUTO(bench_stopp) struct bench b;
		AUTO(submission_freep) struct submission *s = NULL;

		bench_start(&b, policy);
		s = judged(&b, buffer_span(&dated), "a@remote.example", NULL);
		cr_expect_str_eq(s->message.records[0].rule, cases[i].holds ? "It" : "Default.ndr",
				 "%s", cases[i].condition);
	}
}
