/*
 * fuzz_wire.c: any bytes through every reader of the wire.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
 *		-std=gnu11 -D_GNU_SOURCE -I. -o fuzz_wire tests/fuzz/fuzz_wire.c \
 *		qmgr/wire.c qmgr/wire_command.c qmgr/wire_dot.c qmgr/smtp_command.c \
 *		facts/xtext.c base/bytes.c base/error.c base/text.c
 *	./fuzz_wire -max_total_time=120 -max_len=2048 -dict=tests/fuzz/wire.dict
 *
 * What holds for every input: spans lie within it; cutting the stream changes
 * nothing; what dot sends, undot receives, with every line end CR LF; a command
 * we would send is one line that reads back as the recipient it was made of.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "facts/xtext.h"
#include "qmgr/smtp_client.h"
#include "qmgr/smtp_command.h"
#include "qmgr/wire.h"

#define ALL (SMTP_PIPELINING | SMTP_8BITMIME | SMTP_SMTPUTF8 | SMTP_DSN)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
assert_within(struct span part, struct span whole)
{
	assert(part.len == 0 ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

static void
collect(void *ctx, const char *data, size_t len)
{
	assert(len > 0);
	buffer_add(ctx, data, len);
}

/* Feeds in, cut into pieces of step bytes. Bytes used up to the end, or SIZE_MAX. */
static size_t
undot_in_pieces(struct span in, size_t step, struct buffer *out)
{
	struct wire_undot u = { 0 };

	for (size_t at = 0; at < in.len; at += step) {
		size_t len = in.len - at < step ? in.len - at : step;
		size_t used = SIZE_MAX;
		bool end = wire_undot(&u, (struct span){ in.data + at, len }, &used, collect, out);

		assert(used <= len && (end || used == len));
		if (end)
			return at + used;
	}
	return SIZE_MAX;
}

static void
dot_in_pieces(struct span in, size_t step, struct buffer *out)
{
	struct wire_dot d = { 0 };

	for (size_t at = 0; at < in.len; at += step)
		wire_dot(&d, (struct span){ in.data + at, in.len - at < step ? in.len - at : step },
			 out);
	wire_dot_end(&d, out);
}

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

static void
fuzz_dots(struct span in, size_t step)
{
	AUTO(buffer_done) struct buffer whole = { 0 };
	AUTO(buffer_done) struct buffer pieces = { 0 };
	AUTO(buffer_done) struct buffer sent = { 0 };
	AUTO(buffer_done) struct buffer got = { 0 };
	AUTO(buffer_done) struct buffer want = { 0 };

	assert(undot_in_pieces(in, SIZE_MAX / 2, &whole) == undot_in_pieces(in, step, &pieces));
	assert(span_equal(buffer_span(&whole), buffer_span(&pieces)));

	dot_in_pieces(in, step, &sent);
	normalise(in, &want);
	assert(undot_in_pieces(buffer_span(&sent), step, &got) == sent.len);
	assert(span_equal(buffer_span(&got), buffer_span(&want)));
}

/* What the client would send for this recipient reads back as this recipient. */
static void
fuzz_sending(struct span line)
{
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(freep) char *text = span_dup(line);
	struct smtp_mail mail = { .rcpt = line,
				  .orcpt = text,
				  .notify = text,
				  .ret = text,
				  .envid = text,
				  .smtputf8 = (line.len & 1) != 0 };
	struct span got, argument;
	struct wire_rcpt rcpt;
	struct wire_mail from;
	size_t used;

	smtp_add_mail(&out, &mail, ALL);
	assert(wire_next_line(buffer_span(&out), 512, &got, &used) == 1 && used == out.len);
	assert(wire_parse_verb(got, &argument) == WIRE_MAIL);
	assert(wire_parse_mail(argument, &from, NULL) == 0 && from.path.len == 0);
	if (smtp_rcpt_objection(line) != NULL)
		return;
	mail.orcpt = "rfc822;x";
	buffer_clear(&out);
	smtp_add_rcpt(&out, &mail, 0, ALL);
	assert(wire_next_line(buffer_span(&out), 2048, &got, &used) == 1 && used == out.len);
	assert(memchr(got.data, '\n', got.len) == NULL && memchr(got.data, '\r', got.len) == NULL);
	assert(wire_parse_verb(got, &argument) == WIRE_RCPT);
	assert(wire_parse_rcpt(argument, &rcpt, NULL) == 0);
	assert(span_equal(rcpt.orcpt, SPAN("rfc822;x")));
	/* but for a source route, which our own reader drops */
	assert(span_equal(rcpt.path, line) || line.data[0] == '@');
}

static void
fuzz_line(struct span line, struct wire_reply *reply)
{
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(freep) char *text = span_dup(line);
	struct sockaddr_storage address;
	struct span argument = { 0 };
	struct wire_mail mail;
	struct wire_rcpt rcpt;
	unsigned len;

	(void)wire_parse_verb(line, &argument);
	assert_within(argument, line);
	if (wire_parse_mail(argument, &mail, NULL) == 0) {
		assert_within(mail.path, line);
		assert_within(mail.envid, line);
		assert(mail.size >= -1);
	}
	if (wire_parse_rcpt(argument, &rcpt, NULL) == 0) {
		assert_within(rcpt.path, line);
		assert_within(rcpt.notify, line);
		assert_within(rcpt.orcpt, line);
	}
	xtext_decode(line, &out);
	assert(out.len <= line.len);
	if (wire_reply_add(reply, line) != 0)
		wire_reply_done(reply);
	assert(reply->text.len <= 4096);
	if (wire_parse_address(text, &address, &len, NULL) == 0)
		(void)wire_address_is_local(&address);
	(void)smtp_read_extensions(line);
	fuzz_sending(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(wire_reply_done) struct wire_reply reply = { 0 };
	size_t step = size > 0 ? data[0] % 7 + 1u : 1;
	struct span in = { (const char *)data, size };
	struct span line;
	size_t used;

	fuzz_dots(in, step);
	while (wire_next_line(in, 1024, &line, &used) == 1) {
		assert(line.data == in.data && used == line.len + 2);
		fuzz_line(line, &reply);
		in.data += used;
		in.len -= used;
	}
	fuzz_line(in, &reply);
	return 0;
}
