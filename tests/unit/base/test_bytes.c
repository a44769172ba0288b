/* test_bytes.c: spans, buffers, hex. */
#include <criterion/criterion.h>

#include "base/bytes.h"
#include "base/cleanup.h"

Test(bytes, a_buffer_holds_what_was_added_and_a_nul_behind_it)
{
	AUTO(buffer_done) struct buffer b = { 0 };

	for (int i = 0; i < 1000; i++)
		buffer_printf(&b, "%d,", i);
	cr_assert_eq(b.data[b.len], '\0');
	buffer_consume(&b, 2);
	cr_assert_eq(strncmp(b.data, "1,2,", 4), 0);
	buffer_consume(&b, b.len);
	cr_assert_str_eq(b.data, "");
}

Test(bytes, a_taken_buffer_is_empty_and_usable_again)
{
	struct buffer b = { 0 };
	AUTO(freep) char *first = NULL;
	AUTO(freep) char *second = NULL;

	buffer_add(&b, "a\0b", 3);
	first = buffer_take(&b);
	cr_assert_eq(memcmp(first, "a\0b", 4), 0);
	second = buffer_take(&b);
	cr_assert_str_eq(second, "");
}

Test(bytes, spans_compare_and_trim)
{
	cr_assert(span_equal_nocase(SPAN("ReCeived"), SPAN("received")));
	cr_assert_not(span_equal(SPAN("Received"), SPAN("received")));
	cr_assert(span_equal(span_trim(SPAN(" \t\r\n a b \r\n")), SPAN("a b")));
	cr_assert(span_equal(span_trim(SPAN(" ")), SPAN("")));
	cr_assert(span_starts_nocase(SPAN("dns; host"), "DNS;"));
	cr_assert_not(span_starts_nocase(SPAN("dn"), "dns"));
	cr_assert_eq(span_of(NULL).len, 0);
}

Test(bytes, hex_goes_there_and_back_and_refuses_anything_else)
{
	const uint8_t in[] = { 0, 15, 16, 255 };
	uint8_t out[4];
	char text[9];

	hex_encode(in, sizeof(in), text);
	cr_assert_str_eq(text, "000f10ff");
	cr_assert(hex_decode("000F10fF", 8, out, 4));
	cr_assert_eq(memcmp(in, out, 4), 0);
	cr_assert_not(hex_decode("000f10f", 7, out, 4));
	cr_assert_not(hex_decode("000f10fg", 8, out, 4));
}
