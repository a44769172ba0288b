/*
 * altered.c: between the words of policy, store and facts for the same thing.
 *
 * The altered message bears the record's number and token in its Message-ID,
 * so that sent twice it is the same message. It exists only while it is sent.
 */
#include "admit/altered.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts/strip.h"

bool
altered_is_asked(const struct policy_decision *d)
{
	return d->no_diagnostics || d->returned != POLICY_RETURNED_FULL;
}

const char *
altered_returned_name(enum policy_returned returned)
{
	switch (returned) {
	case POLICY_RETURNED_FULL:
		return NULL;
	case POLICY_RETURNED_HEADERS:
		return "headers";
	case POLICY_RETURNED_NONE:
		return "none";
	}
	return "none";
}

/* In doubt nothing goes along. */
static enum strip_returned
returned_from_name(const char *name)
{
	if (name == NULL)
		return STRIP_FULL;
	return strcmp(name, "headers") == 0 ? STRIP_HEADERS : STRIP_NONE;
}

static bool
is_possible(struct span bytes, const struct facts *facts, struct altered_memo *memo,
	    const struct policy_decision *d)
{
	const struct strip how = {
		.no_diagnostics = d->no_diagnostics,
		.returned = returned_from_name(altered_returned_name(d->returned)),
	};
	typeof(memo->of[0][0]) *known = &memo->of[d->no_diagnostics][d->returned];

	if (!known->known)
		known->possible = strip_is_possible(bytes, facts, &how) == 1;
	known->known = true;
	return known->possible;
}

void
altered_judge(struct span bytes, const struct facts *facts, struct altered_memo *memo,
	      struct policy_decision *d)
{
	if (d->action != POLICY_SEND || !altered_is_asked(d) || is_possible(bytes, facts, memo, d))
		return;
	d->action = POLICY_HOLD;
	(void)snprintf(d->rule, sizeof(d->rule), "cannot-strip");
}

static int
strip(const struct store_lease *lease, struct strip how, const char *hostname, int64_t now_ms,
      struct span bytes, struct buffer *out)
{
	const struct facts_envelope envelope = { .sender = "", .rcpt = lease->rcpt };
	AUTO(facts_freep) struct facts *facts = facts_from_message(bytes, &envelope);
	char token[2 * STORE_TOKEN_BYTES + 1];
	AUTO(freep) char *message_id = NULL;

	hex_encode(lease->token, STORE_TOKEN_BYTES, token);
	message_id = xasprintf("%" PRId64 ".%s@%s", lease->record, token, hostname);
	return strip_message(bytes, facts, &how,
			     &(struct strip_writer){ .host = hostname,
						     .rcpt = lease->rcpt,
						     .message_id = message_id,
						     .now_ms = now_ms },
			     out);
}

bool
altered_is_due(const struct store_lease *lease)
{
	return !lease->rcpt_replaced && (lease->no_diagnostics || lease->returned != NULL);
}

int
altered_make(struct store_lease *lease, const char *hostname, const char *folder, int64_t now_ms,
	     struct spool **spool, struct error *err)
{
	struct strip how = { .no_diagnostics = lease->no_diagnostics,
			     .returned = returned_from_name(lease->returned) };
	AUTO(buffer_done) struct buffer out = { 0 };
	AUTO(spool_freep) struct spool *altered = NULL;

	if (!altered_is_due(lease))
		return 1;
	if (lease->truncated && how.returned == STRIP_FULL)
		how.returned = STRIP_HEADERS;
	if (strip(lease, how, hostname, now_ms, spool_bytes(*spool), &out) == 0)
		return 0;
	altered = spool_new(folder, INT64_MAX);
	if (spool_add(altered, buffer_span(&out), err) < 0 || spool_finish(altered, err) < 0)
		return -1;
	spool_freep(spool);
	*spool = TAKE(altered);
	lease->truncated = false;
	return 1;
}
