#!/usr/bin/env python3
"""load.py ADDRESS [-n MESSAGES] [-c CONNECTIONS]: many peers of an LMTP server at once.

Each of CONNECTIONS threads keeps one connection and sends its share of
MESSAGES bounces: small and large, to one, two or three recipients, some for a
domain that gets them, some sent twice. Prints how many were answered 250 and
how many otherwise; exit status 1 when any was not.
"""
import argparse
import socket
import sys
import threading

NDR = """From: MAILER-DAEMON@mx.local.test\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <%(tag)s@mx.local.test>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
\r
%(text)s\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.local.test\r
\r
Final-Recipient: rfc822; nobody@local.test\r
Action: failed\r
Status: 5.1.1\r
\r
--b\r
Content-Type: message/rfc822\r
\r
Message-ID: <returned-%(tag)s@remote.test>\r
Subject: =?utf-8?B?w6TDtsO8?= =?iso-8859-1?Q?=E4=F6?=\r
\r
body\r
--b--\r
.\r
"""


class Peer(threading.Thread):
    def __init__(self, address, number, messages):
        super().__init__()
        self.address, self.number, self.messages = address, number, messages
        self.taken = self.refused = 0
        self.error = None

    def reply(self):
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError("the server closed the connection")
            if line[3:4] != b"-":
                return line

    def say(self, text):
        self.sock.sendall(text.encode())

    def deliver(self, i):
        rcpts = ["peer%d-%d-%d@%s.test" % (self.number, i, n, "victim" if n else ("sent", "victim")[i % 2])
                 for n in range(1 + i % 3)]
        lines = "MAIL FROM:<> BODY=8BITMIME\r\n"
        lines += "".join("RCPT TO:<%s> NOTIFY=NEVER\r\n" % r for r in rcpts)
        self.say(lines + "DATA\r\n")
        for _ in range(2 + len(rcpts)):
            self.reply()
        # every seventh goes through a spool file
        text = "This is the mail system.\r\n" * (5000 if i % 7 == 0 else 1)
        self.say(NDR % {"tag": "%d-%d" % (self.number, i - i % 5 % 2), "text": text})
        for _ in rcpts:
            if self.reply().startswith(b"250"):
                self.taken += 1
            else:
                self.refused += 1

    def run(self):
        try:
            if self.address.startswith("unix:"):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(self.address[5:])
            else:
                host, port = self.address.rsplit(":", 1)
                self.sock = socket.create_connection((host, int(port)))
            self.sock.settimeout(120)
            self.file = self.sock.makefile("rb")
            self.reply()
            self.say("LHLO peer%d.test\r\n" % self.number)
            self.reply()
            for i in range(self.messages):
                self.deliver(i)
            self.say("QUIT\r\n")
            self.reply()
        except (OSError, EOFError) as error:
            self.error = error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("-n", type=int, default=400)
    parser.add_argument("-c", type=int, default=20)
    args = parser.parse_args()
    peers = [Peer(args.address, i, args.n // args.c) for i in range(args.c)]
    for peer in peers:
        peer.start()
    for peer in peers:
        peer.join()
    taken, refused = sum(p.taken for p in peers), sum(p.refused for p in peers)
    errors = [p.error for p in peers if p.error]
    print("taken=%d refused=%d broken=%d" % (taken, refused, len(errors)), *errors[:1])
    sys.exit(refused > 0 or bool(errors) or taken == 0)


main()
