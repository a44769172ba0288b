/* test_status.c: reasons in what servers say, and numbers that are none. */
#include "tests/unit/facts/support.h"

#include "facts/codes.h"
#include "facts/status.h"

static const struct {
	const char *text, *status; /* NULL: none */
	int reply;
} cases[] = {
	{ "550 5.1.1 User unknown", "5.1.1", 550 },
	{ "550-5.7.26 Unauthenticated", "5.7.26", 550 },
	{ "550: 5.1.1 <a@b> no", "5.1.1", 550 },
	{ "550 #5.1.0 Address rejected", "5.1.0", 550 },
	{ "said: 552 5.2.2 over quota", "5.2.2", 552 },
	{ "Sorry, no mailbox here by that name. (#5.1.1)", "5.1.1", 0 },
	{ "Status: 5.0.0 (permanent failure)", "5.0.0", 0 },
	{ "reply 5.2.3 then 554 5.7.1 blocked", "5.7.1", 554 },
	{ "first 4.4.1, then 5.4.7", "4.4.1", 0 },
	{ "version 5.5.2653.19", NULL, 0 },
	{ "from 5.4.3.2", NULL, 0 },
	{ "qmail-4.0.1 at work", NULL, 0 },
	{ "host 5.1.1.example.org", NULL, 0 },
	{ "v5.1.1", NULL, 0 },
	{ "5.1", NULL, 0 },
	{ "5.1.1234", NULL, 0 },
	{ "5384741 characters", NULL, 0 },
	{ "550 User unknown", NULL, 550 },
	{ "Remote host said: 550 no", NULL, 550 },
	{ "SMTP error code 554", NULL, 554 },
	{ "after 550 attempts", NULL, 0 },
	{ "(reason: 550 Host unknown)", NULL, 550 },
	{ "<<< 421 go away", NULL, 421 },
	{ "250 2.1.5 ok", NULL, 0 },
	{ "", NULL, 0 },
};

Test(facts_status, codes_are_found_where_they_are_codes)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span code;
		bool found = status_find(span_of(cases[i].text), &code) &&
			     (code.data[0] != '2' || cases[i].status != NULL);
		AUTO(freep) char *have = found ? span_dup(code) : NULL;

		cr_expect(same(have, cases[i].status), "%s: %s", cases[i].text, have);
		cr_expect_eq(status_find_reply(span_of(cases[i].text)), cases[i].reply, "%s: %d",
			     cases[i].text, status_find_reply(span_of(cases[i].text)));
	}
}

Test(facts_status, every_registered_code_is_explained_in_every_class)
{
	for (size_t i = 0; i < facts_codes_len; i++)
		for (const char *class = "245"; *class != '\0'; class ++) {
			AUTO(freep)
			char *code = xasprintf("%c.%d.%d", *class, facts_codes[i].subject,
					       facts_codes[i].detail);
			struct facts_explanation e;

			cr_assert_eq(facts_explain(code, &e), 1, "%s", code);
			cr_expect(e.exact && e.known == &facts_codes[i], "%s", code);
			cr_expect(strlen(e.known->meaning) > 0 && strlen(e.known->causes) > 0 &&
				  strlen(e.known->advice) > 0);
		}
}

/* IANA "Simple Mail Transfer Protocol (SMTP) Enhanced Status Codes": the last detail of each
 * subject. */
Test(facts_status, the_registry_is_whole)
{
	static const int last[] = { 0, 10, 4, 5, 7, 6, 10, 30 };
	size_t n = 0;

	for (int subject = 0; subject < 8; subject++)
		for (int detail = 0; detail <= last[subject]; detail++, n++) {
			cr_assert_lt(n, facts_codes_len);
			cr_expect_eq(facts_codes[n].subject, subject, "%d.%d", subject, detail);
			cr_expect_eq(facts_codes[n].detail, detail, "%d.%d", subject, detail);
		}
	cr_assert_eq(n, facts_codes_len);
}

Test(facts_status, every_code_of_exchange_is_explained)
{
	static const char *const codes[] = { "4.3.1", "4.3.2", "4.4.1", "4.4.2", "4.4.6", "4.4.7",
					     "5.0.0", "5.1.0", "5.1.1", "5.1.3", "5.1.4", "5.2.1",
					     "5.2.3", "5.3.3", "5.3.5", "5.4.0", "5.4.4", "5.4.6",
					     "5.4.8", "5.5.0", "5.5.2", "5.5.3", "5.7.1" };

	cr_assert_eq(facts_exchange_codes_len, sizeof(codes) / sizeof(codes[0]));
	for (size_t i = 0; i < facts_exchange_codes_len; i++) {
		struct facts_explanation e;

		cr_assert_eq(facts_explain(codes[i], &e), 1);
		cr_assert_not_null(e.exchange, "%s", codes[i]);
	}
}

Test(facts_status, unregistered_and_foreign_codes_are_told_apart)
{
	struct facts_explanation e;

	cr_assert_eq(facts_explain("5.7.99", &e), 1);
	cr_assert_not(e.exact);
	cr_assert_eq(e.known->subject, 7);
	cr_assert_eq(facts_explain("4.9.1", &e), 1);
	cr_assert_eq(e.known->subject, 0);
	cr_assert_eq(facts_explain("553", &e), 1);
	cr_assert_str_eq(e.code, "5.1.3");
	for (size_t i = 0; i < 6; i++) {
		static const char *const none[] = { "", "5", "5.1", "3.1.1", "250", "5.1.1x" };

		cr_expect_eq(facts_explain(none[i], &e), 0, "%s", none[i]);
	}
}
