/*
 * charset.h: the charsets that mail is written in.
 *
 * A fixed list. GMime and iconv each remember every name they were ever asked
 * for, for the life of the process, and a stranger can make up names without
 * end; so they are asked only for these.
 */
#ifndef FACTS_CHARSET_H
#define FACTS_CHARSET_H

#include <stdbool.h>

#include "base/bytes.h"

/* The name that iconv knows it by, static; NULL: none that mail is written in. Any case. */
const char *charset_iconv_name(struct span name);

/*
 * Before GMime decodes a header field: an encoded word (RFC 2047) whose charset is not on the list
 * is taken for ASCII, in place. text is NUL-terminated.
 */
void charset_tame_words(char *text);

#endif
