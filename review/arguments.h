/*
 * arguments.h: what the values of options mean.
 *
 * Each returns 0, or -1 after a complaint that names the verb and the option.
 */
#ifndef REVIEW_ARGUMENTS_H
#define REVIEW_ARGUMENTS_H

#include <stdint.h>

/* So many rows are shown on a terminal when nothing else was asked for. */
#define LIMIT_ON_TERMINAL 50

/* "held,failed" adds to bits (1 << state). */
int argument_states(const char *verb, const char *text, unsigned *bits);

/* A whole number; 0: no limit. */
int argument_limit(const char *verb, const char *text, int64_t *ret_limit);

/* The number of something. */
int argument_id(const char *verb, const char *option, const char *text, int64_t *ret_id);

/* "2d" for --option: a span of time. */
int argument_age(const char *verb, const char *option, const char *text, int64_t *ret_ms);

/* A class that there is. */
int argument_class(const char *verb, const char *text);

/* A domain as records keep it: A-labels in lower case. The caller's. */
char *argument_domain(const char *text);

/* No operand may follow the options: optind is argc. */
int arguments_none(int argc, char **argv);

#endif
