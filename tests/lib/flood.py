#!/usr/bin/env python3
"""flood.py ADDRESS --sessions N --count M SENDER…: mail for unknown users, over N SMTP sessions at once.

M messages in all; message I is from SENDER number I (they take turns) to
nouserI@local.test, and {} in a sender is I. No session begins before all are
open. Prints how many were taken; the exit status is 1 when not all were.
"""
import argparse
import sys
import threading

from lmtp import Client, Closed

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("sender", nargs="+")
parser.add_argument("--sessions", type=int, default=10)
parser.add_argument("--count", type=int, default=100)
parser.add_argument("--xclient")
args = parser.parse_args()
all_open = threading.Barrier(args.sessions)
taken = [0] * args.sessions


def message(i, sender):
    lines = ["From: <%s>" % sender, "To: <nouser%d@local.test>" % i, "Subject: flood",
             "Message-ID: <flood-%d@client.test>" % i, "", "text"]
    return "\r\n".join(lines).encode()


def session(number):
    try:
        client = Client(args.address, 120, smtp=True, xclient=args.xclient)
        all_open.wait(120)
        for i in range(number, args.count, args.sessions):
            sender = args.sender[i % len(args.sender)].replace("{}", str(i))
            replies = client.send(sender.encode(), [b"nouser%d@local.test" % i], message(i, sender))
            taken[number] += replies != [] and replies[0][0] == "2"
        client.command("QUIT")
    except (Closed, OSError, threading.BrokenBarrierError) as e:
        all_open.abort()
        print("session", number, "broke:", e, file=sys.stderr)


threads = [threading.Thread(target=session, args=(n,)) for n in range(args.sessions)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(taken))
sys.exit(sum(taken) != args.count)
