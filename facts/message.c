/*
 * message.c: what GMime is for here: words, transfer encodings, charsets.
 *
 * Where the parts are, scan.c has found; GMime is asked only for what the
 * readers want decoded, which for a standard report is a few words. Decoded
 * pieces are owned by the message and freed by its one destructor. Nothing
 * fails: what cannot be decoded comes through with replacement characters.
 */
#include "facts/message.h"

#include <errno.h>
#include <gmime/gmime.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/charset.h"
#include "facts/field.h"

struct message {
	struct scan scan;
	struct field *fields; /* of the message's own header */
	size_t fields_len, fields_size;
	char **decoded; /* what we own */
	size_t decoded_len, decoded_size;
};

void
message_init(void)
{
	g_mime_init();
}

static void
index_fields(struct message *m)
{
	struct span rest = m->scan.parts[0].header;
	struct field f;

	while (field_next(&rest, &f)) {
		m->fields = array_grow(m->fields, &m->fields_size, m->fields_len, sizeof(f));
		m->fields[m->fields_len++] = f;
	}
}

struct message *
message_open(struct span bytes)
{
	struct message *m = xcalloc(1, sizeof(*m));

	scan_message(bytes.data != NULL ? bytes : SPAN(""), &m->scan);
	index_fields(m);
	return m;
}

void
message_freep(struct message **m)
{
	if (*m == NULL)
		return;
	for (size_t i = 0; i < (*m)->decoded_len; i++)
		free((*m)->decoded[i]);
	free((*m)->decoded);
	free((*m)->fields);
	scan_done(&(*m)->scan);
	free(TAKE(*m));
}

bool
message_over_limits(const struct message *m)
{
	return m->scan.limits;
}

const struct scan_part *
message_parts(const struct message *m, size_t *ret_len)
{
	*ret_len = m->scan.len;
	return m->scan.parts;
}

struct span
message_field_nth(const struct message *m, const char *name, size_t n)
{
	for (size_t i = 0; i < m->fields_len; i++)
		if (field_is(&m->fields[i], name) && n-- == 0)
			return m->fields[i].value;
	return (struct span){ NULL, 0 };
}

struct span
message_field(const struct message *m, const char *name)
{
	return message_field_nth(m, name, 0);
}

bool
message_has(const struct message *m, const char *name)
{
	return message_field(m, name).data != NULL;
}

/* Gives the buffer's bytes to the message. */
static struct span
keep(struct message *m, struct buffer *b)
{
	struct span s = { .len = b->len };

	m->decoded = array_grow(m->decoded, &m->decoded_size, m->decoded_len, sizeof(char *));
	m->decoded[m->decoded_len] = buffer_take(b);
	s.data = m->decoded[m->decoded_len++];
	return s;
}

struct span
message_bytes(struct message *m, const struct scan_part *part, size_t most)
{
	AUTO(freep) char *name = span_dup(part->encoding);
	GMimeContentEncoding encoding = g_mime_content_encoding_from_string(name);
	struct span in = part->body;
	struct buffer out = { 0 };
	GMimeEncoding state;

	if (in.len > most)
		in.len = most;
	if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
	    encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
	    encoding != GMIME_CONTENT_ENCODING_UUENCODE)
		return in;
	g_mime_encoding_init_decode(&state, encoding);
	out.size = g_mime_encoding_outlen(&state, in.len) + 1;
	out.data = xmalloc(out.size);
	out.len = g_mime_encoding_step(&state, in.data, in.len, out.data);
	out.data[out.len] = '\0';
	return keep(m, &out);
}

/* Whole input through one converter; a byte it refuses becomes U+FFFD. False: an unknown charset.
 */
static bool
convert(const char *charset, struct span in, struct buffer *out)
{
	const char *name = charset_iconv_name(span_of(charset));
	iconv_t cd = name == NULL ? (iconv_t)-1 : iconv_open("UTF-8", name);
	char *from = (char *)(uintptr_t)in.data;
	size_t left = in.len;

	if (cd == (iconv_t)-1)
		return false;
	while (left > 0) {
		char room[4096], *to = room;
		size_t size = sizeof(room);
		size_t rc = iconv(cd, &from, &left, &to, &size);

		buffer_add(out, room, sizeof(room) - size);
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		buffer_add_str(out, "\xEF\xBF\xBD");
		from++;
		left--;
	}
	(void)iconv_close(cd);
	return true;
}

static bool
has_high_bytes(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] >= 0x80)
			return true;
	return false;
}

/* ISO-2022 and UTF-7 hide other characters in ASCII bytes. */
static bool
is_stateful(const char *charset)
{
	return strncasecmp(charset, "iso-2022", 8) == 0 || strcasestr(charset, "utf-7") != NULL ||
	       strcasestr(charset, "utf7") != NULL || strcasestr(charset, "utf-16") != NULL ||
	       strcasestr(charset, "hz-gb") != NULL;
}

static bool
has_shifts(struct span s)
{
	return memchr(s.data, '\x1b', s.len) != NULL || memchr(s.data, '+', s.len) != NULL ||
	       memchr(s.data, '~', s.len) != NULL || memchr(s.data, '\0', s.len) != NULL;
}

/*
 * Declared charset, unless the bytes are UTF-8 anyway or ASCII; undeclared
 * bytes are UTF-8, else Windows-1252, the usual mistake.
 */
static struct span
to_utf8(struct message *m, const char *charset, struct span in)
{
	struct buffer out = { 0 };
	bool stateful = charset[0] != '\0' && is_stateful(charset);

	if (in.len == 0 || (stateful && !has_shifts(in) && !has_high_bytes(in)))
		return in;
	if (!stateful && text_is_utf8(in))
		return in;
	if (charset[0] != '\0' && strcasecmp(charset, "us-ascii") != 0 &&
	    strcasecmp(charset, "utf-8") != 0 && convert(charset, in, &out))
		return keep(m, &out);
	if (strcasecmp(charset, "utf-8") == 0 || !convert("WINDOWS-1252", in, &out))
		text_add_utf8(&out, in);
	return keep(m, &out);
}

struct span
message_text(struct message *m, const struct scan_part *part, size_t most)
{
	char charset[64];

	if (!part_parameter(part, "charset", charset, sizeof(charset)))
		charset[0] = '\0';
	return to_utf8(m, charset, message_bytes(m, part, most));
}

/* 8-bit bytes that no encoded word declares. */
static char *
decode_bare(struct span value, const char *charset)
{
	AUTO(buffer_done) struct buffer out = { 0 };

	if (charset == NULL || charset[0] == '\0' || strcasecmp(charset, "us-ascii") == 0 ||
	    strcasecmp(charset, "utf-8") == 0 || !convert(charset, value, &out))
		(void)convert("WINDOWS-1252", value, &out);
	return field_unfold(buffer_span(&out));
}

char *
message_decode_own(const struct message *m, const char *name)
{
	char charset[64] = "";

	for (size_t i = 0; i < m->scan.len && charset[0] == '\0'; i++)
		if (!part_parameter(&m->scan.parts[i], "charset", charset, sizeof(charset)))
			charset[0] = '\0';
	return message_decode_field(message_field(m, name), charset);
}

char *
message_decode_field(struct span value, const char *charset)
{
	AUTO(freep) char *raw = NULL;
	char *plain, *fact;

	value = span_trim(value);
	if (value.len > FACT_MOST)
		value.len = FACT_MOST;
	if (value.len == 0)
		return NULL;
	if (memmem(value.data, value.len, "=?", 2) == NULL)
		return text_is_utf8(value) ? field_unfold(value) : decode_bare(value, charset);
	raw = span_dup(value);
	for (size_t i = 0; i < value.len; i++)
		if (raw[i] == '\0')
			raw[i] = ' ';
	charset_tame_words(raw);
	plain = g_mime_utils_header_decode_text(NULL, raw);
	fact = field_unfold(span_of(plain));
	g_free(plain);
	return fact;
}
