#!/usr/bin/env python3
"""feed.py ADDRESS N: hands N distinct messages to ndrqd over several LMTP
connections, as a mail server with a queue does: what was not answered 250 is
sent again, the same bytes, until it was. Survives any number of restarts."""
import os
import queue
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from lmtp import Client, Closed, bounce  # noqa: E402

PEERS = 6
waiting = queue.Queue()
tries = {}


def work(address):
    client = None
    while True:
        try:
            i = waiting.get_nowait()
        except queue.Empty:
            return
        rcpt = "m%d@remote.example" % i
        tries[i] = tries.get(i, 0) + 1
        try:
            if client is None:
                client = Client(address, 30)
            replies = client.send(b"", [rcpt.encode()], bounce(rcpt, "m%d" % i, pad=i % 900))
            if [r[0] for r in replies] == ["2"]:
                continue
        except (OSError, Closed):
            client = None
            time.sleep(0.02)
        waiting.put(i)


for i in range(int(sys.argv[2])):
    waiting.put(i)
threads = [threading.Thread(target=work, args=(sys.argv[1],), daemon=True) for _ in range(PEERS)]
for t in threads:
    t.start()
for t in threads:
    t.join(240)
if any(t.is_alive() for t in threads) or not waiting.empty():
    sys.exit("not done: %d are waiting" % waiting.qsize())
print("sent=%d again=%d" % (len(tries), sum(n > 1 for n in tries.values())))
