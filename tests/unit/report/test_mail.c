/* test_mail.c: what is composed parses again, and carries its bytes. */
#include <criterion/criterion.h>
#include <gmime/gmime.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/mail.h"

static const struct mail_envelope envelope = {
	.hostname = "mx.example.org",
	.to = "postmaster@example.org",
	.subject = "Caf\xC3\xA9: \xE7\x94\xB0 held",
	.name = "digest.1",
	.date_ms = 1792659600000,
};

static GMimeMessage *
parse(struct span bytes)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes.data, bytes.len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	cr_assert_not_null(message);
	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

static const char *
type_of(GMimeObject *part, char out[128])
{
	GMimeContentType *type = g_mime_object_get_content_type(part);

	(void)g_snprintf(out, 128, "%s/%s", g_mime_content_type_get_media_type(type),
			 g_mime_content_type_get_media_subtype(type));
	return out;
}

static GMimeObject *
part_at(GMimeMessage *message, int i)
{
	GMimeMultipart *multipart = GMIME_MULTIPART(g_mime_message_get_mime_part(message));

	cr_assert_eq(g_mime_multipart_get_count(multipart), 2);
	return g_mime_multipart_get_part(multipart, i);
}

/* The decoded bytes of a leaf. */
static void
content_of(GMimeObject *part, struct buffer *out)
{
	GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray *bytes;

	(void)g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)),
						  stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	buffer_add(out, bytes->data, bytes->len);
	buffer_add(out, "", 0);
	g_object_unref(stream);
}

/* CRLF alone ends lines, none is too long, and nothing is above 127 unless it may be. */
static void
is_sendable(struct span s, bool may_8bit)
{
	size_t start = 0;

	for (size_t i = 0; i < s.len; i++) {
		cr_assert_neq(s.data[i], '\0');
		cr_assert(may_8bit || (unsigned char)s.data[i] < 0x80, "byte %zu", i);
		if (s.data[i] == '\n') {
			cr_assert(i > 0 && s.data[i - 1] == '\r', "lone LF at %zu", i);
			cr_assert_leq(i - start, 999);
			start = i + 1;
		} else if (s.data[i] == '\r') {
			cr_assert(i + 1 < s.len && s.data[i + 1] == '\n', "lone CR at %zu", i);
		}
	}
	cr_assert_eq(start, s.len);
}

static void
header_is(GMimeMessage *message, const char *name, const char *value)
{
	const char *got = g_mime_object_get_header(GMIME_OBJECT(message), name);

	cr_expect_str_eq(got, value, "%s: %s", name, got);
}

Test(mail, an_alternative_parses_again_with_both_parts)
{
	AUTO(buffer_done) struct buffer out = { 0 }, text = { 0 }, html = { 0 };
	GMimeMessage *m;
	char type[128];

	mail_init();
	mail_add_alternative(&envelope, SPAN("K\xC3\xA4se\n.\nFrom here\n"),
			     SPAN("<p>K\xC3\xA4se &amp; mehr</p>\n"), &out);
	is_sendable(buffer_span(&out), false);
	m = parse(buffer_span(&out));
	header_is(m, "From", "ndrq <ndrq@mx.example.org>");
	header_is(m, "To", "postmaster@example.org");
	header_is(m, "Message-ID", "<digest.1@mx.example.org>");
	header_is(m, "Auto-Submitted", "auto-generated");
	header_is(m, "Date", "Thu, 22 Oct 2026 09:00:00 +0000");
	header_is(m, "MIME-Version", "1.0");
	cr_expect_str_eq(g_mime_message_get_subject(m), envelope.subject);
	cr_expect_str_eq(type_of(g_mime_message_get_mime_part(m), type), "multipart/alternative");
	cr_expect_str_eq(type_of(part_at(m, 0), type), "text/plain");
	cr_expect_str_eq(type_of(part_at(m, 1), type), "text/html");
	content_of(part_at(m, 0), &text);
	content_of(part_at(m, 1), &html);
	cr_expect_not_null(strstr(text.data, "K\xC3\xA4se"));
	cr_expect_not_null(strstr(html.data, "K\xC3\xA4se &amp; mehr"));
	g_object_unref(m);
}

static const struct {
	const char *name;
	struct span bytes;
	bool headers_only, smtputf8;
	const char *type;
	bool is_8bit;
	struct span as; /* data NULL: the same bytes */
} copies[] = {
	{ "7-bit",
	  SPAN("Subject: a\r\n\r\n.\r\n..b\r\nFrom c\r\n"),
	  false,
	  false,
	  "message/rfc822",
	  false,
	  { NULL, 0 } },
	{ "8-bit",
	  SPAN("Subject: a\r\n\r\nK\xE4se \xC3\xA4\r\n"),
	  false,
	  false,
	  "message/rfc822",
	  true,
	  { NULL, 0 } },
	{ "line ends of LF", SPAN("Subject: a\n\nb\n"), false, false, "message/rfc822", false,
	  SPAN("Subject: a\r\n\r\nb\r\n") },
	{ "no line end",
	  SPAN("Subject: a\r\n\r\nb"),
	  false,
	  false,
	  "message/rfc822",
	  false,
	  { NULL, 0 } },
	{ "UTF-8 header",
	  SPAN("Subject: \xC3\xA4\r\n\r\nb\r\n"),
	  false,
	  true,
	  "message/global",
	  true,
	  { NULL, 0 } },
	{ "NUL",
	  SPAN("Subject: a\r\n\r\nb\0c\r\n"),
	  false,
	  false,
	  "application/octet-stream",
	  false,
	  { NULL, 0 } },
	{ "lone CR",
	  SPAN("Subject: a\r\n\r\nb\rc\r\n"),
	  false,
	  false,
	  "application/octet-stream",
	  false,
	  { NULL, 0 } },
	{ "CR at the end",
	  SPAN("Subject: a\r\n\r\nb\r"),
	  false,
	  false,
	  "application/octet-stream",
	  false,
	  { NULL, 0 } },
	{ "both line ends",
	  SPAN("Subject: a\r\n\r\nb\nc\r\n"),
	  false,
	  false,
	  "application/octet-stream",
	  false,
	  { NULL, 0 } },
	{ "headers",
	  SPAN("Subject: a\xE4\r\nTo: b\r\n"),
	  true,
	  false,
	  "text/rfc822-headers",
	  false,
	  { NULL, 0 } },
	{ "headers with NUL",
	  SPAN("Subject: a\0\r\nTo: b\r\n"),
	  true,
	  false,
	  "text/rfc822-headers",
	  false,
	  { NULL, 0 } },
	{ "nothing", SPAN(""), false, false, "message/rfc822", false, { NULL, 0 } },
};

/* message/rfc822 has no content of its own: cut it from the bytes that were sent. */
static void
raw_attachment(struct span mail, struct buffer *out)
{
	const char *type = memmem(mail.data, mail.len, "Content-Type: message/", 22);
	const char *start = memmem(type, mail.len - (size_t)(type - mail.data), "\r\n\r\n", 4) + 4;
	const char *end = start;

	for (const char *p = start;
	     (p = memmem(p, mail.len - (size_t)(p - mail.data), "\r\n--", 4)); p += 4)
		end = p;
	buffer_add(out, start, (size_t)(end - start));
}

Test(mail, a_copy_carries_the_notification_byte_for_byte)
{
	mail_init();
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		AUTO(buffer_done) struct buffer out = { 0 }, got = { 0 };
		const struct mail_attachment a = { .bytes = copies[i].bytes,
						   .filename = "notification-7.eml",
						   .headers_only = copies[i].headers_only,
						   .smtputf8 = copies[i].smtputf8 };
		struct span wanted = copies[i].as.data != NULL ? copies[i].as : copies[i].bytes;
		bool is_8bit;
		GMimeMessage *m;
		char type[128];

		mail_add_copy(&envelope, SPAN("K\xC3\xA4se\n"), &a, &out, &is_8bit);
		cr_expect_eq(is_8bit, copies[i].is_8bit, "%s", copies[i].name);
		is_sendable(buffer_span(&out), is_8bit);
		m = parse(buffer_span(&out));
		cr_expect_str_eq(type_of(g_mime_message_get_mime_part(m), type), "multipart/mixed");
		cr_expect_str_eq(type_of(part_at(m, 1), type), copies[i].type, "%s",
				 copies[i].name);
		if (GMIME_IS_PART(part_at(m, 1)))
			content_of(part_at(m, 1), &got);
		else
			raw_attachment(buffer_span(&out), &got);
		cr_expect(span_equal(buffer_span(&got), wanted), "%s: %.*s", copies[i].name,
			  (int)got.len, got.data);
		g_object_unref(m);
	}
}

Test(mail, a_line_that_is_too_long_is_encoded)
{
	AUTO(buffer_done) struct buffer out = { 0 }, bytes = { 0 }, got = { 0 };
	struct mail_attachment a = { .filename = "x.eml" };
	GMimeMessage *m;
	bool is_8bit;
	char type[128];

	mail_init();
	for (size_t len = 998; len <= 999; len++) {
		buffer_clear(&bytes);
		buffer_clear(&out);
		for (size_t i = 0; i < len; i++)
			buffer_add_char(&bytes, 'x');
		buffer_add_str(&bytes, "\r\n");
		a.bytes = buffer_span(&bytes);
		mail_add_copy(&envelope, SPAN("text\n"), &a, &out, &is_8bit);
		m = parse(buffer_span(&out));
		cr_expect_str_eq(type_of(part_at(m, 1), type),
				 len == 998 ? "message/rfc822" : "application/octet-stream");
		if (len == 999)
			content_of(part_at(m, 1), &got);
		g_object_unref(m);
	}
	cr_expect(span_equal(buffer_span(&got), a.bytes));
}
