/* test_place.c: which addresses of a text are recipients, and how surely. */
#include "tests/unit/facts/support.h"

#include "facts/place.h"

static const struct {
	const char *before; /* the line before; "" a blank one */
	const char *line, *address;
	enum place place;
} cases[] = {
	{ "", "a@b.example", "a@b.example", PLACE_LISTED },
	{ "", "  <a@b.example>", "a@b.example", PLACE_LISTED },
	{ "text", "<a@b.example>: why", "a@b.example", PLACE_LISTED },
	{ "text", "  * a@b.example", "a@b.example", PLACE_LISTED },
	{ "failed:", "a@b.example (unknown)", "a@b.example", PLACE_LISTED },
	{ "text", "Recipient: <a@b.example>", "a@b.example", PLACE_LISTED },
	{ "text", "  Recipient: [SMTP:a@b.example]", "a@b.example", PLACE_LISTED },
	{ "text", "c=US;dda:SMTP=a@b.example; on", "a@b.example", PLACE_LISTED },
	{ "text", "failed: 'a@b.example',", "a@b.example", PLACE_LISTED },
	{ "text", ">>> RCPT To:<a@b.example>", "a@b.example", PLACE_SMTP },
	{ "text", "<<< 550 5.1.1 <a@b.example>... no", "a@b.example", PLACE_SMTP },
	{ "text", "your mail to <a@b.example> was lost", "a@b.example", PLACE_SENTENCE },
	{ "text", "addressed to 'a@b.example', failed", "a@b.example", PLACE_SENTENCE },
	{ "text", "    (generated from a@b.example)", "a@b.example", PLACE_ORIGIN },
	{ "text (expanded from", "    <a@b.example>): no", "a@b.example", PLACE_ORIGIN },
	{ "text", "To: a@b.example", "a@b.example", PLACE_LABEL_TO },
	{ "text", "From: a@b.example", "a@b.example", PLACE_NONE },
	{ "text", ">>> MAIL From:<a@b.example>", "a@b.example", PLACE_NONE },
	{ "text", "please contact <a@b.example>", "a@b.example", PLACE_NONE },
	{ "text", "System Contact: a@b.example", "a@b.example", PLACE_NONE },
	{ "text", "see a@b.example for more", "a@b.example", PLACE_NONE },
	{ "text", "\"two words\"@b.example:", "\"two words\"@b.example", PLACE_LISTED },
	{ "", "нет@пример.example", "нет@пример.example", PLACE_LISTED },
};

Test(facts_place, the_words_before_an_address_say_what_it_is)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span line = span_of(cases[i].line), address;
		struct place_context context = { 0 };
		AUTO(freep) char *have = NULL;
		size_t at = 0;

		place_pass_line(&context, span_of(cases[i].before), false);
		cr_assert(place_next_address(line, &at, &address), "%s", cases[i].line);
		have = span_dup(address);
		cr_expect_str_eq(have, cases[i].address, "%s: %s", cases[i].line, have);
		cr_expect_eq(place_of(&context, line, address, false), cases[i].place, "%s: %d",
			     cases[i].line, (int)place_of(&context, line, address, false));
		cr_expect_not(place_next_address(line, &at, &address), "%s", cases[i].line);
	}
}

Test(facts_place, what_is_no_address_is_passed_over)
{
	static const char *const lines[] = {
		"", "@", "a@", "@b.example", "a@b", "a@.", "a @ b.example", "\"@b.example"
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct span address;
		size_t at = 0;

		cr_expect_not(place_next_address(span_of(lines[i]), &at, &address), "%s", lines[i]);
	}
}
