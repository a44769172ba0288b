/* test_control.c: a datagram is a hint; what it says does not matter. */
#include "qmgr/control.h"

#include <ev.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/admit/fixture.h"

static void
count_pokes(void *ctx)
{
	++*(int *)ctx;
}

static struct control *
start(struct ev_loop *loop, const char *folder, int *pokes)
{
	struct control *control = NULL;
	struct error err = { 0 };

	cr_assert_eq(control_start(loop, folder, count_pokes, pokes, &control, &err), 0, "%s",
		     err.text);
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
	int pokes = 0;
	struct control *control = start(loop, folder, &pokes);

	cr_assert(poke(folder, "x", 1));
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(pokes, 1);
	control_stopp(&control);
	cr_assert_null(control);
	ev_loop_destroy(loop);
}

Test(control, empty_long_and_many_pokes_are_heard_once_and_leave_nothing_behind)
{
	AUTO(folder_removep) char *folder = folder_make();
	struct ev_loop *loop = ev_loop_new(0);
	char text[5000] = { 0 };
	int pokes = 0;
	struct control *control = start(loop, folder, &pokes);

	cr_assert(poke(folder, "", 0));
	cr_assert(poke(folder, text, sizeof(text)));
	cr_assert(poke(folder, "x", 1));
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(pokes, 1);
	ev_run(loop, EVRUN_NOWAIT);
	cr_assert_eq(pokes, 1);
	control_stopp(&control);
	ev_loop_destroy(loop);
}

Test(control, the_socket_is_for_owner_and_group_and_goes_at_the_end)
{
	AUTO(folder_removep) char *folder = folder_make();
	AUTO(freep) char *path = xasprintf("%s/control", folder);
	struct ev_loop *loop = ev_loop_new(0);
	struct stat st;
	int pokes = 0;
	struct control *control = start(loop, folder, &pokes);

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
	int pokes = 0;
	struct control *control;

	write_file(path, SPAN(""));
	control = start(loop, folder, &pokes);
	cr_assert(poke(folder, "x", 1));
	ev_run(loop, EVRUN_ONCE);
	cr_assert_eq(pokes, 1);
	control_stopp(&control);
	ev_loop_destroy(loop);
}

Test(control, a_folder_that_is_not_there_or_too_long_a_name_is_a_refusal)
{
	char long_name[200];
	struct ev_loop *loop = ev_loop_new(0);
	struct control *control = NULL;
	struct error err = { 0 };

	cr_assert_eq(control_start(loop, "/nonexistent", count_pokes, NULL, &control, &err), -1);
	cr_assert_eq(err.class, ERROR_TEMP);
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[0] = '/';
	long_name[sizeof(long_name) - 1] = '\0';
	cr_assert_eq(control_start(loop, long_name, count_pokes, NULL, &control, &err), -1);
	cr_assert_eq(err.class, ERROR_PERM);
	cr_assert_null(control);
	ev_loop_destroy(loop);
}
