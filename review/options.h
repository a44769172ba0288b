/*
 * options.h: a verb's options are a table, for getopt_long and for people.
 *
 * The same table parses the command line, prints `ndrq VERB --help`, and is
 * held against ndrq(1) by a test.
 */
#ifndef REVIEW_OPTIONS_H
#define REVIEW_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

struct verb_option {
	const char *name;     /* "older-than"; NULL ends the table */
	int key;              /* what option_next returns: the short letter, or an OPTION_ number */
	const char *argument; /* "AGE"; NULL: takes none */
	const char *help;     /* half a line */
};
#define VERB_OPTIONS_MAX 24

/* Keys of options without a short letter begin here; a verb numbers its own from OPTION_OWN. */
enum { OPTION_HELP = 256, OPTION_JSON, OPTION_REASON, OPTION_OWN };
enum { OPTION_END = -1, OPTION_BAD = -2 };

#define OPTION_ROW_HELP                                                                            \
	{                                                                                          \
		"help", OPTION_HELP, NULL, "this help"                                             \
	}
#define OPTION_ROW_JSON                                                                            \
	{                                                                                          \
		"json", OPTION_JSON, NULL, "JSON Lines on standard output"                         \
	}
#define OPTION_ROW_REASON                                                                          \
	{                                                                                          \
		"reason", OPTION_REASON, "TEXT", "why, for the journal"                            \
	}

/*
 * The next option's key (its value in optarg), OPTION_END with optind at the
 * first operand, or OPTION_BAD after a complaint on stderr. Options may stand
 * behind operands; "--" ends them. optind must be 0 before the first call.
 */
int option_next(const struct verb_option *options, int argc, char **argv);

/* The same for the options before the verb: stops at the first operand. */
int option_next_global(const struct verb_option *options, int argc, char **argv);

/* One line an option. */
void options_print(const struct verb_option *options, FILE *out);

/*
 * The name nearest to word, or NULL when none is near. table is an array of
 * structs of row_bytes each, whose first member is its name; a NULL name ends it.
 */
const char *nearest_name(const char *word, const void *table, size_t row_bytes);

#endif
