/*
 * domain.c: one form for each domain.
 *
 * A stranger chooses the domains that are judged: the form is found in linear
 * time, and libidn2 sees at most 1000 bytes. Nothing here fails for a
 * stranger's bytes; what makes no sense is said by domain_is_plausible.
 */
#include "policy/domain.h"

#include <ctype.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LABEL_BYTES_MAX 63
#define IDN_BYTES_MAX   1000

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static void
drop_final_dot(char *domain)
{
	size_t len = strlen(domain);

	if (len > 1 && domain[len - 1] == '.')
		domain[len - 1] = '\0';
}

/* A-labels by UTS 46, non-transitional (RFC 5891 with the mapping users expect); NULL: refused. */
static char *
to_a_labels(const char *domain)
{
	char *ascii = NULL, *copy;

	if (strlen(domain) > IDN_BYTES_MAX ||
	    idn2_to_ascii_8z(domain, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	copy = xstrdup(ascii);
	idn2_free(ascii);
	return copy;
}

char *
domain_normalise(struct span domain)
{
	char *form = span_dup(domain), *ascii;

	if (!is_ascii(form) && (ascii = to_a_labels(form)) != NULL) {
		free(form);
		form = ascii;
	}
	text_lower_ascii(form);
	drop_final_dot(form);
	return form;
}

static bool
is_literal(const char *domain)
{
	size_t len = strlen(domain);

	return len > 2 && domain[0] == '[' && domain[len - 1] == ']' &&
	       strspn(domain + 1, "0123456789abcdefghijklmnopqrstuvwxyz.:-") == len - 2;
}

static bool
is_label_byte(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

bool
domain_is_plausible(const char *domain)
{
	size_t label_len = 0;

	if (is_literal(domain))
		return true;
	for (; *domain != '\0'; domain++) {
		if (*domain != '.' && !is_label_byte(*domain))
			return false;
		if (*domain == '.' && label_len == 0)
			return false;
		label_len = *domain == '.' ? 0 : label_len + 1;
	}
	return label_len > 0;
}

static const char *
wrong_with_labels(const char *domain)
{
	if (strlen(domain) > DOMAIN_BYTES_MAX)
		return "longer than a domain can be (253 bytes)";
	while (*domain != '\0') {
		size_t len = strcspn(domain, ".");

		if (len > LABEL_BYTES_MAX)
			return "a label is longer than 63 bytes";
		if (domain[0] == '-' || domain[len - 1] == '-')
			return "a label begins or ends with a hyphen";
		domain += len + (domain[len] == '.');
	}
	return NULL;
}

static const char *
wrong_with(const char *domain)
{
	AUTO(freep) char *unicode = NULL;
	char *decoded = NULL;

	if (strchr(domain, '*') != NULL)
		return "\"*\" can only stand first, as in \"*.example.org\"";
	if (strchr(domain, '@') != NULL)
		return "a domain is expected, not an address";
	if (!is_ascii(domain))
		return "not a valid international domain name";
	if (!domain_is_plausible(domain))
		return "not a domain";
	if (is_literal(domain))
		return NULL;
	if (strstr(domain, "xn--") != NULL) {
		/* an A-label that stands for nothing would never be found */
		int rc = idn2_to_unicode_8z8z(domain, &decoded, 0);

		if (rc == IDN2_OK)
			unicode = to_a_labels(decoded);
		idn2_free(decoded);
		if (unicode == NULL || strcmp(unicode, domain) != 0)
			return "not a valid international domain name";
	}
	return wrong_with_labels(domain);
}

char *
domain_read(const char *text, bool *ret_subtree, const char **ret_wrong)
{
	bool subtree = strncmp(text, "*.", 2) == 0;
	char *domain = domain_normalise(span_of(subtree ? text + 2 : text));

	*ret_wrong = wrong_with(domain);
	if (*ret_wrong == NULL && subtree && domain[0] == '[')
		*ret_wrong = "an address has no subdomains";
	if (*ret_wrong != NULL) {
		free(domain);
		return NULL;
	}
	*ret_subtree = subtree;
	return domain;
}
