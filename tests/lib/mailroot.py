#!/usr/bin/env python3
"""mailroot.py: made-up files of IIS and Exchange, for the shell tests.

    mailroot.py triplet FOLDER NAME RCPT [PART…]   PART: bad bdr bdp, in any case
    mailroot.py triplets FOLDER NAME FIRST LAST    numbered, NAME-N for NAME-N@victim.example
    mailroot.py file PATH TEMPLATE NAME RCPT [LINE…]  lines go on top, CR LF
    mailroot.py list FOLDER…                       what lies there, with sum, time, mode, number
    mailroot.py hold PATH SECONDS                  locks it so long; makes PATH.held when it has it
    mailroot.py batch              a call a line on stdin, its words set off by tabs
    mailroot.py drip PATH TEMPLATE NAME RCPT SECONDS  writes it slowly, in place

TEMPLATE is a file of tests/data/badmail; {NAME} and {RCPT} are filled in.
Names are bytes, as the shell gives them.
"""
import fcntl
import hashlib
import os
import stat
import sys
import time

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/badmail")


def fill(template, name, rcpt):
    with open(os.path.join(DATA, template), "rb") as f:
        text = f.read()
    printable = os.fsencode(name).decode("ascii", "replace").encode("ascii", "replace")[:60]
    return text.replace(b"{NAME}", printable.replace(b" ", b"_").replace(b'"', b"")).replace(
        b"{RCPT}", rcpt.encode())


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def triplet(folder, name, rcpt, *parts):
    for part in parts or ("bad", "bdr", "bdp"):
        write(os.path.join(folder, name + "." + part), fill("bounce." + part.lower(), name, rcpt))


def triplets(folder, name, first, last):
    for i in range(int(first), int(last) + 1):
        this = "%s-%d" % (name, i)
        triplet(folder, this, this + "@victim.example")


def file(path, template, name, rcpt, *lines):
    head = "".join(line + "\r\n" for line in lines).encode("utf-8", "surrogateescape")
    write(path, head + fill(template, name, rcpt))


def describe(path):
    st = os.lstat(path)
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as f:
            what = hashlib.sha256(f.read()).hexdigest()
    else:
        what = oct(stat.S_IFMT(st.st_mode))
    print(what, st.st_mtime_ns, oct(st.st_mode), st.st_ino, os.fsencode(path))


def list_folders(*folders):
    for folder in folders:
        for where, names, files in os.walk(folder):
            if ".ndrq" in names:
                names.remove(".ndrq")
            for name in sorted(files + [n for n in names if os.path.islink(os.path.join(where, n))]):
                describe(os.path.join(where, name))


def hold(path, seconds):
    with open(path, "rb") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        write(path + ".held", b"")
        time.sleep(float(seconds))


def drip(path, template, name, rcpt, seconds):
    data = fill(template, name, rcpt)
    pieces = 20
    with open(path, "wb", buffering=0) as f:
        for i in range(pieces):
            f.write(data[len(data) * i // pieces:len(data) * (i + 1) // pieces])
            time.sleep(float(seconds) / pieces)


def batch():
    for line in sys.stdin.buffer:
        words = os.fsdecode(line.rstrip(b"\n")).split("\t")
        VERBS[words[0]](*words[1:])


VERBS = {"batch": batch, "triplet": triplet, "triplets": triplets, "file": file, "list": list_folders,
         "hold": hold, "drip": drip}
VERBS[sys.argv[1]](*sys.argv[2:])
