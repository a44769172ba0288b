/*
 * control.c: a datagram socket that is drained and forgotten.
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

struct control {
	struct ev_loop *loop;
	ev_io io;
	char *path;
	void (*poked)(void *ctx);
	void *ctx;
};

static void
on_datagram(struct ev_loop *loop, ev_io *io, int events)
{
	struct control *control = io->data;
	char ignored[16];

	(void)loop;
	(void)events;
	while (recv(io->fd, ignored, sizeof(ignored), MSG_DONTWAIT) >= 0)
		;
	control->poked(control->ctx);
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
control_start(struct ev_loop *loop, const char *folder, void (*poked)(void *ctx), void *ctx,
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
	control->poked = poked;
	control->ctx = ctx;
	ev_io_init(&control->io, on_datagram, fd, EV_READ);
	control->io.data = control;
	ev_io_start(loop, &control->io);
	*ret_control = control;
	return 0;
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
