/*
 * output.h: what the tool says, and to whom.
 *
 * Text from mail reaches people only through text_for_people; programs get
 * it in JSON. Results go to standard output, complaints to standard error.
 */
#ifndef REVIEW_OUTPUT_H
#define REVIEW_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

bool output_is_terminal(void);

/* Printable text (base/text.h), the caller's; in a locale that is not UTF-8 other than ASCII is
 * shown as \xNN, for such a terminal may take it for control characters. */
char *text_for_people(struct span s);

/* "ndrq: …" on stderr, one line, control characters escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* object on a line of its own; takes it over. On a terminal only ASCII is written. */
void output_json_take(json_t *object);

/* "45s", "12m", "30h", "9d": how long ago, in the units that --since and --older-than read. */
#define AGE_SIZE 24
const char *format_age(int64_t span_ms, char out[AGE_SIZE]);

/* "512B", "12K", "3.4M". */
#define BYTES_SIZE 24
const char *format_bytes(int64_t bytes, char out[BYTES_SIZE]);

/* "2026-11-21 20:15:48", local time. */
#define LOCAL_TIME_SIZE 32
const char *format_local_time(int64_t at_ms, char out[LOCAL_TIME_SIZE]);

/* Asks on the terminal, yes or no; anything but yes is no. */
bool ask(const char *question);
/* Is there someone to ask: are standard input and output terminals? */
bool can_ask(void);

/* "what: done of all" on stderr, when that is a terminal that shows nothing else; all 0: not known.
 */
void progress_show(const char *what, int64_t done, int64_t all);
/* "what: 45% of all [####    ]" likewise, but beside results that come at the end only. */
void progress_bar(const char *what, int64_t done, int64_t all);
void progress_clear(void);

/* Has all been written? EX_OK, or EX_IOERR after a complaint. */
int output_finish(void);

#endif
