/*
 * arguments.c: reading the values of options that several verbs take.
 *
 * Strict: what is not understood is refused with what would have been, for
 * a filter that is silently wider than meant is how the wrong mail is purged.
 */
#include "review/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "facts/facts.h"
#include "review/output.h"
#include "store/store.h"

int
argument_states(const char *verb, const char *text, unsigned *bits)
{
	AUTO(freep) char *copy = xstrdup(text);
	char *rest = copy, *name;

	while ((name = strsep(&rest, ",")) != NULL) {
		enum record_state state;

		if (record_state_from_name(name, &state) != 1) {
			complain("%s: there is no state \"%s\": they are held, deleted, sending, "
				 "sent, releasing, released and failed",
				 verb, name);
			return -1;
		}
		*bits |= 1U << state;
	}
	return 0;
}

int
argument_limit(const char *verb, const char *text, int64_t *ret_limit)
{
	char *end;
	long long limit;

	errno = 0;
	limit = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || limit < 0) {
		complain("%s: --limit %s: use a whole number, 0 for no limit", verb, text);
		return -1;
	}
	*ret_limit = limit;
	return 0;
}

int
argument_id(const char *verb, const char *option, const char *text, int64_t *ret_id)
{
	char *end;
	long long id;

	errno = 0;
	id = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || id < 1) {
		complain("%s: --%s %s: a number is expected", verb, option, text);
		return -1;
	}
	*ret_id = id;
	return 0;
}

int
argument_age(const char *verb, const char *option, const char *text, int64_t *ret_ms)
{
	struct error err;

	if (clock_parse_span(text, ret_ms, &err) == 0)
		return 0;
	complain("%s: --%s: %s", verb, option, err.text);
	return -1;
}

int
argument_class(const char *verb, const char *text)
{
	AUTO(buffer_done) struct buffer names = { 0 };
	enum facts_class class;

	if (facts_class_from_name(text, &class) == 1 || strcmp(text, "copy") == 0 ||
	    strcmp(text, "digest") == 0)
		return 0;
	for (int i = 0; i < FACTS_CLASSES; i++)
		buffer_printf(&names, "%s%s", i == 0 ? "" : ", ",
			      facts_class_name((enum facts_class)i));
	complain("%s: there is no class \"%s\": they are %s; and copy, digest", verb, text,
		 names.data);
	return -1;
}

char *
argument_domain(const char *text)
{
	char *ascii = NULL;

	if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK) {
		char *domain = xstrdup(ascii);

		idn2_free(ascii);
		return domain;
	}
	/* No domain name, and yet it may be what stands behind an @ in the store. */
	ascii = xstrdup(text);
	text_lower_ascii(ascii);
	return ascii;
}

int
arguments_none(int argc, char **argv)
{
	if (optind >= argc)
		return 0;
	complain("%s: \"%s\" is one word too many; see: ndrq %s --help", argv[0], argv[optind],
		 argv[0]);
	return -1;
}
