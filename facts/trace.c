/*
 * trace.c: the Received lines of the notification itself.
 *
 * By ndrqd's own a released notification that comes back is recognised:
 * "by HOST (ndrq) id RECORD.TOKEN", three words behind "by"; whatever is not
 * exactly this is somebody else's line. Was each written by a host of ours
 * about one of us, no stranger can have sent it.
 */
#include "facts/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/field.h"
#include "facts/received.h"

static struct span
word_next(struct span *rest)
{
	struct span word;
	size_t n = 0;

	*rest = span_trim(*rest);
	while (n < rest->len && strchr(" \t\r\n;", rest->data[n]) == NULL)
		n++;
	word = (struct span){ rest->data, n };
	*rest = (struct span){ rest->data + n, rest->len - n };
	return word;
}

static bool
parse_id(struct span word, struct facts_trace *ret)
{
	const char *dot = memchr(word.data, '.', word.len);
	char number[20];
	size_t len = dot == NULL ? 0 : (size_t)(dot - word.data);

	if (len == 0 || len >= sizeof(number) || strspn(word.data, "0123456789") != len)
		return false;
	memcpy(number, word.data, len);
	number[len] = '\0';
	errno = 0;
	ret->record = strtoll(number, NULL, 10);
	return errno == 0 &&
	       hex_decode(dot + 1, word.len - len - 1, ret->token, sizeof(ret->token));
}

static bool
parse_trace(const char *received, struct facts_trace *ret)
{
	const char *mark = strstr(received, " (ndrq) id ");
	struct span before, rest;

	if (mark == NULL)
		return false;
	/* "…by HOST" ends here */
	before = (struct span){ received, (size_t)(mark - received) };
	while (before.len > 0 && before.data[before.len - 1] != ' ')
		before.len--;
	before = span_trim(before);
	if (before.len < 2 || memcmp(before.data + before.len - 2, "by", 2) != 0 ||
	    (before.len > 2 && before.data[before.len - 3] != ' '))
		return false;
	rest = span_of(mark + strlen(" (ndrq) id "));
	return parse_id(word_next(&rest), ret);
}

static void
read_trace(struct span value, struct facts *f)
{
	AUTO(freep) char *line = NULL;

	if (f->traces_len == FACTS_TRACES_MAX || memmem(value.data, value.len, "(ndrq)", 6) == NULL)
		return;
	line = field_unfold(value);
	if (line != NULL && parse_trace(line, &f->traces[f->traces_len]))
		f->traces_len++;
}

static bool
is_foreign(struct span value, const struct facts_site *site)
{
	struct received hop;

	received_parse(value, &hop);
	return !received_by_us(&hop, site) || !received_from_us(&hop, site);
}

void
read_traces(const struct message *m, const struct facts_site *site, struct facts *f)
{
	size_t len;
	struct span header = message_parts(m, &len)[0].header;
	struct field field;

	while (field_next(&header, &field)) {
		if (!field_is(&field, "Received"))
			continue;
		read_trace(field.value, f);
		if (site != NULL && !f->foreign_received)
			f->foreign_received = is_foreign(field.value, site);
	}
}
