/* test_put.c: what is taken in, once, and what comes back. */
#include "tests/unit/store/fixture.h"

#include <string.h>

#include "store/answers.h"

static int
is_whole(const struct store_record *r, void *ctx)
{
	(void)ctx;
	cr_assert(span_equal(r->rcpt, SPAN("a@b.example")));
	cr_assert_str_eq(r->domain, "b.example");
	cr_assert_str_eq(r->orcpt, "rfc822;a@b.example");
	cr_assert_str_eq(r->notify, "NEVER");
	cr_assert_str_eq(r->verdict, "send");
	cr_assert_str_eq(r->rule, "Default");
	cr_assert_str_eq(r->policy_revision, "r1");
	cr_assert_str_eq(r->intake, "maildir");
	cr_assert_str_eq(r->class, "failed");
	cr_assert_str_eq(r->facts, "{\"class\":\"failed\"}");
	cr_assert_str_eq(r->subject, "Undelivered");
	cr_assert_str_eq(r->message_id, "<n@x>");
	cr_assert_str_eq(r->original_message_id, "<o@y>");
	cr_assert_str_eq(r->mail_body, "8BITMIME");
	cr_assert_str_eq(r->ret, "HDRS");
	cr_assert_str_eq(r->envid, "QQ1");
	cr_assert_null(r->relay_reply);
	cr_assert_null(r->release_to);
	cr_assert(r->smtputf8 && r->truncated);
	cr_assert_str_eq(r->route, STORE_ROUTE_SUBMIT);
	cr_assert_str_eq(r->proof, "forged");
	cr_assert(r->no_diagnostics);
	cr_assert_str_eq(r->returned, "headers");
	cr_assert_str_eq(r->error_code, "0xC00402C7");
	cr_assert_eq(r->state, RECORD_HELD);
	cr_assert_eq(r->size_bytes, 1234);
	cr_assert_eq(r->received_at_ms, 777);
	cr_assert_eq(r->changed_at_ms, 777);
	cr_assert_eq(r->purged_at_ms + r->loop_of + r->attempts, 0);
	return 0;
}

Test(put, what_was_put_reads_back_field_by_field)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t id;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	l.records[0].orcpt = "rfc822;a@b.example";
	l.records[0].notify = "NEVER";
	l.records[0].verdict = "send";
	l.message.policy_revision = "r1";
	l.message.intake = "maildir";
	l.message.facts = "{\"class\":\"failed\"}";
	l.message.subject = "Undelivered";
	l.message.message_id = "<n@x>";
	l.message.original_message_id = "<o@y>";
	l.message.mail_body = "8BITMIME";
	l.message.ret = "HDRS";
	l.message.envid = "QQ1";
	l.message.smtputf8 = l.message.truncated = true;
	l.records[0].route = STORE_ROUTE_SUBMIT;
	l.records[0].proof = "forged";
	l.records[0].no_diagnostics = true;
	l.records[0].returned = "headers";
	l.message.error_code = "0xC00402C7";
	l.message.size_bytes = 1234;
	l.message.received_at_ms = 777;
	id = put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_NEW);
	struct error e = { 0 };
	cr_assert_eq(store_get(f.store, id, is_whole, NULL, &e), 1, "%s", e.text);
	check_invariants(f.store);
}

Test(put, one_message_has_one_body_and_a_record_a_recipient)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	letter_add(&l, "c@d.example");
	letter_add(&l, "e@f.example");
	put(f.store, &l);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM message"), 1);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM body"), 1);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 3);
	cr_assert(l.records[0].id < l.records[1].id && l.records[1].id < l.records[2].id);
}

Test(put, bodies_of_any_size_and_bytes_read_back_byte_for_byte)
{
	static const size_t sizes[] = { 0, 1, 4096, 65536, 65537, 1000003, 50 << 20 };
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (uint8_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		AUTO(freep) char *body = xmalloc(sizes[i]);
		AUTO(buffer_done) struct buffer back = { 0 };
		struct letter l;

		for (size_t k = 0; k < sizes[i]; k++)
			body[k] = (char)(k * 31 + k / 251);
		letter_init(&l, i, "a@b.example");
		l.message.body = (struct span){ sizes[i] > 0 ? body : NULL, sizes[i] };
		read_body(f.store, put(f.store, &l), &back);
		cr_assert_eq(back.len, sizes[i]);
		cr_assert(sizes[i] == 0 || memcmp(back.data, body, sizes[i]) == 0);
	}
}

Test(put, a_recipient_may_be_any_bytes_when_it_is_held)
{
	static const struct span rcpts[] = { SPAN("\0\xff\r\n no address"), SPAN(""),
					     SPAN("a\0b@c") };
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	for (uint8_t i = 0; i < 3; i++) {
		struct letter l;

		letter_init(&l, i, "x");
		l.records[0].rcpt = rcpts[i];
		put(f.store, &l);
		l.message.sha256[0] = (uint8_t)(100 + i);
		l.records[0].state = RECORD_SENDING;
		REFUSED(ERROR_PERM, store_put(f.store, &l.message, &err));
	}
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 3);
}

Test(put, the_same_bytes_to_the_same_recipient_are_a_redelivery)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t id;

	fixture_start(&f);
	id = put_held(f.store, 1, "a@b.example");
	letter_init(&l, 1, "a@b.example");
	cr_assert_eq(put(f.store, &l), id);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM message"), 1);
	letter_init(&l, 2, "a@b.example"); /* other bytes */
	cr_assert_neq(put(f.store, &l), id);
	letter_init(&l, 1, "A@b.example"); /* another recipient: bytes are compared */
	cr_assert_neq(put(f.store, &l), id);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_NEW);
}

Test(put, an_unknown_recipient_is_recognised_too)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t id;

	fixture_start(&f);
	id = put_held(f.store, 1, "");
	letter_init(&l, 1, "");
	cr_assert_eq(put(f.store, &l), id);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
}

Test(put, the_same_recipient_twice_in_a_message_is_one_record)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	letter_add(&l, "a@b.example");
	l.records[0].state = l.records[1].state = RECORD_SENDING;
	put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_NEW);
	cr_assert_eq(l.records[1].outcome, STORE_PUT_REDELIVERED);
	cr_assert_eq(l.records[0].id, l.records[1].id);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 1);
}

Test(put, a_redelivery_to_more_recipients_adds_only_the_new_ones)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t id;

	fixture_start(&f);
	id = put_held(f.store, 1, "a@b.example");
	letter_init(&l, 1, "c@d.example");
	letter_add(&l, "a@b.example");
	put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_NEW);
	cr_assert_eq(l.records[1].outcome, STORE_PUT_REDELIVERED);
	cr_assert_eq(l.records[1].id, id);
	check_invariants(f.store);
}

Test(put, after_thirty_days_the_same_bytes_are_new)
{
	static const struct {
		int64_t later_ms;
		enum store_put_outcome outcome;
	} cases[] = { { 30 * DAY - 1, STORE_PUT_REDELIVERED }, { 30 * DAY, STORE_PUT_NEW } };
	AUTO(fixture_done) struct fixture f = { 0 };

	fixture_start(&f);
	put_held(f.store, 1, "a@b.example");
	for (size_t i = 0; i < 2; i++) {
		struct letter l;

		letter_init(&l, 1, "a@b.example");
		l.message.received_at_ms += cases[i].later_ms;
		put(f.store, &l);
		cr_assert_eq(l.records[0].outcome, cases[i].outcome);
	}
}

Test(put, what_this_run_sent_on_comes_back_as_a_held_loop)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t sent;

	fixture_start(&f);
	sent = put_sent(f.store, 1, "a@b.example");
	letter_init(&l, 1, "a@b.example");
	l.records[0].state = RECORD_SENDING;
	put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_LOOP);
	cr_assert_eq(l.records[0].loop_of, sent);
	cr_assert_neq(l.records[0].id, sent);
	cr_assert_eq(state_of(f.store, l.records[0].id), RECORD_HELD);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM outbox"), 0);
	cr_assert_eq(ask(f.store, "SELECT rule = 'loop' AND loop_of = 1 FROM record WHERE id = 2"),
		     1);
	put(f.store, &l); /* and the loop delivered again is that same record */
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
	check_invariants(f.store);
}

Test(put, what_is_still_on_its_way_or_failed_is_redelivered)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	struct store_lease lease;
	size_t len;

	fixture_start(&f);
	put_sending(f.store, 1, "a@b.example");
	letter_init(&l, 1, "a@b.example");
	put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
	OK(store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 1000, 1, &lease, &len, &err));
	finish(f.store, lease.record, STORE_DELIVERY_REFUSED, 2000);
	store_lease_done(&lease);
	put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
}

Test(put, what_an_earlier_run_sent_on_is_a_redelivery)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t sent;

	fixture_start(&f);
	sent = put_sent(f.store, 1, "a@b.example");
	fixture_restart(&f);
	letter_init(&l, 1, "a@b.example");
	cr_assert_eq(put(f.store, &l), sent);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
}

Test(put, a_lost_answer_makes_a_redelivery_of_what_was_sent)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t sent;

	fixture_start(&f);
	sent = put_sent(f.store, 1, "a@b.example");
	store_answer_lost(f.store, &sent, 1);
	letter_init(&l, 1, "a@b.example");
	cr_assert_eq(put(f.store, &l), sent);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
}

Test(put, when_lost_answers_were_forgotten_doubt_is_a_redelivery)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	int64_t sent;

	fixture_start(&f);
	sent = put_sent(f.store, 1, "a@b.example");
	for (int64_t id = 1000; id < 1000 + 2 * ANSWERS_MAX; id++)
		store_answer_lost(f.store, &id, 1);
	letter_init(&l, 1, "a@b.example");
	cr_assert_eq(put(f.store, &l), sent);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
}

Test(put, a_true_trace_line_is_a_loop_and_a_forged_one_is_not)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;
	struct store_lease lease;
	struct store_trace traces[2] = { { .record = 77 }, { .record = 1 } };
	size_t len;

	fixture_start(&f);
	put_sending(f.store, 1, "a@b.example");
	OK(store_outbox_lease(f.store, STORE_ROUTE_RELEASE, 1000, 1, &lease, &len, &err));
	letter_init(&l, 2, "z@y.example");
	l.message.traces = traces;
	l.message.traces_len = 2;
	put(f.store, &l); /* token all zero */
	cr_assert_eq(l.records[0].outcome, STORE_PUT_NEW);
	letter_init(&l, 3, "z@y.example");
	memcpy(traces[1].token, lease.token, STORE_TOKEN_BYTES);
	l.message.traces = traces;
	l.message.traces_len = 2;
	l.records[0].state = RECORD_SENDING;
	put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_LOOP);
	cr_assert_eq(l.records[0].loop_of, 1);
	cr_assert_eq(state_of(f.store, l.records[0].id), RECORD_HELD);
	put(f.store, &l);
	cr_assert_eq(l.records[0].outcome, STORE_PUT_REDELIVERED);
	store_lease_done(&lease);
}

Test(put, a_message_the_schema_refuses_leaves_nothing_behind)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	letter_add(&l, "c@d.example");
	l.message.records = l.records;
	l.records[1].rule = NULL;
	REFUSED(ERROR_PERM, store_put(f.store, &l.message, &err));
	cr_assert_eq(l.records[0].id, 0);
	OK(store_begin(f.store, &err));
	put_held(f.store, 2, "e@f.example");
	REFUSED(ERROR_PERM, store_put(f.store, &l.message, &err));
	OK(store_commit(f.store, &err));
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM message"), 1);
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM record"), 1);
	l.message.records_len = 0;
	REFUSED(ERROR_PERM, store_put(f.store, &l.message, &err));
	check_invariants(f.store);
}

Test(put, a_policy_is_kept_once_with_its_text)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct letter l;

	fixture_start(&f);
	letter_init(&l, 1, "a@b.example");
	l.message.policy_revision = "r1"; /* named before its text is known */
	put(f.store, &l);
	OK(store_put_policy(f.store, "r1", SPAN("mode = 1;"), false, 5, &err));
	OK(store_put_policy(f.store, "r1", SPAN("other"), false, 6, &err));
	OK(store_put_policy(f.store, "r2", SPAN(""), false, 7, &err));
	cr_assert_eq(ask(f.store, "SELECT count(*) FROM policy"), 2);
	cr_assert_eq(ask(f.store, "SELECT CAST(text AS TEXT) = 'mode = 1;' FROM policy"
				  " WHERE revision = 'r1'"),
		     1);
	cr_assert_eq(ask(f.store, "SELECT observes FROM policy WHERE revision = 'r1'"), 0);
	tell(f.store, "UPDATE policy SET observes = NULL"); /* by an earlier version */
	OK(store_put_policy(f.store, "r1", SPAN("mode = 1;"), true, 8, &err));
	cr_assert_eq(ask(f.store, "SELECT observes FROM policy WHERE revision = 'r1'"), 1);
}

Test(put, tokens_are_random_and_ids_are_never_used_again)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t id;

	fixture_start(&f);
	put_held(f.store, 1, "a@b.example");
	id = put_held(f.store, 2, "a@b.example");
	cr_assert_eq(ask(f.store, "SELECT count(DISTINCT token) FROM record"), 2);
	tell(f.store, "DELETE FROM body; DELETE FROM record; DELETE FROM message");
	cr_assert_gt(put_held(f.store, 1, "a@b.example"), id);
}

Test(answers, an_id_is_remembered_until_as_many_others_came)
{
	AUTO(answers_freep) struct answers *a = answers_new();

	cr_assert_not(answers_maybe_has(a, 5));
	for (int64_t id = 1; id < ANSWERS_MAX; id++)
		answers_add(a, id * 7);
	for (int64_t id = 1; id < ANSWERS_MAX; id++)
		cr_assert(answers_maybe_has(a, id * 7));
	cr_assert_not(answers_maybe_has(a, 1));
	answers_add(a, ANSWERS_MAX * 7);
	cr_assert(answers_maybe_has(a, 1), "1 may have been forgotten");
	cr_assert(answers_maybe_has(a, ANSWERS_MAX * 7));
	cr_assert_not(answers_maybe_has(a, ANSWERS_MAX * 7 + 1));
}
