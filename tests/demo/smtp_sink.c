/*
 * smtp_sink.c: a mail server's release port that keeps what it is sent.
 *
 *	smtp_sink SOCKET FOLDER
 *
 * Listens on a unix socket, takes any mail, and writes the n-th message to
 * FOLDER/n.eml, byte for byte. One session after the other, until it is
 * killed. Only the demo uses it: every command is fine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "qmgr/wire.h"

enum { LINE_BYTES_MAX = 4096 };

struct session {
	int fd;
	struct buffer in, message;
	bool in_data, ended;
	struct wire_undot undot;
};

static const char *folder;
static unsigned messages;

static _Noreturn void
give_up(const char *what)
{
	(void)fprintf(stderr, "smtp_sink: %s\n", what);
	exit(EX_UNAVAILABLE);
}

static void
say(struct session *s, const char *reply)
{
	struct error err;

	s->ended |= file_write_all(s->fd, reply, strlen(reply), &err) < 0;
}

static void
add_to_message(void *ctx, const char *data, size_t len)
{
	struct session *s = ctx;

	buffer_add(&s->message, data, len);
}

static void
keep_message(struct session *s)
{
	AUTO(freep) char *name = xasprintf("%u.eml", messages + 1);
	const struct span all = buffer_span(&s->message);
	struct error err;

	if (file_publish(folder, name, &all, 1, 0644, &err) < 0)
		give_up(err.text);
	messages++;
	buffer_clear(&s->message);
	say(s, "250 2.0.0 taken\r\n");
}

static void
on_line(struct session *s, struct span line)
{
	struct span argument;

	switch (wire_parse_verb(line, &argument)) {
	case WIRE_DATA:
		s->in_data = true;
		s->undot = (struct wire_undot){ 0 };
		say(s, "354 go on\r\n");
		break;
	case WIRE_HELO:
		say(s, "250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n");
		break;
	case WIRE_QUIT:
		say(s, "221 2.0.0 bye\r\n");
		s->ended = true;
		break;
	case WIRE_LHLO:
	case WIRE_MAIL:
	case WIRE_RCPT:
	case WIRE_RSET:
	case WIRE_NOOP:
	case WIRE_VRFY:
	case WIRE_OTHER:
		say(s, "250 2.0.0 ok\r\n");
		break;
	}
}

/* Eats from what came; false: more must come first. */
static bool
eat(struct session *s)
{
	struct span line;
	size_t used = 0;

	if (s->in_data) {
		if (wire_undot(&s->undot, buffer_span(&s->in), &used, add_to_message, s)) {
			s->in_data = false;
			keep_message(s);
		}
	} else if (wire_next_line(buffer_span(&s->in), LINE_BYTES_MAX, &line, &used) > 0) {
		on_line(s, line);
	}
	buffer_consume(&s->in, used);
	return used > 0 && s->in.len > 0;
}

static void
serve(int fd)
{
	struct session s = { .fd = fd };
	char chunk[65536];
	ssize_t n;

	say(&s, "220 sink ESMTP\r\n");
	while (!s.ended && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		buffer_add(&s.in, chunk, (size_t)n);
		while (!s.ended && eat(&s))
			;
	}
	buffer_done(&s.in);
	buffer_done(&s.message);
}

static int
listen_at(const char *path)
{
	AUTO(freep) char *address = xasprintf("unix:%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage at;
	struct error err;
	unsigned len;

	if (wire_parse_address(address, &at, &len, &err) < 0)
		give_up(err.text);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 16) < 0)
		give_up(path);
	return fd;
}

int
main(int argc, char **argv)
{
	int listening;

	if (argc != 3) {
		(void)fputs("usage: smtp_sink SOCKET FOLDER\n", stderr);
		return EX_USAGE;
	}
	folder = argv[2];
	listening = listen_at(argv[1]);
	for (;;) {
		AUTO(closep) int fd = accept(listening, NULL, NULL);

		if (fd < 0)
			give_up("accept failed");
		serve(fd);
	}
}
