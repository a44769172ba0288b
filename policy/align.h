/*
 * align.h: do two domains belong together? (RFC 7489 3.1)
 */
#ifndef POLICY_ALIGN_H
#define POLICY_ALIGN_H

#include <stdbool.h>

enum align_mode {
	ALIGN_RELAXED, /* they have the same organizational domain */
	ALIGN_STRICT,  /* they are the same */
};

/* Of two normalised domains (domain.h). One that is no domain belongs to none but itself. */
bool align_domains(const char *a, const char *b, enum align_mode mode);

#endif
