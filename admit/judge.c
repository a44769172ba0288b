/*
 * judge.c: what policy is asked about a recipient, and what its answer means.
 *
 * A stored message has no envelope sender. It was the null sender, but for a
 * Maildir, where it is read from the header again; and where only the sender
 * told ordinary mail from what nobody knows, the stored class says it.
 */
#include "admit/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/xtext.h"

const char *
judge_rcpt_text(struct span rcpt)
{
	if (rcpt.len == 0 || memchr(rcpt.data, '\0', rcpt.len) != NULL || !text_is_utf8(rcpt))
		return NULL;
	return rcpt.data;
}

/*
 * Who it was addressed to before somebody forwarded it: ORCPT without its type, decoded (RFC 3461
 * 4.2); else the topmost Delivered-To, but not of a folder, where it names the folder's own
 * mailbox.
 */
static char *
forwarding_address(const struct judge_subject *subject)
{
	struct buffer out = { 0 };
	const char *address;

	if (subject->orcpt == NULL)
		return subject->delivered_to_is_ours ? NULL : xstrdup(subject->facts->delivered_to);
	address = strchr(subject->orcpt, ';');
	address = address == NULL ? subject->orcpt : address + 1;
	xtext_decode(span_of(address), &out);
	/* "ours+00.theirs" must not end at the NUL and be taken for one of ours */
	if (out.len > 0 &&
	    (memchr(out.data, '\0', out.len) != NULL || !text_is_utf8(buffer_span(&out))))
		buffer_done(&out);
	return out.data == NULL ? NULL : buffer_take(&out);
}

static enum record_state
state_of(const struct policy *policy, const struct judge_subject *subject,
	 enum policy_action action)
{
	/* observe: everything is sent that can be sent whole and to somebody */
	if (policy_observes(policy) && judge_rcpt_text(subject->rcpt) != NULL &&
	    !subject->truncated)
		return RECORD_SENDING;
	switch (action) {
	case POLICY_SEND:
		return RECORD_SENDING;
	case POLICY_HOLD:
		return RECORD_HELD;
	case POLICY_DELETE:
		return RECORD_DELETED;
	}
	return RECORD_HELD;
}

enum record_state
judge(const struct policy *policy, const struct judge_subject *subject,
      struct policy_decision *ret_decision)
{
	AUTO(freep) char *orcpt = forwarding_address(subject);
	const struct policy_subject asked = {
		.facts = subject->facts,
		.rcpt = judge_rcpt_text(subject->rcpt),
		.orcpt = orcpt,
		.truncated = subject->truncated,
		.size_bytes = subject->size_bytes,
		.received_at_ms = subject->received_at_ms,
	};

	policy_decide(policy, &asked, ret_decision);
	altered_judge(subject->bytes, subject->facts, subject->memo, ret_decision);
	return state_of(policy, subject, ret_decision->action);
}

/* ---- records ---------------------------------------------------------------- */

/* All others take files from folders, which are somebody's mailbox or his way out. */
static bool
came_by_lmtp(const struct store_record *record)
{
	return strcmp(record->intake, "lmtp") == 0;
}

static bool is_by_envelope(enum facts_class class)
{
	return class == FACTS_MAIL || class == FACTS_UNKNOWN;
}

struct facts *
judge_read_record(const struct policy *policy, const struct store_record *record, struct span bytes)
{
	struct facts_envelope envelope = { .sender = "", .rcpt = judge_rcpt_text(record->rcpt) };
	const struct facts_site site = policy_site(policy);
	AUTO(freep) char *sender = NULL;
	AUTO(freep) char *rcpt = NULL;
	enum facts_class class;
	struct facts *facts;

	if (strcmp(record->intake, "maildir") == 0) {
		facts_envelope_from_header(bytes, &sender, &rcpt);
		envelope.sender = sender;
	}
	facts = facts_from_message_at(bytes, &envelope, site.hosts_len > 0 ? &site : NULL);
	/* what only the envelope told, it told then */
	if (is_by_envelope(facts->class) && !facts->limits &&
	    facts_class_from_name(record->class, &class) == 1 && is_by_envelope(class))
		facts->class = class;
	return facts;
}

enum record_state
judge_record(const struct policy *policy, const struct store_record *record,
	     const struct facts *facts, struct span bytes, struct altered_memo *memo,
	     struct policy_decision *ret_decision)
{
	const struct judge_subject subject = {
		.facts = facts,
		.truncated = record->truncated,
		.size_bytes = record->size_bytes,
		.received_at_ms = record->received_at_ms,
		.delivered_to_is_ours = !came_by_lmtp(record),
		.rcpt = record->rcpt,
		.orcpt = record->orcpt,
		.bytes = bytes,
		.memo = memo,
	};

	return judge(policy, &subject, ret_decision);
}
