/* test_wire.c: lines, replies and socket addresses. */
#include <criterion/criterion.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "qmgr/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define S(literal)                                                                                 \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct {
	struct span data;
	size_t most;
	int found;
	size_t line_len, used;
} lines[] = {
	{ S("NOOP\r\n"), 512, 1, 4, 6 },    { S("NOOP\r\nQUIT\r\n"), 512, 1, 4, 6 },
	{ S("\r\n"), 512, 1, 0, 2 },        { S("\r\r\n"), 512, 1, 1, 3 },
	{ S("a\nb\rc\r\n"), 512, 1, 5, 7 }, { S("\n\r\n"), 512, 1, 1, 3 },
	{ S("a\0b\r\n"), 512, 1, 3, 5 },    { S(""), 512, 0, 0, 0 },
	{ S("\r"), 512, 0, 0, 0 },          { S("\n"), 512, 0, 0, 0 },
	{ S("NOOP\r"), 512, 0, 0, 0 },      { S("NOOP\n"), 512, 0, 0, 0 },
	{ S("NOOP\r\n"), 6, 1, 4, 6 },      { S("NOOP\r"), 6, 0, 0, 0 },
	{ S("NOOP\r\n"), 5, -1, 0, 0 },     { S("NOOP\r"), 5, -1, 0, 0 },
	{ S("aaaaaaaaaa"), 5, -1, 0, 0 },   { S("\n\n\n\n\n\r\n"), 5, -1, 0, 0 },
};

Test(wire, a_line_ends_with_cr_lf_within_its_limit_or_not_at_all)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct span line = { 0 };
		size_t used = 0;

		cr_expect_eq(wire_next_line(lines[i].data, lines[i].most, &line, &used),
			     lines[i].found, "case %zu", i);
		cr_expect_eq(line.len, lines[i].line_len, "case %zu", i);
		cr_expect_eq(used, lines[i].used, "case %zu", i);
		if (lines[i].found == 1)
			cr_expect_eq(line.data, lines[i].data.data, "case %zu", i);
	}
}

/* last: what the last line given returns; those before it return 0. */
static const struct {
	const char *lines[4];
	int last, code;
	const char *text;
} replies[] = {
	{ { "250 ok" }, 1, 250, "ok" },
	{ { "250" }, 1, 250, "" },
	{ { "250 " }, 1, 250, "" },
	{ { "354 End data with <CR><LF>.<CR><LF>" }, 1, 354, "End data with <CR><LF>.<CR><LF>" },
	{ { "250-mx", "250-PIPELINING", "250 DSN" }, 1, 250, "mx\nPIPELINING\nDSN" },
	{ { "250-", "250-", "250" }, 1, 250, "\n\n" },
	{ { "550-5.1.1 no", "550 5.1.1 such user" }, 1, 550, "5.1.1 no\n5.1.1 such user" },
	{ { "250-mx" }, 0, 0, "mx" },
	{ { "250-mx", "550 no" }, -1, 0, "mx" },
	{ { "250-mx", "" }, -1, 0, "mx" },
	{ { "" }, -1, 0, NULL },
	{ { "25" }, -1, 0, NULL },
	{ { "2x0 ok" }, -1, 0, NULL },
	{ { "250ok" }, -1, 0, NULL },
	{ { "150 ok" }, -1, 0, NULL },
	{ { "650 ok" }, -1, 0, NULL },
	{ { " 250 ok" }, -1, 0, NULL },
	{ { "HTTP/1.1 400 Bad Request" }, -1, 0, NULL },
};

Test(wire, a_reply_is_complete_with_its_last_line_and_one_code)
{
	for (size_t i = 0; i < COUNT(replies); i++) {
		AUTO(wire_reply_done) struct wire_reply reply = { 0 };
		int rc = 0;

		for (size_t j = 0; j < 4 && replies[i].lines[j] != NULL; j++) {
			cr_expect_eq(rc, 0, "case %zu", i);
			rc = wire_reply_add(&reply, span_of(replies[i].lines[j]));
		}
		cr_expect_eq(rc, replies[i].last, "case %zu: %d", i, rc);
		cr_expect_eq(reply.code, replies[i].code, "case %zu", i);
		if (replies[i].text == NULL)
			cr_expect_null(reply.text.data, "case %zu", i);
		else
			cr_expect_str_eq(reply.text.data, replies[i].text, "case %zu", i);
	}
}

Test(wire, a_line_too_short_for_a_code_is_not_read_beyond_its_end)
{
	AUTO(wire_reply_done) struct wire_reply reply = { 0 };

	for (size_t len = 0; len < 3; len++) {
		char *line = memcpy(xmalloc(len), "250", len); /* ASan watches its end */

		cr_expect_eq(wire_reply_add(&reply, (struct span){ line, len }), -1);
		free(line);
	}
}

Test(wire, no_more_than_4_kb_of_a_reply_are_kept)
{
	AUTO(wire_reply_done) struct wire_reply reply = { 0 };
	char line[1000];

	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(wire_reply_add(&reply, (struct span){ line, sizeof(line) }), 0);
	cr_assert_eq(wire_reply_add(&reply, SPAN("250 end")), 1);
	cr_assert_eq(reply.text.len, 4096);
	wire_reply_done(&reply);
	cr_assert_eq(wire_reply_add(&reply, SPAN("451 next")), 1);
	cr_assert_str_eq(reply.text.data, "next");
}

static const struct {
	const char *text;
	int family; /* 0: refused */
	bool local;
} addresses[] = {
	{ "unix:/run/ndrq/lmtp", AF_UNIX, true },
	{ "127.0.0.1:25", AF_INET, true },
	{ "127.255.0.9:65535", AF_INET, true },
	{ "192.0.2.1:25", AF_INET, false },
	{ "0.0.0.0:25", AF_INET, false },
	{ "[::1]:10127", AF_INET6, true },
	{ "[::]:25", AF_INET6, false },
	{ "[2001:db8::1]:25", AF_INET6, false },
	{ "[::ffff:127.0.0.1]:25", AF_INET6, false },
	{ "", 0, false },
	{ "unix:", 0, false },
	{ "unix:relative", 0, false },
	{ "/run/ndrq/lmtp", 0, false },
	{ "localhost:25", 0, false },
	{ "127.0.0.1", 0, false },
	{ "127.0.0.1:", 0, false },
	{ "127.0.0.1:0", 0, false },
	{ "127.0.0.1:65536", 0, false },
	{ "127.0.0.1:+25", 0, false },
	{ "127.0.0.1: 25", 0, false },
	{ "127.0.0.1:25x", 0, false },
	{ "127.1:25", 0, false },
	{ ":25", 0, false },
	{ "::1:25", 0, false },
	{ "[::1]", 0, false },
	{ "[::1]25", 0, false },
	{ "[]:25", 0, false },
	{ "[127.0.0.1]:25", 0, false },
	{ "[::1%lo]:25", 0, false },
	{ "[", 0, false },
	{ "]:25", 0, false },
	{ "[:25", 0, false },
	{ "0000000000000000000000000000000000000000000000000000000000000:25", 0, false },
};

Test(wire, an_address_is_a_unix_path_or_numbers_and_never_a_name)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct sockaddr_storage address;
		struct error err = { 0 };
		unsigned len = 0;
		int rc = wire_parse_address(addresses[i].text, &address, &len, &err);

		cr_expect_eq(rc, addresses[i].family != 0 ? 0 : -1, "case %zu", i);
		if (rc < 0) {
			cr_expect_eq(err.class, ERROR_PERM, "case %zu", i);
			continue;
		}
		cr_expect_eq(address.ss_family, addresses[i].family, "case %zu", i);
		cr_expect_eq(wire_address_is_local(&address), addresses[i].local, "case %zu", i);
		cr_expect_gt(len, sizeof(address.ss_family), "case %zu", i);
	}
}

Test(wire, an_address_has_the_bytes_that_connect_wants)
{
	struct sockaddr_storage address;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	unsigned len;

	cr_assert_eq(wire_parse_address("127.0.0.2:10044", &address, &len, NULL), 0);
	memcpy(&v4, &address, sizeof(v4));
	cr_assert_eq(len, sizeof(v4));
	cr_assert_eq(ntohs(v4.sin_port), 10044);
	cr_assert_eq(ntohl(v4.sin_addr.s_addr), 0x7F000002);
	cr_assert_eq(wire_parse_address("[::1]:25", &address, &len, NULL), 0);
	memcpy(&v6, &address, sizeof(v6));
	cr_assert_eq(len, sizeof(v6));
	cr_assert_eq(ntohs(v6.sin6_port), 25);
}

Test(wire, a_unix_path_fits_its_address_or_is_refused)
{
	struct sockaddr_storage address;
	struct sockaddr_un un;
	char text[128] = "unix:/";
	unsigned len;

	memset(text + 6, 'x', 106);
	cr_assert_eq(wire_parse_address(text, &address, &len, NULL), 0);
	memcpy(&un, &address, sizeof(un));
	cr_assert_str_eq(un.sun_path, text + 5);
	text[112] = 'x';
	cr_assert_eq(wire_parse_address(text, &address, &len, NULL), -1);
}

Test(wire, an_address_of_another_family_is_not_local)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };

	cr_assert_not(wire_address_is_local(&address));
}
