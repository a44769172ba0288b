/*
 * counted.c: records that share a key within a window, for tests.
 */
#include "tests/unit/store/counted.h"

#include <stdio.h>
#include <string.h>

const struct store_budget limit = {
	.kind = STORE_BUDGET_LIMIT,
	.rule = "Enough",
	.key = "address v@x.example",
	.window_ms = 100 * SECOND,
	.max = 3,
	.verdict = "hold",
};
const struct store_budget storm = {
	.kind = STORE_BUDGET_STORM,
	.rule = "Storm",
	.key = "address v@x.example",
	.window_ms = 100 * SECOND,
	.max = 3,
	.verdict = "hold",
};
const struct store_budget harvest = {
	.kind = STORE_BUDGET_HARVEST,
	.rule = "Harvest",
	.key = "client 192.0.2.1",
	.window_ms = 100 * SECOND,
	.max = 3,
	.verdict = "delete",
	.client = "192.0.2.1",
	.mark_ms = 1000 * SECOND,
};

void
letter_at(struct letter *l, int number, int64_t at_s)
{
	letter_init(l, 0, "v@x.example");
	(void)memcpy(l->message.sha256, &number, sizeof(number));
	l->message.received_at_ms = at_s * SECOND;
	l->records[0].state = RECORD_SENDING;
	l->records[0].verdict = "send";
	l->records[0].rule = "Default";
}

static int
note_ruling(const struct store_record *r, void *ctx)
{
	(void)snprintf(ctx, 64, "%s %s %s", record_state_name(r->state), r->verdict, r->rule);
	return 0;
}

const char *
put_counted(struct store *store, struct letter *l, const struct store_budget *budgets, size_t len)
{
	static char text[64];
	int64_t id;

	l->records[0].budgets = budgets;
	l->records[0].budgets_len = len;
	id = put(store, l);
	OK(store_get(store, id, note_ruling, text, &err));
	return text;
}

const char *
put_at(struct store *store, const struct store_budget *budget, int number, int64_t at_s)
{
	struct letter l;

	letter_at(&l, number, at_s);
	return put_counted(store, &l, budget, 1);
}
