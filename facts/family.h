/*
 * family.h: by what marks the notifications of each mail system are known.
 */
#ifndef FACTS_FAMILY_H
#define FACTS_FAMILY_H

#include <stddef.h>

#include "base/bytes.h"
#include "facts/facts.h"
#include "facts/message.h"

/* How much a mark proves; evidence is added up in class.c. */
enum family_weight {
	FAMILY_HINT = 1,      /* people write so too */
	FAMILY_COMMON = 2,    /* mail systems write so, and people who quote them */
	FAMILY_SIGNATURE = 3, /* only this family writes so */
};

#define FAMILY_MARKS 12
struct family {
	const char *name;
	const char *seen; /* where the marks were seen */
	enum facts_class class;
	enum family_weight weight;               /* of the text marks */
	const char *const header[4];             /* "Name" or "Name: beginning of value" */
	const char *const subject[FAMILY_MARKS]; /* folded (notice_fold) */
	const char *const text[FAMILY_MARKS];    /* folded; begins where a word does */
};

extern const struct family families[];
extern const size_t families_len;

/* Builds the index over the marks; once, before the first match. */
void family_init(void);

/* The best row for each class, by weight, then by place; NULL where none matched. */
struct family_hits {
	const struct family *of[FACTS_CLASSES];
};

void family_match_text(struct span folded, struct family_hits *ret);

/* start: only marks that the subject begins with. */
void family_match_subject(struct span folded, bool start, struct family_hits *ret);

/* The first row with a header mark that the message bears, or NULL. */
const struct family *family_match_header(const struct message *m);

#endif
