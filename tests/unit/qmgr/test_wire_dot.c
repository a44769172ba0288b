/* test_wire_dot.c: the same message however the stream is cut, and no end but CR LF . CR LF. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "qmgr/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
collect(void *ctx, const char *data, size_t len)
{
	buffer_add(ctx, data, len);
}

/* Feeds in cut at a and b (a ≤ b); returns the bytes used, or 0 when no end was seen. */
static size_t
undot_cut(struct span in, size_t a, size_t b, struct buffer *out)
{
	struct wire_undot u = { 0 };
	size_t cuts[] = { 0, a, b, in.len };

	for (size_t i = 0; i < 3; i++) {
		struct span piece = { in.data + cuts[i], cuts[i + 1] - cuts[i] };
		size_t used = SIZE_MAX;
		bool done = wire_undot(&u, piece, &used, collect, out);

		cr_assert_leq(used, piece.len);
		if (done)
			return cuts[i] + used;
		cr_assert_eq(used, piece.len);
	}
	return 0;
}

static void
dot_cut(struct span in, size_t a, size_t b, struct buffer *out)
{
	struct wire_dot d = { 0 };
	size_t cuts[] = { 0, a, b, in.len };

	for (size_t i = 0; i < 3; i++)
		wire_dot(&d, (struct span){ in.data + cuts[i], cuts[i + 1] - cuts[i] }, out);
	wire_dot_end(&d, out);
}

/* end: how many bytes belong to the message; 0 when it does not end. */
#define IN(in, message, end)                                                                       \
	{                                                                                          \
		{ in, sizeof(in) - 1 }, { message, sizeof(message) - 1 }, end                      \
	}
static const struct {
	struct span in, message;
	size_t end;
} received[] = {
	IN("a\r\n.\r\n", "a\r\n", 6),
	IN(".\r\n", "", 3),
	IN("a\r\n.\r\nQUIT\r\n", "a\r\n", 6),
	IN("a\r\n..\r\n.\r\n", "a\r\n.\r\n", 10),
	IN("..a\r\n.b\r\n.\r\n", ".a\r\nb\r\n", 12),
	IN("\r\n\r\n.\r\n", "\r\n\r\n", 7),
	IN("a\0b\r\n.\r\n", "a\0b\r\n", 8),
	/* what other line ends do not do */
	IN("a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", 10),
	IN("a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", 11),
	IN("a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", 10),
	IN("a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", 11),
	IN("a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", 11),
	IN("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", 11),
	IN("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", 10),
	IN("a\n\r\n.\r\n", "a\n\r\n", 7),
	IN("a\r\r\n.\r\n", "a\r\r\n", 7),
	IN("a.\r\n.b.\r\n.\r\n", "a.\r\nb.\r\n", 12),
	/* unfinished: what is withheld may still become the end */
	IN("", "", 0),
	IN("a", "a", 0),
	IN("a\r\n", "a\r\n", 0),
	IN("a\r\n.", "a\r\n", 0),
	IN("a\r\n.\r", "a\r\n", 0),
	IN("a\n.\n", "a\n.\n", 0),
	IN("a\r.\r", "a\r.\r", 0),
};

/* sent: behind the dots, the last line end and the final dot. */
#define OUT(in, sent)                                                                              \
	{                                                                                          \
		{ in, sizeof(in) - 1 },                                                            \
		{                                                                                  \
			sent, sizeof(sent) - 1                                                     \
		}                                                                                  \
	}
static const struct {
	struct span in, sent;
} sending[] = {
	OUT("", ".\r\n"),
	OUT("a\r\n", "a\r\n.\r\n"),
	OUT("a", "a\r\n.\r\n"),
	OUT(".", "..\r\n.\r\n"),
	OUT(".\r\n", "..\r\n.\r\n"),
	OUT("..\r\n", "...\r\n.\r\n"),
	OUT("a.b\r\n.c", "a.b\r\n..c\r\n.\r\n"),
	OUT("a\n", "a\r\n.\r\n"),
	OUT("a\r", "a\r\n.\r\n"),
	OUT("a\n\nb", "a\r\n\r\nb\r\n.\r\n"),
	OUT("a\r\rb", "a\r\n\r\nb\r\n.\r\n"),
	OUT("a\r\r\nb", "a\r\n\r\nb\r\n.\r\n"),
	OUT("a\n\rb", "a\r\n\r\nb\r\n.\r\n"),
	OUT("a\n\r\nb", "a\r\n\r\nb\r\n.\r\n"),
	OUT("a\0b\n", "a\0b\r\n.\r\n"),
	/* a second mail that hides behind a line end another server believes in */
	OUT("a\n.\nMAIL FROM:<x>\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
	OUT("a\r.\rMAIL FROM:<x>\r", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
	OUT("a\n.\r\nMAIL", "a\r\n..\r\nMAIL\r\n.\r\n"),
	OUT("a\r.\r\nMAIL", "a\r\n..\r\nMAIL\r\n.\r\n"),
	OUT("a\r\n.\nMAIL", "a\r\n..\r\nMAIL\r\n.\r\n"),
	OUT("a\r\n.\rMAIL", "a\r\n..\r\nMAIL\r\n.\r\n"),
};

Test(wire_dot, only_cr_lf_dot_cr_lf_ends_a_message_wherever_the_stream_is_cut)
{
	for (size_t i = 0; i < COUNT(received); i++)
		for (size_t a = 0; a <= received[i].in.len; a++)
			for (size_t b = a; b <= received[i].in.len; b++) {
				AUTO(buffer_done) struct buffer out = { 0 };
				size_t end = undot_cut(received[i].in, a, b, &out);

				cr_assert_eq(end, received[i].end, "case %zu cut %zu %zu: %zu", i,
					     a, b, end);
				cr_assert(span_equal(buffer_span(&out), received[i].message),
					  "case %zu cut %zu %zu", i, a, b);
			}
}

Test(wire_dot, a_body_is_stuffed_and_every_line_end_made_cr_lf_wherever_it_is_cut)
{
	for (size_t i = 0; i < COUNT(sending); i++)
		for (size_t a = 0; a <= sending[i].in.len; a++)
			for (size_t b = a; b <= sending[i].in.len; b++) {
				AUTO(buffer_done) struct buffer out = { 0 };

				dot_cut(sending[i].in, a, b, &out);
				cr_assert(span_equal(buffer_span(&out), sending[i].sent),
					  "case %zu cut %zu %zu", i, a, b);
			}
}

/* The slow and obvious way: what any text should arrive as. */
static void
normalise(struct span in, struct buffer *out)
{
	for (size_t i = 0; i < in.len; i++) {
		if (in.data[i] != '\r' && in.data[i] != '\n') {
			buffer_add_char(out, in.data[i]);
			continue;
		}
		buffer_add_str(out, "\r\n");
		if (in.data[i] == '\r' && i + 1 < in.len && in.data[i + 1] == '\n')
			i++;
	}
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buffer_add_str(out, "\r\n");
}

/* Every text of up to seven of the four bytes that matter: 4^0 + … + 4^7 texts. */
Test(wire_dot, what_is_sent_is_received_again_for_every_short_text)
{
	static const char alphabet[] = ".\r\na";
	char text[7];

	for (size_t len = 0; len <= sizeof(text); len++)
		for (size_t n = 0; n < (size_t)1 << (2 * len); n++) {
			AUTO(buffer_done) struct buffer want = { 0 };
			AUTO(buffer_done) struct buffer sent = { 0 };
			AUTO(buffer_done) struct buffer got = { 0 };

			for (size_t i = 0; i < len; i++)
				text[i] = alphabet[n >> (2 * i) & 3];
			normalise((struct span){ text, len }, &want);
			dot_cut((struct span){ text, len }, len / 3, len / 2, &sent);
			cr_assert_eq(
				undot_cut(buffer_span(&sent), sent.len / 3, sent.len / 2, &got),
				sent.len);
			cr_assert(span_equal(buffer_span(&got), buffer_span(&want)));
		}
}

Test(wire_dot, a_decoder_is_ready_for_the_next_message_when_one_has_ended)
{
	AUTO(buffer_done) struct buffer out = { 0 };
	struct span in = SPAN("a\r\n.\r\n..b\r\n.\r\n");
	struct wire_undot u = { 0 };
	size_t used;

	cr_assert(wire_undot(&u, in, &used, collect, &out));
	cr_assert_eq(used, 6);
	cr_assert(wire_undot(&u, (struct span){ in.data + 6, in.len - 6 }, &used, collect, &out));
	cr_assert_eq(used, 8);
	cr_assert_str_eq(out.data, "a\r\n.b\r\n");
}

static void
count_runs(void *ctx, const char *data, size_t len)
{
	(void)data;
	(void)len;
	++*(size_t *)ctx;
}

Test(wire_dot, a_message_without_leading_dots_is_handed_on_in_one_run)
{
	AUTO(buffer_done) struct buffer in = { 0 };
	struct wire_undot u = { 0 };
	size_t runs = 0, used;

	for (int i = 0; i < 1000; i++)
		buffer_add_str(&in, "Lines of text, .. as in any mail.\r\n");
	buffer_add_str(&in, ".\r\n");
	cr_assert(wire_undot(&u, buffer_span(&in), &used, count_runs, &runs));
	cr_assert_eq(runs, 1);
}
