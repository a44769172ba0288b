/*
 * pickup.c: the envelope on top of a file.
 *
 * Tolerant as the real exports ask for: names in any case, values folded,
 * parameters in any case and order, set off by blanks or by ";" and a blank,
 * addresses with or without brackets, with a display name or a BOM before the
 * first line. A parameter that is not known, AUTH among them, says nothing.
 * What could break out of a line (NUL, CR, LF) ends a value.
 */
#include "facts/pickup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/address.h"
#include "facts/field.h"

#define BOM     "\xEF\xBB\xBF"
#define BOM_LEN (sizeof(BOM) - 1)

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word of *rest; false: none is left. */
static bool
word_next(struct span *rest, struct span *ret)
{
	size_t n = 0;

	*rest = span_trim(*rest);
	while (n < rest->len && !is_blank(rest->data[n]))
		n++;
	*ret = (struct span){ rest->data, n };
	*rest = (struct span){ rest->data + n, rest->len - n };
	return n > 0;
}

/* ---- one line: an address and its parameters ------------------------------ */

/* The end of the quoted string that begins at s[i]. */
static size_t
skip_quoted(struct span s, size_t i)
{
	for (i++; i < s.len && s.data[i] != '"'; i++)
		if (s.data[i] == '\\')
			i++;
	return i;
}

/* A word that may begin with a quoted string (RFC 5321 4.1.2), with where its rest begins. */
static bool
address_word_next(struct span *rest, struct span *ret, size_t *ret_unquoted)
{
	size_t n;

	*rest = span_trim(*rest);
	*ret_unquoted = 0;
	if (rest->len == 0 || rest->data[0] != '"' || (n = skip_quoted(*rest, 0)) >= rest->len)
		return word_next(rest, ret);
	*ret_unquoted = ++n;
	while (n < rest->len && !is_blank(rest->data[n]))
		n++;
	*ret = (struct span){ rest->data, n };
	*rest = (struct span){ rest->data + n, rest->len - n };
	return true;
}

/* Without a bracket the first word with an "@" is the address, else the first word. */
static struct span
bare_address(struct span value, struct span *ret_rest)
{
	struct span rest = value, word, first = { value.data, 0 };
	size_t from;

	*ret_rest = (struct span){ value.data, 0 };
	while (address_word_next(&rest, &word, &from)) {
		if (memchr(word.data + from, '@', word.len - from) != NULL) {
			*ret_rest = rest;
			return word;
		}
		if (first.len == 0) {
			first = word;
			*ret_rest = rest;
		}
	}
	return first;
}

/* The inside of <…>; a quoted string at its start may hold a ">" (RFC 5321 4.1.2). */
static bool
bracket_address(struct span value, struct span *ret, struct span *ret_rest)
{
	size_t from = 0, to;

	while (from < value.len && value.data[from] != '<')
		from = value.data[from] == '"' ? skip_quoted(value, from) + 1 : from + 1;
	if (from >= value.len)
		return false;
	to = from + 1;
	if (to < value.len && value.data[to] == '"')
		to = skip_quoted(value, to);
	while (to < value.len && value.data[to] != '>')
		to++;
	if (to > value.len)
		to = value.len;
	*ret = span_trim((struct span){ value.data + from + 1, to - from - 1 });
	to = to < value.len ? to + 1 : to;
	*ret_rest = (struct span){ value.data + to, value.len - to };
	return true;
}

/* A path that can stand in a line: what a NUL, CR or LF is in is none. */
static char *
path_dup(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] == '\0' || s.data[i] == '\r' || s.data[i] == '\n')
			s.len = i;
	return span_dup(s);
}

static char *
take_address(struct span value, struct span *ret_rest)
{
	struct span address;

	if (!bracket_address(value, &address, ret_rest))
		address = bare_address(value, ret_rest);
	return path_dup(address);
}

static void
set_once(char **slot, struct span value)
{
	if (*slot == NULL && value.len > 0)
		*slot = path_dup(value);
}

/* "NAME=value", perhaps with a ";" behind it. */
static bool
parameter_next(struct span *rest, struct span *ret_name, struct span *ret_value)
{
	struct span word;

	while (word_next(rest, &word)) {
		const char *equals = memchr(word.data, '=', word.len);
		size_t len = equals == NULL ? 0 : (size_t)(equals - word.data);

		while (word.data[word.len - 1] == ';' && word.len > len + 1)
			word.len--;
		*ret_name = (struct span){ word.data, len };
		*ret_value = (struct span){ word.data + len + 1, word.len - len - 1 };
		if (len > 0)
			return true;
	}
	return false;
}

static void
read_sender(struct pickup *p, struct span value)
{
	struct span rest, name, text;

	if (p->sender != NULL)
		return;
	p->sender = take_address(value, &rest);
	while (parameter_next(&rest, &name, &text)) {
		if (span_equal_nocase(name, SPAN("RET")))
			set_once(&p->ret, text);
		else if (span_equal_nocase(name, SPAN("ENVID")))
			set_once(&p->envid, text);
		else if (span_equal_nocase(name, SPAN("BODY")) && p->mail_body == NULL)
			p->mail_body = span_equal_nocase(text, SPAN("8BITMIME")) ? "8BITMIME"
				       : span_equal_nocase(text, SPAN("7BIT"))   ? "7BIT"
										 : NULL;
	}
}

static struct pickup_rcpt *
add_rcpt_take(struct pickup *p, char *path)
{
	if (path[0] == '\0' || p->rcpts_len == PICKUP_RCPTS_MOST) {
		p->limits |= path[0] != '\0';
		free(path);
		return NULL;
	}
	p->rcpts = array_grow(p->rcpts, &p->rcpts_size, p->rcpts_len, sizeof(p->rcpts[0]));
	p->rcpts[p->rcpts_len] = (struct pickup_rcpt){ .path = path };
	return &p->rcpts[p->rcpts_len++];
}

static void
read_receiver(struct pickup *p, struct span value)
{
	struct span rest, name, text;
	struct pickup_rcpt *rcpt = add_rcpt_take(p, take_address(value, &rest));

	while (rcpt != NULL && parameter_next(&rest, &name, &text)) {
		if (span_equal_nocase(name, SPAN("ORCPT")))
			set_once(&rcpt->orcpt, text);
		else if (span_equal_nocase(name, SPAN("NOTIFY")))
			set_once(&rcpt->notify, text);
	}
}

/* ---- the block -------------------------------------------------------------- */

static void
read_nothing(struct pickup *p, struct span value)
{
	(void)p;
	(void)value;
}

static const struct {
	const char *name;
	void (*read)(struct pickup *p, struct span value);
	bool is_envelope, is_last;
} lines[] = {
	{ "X-Sender", read_sender, true, false },
	{ "X-Receiver", read_receiver, true, false },
	{ "X-CreatedBy", read_nothing, false, false },
	{ "X-ExtendedProps", read_nothing, false, false },
	{ "X-ExtendedMessageProps", read_nothing, false, false },
	{ "X-HeloDomain", read_nothing, false, false },
	{ "X-Source", read_nothing, false, false },
	{ "X-SourceIPAddress", read_nothing, false, false },
	{ "X-EndOfInjectedXHeaders", read_nothing, false, true },
};
#define LINES (sizeof(lines) / sizeof(lines[0]))

static size_t
line_of(const struct field *f)
{
	size_t i = 0;

	while (i < LINES && !field_is(f, lines[i].name))
		i++;
	return i;
}

void
pickup_read(struct span bytes, struct pickup *ret)
{
	struct span rest = { bytes.data,
			     bytes.len < PICKUP_BLOCK_MOST ? bytes.len : PICKUP_BLOCK_MOST };
	struct field f;
	const char *begin;

	*ret = (struct pickup){ 0 };
	if (rest.len > BOM_LEN && memcmp(rest.data, BOM, BOM_LEN) == 0)
		rest = (struct span){ rest.data + BOM_LEN, rest.len - BOM_LEN };
	/* a field that is not where the last one ended: a blank line, rubbish */
	for (begin = rest.data; field_next(&rest, &f) && f.name.data == begin; begin = rest.data) {
		size_t i = line_of(&f);

		if (i == LINES)
			break;
		if (rest.len == 0 && bytes.len > PICKUP_BLOCK_MOST)
			ret->limits = true;
		if (f.value.len > PICKUP_VALUE_MOST && lines[i].is_envelope)
			ret->limits = true;
		else
			lines[i].read(ret, f.value);
		ret->given |= lines[i].is_envelope;
		ret->message_at = (size_t)(rest.data - bytes.data);
		if (lines[i].is_last)
			break;
	}
}

void
pickup_done(struct pickup *p)
{
	for (size_t i = 0; i < p->rcpts_len; i++) {
		free(p->rcpts[i].path);
		free(p->rcpts[i].orcpt);
		free(p->rcpts[i].notify);
	}
	free(p->rcpts);
	free(p->sender);
	free(p->ret);
	free(p->envid);
	*p = (struct pickup){ 0 };
}

void
pickup_add_block(struct buffer *out, const struct pickup *p)
{
	if (p->sender != NULL) {
		buffer_printf(out, "x-sender: <%s>", p->sender);
		if (p->mail_body != NULL)
			buffer_printf(out, " BODY=%s", p->mail_body);
		if (p->ret != NULL)
			buffer_printf(out, " RET=%s", p->ret);
		if (p->envid != NULL)
			buffer_printf(out, " ENVID=%s", p->envid);
		buffer_add_str(out, "\r\n");
	}
	for (size_t i = 0; i < p->rcpts_len; i++) {
		buffer_printf(out, "x-receiver: <%s>", p->rcpts[i].path);
		if (p->rcpts[i].notify != NULL)
			buffer_printf(out, " NOTIFY=%s", p->rcpts[i].notify);
		if (p->rcpts[i].orcpt != NULL)
			buffer_printf(out, " ORCPT=%s", p->rcpts[i].orcpt);
		buffer_add_str(out, "\r\n");
	}
}

/* ---- without a block ---------------------------------------------------------- */

static bool
has_rcpt(const struct pickup *p, const char *path)
{
	for (size_t i = 0; i < p->rcpts_len; i++)
		if (strcasecmp(p->rcpts[i].path, path) == 0)
			return true;
	return false;
}

/* NULL when it cannot be read, or could not stand in a line. */
static char *
mailbox_dup(struct span one)
{
	bool readable = one.len <= PICKUP_VALUE_MOST && text_is_utf8(one);
	AUTO(freep) char *path = readable ? address_from_path(one) : NULL;

	return path == NULL || strpbrk(path, "\r\n") != NULL ? NULL : TAKE(path);
}

static void
add_list(struct pickup *p, struct span list)
{
	struct span one;

	while (!p->limits && address_list_next(&list, &one)) {
		char *path = mailbox_dup(one);

		if (path == NULL)
			p->limits = true; /* it is not sent to the others alone */
		else if (has_rcpt(p, path))
			free(path);
		else
			(void)add_rcpt_take(p, path);
	}
}

void
pickup_read_header(struct span message, struct pickup *p)
{
	AUTO(freep) char *from = NULL;
	struct span header, body, one;
	struct field f;

	if (!field_split(message, PICKUP_BLOCK_MOST, &header, &body))
		p->limits = true;
	while (field_next(&header, &f)) {
		if (field_is(&f, "Sender") && p->sender == NULL)
			p->sender = mailbox_dup(f.value);
		else if (field_is(&f, "From") && from == NULL && address_list_next(&f.value, &one))
			from = mailbox_dup(one);
		else if (field_is(&f, "To") || field_is(&f, "Cc") || field_is(&f, "Bcc"))
			add_list(p, f.value);
	}
	if (p->sender == NULL)
		p->sender = TAKE(from);
}

void
pickup_add_header(struct span message, struct buffer *out, struct span *ret_body)
{
	struct span header, body, rest;
	struct field f;
	const char *begin;

	(void)field_split(message, PICKUP_BLOCK_MOST, &header, &body);
	rest = header;
	for (begin = rest.data; field_next(&rest, &f); begin = rest.data) {
		const char *end = field_is(&f, "Bcc") ? f.name.data : rest.data;

		buffer_add(out, begin, (size_t)(end - begin));
	}
	buffer_add(out, begin, (size_t)(header.data + header.len - begin));
	*ret_body = (struct span){ header.data + header.len, message.len - header.len };
}
