/*
 * report_write.h: a delivery report (RFC 3464) written from facts.
 */
#ifndef FACTS_REPORT_WRITE_H
#define FACTS_REPORT_WRITE_H

#include "facts/returned_cut.h"
#include "facts/strip.h"

struct report_draft {
	const struct facts *facts;
	const struct strip_writer *writer;
	bool diagnostics;                    /* with what servers said */
	struct span date;                    /* of the notification; may be empty */
	struct span envelope_id;             /* Original-Envelope-Id; may be empty */
	const struct returned_cut *returned; /* with type NULL when nothing goes along */
};

/* Of class failed or delayed, and that of somebody who can be named. */
bool report_is_possible(const struct facts *f);

void report_write(const struct report_draft *draft, struct buffer *out);

#endif
