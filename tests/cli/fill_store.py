#!/usr/bin/env python3
"""fill_store.py STORE N [settled]: puts N records into the store, as a busy day would.

Every kind of record in a fixed mixture (its random numbers are seeded), all
of the last 20 hours, with texts that a careless reader would show or run.
They have no bodies; settled: so none of them waits to be sent.
"""
import json
import random
import sqlite3
import sys
import time

CLASSES = [("failed", 80), ("delayed", 8), ("auto-reply", 6), ("receipt", 3), ("unknown", 3)]
STATES = [("held", "hold", 70), ("sent", "send", 14), ("deleted", "delete", 8),
          ("sending", "send", 3), ("released", "hold", 3), ("failed", "send", 2)]
STATUSES = ["5.1.1", "5.2.2", "5.7.1", "4.4.1", "5.4.4", "5.1.10", "5.4.6", "5.0.0", "4.2.2",
            "5.3.4", "5.7.26", "5.9.9", "<b>5.1.1</b>", None]
DOMAINS = ["victim.example", "fabrikam.example", "contoso.example", "xn--bcher-kva.example",
           "a-very-long-name-of-a-domain-that-has-no-end-in-sight.and.many.labels.in.it.example"] + [
           "small-%d.example" % i for i in range(40)]
SUBJECTS = ["Cheap pills", "Ihre Bestellung Nr. 4711", "\u8bf7\u67e5\u770b\u60a8\u7684\u53d1\u7968" * 12,
            "<script>alert(1)</script>", "Caf\u00e9 \u2014 men\u00fc", "\u001b[31mred\u0007",
            "\u202egnp.exe", "a\tb", "x" * 300, "e\u0301" * 100, None]
NAMES = ["Anna Berger", "\u7530\u4e2d \u592a\u90ce", "O'Reilly & Sons <b>", "M\u00fcller, J\u00f6rg", None]


def pick(weighted):
    return random.choices(weighted, [w[-1] for w in weighted])[0]


def main():
    path, n = sys.argv[1], int(sys.argv[2])
    random.seed(4711)
    now = int(time.time() * 1000)
    db = sqlite3.connect(path)
    message = db.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
    for i in range(n):
        state, verdict, _ = pick(STATES)
        record_waits = state == "sending" and sys.argv[3:] != ["settled"]
        if state == "sending" and not record_waits:
            state = "sent"
        domain = random.choices(DOMAINS, [1000 // (k + 1) for k in range(len(DOMAINS))])[0]
        status = random.choices(STATUSES, [1000 // (k + 1) for k in range(len(STATUSES))])[0]
        name, subject = random.choice(NAMES), random.choice(SUBJECTS)
        rcpt = "user%d@%s" % (random.randrange(500), domain)
        facts = {"class": "x", "recipients": [{"final": "gone%d@example.org" % (i % 77)}],
                 "original": {"from": rcpt if name is None else "%s <%s>" % (name, rcpt)}}
        if status is not None:
            facts["recipients"][0]["status"] = status
        if subject is not None:
            facts["original"]["subject"] = subject
        at = now - 20 * 3600 * 1000 + i * 19 * 3600 * 1000 // n
        message += 1
        db.execute("INSERT INTO message (id, sha256, size, received_at, instance, intake, truncated,"
                   " smtputf8, class, facts, subject) VALUES (?, randomblob(32), 3000, ?, 1, 'lmtp',"
                   " 0, 0, ?, ?, 'Undelivered Mail')",
                   (message, at, pick(CLASSES)[0],
                    "no JSON" if i % 1000 == 999 else json.dumps(facts)))
        record = db.execute("INSERT INTO record (message, key, rcpt, domain, state, verdict, rule,"
                            " changed_at) VALUES (?, ?, ?, ?, ?, ?, 'Default.ndr', ?)",
                            (message, i, rcpt.encode(), None if i % 500 == 0 else domain, state,
                             verdict, at)).lastrowid
        if record_waits:
            db.execute("INSERT INTO outbox (record, due_at) VALUES (?, ?)",
                       (record, now + 3600 * 1000))
    for key, (rule, shared, members) in enumerate([
            ("One victim", "anna@victim.example", 1234),
            ("One client", "203.0.113.9", 77),
            ("One <message>", "<\u001b[31m" + "m" * 200 + "@spam.example>", 500)]):
        db.execute("INSERT INTO storm (key, rule, shared, began_at, last_at, members)"
                   " VALUES (?, ?, ?, ?, ?, ?)",
                   (key, rule, shared, now - 5 * 3600 * 1000, now - 3600 * 1000, members))
    db.commit()


main()
