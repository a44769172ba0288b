/*
 * report_write.c: header, text, report, and the returned message behind them.
 *
 * All that is written is ASCII, but for the returned message and a recipient
 * in To who is not: addresses that are not ASCII stand encoded (RFC 6533 3),
 * and text that names one is quoted-printable. Nothing fails.
 */
#include "facts/report_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "facts/codes.h"
#include "facts/read.h"

#define ADDRESS_MOST    512 /* bytes; RFC 5321 allows 254 characters */
#define DIAGNOSTIC_MOST 500
#define LISTED_MOST     100 /* recipients in the text */
#define BOUNDARY_SIZE   64
#define BOUNDARIES      8

/* ---- one recipient ------------------------------------------------------------------- */

/* As the sender knew it. NULL: nobody can be named. */
static const char *
address_of(const struct facts_recipient *r)
{
	const char *address = r->original != NULL ? r->original : r->final;

	if (address == NULL || address[0] == '\0' || strlen(address) > ADDRESS_MOST)
		return NULL;
	return address;
}

/* One of the five of RFC 3464 2.3.3; where none is said, that of the message. */
static enum facts_class
action_of(const struct facts_recipient *r, enum facts_class class)
{
	struct facts_recipient copy = *r;
	const struct facts one = { .recipients = &copy, .recipients_len = 1 };

	(void)class_from_actions(&one, &class);
	return class;
}

static const char *
status_of(const struct facts_recipient *r, enum facts_class action)
{
	if (r->status != NULL)
		return r->status;
	return action == FACTS_FAILED ? "5.0.0" : action == FACTS_DELAYED ? "4.0.0" : "2.0.0";
}

bool
report_is_possible(const struct facts *f)
{
	if (f->limits || (f->class != FACTS_FAILED && f->class != FACTS_DELAYED))
		return false;
	for (size_t i = 0; i < f->recipients_len; i++)
		if (address_of(&f->recipients[i]) != NULL &&
		    action_of(&f->recipients[i], f->class) == f->class)
			return true;
	return false;
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x7F || (unsigned char)*s < ' ')
			return false;
	return true;
}

/* The next character of UTF-8 text, which facts are. */
static unsigned
character(const char **text)
{
	const unsigned char *s = (const unsigned char *)*text;
	unsigned c = s[0] < 0x80   ? s[0]
		     : s[0] < 0xE0 ? s[0] & 0x1F
		     : s[0] < 0xF0 ? s[0] & 0x0F
				   : s[0] & 0x07;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (s[i] & 0x3F);
	*text += len;
	return c;
}

/* "rfc822; a@b.example", or as utf-8-addr-xtext (RFC 6533 3). */
static void
add_address(struct buffer *out, const char *field, const char *address)
{
	if (is_ascii(address)) {
		buffer_printf(out, "%s: rfc822; %s\r\n", field, address);
		return;
	}
	buffer_printf(out, "%s: utf-8; ", field);
	while (*address != '\0') {
		unsigned c = character(&address);

		if (c > ' ' && c < 0x7F && c != '\\' && c != '+' && c != '=')
			buffer_add_char(out, (char)c);
		else
			buffer_printf(out, "\\x{%02X}", c);
	}
	buffer_add_str(out, "\r\n");
}

/* What a server said, on one line of ASCII. */
static void
add_words(struct buffer *out, const char *text)
{
	for (size_t i = 0; text[i] != '\0' && i < DIAGNOSTIC_MOST; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80)
			buffer_add_char(out, c < ' ' || c == 0x7F ? ' ' : (char)c);
		else if (c >= 0xC0)
			buffer_add_char(out, '?');
	}
}

/* An address in the text: as it is, but on one line. */
static void
add_name(struct buffer *out, const char *address)
{
	for (; *address != '\0'; address++)
		buffer_add_char(out,
				(unsigned char)*address < ' ' || *address == 0x7F ? '?' : *address);
}

/* ---- the text ---------------------------------------------------------------------------- */

static void
explain(struct buffer *out, const char *status)
{
	struct facts_explanation e;

	if (facts_explain(status, &e) == 1)
		buffer_printf(out, "    %s: %s (%s)\r\n", e.code, e.known->meaning, e.severity);
}

static void
add_listed(const struct report_draft *d, enum facts_class action, const char *heading,
	   struct buffer *out)
{
	size_t named = 0;

	for (size_t i = 0; i < d->facts->recipients_len; i++) {
		const struct facts_recipient *r = &d->facts->recipients[i];

		if (address_of(r) == NULL || action_of(r, d->facts->class) != action ||
		    ++named > LISTED_MOST)
			continue;
		buffer_printf(out, "%s<", named == 1 ? heading : "");
		add_name(out, address_of(r));
		buffer_add_str(out, ">\r\n");
		explain(out, status_of(r, action));
		if (d->diagnostics && r->diagnostic != NULL) {
			buffer_add_str(out, "    ");
			add_words(out, r->diagnostic);
			buffer_add_str(out, "\r\n");
		}
		buffer_add_str(out, "\r\n");
	}
	if (named > LISTED_MOST)
		buffer_printf(out, "and %zu more.\r\n\r\n", named - LISTED_MOST);
}

/* RFC 2045 6.7 */
static void
add_quoted_printable(struct buffer *out, struct span text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		bool ends = i + 1 < text.len && text.data[i + 1] == '\r';

		if (c == '\r' || c == '\n') {
			buffer_add_char(out, (char)c);
			column = 0;
			continue;
		}
		if (column >= 72) {
			buffer_add_str(out, "=\r\n");
			column = 0;
		}
		if (c >= 0x7F || c < ' ' || c == '=' || (c == ' ' && ends)) {
			buffer_printf(out, "=%02X", c);
			column += 3;
		} else {
			buffer_add_char(out, (char)c);
			column++;
		}
	}
}

static bool
is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c >= 0x7F || (c < ' ' && c != '\r' && c != '\n'))
			return false;
	}
	return true;
}

static void
add_text(const struct report_draft *d, struct buffer *out)
{
	AUTO(buffer_done) struct buffer text = { 0 };

	add_listed(d, FACTS_FAILED,
		   "Your message could not be delivered to these recipients:\r\n\r\n", &text);
	add_listed(
		d, FACTS_DELAYED,
		"Your message is late, but delivery to these recipients is still being tried;\r\n"
		"it need not be sent again:\r\n\r\n",
		&text);
	if (is_plain(buffer_span(&text))) {
		buffer_add_str(out, "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
		buffer_add(out, text.data, text.len);
		return;
	}
	buffer_add_str(out, "Content-Type: text/plain; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	add_quoted_printable(out, buffer_span(&text));
}

/* ---- the report --------------------------------------------------------------------------- */

static void
add_recipient(const struct report_draft *d, const struct facts_recipient *r, struct buffer *out)
{
	enum facts_class action = action_of(r, d->facts->class);

	buffer_add_str(out, "\r\n");
	if (r->original != NULL)
		add_address(out, "Original-Recipient", address_of(r));
	add_address(out, "Final-Recipient", address_of(r));
	buffer_printf(out, "Action: %s\r\nStatus: %s\r\n", facts_class_name(action),
		      status_of(r, action));
	if (d->diagnostics && r->diagnostic != NULL) {
		buffer_add_str(out, "Diagnostic-Code: smtp; ");
		add_words(out, r->diagnostic);
		buffer_add_str(out, "\r\n");
	}
}

/* xtext, as RFC 3461 4.4 has it. */
static bool
is_envelope_id(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] >= 0x7F)
			return false;
	return s.len > 0 && s.len <= 100;
}

static void
add_report(const struct report_draft *d, struct buffer *out)
{
	const struct facts *f = d->facts;

	buffer_printf(out,
		      "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; %s\r\n",
		      d->writer->host);
	if (is_envelope_id(d->envelope_id))
		buffer_printf(out, "Original-Envelope-Id: %.*s\r\n", (int)d->envelope_id.len,
			      d->envelope_id.data);
	for (size_t i = 0; i < f->recipients_len; i++)
		if (address_of(&f->recipients[i]) != NULL)
			add_recipient(d, &f->recipients[i], out);
}

/* ---- the message --------------------------------------------------------------------------- */

/* A date, a zone, nothing a host could hide in. */
static bool
is_date(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if ((c < '0' || c > '9') && ((c | 32) < 'a' || (c | 32) > 'z') &&
		    memchr(" ,:+-", c, 5) == NULL)
			return false;
	}
	return s.len >= 16 && s.len <= 40;
}

static void
add_date(const struct report_draft *d, struct buffer *out)
{
	struct span date = d->date.len > 0 ? d->date : SPAN("");
	const char *comment = memchr(date.data, '(', date.len);
	char now[CLOCK_RFC5322_SIZE];

	if (comment != NULL)
		date.len = (size_t)(comment - date.data);
	date = span_trim(date);
	if (is_date(date))
		buffer_printf(out, "Date: %.*s\r\n", (int)date.len, date.data);
	else
		buffer_printf(out, "Date: %s\r\n", clock_format_rfc5322(d->writer->now_ms, now));
}

static bool
may_stand_in_brackets(const char *address)
{
	for (; *address != '\0'; address++)
		if ((unsigned char)*address < ' ' || *address == 0x7F || *address == '<' ||
		    *address == '>')
			return false;
	return true;
}

static void
add_header(const struct report_draft *d, const char *boundary, struct buffer *out)
{
	const char *rcpt = d->writer->rcpt;
	bool named = rcpt != NULL && rcpt[0] != '\0' && may_stand_in_brackets(rcpt);

	add_date(d, out);
	buffer_printf(out, "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n", d->writer->host);
	buffer_printf(out, "To: %s%s%s\r\n", named ? "<" : "",
		      named ? rcpt : "undisclosed-recipients:;", named ? ">" : "");
	buffer_printf(out,
		      "Subject: %s\r\nMessage-ID: <%s>\r\nAuto-Submitted: auto-replied\r\n"
		      "MIME-Version: 1.0\r\n"
		      "Content-Type: multipart/report; report-type=delivery-status;\r\n"
		      "\tboundary=\"%s\"\r\n",
		      d->facts->class == FACTS_FAILED ? "Mail could not be delivered"
						      : "Mail is delayed",
		      d->writer->message_id, boundary);
	if (d->returned->is_8bit)
		buffer_add_str(out, "Content-Transfer-Encoding: 8bit\r\n");
}

static bool
holds(struct span s, const char *text)
{
	return s.len > 0 && memmem(s.data, s.len, text, strlen(text)) != NULL;
}

/* FNV-1a: not to be guessed by who does not know the text. */
static uint64_t
hash(const char *text)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
	return h;
}

/*
 * One that stands in nothing that goes along; no line that we write begins
 * with "--". False: whoever wrote it has tried them all.
 */
static bool
choose_boundary(const struct report_draft *d, char out[BOUNDARY_SIZE])
{
	const struct returned_cut *r = d->returned;

	for (unsigned n = 0; n < BOUNDARIES; n++) {
		(void)snprintf(out, BOUNDARY_SIZE, "=_ndrq_%u_%016" PRIx64, n,
			       hash(d->writer->message_id));
		if (!holds(buffer_span(&r->header), out) && !(r->has_body && holds(r->body, out)))
			return true;
	}
	return false;
}

static void
add_returned(const struct returned_cut *r, const char *boundary, struct buffer *out)
{
	buffer_printf(out, "\r\n--%s\r\nContent-Type: %s\r\n", boundary, r->type);
	if (r->is_8bit)
		buffer_add_str(out, "Content-Transfer-Encoding: 8bit\r\n");
	buffer_add_str(out, "\r\n");
	buffer_add(out, r->header.data, r->header.len);
	if (r->has_body) {
		buffer_add_str(out, "\r\n");
		strip_add_lines(out, r->body);
	}
}

void
report_write(const struct report_draft *d, struct buffer *out)
{
	char boundary[BOUNDARY_SIZE];
	bool returns = choose_boundary(d, boundary) && d->returned->type != NULL;

	add_header(d, boundary, out);
	buffer_printf(out, "\r\n--%s\r\n", boundary);
	add_text(d, out);
	buffer_printf(out, "\r\n--%s\r\n", boundary);
	add_report(d, out);
	if (returns)
		add_returned(d->returned, boundary, out);
	buffer_printf(out, "\r\n--%s--\r\n", boundary);
}
