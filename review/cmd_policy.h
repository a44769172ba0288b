/*
 * cmd_policy.h: the verbs of "ndrq policy", a file for each few.
 *
 * argv[0] is the verb's name. Each returns an exit status.
 */
#ifndef REVIEW_CMD_POLICY_H
#define REVIEW_CMD_POLICY_H

#include "policy/policy.h"
#include "review/verb.h"

int policy_show(const struct tool *tool, int argc, char **argv);
int policy_replay(const struct tool *tool, int argc, char **argv);
int policy_diff(const struct tool *tool, int argc, char **argv);
int policy_allow(const struct tool *tool, int argc, char **argv);
int policy_deny(const struct tool *tool, int argc, char **argv);
int policy_set(const struct tool *tool, int argc, char **argv);
int policy_import(const struct tool *tool, int argc, char **argv);
int policy_export(const struct tool *tool, int argc, char **argv);

/* What the verbs' options are, for their help and for the manual's test. */
extern const struct verb_option policy_show_options[], policy_diff_options[],
	policy_replay_options[], policy_change_options[], policy_import_options[],
	policy_export_options[];

/* Reads a policy: EX_OK, or an exit status after saying what is wrong on stderr. */
int policy_load(const char *path, struct policy **ret_policy, struct buffer *warnings);

/* The policy file: the one given, else the one that ndrq.conf names; the caller's. */
int policy_path(const struct tool *tool, const char *given, char **ret_path);
/* The one that ndrq.conf names, and the store of the daemon that reads it. */
int policy_path_and_store(const struct tool *tool, char **ret_path, char **ret_store);

/*
 * "fabrikam.example", "*.fabrikam.example", "user@fabrikam.example", "*" or
 * "Default": normalised, the caller's; NULL for "*". EX_OK, or EX_USAGE after a
 * complaint.
 */
int policy_argument(const char *text, char **ret_domain, bool *ret_subtree);

/* Lines about a file, which may hold anything, each for a terminal, on stderr. */
void policy_complain_lines(const char *text);

#endif
