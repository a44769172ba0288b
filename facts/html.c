/*
 * html.c: tags dropped, the few that end a line make one, entities decoded.
 */
#include "facts/html.h"

#include <string.h>
#include <strings.h>

static bool
is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static struct span
span_at(struct span s, size_t at)
{
	return (struct span){ s.data + at, s.len - at };
}

/* The name of the tag at the front of s, "</" or "<" passed over. */
static struct span
tag_name(struct span s)
{
	size_t at = s.len > 1 && s.data[1] == '/' ? 2 : 1, n = 0;

	if (at > s.len)
		return (struct span){ s.data, 0 };
	while (at + n < s.len && (is_letter(s.data[at + n]) ||
				  (n > 0 && s.data[at + n] >= '0' && s.data[at + n] <= '9')))
		n++;
	return (struct span){ s.data + at, n };
}

static bool
is_one_of(struct span name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (name.len == strlen(*names) && strncasecmp(name.data, *names, name.len) == 0)
			return true;
	return false;
}

/* style, script and head hold no text: how long from their tag to the tag that ends them. */
static size_t
skip_element(struct span s, struct span name)
{
	for (size_t i = 1; i + 2 + name.len <= s.len; i++) {
		const char *next = memchr(s.data + i, '<', s.len - i);

		if (next == NULL)
			break;
		i = (size_t)(next - s.data);
		if (i + 2 + name.len <= s.len && s.data[i + 1] == '/' &&
		    strncasecmp(s.data + i + 2, name.data, name.len) == 0)
			return i;
	}
	return s.len;
}

static size_t
tag_length(struct span s)
{
	const char *end;

	if (s.len >= 4 && memcmp(s.data, "<!--", 4) == 0) {
		end = memmem(s.data + 4, s.len - 4, "-->", 3);
		return end == NULL ? s.len : (size_t)(end - s.data) + 3;
	}
	end = memchr(s.data, '>', s.len);
	return end == NULL ? s.len : (size_t)(end - s.data) + 1;
}

static size_t
read_tag(struct span s, struct buffer *out)
{
	static const char *const silent[] = { "style", "script", "title", NULL };
	static const char *const breaks[] = { "br", "p",  "div", "tr", "li", "table", "hr", "h1",
					      "h2", "h3", "ul",  "ol", "td", "pre",   NULL };
	struct span name = tag_name(s);

	if (s.data[1] != '/' && is_one_of(name, silent))
		return skip_element(s, name);
	if (is_one_of(name, breaks))
		buffer_add_char(out, '\n');
	return tag_length(s);
}

static size_t
read_entity(struct span s, struct buffer *out)
{
	static const struct {
		const char *name, *text;
	} entities[] = { { "&nbsp;", " " },  { "&lt;", "<" },   { "&gt;", ">" },  { "&amp;", "&" },
			 { "&quot;", "\"" }, { "&apos;", "'" }, { "&#39;", "'" }, { "&#64;", "@" },
			 { "&#46;", "." },   { "&#60;", "<" },  { "&#62;", ">" }, { "&#160;", " " },
			 { "&rsquo;", "'" }, { "&#8217;", "'" } };

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (span_starts_nocase(s, entities[i].name)) {
			buffer_add_str(out, entities[i].text);
			return strlen(entities[i].name);
		}
	buffer_add_char(out, '&');
	return 1;
}

/* Without a single tag that breaks a line it is plain text under a false name. */
static bool
breaks_lines(struct span html)
{
	static const char *const tags[] = { "<br", "<p", "<div", "<tr" };

	for (const char *lt = html.data; lt != NULL;) {
		size_t left = html.len - (size_t)(lt - html.data);

		lt = left > 0 ? memchr(lt, '<', left) : NULL;
		if (lt == NULL)
			break;
		for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
			if (span_starts_nocase(span_at(html, (size_t)(lt - html.data)), tags[i]))
				return true;
		lt++;
	}
	return false;
}

void
html_to_text(struct span html, struct buffer *out)
{
	bool keep_lines = !breaks_lines(html);

	for (size_t i = 0; i < html.len;) {
		struct span s = span_at(html, i);

		if (s.data[0] == '<' && s.len > 1 &&
		    (is_letter(s.data[1]) || s.data[1] == '/' || s.data[1] == '!')) {
			/* "<a@b>" is written so by those who forget to encode it */
			size_t n = tag_length(s);

			if (n > 3 && memchr(s.data, '@', n) != NULL &&
			    memchr(s.data, ' ', n) == NULL && memchr(s.data, '=', n) == NULL) {
				buffer_add(out, s.data, n);
				i += n;
			} else {
				i += read_tag(s, out);
			}
		} else if (s.data[0] == '&') {
			i += read_entity(s, out);
		} else {
			bool line_end = s.data[0] == '\n' || s.data[0] == '\r';

			buffer_add_char(out, line_end && !keep_lines ? ' ' : s.data[0]);
			i++;
		}
	}
}
