/* test_digest.c: what a digest says, and how. */
#include "tests/unit/store/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/columns.h"
#include "report/digest.h"

#define HOUR INT64_C(3600000)
#define CJK  "\xE7\x94\xB0\xE4\xB8\xAD"

static int64_t
put_as(struct store *store, uint8_t n, const char *rcpt, const char *facts, enum record_state state)
{
	struct letter letter;

	letter_init(&letter, n, rcpt);
	letter.message.facts = facts;
	letter.message.subject = "returned";
	letter.message.received_at_ms = n * HOUR;
	letter.records[0].state = state;
	letter.records[0].verdict = state == RECORD_SENDING ? "send" : "hold";
	return put(store, &letter);
}

static struct digest *
gather(struct store *store, bool ascii)
{
	struct digest_request request = { .until_ms = 24 * HOUR,
					  .hostname = "mx.example.org",
					  .ascii = ascii };
	struct digest *digest = NULL;

	(void)setenv("TZ", "UTC", 1);
	tzset();
	OK(store_stretch_since(store, 0, &request.stretch, &err));
	OK(digest_gather(store, &request, &digest, &err));
	return digest;
}

static void
fill(struct store *store)
{
	put_as(store, 1, "anna@remote.example",
	       "{\"recipients\":[{\"status\":\"5.1.1\",\"final\":\"bob@example.org\"}],"
	       "\"original\":{\"from\":\"Anna <anna@remote.example>\",\"subject\":\"Cheap\"}}",
	       RECORD_HELD);
	put_as(store, 2, "eve@evil.example",
	       "{\"recipients\":[{\"status\":\"<b>\",\"final\":\"a&b\"}],\"original\":"
	       "{\"from\":\"\\\"><script>x</script>\",\"subject\":\"\\u001b[31m\\r\\n.\\u202e\"}}",
	       RECORD_HELD);
	put_as(store, 3, "", "{}", RECORD_DELETED);
	put_as(store, 4, "carl@remote.example", "{}", RECORD_SENDING);
}

Test(digest, the_text_is_this)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(digest_freep) struct digest *d = NULL;
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(freep) char *subject = NULL;

	fixture_start(&f);
	fill(f.store);
	d = gather(f.store, false);
	digest_add_text(d, &text);
	cr_expect_str_eq(
		text.data,
		"ndrq on mx.example.org\n"
		"1970-01-01 00:00 +0000 to 1970-01-02 00:00 +0000\n"
		"\n"
		"4 notifications came.\n"
		"  Now         2 held, 1 deleted, 1 waiting\n"
		"  Policy said 1 send, 3 hold\n"
		"\n"
		"CLASS               all     held  deleted  waiting     sent released   failed\n"
		"failed                4        2        1        1        0        0        0\n"
		"all                   4        2        1        1        0        0        0\n"
		"\n"
		"DOMAIN                                                            all     held\n"
		"remote.example                                                      2        1\n"
		"(none)                                                              1        0\n"
		"evil.example                                                        1        1\n"
		"\n"
		"CAUSE                                                             all     held\n"
		"(not said)                                                          2        0\n"
		"5.1.1 bad destination mailbox address                               1        1\n"
		"<b>                                                                 1        1\n"
		"\n"
		"HELD\n"
		"        2  1970-01-01 02:00  eve@evil.example\n"
		"           cause <b>: a&b\n"
		"           from  \"><script>x</script>: \\x1b[31m\\x0d\\x0a.\\u{202e}\n"
		"        1  1970-01-01 01:00  anna@remote.example\n"
		"           cause 5.1.1 bad destination mailbox address: bob@example.org\n"
		"           from  Anna <anna@remote.example>: Cheap\n"
		"\n"
		"2 are held in all.\n"
		"  ndrq list --state held       shows them\n"
		"  ndrq show 2                  all there is to know about it\n"
		"  ndrq release 2               sends it on\n"
		"  ndrq delete 2                puts it away\n");
	subject = digest_subject(d);
	cr_expect_str_eq(subject, "ndrq: 2 held, 1 deleted, 1 waiting");
}

Test(digest, no_markup_of_a_stranger_is_in_the_html)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(digest_freep) struct digest *d = NULL;
	AUTO(buffer_done) struct buffer html = { 0 };
	static const char *const never[] = { "<script", "<b>:", "a&b", "\x1b", "http", "src=" };
	static const char *const always[] = { "&lt;script&gt;x&lt;/script&gt;",
					      "a&amp;b",
					      "ndrq release 2</div>",
					      "ndrq delete 1</div>",
					      "<!DOCTYPE html>",
					      "</html>\n" };

	fixture_start(&f);
	fill(f.store);
	tell(f.store, "INSERT INTO storm (key, rule, shared, began_at, last_at, members) VALUES"
		      " (1, '<script>', '\"><script>', 1, 9, 50)");
	d = gather(f.store, false);
	digest_add_html(d, &html);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		cr_expect_null(strstr(html.data, never[i]), "%s", never[i]);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		cr_expect_not_null(strstr(html.data, always[i]), "%s", always[i]);
}

#define X10(s) s s s s s s s s s s

/* Whatever is long or wide, in every place that shows it. */
static void
fill_wide(struct store *store)
{
	static const char *const wide[] = { X10(X10("x")), X10(X10(CJK)), X10(X10("e\xCC\x81")) };

	for (uint8_t i = 0; i < 3; i++) {
		AUTO(freep) char *rcpt = xasprintf("%s@%s.example", wide[i], wide[i]);
		AUTO(freep)
		char *facts = xasprintf("{\"recipients\":[{\"status\":\"%s\",\"final\":\"%s\"}],"
					"\"original\":{\"from\":\"%s\",\"subject\":\"%s\"}}",
					wide[i], wide[i], wide[i], wide[i]);
		AUTO(freep)
		char *sql = xasprintf("INSERT INTO storm (key, rule, shared, began_at, last_at,"
				      " members) VALUES (%u, '%s', '%s', 1, 9, 12345678)",
				      i, wide[i], wide[i]);

		put_as(store, i, rcpt, facts, RECORD_HELD);
		tell(store, sql);
	}
}

Test(digest, no_line_of_the_text_is_wider_than_80_columns)
{
	for (int ascii = 0; ascii < 2; ascii++) {
		AUTO(fixture_done) struct fixture f = { 0 };
		AUTO(digest_freep) struct digest *d = NULL;
		AUTO(buffer_done) struct buffer text = { 0 };
		char *rest, *line;

		fixture_start(&f);
		fill_wide(f.store);
		d = gather(f.store, ascii);
		/* numbers that no test can put */
		for (size_t i = 0; i < d->counts_len; i++)
			d->counts[i].records = 12345678;
		d->records = d->held = d->held_all = 123456789;
		d->copies = (struct store_digest_copies){ 12345678, 12345678, 12345678, 12345678 };
		digest_add_text(d, &text);
		rest = text.data;
		while ((line = strsep(&rest, "\n")) != NULL) {
			cr_expect_leq(columns_width(line), 80, "%s", line);
			for (const char *p = line; ascii && *p != '\0'; p++)
				cr_expect_lt((unsigned char)*p, 0x80, "%s", line);
		}
	}
}

Test(digest, the_same_store_gives_the_same_digest)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	struct buffer texts[2] = { { 0 }, { 0 } };

	fixture_start(&f);
	fill(f.store);
	for (int i = 0; i < 2; i++) {
		AUTO(digest_freep) struct digest *d = gather(f.store, false);

		digest_add_text(d, &texts[i]);
		digest_add_html(d, &texts[i]);
		fixture_restart(&f);
	}
	cr_expect_str_eq(texts[0].data, texts[1].data);
	buffer_done(&texts[0]);
	buffer_done(&texts[1]);
}

Test(digest, of_nothing_there_is_nothing_to_tell)
{
	AUTO(fixture_done) struct fixture f = { 0 };
	AUTO(digest_freep) struct digest *d = NULL;
	AUTO(buffer_done) struct buffer text = { 0 };

	fixture_start(&f);
	d = gather(f.store, false);
	cr_expect(digest_is_empty(d));
	digest_add_text(d, &text);
	cr_expect_not_null(strstr(text.data, "No notification came.\n"));
	d->copies.left_out = 1;
	cr_expect_not(digest_is_empty(d));
}
