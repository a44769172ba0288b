/*
 * admit.c: from bytes and an envelope to a message the store can keep.
 *
 * What is read here was written by strangers; what is decided here is decided
 * by policy alone. An ordinary message never passes; a recipient that is no
 * text is held as bytes.
 */
#include "admit/admit.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "facts/xtext.h"

/* The recipient as text for facts and policy; NULL: not known, or no text. */
static const char *
rcpt_text(const struct submission_rcpt *rcpt)
{
	struct span path = buffer_span(&rcpt->path);

	if (path.len == 0 || memchr(path.data, '\0', path.len) != NULL || !text_is_utf8(path))
		return NULL;
	return path.data;
}

/*
 * Who it was addressed to before somebody forwarded it: ORCPT without its type, decoded (RFC 3461
 * 4.2); else the topmost Delivered-To, but not of a folder, where it names the folder's own
 * mailbox.
 */
static char *
forwarding_address(const struct submission *s, const struct submission_rcpt *rcpt)
{
	struct buffer out = { 0 };
	const char *address;

	if (rcpt->orcpt == NULL)
		return s->source->delivered_to_is_ours ? NULL : xstrdup(s->facts->delivered_to);
	address = strchr(rcpt->orcpt, ';');
	address = address == NULL ? rcpt->orcpt : address + 1;
	xtext_decode(span_of(address), &out);
	/* "ours+00.theirs" must not end at the NUL and be taken for one of ours */
	if (out.len > 0 &&
	    (memchr(out.data, '\0', out.len) != NULL || !text_is_utf8(buffer_span(&out))))
		buffer_done(&out);
	return out.data == NULL ? NULL : buffer_take(&out);
}

static void
judge_rcpt(struct submission *s, struct submission_rcpt *rcpt)
{
	AUTO(freep) char *orcpt = forwarding_address(s, rcpt);
	const struct policy_subject subject = {
		.facts = s->facts,
		.rcpt = rcpt_text(rcpt),
		.orcpt = orcpt,
		.truncated = spool_truncated(s->spool),
	};

	policy_decide(s->policy, &subject, &rcpt->decision);
}

static enum record_state
state_of(const struct submission *s, const struct submission_rcpt *rcpt)
{
	/* observe: everything is sent that can be sent whole and to somebody */
	if (policy_observes(s->policy) && rcpt_text(rcpt) != NULL && !spool_truncated(s->spool))
		return RECORD_SENDING;
	switch (rcpt->decision.action) {
	case POLICY_SEND:
		return RECORD_SENDING;
	case POLICY_HOLD:
		return RECORD_HELD;
	case POLICY_DELETE:
		return RECORD_DELETED;
	}
	return RECORD_HELD;
}

static void
fill_records(struct submission *s)
{
	struct store_new_record *records = xcalloc(s->rcpts_len, sizeof(*records));

	for (size_t i = 0; i < s->rcpts_len; i++) {
		const struct submission_rcpt *rcpt = &s->rcpts[i];

		records[i] = (struct store_new_record){
			.rcpt = buffer_span(&rcpt->path),
			.domain = rcpt->decision.domain,
			.orcpt = rcpt->orcpt,
			.notify = rcpt->notify,
			.state = state_of(s, rcpt),
			.verdict = policy_action_name(rcpt->decision.action),
			.rule = rcpt->decision.rule,
			.route = s->route,
			.proof = rcpt->decision.proof == POLICY_PROOF_NONE
					 ? NULL
					 : policy_proof_name(rcpt->decision.proof),
		};
	}
	s->message.records = records;
	s->message.records_len = s->rcpts_len;
}

static void
fill_message(struct submission *s)
{
	struct store_new_message *m = &s->message;

	memcpy(m->sha256, spool_sha256(s->spool), sizeof(m->sha256));
	m->body = spool_bytes(s->spool);
	m->size_bytes = spool_size(s->spool);
	m->truncated = spool_truncated(s->spool);
	m->received_at_ms = s->received_at_ms;
	m->intake = s->source->intake;
	m->mail_body = s->mail_body;
	m->smtputf8 = s->smtputf8;
	m->ret = s->ret;
	m->envid = s->envid;
	m->class = facts_class_name(s->facts->class);
	m->facts = s->facts_json;
	m->subject = s->facts->subject;
	m->message_id = s->facts->message_id;
	m->original_message_id = s->facts->original.message_id;
	m->policy_revision = policy_revision(s->policy);
	if (s->facts->original.walk == FACTS_WALK_BORDER)
		m->client = s->facts->original.client_ip;
	for (size_t i = 0; i < s->facts->traces_len; i++) {
		s->traces[i].record = s->facts->traces[i].record;
		memcpy(s->traces[i].token, s->facts->traces[i].token, STORE_TOKEN_BYTES);
	}
	m->traces = s->traces;
	m->traces_len = s->facts->traces_len;
}

void
admit_judge(struct submission *s)
{
	const struct facts_envelope envelope = {
		.sender = s->sender,
		.rcpt = s->rcpts_len > 0 ? rcpt_text(&s->rcpts[0]) : NULL,
	};
	struct facts_site site;

	site = policy_site(s->policy);
	s->facts = facts_from_message_at(spool_bytes(s->spool), &envelope,
					 site.hosts_len > 0 ? &site : NULL);
	s->facts_json = facts_to_json(s->facts, NULL);
	for (size_t i = 0; i < s->rcpts_len; i++)
		judge_rcpt(s, &s->rcpts[i]);
	fill_message(s);
	fill_records(s);
}

bool
admit_is_mail(const struct submission *s)
{
	if (s->source->null_sender_only && (s->sender == NULL || s->sender[0] != '\0'))
		return true;
	return s->facts->class == FACTS_MAIL;
}

int
admit_set_aside(struct submission *s, const struct store_place *place, const char *reason,
		struct error *err)
{
	AUTO(freep) struct span *rcpts = xcalloc(s->rcpts_len, sizeof(*rcpts));
	const struct store_damaged damaged = {
		.place = *place,
		.body = spool_bytes(s->spool),
		.intake = s->source->intake,
		.reason = reason,
		.sender = s->sender,
		.rcpts = rcpts,
		.rcpts_len = s->rcpts_len,
		.received_at_ms = s->received_at_ms,
		.sha256 = spool_sha256(s->spool),
	};

	for (size_t i = 0; i < s->rcpts_len; i++)
		rcpts[i] = buffer_span(&s->rcpts[i].path);
	if (store_put_damaged(&damaged, err) < 0)
		return -1;
	s->outcome = SUBMISSION_DAMAGED;
	(void)error_set(&s->err, ERROR_PERM, "%s", reason);
	return 0;
}

int
admit_store(struct submission *s, struct store *store, struct error *err)
{
	if (store_put(store, &s->message, err) < 0)
		return -1;
	s->outcome = SUBMISSION_COMMITTED;
	return 0;
}
