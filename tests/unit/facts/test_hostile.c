/* test_hostile.c: whatever comes in, facts come out, whole and soon. */
#include "tests/unit/facts/support.h"

#include <time.h>

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
add_times(struct buffer *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_add_str(out, text);
}

/* As large as `size` bytes, or thereabouts. */
static void
deep_nesting(struct buffer *out, size_t size)
{
	for (int i = 0; out->len < size; i++)
		buffer_printf(out, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
}

static void
many_parts(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/mixed; boundary=b\n\n");
	add_times(out, "--b\nA: b\n\nx\n", size / 12);
}

static void
many_header_lines(struct buffer *out, size_t size)
{
	add_times(out, "X-Line: x\n", size / 10);
}

static void
large_to(struct buffer *out, size_t size)
{
	buffer_add_str(out, "To: ");
	add_times(out, "a@b.example,\n ", size / 14);
}

static void
long_line(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Subject: ");
	add_times(out, "xxxxxxxxxx", size / 10);
}

static void
boundary_bomb(struct buffer *out, size_t size)
{
	for (int i = 0; i < 31; i++)
		buffer_printf(out,
			      "Content-Type: multipart/mixed; boundary=aaaaaaaaaaaaaaaa%d\n\n--"
			      "aaaaaaaaaaaaaaaa%d\n",
			      i, i);
	add_times(out, "--aaaaaaaaaaaaaaaaa\n", size / 20);
}

static void
encoded_words(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Subject: ");
	add_times(out, "=?utf-8?q?=61?=\n ", (size < 900000 ? size : 900000) / 17);
	buffer_add_str(out, "\n\n");
	add_times(out, "x\n", size / 2);
}

static void
many_groups(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/report; boundary=b\n\n--b\n"
			    "Content-Type: message/delivery-status\n\n");
	add_times(out, "Final-Recipient: rfc822; a@b.example\n\n", size / 38);
}

static void
empty_lines(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n");
	add_times(out, "\n", size);
}

static void
nul_bytes(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Subject: a");
	while (out->len < size)
		buffer_add(out, "\0\n\0", 3);
}

static void
random_bytes(struct buffer *out, size_t size)
{
	unsigned seed = 1;

	while (out->len < size) {
		seed = seed * 1103515245u + 12345u;
		buffer_add_char(out, (char)(seed >> 16));
	}
}

static void
folds(struct buffer *out, size_t size)
{
	buffer_add_str(out, "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
			    "message/delivery-status\n\nFinal-Recipient: ");
	add_times(out, "(\n ", size / 3);
}

static const struct {
	const char *name;
	void (*make)(struct buffer *out, size_t size);
} shapes[] = {
	{ "deep nesting", deep_nesting },      { "many parts", many_parts },
	{ "header lines", many_header_lines }, { "a large To", large_to },
	{ "a long line", long_line },          { "boundary bomb", boundary_bomb },
	{ "encoded words", encoded_words },    { "many groups", many_groups },
	{ "empty lines", empty_lines },        { "NUL bytes", nul_bytes },
	{ "random bytes", random_bytes },      { "folds", folds },
};

/* Generous: the figures themselves are the business of tests/bench. */
#define SECONDS_MOST 5.0

Test(facts_hostile, no_shape_of_ten_megabytes_takes_long_or_breaks_a_fact, .timeout = 120)
{
	facts_init();
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		AUTO(buffer_done) struct buffer m = { 0 };
		AUTO(facts_freep) struct facts *f = NULL;
		double before;

		shapes[i].make(&m, 10 << 20);
		before = cpu_seconds();
		f = facts_from_message(buffer_span(&m), NULL);
		cr_expect_lt(cpu_seconds() - before, SECONDS_MOST, "%s", shapes[i].name);
		cr_expect(facts_are_utf8(f), "%s", shapes[i].name);
	}
}

Test(facts_hostile, a_report_cut_off_anywhere_is_still_read)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };

	facts_init();
	sample_read("postfix/04-multi-rcpt.eml", &bytes);
	for (size_t len = 0; len <= bytes.len; len++) {
		/* In memory of its own, so that a byte read beyond is noticed. */
		AUTO(freep) char *copy = malloc(len > 0 ? len : 1);
		AUTO(facts_freep) struct facts *f = NULL;

		memcpy(copy, bytes.data, len);
		f = facts_from_message((struct span){ copy, len }, NULL);
		cr_assert(facts_are_utf8(f), "cut at %zu", len);
	}
}

Test(facts_hostile, a_report_with_any_byte_changed_is_still_read)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };

	facts_init();
	sample_read("postfix/14-smtputf8-rcpt.eml", &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		static const char changes[] = { '\0', '\n', (char)0xFF, '"', ':' };
		AUTO(facts_freep) struct facts *f = NULL;
		char was = bytes.data[i];

		bytes.data[i] = changes[i % sizeof(changes)];
		f = facts_from_message(buffer_span(&bytes), NULL);
		cr_assert(facts_are_utf8(f), "changed at %zu", i);
		bytes.data[i] = was;
	}
}

Test(facts_hostile, undeclared_and_false_charsets_come_out_as_utf8)
{
	AUTO(facts_freep) struct facts *f = NULL;

	facts_init();
	f = facts_of("Subject: =?no-such-charset?q?=FF?= \xFC=?utf-8?q?=FF?= =?utf-8?b?////?=\n\n");
	cr_assert(facts_are_utf8(f));
	cr_assert_not_null(f->subject);
}
