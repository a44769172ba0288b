/*
 * cmd_facts.c: `ndrq facts`: what messages in files say.
 *
 * One JSON object a line (facts/json.c), or a block a file for people. A file
 * that cannot be read gives its own line or block with "error" and the others
 * still follow; the exit status is that of the worst: 66 cannot be opened, 65
 * not a readable message. Needs neither the daemon nor its configuration.
 */
#include "review/verb.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "facts/facts.h"

/* What a file may have: twice the largest message that is kept whole. */
#define FILE_MOST ((size_t)100 << 20)

struct facts_run {
	bool json;
	const char *from, *rcpt;
	struct buffer bytes; /* of the file being read */
	int status;
};

static void
print_line(const char *name, const char *value)
{
	AUTO(freep) char *shown = NULL;

	if (value == NULL)
		return;
	shown = text_to_printable(span_of(value));
	(void)printf("  %-18s %s\n", name, shown);
}

static void
print_recipient(const struct facts_recipient *r)
{
	print_line("recipient", r->final != NULL ? r->final : r->original);
	if (r->final != NULL && r->original != NULL && strcmp(r->final, r->original) != 0)
		print_line("  original", r->original);
	print_line("  action", r->action);
	print_line("  status", r->status);
	print_line("  diagnostic", r->diagnostic);
	print_line("  remote MTA", r->remote_mta);
}

static void
print_facts(const struct facts *f, const char *file)
{
	AUTO(freep) char *shown = text_to_printable(span_of(file));

	(void)printf("%s: %s%s\n", shown, facts_class_name(f->class),
		     f->limits ? " (beyond the limits, not read)" : "");
	print_line("subject", f->subject);
	print_line("message id", f->message_id);
	print_line("reporting MTA", f->reporting_mta);
	for (size_t i = 0; i < f->recipients_len; i++)
		print_recipient(&f->recipients[i]);
	print_line("returned id", f->original.message_id);
	print_line("returned from", f->original.from);
	print_line("returned path", f->original.return_path);
	print_line("returned subject", f->original.subject);
	print_line("client address", f->original.client_ip);
}

static void
print_error(const struct facts_run *run, const char *file, const char *why)
{
	AUTO(freep) char *name = text_to_utf8(span_of(file));
	AUTO(freep) char *shown = text_to_printable(span_of(file));
	AUTO(freep) char *error = text_to_utf8(span_of(why));
	json_t *object;
	char *text;

	if (!run->json) {
		(void)fprintf(stderr, "ndrq: %s: %s\n", shown, why);
		return;
	}
	object = json_pack("{s:s, s:s}", "file", name, "error", error);
	text = json_dumps(object, JSON_COMPACT);
	(void)puts(text);
	free(text);
	json_decref(object);
}

static void
refuse(struct facts_run *run, const char *file, const char *why, int status)
{
	print_error(run, file, why);
	if (status > run->status)
		run->status = status;
}

static void
read_one(struct facts_run *run, const char *file)
{
	const struct facts_envelope envelope = { .sender = run->from, .rcpt = run->rcpt };
	AUTO(facts_freep) struct facts *f = NULL;
	AUTO(freep) char *text = NULL;
	struct error err = { 0 };

	if (access(file, R_OK) < 0) {
		refuse(run, file, strerror(errno), EX_NOINPUT);
		return;
	}
	buffer_clear(&run->bytes);
	if (file_read(file, FILE_MOST, &run->bytes, &err) < 0) {
		/* The name is said once. */
		refuse(run, file,
		       err.text +
			       (strncmp(err.text, file, strlen(file)) == 0 ? strlen(file) + 2 : 0),
		       EX_DATAERR);
		return;
	}
	f = facts_from_message(buffer_span(&run->bytes),
			       run->from == NULL && run->rcpt == NULL ? NULL : &envelope);
	if (!run->json) {
		print_facts(f, file);
		return;
	}
	text = facts_to_json(f, file);
	(void)puts(text);
}

/* Names, one a line; "-" is standard input. */
static void
read_list(struct facts_run *run, const char *list)
{
	FILE *in = strcmp(list, "-") == 0 ? stdin : fopen(list, "re");
	AUTO(freep) char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (in == NULL) {
		(void)fprintf(stderr, "ndrq: %s: %s\n", list, strerror(errno));
		run->status = EX_NOINPUT;
		return;
	}
	while ((len = getline(&line, &size, in)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len > 0)
			read_one(run, line);
	}
	if (in != stdin)
		(void)fclose(in);
}

static int
usage(void)
{
	(void)fputs("usage: ndrq facts [--json] [--from ADDRESS] [--rcpt ADDRESS] FILE… | "
		    "--files-from FILE|-\n",
		    stderr);
	return EX_USAGE;
}

int
cmd_facts(const struct tool *tool, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "from", required_argument, NULL, 'f' },
		{ "rcpt", required_argument, NULL, 'r' },
		{ "files-from", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct facts_run run = { .json = tool->json };
	const char *list = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			run.json = true;
			break;
		case 'f':
			run.from = strcmp(optarg, "<>") == 0 ? "" : optarg;
			break;
		case 'r':
			run.rcpt = optarg;
			break;
		case 'l':
			list = optarg;
			break;
		default:
			return usage();
		}
	}
	if ((list == NULL) == (optind == argc))
		return usage();
	facts_init();
	if (list != NULL)
		read_list(&run, list);
	for (int i = optind; i < argc; i++)
		read_one(&run, argv[i]);
	buffer_done(&run.bytes);
	if (fflush(stdout) != 0) {
		(void)fprintf(stderr, "ndrq: standard output: %s\n", strerror(errno));
		return EX_IOERR;
	}
	return run.status;
}
