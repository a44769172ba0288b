/*
 * submission.c: making and freeing submissions.
 */
#include "admit/submission.h"

#include <stdlib.h>

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
