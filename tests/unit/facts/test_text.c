/*
 * test_text.c: notifications that only tell people, one of each family, and
 * people's mail that looks like one. All texts are written for this test
 * after the formats' own sources and manuals.
 */
#include "tests/unit/facts/support.h"

#define DAEMON "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: sender@home.example\n"
#define RETURNED                                                                                   \
	"Received: by home.example; date\nFrom: sender@home.example\nTo: "                         \
	"to@far.example\nSubject: hi\n"                                                            \
	"Message-ID: <1@home.example>\n\nbody\n"

static const struct {
	const char *name, *message;
	enum facts_class class;
	const char *recipients; /* "final|original|status" each */
	const char *returned;   /* Message-ID; NULL: none */
} cases[] = {
	{ "exim",
	  DAEMON
	  "X-Failed-Recipients: a@far.example,\n b@far.example\nAuto-Submitted: auto-replied\n"
	  "Subject: Mail delivery failed: returning message to sender\n\n"
	  "This message was created automatically by mail delivery software.\n\n"
	  "A message that you sent could not be delivered to one or more of its\n"
	  "recipients. This is a permanent error. The following address(es) failed:\n\n"
	  "  a@far.example\n    host mx.far.example [192.0.2.1]\n"
	  "    SMTP error from remote mail server after RCPT TO:<a@far.example>:\n"
	  "    550 5.1.1 no such user\n  b@far.example\n    retry timeout exceeded\n\n"
	  "------ This is a copy of the message, including all the headers. ------\n\n" RETURNED,
	  FACTS_FAILED, "a@far.example|-|5.1.1 b@far.example|-|-", "<1@home.example>" },
	{ "exim, an alias",
	  DAEMON
	  "Subject: Mail delivery failed: returning message to sender\n\n"
	  "A message that you sent could not be delivered to one or more of its\nrecipients. "
	  "The following address(es) failed:\n\n  b@far.example\n    (ultimately generated from "
	  "a@home.example)\n    550 mailbox unavailable\n",
	  FACTS_FAILED, "b@far.example|a@home.example|5.0.0", NULL },
	{ "exim, delayed",
	  DAEMON
	  "Auto-Submitted: auto-replied\nSubject: Warning: message 1abc delayed 24 hours\n\n"
	  "A message that you sent has not yet been delivered to one or more of its\n"
	  "recipients after more than 24 hours on the queue on mx.example.\n\n"
	  "The address to which the message has not yet been delivered is:\n\n  a@far.example\n"
	  "    Delay reason: 450 4.2.0 greylisted\n\nNo action is required on your part.\n",
	  FACTS_DELAYED, "a@far.example|-|4.2.0", NULL },
	{ "qmail",
	  "From: MAILER-DAEMON@mx.example\nTo: sender@home.example\nSubject: failure notice\n\n"
	  "Hi. This is the qmail-send program at mx.example.\n"
	  "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
	  "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
	  "<a@far.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 "
	  "unknown\n"
	  "Giving up on 192.0.2.1.\n\n<b@far.example>:\nSorry, no mailbox here by that name. "
	  "(#5.1.1)\n\n"
	  "--- Below this line is a copy of the message.\n\nReturn-Path: "
	  "<sender@home.example>\n" RETURNED,
	  FACTS_FAILED, "a@far.example|-|5.1.1 b@far.example|-|5.1.1", "<1@home.example>" },
	{ "sendmail without MIME",
	  "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nTo: sender@home.example\n"
	  "Subject: Returned mail: Host unknown\n\n   ----- The following addresses had permanent "
	  "fatal "
	  "errors -----\n<a@far.example>\n    (expanded from: "
	  "<all@home.example>)\nb@far.example\n\n"
	  "   ----- Transcript of session follows -----\n... while talking to mx.far.example.:\n"
	  ">>> RCPT To:<a@far.example>\n<<< 550 5.1.1 <a@far.example>... User unknown\n"
	  "550 5.1.2 b@far.example... Host unknown\n\n   ----- Unsent message follows "
	  "-----\n" RETURNED,
	  FACTS_FAILED, "a@far.example|all@home.example|5.1.1 b@far.example|-|5.1.2",
	  "<1@home.example>" },
	{ "old sendmail, only the transcript",
	  "From: MAILER-DAEMON@mx.example\nTo: sender@home.example\nSubject: Returned mail: User "
	  "unknown\n\n"
	  "   ----- Transcript of session follows -----\nWhile talking to far.example:\n"
	  ">>> MAIL From:<sender@home.example>\n<<< 250 ok\n>>> RCPT To:<a@far.example>\n"
	  "<<< 550 <a@far.example>... User unknown\n550 <a@far.example>... User unknown\n\n"
	  "   ----- Unsent message follows -----\n" RETURNED,
	  FACTS_FAILED, "a@far.example|-|5.0.0", "<1@home.example>" },
	{ "sendmail, delayed",
	  DAEMON "Subject: Warning: could not send message for past 4 hours\n\n"
		 "    **********************************************\n"
		 "    **      THIS IS A WARNING MESSAGE ONLY      **\n"
		 "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n"
		 "   ----- The following addresses had transient non-fatal errors "
		 "-----\n<a@far.example>\n",
	  FACTS_DELAYED, "a@far.example|-|-", NULL },
	{ "postfix, old, folded alias",
	  "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nTo: sender@home.example\n"
	  "Subject: Undelivered Mail Returned to Sender\n\nThis is the Postfix program at host "
	  "mx.example.\n\n"
	  "I'm sorry to have to inform you that the message returned\nbelow could not be delivered "
	  "to "
	  "one or more destinations.\n\n<b@far.example> (expanded from\n    <a@home.example>): "
	  "host "
	  "mx.far.example[192.0.2.1] said: 554\n    5.7.1 no thanks\n",
	  FACTS_FAILED, "b@far.example|a@home.example|5.7.1", NULL },
	{ "opensmtpd, old",
	  DAEMON "Subject: Delivery status notification: warning\n\n    Hi!\n\n    This is the "
		 "MAILER-DAEMON, "
		 "please DO NOT REPLY to this e-mail.\n\n    A message is delayed for more than 4 "
		 "hours for "
		 "the following\n    list of recipients:\n\na@far.example: Network error on "
		 "destination MXs\n\n"
		 "    Please note that this is only a temporary failure report.\n\n"
		 "    Below is a copy of the original message:\n\n" RETURNED,
	  FACTS_DELAYED, "a@far.example|-|-", "<1@home.example>" },
	{ "courier",
	  "From: \"Courier mail server at mx.example\" <@>\nTo: sender@home.example\nReturn-Path: "
	  "<>\n"
	  "Subject: NOTICE: mail delivery status.\n\n  UNDELIVERABLE MAIL\n\nYour message to the "
	  "following "
	  "recipients cannot be delivered:\n\n<a@far.example>:\n    mx.far.example [192.0.2.1]:\n"
	  "<<< 550 User unknown.\n",
	  FACTS_FAILED, "a@far.example|-|5.0.0", NULL },
	{ "james",
	  "From: postmaster@mx.example\nTo: sender@home.example\nSubject: [BOUNCE]\n\n"
	  "Hi. This is the James mail server at mx.example.\nI'm afraid I wasn't able to deliver "
	  "your "
	  "message to the following addresses.\nThis is a permanent error; I've given up. Sorry it "
	  "didn't "
	  "work out.  Below\nI include the list of recipients and the reason why I was unable to "
	  "deliver\n"
	  "your message.\n\nFailed recipient(s):\na@far.example\n\nError message:\n550 5.1.1 "
	  "unknown\n",
	  FACTS_FAILED, "a@far.example|-|5.1.1", NULL },
	{ "Exchange 5.5",
	  "From: System Administrator <postmaster@far.example>\nTo: sender@home.example\n"
	  "Subject: Undeliverable: hi\nX-MS-Embedded-Report:\n\nYour message\n\n  To:      "
	  "other@far.example\n"
	  "  Subject: hi\n  Sent:    Sat, 21 Nov 2026 08:53:08 -0700\n\ndid not reach the "
	  "following "
	  "recipient(s):\n\na@far.example on Sat, 21 Nov 2026 11:08:59 -0700\n    The recipient "
	  "name is not "
	  "recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=x;l=Y\n    "
	  "MSEXCH:IMS:X:Y:Z 0 "
	  "(000C05A6) Unknown Recipient\n",
	  FACTS_FAILED, "a@far.example|-|-", NULL },
	{ "Exchange 5.5, X.400",
	  "From: System Administrator <postmaster@far.example>\nTo: sender@home.example\n"
	  "Subject: Undeliverable: hi\nX-MS-Embedded-Report:\n\nYour message\n\n  To:      "
	  "x@home.example\n\n"
	  "did not reach the following recipient(s):\n\nc=US;a= ;p=X;o=Y;dda:SMTP=a@far.example; "
	  "on Sat, 21 "
	  "Nov 2026\n",
	  FACTS_FAILED, "a@far.example|-|-", NULL },
	{ "Microsoft 365 without its report part",
	  "From: <postmaster@far.example>\nTo: sender@home.example\nX-MS-Exchange-Message-Is-Ndr:\n"
	  "Subject: Undeliverable: hi\nContent-Type: multipart/report; "
	  "report-type=delivery-status; "
	  "boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Delivery has failed to these "
	  "recipients or "
	  "groups:</p><p><a href=\"mailto:a@far.example\">a@far.example</a><br>The address was not "
	  "found."
	  "</p><p>Diagnostic information for administrators:</p><p>Generating server: "
	  "x.far.example</p>"
	  "<p>a@far.example<br>Remote Server returned '550 5.1.10 "
	  "RESOLVER.ADR.RecipientNotFound'</p>\n"
	  "--b--\n",
	  FACTS_FAILED, "a@far.example|-|5.1.10", NULL },
	{ "domino",
	  "From: Postmaster@far.example\nTo: sender@home.example\nSubject: DELIVERY FAILURE: User "
	  "a "
	  "(a@far.example) not listed in Domino Directory\n\nYour message\n\n  Subject: hi\n\nwas "
	  "not "
	  "delivered to:\n\n  a@far.example\n\nbecause:\n\n  User a (a@far.example) not listed in "
	  "Domino "
	  "Directory\n",
	  FACTS_FAILED, "a@far.example|-|-", NULL },
	{ "groupwise",
	  "From: Mailer-Daemon@far.example\nTo: sender@home.example\nSubject: Message status - "
	  "undeliverable\n\nThe message that you sent was undeliverable to the "
	  "following:\n\ta@far.example "
	  "(user not found)\n",
	  FACTS_FAILED, "a@far.example|-|-", NULL },
	{ "AOL's local names",
	  "From: Mail Delivery Subsystem <MAILER-DAEMON@far.example>\nTo: "
	  "sender@home.example\nSubject: Mail "
	  "Delivery Problem\n\nYour mail to the following recipients could not be delivered "
	  "because they "
	  "are\nnot accepting mail from you:\n\tscreenname\n",
	  FACTS_FAILED, "screenname@far.example|-|-", NULL },
	{ "gmail, delayed",
	  "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: "
	  "sender@home.example\nSubject: "
	  "Delivery Status Notification (Delay)\n\nThis is an automatically generated Delivery "
	  "Status "
	  "Notification\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipient "
	  "has been "
	  "delayed:\n\n     a@far.example\n\nMessage will be retried for 2 more day(s)\n",
	  FACTS_DELAYED, "a@far.example|-|-", NULL },
	{ "gmail, delayed, that speaks of what may come",
	  "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: "
	  "sender@home.example\nSubject: "
	  "Delivery Status Notification (Delay)\n\nThere was a temporary problem delivering your "
	  "message to "
	  "a@far.example. Gmail will retry for 46 more hours. You'll be notified if the delivery "
	  "fails "
	  "permanently.\n",
	  FACTS_DELAYED, "a@far.example|-|-", NULL },
	{ "a transcript follows, and is no returned message",
	  DAEMON "Subject: Message could not be delivered.\n\nA transcript of the attempts to send "
		 "the message "
		 "follows.\nAddressed To: a@far.example\n\na@far.example: [192.0.2.5], 550 5.1.1 "
		 "No such user\n",
	  FACTS_FAILED, "a@far.example|-|5.1.1", NULL },
	{ "subject and date repeated are no returned header",
	  DAEMON "Subject: There was an error sending your mail\n\nWe had trouble delivering your "
		 "message.\n\n"
		 "Subject: 'hi'\nDate: 'Sat, 21 Nov 2026'\n\nSMTP Server <mx.far.example> rejected "
		 "recipient "
		 "<a@far.example>\n  (following RCPT command): [550 5.1.1 unknown]\n\n" RETURNED,
	  FACTS_FAILED, "a@far.example|-|5.1.1", "<1@home.example>" },
	{ "a gateway nobody knows",
	  "Return-Path: <>\nFrom: mailgate@far.example\nTo: sender@home.example\nSubject: "
	  "Problem\n\n"
	  "Your message could not be delivered.\n\nRecipient: a@far.example\nReason: 552 mailbox "
	  "full\n",
	  FACTS_FAILED, "a@far.example|-|5.2.2", NULL },
	{ "words nobody knows, but a daemon sends a message back",
	  "Return-Path: <>\nFrom: MAILER-DAEMON@far.example\nTo: sender@home.example\nSubject: "
	  "zzz\n\nqqqq qqq"
	  "\n\n" RETURNED,
	  FACTS_FAILED, "to@far.example|-|-", "<1@home.example>" },
	{ "a report pasted into the text",
	  "From: postmaster@far.example\nTo: sender@home.example\nSubject: Delivery "
	  "failure\n\nError.\n\n"
	  "Technical report:\n\nReporting-MTA: dns; mx.far.example\nAction: "
	  "failed\nFinal-Recipient: rfc822; "
	  "a@far.example\nDiagnostic-Code: smtp; 550 5.1.1 no\nStatus: 5.1.1\n",
	  FACTS_FAILED, "a@far.example|-|5.1.1", NULL },
	{ "Amazon SES",
	  "From: AWS <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\n\n"
	  "{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":"
	  "\"a@far.example\",\"action\":\"failed\",\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; "
	  "550 no\"}]"
	  ",\"reportingMTA\":\"dns; "
	  "ses.example\"},\"mail\":{\"source\":\"s@home.example\",\"commonHeaders\":"
	  "{\"subject\":\"h!\n i\",\"messageId\":\"<1@home.example>\"}}}\n--\nIf you wish\n",
	  FACTS_FAILED, "a@far.example|-|5.1.1", "<1@home.example>" },
	{ "german",
	  "Return-Path: <>\nFrom: postmaster@far.example\nTo: sender@home.example\nSubject: "
	  "Unzustellbar: hi\n"
	  "\nIhre Nachricht konnte nicht zugestellt werden an\n\n   a@far.example\n",
	  FACTS_FAILED, "a@far.example|-|-", NULL },
	{ "russian, KOI8-R",
	  "From: MAILER-DAEMON@far.example\nTo: sender@home.example\nSubject: "
	  "=?koi8-r?B?z9vJwsvB?=\n"
	  "Content-Type: text/plain; charset=koi8-r\n\n"
	  "\xF0\xC9\xD3\xD8\xCD\xCF \xCE\xC5 \xC4\xCF\xD3\xD4\xC1\xD7\xCC\xC5\xCE\xCF\n\n  "
	  "a@far.example\n",
	  FACTS_FAILED, "a@far.example|-|-", NULL },
	{ "japanese, ISO-2022-JP",
	  "Return-Path: <>\nFrom: postmaster@far.example\nTo: sender@home.example\nSubject: error\n"
	  "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$BAw?.$G$-$^$;$s$G$7$?\x1b(B\n\n"
	  "<a@far.example>\n",
	  FACTS_FAILED, "a@far.example|-|-", NULL },
	{ "sieve reject",
	  "From: Mail Delivery Subsystem <postmaster@far.example>\nTo: sender@home.example\n"
	  "Auto-Submitted: auto-replied (rejected)\nSubject: Automatically rejected mail\n"
	  "Content-Type: multipart/report; report-type=disposition-notification; "
	  "boundary=b\n\n--b\n\n"
	  "Your message to <a@far.example> was automatically rejected:\nno\n--b\n"
	  "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; "
	  "a@far.example\n"
	  "Original-Message-ID: <1@home.example>\nDisposition: "
	  "automatic-action/MDN-sent-automatically; "
	  "deleted\n--b--\n",
	  FACTS_FAILED, "a@far.example|-|-", "<1@home.example>" },
	{ "SRS",
	  DAEMON
	  "Subject: failure notice\n\n<SRS0=ab=cd=far.example=joe@fwd.example>:\nno such user\n",
	  FACTS_FAILED, "SRS0=ab=cd=far.example=joe@fwd.example|-|-", NULL },

	/* Machines that answer people. */
	{ "vacation",
	  "Return-Path: <>\nFrom: a@far.example\nSubject: Re: hi\n\nI am out of the office until "
	  "Monday.\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "Outlook",
	  "From: a@far.example\nSubject: Automatic reply: hi\nX-Auto-Response-Suppress: "
	  "All\n\nbye\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "X-Autoreply", "From: a@far.example\nX-Autoreply: yes\nSubject: hi\n\nbye\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "Precedence", "From: a@far.example\nPrecedence: auto_reply\nSubject: hi\n\nbye\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "a vacation that quotes a phrase of ours",
	  "From: a@far.example\nAuto-Submitted: auto-replied\nSubject: away\n\nI left; mail to my "
	  "old address "
	  "could not be delivered.\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "challenge",
	  "From: a@far.example\nReturn-Path: <>\nSubject: Re: hi\n\nPlease confirm your message by "
	  "replying.\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "calendar",
	  "From: room@far.example\nReturn-Path: <>\nSubject: Accepted: x\nContent-Type: "
	  "text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "receipt in plain text",
	  "From: a@far.example\nSubject: Read: hi\n\nYour message was read on Monday.\n",
	  FACTS_RECEIPT, "", NULL },

	{ "Outlook, in French, from a person's address",
	  "From: a@far.example\nSubject: =?utf-8?q?R=C3=A9ponse_automatique_:_hi?=\n\nbye\n",
	  FACTS_AUTO_REPLY, "", NULL },
	{ "a complaint",
	  "From: staff@far.example\nX-HmXmrOriginalRecipient: a@far.example\nSubject: complaint "
	  "about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Type: message/rfc822\n\nMessage-ID: <1@home.example>\n\n--b--\n",
	  FACTS_ABUSE_REPORT, "", "<1@home.example>" },

	/* People. */
	{ "out of office, the program",
	  "From: a@far.example\nSubject: Out of office printing\n\nDoes it print?\n", FACTS_MAIL,
	  "", NULL },
	{ "a question about a bounce",
	  "From: a@far.example\nSubject: Mail delivery problem\n\nHello, my mail to you could not "
	  "be "
	  "delivered, why?\n",
	  FACTS_MAIL, "", NULL },
	{ "a list that talks of bounces",
	  "From: a@far.example\nList-Id: <x.far.example>\nSubject: Re: [x] Undelivered Mail "
	  "Returned to "
	  "Sender\n\n> This is the qmail-send program at mx.example.\n> I'm afraid I wasn't able "
	  "to deliver "
	  "your message\n\nI see that too.\n",
	  FACTS_MAIL, "", NULL },
	{ "a bounce forwarded inline",
	  "From: a@far.example\nSubject: Fwd: failure notice\n\nSee below.\n\n---------- Forwarded "
	  "message "
	  "----------\nFrom: MAILER-DAEMON@mx.example\nDate: x\nSubject: failure notice\n\nHi. "
	  "This is the "
	  "qmail-send program at mx.example.\n<a@far.example>:\nno\n",
	  FACTS_MAIL, "", NULL },
	{ "a report attached by a person",
	  "From: a@far.example\nSubject: look\nContent-Type: multipart/mixed; "
	  "boundary=b\n\n--b\n\nwhat is "
	  "this?\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; "
	  "x\n\nFinal-Recipient: "
	  "rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n--b--\n",
	  FACTS_MAIL, "", NULL },
	{ "an order",
	  "From: shop@far.example\nSubject: Your order has been delayed\n\nDelivery of your order "
	  "has been delayed by two days.\n",
	  FACTS_MAIL, "", NULL },
	{ "calendar of a person",
	  "From: a@far.example\nSubject: Accepted: x\nContent-Type: text/calendar; "
	  "method=REPLY\n\nBEGIN:VCALENDAR\n",
	  FACTS_MAIL, "", NULL },
};

static char *
recipients_as_text(const struct facts *f)
{
	struct buffer text = { 0 };

	for (size_t i = 0; i < f->recipients_len; i++) {
		const struct facts_recipient *r = &f->recipients[i];

		buffer_printf(&text, "%s%s|%s|%s", i > 0 ? " " : "",
			      r->final != NULL ? r->final : "-",
			      r->original != NULL ? r->original : "-",
			      r->status != NULL ? r->status : "-");
	}
	return buffer_take(&text);
}

Test(facts_text, every_family_is_read_and_people_are_let_be)
{
	facts_init();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(facts_freep) struct facts *f = facts_of(cases[i].message);
		AUTO(freep) char *recipients = recipients_as_text(f);

		cr_expect_eq(f->class, cases[i].class, "%s: %s", cases[i].name,
			     facts_class_name(f->class));
		cr_expect_str_eq(recipients, cases[i].recipients, "%s: %s", cases[i].name,
				 recipients);
		cr_expect(same(f->original.message_id, cases[i].returned), "%s: %s", cases[i].name,
			  f->original.message_id);
		cr_expect(facts_are_utf8(f), "%s", cases[i].name);
	}
}

Test(facts_text, an_envelope_with_a_sender_outweighs_the_return_path)
{
	static const char text[] =
		"Return-Path: <>\nFrom: a@far.example\nSubject: hi\n\nI am out of the "
		"office.\n";
	const struct facts_envelope person = { .sender = "a@far.example" };
	AUTO(facts_freep) struct facts *f = NULL;

	facts_init();
	f = facts_from_message(span_of(text), &person);
	cr_assert_eq(f->class, FACTS_MAIL);
}

Test(facts_text, the_envelopes_recipient_is_the_sender_and_no_recipient)
{
	static const char text[] =
		"From: MAILER-DAEMON@x.example\nSubject: Returned mail: x\n\n"
		"  ----- Transcript of session follows -----\n"
		"501 <me@home.example>... no access\n554 <a@far.example>... no\n";
	const struct facts_envelope to_me = { .sender = "", .rcpt = "me@home.example" };
	AUTO(facts_freep) struct facts *f = NULL;

	facts_init();
	f = facts_from_message(span_of(text), &to_me);
	cr_assert_eq(f->recipients_len, 1);
	cr_assert_str_eq(f->recipients[0].final, "a@far.example");
}

Test(facts_text, every_fact_says_where_it_was_read)
{
	AUTO(facts_freep) struct facts *f = NULL;
	AUTO(freep) char *json = NULL;

	facts_init();
	f = facts_of(
		DAEMON
		"X-Failed-Recipients: a@far.example\nSubject: Mail delivery failed\n\nA message "
		"that you sent could not be delivered to one or more recipients:\n\n  "
		"a@far.example\n    550 no\n\n-- copy of the message follows --\n\n" RETURNED);
	cr_assert_eq(f->class_source, FACTS_SOURCE_HEADER);
	cr_assert_str_eq(f->family, "exim");
	cr_assert_eq(f->recipients[0].source.final, FACTS_SOURCE_HEADER);
	cr_assert_eq(f->recipients[0].source.status, FACTS_SOURCE_TEXT);
	cr_assert(f->recipients[0].status_derived);
	cr_assert_eq(f->original.source.message_id, FACTS_SOURCE_TEXT);
	json = facts_to_json_with_sources(f, NULL);
	cr_assert_not_null(strstr(json, "\"source\":{\"final\":\"header\",\"status\":\"text\""),
			   "%s", json);
}
