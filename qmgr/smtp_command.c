/*
 * smtp_command.c: MAIL and RCPT with their parameters, made safe.
 *
 * The recipient has to go out as it came in or not at all; DSN parameters are
 * worth less than the mail, so one that RFC 3461 does not allow is dropped.
 * Lengths are bounded (a command stays below 2 KB, which every relay reads).
 */
#include "qmgr/smtp_command.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "qmgr/smtp_client.h"

#define RCPT_MOST  1000
#define ORCPT_MOST 500 /* RFC 3461 4.2 */
#define ENVID_MOST 100 /* RFC 3461 4.4 */

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

/* Takes the first line off *text. */
static struct span
next_line(struct span *text)
{
	const char *lf = memchr(text->data, '\n', text->len);
	struct span line = { text->data, lf != NULL ? (size_t)(lf - text->data) : text->len };
	size_t used = line.len + (lf != NULL ? 1 : 0);

	*text = (struct span){ text->data + used, text->len - used };
	return line;
}

unsigned
smtp_read_extensions(struct span ehlo)
{
	static const struct {
		const char *keyword;
		enum smtp_extension bit;
	} known[] = {
		{ "PIPELINING", SMTP_PIPELINING },
		{ "8BITMIME", SMTP_8BITMIME },
		{ "SMTPUTF8", SMTP_SMTPUTF8 },
		{ "DSN", SMTP_DSN },
	};
	unsigned extensions = 0;

	for (bool greeting = true; ehlo.len > 0; greeting = false) {
		struct span line = next_line(&ehlo);
		const char *blank = line.len > 0 ? memchr(line.data, ' ', line.len) : NULL;

		if (greeting)
			continue;
		if (blank != NULL)
			line.len = (size_t)(blank - line.data);
		for (size_t i = 0; i < COUNT(known); i++)
			if (span_equal_nocase(line, span_of(known[i].keyword)))
				extensions |= known[i].bit;
	}
	return extensions;
}

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] >= 0x80)
			return false;
	return true;
}

bool
smtp_mail_needs_smtputf8(const struct smtp_mail *mail)
{
	for (size_t i = 0; i < mail->others_len; i++)
		if (!is_ascii(mail->others[i].rcpt))
			return true;
	return mail->smtputf8 || !is_ascii(mail->rcpt) || !is_ascii(mail->sender);
}

/* Behind the quoted string at the start of rcpt; 0: none, or never closed. */
static size_t
skip_quoted(struct span rcpt)
{
	if (rcpt.data[0] != '"')
		return 0;
	for (size_t i = 1; i < rcpt.len; i++) {
		if (rcpt.data[i] == '"')
			return i + 1;
		if (rcpt.data[i] == '\\')
			i++;
	}
	return 0;
}

/*
 * Spaces and brackets stand only where every reader sees them quoted: in a
 * quoted string at the very start (RFC 5321 4.1.2). A quote elsewhere is for
 * the relay to judge; without those three it cannot end the path.
 */
static const char *
quoting_objection(struct span rcpt)
{
	size_t from = skip_quoted(rcpt);

	if (from == 0 && rcpt.data[0] == '"')
		return "its quote is never closed";
	if (from > 0 && from < rcpt.len && rcpt.data[from] != '@' && rcpt.data[from] != '.')
		return "its quoted part does not end where a word ends";
	for (size_t i = from; i < rcpt.len; i++)
		if (rcpt.data[i] == ' ' || rcpt.data[i] == '<' || rcpt.data[i] == '>')
			return "it has a space or a bracket outside quotes";
	return NULL;
}

const char *
smtp_rcpt_objection(struct span rcpt)
{
	if (rcpt.len == 0)
		return "it is empty";
	if (rcpt.len > RCPT_MOST)
		return "it is longer than 1000 bytes";
	for (size_t i = 0; i < rcpt.len; i++)
		if ((unsigned char)rcpt.data[i] < 0x20 || rcpt.data[i] == 0x7F)
			return "it has a control character";
	if (!text_is_utf8(rcpt))
		return "it is not valid UTF-8";
	return quoting_objection(rcpt);
}

/* ---- parameters ------------------------------------------------------- */

static bool
is_upper_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* RFC 3461 4, xtext; beyond_ascii: RFC 6533 3, utf-8-addr-unitext. */
static bool
is_xtext(struct span s, bool beyond_ascii)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c <= ' ' || c == '=' || c == 0x7F || (c > 0x7F && !beyond_ascii))
			return false;
		if (c != '+')
			continue;
		if (i + 2 >= s.len || !is_upper_hex(s.data[i + 1]) || !is_upper_hex(s.data[i + 2]))
			return false;
		i += 2;
	}
	return s.len > 0 && (is_ascii(s) || text_is_utf8(s));
}

/* RFC 3461 4.2: an atom, a semicolon, xtext. */
static bool
is_orcpt(struct span s, bool smtputf8)
{
	const char *semicolon = s.len > 0 ? memchr(s.data, ';', s.len) : NULL;
	struct span type = s;

	if (semicolon == NULL || s.len > ORCPT_MOST)
		return false;
	type.len = (size_t)(semicolon - s.data);
	for (size_t i = 0; i < type.len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-",
			   type.data[i]) == NULL ||
		    type.data[i] == '\0')
			return false;
	return type.len > 0 && is_xtext((struct span){ semicolon + 1, s.len - type.len - 1 },
					smtputf8 && span_equal_nocase(type, SPAN("utf-8")));
}

/* RFC 3461 4.1: NEVER alone, or each of the others at most once. */
static bool
is_notify(struct span s)
{
	static const char *const words[] = { "SUCCESS", "FAILURE", "DELAY" };
	unsigned seen = 0;

	if (span_equal_nocase(s, SPAN("NEVER")))
		return true;
	for (;;) {
		const char *comma = s.len > 0 ? memchr(s.data, ',', s.len) : NULL;
		struct span word = { s.data, comma != NULL ? (size_t)(comma - s.data) : s.len };
		unsigned bit = 0;

		for (size_t i = 0; i < COUNT(words); i++)
			if (span_equal_nocase(word, span_of(words[i])))
				bit = 1u << i;
		if (bit == 0 || (seen & bit) != 0)
			return false;
		seen |= bit;
		if (comma == NULL)
			return true;
		s = (struct span){ comma + 1, s.len - word.len - 1 };
	}
}

static bool
is_ret(struct span s)
{
	return span_equal_nocase(s, SPAN("FULL")) || span_equal_nocase(s, SPAN("HDRS"));
}

void
smtp_add_mail(struct buffer *out, const struct smtp_mail *mail, unsigned extensions)
{
	struct span envid = span_of(mail->envid);

	assert(mail->sender.len == 0 || smtp_rcpt_objection(mail->sender) == NULL);
	buffer_add_str(out, "MAIL FROM:<");
	buffer_add(out, mail->sender.data, mail->sender.len);
	buffer_add_char(out, '>');
	if (mail->body_8bit && (extensions & SMTP_8BITMIME) != 0)
		buffer_add_str(out, " BODY=8BITMIME"); /* RFC 6152 2 */
	if (smtp_mail_needs_smtputf8(mail) && (extensions & SMTP_SMTPUTF8) != 0)
		buffer_add_str(out, " SMTPUTF8"); /* RFC 6531 3.4 */
	if ((extensions & SMTP_DSN) != 0) {
		if (is_ret(span_of(mail->ret)))
			buffer_printf(out, " RET=%s", mail->ret);
		if (envid.len <= ENVID_MOST && is_xtext(envid, false))
			buffer_printf(out, " ENVID=%s", mail->envid);
	}
	buffer_add_str(out, "\r\n");
}

void
smtp_add_rcpt(struct buffer *out, const struct smtp_mail *mail, size_t number, unsigned extensions)
{
	struct smtp_rcpt to = { mail->rcpt, mail->orcpt, mail->notify };

	if (number > 0)
		to = mail->others[number - 1];
	assert(smtp_rcpt_objection(to.rcpt) == NULL);
	buffer_add_str(out, "RCPT TO:<");
	buffer_add(out, to.rcpt.data, to.rcpt.len);
	buffer_add_char(out, '>');
	if ((extensions & SMTP_DSN) != 0) {
		if (is_notify(span_of(to.notify)))
			buffer_printf(out, " NOTIFY=%s", to.notify);
		if (is_orcpt(span_of(to.orcpt), smtp_mail_needs_smtputf8(mail)))
			buffer_printf(out, " ORCPT=%s", to.orcpt);
	}
	buffer_add_str(out, "\r\n");
}
