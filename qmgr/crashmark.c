/*
 * crashmark.c: notes in a mapped file, marked by a signal handler.
 *
 * The handler runs on a stack of its own (a reader may have used up the
 * other), writes one word of mapped memory of its own thread, and lets the
 * signal kill the process as it would have. The kernel keeps the page. What
 * cannot be remembered (a power cut, more than CRASHMARK_SUSPECTS messages,
 * the oldest dropped) costs one crash more, never mail.
 */
#include "qmgr/crashmark.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"

enum {
	CRASHMARK_SUSPECTS = 256,
	SIGNAL_STACK_BYTES = 64 * 1024,
};

struct note {
	uint8_t sha256[32];
	uint32_t reading, crashed;
};

struct page {
	char magic[8];
	uint32_t suspects_next;
	uint32_t unused;
	struct note slots[CRASHMARK_SLOTS];
	uint8_t suspects[CRASHMARK_SUSPECTS][32];
};

struct crashmark {
	struct page *page;
	size_t suspects_len;
	uint8_t suspects[CRASHMARK_SUSPECTS][32]; /* as they were at open: read by any thread */
};

static const char magic[8] = "ndrqrd1";
static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static _Thread_local volatile struct note *own_note;
static _Thread_local void *own_stack;

static void
on_crash(int number)
{
	if (own_note != NULL && own_note->reading)
		own_note->crashed = 1;
	(void)raise(number); /* SA_RESETHAND: now it kills */
}

static void
catch_crashes(void)
{
	struct sigaction action = { .sa_handler = on_crash,
				    .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND | SA_NODEFER) };

	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(crash_signals) / sizeof(crash_signals[0]); i++)
		(void)sigaction(crash_signals[i], &action, NULL);
}

static bool
is_zero(const uint8_t sha256[32])
{
	static const uint8_t zero[32];

	return memcmp(sha256, zero, 32) == 0;
}

/* What the last run left: crashed notes join the suspects, all slots are cleared. */
static void
collect(struct crashmark *mark)
{
	struct page *page = mark->page;

	for (size_t i = 0; i < CRASHMARK_SLOTS; i++)
		if (page->slots[i].crashed)
			memcpy(page->suspects[page->suspects_next++ % CRASHMARK_SUSPECTS],
			       page->slots[i].sha256, 32);
	memset(page->slots, 0, sizeof(page->slots));
	for (size_t i = 0; i < CRASHMARK_SUSPECTS; i++)
		if (!is_zero(page->suspects[i]))
			memcpy(mark->suspects[mark->suspects_len++], page->suspects[i], 32);
}

int
crashmark_open(const char *path, struct crashmark **ret_mark, struct error *err)
{
	AUTO(closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct crashmark *mark;
	void *map;

	if (fd < 0)
		return error_errno(err, "%s", path);
	errno = posix_fallocate(fd, 0, sizeof(struct page));
	if (errno != 0)
		return error_errno(err, "%s", path);
	map = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return error_errno(err, "%s", path);
	mark = xcalloc(1, sizeof(*mark));
	mark->page = map;
	if (memcmp(mark->page->magic, magic, sizeof(magic)) != 0) {
		memset(mark->page, 0, sizeof(*mark->page));
		memcpy(mark->page->magic, magic, sizeof(magic));
	}
	collect(mark);
	catch_crashes();
	*ret_mark = mark;
	return 0;
}

void
crashmark_closep(struct crashmark **ret_mark)
{
	if (*ret_mark == NULL)
		return;
	(void)munmap((*ret_mark)->page, sizeof(struct page));
	free(*ret_mark);
	*ret_mark = NULL;
}

void
crashmark_thread_start(struct crashmark *mark, unsigned slot)
{
	stack_t stack = { .ss_size = SIGNAL_STACK_BYTES };

	own_note = &mark->page->slots[slot % CRASHMARK_SLOTS];
	own_stack = stack.ss_sp = xmalloc(SIGNAL_STACK_BYTES);
	(void)sigaltstack(&stack, NULL);
}

void
crashmark_thread_stop(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	(void)sigaltstack(&none, NULL);
	free(own_stack);
	own_stack = NULL;
	own_note = NULL;
}

void
crashmark_enter(const uint8_t sha256[32])
{
	if (own_note == NULL)
		return;
	for (size_t i = 0; i < 32; i++)
		own_note->sha256[i] = sha256[i];
	own_note->reading = 1;
}

void
crashmark_leave(void)
{
	if (own_note != NULL)
		own_note->reading = 0;
}

bool
crashmark_is_suspect(const struct crashmark *mark, const uint8_t sha256[32])
{
	for (size_t i = 0; i < mark->suspects_len; i++)
		if (memcmp(mark->suspects[i], sha256, 32) == 0)
			return true;
	return false;
}

size_t
crashmark_suspects(const struct crashmark *mark)
{
	return mark->suspects_len;
}
