/*
 * mail.c: composing, by GMime.
 *
 * Own headers are ASCII, or encoded by GMime (RFC 2047); text is encoded so
 * that it is 7-bit. Owns nothing: GMime's objects go at the end of each
 * function, the result is the caller's buffer.
 */
#include "report/mail.h"

#include <gmime/gmime.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define LINE_MAX_BYTES 998 /* RFC 5322 2.1.1 */

void
mail_init(void)
{
	g_mime_init();
}

static void
unrefp(void *object)
{
	g_clear_object((GObject **)object);
}

static void
set_header(GMimeObject *object, const char *name, const char *value)
{
	g_mime_object_set_header(object, name, value, "us-ascii");
}

static GMimeMessage *
message_new(const struct mail_envelope *e)
{
	GMimeMessage *message = g_mime_message_new(TRUE);
	GMimeObject *object = GMIME_OBJECT(message);
	AUTO(freep) char *id = xasprintf("<%s@%s>", e->name, e->hostname);
	AUTO(freep) char *from = xasprintf("ndrq <ndrq@%s>", e->hostname);
	AUTO(freep) char *to = xasprintf("<%s>", e->to);
	char date[CLOCK_RFC5322_SIZE];

	set_header(object, "From", from);
	set_header(object, "To", to);
	g_mime_message_set_subject(message, e->subject, "utf-8");
	set_header(object, "Date", clock_format_rfc5322(e->date_ms, date));
	set_header(object, "Message-ID", id);
	set_header(object, "Auto-Submitted", "auto-generated");
	return message;
}

static GMimeObject *
part_new(const char *type, const char *subtype, struct span bytes, GMimeContentEncoding encoding)
{
	GMimePart *part = g_mime_part_new_with_type(type, subtype);
	AUTO(unrefp) GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes.data, bytes.len);
	AUTO(unrefp)
	GMimeDataWrapper *content =
		g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, content);
	if (encoding == GMIME_CONTENT_ENCODING_DEFAULT)
		encoding =
			g_mime_part_get_best_content_encoding(part, GMIME_ENCODING_CONSTRAINT_7BIT);
	if (encoding != GMIME_CONTENT_ENCODING_DEFAULT)
		g_mime_part_set_content_encoding(part, encoding);
	return GMIME_OBJECT(part);
}

static GMimeObject *
text_new(const char *subtype, struct span text)
{
	GMimeObject *part = part_new("text", subtype, text, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_object_set_content_type_parameter(part, "charset", "utf-8");
	return part;
}

static void
add_part_take(GMimeMultipart *multipart, GMimeObject *part)
{
	g_mime_multipart_add(multipart, part);
	g_object_unref(part);
}

static void
write_take(GMimeMessage *message, GMimeMultipart *multipart, struct buffer *out)
{
	AUTO(unrefp) GMimeStream *stream = g_mime_stream_mem_new();
	GMimeFormatOptions *options = g_mime_format_options_new();
	GByteArray *bytes;

	g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_message_set_mime_part(message, GMIME_OBJECT(multipart));
	(void)g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	buffer_add(out, bytes->data, bytes->len);
	g_mime_format_options_free(options);
	g_object_unref(multipart);
	g_object_unref(message);
}

void
mail_add_alternative(const struct mail_envelope *envelope, struct span text, struct span html,
		     struct buffer *out)
{
	GMimeMultipart *multipart = g_mime_multipart_new_with_subtype("alternative");

	add_part_take(multipart, text_new("plain", text));
	add_part_take(multipart, text_new("html", html));
	write_take(message_new(envelope), multipart, out);
}

/* ---- a notification ----------------------------------------------------- */

struct nature {
	bool has_8bit;
	bool is_lines; /* no NUL, no lone CR, one sort of line end, none too long */
};

static struct nature
nature_of(struct span s)
{
	struct nature n = { .is_lines = true };
	size_t crlf = 0, lf = 0, start = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		n.has_8bit |= c >= 0x80;
		if (c == '\n') {
			bool is_crlf = i > 0 && s.data[i - 1] == '\r';

			crlf += is_crlf;
			lf += !is_crlf;
			n.is_lines &= i - start <= LINE_MAX_BYTES + (size_t)is_crlf;
			start = i + 1;
		}
		if (c == '\0' || (c == '\r' && (i + 1 == s.len || s.data[i + 1] != '\n')))
			n.is_lines = false;
	}
	if ((crlf > 0 && lf > 0) || s.len - start > LINE_MAX_BYTES)
		n.is_lines = false;
	return n;
}

static void
add_crlf_lines(struct buffer *out, struct span s)
{
	size_t start = 0;

	buffer_add_str(out, "");
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] == '\n' && (i == 0 || s.data[i - 1] != '\r')) {
			buffer_add(out, s.data + start, i - start);
			buffer_add_str(out, "\r\n");
			start = i + 1;
		}
	buffer_add(out, s.data + start, s.len - start);
}

/* RFC 2046 5.2.1: message/rfc822 is never encoded. */
static GMimeObject *
message_part_new(const struct mail_attachment *a, bool is_8bit)
{
	AUTO(buffer_done) struct buffer lines = { 0 };

	add_crlf_lines(&lines, a->bytes);
	return part_new("message", a->smtputf8 ? "global" : "rfc822", buffer_span(&lines),
			is_8bit ? GMIME_CONTENT_ENCODING_8BIT : GMIME_CONTENT_ENCODING_7BIT);
}

static GMimeObject *
attachment_new(const struct mail_attachment *a, bool *ret_8bit)
{
	struct nature n = nature_of(a->bytes);

	*ret_8bit = !a->headers_only && n.is_lines && n.has_8bit;
	if (a->headers_only)
		return part_new("text", a->smtputf8 ? "global-headers" : "rfc822-headers", a->bytes,
				n.is_lines ? GMIME_CONTENT_ENCODING_DEFAULT
					   : GMIME_CONTENT_ENCODING_BASE64);
	if (n.is_lines)
		return message_part_new(a, n.has_8bit);
	return part_new("application", "octet-stream", a->bytes, GMIME_CONTENT_ENCODING_BASE64);
}

void
mail_add_copy(const struct mail_envelope *envelope, struct span text,
	      const struct mail_attachment *attachment, struct buffer *out, bool *ret_8bit)
{
	GMimeMultipart *multipart = g_mime_multipart_new_with_subtype("mixed");
	GMimeObject *part = attachment_new(attachment, ret_8bit);

	g_mime_object_set_disposition(part, GMIME_DISPOSITION_ATTACHMENT);
	g_mime_part_set_filename(GMIME_PART(part), attachment->filename);
	add_part_take(multipart, text_new("plain", text));
	add_part_take(multipart, part);
	write_take(message_new(envelope), multipart, out);
}
