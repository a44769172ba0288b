#!/usr/bin/env python3
"""Makes badmail triplets. Made up: no genuine .bdr or .bdp was ever found.

badmail.py FOLDER COUNT [--prefix P] [--age SECONDS] [--bytes N] [--lower] [--code 0x…]
"""
import argparse
import os
import time

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("count", type=int)
parser.add_argument("--prefix", default="t")
parser.add_argument("--age", type=int, default=20 * 86400)
parser.add_argument("--bytes", type=int, default=1500, help="of the message, about")
parser.add_argument("--lower", action="store_true")
parser.add_argument("--code", default="0xC00402C7")
a = parser.parse_args()

HEAD = """\
From: postmaster@gw.example.org\r
To: {who}@forged.example\r
Subject: Delivery Status Notification (Failure)\r
Message-ID: <{who}.dsn@gw.example.org>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status;\r
\tboundary="9B095B5ADSN=_01"\r
X-DSNContext: 335a7efd - 4480 - 00000001 - 80040546\r
\r
--9B095B5ADSN=_01\r
Content-Type: text/plain\r
\r
This is an automatically generated Delivery Status Notification.\r
\r
Delivery to the following recipients failed.\r
\r
       nobody@example.org\r
\r
--9B095B5ADSN=_01\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns;gw.example.org\r
Received-From-MTA: dns;unknown.example\r
Arrival-Date: Sat, 31 Oct 2026 10:00:00 +0100\r
\r
Final-Recipient: rfc822;nobody@example.org\r
Action: failed\r
Status: 5.1.1\r
\r
--9B095B5ADSN=_01\r
Content-Type: message/rfc822\r
\r
From: {who}@forged.example\r
To: nobody@example.org\r
Subject: Cheap watches\r
Message-ID: <{who}@forged.example>\r
\r
"""
TAIL = "\r\n--9B095B5ADSN=_01--\r\n"
REASON = (
    "Unable to deliver this message because the following error was encountered: "
    '"This message is a delivery status notification that cannot be delivered.".\r\n\r\n'
    "The specific error code was {code}.\r\n"
)
LINE = "x" * 70 + "\r\n"

at = time.time() - a.age
for i in range(a.count):
    name = "%s%06d" % (a.prefix, i)
    head = HEAD.format(who=name)
    text = head + LINE * max(0, (a.bytes - len(head)) // len(LINE)) + TAIL
    for extension, data in (
        ("BAD", text.encode()),
        ("BDR", REASON.format(code=a.code).encode()),
        ("BDP", b"made up \0\1" + name.encode()),
    ):
        path = os.path.join(a.folder, name + "." + (extension.lower() if a.lower else extension))
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, (at, at))
