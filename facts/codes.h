/*
 * codes.h: what an enhanced status code means (RFC 3463 and the registry of
 * RFC 5248), why it comes, and what to do. Static text, nothing to free.
 */
#ifndef FACTS_CODES_H
#define FACTS_CODES_H

#include <stdbool.h>
#include <stddef.h>

/* One detail of the registry; its first number is the reply's class. */
struct facts_code {
	int subject, detail;
	const char *meaning; /* half a line */
	const char *causes;  /* a sentence or two */
	const char *advice;
};
extern const struct facts_code facts_codes[];
extern const size_t facts_codes_len;

/* What Exchange and IIS mean by a code, which is often more, or something else. */
struct facts_exchange_code {
	const char *code; /* "5.4.6" */
	const char *meaning, *advice;
};
extern const struct facts_exchange_code facts_exchange_codes[];
extern const size_t facts_exchange_codes_len;

struct facts_explanation {
	char code[16];                  /* "5.1.1" */
	const char *severity;           /* "permanent failure", "temporary failure", "success" */
	const struct facts_code *known; /* never NULL; */
	bool exact; /* false: the detail is not registered, known is that of its subject */
	const struct facts_exchange_code *exchange; /* NULL: none */
};

/*
 * Explains "5.1.1", and "550", an SMTP reply code, by the status it stands
 * for. 1 found, 0: this is no code.
 */
int facts_explain(const char *code, struct facts_explanation *ret);

#endif
