/*
 * control.c: a datagram socket that is drained and forgotten.
 *
 * Remembered are only the addresses of those who asked for a reload, in the
 * order they asked: first those whom the reload under way answers, behind
 * them those whom the next one will. Nobody is waited for: an answer that
 * does not fit into a peer's socket is lost.
 */
#include "qmgr/control.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"

/* Datagrams read before the loop has its turn again. */
enum { DRAIN_MAX = 256 };

struct asker {
	struct sockaddr_un address;
	socklen_t len;
};

struct control {
	struct ev_loop *loop;
	ev_io io;
	char *path;
	struct control_handler handler;
	struct asker askers[CONTROL_ASKERS_MAX];
	size_t askers_len;
	size_t under_way_len; /* the first of them: of the reload under way */
};

static bool
is_reload(const char *data, ssize_t len)
{
	static const char word[] = "reload";

	return len == (ssize_t)sizeof(word) - 1 && memcmp(data, word, sizeof(word) - 1) == 0;
}

/* A peer that has bound no address of its own cannot be answered. */
static void
remember(struct control *control, const struct asker *asker)
{
	if (asker->len > sizeof(sa_family_t) && control->askers_len < CONTROL_ASKERS_MAX)
		control->askers[control->askers_len++] = *asker;
}

static void
on_datagram(struct ev_loop *loop, ev_io *io, int events)
{
	struct control *control = io->data;
	bool reload = false;

	(void)loop;
	(void)events;
	for (int i = 0; i < DRAIN_MAX; i++) {
		struct asker from = { .len = sizeof(from.address) };
		char data[16];
		ssize_t len = recvfrom(io->fd, data, sizeof(data), MSG_DONTWAIT | MSG_TRUNC,
				       (struct sockaddr *)&from.address, &from.len);

		if (len < 0)
			break;
		if (!is_reload(data, len))
			continue;
		reload = true;
		remember(control, &from);
	}
	control->handler.poked(control->handler.ctx);
	if (reload)
		control->handler.reload(control->handler.ctx);
}

static int
open_socket(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO(closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int opened;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_PERM, "%s: too long for a socket's path", path);
	memcpy(address.sun_path, path, strlen(path));
	(void)unlink(path); /* ours: the store's lock is held */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0660) < 0)
		return error_errno(err, "%s", path);
	opened = fd;
	fd = -1;
	return opened;
}

int
control_start(struct ev_loop *loop, const char *folder, const struct control_handler *handler,
	      struct control **ret_control, struct error *err)
{
	AUTO(freep) char *path = xasprintf("%s/control", folder);
	struct control *control;
	int fd = open_socket(path, err);

	if (fd < 0)
		return -1;
	control = xcalloc(1, sizeof(*control));
	control->loop = loop;
	control->path = TAKE(path);
	control->handler = *handler;
	ev_io_init(&control->io, on_datagram, fd, EV_READ);
	control->io.data = control;
	ev_io_start(loop, &control->io);
	*ret_control = control;
	return 0;
}

void
control_reload_begins(struct control *control)
{
	control->under_way_len = control->askers_len;
}

void
control_reload_ends(struct control *control, const char *answer)
{
	for (size_t i = 0; i < control->under_way_len; i++)
		(void)sendto(control->io.fd, answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL,
			     (const struct sockaddr *)&control->askers[i].address,
			     control->askers[i].len);
	control->askers_len -= control->under_way_len;
	memmove(control->askers, control->askers + control->under_way_len,
		control->askers_len * sizeof(control->askers[0]));
	control->under_way_len = 0;
}

void
control_stopp(struct control **ret_control)
{
	struct control *control = *ret_control;

	if (control == NULL)
		return;
	ev_io_stop(control->loop, &control->io);
	(void)close(control->io.fd);
	(void)unlink(control->path);
	free(control->path);
	free(control);
	*ret_control = NULL;
}
