/* test_scan.c: parts are found where GMime finds them, and never beyond the limits. */
#include "tests/unit/facts/support.h"

#include <dirent.h>
#include <gmime/gmime.h>

#include "facts/scan.h"

/* "multipart/report(text/plain,message/delivery-status)" */
static void
add_tree(const struct scan *scan, size_t at, struct buffer *out)
{
	const struct scan_part *p = &scan->parts[at];
	bool any = false;

	for (size_t i = 0; i < p->type.len; i++)
		buffer_add_char(
			out, (char)(p->type.data[i] |
				    ((p->type.data[i] >= 'A' && p->type.data[i] <= 'Z') ? 32 : 0)));
	for (size_t i = 1; i < scan->len; i++) {
		if (scan->parts[i].parent != at)
			continue;
		buffer_add_char(out, any ? ',' : '(');
		add_tree(scan, i, out);
		any = true;
	}
	if (any)
		buffer_add_char(out, ')');
}

static char *
tree_of(struct span bytes)
{
	struct scan scan;
	struct buffer out = { 0 };

	scan_message(bytes, &scan);
	add_tree(&scan, 0, &out);
	scan_done(&scan);
	return buffer_take(&out);
}

static const struct {
	const char *name, *message, *tree;
} shapes[] = {
	{ "empty", "", "text/plain" },
	{ "header only", "A: b\n", "text/plain" },
	{ "no header", "\nbody\n", "text/plain" },
	{ "bad type", "Content-Type: rubbish\n\n", "text/plain" },
	{ "two", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x\n\nb\n--x--\n",
	  "multipart/mixed(text/plain,text/plain)" },
	{ "crlf",
	  "Content-Type: multipart/mixed;\r\n\tboundary=\"x y\"\r\n\r\n--x y\r\n\r\na\r\n--x "
	  "y--\r\n",
	  "multipart/mixed(text/plain)" },
	{ "no end",
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\na",
	  "multipart/mixed(text/html)" },
	{ "cut header", "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html",
	  "multipart/mixed(text/html)" },
	{ "no blank line",
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
	  "text/html\n--x\n\nb\n--x--\n",
	  "multipart/mixed(text/html,text/plain)" },
	{ "no boundary", "Content-Type: multipart/mixed\n\n--x\n\na\n--x--\n", "multipart/mixed" },
	{ "prefix is no boundary",
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\n\n--xy\n--x--\n",
	  "multipart/mixed(text/plain)" },
	{ "nested",
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; "
	  "boundary=xx\n\n--xx\n\na\n--xx\nContent-Type: text/html\n\nb\n--xx--\n--x\n\nc\n--x--\n",
	  "multipart/mixed(multipart/alternative(text/plain,text/html),text/plain)" },
	{ "outer ends inner",
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; "
	  "boundary=y\n\n--y\n\na\n--x\n\nc\n--x--\n",
	  "multipart/mixed(multipart/alternative(text/plain),text/plain)" },
	{ "after the end",
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--\n--x\n\nno part\n",
	  "multipart/mixed(text/plain)" },
	{ "a returned message is a leaf",
	  "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
	  "message/rfc822\n\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\na\n--y--\n--x--\n",
	  "multipart/mixed(message/rfc822)" },
	{ "digest", "Content-Type: multipart/digest; boundary=x\n\n--x\n\nA: b\n\nc\n--x--\n",
	  "multipart/digest(message/rfc822)" },
	{ "RFC 2231",
	  "Content-Type: multipart/mixed; boundary*0=ab; boundary*1=cd\n\n--abcd\n\na\n--abcd--\n",
	  "multipart/mixed(text/plain)" },
	{ "escapes",
	  "Content-Type: multipart/mixed; boundary=\"a\\\"b\"\n\n--a\"b\n\na\n--a\"b--\n",
	  "multipart/mixed(text/plain)" },
};

Test(facts_scan, shapes_have_their_parts)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		AUTO(freep) char *tree = tree_of(span_of(shapes[i].message));

		cr_expect_str_eq(tree, shapes[i].tree, "%s: %s", shapes[i].name, tree);
	}
}

Test(facts_scan, the_body_of_a_multipart_is_all_of_its_parts)
{
	struct scan scan;

	scan_message(SPAN("Content-Type: multipart/mixed; boundary=b\n\n"
			  "--b\nContent-Type: multipart/mixed; boundary=c\n\n"
			  "--c\n\none\n--c\n\ntwo\n--c--\nend\n--b\n\nthree\n--b--\n"),
		     &scan);
	cr_assert_eq(scan.len, 5);
	cr_expect(span_equal(scan.parts[1].body, SPAN("--c\n\none\n--c\n\ntwo\n--c--\nend")));
	cr_expect(span_equal(scan.parts[4].body, SPAN("three")));
	scan_done(&scan);
}

Test(facts_scan, a_body_ends_before_the_line_end_of_its_delimiter)
{
	static const char text[] = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n"
				   "one\r\n--x\r\nA: b\r\n\r\ntwo\r\n\r\n--x--\r\nepilogue\r\n";
	struct scan scan;

	scan_message(span_of(text), &scan);
	cr_assert_eq(scan.len, 3);
	cr_expect(span_equal(scan.parts[1].body, SPAN("one")));
	cr_expect(span_equal(scan.parts[2].header, SPAN("A: b\r\n")));
	cr_expect(span_equal(scan.parts[2].body, SPAN("two\r\n")));
	scan_done(&scan);
}

static void
add_gmime_tree(GMimeObject *object, struct buffer *out)
{
	AUTO(freep) char *type = NULL;
	GMimeContentType *content = g_mime_object_get_content_type(object);
	char *mime = g_mime_content_type_get_mime_type(content);
	int n = GMIME_IS_MULTIPART(object) ? g_mime_multipart_get_count((GMimeMultipart *)object)
					   : 0;

	type = xstrdup(mime);
	g_free(mime);
	text_lower_ascii(type);
	buffer_add_str(out, type);
	for (int i = 0; i < n; i++) {
		buffer_add_char(out, i > 0 ? ',' : '(');
		add_gmime_tree(g_mime_multipart_get_part((GMimeMultipart *)object, i), out);
	}
	if (n > 0)
		buffer_add_char(out, ')');
}

static void
compare_folder(const char *server)
{
	AUTO(freep)
	char *path = xasprintf("%s/tests/data/notifications/%s", getenv("top_srcdir"), server);
	DIR *folder = opendir(path);
	struct dirent *entry;

	cr_assert_not_null(folder, "%s", path);
	while ((entry = readdir(folder)) != NULL) {
		AUTO(freep) char *name = xasprintf("%s/%s", server, entry->d_name);
		AUTO(buffer_done) struct buffer bytes = { 0 };
		AUTO(buffer_done) struct buffer theirs = { 0 };
		AUTO(freep) char *ours = NULL;
		GMimeStream *stream;
		GMimeParser *parser;
		GMimeMessage *message;

		if (strstr(entry->d_name, ".eml") == NULL)
			continue;
		sample_read(name, &bytes);
		stream = g_mime_stream_mem_new_with_buffer(bytes.data, bytes.len);
		parser = g_mime_parser_new_with_stream(stream);
		message = g_mime_parser_construct_message(parser, NULL);
		add_gmime_tree(g_mime_message_get_mime_part(message), &theirs);
		ours = tree_of(buffer_span(&bytes));
		cr_expect_str_eq(ours, theirs.data, "%s: %s, GMime %s", name, ours, theirs.data);
		g_object_unref(message);
		g_object_unref(parser);
		g_object_unref(stream);
	}
	(void)closedir(folder);
}

Test(facts_scan, the_parts_of_every_sample_are_those_that_gmime_finds)
{
	static const char *const servers[] = { "postfix", "exim", "opensmtpd", "sendmail" };

	g_mime_init();
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		compare_folder(servers[i]);
}

static bool
over_limits(struct buffer *message)
{
	struct scan scan;
	bool limits;

	scan_message(buffer_span(message), &scan);
	limits = scan.limits;
	scan_done(&scan);
	return limits;
}

static void
nest(struct buffer *out, int depth)
{
	for (int i = 0; i < depth; i++)
		buffer_printf(out, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	buffer_add_str(out, "\nleaf\n");
}

Test(facts_scan, depth_parts_header_and_addresses_have_a_limit_that_is_reached_exactly)
{
	AUTO(buffer_done) struct buffer m = { 0 };

	nest(&m, SCAN_DEPTH);
	cr_expect_not(over_limits(&m));
	buffer_clear(&m);
	nest(&m, SCAN_DEPTH + 1);
	cr_expect(over_limits(&m));

	buffer_clear(&m);
	buffer_add_str(&m, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < SCAN_PARTS - 1; i++)
		buffer_add_str(&m, "--b\n\nx\n");
	cr_expect_not(over_limits(&m));
	buffer_add_str(&m, "--b\n\nx\n");
	cr_expect(over_limits(&m));

	buffer_clear(&m);
	buffer_add_str(&m, "X: ");
	while (m.len < SCAN_HEADER - 1)
		buffer_add_char(&m, 'x');
	buffer_add_str(&m, "\n\n");
	cr_expect_not(over_limits(&m));
	buffer_consume(&m, 0);
	buffer_clear(&m);
	buffer_add_str(&m, "X: ");
	while (m.len < SCAN_HEADER)
		buffer_add_char(&m, 'x');
	buffer_add_str(&m, "\n\n");
	cr_expect(over_limits(&m));

	buffer_clear(&m);
	buffer_add_str(&m, "To: a@b");
	for (int i = 1; i < SCAN_ADDRESSES; i++)
		buffer_add_str(&m, ",\n a@b");
	cr_expect_not(over_limits(&m));
	buffer_add_str(&m, ",\n a@b\n\n");
	cr_expect(over_limits(&m));
}
