/*
 * digest_text.c: the digest as text of at most 80 columns.
 *
 * Every text in a digest is clean; here it is only cut and padded. What is
 * to be typed stands alone in its line.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/columns.h"
#include "report/digest.h"

enum {
	WIDTH = 80,
	LABEL_WIDTH = 11,
	NUMBER_WIDTH = 9,
	CLASS_WIDTH = 14,
	NAME_WIDTH = WIDTH - 2 - 2 * NUMBER_WIDTH,
	STORM_WIDTH = WIDTH - 2 - NUMBER_WIDTH,
	ID_WIDTH = 9,
};

static void
add_number(struct buffer *out, int64_t number)
{
	char text[COLUMNS_NUMBER_SIZE];

	/* a very large one keeps its column rather than its commas */
	if (number >= 1000000)
		(void)snprintf(text, sizeof(text), "%" PRId64, number);
	else
		(void)columns_number(number, text);
	buffer_printf(out, "%*s", NUMBER_WIDTH, text);
}

static void
add_line(struct buffer *out, const struct digest *d, const char *indent, const char *text)
{
	buffer_add_str(out, indent);
	columns_add_cut(out, text, WIDTH - strlen(indent), d->ascii);
	buffer_add_char(out, '\n');
}

/* Parts that are separated by ", ", on as many lines as they need. */
static void
add_parts(struct buffer *out, const char *label, const char *parts)
{
	size_t used = 2 + LABEL_WIDTH;

	buffer_printf(out, "  %-*s", LABEL_WIDTH, label);
	while (*parts != '\0') {
		const char *end = strstr(parts, ", ");
		size_t len = end != NULL ? (size_t)(end - parts) + 1 : strlen(parts);

		if (used + 1 + len > WIDTH) {
			buffer_printf(out, "\n  %-*s", LABEL_WIDTH, "");
			used = 2 + LABEL_WIDTH;
		}
		buffer_add_char(out, ' ');
		buffer_add(out, parts, len);
		used += 1 + len;
		parts += end != NULL ? len + 1 : len;
	}
	buffer_add_char(out, '\n');
}

static void
add_head(struct buffer *out, const struct digest *d)
{
	AUTO(freep) char *summary = digest_summary(d), *verdicts = digest_verdicts(d);
	AUTO(freep) char *copies = digest_copies(d);
	AUTO(freep) char *title = xasprintf("ndrq on %s", d->hostname);
	char from[DIGEST_TIME_SIZE], until[DIGEST_TIME_SIZE], number[COLUMNS_NUMBER_SIZE];

	add_line(out, d, "", title);
	buffer_printf(out, "%s to %s\n\n", digest_time(d->from_ms, from),
		      digest_time(d->until_ms, until));
	if (d->records == 0) {
		buffer_add_str(out, "No notification came.\n");
	} else {
		buffer_printf(out, "%s notification%s came.\n", columns_number(d->records, number),
			      d->records == 1 ? "" : "s");
		add_parts(out, "Now", summary);
		add_parts(out, "Policy said", verdicts);
	}
	if (copies != NULL)
		add_parts(out, "Copies", copies);
}

static void
add_class(struct buffer *out, const struct digest *d, const char *class, const char *name)
{
	columns_add_padded(out, name, CLASS_WIDTH, d->ascii);
	for (const struct digest_column *c = digest_columns; c->heading != NULL; c++)
		add_number(out, digest_sum(d, class, NULL, c->states));
	buffer_add_char(out, '\n');
}

/* The counts are in the order of their classes. */
static void
add_classes(struct buffer *out, const struct digest *d)
{
	const char *last = "";

	if (d->records == 0)
		return;
	buffer_printf(out, "\n%-*s", CLASS_WIDTH, "CLASS");
	for (const struct digest_column *c = digest_columns; c->heading != NULL; c++)
		buffer_printf(out, "%*s", NUMBER_WIDTH, c->heading);
	buffer_add_char(out, '\n');
	for (size_t i = 0; i < d->counts_len; i++) {
		if (strcmp(d->counts[i].class, last) == 0)
			continue;
		last = d->counts[i].class;
		add_class(out, d, last, last);
	}
	add_class(out, d, NULL, "all");
}

static void
add_share(struct buffer *out, const struct digest *d, const char *name,
	  const struct digest_share *share)
{
	columns_add_padded(out, name, NAME_WIDTH, d->ascii);
	add_number(out, share->records);
	add_number(out, share->held);
	buffer_add_char(out, '\n');
}

static void
add_share_heading(struct buffer *out, const char *heading)
{
	buffer_printf(out, "\n%-*s%*s%*s\n", NAME_WIDTH, heading, NUMBER_WIDTH, "all", NUMBER_WIDTH,
		      "held");
}

static void
add_shares(struct buffer *out, const struct digest *d)
{
	if (d->domains_len > 0)
		add_share_heading(out, "DOMAIN");
	for (size_t i = 0; i < d->domains_len; i++)
		add_share(out, d, digest_domain(d->domains[i].name), &d->domains[i]);
	if (d->statuses_len > 0)
		add_share_heading(out, "CAUSE");
	for (size_t i = 0; i < d->statuses_len; i++) {
		AUTO(freep) char *cause = digest_cause(d->statuses[i].name);

		add_share(out, d, cause, &d->statuses[i]);
	}
}

static void
add_storms(struct buffer *out, const struct digest *d)
{
	if (d->storms_len > 0)
		buffer_printf(out, "\n%-*s%*s\n", STORM_WIDTH, "STORM", NUMBER_WIDTH, "members");
	for (size_t i = 0; i < d->storms_len; i++) {
		const struct digest_storm *s = &d->storms[i];
		AUTO(freep) char *name = xasprintf("%s: %s", s->rule, s->shared);
		char began[DIGEST_TIME_SIZE], last[DIGEST_TIME_SIZE];

		columns_add_padded(out, name, STORM_WIDTH, d->ascii);
		add_number(out, s->members);
		buffer_printf(out, "\n  %.16s to %.16s   ndrq list --storm %" PRId64 "\n",
			      digest_time(s->began_at_ms, began), digest_time(s->last_at_ms, last),
			      s->id);
	}
}

/* "who: what", as far as either is known. */
static void
add_pair(struct buffer *out, const struct digest *d, const char *label, const char *one,
	 const char *other)
{
	AUTO(freep)
	char *line = xasprintf("%s%s%s%s", label, one,
			       one[0] != '\0' && other[0] != '\0' ? ": " : "", other);

	if (one[0] != '\0' || other[0] != '\0')
		add_line(out, d, "           ", line);
}

static void
add_item(struct buffer *out, const struct digest *d, const struct digest_held *item)
{
	AUTO(freep) char *cause = digest_cause(item->status);
	const char *rcpt = item->rcpt[0] != '\0' ? item->rcpt : "(no recipient)";
	char time[DIGEST_TIME_SIZE];

	buffer_printf(out, "%*" PRId64 "  ", ID_WIDTH, item->id);
	(void)digest_time(item->received_at_ms, time);
	buffer_printf(out, "%.16s  ", time);
	columns_add_cut(out, rcpt, WIDTH - ID_WIDTH - 20, d->ascii);
	buffer_add_char(out, '\n');
	add_pair(out, d, "cause ", cause, item->final);
	add_pair(out, d, item->from[0] != '\0' ? "from  " : "about ", item->from, item->subject);
}

static void
add_items(struct buffer *out, const struct digest *d)
{
	char number[COLUMNS_NUMBER_SIZE];

	if (d->items_len == 0)
		return;
	buffer_printf(out, "\nHELD");
	if ((int64_t)d->items_len < d->held)
		buffer_printf(out, ", the newest %zu of %s", d->items_len,
			      columns_number(d->held, number));
	buffer_add_char(out, '\n');
	for (size_t i = 0; i < d->items_len; i++)
		add_item(out, d, &d->items[i]);
}

static void
add_commands(struct buffer *out, const struct digest *d)
{
	char number[COLUMNS_NUMBER_SIZE];
	int64_t id;

	if (d->held_all == 0)
		return;
	buffer_printf(out, "\n%s %s held in all.\n", columns_number(d->held_all, number),
		      d->held_all == 1 ? "is" : "are");
	if (d->items_len == 0) {
		buffer_add_str(out, "  ndrq list --state held\n");
		return;
	}
	id = d->items[0].id;
	buffer_printf(out,
		      "  ndrq list --state held       shows them\n"
		      "  ndrq show %-18" PRId64 " all there is to know about it\n"
		      "  ndrq release %-15" PRId64 " sends it on\n"
		      "  ndrq delete %-16" PRId64 " puts it away\n",
		      id, id, id);
}

void
digest_add_text(const struct digest *digest, struct buffer *out)
{
	add_head(out, digest);
	add_classes(out, digest);
	add_shares(out, digest);
	add_storms(out, digest);
	add_items(out, digest);
	add_commands(out, digest);
}
