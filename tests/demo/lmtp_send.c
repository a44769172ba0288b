/*
 * lmtp_send.c: hands files over by LMTP, as a mail server would.
 *
 *	lmtp_send SOCKET RCPT FILE [RCPT FILE]…
 *
 * One session on a unix socket, one transaction a file, always from the null
 * sender. A file may have any line ends. Prints what became of each; exits 0
 * when each was answered 2yz, 1 otherwise, 69 when nobody listens. Only the
 * demo uses it: it waits without a timeout, and one thing after the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qmgr/wire.h"

enum { FILE_BYTES_MAX = 1 << 24, LINE_BYTES_MAX = 4096 };

struct peer {
	int fd;
	struct buffer in;
	struct wire_reply reply; /* the last one */
};

static _Noreturn void
give_up(const char *what)
{
	(void)fprintf(stderr, "lmtp_send: %s\n", what);
	exit(EX_UNAVAILABLE);
}

static void
connect_peer(struct peer *peer, const char *path)
{
	AUTO(freep) char *address = xasprintf("unix:%s", path);
	struct sockaddr_storage to;
	struct error err;
	unsigned len;

	if (wire_parse_address(address, &to, &len, &err) < 0)
		give_up(err.text);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&to, len) < 0)
		give_up(path);
}

static void
read_more(struct peer *peer)
{
	char chunk[LINE_BYTES_MAX];
	ssize_t n = read(peer->fd, chunk, sizeof(chunk));

	if (n <= 0)
		give_up("the server hung up");
	buffer_add(&peer->in, chunk, (size_t)n);
}

/* Waits for a whole reply and returns its code. */
static int
hear(struct peer *peer)
{
	struct span line;
	size_t used;
	int found, whole = 0;

	wire_reply_done(&peer->reply);
	while (whole == 0) {
		while ((found = wire_next_line(buffer_span(&peer->in), LINE_BYTES_MAX, &line,
					       &used)) == 0)
			read_more(peer);
		whole = found < 0 ? -1 : wire_reply_add(&peer->reply, line);
		buffer_consume(&peer->in, found < 0 ? 0 : used);
	}
	if (whole < 0)
		give_up("that was no reply");
	return peer->reply.code;
}

static void
say(struct peer *peer, struct span text)
{
	struct error err;

	if (file_write_all(peer->fd, text.data, text.len, &err) < 0)
		give_up(err.text);
}

/* One command, and its reply: is it what we hoped for? */
static bool
ask(struct peer *peer, int hoped_code, const char *verb, const char *argument)
{
	AUTO(buffer_done) struct buffer line = { 0 };

	buffer_add_str(&line, verb);
	buffer_add_str(&line, argument);
	buffer_add_str(&line, "\r\n");
	say(peer, buffer_span(&line));
	return hear(peer) == hoped_code;
}

static bool
send_file(struct peer *peer, const char *rcpt, const char *path)
{
	AUTO(buffer_done) struct buffer file = { 0 }, dotted = { 0 };
	AUTO(freep) char *to = xasprintf("TO:<%s>", rcpt);
	struct wire_dot dot = { 0 };
	struct error err;

	if (file_read(path, FILE_BYTES_MAX, &file, &err) < 0)
		give_up(err.text);
	wire_dot(&dot, buffer_span(&file), &dotted);
	wire_dot_end(&dot, &dotted);
	if (!ask(peer, 250, "MAIL ", "FROM:<>") || !ask(peer, 250, "RCPT ", to) ||
	    !ask(peer, 354, "DATA", ""))
		return false;
	say(peer, buffer_span(&dotted));
	return hear(peer) == 250;
}

int
main(int argc, char **argv)
{
	struct peer peer = { .fd = -1 };
	int failed = 0;

	if (argc < 4 || argc % 2 != 0) {
		(void)fputs("usage: lmtp_send SOCKET RCPT FILE [RCPT FILE]…\n", stderr);
		return EX_USAGE;
	}
	connect_peer(&peer, argv[1]);
	if (hear(&peer) != 220 || !ask(&peer, 250, "LHLO ", "demo.example"))
		give_up(peer.reply.text.data);
	for (int i = 2; i < argc; i += 2) {
		if (!send_file(&peer, argv[i], argv[i + 1]))
			failed++;
		(void)printf("to %-24s %d %s\n", argv[i], peer.reply.code, peer.reply.text.data);
	}
	(void)ask(&peer, 221, "QUIT", "");
	wire_reply_done(&peer.reply);
	buffer_done(&peer.in);
	(void)close(peer.fd);
	return failed > 0 ? 1 : EX_OK;
}
