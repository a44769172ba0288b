/*
 * cmd_policy_replay.c: what would another policy have done?
 *
 *	ndrq policy replay NEW.conf [QUERY…]
 *
 * Judges stored records again and compares with what was decided then.
 * Nothing is changed, and no memory grows with the store. What cannot be
 * known from one record alone is said: how a count would have come out. There
 * a record that the same rule decided then counts as beyond it, any other as
 * within.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "policy/view.h"
#include "review/arguments.h"
#include "review/cmd_policy.h"
#include "review/open.h"
#include "review/output.h"
#include "review/query.h"
#include "review/record.h"
#include "review/replay.h"
#include "review/table.h"
#include "review/tally.h"

enum { OPTION_LIMIT = OPTION_OWN, OPTION_EXAMPLES };

#define ROWS_SHOWN     20
#define EXAMPLES_SHOWN 3

const struct verb_option policy_replay_options[] = {
	QUERY_OPTION_ROWS,
	{ "limit", OPTION_LIMIT, "N", "the N most frequent of each table; 0: all (default: 20)" },
	{ "examples", OPTION_EXAMPLES, "N", "ids in each row, at most 10 (default: 3)" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

#define OUTCOMES (REPLAY_OURS + 1)
#define ACTIONS  (POLICY_DELETE + 1)

struct replay_report {
	const struct policy *policy;
	bool json;
	int64_t limit, examples;
	int64_t outcomes[OUTCOMES];
	int64_t changes[ACTIONS][ACTIONS]; /* then, now */
	int64_t counted;                   /* judged by a policy that would have counted them */
	struct tally by_domain, by_rule;
	int64_t newest_id, first_id; /* for the progress */
};

static void
report_done(struct replay_report *report)
{
	tally_done(&report->by_domain);
	tally_done(&report->by_rule);
}

/* ---- counting ------------------------------------------------------------------- */

/* The rule with a count that decided then; NULL: the new policy has none, or another decided. */
static const struct policy_budget *
same_budget(const struct replayed *r)
{
	for (size_t i = 0; i < r->decision->budgets_len; i++)
		if (strcmp(r->decision->budgets[i].rule, r->rule) == 0)
			return &r->decision->budgets[i];
	return NULL;
}

static void
count_judged(struct replay_report *report, const struct replayed *r)
{
	const struct policy_budget *budget = same_budget(r);
	const char *rule = budget != NULL ? budget->rule : r->decision->rule;
	enum policy_action now = budget != NULL ? budget->else_action : r->decision->action;
	int recorded = POLICY_HOLD;
	enum policy_action then;

	(void)policy_value_from_name(POLICY_KEY_NDR, span_of(r->verdict), &recorded);
	then = (enum policy_action)recorded;
	report->counted += r->decision->budgets_len > 0;
	report->changes[then][now]++;
	if (then == now)
		return;
	tally_add(&report->by_domain, then, now, r->decision->domain, NULL, r->id);
	tally_add(&report->by_rule, then, now, r->rule, rule, r->id);
}

static void
on_replayed(const struct replayed *r, void *ctx)
{
	struct replay_report *report = ctx;

	if (report->newest_id == 0)
		report->newest_id = r->id;
	report->outcomes[r->outcome]++;
	if (r->outcome == REPLAY_JUDGED)
		count_judged(report, r);
	progress_bar("judged", report->newest_id - r->id, report->newest_id - report->first_id);
}

static int64_t
changed(const struct replay_report *report)
{
	int64_t records = 0;

	for (int then = 0; then < ACTIONS; then++)
		for (int now = 0; now < ACTIONS; now++)
			records += then == now ? 0 : report->changes[then][now];
	return records;
}

/* ---- JSON --------------------------------------------------------------------- */

static json_t *
json_of_change(const char *by, enum policy_action then, enum policy_action now, int64_t records)
{
	return json_pack("{s:s, s:s, s:s, s:I}", "by", by, "then", policy_action_name(then), "now",
			 policy_action_name(now), "count", (json_int_t)records);
}

static void
print_json_totals(const struct replay_report *report)
{
	output_json_take(json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:b}", "by", "all", "judged",
		(json_int_t)report->outcomes[REPLAY_JUDGED], "changed", (json_int_t)changed(report),
		"counted", (json_int_t)report->counted, "purged",
		(json_int_t)report->outcomes[REPLAY_PURGED], "unreadable",
		(json_int_t)report->outcomes[REPLAY_UNREADABLE], "loops",
		(json_int_t)report->outcomes[REPLAY_LOOP], "ours",
		(json_int_t)report->outcomes[REPLAY_OURS], "policy_revision",
		policy_revision(report->policy), "observe", (int)policy_observes(report->policy)));
	for (int then = 0; then < ACTIONS; then++)
		for (int now = 0; now < ACTIONS; now++)
			if (report->changes[then][now] > 0)
				output_json_take(json_of_change("verdict", (enum policy_action)then,
								(enum policy_action)now,
								report->changes[then][now]));
}

static void
print_json_row(const struct replay_report *report, bool by_rule, const struct tally_row *row)
{
	json_t *object =
		json_of_change(by_rule ? "rule" : "domain", row->then, row->now, row->records);
	json_t *examples = json_array();

	if (row->a != NULL)
		(void)json_object_set_new(object, by_rule ? "rule_then" : "domain",
					  json_of_text(span_of(row->a)));
	if (by_rule)
		(void)json_object_set_new(object, "rule_now", json_of_text(span_of(row->b)));
	for (size_t i = 0; i < row->examples_len && (int64_t)i < report->examples; i++)
		(void)json_array_append_new(examples, json_integer(row->examples[i]));
	(void)json_object_set_new(object, "examples", examples);
	output_json_take(object);
}

/* ---- tables -------------------------------------------------------------------- */

static void
add_text(struct table *table, const char *text)
{
	table_add_cell_take(table, text != NULL ? text_for_people(span_of(text)) : xstrdup("-"));
}

static void
add_change(struct table *table, enum policy_action then, enum policy_action now, int64_t records)
{
	table_add_row(table);
	add_text(table, policy_action_name(then));
	add_text(table, policy_action_name(now));
	table_add_cell_take(table, xasprintf("%lld", (long long)records));
}

static void
add_examples(struct table *table, const struct replay_report *report, const struct tally_row *row)
{
	struct buffer ids = { 0 };

	buffer_add_str(&ids, "");
	for (size_t i = 0; i < row->examples_len && (int64_t)i < report->examples; i++)
		buffer_printf(&ids, "%s%lld", i > 0 ? " " : "", (long long)row->examples[i]);
	table_add_cell_take(table, buffer_take(&ids));
}

static void
print_outcomes(const struct replay_report *report)
{
	static const char *const words[OUTCOMES] = {
		[REPLAY_PURGED] = "not judged: their text is purged",
		[REPLAY_UNREADABLE] = "not judged: their text cannot be read",
		[REPLAY_LOOP] = "not judged: loops, which no policy decides",
		[REPLAY_OURS] = "not judged: written by ndrq itself",
	};
	int64_t judged = report->outcomes[REPLAY_JUDGED], changes = changed(report);

	(void)printf("%10lld the same\n%10lld would be decided differently\n",
		     (long long)(judged - changes), (long long)changes);
	for (int i = 0; i < OUTCOMES; i++)
		if (words[i] != NULL && report->outcomes[i] > 0)
			(void)printf("%10lld %s\n", (long long)report->outcomes[i], words[i]);
	if (report->counted > 0)
		(void)printf("%10lld of them a rule would count: counts are not replayed, those "
			     "that it had not decided are taken as within\n",
			     (long long)report->counted);
	if (policy_observes(report->policy))
		(void)puts("The policy observes: whatever it decides, all is sent.");
}

static void
print_changes(const struct replay_report *report)
{
	AUTO(table_freep)
	struct table *table = table_new((const struct table_column[]){ { "THEN", false, false },
								       { "NOW", false, false },
								       { "RECORDS", true, false },
								       { .heading = NULL } });

	for (int then = 0; then < ACTIONS; then++)
		for (int now = 0; now < ACTIONS; now++)
			if (then != now && report->changes[then][now] > 0)
				add_change(table, (enum policy_action)then, (enum policy_action)now,
					   report->changes[then][now]);
	(void)puts("");
	table_flush(table);
}

static struct table *
rows_table_new(bool by_rule)
{
	const struct table_column domains[] = {
		{ "THEN", false, false },        { "NOW", false, false },
		{ "RECORDS", true, false },      { "DOMAIN", false, true },
		{ "FOR EXAMPLE", false, false }, { .heading = NULL }
	};
	const struct table_column rules[] = {
		{ "THEN", false, false },    { "NOW", false, false },
		{ "RECORDS", true, false },  { "RULE THEN", false, true },
		{ "RULE NOW", false, true }, { "FOR EXAMPLE", false, false },
		{ .heading = NULL }
	};

	(void)puts("");
	return table_new(by_rule ? rules : domains);
}

static void
add_row(struct table *table, const struct replay_report *report, bool by_rule,
	const struct tally_row *row)
{
	add_change(table, row->then, row->now, row->records);
	add_text(table, row->a);
	if (by_rule)
		add_text(table, row->b);
	add_examples(table, report, row);
}

/* What is not shown, in so many rows, and what was not told apart. */
static void
print_rest(const struct replay_report *report, bool by_rule, size_t rows, int64_t hidden,
	   int64_t others)
{
	if (report->json && hidden + others > 0)
		output_json_take(json_pack("{s:s, s:b, s:I}", "by", by_rule ? "rule" : "domain",
					   "others", 1, "count", (json_int_t)(hidden + others)));
	if (report->json)
		return;
	if (hidden > 0)
		(void)printf("and %lld records in %zu more rows: --limit 0 shows all\n",
			     (long long)hidden, rows);
	if (others > 0)
		(void)printf("and %lld records in rows beyond the first %d, not told apart\n",
			     (long long)others, TALLY_ROWS_MAX);
}

static void
print_tally(const struct replay_report *report, bool by_rule)
{
	const struct tally *tally = by_rule ? &report->by_rule : &report->by_domain;
	AUTO(freep) const struct tally_row **rows = tally_sorted(tally);
	AUTO(table_freep) struct table *table = report->json ? NULL : rows_table_new(by_rule);
	int64_t hidden = 0;
	size_t hidden_rows = 0;

	for (size_t i = 0; i < tally->rows; i++) {
		if (report->limit > 0 && (int64_t)i >= report->limit) {
			hidden += rows[i]->records;
			hidden_rows++;
			continue;
		}
		if (report->json)
			print_json_row(report, by_rule, rows[i]);
		else
			add_row(table, report, by_rule, rows[i]);
	}
	if (table != NULL)
		table_flush(table);
	print_rest(report, by_rule, hidden_rows, hidden, tally->others);
}

static void
print_report(const struct replay_report *report)
{
	if (report->json)
		print_json_totals(report);
	else
		print_outcomes(report);
	if (changed(report) == 0)
		return;
	if (!report->json)
		print_changes(report);
	print_tally(report, false);
	print_tally(report, true);
}

/* ---- the verb ------------------------------------------------------------------ */

static int
help(void)
{
	(void)puts("usage: ndrq policy replay NEW.conf [OPTION…]\n"
		   "Shows what the policy in NEW.conf would decide differently about stored "
		   "records.\nNothing is changed.");
	options_print(policy_replay_options, stdout);
	return -1;
}

/* EX_OK with the file at optind, -1 after help, or EX_USAGE. */
static int
read_options(int argc, char **argv, struct store_query *query, struct replay_report *report,
	     char **domain)
{
	int64_t now_ms = clock_now_ms();
	int key, rc = 0;

	while (rc >= 0 && (key = option_next(policy_replay_options, argc, argv)) != OPTION_END) {
		if ((rc = query_read_option(key, argv[0], now_ms, query, domain)) != 0)
			continue;
		switch (key) {
		case OPTION_LIMIT:
			rc = argument_limit(argv[0], optarg, &report->limit);
			break;
		case OPTION_EXAMPLES:
			rc = argument_limit(argv[0], optarg, &report->examples);
			break;
		case OPTION_JSON:
			report->json = true;
			break;
		case OPTION_HELP:
			return help();
		default:
			return EX_USAGE;
		}
	}
	if (rc < 0)
		return EX_USAGE;
	if (argc - optind == 1)
		return EX_OK;
	complain("policy replay: one policy file is expected");
	return EX_USAGE;
}

static int
replay(const struct tool *tool, const struct store_query *query, struct replay_report *report)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	struct error err = { 0 };
	int rc = workplace_open(tool, &place);

	if (rc != EX_OK)
		return rc;
	facts_init();
	rc = store_first_since(place.store, query->since_ms, &report->first_id, &err);
	if (rc == 0)
		rc = replay_run(place.store, report->policy, query, on_replayed, report, &err);
	progress_clear();
	if (rc < 0)
		return store_refusal(&err);
	print_report(report);
	return output_finish();
}

int
policy_replay(const struct tool *tool, int argc, char **argv)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(freep) char *domain = NULL;
	AUTO(report_done)
	struct replay_report report = { .json = tool->json,
					.limit = ROWS_SHOWN,
					.examples = EXAMPLES_SHOWN };
	struct store_query query = { .states = 0 };
	int rc = read_options(argc, argv, &query, &report, &domain);

	if (rc != EX_OK)
		return rc < 0 ? EX_OK : rc;
	if ((rc = policy_load(argv[optind], &policy, NULL)) != EX_OK)
		return rc;
	report.policy = policy;
	return replay(tool, &query, &report);
}
