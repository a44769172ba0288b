/*
 * sweep_report.c: what a sweep says.
 *
 * What was taken: a line with -v or --dry-run, an object with --json, and
 * always a line in the --log. What is left alone for a reason that time does
 * not heal, or is in use: a complaint as well. What is spared is counted.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "review/output.h"
#include "review/record.h"
#include "review/sweep.h"

enum { PROGRESS_EVERY = 64 };

static const char *const outcome_names[] = {
	[SWEEP_TAKEN] = "taken",   [SWEEP_SPARED] = "spared", [SWEEP_YOUNG] = "young",
	[SWEEP_IN_USE] = "in-use", [SWEEP_GONE] = "gone",     [SWEEP_LEFT] = "left",
};

static int64_t
all_seen(const struct sweep *sweep)
{
	int64_t sum = 0;

	for (int i = 0; i <= SWEEP_LEFT; i++)
		sum += sweep->triplets[i];
	return sum;
}

static void
count(struct sweep *sweep, const struct sweep_line *line)
{
	sweep->triplets[line->outcome]++;
	if (sweep->all > 0 && all_seen(sweep) % PROGRESS_EVERY == 0)
		progress_bar("swept", all_seen(sweep), sweep->all);
	if (line->outcome != SWEEP_TAKEN)
		return;
	sweep->files += badmail_count(line->badmail);
	sweep->bytes += badmail_size(line->badmail);
	sweep->taken_by_age += strcmp(line->why, "older-than") == 0;
	sweep->taken_by_size += strcmp(line->why, "max-size") == 0;
	sweep->again += line->again;
}

static int64_t
age_ms(const struct sweep *sweep, const struct sweep_line *line)
{
	int64_t age = line->badmail == NULL ? 0 : sweep->now_ms - badmail_newest_ms(line->badmail);

	return age > 0 ? age : 0;
}

/* ---- for people --------------------------------------------------------- */

static void
print_taken(const struct sweep *sweep, const struct sweep_line *line)
{
	AUTO(freep) char *name = text_for_people(span_of(line->name));
	char size[BYTES_SIZE], age[AGE_SIZE];

	progress_clear();
	(void)printf("%s%s %s", sweep->plan->dry_run ? "would be " : "", sweep->taker->did, name);
	if (badmail_count(line->badmail) > 1)
		(void)printf(" +%u", badmail_count(line->badmail) - 1);
	(void)printf(", %s, %s old", format_bytes(badmail_size(line->badmail), size),
		     format_age(age_ms(sweep, line), age));
	if (strcmp(line->why, "all") != 0)
		(void)printf(", by --%s", line->why);
	if (line->id != 0)
		(void)printf(": %lld, %s, %s", (long long)line->id,
			     line->again ? "there already" : line->state, line->class);
	if (line->error_code != NULL)
		(void)printf(", %s", line->error_code);
	if (line->archived_as != NULL) {
		AUTO(freep) char *as = text_for_people(span_of(line->archived_as));

		(void)printf(": as %s", as);
	}
	(void)putchar('\n');
}

static void
complain_left(const struct sweep *sweep, const struct sweep_line *line)
{
	/* why may begin with the name of a part, which may be this one */
	if (line->outcome == SWEEP_LEFT && strstr(line->why, line->name) == line->why)
		complain("%s/%s", sweep->plan->folder, line->why);
	else
		complain("%s/%s: %s%s", sweep->plan->folder, line->name,
			 line->outcome == SWEEP_IN_USE ? "in use: " : "", line->why);
}

static void
print_line(const struct sweep *sweep, const struct sweep_line *line)
{
	switch (line->outcome) {
	case SWEEP_TAKEN:
		if (sweep->plan->verbose || sweep->plan->dry_run)
			print_taken(sweep, line);
		break;
	case SWEEP_IN_USE:
	case SWEEP_LEFT:
		complain_left(sweep, line);
		break;
	case SWEEP_YOUNG:
		if (sweep->plan->verbose)
			complain("%s/%s: too young, perhaps still being written",
				 sweep->plan->folder, line->name);
		break;
	case SWEEP_SPARED:
	case SWEEP_GONE:
		break;
	}
}

/* ---- for programs ------------------------------------------------------- */

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		(void)json_object_set_new(object, key, json_of_text(span_of(text)));
}

static void
print_json(const struct sweep *sweep, const struct sweep_line *line)
{
	json_t *object = json_pack("{s:s}", "outcome", outcome_names[line->outcome]);

	if (line->outcome == SWEEP_TAKEN)
		set_text(object, "did", sweep->taker->did);
	set_text(object, "name", line->name);
	if (line->badmail != NULL) {
		char at[CLOCK_RFC3339_SIZE];

		(void)json_object_set_new(object, "files",
					  json_integer(badmail_count(line->badmail)));
		(void)json_object_set_new(object, "size_bytes",
					  json_integer(badmail_size(line->badmail)));
		set_text(object, "newest_at",
			 clock_format_rfc3339(badmail_newest_ms(line->badmail), at));
	}
	set_text(object, "why", line->why);
	if (line->id != 0)
		(void)json_object_set_new(object, "id", json_integer(line->id));
	set_text(object, "state", line->state);
	set_text(object, "class", line->class);
	set_text(object, "error_code", line->error_code);
	if (line->again)
		(void)json_object_set_new(object, "again", json_true());
	set_text(object, "archived_as", line->archived_as);
	output_json_take(object);
}

static void
write_log(struct sweep *sweep, const char *event, const struct log_field *fields)
{
	AUTO(buffer_done) struct buffer line = { 0 };
	char at[CLOCK_RFC3339_SIZE];

	if (sweep->log == NULL || sweep->log_failed)
		return;
	buffer_printf(&line, "%s ", clock_format_rfc3339(clock_now_ms(), at));
	log_format(&line, event, fields);
	/* whole lines, so that they stand in the file when the run is killed */
	if (fwrite(line.data, 1, line.len, sweep->log) == line.len && fflush(sweep->log) == 0)
		return;
	sweep->log_failed = true;
	complain("--log %s: %s", sweep->plan->log, strerror(errno));
}

static void
log_taken(struct sweep *sweep, const struct sweep_line *line)
{
	struct log_field fields[] = {
		LOG_S("folder", sweep->plan->folder),
		LOG_S("name", line->name),
		LOG_I("files", badmail_count(line->badmail)),
		LOG_I("size", badmail_size(line->badmail)),
		LOG_I("age", age_ms(sweep, line) / CLOCK_SECOND_MS),
		LOG_S("why", line->why),
		{ .key = NULL },
		{ .key = NULL },
		{ .key = NULL },
		{ .key = NULL },
		{ .key = NULL },
	};
	size_t n = 6;

	if (line->id != 0) {
		fields[n++] = LOG_I("record", line->id);
		fields[n++] = LOG_S("state", line->again ? "again" : line->state);
		fields[n++] = LOG_S("class", line->class);
	}
	if (line->error_code != NULL)
		fields[n++] = LOG_S("error_code", line->error_code);
	if (line->archived_as != NULL)
		fields[n] = LOG_S("archived_as", line->archived_as);
	write_log(sweep, sweep->taker->did, fields);
}

static void
log_line(struct sweep *sweep, const struct sweep_line *line)
{
	switch (line->outcome) {
	case SWEEP_TAKEN:
		log_taken(sweep, line);
		break;
	case SWEEP_IN_USE:
	case SWEEP_LEFT:
		write_log(sweep, outcome_names[line->outcome],
			  (const struct log_field[]){ LOG_S("folder", sweep->plan->folder),
						      LOG_S("name", line->name),
						      LOG_S("reason", line->why),
						      { .key = NULL } });
		break;
	case SWEEP_SPARED:
	case SWEEP_YOUNG:
	case SWEEP_GONE:
		break;
	}
}

void
sweep_report(struct sweep *sweep, const struct sweep_line *line)
{
	count(sweep, line);
	log_line(sweep, line);
	if (!sweep->plan->json)
		print_line(sweep, line);
	else if (line->outcome != SWEEP_SPARED && line->outcome != SWEEP_GONE)
		print_json(sweep, line);
}

/* ---- totals ------------------------------------------------------------- */

static void
print_totals_json(const struct sweep *sweep)
{
	const int64_t *n = sweep->triplets;

	output_json_take(json_pack(
		"{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "outcome",
		"totals", "did", sweep->taker->did, "dry_run", sweep->plan->dry_run, "taken",
		(json_int_t)n[SWEEP_TAKEN], "files", (json_int_t)sweep->files, "size_bytes",
		(json_int_t)sweep->bytes, "by_age", (json_int_t)sweep->taken_by_age, "by_size",
		(json_int_t)sweep->taken_by_size, "again", (json_int_t)sweep->again, "spared",
		(json_int_t)n[SWEEP_SPARED], "young", (json_int_t)n[SWEEP_YOUNG], "in_use",
		(json_int_t)n[SWEEP_IN_USE], "left", (json_int_t)n[SWEEP_LEFT], "interrupted",
		sweep->interrupted));
}

static void
print_part(const char *what, int64_t n)
{
	if (n > 0)
		(void)printf("  %s: %lld\n", what, (long long)n);
}

static void
print_totals_text(const struct sweep *sweep)
{
	int64_t taken = sweep->triplets[SWEEP_TAKEN];
	char size[BYTES_SIZE];

	(void)printf("%s%s: %lld triplet%s (%lld files, %s)\n",
		     sweep->plan->dry_run ? "would be " : "", sweep->taker->did, (long long)taken,
		     taken == 1 ? "" : "s", (long long)sweep->files,
		     format_bytes(sweep->bytes, size));
	print_part("by --older-than", sweep->taken_by_age);
	print_part("by --max-size", sweep->taken_by_size);
	print_part("in the store already", sweep->again);
	print_part("spared, neither old nor too much", sweep->triplets[SWEEP_SPARED]);
	print_part("too young, perhaps still being written", sweep->triplets[SWEEP_YOUNG]);
	print_part("in use", sweep->triplets[SWEEP_IN_USE]);
	print_part("left alone", sweep->triplets[SWEEP_LEFT]);
	if (sweep->interrupted)
		(void)puts("  interrupted: run it again for the rest");
}

void
sweep_print_totals(struct sweep *sweep)
{
	progress_clear();
	write_log(sweep, "swept",
		  (const struct log_field[]){
			  LOG_S("folder", sweep->plan->folder),
			  LOG_I("taken", sweep->triplets[SWEEP_TAKEN]),
			  LOG_I("files", sweep->files),
			  LOG_I("size", sweep->bytes),
			  LOG_I("spared", sweep->triplets[SWEEP_SPARED]),
			  LOG_I("young", sweep->triplets[SWEEP_YOUNG]),
			  LOG_I("in_use", sweep->triplets[SWEEP_IN_USE]),
			  LOG_I("left", sweep->triplets[SWEEP_LEFT]),
			  LOG_I("interrupted", sweep->interrupted),
			  { .key = NULL },
		  });
	if (sweep->plan->json)
		print_totals_json(sweep);
	else
		print_totals_text(sweep);
}
