/*
 * error_code.h: what the numbers in a .bdr mean, where that is known.
 *
 * They are HRESULTs or status codes of Windows. Microsoft published no list
 * for the SMTP service; the table holds only what a document, a real file or
 * the definition of HRESULT_FROM_WIN32 bears out.
 */
#ifndef FACTS_ERROR_CODE_H
#define FACTS_ERROR_CODE_H

#include <stdint.h>

struct error_code {
	uint32_t code;
	const char *name; /* as headers of Windows call it; NULL: has none that is public */
	const char *meaning;
};

/* Static; NULL: not known. */
const struct error_code *error_code_find(uint32_t code);

/* "0xC00402C7", any case: 1, or 0: this is no such code. */
int error_code_parse(const char *text, uint32_t *ret);

/* What it means, for a line of text; "not known" where it is not. Static. */
const char *error_code_meaning(uint32_t code);

#endif
