/* test_record.c: one table of properties for people, programs and the manual. */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "review/output.h"
#include "review/record.h"

static const struct store_record sample = {
	.id = 17,
	.message = 3,
	.state = RECORD_HELD,
	.rcpt = { "a\x1b[2J\xFF@b.example", 16 },
	.class = "failed",
	.facts = "{\"class\":\"failed\",\"recipients\":[{\"status\":\"5.1.1\"}],"
		 "\"original\":{\"from\":\"Anna\",\"subject\":\"Offer\"}}",
	.subject = "Undelivered",
	.size_bytes = 2048,
	.received_at_ms = 1000000,
	.changed_at_ms = 1000000,
};

static const struct property *
property_named(const char *heading)
{
	for (const struct property *p = record_properties; p->get != NULL; p++)
		if (p->heading != NULL && strcmp(p->heading, heading) == 0)
			return p;
	return NULL;
}

static void
expect_cell(const struct record_view *view, const char *heading, const char *expected)
{
	AUTO(freep) char *text = property_text(property_named(heading), view, true);

	cr_assert_str_eq(text, expected);
}

Test(record, cells_of_the_list_are_safe_and_short)
{
	struct record_view view = view_of(&sample, 1000000 + 3 * CLOCK_DAY_MS);

	expect_cell(&view, "ID", "17");
	expect_cell(&view, "STATE", "held");
	expect_cell(&view, "AGE", "3d");
	expect_cell(&view, "RECIPIENT", "a\\x1b[2J\\xef\\xbf\\xbd@b.example");
	expect_cell(&view, "SUBJECT", "Offer");
	expect_cell(&view, "RULE", "");
	view_done(&view);
}

Test(record, json_leaves_out_what_is_not_known_and_repairs_what_is_ill_formed)
{
	struct record_view view = view_of(&sample, 0);
	json_t *object = record_to_json(&view);

	cr_assert_eq(json_integer_value(json_object_get(object, "id")), 17);
	cr_assert_str_eq(json_string_value(json_object_get(object, "recipient")),
			 "a\x1b[2J\xEF\xBF\xBD@b.example");
	cr_assert_str_eq(json_string_value(json_object_get(object, "received_at")),
			 "1970-01-01T00:16:40Z");
	cr_assert_str_eq(json_string_value(json_object_get(object, "status")), "5.1.1");
	cr_assert_str_eq(json_string_value(json_object_get(object, "original_from")), "Anna");
	cr_assert_null(json_object_get(object, "relay_reply"));
	cr_assert_null(json_object_get(object, "purged_at"));
	cr_assert_null(json_object_get(object, "truncated"));
	json_decref(object);
	view_done(&view);
}

Test(record, facts_that_are_absent_or_damaged_only_leave_gaps)
{
	static const char *const facts[] = { NULL, "", "{", "[]", "{\"recipients\":7}" };

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		struct store_record record = sample;
		struct record_view view;
		json_t *object;

		record.facts = facts[i];
		view = view_of(&record, 0);
		object = record_to_json(&view);
		cr_assert_null(json_object_get(object, "status"));
		expect_cell(&view, "SUBJECT", "Undelivered");
		json_decref(object);
		view_done(&view);
	}
}

Test(record, no_json_name_is_used_twice_and_all_are_in_the_manual)
{
	AUTO(freep) char *path = NULL;
	AUTO(buffer_done) struct buffer manual = { 0 };
	struct error err = { 0 };

	path = xasprintf("%s/man/ndrq.1", getenv("top_srcdir"));
	cr_assert_eq(file_read(path, 1 << 20, &manual, &err), 0, "%s", err.text);
	for (const struct property *p = record_properties; p->get != NULL; p++) {
		AUTO(freep) char *own = NULL, *first = NULL, *later = NULL;

		if (p->json == NULL)
			continue;
		own = xasprintf("\n.It Li %s\n", p->json);
		first = xasprintf("\n.It Li %s ,", p->json);
		later = xasprintf(" , %s", p->json);
		cr_assert(strstr(manual.data, own) != NULL || strstr(manual.data, first) != NULL ||
				  strstr(manual.data, later) != NULL,
			  "ndrq(1) does not name %s", p->json);
		for (const struct property *q = p + 1; q->get != NULL; q++)
			cr_assert(q->json == NULL || strcmp(p->json, q->json) != 0, "%s", p->json);
	}
}

Test(record, ages_are_in_the_units_that_options_read)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ -5, "0s" },
		{ 0, "0s" },
		{ 119999, "119s" },
		{ 2 * CLOCK_MINUTE_MS, "2m" },
		{ 119 * CLOCK_MINUTE_MS, "119m" },
		{ 2 * CLOCK_HOUR_MS, "2h" },
		{ 47 * CLOCK_HOUR_MS, "47h" },
		{ 2 * CLOCK_DAY_MS, "2d" },
		{ 4000 * CLOCK_DAY_MS, "4000d" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[AGE_SIZE];
		int64_t back;

		cr_assert_str_eq(format_age(cases[i].ms, out), cases[i].text);
		cr_assert_eq(clock_parse_span(out, &back, NULL), 0);
	}
}

Test(record, sizes_are_whole_or_have_two_digits)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0B" },           { 1023, "1023B" },        { 1024, "1.0K" },
		{ 12 * 1024, "12K" },  { 3500000, "3.3M" },      { INT64_C(50) << 20, "50M" },
		{ INT64_MAX, "8.0E" }, { 10 * 1024 - 1, "10K" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[BYTES_SIZE];

		cr_assert_str_eq(format_bytes(cases[i].bytes, out), cases[i].text);
	}
}

Test(record, a_locale_that_is_not_utf8_sees_only_ascii)
{
	AUTO(freep) char *plain = NULL, *wide = NULL;

	plain = text_for_people(SPAN("M\xC3\xBCller"));
	cr_assert_str_eq(plain, "M\\xc3\\xbcller");
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return;
	wide = text_for_people(SPAN("M\xC3\xBCller \xC2\x9B"));
	cr_assert_str_eq(wide, "M\xC3\xBCller \\x9b");
}
