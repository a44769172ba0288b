/* test_daemon.c: what the tool makes of what ndrqd answers. */
#include "review/daemon.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"

static char folder[] = "/tmp/ndrq-daemon-XXXXXX";

static void
begin(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void
end(void)
{
	(void)unlink("control");
	(void)rmdir(folder);
}

TestSuite(daemon, .init = begin, .fini = end);

/* Stands in for ndrqd: says answer to the first who asks; NULL: it never does. */
struct listener {
	int fd;
	const char *answer;
	char asked[16];
	pthread_t thread;
};

static void *
listener_main(void *arg)
{
	struct listener *l = arg;
	struct sockaddr_un from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(l->fd, l->asked, sizeof(l->asked) - 1, 0, (struct sockaddr *)&from,
			       &from_len);

	if (len >= 0 && l->answer != NULL)
		(void)sendto(l->fd, l->answer, strlen(l->answer), 0, (struct sockaddr *)&from,
			     from_len);
	return NULL;
}

static void
listener_start(struct listener *l, const char *answer)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "control" };

	*l = (struct listener){ .fd = socket(AF_UNIX, SOCK_DGRAM, 0), .answer = answer };
	(void)unlink("control");
	cr_assert_eq(bind(l->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(pthread_create(&l->thread, NULL, listener_main, l), 0);
}

static void
listener_stop(struct listener *l)
{
	(void)pthread_join(l->thread, NULL);
	(void)close(l->fd);
}

Test(daemon, an_answer_says_what_is_in_force_or_why_not)
{
	static const struct {
		const char *answer;
		enum reload_outcome outcome;
		const char *text;
	} cases[] = {
		{ "reloaded 0123abcd", RELOAD_DONE, "0123abcd" },
		{ "kept 0123abcd p:1: mood: unknown key", RELOAD_KEPT, "p:1: mood: unknown key" },
		{ "kept 0123abcd", RELOAD_KEPT, "" },
		{ "", RELOAD_SILENT, NULL },
		{ "perhaps", RELOAD_SILENT, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(freep) char *text = NULL;
		struct listener listener;

		listener_start(&listener, cases[i].answer);
		cr_expect_eq(daemon_reload("./ndrq.db", 10000, &text), cases[i].outcome, "%zu", i);
		listener_stop(&listener);
		cr_expect_str_eq(listener.asked, "reload");
		if (cases[i].text == NULL)
			cr_expect_null(text);
		else
			cr_expect_str_eq(text, cases[i].text);
	}
}

Test(daemon, no_answer_is_not_waited_for_forever)
{
	struct listener listener;
	char *text = NULL;

	listener_start(&listener, NULL);
	cr_expect_eq(daemon_reload("./ndrq.db", 1, &text), RELOAD_SILENT);
	cr_expect_null(text);
	listener_stop(&listener);
}

Test(daemon, nobody_who_listens_is_told_from_one_who_does_not_answer)
{
	char long_path[300];
	struct listener listener;
	char *text = NULL;

	cr_expect_eq(daemon_reload("./ndrq.db", 1, &text), RELOAD_NOBODY);
	cr_expect_eq(daemon_reload("./none/ndrq.db", 1, &text), RELOAD_NOBODY);
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[1] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	cr_expect_eq(daemon_reload(long_path, 1, &text), RELOAD_NOBODY);
	listener_start(&listener, NULL);
	daemon_poke("./ndrq.db");
	listener_stop(&listener);
	cr_expect_str_eq(listener.asked, "!");
	cr_expect_eq(daemon_reload("./ndrq.db", 1, &text), RELOAD_NOBODY,
		     "a socket that was left behind");
}

Test(daemon, a_socket_we_may_not_write_is_told_too)
{
	struct listener listener;
	char *text = NULL;

	if (getuid() == 0)
		cr_skip("root");
	listener_start(&listener, NULL);
	cr_assert_eq(chmod("control", 0), 0);
	cr_expect_eq(daemon_reload("./ndrq.db", 1, &text), RELOAD_FORBIDDEN);
	cr_assert_eq(chmod("control", 0600), 0);
	daemon_poke("./ndrq.db");
	listener_stop(&listener);
}
