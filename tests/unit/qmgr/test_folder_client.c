/*
 * test_folder_client.c: what another server finds in its folder.
 */
#include "qmgr/folder_client.h"

#include "base/file.h"
#include "tests/unit/qmgr/loop_fixture.h"

struct bench {
	char *root, *folder, *temporary;
	struct test_loop loop;
	struct folder_client *client;
	bool told;
	enum smtp_outcome outcome;
	char reply[1024];
};

static void
bench_start(struct bench *b, bool replay, bool dot_stuff)
{
	*b = (struct bench){ .root = folder_make() };
	b->folder = xasprintf("%s/Pickup", b->root);
	b->temporary = xasprintf("%s/ndrq-tmp", b->root);
	cr_assert_eq(mkdir(b->folder, 0700), 0);
	test_loop_start(&b->loop);
	b->client = folder_client_new(
		&(struct settings_release){
			.pickup = replay ? NULL : b->folder,
			.replay = replay ? b->folder : NULL,
			.temporary = b->temporary,
			.dot_stuff = dot_stuff,
		},
		&b->loop.back);
}

static void
bench_stop(struct bench *b)
{
	folder_client_freep(&b->client);
	test_loop_drain(&b->loop);
	test_loop_stop(&b->loop);
	free(b->folder);
	free(b->temporary);
	folder_removep(&b->root);
}

static void
remember(void *ctx, enum smtp_outcome outcome, const char *reply)
{
	struct bench *b = ctx;

	cr_assert_not(b->told, "told twice");
	cr_assert_not(folder_client_busy(b->client));
	b->told = true;
	b->outcome = outcome;
	(void)snprintf(b->reply, sizeof(b->reply), "%s", reply);
}

static bool
is_told(void *ctx)
{
	return ((struct bench *)ctx)->told;
}

static struct smtp_mail
mail_of(const char *rcpt, const char *body)
{
	return (struct smtp_mail){
		.rcpt = span_of(rcpt),
		.header = span_of("Received: by mx (ndrq) id 7.aa\r\n"),
		.body = span_of(body),
		.name = "ndrq-7-aa",
	};
}

static void
send_one(struct bench *b, const struct smtp_mail *mail)
{
	b->told = false;
	folder_client_send(b->client, mail, remember, b);
	cr_assert(folder_client_busy(b->client));
	cr_assert(test_loop_until(&b->loop, is_told, b, 10));
}

static const struct {
	const char *what;
	bool replay, dot_stuff;
	const char *body, *file;
} files[] = {
	{ "IIS", false, false, "Subject: x\n\n.dot\rtail",
	  "x-sender: <>\r\nx-receiver: bob@example.net\r\n"
	  "Received: by mx (ndrq) id 7.aa\r\nSubject: x\r\n\r\n.dot\r\ntail\r\n" },
	{ "IIS that expects stuffed dots", false, true, "Subject: x\r\n\r\n.dot\r\n..\r\n",
	  "x-sender: <>\r\nx-receiver: bob@example.net\r\n"
	  "Received: by mx (ndrq) id 7.aa\r\nSubject: x\r\n\r\n..dot\r\n...\r\n" },
	{ "Exchange", true, false, "Subject: x\r\n\r\n.\r\n",
	  "X-Sender: <> BODY=8BITMIME RET=HDRS ENVID=Q+2B1\r\n"
	  "X-Receiver: <bob@example.net> NOTIFY=FAILURE ORCPT=rfc822;b@x.example\r\n"
	  "Received: by mx (ndrq) id 7.aa\r\nSubject: x\r\n\r\n.\r\n" },
};

Test(folder_client, a_file_is_what_its_reader_expects_byte_for_byte)
{
	for (size_t i = 0; i < COUNT(files); i++) {
		struct bench b;
		struct smtp_mail mail = mail_of("bob@example.net", files[i].body);
		AUTO(buffer_done) struct buffer text = { 0 };
		AUTO(freep) char *path = NULL;
		struct error err = { 0 };

		bench_start(&b, files[i].replay, files[i].dot_stuff);
		mail.body_8bit = true;
		mail.ret = "HDRS";
		mail.envid = "Q+2B1";
		mail.orcpt = "rfc822;b@x.example";
		mail.notify = "FAILURE";
		send_one(&b, &mail);
		cr_expect_eq(b.outcome, SMTP_DONE, "%s: %s", files[i].what, b.reply);
		path = xasprintf("%s/ndrq-7-aa.eml", b.folder);
		cr_assert_eq(file_read(path, 1 << 20, &text, &err), 0, "%s", err.text);
		cr_expect(span_equal(buffer_span(&text), span_of(files[i].file)), "%s: %.*s",
			  files[i].what, (int)text.len, text.data);
		cr_expect_eq(folder_count(b.temporary), 0);
		bench_stop(&b);
	}
}

Test(folder_client, the_same_record_written_twice_is_one_file)
{
	struct bench b;
	struct smtp_mail mail = mail_of("bob@example.net", "\r\n");

	bench_start(&b, false, false);
	send_one(&b, &mail);
	send_one(&b, &mail);
	cr_expect_eq(b.outcome, SMTP_DONE);
	cr_expect_eq(folder_count(b.folder), 1);
	bench_stop(&b);
}

Test(folder_client, a_folder_that_is_not_there_is_no_contact_and_says_which)
{
	struct bench b;
	struct smtp_mail mail = mail_of("bob@example.net", "\r\n");

	bench_start(&b, false, false);
	cr_assert_eq(rmdir(b.folder), 0);
	send_one(&b, &mail);
	cr_expect_eq(b.outcome, SMTP_NO_CONTACT);
	cr_expect_not_null(strstr(b.reply, b.folder), "%s", b.reply);
	cr_expect_eq(folder_count(b.temporary), 0, "nothing half is left");
	cr_assert_eq(mkdir(b.folder, 0700), 0);
	send_one(&b, &mail);
	cr_expect_eq(b.outcome, SMTP_DONE, "and when it is back it goes on");
	bench_stop(&b);
}

Test(folder_client, a_recipient_no_line_can_carry_is_refused)
{
	static const char *const recipients[] = { "", "a@b\r\nx-receiver: c@d", "a\tb@c",
						  "\xff@c" };
	struct bench b;

	bench_start(&b, false, false);
	for (size_t i = 0; i < COUNT(recipients); i++) {
		struct smtp_mail mail = mail_of(recipients[i], "\r\n");

		send_one(&b, &mail);
		cr_expect_eq(b.outcome, SMTP_REFUSED, "%s", recipients[i]);
	}
	cr_expect_eq(folder_count(b.folder), 0);
	bench_stop(&b);
}

Test(folder_client, freed_in_the_middle_it_says_nothing)
{
	struct bench b;
	struct smtp_mail mail = mail_of("bob@example.net", "\r\n");

	bench_start(&b, false, false);
	folder_client_send(b.client, &mail, remember, &b);
	folder_client_freep(&b.client);
	test_loop_drain(&b.loop);
	cr_expect_not(b.told);
	bench_stop(&b);
}
