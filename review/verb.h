/*
 * verb.h: the tool's verbs are a table; each is one function.
 *
 * A verb parses its own arguments with getopt_long (argv[0] is its name),
 * prints its result on stdout and complaints on stderr ("ndrq: …"), and
 * returns an exit status of sysexits.h.
 */
#ifndef REVIEW_VERB_H
#define REVIEW_VERB_H

#include <stdbool.h>

struct tool {
	const char *config_path; /* -c FILE, else the default */
	bool json;               /* --json before the verb; each verb takes it too */
};

struct verb {
	const char *name;
	const char *arguments; /* as in the usage line: "ID… [--to A]" */
	int (*run)(const struct tool *tool, int argc, char **argv);
	const char *help; /* half a line */
};

int cmd_facts(const struct tool *tool, int argc, char **argv);
int cmd_policy(const struct tool *tool, int argc, char **argv);
int cmd_list(const struct tool *tool, int argc, char **argv);
int cmd_show(const struct tool *tool, int argc, char **argv);
int cmd_release(const struct tool *tool, int argc, char **argv);
int cmd_delete(const struct tool *tool, int argc, char **argv);
int cmd_purge(const struct tool *tool, int argc, char **argv);
int cmd_stats(const struct tool *tool, int argc, char **argv);

#endif
