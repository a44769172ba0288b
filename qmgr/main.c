/*
 * main.c: ndrqd's command line.
 *
 * Reads and checks both files before anything else, so that a mistake is told
 * on the terminal (exit status 78) and not in a log. In the background the
 * first process waits until the daemon is ready, and ends with its status.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "qmgr/daemon.h"

struct arguments {
	const char *config_path;
	bool foreground, check, show_config, verbose;
};

static const char usage[] =
	"usage: ndrqd [-c FILE] [-f] [-v]      run\n"
	"       ndrqd [-c FILE] -t             check ndrq.conf and the policy, and exit\n"
	"       ndrqd [-c FILE] --show-config  print the settings in force, and exit\n"
	"\n"
	"  -c, --config=FILE   default " SYSCONFDIR "/ndrq/ndrq.conf\n"
	"  -f, --foreground    stay in the foreground and log to standard error\n"
	"  -t, --check         say what is wrong (exit status 78) or nothing\n"
	"  -v, --verbose       log more\n"
	"      --show-config   as it could stand in a file\n"
	"      --help, --version\n"
	"\n"
	"SIGHUP reads both files again, SIGTERM ends. See ndrqd(8).\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' }, { "foreground", no_argument, NULL, 'f' },
	{ "check", no_argument, NULL, 't' },        { "verbose", no_argument, NULL, 'v' },
	{ "show-config", no_argument, NULL, 's' },  { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },      { 0 },
};

static int
parse(int argc, char **argv, struct arguments *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:ftv", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			a->config_path = optarg;
			break;
		case 'f':
			a->foreground = true;
			break;
		case 't':
			a->check = true;
			break;
		case 'v':
			a->verbose = true;
			break;
		case 's':
			a->show_config = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			exit(EX_OK);
		case 'V':
			(void)puts(PACKAGE_STRING);
			exit(EX_OK);
		default:
			(void)fputs(usage, stderr);
			return -1;
		}
	}
	if (optind == argc)
		return 0;
	(void)fprintf(stderr, "ndrqd: what is \"%s\"?\n%s", argv[optind], usage);
	return -1;
}

static int
complain(const struct error *err)
{
	(void)fprintf(stderr, "ndrqd: %s\n", err->text);
	return EX_CONFIG;
}

static void
show(const struct settings *settings)
{
	AUTO(buffer_done) struct buffer text = { 0 };

	settings_show(settings, &text);
	(void)fwrite(text.data, 1, text.len, stdout);
}

/* ---- the background ------------------------------------------------------- */

/* The first process: waits for a byte, or for the daemon's early end. */
static int
wait_until_ready(pid_t child, int fd)
{
	char byte;
	int status;

	if (read(fd, &byte, 1) == 1)
		return EX_OK;
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		return WEXITSTATUS(status);
	return EX_SOFTWARE;
}

/* Returns in the daemon with the pipe's end; the first process exits here. */
static int
go_to_background(void)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0) {
		(void)fprintf(stderr, "ndrqd: %s\n", strerror(errno));
		exit(EX_OSERR);
	}
	if (child > 0) {
		(void)close(ends[1]);
		_exit(wait_until_ready(child, ends[0]));
	}
	(void)close(ends[0]);
	(void)setsid();
	return ends[1];
}

static void
detach(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < 3; i++)
		(void)dup2(fd, i);
	if (fd > 2)
		(void)close(fd);
}

static void
on_ready(void *ctx)
{
	int *fd = ctx;

	if (*fd < 0)
		return;
	(void)!write(*fd, "r", 1);
	(void)close(*fd);
	*fd = -1;
	detach();
}

static int
run(const struct arguments *a, struct settings **settings, struct policy **policy)
{
	int ready_fd = a->foreground ? -1 : go_to_background();
	struct daemon_options daemon = {
		.config_path = a->config_path,
		.settings = TAKE(*settings),
		.policy = TAKE(*policy),
		.ready = on_ready,
		.ctx = &ready_fd,
	};
	struct error err;

	log_open(a->foreground || daemon.settings->log == SETTINGS_LOG_STDERR ? LOG_TO_STDERR
									      : LOG_TO_SYSLOG,
		 "ndrqd");
	log_set_level(a->verbose ? LOG_DEBUG : LOG_INFO);
	if (daemon_run(&daemon, &err) == 0)
		return EX_OK;
	(void)fprintf(stderr, "ndrqd: %s\n", err.text);
	return err.class == ERROR_TEMP ? EX_TEMPFAIL : EX_CONFIG;
}

int
main(int argc, char **argv)
{
	AUTO(settings_freep) struct settings *settings = NULL;
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	AUTO(freep) char *path = NULL;
	struct arguments a = { .config_path = SYSCONFDIR "/ndrq/ndrq.conf" };
	struct error err;

	if (parse(argc, argv, &a) < 0)
		return EX_USAGE;
	/* absolute: the daemon may be asked to read it again */
	path = realpath(a.config_path, NULL);
	if (path != NULL)
		a.config_path = path;
	if (settings_read(a.config_path, &settings, &err) < 0)
		return complain(&err);
	if (a.show_config) {
		show(settings);
		return EX_OK;
	}
	if (policy_read(settings->policy, &policy, &warnings, &err) < 0)
		return complain(&err);
	if (warnings.len > 0)
		(void)fwrite(warnings.data, 1, warnings.len, stderr);
	if (a.check)
		return EX_OK;
	facts_init();
	return run(&a, &settings, &policy);
}
