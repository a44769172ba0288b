/*
 * digest_html.c: the digest as HTML for a mail reader.
 *
 * Mail readers drop style sheets, so each element carries its style; colours
 * are left to the reader, or half transparent, so that light and dark both do.
 * Nothing is loaded from outside. Every text goes through add_escaped.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/columns.h"
#include "report/digest.h"

#define RULE   "border-bottom:1px solid rgba(128,128,128,.35);"
#define CELL   "padding:4px 0 4px 10px;vertical-align:top;" RULE
#define NUMBER CELL "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;"
#define NAME   "padding:4px 0;vertical-align:top;overflow-wrap:anywhere;word-break:break-word;" RULE
#define WORD   "padding:4px 0;white-space:nowrap;" RULE
#define SMALL  "font-size:13px;opacity:.75;"
#define CODE   "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px;"
#define TABLE  "<table role=\"presentation\" style=\"border-collapse:collapse;width:100%\">\n"

enum { CUT_WIDTH = 120 };

static void
add_escaped(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '&':
			buffer_add_str(out, "&amp;");
			break;
		case '<':
			buffer_add_str(out, "&lt;");
			break;
		case '>':
			buffer_add_str(out, "&gt;");
			break;
		case '"':
			buffer_add_str(out, "&quot;");
			break;
		case '\'':
			buffer_add_str(out, "&#39;");
			break;
		default:
			buffer_add_char(out, *text);
		}
}

/* What a stranger wrote, as much of it as anyone will read. */
static void
add_cut(struct buffer *out, const char *text)
{
	AUTO(buffer_done) struct buffer cut = { 0 };

	buffer_add_str(&cut, "");
	columns_add_cut(&cut, text, CUT_WIDTH, false);
	add_escaped(out, cut.data);
}

static void
add_element(struct buffer *out, const char *tag, const char *style, const char *text)
{
	buffer_printf(out, "<%s style=\"%s\">", tag, style);
	add_escaped(out, text);
	buffer_printf(out, "</%s>", tag);
}

static void
add_number(struct buffer *out, int64_t number)
{
	char text[COLUMNS_NUMBER_SIZE];

	/* zeros are there to be seen past */
	add_element(out, "td", number > 0 ? NUMBER : NUMBER "opacity:.4;",
		    columns_number(number, text));
}

static void
add_heading(struct buffer *out, const char *text)
{
	add_element(out, "h2", "font-size:16px;margin:28px 0 6px", text);
	buffer_add_char(out, '\n');
}

static void
add_fact(struct buffer *out, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	buffer_add_str(out, "<div style=\"margin:2px 0\"><span style=\"" SMALL "\">");
	add_escaped(out, label);
	buffer_add_str(out, "</span> ");
	add_cut(out, text);
	buffer_add_str(out, "</div>\n");
}

static void
add_head(struct buffer *out, const struct digest *d)
{
	AUTO(freep) char *summary = digest_summary(d), *verdicts = digest_verdicts(d);
	AUTO(freep) char *copies = digest_copies(d);
	AUTO(freep) char *title = xasprintf("ndrq on %s", d->hostname);
	char from[DIGEST_TIME_SIZE], until[DIGEST_TIME_SIZE], number[COLUMNS_NUMBER_SIZE];

	add_element(out, "h1", "font-size:20px;margin:0 0 4px;overflow-wrap:anywhere", title);
	buffer_printf(out, "\n<div style=\"" SMALL "\">%s to %s</div>\n",
		      digest_time(d->from_ms, from), digest_time(d->until_ms, until));
	buffer_printf(out,
		      "<p style=\"margin:18px 0 8px\"><span style=\"font-size:32px;"
		      "font-weight:600\">%s</span> notification%s came</p>\n",
		      columns_number(d->records, number), d->records == 1 ? "" : "s");
	add_fact(out, "now", summary);
	add_fact(out, "policy said", verdicts);
	add_fact(out, "copies", copies);
}

static void
add_class(struct buffer *out, const struct digest *d, const char *class, const char *name)
{
	buffer_add_str(out, "<tr>");
	add_element(out, "td", class == NULL ? WORD "font-weight:600;" : WORD, name);
	for (const struct digest_column *c = digest_columns; c->heading != NULL; c++)
		add_number(out, digest_sum(d, class, NULL, c->states));
	buffer_add_str(out, "</tr>\n");
}

static void
add_classes(struct buffer *out, const struct digest *d)
{
	const char *last = "";

	if (d->records == 0)
		return;
	add_heading(out, "What came");
	buffer_add_str(out, "<div style=\"overflow-x:auto\">" TABLE "<tr>");
	add_element(out, "td", WORD SMALL, "class");
	for (const struct digest_column *c = digest_columns; c->heading != NULL; c++)
		add_element(out, "td", NUMBER SMALL, c->heading);
	buffer_add_str(out, "</tr>\n");
	for (size_t i = 0; i < d->counts_len; i++) {
		if (strcmp(d->counts[i].class, last) == 0)
			continue;
		last = d->counts[i].class;
		add_class(out, d, last, last);
	}
	add_class(out, d, NULL, "all");
	buffer_add_str(out, "</table></div>\n");
}

/* With a bar as long as its part of the longest. */
static void
add_share(struct buffer *out, const char *name, const struct digest_share *share, int64_t most)
{
	buffer_add_str(out, "<tr><td style=\"" NAME "\">");
	add_cut(out, name);
	buffer_printf(out,
		      "<div style=\"margin-top:3px;height:4px;width:%" PRId64
		      "%%;min-width:2px;background:rgba(90,130,200,.65)\"></div></td>",
		      most > 0 ? share->records * 100 / most : 0);
	add_number(out, share->records);
	add_number(out, share->held);
	buffer_add_str(out, "</tr>\n");
}

static void
begin_shares(struct buffer *out, const char *heading, const char *column)
{
	add_heading(out, heading);
	buffer_add_str(out, TABLE "<tr>");
	add_element(out, "td", NAME SMALL, column);
	add_element(out, "td", NUMBER SMALL, "all");
	add_element(out, "td", NUMBER SMALL, "held");
	buffer_add_str(out, "</tr>\n");
}

static void
add_domains(struct buffer *out, const struct digest *d)
{
	if (d->domains_len == 0)
		return;
	begin_shares(out, "Domains", "who would be told");
	for (size_t i = 0; i < d->domains_len; i++)
		add_share(out, digest_domain(d->domains[i].name), &d->domains[i],
			  d->domains[0].records);
	buffer_add_str(out, "</table>\n");
}

static void
add_causes(struct buffer *out, const struct digest *d)
{
	if (d->statuses_len == 0)
		return;
	begin_shares(out, "Causes", "what the notifications say");
	for (size_t i = 0; i < d->statuses_len; i++) {
		AUTO(freep) char *cause = digest_cause(d->statuses[i].name);

		add_share(out, cause, &d->statuses[i], d->statuses[0].records);
	}
	buffer_add_str(out, "</table>\n");
}

static void
add_storms(struct buffer *out, const struct digest *d)
{
	if (d->storms_len == 0)
		return;
	add_heading(out, "Storms");
	buffer_add_str(out, TABLE "<tr>");
	add_element(out, "td", NAME SMALL, "what they share");
	add_element(out, "td", NUMBER SMALL, "members");
	buffer_add_str(out, "</tr>\n");
	for (size_t i = 0; i < d->storms_len; i++) {
		const struct digest_storm *s = &d->storms[i];
		char began[DIGEST_TIME_SIZE], last[DIGEST_TIME_SIZE];

		buffer_add_str(out, "<tr><td style=\"" NAME "\"><div><b>");
		add_cut(out, s->shared);
		buffer_add_str(out, "</b></div><div style=\"" SMALL "\">");
		add_escaped(out, s->rule);
		buffer_printf(out, " &middot; %.16s to %.16s</div>",
			      digest_time(s->began_at_ms, began), digest_time(s->last_at_ms, last));
		buffer_printf(out,
			      "<div style=\"" CODE "\">ndrq list --storm %" PRId64 "</div></td>",
			      s->id);
		add_number(out, s->members);
		buffer_add_str(out, "</tr>\n");
	}
	buffer_add_str(out, "</table>\n");
}

static void
add_command(struct buffer *out, const char *verb, int64_t id)
{
	buffer_printf(out, "<div style=\"" CODE "white-space:nowrap\">ndrq %s %" PRId64 "</div>",
		      verb, id);
}

static void
add_item(struct buffer *out, const struct digest_held *item)
{
	AUTO(freep) char *cause = digest_cause(item->status);
	char time[DIGEST_TIME_SIZE];

	buffer_add_str(out, "<tr><td style=\"" NAME "\"><div><b>");
	add_cut(out, item->rcpt[0] != '\0' ? item->rcpt : "(no recipient)");
	buffer_printf(out, "</b></div><div style=\"" SMALL "\">%" PRId64 " &middot; %.16s</div>\n",
		      item->id, digest_time(item->received_at_ms, time));
	add_fact(out, "cause", cause);
	add_fact(out, "about", item->final);
	add_fact(out, "from", item->from);
	add_fact(out, "subject", item->subject);
	buffer_add_str(out, "</td><td style=\"" CELL "\">");
	add_command(out, "show", item->id);
	add_command(out, "release", item->id);
	add_command(out, "delete", item->id);
	buffer_add_str(out, "</td></tr>\n");
}

static void
add_items(struct buffer *out, const struct digest *d)
{
	AUTO(freep) char *heading = NULL;
	char number[COLUMNS_NUMBER_SIZE];

	if (d->items_len == 0)
		return;
	if ((int64_t)d->items_len < d->held)
		heading = xasprintf("Held, the newest %zu of %s", d->items_len,
				    columns_number(d->held, number));
	add_heading(out, heading != NULL ? heading : "Held");
	buffer_add_str(out, TABLE);
	for (size_t i = 0; i < d->items_len; i++)
		add_item(out, &d->items[i]);
	buffer_add_str(out, "</table>\n");
}

static void
add_end(struct buffer *out, const struct digest *d)
{
	char number[COLUMNS_NUMBER_SIZE];

	if (d->held_all > 0)
		buffer_printf(out,
			      "<p style=\"margin:20px 0 0\">%s %s held in all: "
			      "<span style=\"" CODE "\">ndrq list --state held</span></p>\n",
			      columns_number(d->held_all, number), d->held_all == 1 ? "is" : "are");
}

void
digest_add_html(const struct digest *digest, struct buffer *out)
{
	AUTO(freep) char *title = digest_subject(digest);

	buffer_add_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head>\n<meta charset=\"utf-8\">\n"
			    "<meta name=\"viewport\" content=\"width=device-width\">\n"
			    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	add_escaped(out, title);
	buffer_add_str(out, "</title></head>\n<body style=\"margin:0\">\n"
			    "<div style=\"max-width:680px;margin:0 auto;padding:20px 16px;"
			    "font:15px/1.45 system-ui,-apple-system,'Segoe UI',sans-serif\">\n");
	add_head(out, digest);
	add_classes(out, digest);
	add_domains(out, digest);
	add_causes(out, digest);
	add_storms(out, digest);
	add_items(out, digest);
	add_end(out, digest);
	buffer_add_str(out, "</div>\n</body></html>\n");
}
