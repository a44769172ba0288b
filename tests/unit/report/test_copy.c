/* test_copy.c: what a copy says, what is in it, and when there is none. */
#include "tests/unit/store/fixture.h"

#include <string.h>

#include "report/copy.h"
#include "report/mail.h"
#include "store/copy.h"

#define HOUR INT64_C(3600000)

static struct facts_recipient recipient = { .final = (char *)"bob@example.org",
					    .status = (char *)"5.1.1",
					    .diagnostic = (char *)"550 no \x1b[31m such\r\n user" };
static const struct facts facts = { .class = FACTS_FAILED,
				    .recipients = &recipient,
				    .recipients_len = 1,
				    .original = { .from = (char *)"Anna <anna@x.example>" } };

static int
copy(struct store *store, int64_t record, int64_t now_ms, int64_t max, struct span body,
     int64_t *ret_copy)
{
	const struct copy_request request = { .record = record,
					      .state = RECORD_HELD,
					      .rule = "Default",
					      .rcpt = SPAN("anna@x.example"),
					      .facts = &facts,
					      .body = body,
					      .to = "postmaster@example.org",
					      .hostname = "mx.example.org",
					      .now_ms = now_ms,
					      .max = max,
					      .window_ms = HOUR };
	struct error err = { 0 };

	mail_init();
	return copy_put(store, &request, ret_copy, &err);
}

static const struct span small = { "Subject: a\r\n\r\nb\r\n", 17 };

static int
check_record(const struct store_record *r, void *ctx)
{
	(void)ctx;
	cr_expect_str_eq(r->class, "copy");
	cr_expect_str_eq(r->rule, "copy");
	cr_expect_str_eq(r->route, STORE_ROUTE_SUBMIT);
	cr_expect_str_eq(r->intake, "ndrq");
	cr_expect_eq(r->state, RECORD_SENDING);
	cr_expect_eq(r->copy_of, 1);
	cr_expect(span_equal(r->rcpt, SPAN("postmaster@example.org")));
	cr_expect_str_eq(r->subject, "NDR 1 held: 5.1.1, anna@x.example");
	cr_expect_str_eq(r->message_id, "<copy.1.5000@mx.example.org>");
	cr_expect_null(r->domain);
	return 0;
}

Test(copy, it_is_a_record_of_its_own_that_waits_for_the_submit_route)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer body = { 0 };
	int64_t id = 0;

	fixture_start(&f);
	put_held(f.store, 1, "anna@x.example");
	cr_assert_eq(copy(f.store, 1, 5000, 1, small, &id), 1);
	cr_assert_eq(id, 2);
	OK(store_get(f.store, id, check_record, NULL, &err));
	cr_expect_eq(
		ask(f.store, "SELECT count(*) FROM outbox WHERE record = 2 AND route = 'submit'"),
		1);
	read_body(f.store, id, &body);
	cr_expect_not_null(strstr(body.data, "was held, by the rule Default.\r\n"), "%s",
			   body.data);
	cr_expect_not_null(
		strstr(body.data, "cause       5.1.1 bad destination mailbox address\r\n"));
	cr_expect_not_null(strstr(body.data, "550 no \\x1b[31m such\\x0d\\x0a user\r\n"));
	cr_expect_not_null(strstr(body.data, "ndrq release 1\r\n"));
	cr_expect_not_null(strstr(body.data, "\r\n\r\nSubject: a\r\n\r\nb\r\n"));
	check_invariants(f.store);
}

Test(copy, there_are_no_more_than_the_limit_in_its_time)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	static const struct {
		int64_t now_ms;
		int made;
	} cases[] = {
		{ 1, 1 },        { 2, 1 },        { 3, 0 },        { HOUR, 0 },
		{ HOUR + 1, 1 }, { HOUR + 1, 0 }, { HOUR + 2, 1 },
	};
	int64_t id, held[7];

	fixture_start(&f);
	for (uint8_t i = 0; i < 7; i++)
		held[i] = put_held(f.store, i, "anna@x.example");
	for (size_t i = 0; i < 7; i++)
		cr_expect_eq(copy(f.store, held[i], cases[i].now_ms, 2, small, &id), cases[i].made,
			     "case %zu", i);
	cr_expect_eq(ask(f.store, "SELECT count(*) FROM journal WHERE why = '" STORE_COPY_LEFT_OUT
				  "' AND from_state = 'held'"),
		     3);
	check_invariants(f.store);
}

Test(copy, the_limit_survives_a_restart_and_a_rollback_takes_its_count_along)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	int64_t id;

	fixture_start(&f);
	put_held(f.store, 1, "anna@x.example");
	OK(store_begin(f.store, &err));
	cr_expect_eq(copy(f.store, 1, 5000, 1, small, &id), 1);
	store_rollback(f.store);
	cr_expect_eq(copy(f.store, 1, 5000, 1, small, &id), 1);
	fixture_restart(&f);
	cr_expect_eq(copy(f.store, 1, 5000, 1, small, &id), 0);
}

Test(copy, of_what_is_large_there_is_the_header_alone)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer large = { 0 }, body = { 0 };
	int64_t id;

	fixture_start(&f);
	put_held(f.store, 1, "anna@x.example");
	buffer_add_str(&large, "Subject: large\r\nX-Last: field\r\n\r\nsecret\r\n");
	while (large.len <= COPY_WHOLE_MAX)
		buffer_add_str(&large, "0123456789012345678901234567890123456789\r\n");
	cr_assert_eq(copy(f.store, 1, 5000, 1, buffer_span(&large), &id), 1);
	read_body(f.store, id, &body);
	cr_expect_lt(body.len, 5000);
	cr_expect_not_null(strstr(body.data, "Content-Type: text/rfc822-headers"));
	cr_expect_not_null(strstr(body.data, "\r\n\r\nSubject: large\r\nX-Last: field\r\n"));
	cr_expect_null(strstr(body.data, "secret"));
}

Test(copy, a_header_without_end_is_cut_at_a_line)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(buffer_done) struct buffer large = { 0 }, body = { 0 };
	int64_t id;

	fixture_start(&f);
	put_held(f.store, 1, "anna@x.example");
	while (large.len <= COPY_WHOLE_MAX)
		buffer_add_str(&large, "X-Field: 0123456789012345678901234567890123456789\r\n");
	cr_assert_eq(copy(f.store, 1, 5000, 1, buffer_span(&large), &id), 1);
	read_body(f.store, id, &body);
	cr_expect_lt(body.len, 70000);
	cr_expect_not_null(strstr(body.data, "0123456789\r\n\r\n--"));
}
