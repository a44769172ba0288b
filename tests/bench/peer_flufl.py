# CPU microseconds a message of flufl.bounce (with Python's own parser, which
# it needs), median of three rounds over the files named on standard input.
import email
import statistics
import sys
import time

from flufl.bounce import all_failures

mail = [open(name.rstrip("\n"), "rb").read() for name in sys.stdin]
rounds = []
for _ in range(3):
    before = time.process_time()
    for text in mail:
        try:
            all_failures(email.message_from_bytes(text))
        except Exception:
            pass
    rounds.append((time.process_time() - before) * 1e6 / len(mail))
print("%.1f" % statistics.median(rounds))
