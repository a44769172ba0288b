#!/usr/bin/env python3
"""A mail server that keeps what it gets and answers as it is told.

Speaks SMTP or LMTP on a unix or TCP socket. Message N (1, 2, ...) is written to
N.eml, as sent but with the dots undone, and then N.json:

  {"helo": "EHLO x", "mail": "MAIL FROM:<> BODY=8BITMIME",
   "rcpt": ["RCPT TO:<a@b> NOTIFY=NEVER"], "reply": "250 2.0.0 ...", "accepted": true,
   "session": 1, "time": 1750000000.0}

"mail" and "rcpt" are the raw lines; bytes that are no UTF-8 are shown as
backslashreplace does. Each file appears whole (by rename), the .json last and
before the reply is sent: where it is, the message is.

Replies can be scripted by stage and by recipient:

  --reply STAGE=REPLY       banner, helo, mail, rcpt, data, dot
  --reply rcpt:LOCAL=REPLY  only for recipients with that local part
  --reply dot:LOCAL=REPLY   the dot, if a recipient has that local part (SMTP);
                            that recipient's reply (LMTP)

LOCAL may end in *. REPLY is "451 4.3.0 later", or the word close: then the
connection is closed instead. The same lines ("STAGE REPLY", a line each) may
stand in --reply-file, which is read again for every command and goes first: so
a test can change the replies while the sink runs.

Prints "ready" when it listens. SIGTERM ends it, and SIGUSR1 makes it write
stats.json: {"messages", "accepted", "sessions", "first", "last", "per_s"}.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time

EXTENSIONS = ["PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "DSN", "SIZE"]
DEFAULTS = {
    "banner": "220 sink.example ready",
    "helo": "250 sink.example",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 go on",
    "dot": "250 2.0.0 kept",
}
LINE_MOST = 1 << 24


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--listen", required=True, metavar="ADDRESS",
        help="unix:/path, 127.0.0.1:25 or [::1]:25; port 0: any, see --port-file")
    add("--dir", required=True, help="where messages are kept; made if missing")
    add("--lmtp", action="store_true", help="speak LMTP (a reply a recipient), not SMTP")
    add("--reply", action="append", default=[], metavar="STAGE=REPLY", help="see above")
    add("--reply-file", metavar="FILE", help="see above; need not exist")
    add("--hide", action="append", default=[], metavar="EXTENSION",
        help="do not offer this one; ALL: refuse EHLO, so that HELO is used")
    add("--delay", type=float, default=0, metavar="S", help="before every reply")
    add("--delay-dot", type=float, default=0, metavar="S", help="before the reply to the dot, the message kept")
    add("--slow-read", type=float, default=0, metavar="S", help="wait after each 64 KB of DATA")
    add("--idle", type=float, default=0, metavar="S", help="close a connection idle for so long")
    add("--close-after-dot", type=int, default=0, metavar="N",
        help="take the first N messages, but close without a reply to the dot")
    add("--close-in-data", type=int, default=0, metavar="N",
        help="close the first N connections that send DATA, after its first line")
    add("--max-per-session", type=int, default=0, metavar="N",
        help="close after so many messages in one session")
    add("--lenient", action="store_true",
        help="take a bare LF for a line end in DATA, as servers do that can be smuggled to")
    add("--drip", action="store_true", help="send replies a byte at a time")
    add("--discard", action="store_true", help="count messages, keep none")
    add("--socket-mode", default="666", metavar="OCTAL", help="of a unix socket (666)")
    add("--port-file", metavar="FILE", help="write the TCP port there")
    add("--log", metavar="FILE", help="write what is said there, > out, < in")
    return parser.parse_args()


class Closed(Exception):
    """The sink itself ends this session."""


class Sink:
    """What all sessions share."""

    def __init__(self, options):
        self.options = options
        self.messages = self.accepted = self.sessions = 0
        self.closed_in_data = self.closed_after_dot = 0
        self.first = self.last = None
        self.log_file = open(options.log, "a", buffering=1) if options.log else None
        self.rules = [self.rule(*r.partition("=")[::2]) for r in options.reply]

    @staticmethod
    def rule(stage, reply):
        stage, _, local = stage.strip().partition(":")
        if stage not in DEFAULTS or not reply.strip():
            sys.exit(f"smtp_sink.py: --reply {stage}: not STAGE=REPLY (see --help)")
        return stage, local, reply.strip()

    def all_rules(self):
        lines = []
        if self.options.reply_file:
            with contextlib.suppress(FileNotFoundError), open(self.options.reply_file) as f:
                lines = [line.split(None, 1) for line in f if line.strip()]
        return [self.rule(*line) for line in lines if len(line) == 2] + self.rules

    def reply(self, stage, recipients=()):
        """The first rule that fits; DEFAULTS when none does."""
        for rule_stage, local, reply in self.all_rules():
            if rule_stage == stage and (
                not local or any(local_part_fits(local, r) for r in recipients)
            ):
                return reply
        return DEFAULTS[stage]

    def log(self, session, mark, text):
        if self.log_file:
            print(f"{time.time():.3f} {session} {mark} {text}", file=self.log_file)

    def keep(self, body, envelope):
        self.messages += 1
        self.last = time.time()
        self.first = self.first or self.last
        self.accepted += envelope["accepted"]
        if self.options.discard:
            return
        path = os.path.join(self.options.dir, str(self.messages))
        envelope["time"] = self.last
        publish(path + ".eml", body)
        publish(path + ".json", json.dumps(envelope, indent=1, ensure_ascii=False).encode() + b"\n")

    def write_stats(self):
        span = self.last - self.first if self.messages > 1 else 0
        publish(os.path.join(self.options.dir, "stats.json"), json.dumps({
            "messages": self.messages, "accepted": self.accepted, "sessions": self.sessions,
            "first": self.first, "last": self.last,
            "per_s": (self.messages - 1) / span if span > 0 else None,
        }).encode() + b"\n")


def publish(path, data):
    with open(path + ".tmp", "wb") as f:
        f.write(data)
    os.rename(path + ".tmp", path)


def local_part_fits(pattern, rcpt_line):
    match = re.match(r'RCPT TO:\s*<?("(?:\\.|[^"\\])*"|[^@>\s]*)', rcpt_line, re.I)
    local = match.group(1).strip('"').lower() if match else ""
    pattern = pattern.lower()
    return local.startswith(pattern[:-1]) if pattern.endswith("*") else local == pattern


class Session:
    def __init__(self, sink, reader, writer):
        self.sink, self.options = sink, sink.options
        self.reader, self.writer = reader, writer
        sink.sessions += 1
        self.number = sink.sessions
        self.taken = 0
        self.helo = None
        self.reset()

    def reset(self):
        self.mail, self.rcpts = None, []

    async def say(self, reply):
        """One reply, which may have several lines."""
        if self.options.delay:
            await asyncio.sleep(self.options.delay)
        if reply == "close":
            raise Closed
        for line in reply.split("\n"):
            self.sink.log(self.number, ">", line)
            data = line.encode("utf-8", "surrogateescape") + b"\r\n"
            for piece in [data[i:i + 1] for i in range(len(data))] if self.options.drip else [data]:
                self.writer.write(piece)
                if self.options.drip:
                    await self.writer.drain()
                    await asyncio.sleep(0)
        await self.writer.drain()

    async def hear(self):
        """A command, or None at the end of the connection."""
        wait = self.reader.readline()
        try:
            line = await (asyncio.wait_for(wait, self.options.idle) if self.options.idle else wait)
        except asyncio.TimeoutError:
            await self.say("421 4.4.2 idle for too long")
            raise Closed from None
        if not line.endswith(b"\n"):
            return None
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        self.sink.log(self.number, "<", text)
        return text

    async def serve(self):
        banner = self.sink.reply("banner")
        await self.say(banner)
        if not banner.startswith("2"):
            return
        while (line := await self.hear()) is not None:
            verb = line[:4].upper()
            if verb in ("LHLO", "EHLO", "HELO"):
                await self.greet(line, verb)
            elif verb == "MAIL":
                await self.take_mail(line)
            elif verb == "RCPT":
                await self.take_rcpt(line)
            elif verb == "DATA":
                await self.take_data()
            elif verb == "RSET":
                self.reset()
                await self.say("250 2.0.0 ok")
            elif verb == "NOOP":
                await self.say("250 2.0.0 ok")
            elif verb == "QUIT":
                await self.say("221 2.0.0 bye")
                return
            else:
                await self.say("500 5.5.2 what?")

    async def greet(self, line, verb):
        hidden = {name.upper() for name in self.options.hide}
        if (verb == "LHLO") != self.options.lmtp:
            await self.say("500 5.5.1 not the protocol spoken here")
            return
        if verb != "HELO" and "ALL" in hidden:
            await self.say("502 5.5.1 not here")
            return
        self.helo = line
        self.reset()
        reply = self.sink.reply("helo")
        if verb != "HELO" and reply == DEFAULTS["helo"]:
            words = [reply[4:]] + [e for e in EXTENSIONS if e not in hidden]
            reply = "\n".join(f"250-{w}" for w in words[:-1]) + f"\n250 {words[-1]}"
        await self.say(reply)

    async def take_mail(self, line):
        if self.mail is not None or self.helo is None:
            await self.say("503 5.5.1 not now")
            return
        reply = self.sink.reply("mail")
        if reply.startswith("2"):
            self.mail = line
        await self.say(reply)

    async def take_rcpt(self, line):
        if self.mail is None:
            await self.say("503 5.5.1 MAIL first")
            return
        reply = self.sink.reply("rcpt", [line])
        if reply.startswith("2"):
            self.rcpts.append(line)
        await self.say(reply)

    async def take_data(self):
        if not self.rcpts:
            await self.say("503 5.5.1 no valid recipients")
            return
        reply = self.sink.reply("data")
        await self.say(reply)
        if not reply.startswith("3"):
            return
        body = await self.hear_body()
        await self.answer_dot(body)
        self.reset()
        self.taken += 1
        if self.taken == self.options.max_per_session:
            raise Closed

    async def hear_body(self):
        """Only CR LF . CR LF ends it (RFC 5321 4.1.1.4), but for --lenient."""
        line_ends = b"\n" if self.options.lenient else b"\r\n"
        body, chunk, before = [], 0, b"\r\n"
        while True:
            line = await self.reader.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError
            if self.closes_in_data():
                raise Closed
            starts = before.endswith(line_ends)
            if starts and line.startswith(b".") and line[1:] in (b"\r\n", line_ends):
                return b"".join(body)
            body.append(line[1:] if starts and line.startswith(b".") else line)
            before = line
            chunk += len(line)
            if self.options.slow_read and chunk >= 65536:
                chunk = 0
                await asyncio.sleep(self.options.slow_read)

    def closes_in_data(self):
        if self.sink.closed_in_data >= self.options.close_in_data:
            return False
        self.sink.closed_in_data += 1
        return True

    async def answer_dot(self, body):
        groups = [[r] for r in self.rcpts] if self.options.lmtp else [self.rcpts]
        replies = [self.sink.reply("dot", group) for group in groups]
        accepted = any(r.startswith("2") for r in replies)
        self.sink.keep(body, {
            "helo": self.helo, "mail": self.mail, "rcpt": self.rcpts,
            "reply": replies[0] if len(replies) == 1 else replies,
            "accepted": accepted, "session": self.number,
        })
        if self.options.delay_dot:
            await asyncio.sleep(self.options.delay_dot)
        if self.sink.closed_after_dot < self.options.close_after_dot:
            self.sink.closed_after_dot += 1
            raise Closed
        for reply in replies:
            await self.say(reply)


async def listen(options, handle):
    if options.listen.startswith("unix:"):
        path = options.listen[5:]
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        server = await asyncio.start_unix_server(handle, path, limit=LINE_MOST, backlog=1024)
        os.chmod(path, int(options.socket_mode, 8))
        return server
    host, _, port = options.listen.rpartition(":")
    server = await asyncio.start_server(
        handle, host.strip("[]"), int(port), limit=LINE_MOST, backlog=1024)
    if options.port_file:
        publish(options.port_file, b"%d\n" % server.sockets[0].getsockname()[1])
    return server


async def main():
    options = read_arguments()
    os.makedirs(options.dir, exist_ok=True)
    sink = Sink(options)

    async def handle(reader, writer):
        session = Session(sink, reader, writer)
        try:
            await session.serve()
        except (Closed, ConnectionError, ValueError):
            pass  # ValueError: a line beyond LINE_MOST
        finally:
            sink.log(session.number, "-", "closed")
            writer.close()

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, sink.write_stats)
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    server = await listen(options, handle)
    print("ready", flush=True)
    await stop.wait()
    server.close()
    sink.write_stats()
    sys.stdout.flush()
    os._exit(0)  # sessions that are still open are not waited for


if __name__ == "__main__":
    asyncio.run(main())
