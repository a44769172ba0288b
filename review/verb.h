/*
 * verb.h: the tool's verbs are a table; each is one function.
 *
 * A verb parses its own arguments (options.h; argv[0] is its name), prints
 * its result on stdout and complaints on stderr ("ndrq: …"), and returns an
 * exit status of sysexits.h, or EXIT_REFUSED.
 */
#ifndef REVIEW_VERB_H
#define REVIEW_VERB_H

#include <stdbool.h>

#include "review/options.h"

struct tool {
	const char *config_path; /* -c FILE, else the default */
	bool json;               /* --json before the verb; each verb takes it too */
};

struct verb {
	const char *name;
	const char *arguments; /* as in the usage line: "ID… [--to A]" */
	int (*run)(const struct tool *tool, int argc, char **argv);
	const char *help;                  /* half a line */
	const struct verb_option *options; /* NULL: the verb shows its own help */
};

/* What was asked could not be done for one id at least; the others were done. */
#define EXIT_REFUSED 1

/* The usage of a verb and its options on stdout: what `ndrq VERB --help` shows. Returns EX_OK. */
int verb_help(const char *name);

int cmd_facts(const struct tool *tool, int argc, char **argv);
int cmd_explain(const struct tool *tool, int argc, char **argv);
int cmd_policy(const struct tool *tool, int argc, char **argv);
int cmd_list(const struct tool *tool, int argc, char **argv);
int cmd_show(const struct tool *tool, int argc, char **argv);
int cmd_release(const struct tool *tool, int argc, char **argv);
int cmd_delete(const struct tool *tool, int argc, char **argv);
int cmd_purge(const struct tool *tool, int argc, char **argv);
int cmd_stats(const struct tool *tool, int argc, char **argv);
int cmd_digest(const struct tool *tool, int argc, char **argv);
int cmd_sweep(const struct tool *tool, int argc, char **argv);

extern const struct verb_option list_options[], show_options[], release_options[], delete_options[],
	purge_options[], stats_options[], digest_options[], facts_options[], explain_options[],
	sweep_options[];

#endif
