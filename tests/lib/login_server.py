#!/usr/bin/env python3
"""login_server.py unix:/path USER:PASSWORD…: who may log in.

The server side of Dovecot's authentication protocol, as far as smtpd(8) with
smtpd_sasl_type = dovecot asks it: PLAIN and nothing else. Prints "ready" when
it listens.
"""
import base64
import os
import socketserver
import sys


class Login(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\n"
                         b"COOKIE\t00\nDONE\n")
        for line in self.rfile:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] != "AUTH":
                continue # VERSION, CPID
            given = dict(w.partition("=")[::2] for w in words[3:])
            _, user, password = base64.b64decode(given["resp"]).decode().split("\0")
            answer = "OK" if user + ":" + password in sys.argv[2:] else "FAIL"
            self.wfile.write(("%s\t%s\tuser=%s\n" % (answer, words[1], user)).encode())


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 200  # fifty smtpd(8) begin at once, and one that is turned away ends


path = sys.argv[1].removeprefix("unix:")
with Server(path, Login) as server:
    os.chmod(path, 0o666)
    print("ready", flush=True)
    server.serve_forever()
