/* test_address.c: mailboxes as reports and headers write them. */
#include "tests/unit/facts/support.h"

#include "facts/address.h"

struct address_case {
	const char *text, *address;
};

static void
check(const struct address_case *cases, size_t len, char *(*read)(struct span))
{
	for (size_t i = 0; i < len; i++) {
		AUTO(freep) char *have = read(span_of(cases[i].text));

		cr_expect(same(have, cases[i].address), "%s: %s", cases[i].text,
			  have != NULL ? have : "(none)");
	}
}
#define CHECK(cases, read) check(cases, sizeof(cases) / sizeof(cases[0]), read)

Test(facts_address, a_reports_recipient_loses_type_brackets_and_encoding)
{
	static const struct address_case cases[] = {
		{ "rfc822; a@b.example", "a@b.example" },
		{ "rfc822;a@b.example", "a@b.example" },
		{ "RFC822 ; <a@b.example>", "a@b.example" },
		{ "a@b.example", "a@b.example" },
		{ "rfc822; a@b.example (Name)", "a@b.example" },
		{ "rfc822;\r\n a@b.example", "a@b.example" },
		{ "rfc822; \"two words\"@b.example", "\"two words\"@b.example" },
		{ "rfc822; \"a<b>\"@b.example", "\"a<b>\"@b.example" },
		{ "rfc822; local", "local" },
		{ "rfc/822; a@b.example", "a@b.example" },
		{ "x400; /c=de/o=x/", "/c=de/o=x/" },
		{ "rfc822;", NULL },
		{ "", NULL },
		{ "rfc822; <>", NULL },
		/* RFC 3461 4: undone where it was meant */
		{ "rfc822;bob+2Btag@b.example", "bob+tag@b.example" },
		{ "rfc822;a+3Db@b.example", "a=b@b.example" },
		{ "rfc822;\"a+20b\"@b.example", "\"a b\"@b.example" },
		{ "rfc822;j+C3+BCrgen@b.example", "j\xC3\xBCrgen@b.example" },
		/* and left alone where it was not */
		{ "rfc822;john+20@b.example", "john+20@b.example" },
		{ "rfc822;john+tag@b.example", "john+tag@b.example" },
		{ "rfc822;john+CA@b.example", "john+CA@b.example" },
		{ "rfc822;john+2b@b.example", "john+2b@b.example" },
		{ "rfc822;john+2B+x@b.example", "john+2B+x@b.example" },
		{ "rfc822;john+0A@b.example", "john+0A@b.example" },
		{ "rfc822;a@b.example+", "a@b.example+" },
		/* RFC 6533 3 */
		{ "utf-8; \\x{43D}\\x{435}\\x{442}@b.example", "нет@b.example" },
		{ "utf-8; нет@b.example", "нет@b.example" },
		{ "utf-8; a\\x{2B}b@b.example", "a+b@b.example" },
		{ "utf-8; a\\x{D800}@b.example", "a\\x{D800}@b.example" },
		{ "utf-8; a\\x{0}@b.example", "a\\x{0}@b.example" },
		{ "utf-8; a\\x{110000}@b.example", "a\\x{110000}@b.example" },
		{ "utf-8; a\\x{", "a\\x{" },
		{ "utf-8; \\x{1F4E7}@b.example", "\xF0\x9F\x93\xA7@b.example" },
	};

	CHECK(cases, address_from_report);
}

Test(facts_address, a_path_loses_its_brackets_and_route)
{
	static const struct address_case cases[] = {
		{ "<a@b.example>", "a@b.example" },
		{ "<>", "" },
		{ "< >", "" },
		{ "a@b.example", "a@b.example" },
		{ "Name <a@b.example>", "a@b.example" },
		{ "\"A < B\" <a@b.example>", "a@b.example" },
		{ "(a <c>) a@b.example", "(a <c>) a@b.example" },
		{ "<@x.example,@y.example:a@b.example>", "a@b.example" },
		{ "<a@b.example", "a@b.example" },
		{ "<<a@b.example>>", "a@b.example" },
		{ "", NULL },
	};

	CHECK(cases, address_from_path);
}

Test(facts_address, a_list_with_one_mailbox_gives_it_and_any_other_gives_none)
{
	static const struct address_case cases[] = {
		{ "a@b.example", "a@b.example" },
		{ "Name <a@b.example>", "a@b.example" },
		{ "\"Last, First\" <a@b.example>", "a@b.example" },
		{ "a@b.example (one, two)", "a@b.example" },
		{ "a@b.example,\r\n c@d.example", NULL },
		{ "undisclosed-recipients:;", NULL },
		{ "nobody", NULL },
		{ "", NULL },
		{ "\"unclosed <a@b.example>", "\"unclosed <a@b.example>" },
	};

	CHECK(cases, address_single);
}
