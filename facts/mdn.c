/*
 * mdn.c: a receipt's machine-readable part (RFC 8098 3.1).
 */
#include "facts/read.h"

#include <stdlib.h>

#include "facts/address.h"
#include "facts/field.h"

bool
part_is_disposition(const struct scan_part *part)
{
	return part_is(part, "message/disposition-notification") ||
	       part_is(part, "message/global-disposition-notification");
}

void
read_disposition(struct message *m, const struct scan_part *part, struct facts *f)
{
	struct span rest = message_bytes(m, part, READ_RETURNED);
	struct facts_recipient r = { 0 }, *added;
	struct field field;

	while (field_next(&rest, &field)) {
		if (field_is(&field, "Original-Message-ID"))
			FACT_SET(&f->original, message_id, FACTS_SOURCE_DSN,
				 field_message_id(field.value));
		else if (field_is(&field, "Final-Recipient"))
			FACT_SET(&r, final, FACTS_SOURCE_DSN, address_from_report(field.value));
		else if (field_is(&field, "Original-Recipient"))
			FACT_SET(&r, original, FACTS_SOURCE_DSN, address_from_report(field.value));
	}
	added = r.final == NULL && r.original == NULL ? NULL : facts_add_recipient(f);
	if (added != NULL) {
		*added = r;
		return;
	}
	free(r.final);
	free(r.original);
}
