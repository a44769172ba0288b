#!/usr/bin/env python3
"""sender_filter.py: checks senders, and writes what it found into the header.

    sender_filter.py --listen 127.0.0.1:PORT --id AUTHSERV-ID [options]

As a milter (the default) it speaks the protocol of smtpd_milters and inserts
Authentication-Results at --index; with --policy it is a check_policy_service
that answers PREPEND, and knows SPF alone, for it sees no header.

There is no DNS: --publish DOMAIN=NETWORK says that DOMAIN sends from NETWORK
only, and rejects all else, by SPF and by DMARC. Other domains publish nothing.
As filters do, it leaves alone whoever logged in or comes from loopback.

Prints "ready" when it listens.
"""
import argparse
import email.utils
import ipaddress
import socketserver
import struct

# smtpd(8) and we: milter protocol 6, and what both can do
ADD_HEADERS = 0x01
NO_RCPT, NO_BODY, NO_UNKNOWN, NO_DATA = 0x08, 0x10, 0x100, 0x200


def domain_of(address):
    return address.rpartition("@")[2].lower()


class Mail:
    """What is known of the mail under way."""

    def __init__(self, client=""):
        self.client = client
        self.sender = self.header_from = ""
        self.logged_in = False

    def published(self, domain):
        """pass, fail or none: does the client belong to the domain?"""
        network = args.publish.get(domain)
        if network is None:
            return "none"
        return "pass" if ipaddress.ip_address(self.client) in network else "fail"

    def results(self):
        """The value of Authentication-Results; None when nobody was checked."""
        if self.logged_in or not self.client or ipaddress.ip_address(self.client).is_loopback:
            return None
        found = [args.id, "spf=%s smtp.mailfrom=%s" % (self.published(domain_of(self.sender)), self.sender)]
        if self.header_from:
            # Of the same domain only: all that these tests send.
            domain = domain_of(self.header_from)
            passed = self.published(domain)
            if passed == "pass" and domain != domain_of(self.sender):
                passed = "fail"
            found.append("dmarc=%s header.from=%s" % (passed, domain))
        return "; ".join(found)


class Milter(socketserver.StreamRequestHandler):
    def handle(self):
        self.mail = Mail()
        while True:
            head = self.rfile.read(5)
            if len(head) < 5:
                return
            length, command = struct.unpack(">Ic", head)
            data = self.rfile.read(length - 1)
            answer = {
                b"O": self.negotiate, b"D": self.macros, b"C": self.connect, b"M": self.sender,
                b"L": self.header, b"E": self.end, b"A": self.abort, b"K": self.again,
            }.get(command)
            if command == b"Q":
                return
            # Macros, and what ends something, are not answered.
            if answer is not None:
                answer(data)
            if command not in b"ODAK":
                self.reply(b"c")

    def reply(self, code, data=b""):
        self.wfile.write(struct.pack(">Ic", 1 + len(data), code) + data)

    def negotiate(self, data):
        version, _, steps = struct.unpack(">III", data[:12])
        steps &= NO_RCPT | NO_BODY | NO_UNKNOWN | NO_DATA
        self.reply(b"O", struct.pack(">III", min(6, version), ADD_HEADERS, steps))

    def macros(self, data):
        names = data[1:].split(b"\0")[::2]
        if b"{auth_authen}" in names:
            self.mail.logged_in = True

    def connect(self, data):
        _, _, rest = data.partition(b"\0")
        address = rest[3:].rstrip(b"\0").decode() if rest[:1] in b"46" else ""
        self.mail = Mail(address.removeprefix("IPv6:"))

    def sender(self, data):
        self.mail.sender = data.split(b"\0")[0].decode().strip("<>")

    def header(self, data):
        name, value = data.decode("utf-8", "replace").split("\0")[:2]
        if name.lower() == "from":
            self.mail.header_from = email.utils.parseaddr(value)[1]

    def end(self, _):
        results = self.mail.results()
        if results is not None:
            field = b"Authentication-Results\0" + results.encode() + b"\0"
            self.reply(b"i", struct.pack(">I", args.index) + field)

    def abort(self, _):
        self.mail = Mail(self.mail.client)

    def again(self, _):
        self.mail = Mail()


class Policy(socketserver.StreamRequestHandler):
    def handle(self):
        asked = {}
        for line in self.rfile:
            name, _, value = line.decode().rstrip("\n").partition("=")
            if name:
                asked[name] = value
                continue
            mail = Mail(asked["client_address"])
            mail.sender = asked["sender"]
            mail.logged_in = asked["sasl_username"] != ""
            results = mail.results()
            action = "DUNNO" if results is None else "PREPEND Authentication-Results: " + results
            self.wfile.write(b"action=%s\n\n" % action.encode())
            asked = {}


def publication(text):
    domain, _, network = text.partition("=")
    return domain, ipaddress.ip_network(network)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 200


parser = argparse.ArgumentParser()
parser.add_argument("--listen", required=True)
parser.add_argument("--id", required=True)
parser.add_argument("--policy", action="store_true")
parser.add_argument("--index", type=int, default=0, help="where the milter inserts")
parser.add_argument("--publish", type=publication, action="append", default=[])
args = parser.parse_args()
args.publish = dict(args.publish)
host, port = args.listen.rsplit(":", 1)
with Server((host, int(port)), Policy if args.policy else Milter) as server:
    print("ready", flush=True)
    server.serve_forever()
