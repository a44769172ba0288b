/*
 * options.c: parsing and printing a verb's options.
 *
 * Complains itself, on stderr, in one line that names the verb and the
 * nearest option there is. Holds no state but getopt's own.
 */
#include "review/options.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "review/output.h"

static size_t
smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Edits between two words (Levenshtein); words longer than 31 bytes are far from anything. */
static size_t
word_distance(const char *a, const char *b)
{
	size_t row[32];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > 31 || b_len > 31)
		return 32;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = smallest(row[j] + 1, row[j - 1] + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const char *
nearest_name(const char *word, const void *table, size_t row_bytes)
{
	const char *best = NULL, *name;
	size_t best_distance = 1 + strlen(word) / 2;

	if (best_distance > 4)
		best_distance = 4;
	for (const char *row = table; (name = *(const char *const *)row) != NULL;
	     row += row_bytes) {
		size_t distance = word_distance(word, name);

		/* What was begun and not ended is near, too. */
		if (word[0] != '\0' && strncmp(name, word, strlen(word)) == 0)
			distance = 0;
		if (distance < best_distance) {
			best = name;
			best_distance = distance;
		}
	}
	return best;
}

/* The nearest option's name, for a long option that there is not. */
static const char *
nearest_option(const struct verb_option *options, const char *word)
{
	AUTO(freep) char *name = NULL;

	if (strncmp(word, "--", 2) != 0)
		return NULL;
	name = xstrndup(word + 2, strcspn(word + 2, "="));
	return nearest_name(name, options, sizeof(options[0]));
}

/* verb is "list: ", or "" before the verb. */
static void
complain_unknown(const struct verb_option *options, const char *verb, const char *word)
{
	const char *near = nearest_option(options, word);

	if (near != NULL)
		complain("%sthere is no option %s; did you mean --%s?", verb, word, near);
	else
		complain("%sthere is no option %s; --help shows those there are", verb, word);
}

/* Translates the table for getopt. letters has room for 2 bytes an option and 3 more. */
static void
fill_getopt(const struct verb_option *options, struct option *table, char *letters)
{
	letters += strlen(letters);
	for (size_t i = 0; options[i].name != NULL; i++) {
		const struct verb_option *o = &options[i];

		assert(i < VERB_OPTIONS_MAX);
		table[i] = (struct option){ .name = o->name,
					    .has_arg = o->argument != NULL ? required_argument
									   : no_argument,
					    .val = o->key };
		if (o->key >= OPTION_HELP)
			continue;
		*letters++ = (char)o->key;
		if (o->argument != NULL)
			*letters++ = ':';
	}
}

static int
next_option(const struct verb_option *options, int argc, char **argv, const char *order,
	    const char *verb)
{
	struct option table[VERB_OPTIONS_MAX + 1] = { { .name = NULL } };
	char letters[2 * VERB_OPTIONS_MAX + 3] = "";
	int tried = optind == 0 ? 1 : optind, key;
	const char *word;

	(void)strcpy(letters, order);
	fill_getopt(options, table, letters);
	opterr = 0;
	key = getopt_long(argc, argv, letters, table, NULL);
	if (key != '?' && key != ':')
		return key;
	/* getopt has moved past a long option, but not past one letter of several. */
	word = optind > tried ? argv[optind - 1] : argv[tried];
	if (key == ':')
		complain("%s%s needs a value", verb, word);
	else if (optopt != 0 && strncmp(word, "--", 2) == 0)
		complain("%s%s: this option takes no value", verb, word);
	else
		complain_unknown(options, verb, word);
	return OPTION_BAD;
}

int
option_next(const struct verb_option *options, int argc, char **argv)
{
	AUTO(freep) char *verb = xasprintf("%s: ", argv[0]);

	return next_option(options, argc, argv, ":", verb);
}

int
option_next_global(const struct verb_option *options, int argc, char **argv)
{
	return next_option(options, argc, argv, "+:", "");
}

void
options_print(const struct verb_option *options, FILE *out)
{
	for (; options->name != NULL; options++) {
		AUTO(freep)
		char *left =
			xasprintf("--%s%s%s", options->name, options->argument != NULL ? " " : "",
				  options->argument != NULL ? options->argument : "");

		if (options->key < OPTION_HELP)
			(void)fprintf(out, "  -%c, %-22s %s\n", options->key, left, options->help);
		else
			(void)fprintf(out, "      %-22s %s\n", left, options->help);
	}
}
