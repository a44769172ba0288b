/* test_address.c: what --to takes. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "review/address.h"

Test(address, what_may_stand_in_rcpt_to_is_taken)
{
	static const char *const good[] = { "a@b.example",
					    "a.b+c=d@b.example",
					    "\"a b@c\"@d.example",
					    "\"a\\\"b\"@d.example",
					    "m\xC3\xBCller@b\xC3\xBC.example",
					    "a@[192.0.2.1]",
					    "a@[IPv6:2001:db8::1]",
					    "a@localhost" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct error err = { 0 };

		cr_assert_eq(address_check(good[i], &err), 0, "%s: %s", good[i], err.text);
	}
}

Test(address, what_could_change_the_dialogue_or_is_a_slip_is_refused)
{
	static const char *const bad[] = { "",
					   "a",
					   "@b.example",
					   "a@",
					   "a@b@c",
					   "a b@c.example",
					   "a@b c",
					   "<a@b.example>",
					   "a@b.example>",
					   "a@b.example> SIZE=1",
					   "a@b.example\r\nDATA",
					   "a@b\x7F",
					   "\"a@b.example",
					   "\"a\"b@c.example",
					   "\"\r\n\"@c.example",
					   "a@b.example,c@d.example",
					   "a\"b@c.example",
					   "\"a\\",
					   "a@b\xFF.example" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		cr_assert_eq(address_check(bad[i], &err), -1, "%s", bad[i]);
		cr_assert_eq(err.class, ERROR_PERM);
		cr_assert_gt(strlen(err.text), 0);
	}
}

Test(address, more_than_254_bytes_are_refused)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	struct error err = { 0 };

	buffer_add_str(&text, "a@");
	for (size_t i = 0; i < 252; i++)
		buffer_add_char(&text, 'b');
	cr_assert_eq(address_check(text.data, &err), 0);
	buffer_add_char(&text, 'b');
	cr_assert_eq(address_check(text.data, &err), -1);
}
