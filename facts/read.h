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
#include "facts/notice.h"

/* What is read of one part, encoded: more than any reporter writes. */
#define READ_REPORT     ((size_t)16 << 20)
#define READ_RETURNED   ((size_t)1 << 20)

/* Beyond this many the report is over the limits. */
#define READ_RECIPIENTS 10000

/* dsn.c: message/delivery-status, message/global-delivery-status (RFC 3464, 6533). */
bool part_is_delivery_status(const struct scan_part *part);
void read_delivery_status(struct message *m, const struct scan_part *part, struct facts *f);
/* The same fields where somebody put them into the text. False: they are not there. */
bool read_delivery_fields(struct span text, struct facts *f);
/* The class that the recipients' actions make; false when no action is known. */
bool class_from_actions(const struct facts *f, enum facts_class *ret);

/* mdn.c: message/disposition-notification (RFC 8098), message/global-disposition-notification. */
bool part_is_disposition(const struct scan_part *part);
void read_disposition(struct message *m, const struct scan_part *part, struct facts *f);

/* abuse_report.c: message/feedback-report (RFC 5965). */
bool part_is_feedback(const struct scan_part *part);
void read_feedback(struct message *m, const struct scan_part *part, struct facts *f);

/* auto_reply.c: RFC 3834, and what mailers did before it. */
bool is_auto_reply(const struct message *m);
/* A machine answered an invitation: text/calendar with method=REPLY. */
bool has_calendar_reply(const struct message *m);

/* returned.c: the message that comes back, or its header. */
bool part_is_returned(const struct scan_part *part);
void read_returned(struct message *m, const struct scan_part *part, const struct facts_site *site,
		   struct facts *f);
/* Returns how its Received lines ended; who asks decides whether that is a fact. */
enum facts_walk read_returned_header(struct span header, enum facts_source source,
				     const struct facts_site *site, struct facts *f);
/* To, Cc and Bcc of the returned header become the recipients: only when nothing better is there.
 */
void read_returned_recipients(struct span header, struct facts *f);

/* listed.c: the recipients that the text names, each with what it says of them. */
void read_listed_recipients(const struct notice *notice, struct span own_recipient,
			    const char *own_domain, const char *action, struct facts *f);

/* The reason that the text gives, for the only recipient there is. */
void read_said_of_all(const struct notice *notice, struct facts_recipient *r);

/* sns.c: a notification of Amazon SES, JSON in the text. False: it is none. */
bool read_ses_notification(struct span text, struct facts *f, enum facts_class *ret);

/* trace.c: our own Received lines, and whether there are others. */
void read_traces(const struct message *m, const struct facts_site *site, struct facts *f);

/* status.c: what is missing of every recipient's status, from the diagnostic. */
void fill_statuses(struct facts *f);

/* reading.c: asks all of these. */
void read_message(struct message *m, const struct facts_envelope *envelope,
		  const struct facts_site *site, struct facts *f);

/* facts.c */
void facts_set_class(struct facts *f, enum facts_class class, enum facts_source source,
		     const char *family);
void facts_drop_recipients(struct facts *f);
struct facts_recipient *facts_add_recipient(struct facts *f); /* NULL: READ_RECIPIENTS are there */

/* Takes value; the first that was set stays, with its source. */
#define FACT_SET(owner, member, from, value)                                                       \
	facts_set(&(owner)->member, &(owner)->source.member, (from), (value))
void facts_set(char **fact, enum facts_source *source, enum facts_source from, char *value);

#endif
