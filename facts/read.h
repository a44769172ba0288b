/*
 * read.h: the readers, each of which knows one form and adds what it finds.
 *
 * A reader never overwrites a fact that is there: readers are asked in the
 * order of trust (facts.c), and the first word stands.
 */
#ifndef FACTS_READ_H
#define FACTS_READ_H

#include "facts/facts.h"
#include "facts/message.h"

/* What is read of one part, encoded: more than any reporter writes. */
#define READ_REPORT     ((size_t)16 << 20)
#define READ_RETURNED   ((size_t)1 << 20)

/* Beyond this many the report is over the limits. */
#define READ_RECIPIENTS 10000

/* dsn.c: message/delivery-status, message/global-delivery-status (RFC 3464, 6533). */
bool part_is_delivery_status(const struct scan_part *part);
void read_delivery_status(struct message *m, const struct scan_part *part, struct facts *f);
/* The class that the recipients' actions make; false when no action is known. */
bool class_from_actions(const struct facts *f, enum facts_class *ret);

/* mdn.c: message/disposition-notification (RFC 8098), message/global-disposition-notification. */
bool part_is_disposition(const struct scan_part *part);
void read_disposition(struct message *m, const struct scan_part *part, struct facts *f);

/* abuse_report.c: message/feedback-report (RFC 5965). */
bool part_is_feedback(const struct scan_part *part);
void read_feedback(struct message *m, const struct scan_part *part, struct facts *f);

/* auto_reply.c: RFC 3834. */
bool is_auto_reply(const struct message *m);

/* returned.c: the message that comes back, or its header. */
bool part_is_returned(const struct scan_part *part);
void read_returned(struct message *m, const struct scan_part *part, struct facts *f);
void read_returned_header(struct span header, struct facts *f);

/* trace.c: our own Received lines. */
void read_traces(const struct message *m, struct facts *f);

/* facts.c */
struct facts_recipient *facts_add_recipient(struct facts *f); /* NULL: READ_RECIPIENTS are there */
void facts_set(char **fact, char *value);                     /* takes value; the first stays */

#endif
