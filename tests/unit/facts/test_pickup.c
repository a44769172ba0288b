/* test_pickup.c: a file's envelope is read from the lines on top of it. */
#include "tests/unit/facts/support.h"

#include "facts/pickup.h"

static void
add_envelope(struct buffer *out, const struct pickup *p)
{
	buffer_printf(out, "%s", p->sender == NULL ? "?" : p->sender);
	if (p->mail_body != NULL)
		buffer_printf(out, " body=%s", p->mail_body);
	if (p->ret != NULL)
		buffer_printf(out, " ret=%s", p->ret);
	if (p->envid != NULL)
		buffer_printf(out, " envid=%s", p->envid);
	for (size_t i = 0; i < p->rcpts_len; i++) {
		buffer_printf(out, "|%s", p->rcpts[i].path);
		if (p->rcpts[i].notify != NULL)
			buffer_printf(out, " notify=%s", p->rcpts[i].notify);
		if (p->rcpts[i].orcpt != NULL)
			buffer_printf(out, " orcpt=%s", p->rcpts[i].orcpt);
	}
}

/* "sender body=…|recipient notify=…|…", and the message behind the block. */
static const struct {
	const char *file, *envelope, *message;
} cases[] = {
	{ "", "?", "" },
	{ "From: a@b.example\n\nx", "?", "From: a@b.example\n\nx" },
	{ "x-sender: <>\r\nx-receiver: <a@b.example>\r\nFrom: x\r\n\r\ny", "|a@b.example",
	  "From: x\r\n\r\ny" },
	{ "x-sender:\nx-receiver: a@b.example\n\ny", "|a@b.example", "\ny" },
	{ "X-SENDER: s@b.example\nX-Receiver: a@b.example\nx-RECEIVER: <c@d.example>\nFrom: x\n",
	  "s@b.example|a@b.example|c@d.example", "From: x\n" },
	{ "x-sender: Some One <s@b.example>\nx-receiver: \"A <x>, B\" <a@b.example>\n",
	  "s@b.example|a@b.example", "" },
	{ "x-sender: Some One s@b.example\nx-receiver: postmaster\n", "s@b.example|postmaster",
	  "" },
	{ "x-sender: <\"a b>c\"@d.example> RET=HDRS\n", "\"a b>c\"@d.example ret=HDRS", "" },
	{ "x-sender: \"s t\"@b.example RET=HDRS\nx-receiver: \"q \\\" @u\"@b.example "
	  "NOTIFY=NEVER\n",
	  "\"s t\"@b.example ret=HDRS|\"q \\\" @u\"@b.example notify=NEVER", "" },
	{ "x-receiver: \"A <x@y>\" a@b.example\nx-receiver: \"never closed c@d.example\n",
	  "?|a@b.example|c@d.example", "" },
	{ "X-Sender: <s@b.example> BODY=7bit RET=HDRS ENVID=abc+2D auth=<x@y.example>\n",
	  "s@b.example body=7BIT ret=HDRS envid=abc+2D", "" },
	{ "X-Sender: s@b.example body=8BitMime ret=full\n", "s@b.example body=8BITMIME ret=full",
	  "" },
	{ "X-Sender: <s@b.example> BODY=binarymime\n", "s@b.example", "" },
	{ "X-Receiver: <a@b.example> NOTIFY=NEVER ORcpt=rfc822;x@y.example\n",
	  "?|a@b.example notify=NEVER orcpt=rfc822;x@y.example", "" },
	{ "X-Receiver: <a@b.example>\r\n\tNOTIFY=SUCCESS,DELAY;\r\n X-ExtendedProps=abc=\r\nA: "
	  "b\r\n",
	  "?|a@b.example notify=SUCCESS,DELAY", "A: b\r\n" },
	{ "X-Receiver: <a@b.example> NOTIFY=NEVER NOTIFY=SUCCESS\n", "?|a@b.example notify=NEVER",
	  "" },
	{ "X-Receiver: <>\nX-Receiver:\nX-Receiver: <a@b.example\n", "?|a@b.example", "" },
	{ "\xEF\xBB\xBFx-sender: <>\nx-receiver: a@b.example\n\nbody", "|a@b.example", "\nbody" },
	{ "x-sender: <>\nx-sender: <second@b.example>\n", "", "" },
	/* what stands behind the block chooses nobody */
	{ "x-sender: <>\nx-receiver: <a@b.example>\nReceived: x\nx-receiver: <evil@b.example>\n",
	  "|a@b.example", "Received: x\nx-receiver: <evil@b.example>\n" },
	{ "X-Receiver: <a@b.example>\nX-EndOfInjectedXHeaders: 1\nX-Receiver: <evil@b.example>\n",
	  "?|a@b.example", "X-Receiver: <evil@b.example>\n" },
	{ "x-receiver: <a@b.example>\nrubbish\nx-receiver: <evil@b.example>\n", "?|a@b.example",
	  "rubbish\nx-receiver: <evil@b.example>\n" },
	{ "x-receiver: <a@b.example>\n\nx-receiver: <evil@b.example>\n", "?|a@b.example",
	  "\nx-receiver: <evil@b.example>\n" },
	{ "From x\nx-receiver: <evil@b.example>\n", "?", "From x\nx-receiver: <evil@b.example>\n" },
	{ "X-CreatedBy: MSExchange15\nX-Source: SMTP\nX-Sender: <>\nX-HeloDomain: h\n"
	  "X-SourceIPAddress: 192.0.2.1\nX-ExtendedMessageProps: x\nFrom: y\n",
	  "", "From: y\n" },
};

Test(facts_pickup, the_envelope_and_the_message_are_told_apart)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(pickup_done) struct pickup p = { 0 };
		AUTO(buffer_done) struct buffer got = { 0 };
		struct span file = span_of(cases[i].file);

		pickup_read(file, &p);
		add_envelope(&got, &p);
		cr_expect(span_equal(buffer_span(&got), span_of(cases[i].envelope)) ||
				  (got.len == 0 && cases[i].envelope[0] == '\0'),
			  "%zu: %s", i, got.data);
		cr_expect_str_eq(cases[i].file + p.message_at, cases[i].message, "%zu", i);
		cr_expect_not(p.limits);
	}
}

static const struct {
	const char *message, *envelope, *header, *body;
} plain[] = {
	{ "From: A <a@b.example>\nTo: c@d.example, \"x, y\" <e@f.example>\n\nbody",
	  "a@b.example|c@d.example|e@f.example",
	  "From: A <a@b.example>\nTo: c@d.example, \"x, y\" <e@f.example>\n", "\nbody" },
	{ "From: a@b.example\nSender: s@b.example\nTo: c@d.example\n\n", "s@b.example|c@d.example",
	  "From: a@b.example\nSender: s@b.example\nTo: c@d.example\n", "\n" },
	{ "Bcc: h@d.example,\n i@d.example\nFrom: a@b.example\nCc: c@d.example\nbcc: "
	  "C@D.example\nX: y\n\nbcc: z\n",
	  "a@b.example|h@d.example|i@d.example|c@d.example",
	  "From: a@b.example\nCc: c@d.example\nX: y\n", "\nbcc: z\n" },
	{ "To: undisclosed-recipients:;\nFrom: a@b.example, c@b.example\n\n", "a@b.example",
	  "To: undisclosed-recipients:;\nFrom: a@b.example, c@b.example\n", "\n" },
	{ "To: team: x@d.example, y@d.example;\n", "?|x@d.example|y@d.example",
	  "To: team: x@d.example, y@d.example;\n", "" },
	{ "no header at all", "?", "no header at all", "" },
};

Test(facts_pickup, an_applications_file_says_it_in_its_header_and_Bcc_is_taken_out)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		AUTO(pickup_done) struct pickup p = { 0 };
		AUTO(buffer_done) struct buffer got = { 0 };
		AUTO(buffer_done) struct buffer header = { 0 };
		struct span body;

		pickup_read_header(span_of(plain[i].message), &p);
		add_envelope(&got, &p);
		cr_expect_str_eq(got.data, plain[i].envelope, "%zu", i);
		pickup_add_header(span_of(plain[i].message), &header, &body);
		cr_expect_str_eq(header.data, plain[i].header, "%zu", i);
		cr_expect(span_equal(body, span_of(plain[i].body)), "%zu", i);
	}
}

Test(facts_pickup, a_written_block_is_read_as_the_same_envelope)
{
	static const char block[] = "x-sender: <s@b.example> BODY=8BITMIME RET=HDRS ENVID=7\r\n"
				    "x-receiver: <a@b.example> NOTIFY=NEVER ORCPT=rfc822;x@y\r\n"
				    "x-receiver: <c@d.example>\r\n";
	AUTO(pickup_done) struct pickup p = { 0 };
	AUTO(buffer_done) struct buffer out = { 0 };

	pickup_read(span_of(block), &p);
	pickup_add_block(&out, &p);
	cr_expect_str_eq(out.data, block);
}

static void
add_receivers(struct buffer *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_printf(out, "x-receiver: <r%zu@b.example>\n", i);
}

Test(facts_pickup, more_than_can_be_is_said_to_be_beyond_the_limits)
{
	AUTO(buffer_done) struct buffer many = { 0 };
	AUTO(buffer_done) struct buffer list = { 0 };
	AUTO(buffer_done) struct buffer value = { 0 };
	AUTO(buffer_done) struct buffer folded = { 0 };
	struct pickup p;

	add_receivers(&many, PICKUP_RCPTS_MOST);
	pickup_read(buffer_span(&many), &p);
	cr_expect(!p.limits && p.rcpts_len == PICKUP_RCPTS_MOST);
	pickup_done(&p);
	add_receivers(&many, 1);
	pickup_read(buffer_span(&many), &p);
	cr_expect(p.limits && p.rcpts_len == PICKUP_RCPTS_MOST);
	pickup_done(&p);

	buffer_add_str(&list, "To: a@b.example");
	for (size_t i = 0; i < PICKUP_RCPTS_MOST; i++)
		buffer_printf(&list, ",\n r%zu@b.example", i);
	pickup_read_header(buffer_span(&list), &p);
	cr_expect(p.limits && p.rcpts_len == PICKUP_RCPTS_MOST);
	pickup_done(&p);

	buffer_add_str(&value, "x-receiver: <");
	for (size_t i = 0; i <= PICKUP_VALUE_MOST; i++)
		buffer_add_char(&value, 'a');
	buffer_add_str(&value, "@b.example>\nx-receiver: <c@d.example>\n");
	pickup_read(buffer_span(&value), &p);
	cr_expect(p.limits && p.rcpts_len == 1);
	pickup_done(&p);

	buffer_add_str(&folded, "X-ExtendedProps: ");
	while (folded.len <= PICKUP_BLOCK_MOST)
		buffer_add_str(&folded, "x\n ");
	pickup_read(buffer_span(&folded), &p);
	cr_expect(p.limits);
	pickup_done(&p);

	pickup_read_header(span_of("To: \xFF@b.example, c@d.example\n"), &p);
	cr_expect(p.limits, "a recipient that is no text is not left out in silence");
	pickup_done(&p);
}

/* Real exports, where they are at hand. */
static const struct {
	const char *file, *envelope, *begins;
} samples[] = {
	{ "replay/exchange2016-exported-header-block.eml",
	  "linux-kernel+bounces-125676-user=example.com@vger.kernel.org"
	  "|user@example.com orcpt=rfc822;user@example.com",
	  "Received: from example" },
	{ "replay/exchange2016-xreceiver-folded.txt",
	  "kvm+bounces-13161-user=example.com@vger.kernel.org"
	  "|user@example.com notify=NEVER orcpt=rfc822;user@example.com",
	  NULL },
	{ "iis/ox-the-exch-bh.eml", "?", "From: postmaster@" },
};

Test(facts_pickup, real_exports_give_their_envelope)
{
	const char *top = getenv("top_srcdir");

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		AUTO(pickup_done) struct pickup p = { 0 };
		AUTO(buffer_done) struct buffer file = { 0 };
		AUTO(buffer_done) struct buffer got = { 0 };
		AUTO(freep)
		char *path = xasprintf("%s/../shared/mta/samples/%s", top != NULL ? top : ".",
				       samples[i].file);

		if (file_read(path, 1 << 20, &file, NULL) < 0) {
			cr_log_info("%s is not here: not looked at", path);
			continue;
		}
		pickup_read(buffer_span(&file), &p);
		add_envelope(&got, &p);
		cr_expect_str_eq(got.data, samples[i].envelope, "%s", path);
		if (samples[i].begins != NULL)
			cr_expect_eq(strncmp(file.data + p.message_at, samples[i].begins,
					     strlen(samples[i].begins)),
				     0, "%s", path);
		cr_expect(!p.limits);
	}
}
