/*
 * submission.c: making and freeing submissions.
 */
#include "admit/submission.h"

#include <stdlib.h>

#include "base/cleanup.h"

struct submission *
submission_new(const struct submission_source *source, struct policy *policy)
{
	struct submission *s = xcalloc(1, sizeof(*s));

	s->source = source;
	s->policy = policy_ref(policy);
	return s;
}

struct submission_rcpt *
submission_add_rcpt(struct submission *s)
{
	s->rcpts = array_grow(s->rcpts, &s->rcpts_size, s->rcpts_len, sizeof(s->rcpts[0]));
	s->rcpts[s->rcpts_len] = (struct submission_rcpt){ 0 };
	return &s->rcpts[s->rcpts_len++];
}

void
submission_set_envelope(struct submission *s, const struct pickup *envelope)
{
	s->sender = xstrdup(envelope->sender);
	s->ret = xstrdup(envelope->ret);
	s->envid = xstrdup(envelope->envid);
	s->mail_body = envelope->mail_body;
	for (size_t i = 0; i < envelope->rcpts_len; i++) {
		struct submission_rcpt *rcpt = submission_add_rcpt(s);

		buffer_add_str(&rcpt->path, envelope->rcpts[i].path);
		rcpt->orcpt = xstrdup(envelope->rcpts[i].orcpt);
		rcpt->notify = xstrdup(envelope->rcpts[i].notify);
	}
	if (envelope->rcpts_len == 0)
		(void)submission_add_rcpt(s); /* not known */
}

void
submission_read_header(struct submission *s)
{
	AUTO(freep) char *rcpt = NULL;
	struct submission_rcpt *only = submission_add_rcpt(s);

	facts_envelope_from_header(spool_bytes(s->spool), &s->sender, &rcpt);
	if (rcpt != NULL)
		buffer_add_str(&only->path, rcpt);
}

static void
rcpts_free(struct submission *s)
{
	for (size_t i = 0; i < s->rcpts_len; i++) {
		buffer_done(&s->rcpts[i].path);
		free(s->rcpts[i].orcpt);
		free(s->rcpts[i].notify);
		policy_decision_done(&s->rcpts[i].decision);
		free(s->rcpts[i].budgets);
	}
	free(s->rcpts);
}

void
submission_freep(struct submission **ret_submission)
{
	struct submission *s = *ret_submission;

	if (s == NULL)
		return;
	rcpts_free(s);
	for (size_t i = 0; i < s->message.records_len; i++)
		free(s->message.records[i].loop_route);
	free(s->message.records);
	free(s->route);
	free(s->sender);
	free(s->ret);
	free(s->envid);
	free(s->facts_json);
	facts_freep(&s->facts);
	policy_unrefp(&s->policy);
	spool_freep(&s->spool);
	free(s);
	*ret_submission = NULL;
}
