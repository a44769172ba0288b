/* bounce_fixture.h: a bounce that can be made shorter. */
#ifndef TESTS_UNIT_QMGR_BOUNCE_FIXTURE_H
#define TESTS_UNIT_QMGR_BOUNCE_FIXTURE_H

#define BOUNCE                                                                                     \
	"From: MAILER-DAEMON@in.example.org\r\n"                                                   \
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"          \
	"--b\r\n\r\nThis is in.example.org.\r\n"                                                   \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n"                                     \
	"Reporting-MTA: dns; in.example.org\r\n\r\n"                                               \
	"Final-Recipient: rfc822; nobody@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"       \
	"--b\r\nContent-Type: message/rfc822\r\n\r\n"                                              \
	"Received: by in.example.org\r\nSubject: hello\r\n\r\nbody\r\n--b--\r\n"

#endif
