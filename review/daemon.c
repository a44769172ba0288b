/*
 * daemon.c: datagrams to ndrqd (qmgr/control.h), and the one that comes back.
 *
 * The answer comes to an address that the kernel makes up and that is gone
 * with the socket. Since that is connected to ndrqd's, the kernel takes
 * datagrams from nobody else: an answer is the daemon's own.
 */
#include "review/daemon.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/file.h"

/* Connected to the control socket, or -1 and errno. */
static int
open_control(const char *store_path)
{
	const struct sockaddr_un from = { .sun_family = AF_UNIX };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	AUTO(freep) char *folder = file_folder_of(store_path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int len = snprintf(to.sun_path, sizeof(to.sun_path), "%s/control", folder);

	if (len < 0 || (size_t)len >= sizeof(to.sun_path)) {
		closep(&fd);
		errno = ENOENT; /* there can be none: ndrqd would not have started */
		return -1;
	}
	if (fd >= 0 && (bind(fd, (const struct sockaddr *)&from, sizeof(sa_family_t)) < 0 ||
			connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)) {
		int saved = errno;

		closep(&fd);
		errno = saved;
		return -1;
	}
	return fd;
}

void
daemon_poke(const char *store_path)
{
	AUTO(closep) int fd = open_control(store_path);

	if (fd >= 0)
		(void)send(fd, "!", 1, MSG_NOSIGNAL);
}

static enum reload_outcome
why_not(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return RELOAD_NOBODY;
	case EACCES:
	case EPERM:
		return RELOAD_FORBIDDEN;
	default:
		return RELOAD_SILENT;
	}
}

/* "reloaded REVISION", "kept REVISION REASON". */
static enum reload_outcome
read_answer(const char *answer, char **ret_text)
{
	static const char done[] = "reloaded ", kept[] = "kept ";
	size_t revision;

	if (strncmp(answer, done, strlen(done)) == 0) {
		*ret_text = xstrdup(answer + strlen(done));
		return RELOAD_DONE;
	}
	if (strncmp(answer, kept, strlen(kept)) != 0)
		return RELOAD_SILENT;
	answer += strlen(kept);
	revision = strcspn(answer, " ");
	*ret_text = xstrdup(answer + revision + (answer[revision] == ' '));
	return RELOAD_KEPT;
}

enum reload_outcome
daemon_reload(const char *store_path, int timeout_ms, char **ret_text)
{
	AUTO(closep) int fd = open_control(store_path);
	struct pollfd answers = { .fd = fd, .events = POLLIN };
	char answer[4096];
	ssize_t len;
	int ready;

	*ret_text = NULL;
	if (fd < 0 || send(fd, "reload", strlen("reload"), MSG_NOSIGNAL) < 0)
		return why_not();
	do
		ready = poll(&answers, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	len = ready > 0 ? recv(fd, answer, sizeof(answer) - 1, 0) : -1;
	if (len < 0)
		return RELOAD_SILENT;
	answer[len] = '\0';
	return read_answer(answer, ret_text);
}
