/*
 * cmd_facts.c: `ndrq facts`: what messages in files say.
 *
 * A path is a message, an mbox, or a directory (a Maildir too), which is read
 * whole. One JSON object a message and line (facts/json.c), or a block a
 * message for people. What cannot be read gives its own line or block with
 * "error" and the others still follow; the exit status is that of the worst:
 * 66 cannot be opened, 65 not a readable message. Needs neither the daemon
 * nor its configuration.
 */
#include "review/verb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "facts/facts.h"

/* A message is twice the largest that is kept whole, an mbox as large as memory likes. */
#define MESSAGE_MOST ((size_t)100 << 20)
#define FILE_MOST    ((size_t)1 << 30)

#define DEPTH_MOST   16 /* of directories */

struct names {
	char **items;
	size_t len, size;
};

struct facts_run {
	bool json, verbose;
	struct facts_envelope envelope;
	bool has_envelope;
	struct names hosts, networks;
	struct facts_site site; /* of those two */
	struct buffer bytes;    /* of the file being read */
	size_t done, total;
	int64_t shown_ms; /* when the progress bar was drawn; 0: it is not to be */
	int status;
};

static void
names_add(struct names *names, char *name_take)
{
	names->items = array_grow(names->items, &names->size, names->len, sizeof(char *));
	names->items[names->len++] = name_take;
}

static void
names_done(struct names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct names){ 0 };
}

/* With -v the place it was read in stands behind the name. */
static void
print_line(const struct facts_run *run, const char *name, const char *value,
	   enum facts_source source)
{
	AUTO(freep) char *shown = NULL;

	if (value == NULL)
		return;
	shown = text_to_printable(span_of(value));
	if (run->verbose)
		(void)printf("  %-18s %-8s %s\n", name, facts_source_name(source), shown);
	else
		(void)printf("  %-18s %s\n", name, shown);
}

static void
print_recipient(const struct facts_run *run, const struct facts_recipient *r)
{
	bool has_final = r->final != NULL;

	print_line(run, "recipient", has_final ? r->final : r->original,
		   has_final ? r->source.final : r->source.original);
	if (has_final && r->original != NULL && strcmp(r->final, r->original) != 0)
		print_line(run, "  original", r->original, r->source.original);
	print_line(run, "  inner", r->inner, r->source.final);
	print_line(run, "  action", r->action, r->source.action);
	print_line(run, r->status_derived ? "  status (derived)" : "  status", r->status,
		   r->source.status);
	print_line(run, "  diagnostic", r->diagnostic, r->source.diagnostic);
	print_line(run, "  remote MTA", r->remote_mta, r->source.remote_mta);
}

static void
print_proofs(const struct facts_run *run, const struct facts_original *o)
{
	for (size_t i = 0; run->verbose && i < o->proofs_len; i++)
		print_line(run, o->proofs[i].above_border ? "proof (ours)" : "proof (theirs)",
			   o->proofs[i].text, o->source.from);
}

static void
print_original(const struct facts_run *run, const struct facts_original *o)
{
	print_line(run, "returned id", o->message_id, o->source.message_id);
	print_line(run, "returned from", o->from, o->source.from);
	print_line(run, "returned path", o->return_path, o->source.return_path);
	print_line(run, "  inner", o->return_path_inner, o->source.return_path);
	print_line(run, "returned subject", o->subject, o->source.subject);
	if (run->verbose)
		print_line(run, "returned date", o->date, o->source.date);
	print_line(run, "client address", o->client_ip, o->source.client_ip);
	print_line(run, "border", o->border, o->source.client_ip);
	print_proofs(run, o);
	if (run->verbose)
		print_line(run, "spam", o->spam, o->source.from);
}

static void
print_facts(const struct facts_run *run, const struct facts *f, const char *name)
{
	AUTO(freep) char *shown = text_to_printable(span_of(name));

	(void)printf("%s: %s%s\n", shown, facts_class_name(f->class),
		     f->limits ? " (beyond the limits, not read)" : "");
	if (run->verbose && f->family != NULL)
		print_line(run, "family", f->family, f->class_source);
	print_line(run, "subject", f->subject, FACTS_SOURCE_HEADER);
	print_line(run, "message id", f->message_id, FACTS_SOURCE_HEADER);
	print_line(run, "reporting MTA", f->reporting_mta, f->reporting_mta_source);
	for (size_t i = 0; i < f->recipients_len; i++)
		print_recipient(run, &f->recipients[i]);
	print_original(run, &f->original);
}

static void
print_error(const struct facts_run *run, const char *name, const char *why)
{
	AUTO(freep) char *file = text_to_utf8(span_of(name));
	AUTO(freep) char *shown = text_to_printable(span_of(name));
	AUTO(freep) char *error = text_to_utf8(span_of(why));
	json_t *object;
	char *text;

	if (!run->json) {
		(void)fprintf(stderr, "ndrq: %s: %s\n", shown, why);
		return;
	}
	object = json_pack("{s:s, s:s}", "file", file, "error", error);
	text = json_dumps(object, JSON_COMPACT);
	(void)puts(text);
	free(text);
	json_decref(object);
}

static void
refuse(struct facts_run *run, const char *name, const char *why, int status)
{
	print_error(run, name, why);
	if (status > run->status)
		run->status = status;
}

static void
read_message(struct facts_run *run, struct span bytes, const char *name)
{
	AUTO(facts_freep) struct facts *f = NULL;
	AUTO(freep) char *text = NULL;

	if (bytes.len > MESSAGE_MOST) {
		refuse(run, name, "larger than 100 MB", EX_DATAERR);
		return;
	}
	f = facts_from_message_at(bytes, run->has_envelope ? &run->envelope : NULL,
				  run->site.hosts_len > 0 ? &run->site : NULL);
	if (!run->json) {
		print_facts(run, f, name);
		return;
	}
	text = run->verbose ? facts_to_json_with_sources(f, name) : facts_to_json(f, name);
	(void)puts(text);
}

/* "From sender Sat Nov 21 20:15:48 2026": what stands between the messages of an mbox. */
static bool
is_separator(struct span s)
{
	const char *end = memchr(s.data, '\n', s.len);
	size_t len = end == NULL ? s.len : (size_t)(end - s.data);
	const char *colon;

	if (len < 20 || memcmp(s.data, "From ", 5) != 0)
		return false;
	colon = memchr(s.data + 5, ':', len - 5);
	return colon != NULL && colon + 2 < s.data + len && colon[1] >= '0' && colon[1] <= '9';
}

/* Where the next separator behind the first byte stands: after a blank line; else the end. */
static size_t
next_separator(struct span s)
{
	for (size_t at = 1; at < s.len; at++) {
		const char *found = memmem(s.data + at, s.len - at, "\nFrom ", 6);

		if (found == NULL)
			break;
		at = (size_t)(found - s.data);
		if ((s.data[at - 1] == '\n' || s.data[at - 1] == '\r') &&
		    is_separator((struct span){ s.data + at + 1, s.len - at - 1 }))
			return at + 1;
	}
	return s.len;
}

/* All messages of an mbox: the first bears the file's name, the others "FILE:2" and so on. */
static void
read_mbox(struct facts_run *run, struct span rest, const char *file)
{
	for (size_t n = 1; rest.len > 0; n++) {
		AUTO(freep) char *name = n == 1 ? xstrdup(file) : xasprintf("%s:%zu", file, n);
		size_t len = next_separator(rest);
		const char *line_end = memchr(rest.data, '\n', len);
		size_t skip = line_end == NULL ? len : (size_t)(line_end - rest.data) + 1;

		read_message(run, (struct span){ rest.data + skip, len - skip }, name);
		rest = (struct span){ rest.data + len, rest.len - len };
	}
}

static void
read_file(struct facts_run *run, const char *file)
{
	struct error err = { 0 };
	size_t len = strlen(file);

	if (access(file, R_OK) < 0) {
		refuse(run, file, strerror(errno), EX_NOINPUT);
		return;
	}
	buffer_clear(&run->bytes);
	if (file_read(file, FILE_MOST, &run->bytes, &err) < 0) {
		/* The name is said once. */
		bool named = strncmp(err.text, file, len) == 0 && err.text[len] == ':';

		refuse(run, file, err.text + (named ? len + 2 : 0), EX_DATAERR);
		return;
	}
	if (run->bytes.len > 0 && is_separator(buffer_span(&run->bytes)))
		read_mbox(run, buffer_span(&run->bytes), file);
	else
		read_message(run, buffer_span(&run->bytes), file);
}

/* On a terminal, while the results go elsewhere; at most ten times a second. */
static void
show_progress(struct facts_run *run)
{
	static const char bar[] = "##############################";
	size_t full;
	int64_t now = run->shown_ms > 0 ? clock_now_ms() : 0;

	run->done++;
	if (run->shown_ms == 0 || (now - run->shown_ms < 100 && run->done < run->total))
		return;
	run->shown_ms = now;
	full = run->total == 0 ? 0 : run->done * (sizeof(bar) - 1) / run->total;
	(void)fprintf(stderr, "\r[%-30.*s] %zu of %zu%s", (int)full, bar, run->done, run->total,
		      run->done == run->total ? "\n" : "");
}

static bool
is_folder(const char *parent, const char *name)
{
	AUTO(freep) char *path = xasprintf("%s/%s", parent, name);
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void collect(struct facts_run *run, const char *path, int depth, struct names *out);

/* A Maildir's messages are in new and cur; what lies beside them is its owner's. */
static void
collect_folder(struct facts_run *run, const char *path, int depth, struct names *out)
{
	bool maildir = is_folder(path, "cur") && is_folder(path, "new");
	DIR *folder = depth < DEPTH_MOST ? opendir(path) : NULL;
	struct names inside = { 0 };
	struct dirent *entry;

	if (folder == NULL) {
		refuse(run, path, depth < DEPTH_MOST ? strerror(errno) : "too deep", EX_NOINPUT);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (maildir &&
		    (strcmp(entry->d_name, "tmp") == 0 || !is_folder(path, entry->d_name)))
			continue;
		names_add(&inside, xasprintf("%s/%s", path, entry->d_name));
	}
	(void)closedir(folder);
	if (inside.len > 0)
		qsort(inside.items, inside.len, sizeof(char *), compare_names);
	for (size_t i = 0; i < inside.len; i++)
		collect(run, inside.items[i], depth + 1, out);
	names_done(&inside);
}

/* The files that a path means. Inside of a directory links are not followed, to end somewhere. */
static void
collect(struct facts_run *run, const char *path, int depth, struct names *out)
{
	struct stat st;
	int rc = depth == 0 ? stat(path, &st) : lstat(path, &st);

	if (rc == 0 && S_ISDIR(st.st_mode))
		collect_folder(run, path, depth, out);
	else if (depth == 0 || (rc == 0 && S_ISREG(st.st_mode)))
		names_add(out, xstrdup(path));
}

/* Names, one a line; "-" is standard input. */
static void
collect_list(struct facts_run *run, const char *list, struct names *out)
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
			collect(run, line, 0, out);
	}
	if (in != stdin)
		(void)fclose(in);
}

static void
read_all(struct facts_run *run, const struct names *files)
{
	run->site = (struct facts_site){
		.hosts = (const char *const *)run->hosts.items,
		.hosts_len = run->hosts.len,
		.networks = (const char *const *)run->networks.items,
		.networks_len = run->networks.len,
	};
	run->has_envelope = run->envelope.sender != NULL || run->envelope.rcpt != NULL;
	run->total = files->len;
	if (isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) && files->len > 1)
		run->shown_ms = 1;
	for (size_t i = 0; i < files->len; i++) {
		read_file(run, files->items[i]);
		show_progress(run);
	}
}

enum { OPTION_FROM = OPTION_OWN, OPTION_RCPT, OPTION_FILES, OPTION_HOST, OPTION_NETWORK };

const struct verb_option facts_options[] = {
	{ "verbose", 'v', NULL, "say of each fact where it was read" },
	{ "from", OPTION_FROM, "ADDRESS", "the envelope's sender; <> is the null sender" },
	{ "rcpt", OPTION_RCPT, "ADDRESS", "the envelope's recipient" },
	{ "files-from", OPTION_FILES, "FILE",
	  "read names from FILE, one a line; - is standard input" },
	{ "our-host", OPTION_HOST, "NAME", "a host of ours, for the border; may be repeated" },
	{ "our-network", OPTION_NETWORK, "CIDR", "a network of ours; may be repeated" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

static const char usage_line[] =
	"usage: ndrq facts [--json] [-v] FILE|DIRECTORY|MBOX… | --files-from FILE\n";

static int
usage(void)
{
	(void)fputs(usage_line, stderr);
	return EX_USAGE;
}

/* -1 to go on, or the exit status. */
static int
parse_options(struct facts_run *run, int argc, char **argv, const char **ret_list)
{
	int key;

	optind = 0;
	while ((key = option_next(facts_options, argc, argv)) != OPTION_END) {
		switch (key) {
		case 'v':
			run->verbose = true;
			break;
		case OPTION_JSON:
			run->json = true;
			break;
		case OPTION_FROM:
			run->envelope.sender = strcmp(optarg, "<>") == 0 ? "" : optarg;
			break;
		case OPTION_RCPT:
			run->envelope.rcpt = optarg;
			break;
		case OPTION_FILES:
			*ret_list = optarg;
			break;
		case OPTION_HOST:
			names_add(&run->hosts, xstrdup(optarg));
			break;
		case OPTION_NETWORK:
			names_add(&run->networks, xstrdup(optarg));
			break;
		case OPTION_HELP:
			return verb_help("facts");
		default:
			return EX_USAGE;
		}
	}
	return (*ret_list == NULL) == (optind == argc) ? usage() : -1;
}

int
cmd_facts(const struct tool *tool, int argc, char **argv)
{
	struct facts_run run = { .json = tool->json };
	struct names files = { 0 };
	const char *list = NULL;
	int status = parse_options(&run, argc, argv, &list);

	if (status < 0) {
		facts_init();
		if (list != NULL)
			collect_list(&run, list, &files);
		for (int i = optind; i < argc; i++)
			collect(&run, argv[i], 0, &files);
		read_all(&run, &files);
		status = run.status;
	}
	names_done(&files);
	names_done(&run.hosts);
	names_done(&run.networks);
	buffer_done(&run.bytes);
	if (fflush(stdout) != 0) {
		(void)fprintf(stderr, "ndrq: standard output: %s\n", strerror(errno));
		return EX_IOERR;
	}
	return status;
}
