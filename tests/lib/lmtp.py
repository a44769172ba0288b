#!/usr/bin/env python3
"""lmtp.py: an LMTP (or SMTP) client that can misbehave, for the shell tests.

    lmtp.py ADDRESS [options] [FILE]

ADDRESS is unix:/path or 127.0.0.1:port. FILE ("-": stdin; none: a small
bounce) is sent as it stands, dots stuffed: bare LF and CR stay what they are.

Prints one line a reply: its stage (banner, hello, mail, rcpt, data, end) and
its text; the replies to the dot are one a recipient in LMTP. The exit status
is 0 when every recipient was taken (2yz), 4 when the worst reply was 4yz, 5
when any was 5yz, 3 when the peer closed the connection without a reply.
"""
import argparse
import base64
import os
import socket
import sys
import time


def bounce(rcpt="victim@remote.example", tag="0", pad=0):
    """A small DSN, distinct for each tag."""
    lines = [
        "From: MAILER-DAEMON@mx.local.test (Mail Delivery System)",
        "To: %s" % rcpt,
        "Subject: Undelivered Mail Returned to Sender",
        "Message-ID: <%s@mx.local.test>" % tag,
        "Date: Tue, 10 Jun 2025 10:00:00 +0000",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "",
        "This is the mail system at host mx.local.test. " + "x" * min(pad, 900),
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.local.test",
        "",
        "Final-Recipient: rfc822; nouser@local.test",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: x-unix; unknown user",
        "",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "Message-ID: <original-%s@remote.example>" % tag,
        "From: %s" % rcpt,
        "To: nouser@local.test",
        "Subject: returned %s" % tag,
        "",
        "text",
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


def connect(address, timeout):
    if address.startswith("unix:"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(address[5:])
        return s
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout)


def stuff(data):
    """Dot-stuffing as RFC 5321 says: only after CR LF is a dot doubled."""
    if data.startswith(b"."):
        data = b"." + data
    data = data.replace(b"\r\n.", b"\r\n..")
    return data if data.endswith(b"\r\n") or not data else data + b"\r\n"


class Closed(Exception):
    pass


class Client:
    def __init__(self, address, timeout=60, smtp=False, hello="client.test", xclient=None):
        self.smtp = smtp
        self.socket = connect(address, timeout)
        self.file = self.socket.makefile("rb")
        self.banner = self.reply()
        self.hello = None
        if self.banner.startswith("220"):
            self.hello = self.command(("EHLO " if smtp else "LHLO ") + hello)
        if xclient is not None:
            # Postfix's XCLIENT: from here on it is another client's session.
            self.banner = self.command("XCLIENT " + xclient)
            self.hello = self.command("EHLO " + hello)

    def reply(self):
        """The last line of a reply; all of them joined by " | "."""
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise Closed("the peer closed the connection")
            lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            if lines[-1][3:4] != "-":
                return " | ".join(lines)

    def command(self, line):
        self.socket.sendall((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def login(self, user, password):
        """RFC 4954, RFC 4616"""
        secret = base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode()
        return self.command("AUTH PLAIN " + secret)

    def begin(self, sender, rcpts, mail_options="", rcpt_options="", note=None):
        """MAIL, all RCPT (pipelined in hundreds, where it may), DATA. The number of recipients taken."""
        note = note or (lambda stage, text: None)
        mail = self.command(b"MAIL FROM:<" + sender + b">" + mail_options.encode())
        note("mail", mail)
        if mail[0] != "2":
            return 0
        taken = 0
        most = 100 if "PIPELINING" in self.hello else 1
        for i in range(0, len(rcpts), most):
            some = rcpts[i:i + most]
            self.socket.sendall(b"".join(b"RCPT TO:<" + r + b">" + rcpt_options.encode() + b"\r\n"
                                         for r in some))
            for _ in some:
                text = self.reply()
                note("rcpt", text)
                taken += text[0] == "2"
        if taken == 0:
            return 0
        data = self.command("DATA")
        note("data", data)
        return taken if data[0] == "3" else 0

    def finish(self, taken):
        return [self.reply() for _ in range(1 if self.smtp else taken)]

    def send(self, sender, rcpts, message, **options):
        taken = self.begin(sender, rcpts, **options)
        if taken == 0:
            return []
        self.socket.sendall(stuff(message) + b".\r\n")
        return self.finish(taken)

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass


def drip(client, wire, args):
    """Sends wire as slowly, or as incompletely, as the options say."""
    if args.close_after is not None:
        client.socket.sendall(wire[:args.close_after])
        client.close()
        sys.exit(0)
    if not args.pause:
        client.socket.sendall(wire)
        return
    for i in range(0, len(wire), args.piece):
        client.socket.sendall(wire[i:i + args.piece])
        time.sleep(args.pause)


def probe(args):
    """A well-behaved peer beside the others: was it served all the time?"""
    client = Client(args.address, args.timeout)
    done, failed, slowest = 0, 0, 0.0
    while not os.path.exists(args.probe):
        rcpt = "probe@remote.example"
        begun = time.monotonic()
        replies = client.send(b"", [rcpt.encode()], bounce(rcpt, "probe.%s.%d" % (args.tag, done)))
        slowest = max(slowest, time.monotonic() - begun)
        done += 1
        failed += [r[0] for r in replies] != ["2"]
        time.sleep(0.05)
    print("transactions=%d failed=%d slowest_ms=%d" % (done, failed, slowest * 1000))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("address")
    p.add_argument("file", nargs="?")
    p.add_argument("--smtp", action="store_true")
    p.add_argument("--hello", default="client.test", help="the name it gives")
    p.add_argument("--xclient", help="NAME=VALUE…: who Postfix is to take it for")
    p.add_argument("--login", metavar="USER:PASSWORD", help="by AUTH PLAIN")
    p.add_argument("--ping", action="store_true", help="only wait for the banner")
    p.add_argument("--from", dest="sender", default="", help="{} becomes the message's number")
    p.add_argument("--rcpt", action="append", default=[], help="{}: as in --from")
    p.add_argument("--rcpts", type=int, help="this many recipients, rN@remote.example")
    p.add_argument("--mail-options", default="")
    p.add_argument("--rcpt-options", default="")
    p.add_argument("--tag", default="%d.%d" % (time.time_ns(), os.getpid()))
    p.add_argument("--count", type=int, default=1, help="this many distinct messages")
    p.add_argument("--piece", type=int, default=1)
    p.add_argument("--pause", type=float, default=0, help="seconds after each piece")
    p.add_argument("--close-after", type=int, help="hang up after this many bytes of DATA")
    p.add_argument("--raw", action="store_true", help="send FILE instead of any dialogue")
    p.add_argument("--timeout", type=float, default=60)
    p.add_argument("--probe", help="send to probe@… in one session until this file is there")
    args = p.parse_intermixed_args()

    if args.probe:
        return probe(args)
    # Surrogates carry bytes that are no UTF-8 through the command line.
    if args.rcpts:
        args.rcpt += ["r%d@remote.example" % i for i in range(args.rcpts)]
    args.rcpt = args.rcpt or ["victim@remote.example"]
    worst = 2

    def note(stage, text):
        nonlocal worst
        print(stage, text, flush=True)
        if text[:1] in "45":
            worst = max(worst, int(text[0]))

    try:
        client = Client(args.address, args.timeout, args.smtp, args.hello, args.xclient)
        note("banner", client.banner)
        if args.ping or client.hello is None:
            sys.exit(0 if worst == 2 else worst)
        if args.raw:
            drip(client, open(args.file, "rb").read(), args)
            while True:
                note("reply", client.reply())
        note("hello", client.hello)
        if args.login:
            note("login", client.login(*args.login.split(":")))
        for i in range(args.count):
            rcpts = [r.replace("{}", str(i)).encode("utf-8", "surrogateescape") for r in args.rcpt]
            if args.file == "-":
                message = sys.stdin.buffer.read()
            elif args.file:
                message = open(args.file, "rb").read()
            else:
                message = bounce(rcpts[0].decode("utf-8", "replace"), "%s.%d" % (args.tag, i))
            sender = args.sender.replace("{}", str(i))
            taken = client.begin(sender.encode("utf-8", "surrogateescape"), rcpts,
                                 args.mail_options and " " + args.mail_options,
                                 args.rcpt_options and " " + args.rcpt_options, note)
            if taken == 0:
                break
            drip(client, stuff(message) + b".\r\n", args)
            for text in client.finish(taken):
                note("end", text)
        # Read its answer, or the close would be a reset, and our 250 in doubt.
        client.command("QUIT")
    except (Closed, OSError) as e:
        print("closed", e, flush=True)
        sys.exit(worst if worst > 2 else 3)
    sys.exit(0 if worst == 2 else worst)


if __name__ == "__main__":
    main()
