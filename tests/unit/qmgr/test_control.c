/* test_control.c: a datagram is a hint; the one that asks for a reload is answered. */
#include "qmgr/control.h"

#include <ev.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/admit/fixture.h"

struct heard {
	int pokes, reloads;
};

static void
count_poke(void *ctx)
{
	((struct heard *)ctx)->pokes++;
}

static void
count_reload(void *ctx)
{
	((struct heard *)ctx)->reloads++;
}

static int
try_start(struct ev_loop *loop, const char *folder, struct heard *heard,
	  struct control **ret_control, struct error *err)
{
	const struct control_handler handler = { count_poke, count_reload, heard };

	return control_start(loop, folder, &handler, ret_control, err);
}

static struct control *
start(struct ev_loop *loop, const char *folder, struct heard *heard)
{
	struct control *control = NULL;
	struct error err = { 0 };

	cr_assert_eq(try_start(loop, folder, heard, &control, &err), 0, "%s", err.text);
	return control;
}

/* As the tool does it: no answer is expected. False: nobody listens. */
static bool
poke(const char *folder, const void *data, size_t len)
{
	AUTO(closep) int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", folder);
	return sendto(fd, data, len, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof(address)) >=
	       0;
}

Test(control, a_poke_is_heard)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct ev_loop *loop = ev_loop_new(0);
	struct heard heard = { 0 };
	struct control *control = start(loop, folder, &heard);

	cr_assert(poke(folder, "x", 1));
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(heard.pokes, 1);
	control_stopp(&control);
	cr_assert_null(control);
	ev_loop_destroy(loop);
}

Test(control, empty_long_and_many_pokes_are_heard_once_and_leave_nothing_behind)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct ev_loop *loop = ev_loop_new(0);
	char text[5000] = { 0 };
	struct heard heard = { 0 };
	struct control *control = start(loop, folder, &heard);

	cr_assert(poke(folder, "", 0));
	cr_assert(poke(folder, text, sizeof(text)));
	cr_assert(poke(folder, "x", 1));
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(heard.pokes, 1);
	ev_run(loop, EVRUN_NOWAIT);
	cr_assert_eq(heard.pokes, 1);
	control_stopp(&control);
	ev_loop_destroy(loop);
}

Test(control, only_the_word_reload_asks_for_a_reload)
{
	static const struct {
		const char *data;
		size_t len;
		int reloads;
	} cases[] = {
		{ "reload", 6, 1 },         { "reload", 7, 0 },   { "reloa", 5, 0 },
		{ "Reload", 6, 0 },         { "reload\n", 7, 0 }, { "", 0, 0 },
		{ "reload reload", 13, 0 },
	};
	AUTO(folder_removep) char *folder = folder_make();
	struct ev_loop *loop = ev_loop_new(0);
	struct heard heard = { 0 };
	struct control *control = start(loop, folder, &heard);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		heard = (struct heard){ 0 };
		cr_assert(poke(folder, cases[i].data, cases[i].len));
		ev_run(loop, EVRUN_ONCE);
		cr_expect_eq(heard.pokes, 1);
		cr_expect_eq(heard.reloads, cases[i].reloads, "%zu", i);
	}
	control_stopp(&control);
	ev_loop_destroy(loop);
}

/* A peer with an address, connected, that has asked for a reload. */
static int
ask(const char *folder)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", folder);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&any, sizeof(sa_family_t)), 0);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(send(fd, "reload", 6, 0), 6);
	return fd;
}

/* Ends the peer; "": it has heard nothing. The caller's. */
static char *
hear(int fd)
{
	char text[64];
	ssize_t len = recv(fd, text, sizeof(text), 0);

	(void)close(fd);
	return len < 0 ? xstrdup("") : xstrndup(text, (size_t)len);
}

static void
expect_hears(int fd, const char *expected)
{
	AUTO(freep) char *heard = hear(fd);

	cr_expect_str_eq(heard, expected);
}

Test(control, who_asks_while_a_reload_is_under_way_is_answered_by_the_next)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct ev_loop *loop = ev_loop_new(0);
	struct heard heard = { 0 };
	struct control *control = start(loop, folder, &heard);
	int first = ask(folder), second, third;

	second = ask(folder);
	cr_assert(poke(folder, "reload", 6)); /* who cannot be answered is heard all the same */
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(heard.reloads, 1);
	control_reload_begins(control);
	third = ask(folder);
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(heard.reloads, 2);
	control_reload_ends(control, "reloaded one");
	expect_hears(first, "reloaded one");
	expect_hears(second, "reloaded one");
	control_reload_begins(control);
	control_reload_ends(control, "kept one");
	expect_hears(third, "kept one");
	control_reload_begins(control);
	control_reload_ends(control, "reloaded two");
	control_stopp(&control);
	ev_loop_destroy(loop);
}

Test(control, those_beyond_the_limit_are_not_answered_and_one_that_is_gone_harms_nobody)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct ev_loop *loop = ev_loop_new(0);
	struct heard heard = { 0 };
	struct control *control = start(loop, folder, &heard);
	int peers[CONTROL_ASKERS_MAX + 1];

	for (size_t i = 0; i <= CONTROL_ASKERS_MAX; i++) {
		peers[i] = ask(folder);
		ev_run(loop, EVRUN_ONCE);
	}
	control_reload_begins(control);
	(void)close(peers[0]);
	control_reload_ends(control, "reloaded x");
	for (size_t i = 1; i < CONTROL_ASKERS_MAX; i++)
		expect_hears(peers[i], "reloaded x");
	expect_hears(peers[CONTROL_ASKERS_MAX], "");
	control_stopp(&control);
	ev_loop_destroy(loop);
}

Test(control, the_socket_is_for_owner_and_group_and_goes_at_the_end)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(freep) char *path = xasprintf("%s/control", folder);
	struct ev_loop *loop = ev_loop_new(0);
	struct stat st;
	struct heard heard = { 0 };
	struct control *control = start(loop, folder, &heard);

	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0660);
	control_stopp(&control);
	cr_assert_not(exists(path));
	cr_assert_not(poke(folder, "x", 1));
	control_stopp(&control);
	ev_loop_destroy(loop);
}

Test(control, a_socket_left_over_from_a_crash_is_replaced)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(freep) char *path = xasprintf("%s/control", folder);
	struct ev_loop *loop = ev_loop_new(0);
	struct heard heard = { 0 };
	struct control *control;

	write_file(path, SPAN(""));
	control = start(loop, folder, &heard);
	cr_assert(poke(folder, "x", 1));
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(heard.pokes, 1);
	control_stopp(&control);
	ev_loop_destroy(loop);
}

Test(control, a_folder_that_is_not_there_or_too_long_a_name_is_a_refusal)
{
	char long_name[200];
	struct ev_loop *loop = ev_loop_new(0);
	struct control *control = NULL;
	struct error err = { 0 };

	cr_assert_eq(try_start(loop, "/nonexistent", NULL, &control, &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[0] = '/';
	long_name[sizeof(long_name) - 1] = '\0';
	cr_assert_eq(try_start(loop, long_name, NULL, &control, &err), -1);
	cr_assert_eq(err.class, ERROR_PERM);
	cr_assert_null(control);
	ev_loop_destroy(loop);
}
