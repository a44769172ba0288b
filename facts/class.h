/*
 * class.h: what a message is when no machine-readable part says so.
 */
#ifndef FACTS_CLASS_H
#define FACTS_CLASS_H

#include "facts/family.h"
#include "facts/message.h"
#include "facts/notice.h"

/* What speaks for a notification before its text is read. */
struct evidence {
	bool null_path;              /* the envelope's sender, else Return-Path, is null */
	bool daemon;                 /* From is a mail system's */
	bool list;                   /* a mailing list handed it on */
	bool report;                 /* multipart/report; report-type=delivery-status */
	const struct family *header; /* a field that only this family writes */
	struct family_hits subject_start, subject;
};
void evidence_gather(const struct message *m, const struct facts_envelope *envelope,
		     struct evidence *ret);

/* Could it be one at all? False spares reading the text. */
bool evidence_is_any(const struct evidence *e);

/* What it was decided by. */
struct verdict {
	enum facts_class class;
	enum facts_source source;
	const struct family *family;
};

/*
 * Adds up the evidence, with the text. has_returned: the message that came
 * back is a part or is quoted. Without enough: FACTS_MAIL.
 */
void evidence_judge(const struct message *m, const struct evidence *e, const struct notice *notice,
		    bool has_returned, struct verdict *ret);

/* Delayed or failed, from the text of what is surely a bounce. */
enum facts_class bounce_class(const struct evidence *e, const struct family_hits *text,
			      const struct notice *notice);

#endif
