/*
 * abuse_report.c: the machine-readable part of a feedback report (RFC 5965 3).
 */
#include "facts/read.h"

#include "base/cleanup.h"
#include "facts/address.h"
#include "facts/field.h"

bool
part_is_feedback(const struct scan_part *part)
{
	return part_is(part, "message/feedback-report");
}

void
read_feedback(struct message *m, const struct scan_part *part, struct facts *f)
{
	struct span rest = message_bytes(m, part, READ_RETURNED);
	struct facts_recipient *r;
	struct field field;

	while (field_next(&rest, &field)) {
		if (field_is(&field, "Source-IP"))
			FACT_SET(&f->original, client_ip, FACTS_SOURCE_DSN,
				 field_unfold(field.value));
		else if (field_is(&field, "Original-Mail-From"))
			FACT_SET(&f->original, return_path, FACTS_SOURCE_DSN,
				 address_from_path(field.value));
		else if (field_is(&field, "Reporting-MTA"))
			facts_set(&f->reporting_mta, &f->reporting_mta_source, FACTS_SOURCE_DSN,
				  field_unfold(address_skip_type(field.value, NULL)));
		else if (field_is(&field, "Original-Rcpt-To") &&
			 (r = facts_add_recipient(f)) != NULL)
			FACT_SET(r, original, FACTS_SOURCE_DSN, address_from_path(field.value));
	}
}
