/*
 * align.c: which domains one owner has.
 *
 * The organizational domain (RFC 7489 3.2) is one label more than the public
 * suffix, as the list says that libpsl has inside; its private section
 * counts too, so two customers of one hoster are two owners. What is a public
 * suffix itself, and an address literal, has no owner: it is only its own.
 * Nothing is read from a file and nothing allocated; any thread may ask.
 */
#include "policy/align.h"

#include <libpsl.h>
#include <stddef.h>
#include <string.h>

bool
align_domains(const char *a, const char *b, enum align_mode mode)
{
	const psl_ctx_t *list = psl_builtin(); /* NULL, built without: then as if strict */
	const char *owner_a, *owner_b;

	if (strcmp(a, b) == 0)
		return true;
	if (mode == ALIGN_STRICT || list == NULL || a[0] == '[' || b[0] == '[')
		return false;
	owner_a = psl_registrable_domain(list, a);
	owner_b = psl_registrable_domain(list, b);
	return owner_a != NULL && owner_b != NULL && strcmp(owner_a, owner_b) == 0;
}
