/*
 * config.c: parsing a configuration file behind a guard.
 *
 * config_text.c gathers the text; here libconfig parses it, first in a forked
 * child. Whatever libconfig does there (its scanner calls exit(2), it crashes,
 * it does not end), the caller gets an error with the file's name; it parses
 * here only what the child has parsed, from the same bytes.
 *
 * The daemon calls this at reload with other threads running. After fork the
 * child has only the calling thread, so it uses nothing another thread may
 * have left locked: malloc, which glibc repairs in the child, libconfig, which
 * keeps no state, write and _exit; no stdio, no logging, no exit handlers
 * (exit called by the scanner runs the newest handler first, and that leaves
 * at once). Signals stay blocked in the child, so that no handler of the
 * daemon runs in it, but for the alarm that ends it after 30 seconds.
 *
 * The child's answer comes through a pipe and is the only thing believed; its
 * exit status is asked for the message alone, since libev may have reaped it.
 */
#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/config_text.h"
#include "base/text.h"

#define CHILD_SECONDS 30
#define SHOWN_BYTES   60

struct config_file {
	config_t config;
	struct config_text text;
};

/* What the child says: shorter than PIPE_BUF, so written whole or not at all. */
struct verdict {
	int parsed;
	unsigned line;
	char text[120];
};

static struct verdict
parse(config_t *config, const char *text)
{
	struct verdict v = { 0 };
	const char *why;

	v.parsed = config_read_string(config, text) == CONFIG_TRUE;
	if (v.parsed)
		return v;
	why = config_error_text(config);
	v.line = config_error_line(config) > 0 ? (unsigned)config_error_line(config) : 1;
	(void)snprintf(v.text, sizeof(v.text), "%s", why != NULL ? why : "cannot be parsed");
	return v;
}

static void
leave_at_once(void)
{
	_exit(2);
}

static _Noreturn void
child_run(int fd, const char *text)
{
	struct verdict v;
	sigset_t alarm_only;
	config_t config;

	(void)atexit(leave_at_once);
	(void)signal(SIGALRM, SIG_DFL);
	(void)sigemptyset(&alarm_only);
	(void)sigaddset(&alarm_only, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	(void)alarm(CHILD_SECONDS);
	config_init(&config);
	v = parse(&config, text);
	_exit(write(fd, &v, sizeof(v)) == (ssize_t)sizeof(v) ? 0 : 1);
}

static bool
read_verdict(int fd, struct verdict *v)
{
	size_t got = 0;

	while (got < sizeof(*v)) {
		ssize_t n = read(fd, (char *)v + got, sizeof(*v) - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static int
odd_end(const char *path, pid_t pid, struct error *err)
{
	int status = 0;
	pid_t reaped;

	do
		reaped = waitpid(pid, &status, 0);
	while (reaped < 0 && errno == EINTR);
	if (reaped == pid && WIFSIGNALED(status))
		return error_set(err, ERROR_PERM,
				 "%s: libconfig cannot read this file (it was ended by signal %d)",
				 path, WTERMSIG(status));
	if (reaped == pid)
		return error_set(err, ERROR_PERM,
				 "%s: libconfig cannot read this file (it left with status %d)",
				 path, WEXITSTATUS(status));
	return error_set(err, ERROR_PERM, "%s: libconfig cannot read this file", path);
}

/* Starts the child with all signals blocked in it; they are never blocked for long here. */
static pid_t
child_start(int answer[2], const char *text)
{
	sigset_t all, before;
	pid_t pid;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		child_run(answer[1], text);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int
rehearse(const char *path, const char *text, struct verdict *ret_verdict, struct error *err)
{
	int answer[2];
	pid_t pid;
	bool heard;

	if (pipe2(answer, O_CLOEXEC) < 0)
		return error_errno(err, "%s: pipe", path);
	pid = child_start(answer, text);
	if (pid < 0)
		(void)error_errno(err, "%s: fork", path);
	(void)close(answer[1]);
	heard = pid > 0 && read_verdict(answer[0], ret_verdict);
	(void)close(answer[0]);
	if (pid < 0)
		return -1;
	if (!heard)
		return odd_end(path, pid, err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

/* "file:line: syntax error near …", which libconfig often notices one token late. */
static int
parse_error(const struct config_file *file, const struct verdict *v, struct error *err)
{
	unsigned line;
	const char *path = config_text_where(&file->text, v->line, &line);
	struct span near = span_trim(config_text_line(&file->text, v->line));
	AUTO(freep) char *shown = NULL;

	near.len = near.len < SHOWN_BYTES ? near.len : SHOWN_BYTES;
	shown = text_to_printable(near);
	if (strcmp(v->text, "syntax error") == 0)
		return error_set(err, ERROR_PERM,
				 "%s:%u: syntax error at or before: %s (a comma before a closing "
				 "bracket, or a bracket, quote or '=' missing?)",
				 path, line, shown);
	return error_set(err, ERROR_PERM, "%s:%u: %s: %s", path, line, v->text, shown);
}

int
config_load(const char *path, struct config_file **ret_file, struct error *err)
{
	return config_load_draft(path, NULL, ret_file, err);
}

int
config_load_draft(const char *path, const struct config_draft *draft, struct config_file **ret_file,
		  struct error *err)
{
	AUTO(config_freep) struct config_file *file = xcalloc(1, sizeof(*file));
	struct verdict v = { 0 };

	config_init(&file->config);
	if (config_text_read(path, draft, &file->text, err) < 0)
		return -1;
	if (rehearse(path, file->text.bytes.data, &v, err) < 0)
		return -1;
	if (v.parsed)
		v = parse(&file->config, file->text.bytes.data);
	if (!v.parsed)
		return parse_error(file, &v, err);
	*ret_file = TAKE(file);
	return 0;
}

void
config_freep(struct config_file **file)
{
	if (*file == NULL)
		return;
	config_destroy(&(*file)->config);
	config_text_done(&(*file)->text);
	free(*file);
	*file = NULL;
}

struct span
config_text(const struct config_file *file)
{
	return buffer_span(&file->text.bytes);
}

const config_setting_t *
config_top(const struct config_file *file)
{
	return config_root_setting(&file->config);
}

const config_setting_t *
config_find(const struct config_file *file, const char *key)
{
	return config_lookup(&file->config, key);
}

const char *
config_where(const struct config_file *file, const config_setting_t *at, int *ret_line)
{
	unsigned line = 0;
	const char *path = file->text.files[0];

	if (at != NULL)
		path = config_text_where(&file->text, config_setting_source_line(at), &line);
	*ret_line = (int)line;
	return path;
}

int
config_error(const struct config_file *file, const config_setting_t *at, struct error *err,
	     const char *format, ...)
{
	AUTO(freep) char *text = NULL;
	const char *path;
	va_list ap;
	int line;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	path = config_where(file, at, &line);
	if (line > 0)
		return error_set(err, ERROR_PERM, "%s:%d: %s", path, line, text);
	return error_set(err, ERROR_PERM, "%s: %s", path, text);
}
