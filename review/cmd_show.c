/*
 * cmd_show.c: ndrq show.
 *
 * Everything the store knows about one record: as a block to read, as one
 * JSON object, or (--raw) the message itself, byte for byte. Only where
 * standard output is a terminal does --raw escape control characters, for
 * there nobody wants the bytes and a stranger wrote them.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "facts/bdr.h"
#include "facts/codes.h"
#include "facts/error_code.h"
#include "review/ids.h"
#include "review/open.h"
#include "review/output.h"
#include "review/record.h"
#include "review/verb.h"

/* So many recipients of a report are shown to people. */
#define RECIPIENTS_SHOWN 20

enum { OPTION_RAW = OPTION_OWN, OPTION_SIDECAR };

const struct verb_option show_options[] = {
	{ "raw", OPTION_RAW, NULL, "the stored message, byte for byte" },
	{ "sidecar", OPTION_SIDECAR, "NAME", "bdr or bdp: what IIS had written beside it" },
	OPTION_ROW_JSON,
	OPTION_ROW_HELP,
	{ .name = NULL },
};

struct show {
	struct store *store;
	int64_t id, now_ms;
	bool json, raw;
	const char *sidecar; /* NULL: not that */
	json_t *journal;     /* JSON: filled first */
	json_t *sidecars;
	enum record_state state;
	bool purged, no_recipient;
};

/* ---- for people ------------------------------------------------------ */

static void
print_line(const char *label, const char *text)
{
	if (text != NULL && *text != '\0')
		(void)printf("  %-14s %s\n", label, text);
}

/* A text from the facts. */
static void
print_fact(const char *label, json_t *object, const char *member)
{
	AUTO(freep)
	char *text = text_for_people(span_of(json_string_value(json_object_get(object, member))));

	print_line(label, text);
}

static void
print_head(const struct record_view *view)
{
	const struct store_record *record = view->record;
	char at[LOCAL_TIME_SIZE], age[AGE_SIZE];

	(void)printf("Record %lld: %s since %s (%s)\n", (long long)record->id,
		     record_state_name(record->state), format_local_time(record->changed_at_ms, at),
		     format_age(view->now_ms - record->changed_at_ms, age));
}

static void
print_properties(const struct record_view *view)
{
	for (const struct property *p = record_properties; p->get != NULL; p++) {
		AUTO(freep) char *text = property_text(p, view, false);

		if (p->label != NULL)
			print_line(p->label, text);
	}
	if (view->record->rcpt.len == 0)
		print_line("recipient", "not known");
	/* A revision is 64 digits; so many tell it from any other. */
	if (view->record->policy_revision != NULL)
		(void)printf("  %-14s %.12s\n", "policy", view->record->policy_revision);
}

static int
print_reason(const struct store_sidecar *sidecar, void *ctx)
{
	AUTO(bdr_done) struct bdr bdr = { 0 };
	AUTO(freep) char *reason = NULL;

	(void)ctx;
	(void)printf("  %-14s %zu bytes: --sidecar %s\n", "kept beside", sidecar->data.len,
		     sidecar->name);
	if (strcmp(sidecar->name, "bdr") != 0)
		return 0;
	bdr_read(sidecar->data, &bdr);
	reason = text_for_people(span_of(bdr.reason));
	print_line("IIS said", reason);
	return 0;
}

/* Of a badmail: the code, the words, and the files. */
static void
print_badmail(const struct show *show, const struct store_record *record)
{
	struct error err;
	uint32_t code;

	if (record->error_code != NULL && error_code_parse(record->error_code, &code) > 0)
		(void)printf("  %-14s %s: %s\n", "error code", record->error_code,
			     error_code_meaning(code));
	if (store_sidecars(show->store, record->id, print_reason, NULL, &err) < 0)
		complain("%s", err.text);
}

/* "3: address bob@example.net, 250 records from … to …" */
static int
print_storm(const struct store_storm *storm, void *ctx)
{
	AUTO(freep) char *shared = text_for_people(span_of(storm->shared));
	char began[LOCAL_TIME_SIZE], last[LOCAL_TIME_SIZE];

	(void)ctx;
	(void)printf("  %-14s %lld: %s, %lld records from %s to %s\n", "storm",
		     (long long)storm->id, shared, (long long)storm->members,
		     format_local_time(storm->began_at_ms, began),
		     format_local_time(storm->last_at_ms, last));
	return 0;
}

static void
print_recipient(json_t *recipient)
{
	struct facts_explanation explained;
	AUTO(freep)
	char *status =
		text_for_people(span_of(json_string_value(json_object_get(recipient, "status"))));
	AUTO(freep)
	char *action =
		text_for_people(span_of(json_string_value(json_object_get(recipient, "action"))));

	(void)puts("");
	print_fact("about", recipient, "final");
	print_fact("originally", recipient, "original");
	if (*status != '\0' || *action != '\0')
		(void)printf("  %-14s %s%s%s%s\n", "status", status,
			     *status != '\0' && *action != '\0' ? " " : "", action,
			     json_is_true(json_object_get(recipient, "status_derived"))
				     ? " (derived from a reply code)"
				     : "");
	if (facts_explain(status, &explained) > 0)
		(void)printf("  %-14s %s. %s\n", "which means", explained.known->meaning,
			     explained.known->advice);
	print_fact("host", recipient, "remote_mta");
	print_fact("said", recipient, "diagnostic");
}

static void
print_facts(json_t *facts)
{
	json_t *recipients = json_object_get(facts, "recipients");
	json_t *original = json_object_get(facts, "original");
	size_t len = json_array_size(recipients);

	if (len > 0)
		(void)puts("\nWhat it reports");
	for (size_t i = 0; i < len && i < RECIPIENTS_SHOWN; i++)
		print_recipient(json_array_get(recipients, i));
	if (len > RECIPIENTS_SHOWN)
		(void)printf("\n  … and %zu recipients more; --json shows all\n",
			     len - RECIPIENTS_SHOWN);
	if (json_object_size(original) == 0)
		return;
	(void)puts("\nThe returned message");
	print_fact("Message-ID", original, "message_id");
	print_fact("From", original, "from");
	print_fact("Return-Path", original, "return_path");
	print_fact("Subject", original, "subject");
	print_fact("came from", original, "client_ip");
}

static int
print_journal_entry(const struct store_journal_entry *entry, void *ctx)
{
	AUTO(freep) char *who = text_for_people(span_of(entry->who));
	AUTO(freep) char *why = text_for_people(span_of(entry->why));
	bool note = entry->from_state != NULL && strcmp(entry->from_state, entry->to_state) == 0;
	char at[LOCAL_TIME_SIZE];

	(void)ctx;
	(void)printf("  %s  %-10s %s%s%s\n", format_local_time(entry->at_ms, at),
		     note ? "" : entry->to_state, who, *why != '\0' ? ": " : "", why);
	return 0;
}

/* What can be done next; in the words of the command line. */
static void
print_hint(const struct show *show)
{
	long long id = (long long)show->id;
	const char *to = show->no_recipient ? " --to ADDRESS" : "";

	switch (show->state) {
	case RECORD_HELD:
	case RECORD_FAILED:
		if (!show->purged)
			(void)printf("\nnext: ndrq release %lld%s | ndrq delete %lld | "
				     "ndrq show --raw %lld\n",
				     id, to, id, id);
		return;
	case RECORD_DELETED:
		if (!show->purged)
			(void)printf("\nnext: ndrq release %lld%s | ndrq show --raw %lld\n", id, to,
				     id);
		return;
	case RECORD_SENDING:
	case RECORD_SENT:
	case RECORD_RELEASING:
	case RECORD_RELEASED:
		if (!show->purged)
			(void)printf("\nnext: ndrq show --raw %lld\n", id);
		return;
	}
}

static int
print_block(const struct store_record *record, void *ctx)
{
	struct show *show = ctx;
	struct record_view view = view_of(record, show->now_ms);
	struct error err;

	show->state = record->state;
	show->purged = record->purged_at_ms != 0;
	show->no_recipient = record->rcpt.len == 0;
	print_head(&view);
	print_properties(&view);
	print_badmail(show, record);
	if (record->storm != 0 &&
	    store_get_storm(show->store, record->storm, print_storm, NULL, &err) < 0)
		complain("%s", err.text);
	print_facts(view.facts);
	view_done(&view);
	return 0;
}

static int
show_block(struct show *show)
{
	struct error err = { 0 };
	int found = store_get(show->store, show->id, print_block, show, &err);

	if (found < 0)
		return store_refusal(&err);
	if (found == 0)
		return EXIT_REFUSED;
	(void)puts("\nJournal");
	if (store_journal(show->store, show->id, print_journal_entry, NULL, &err) < 0)
		return store_refusal(&err);
	if (output_is_terminal())
		print_hint(show);
	return EX_OK;
}

/* ---- JSON ------------------------------------------------------------ */

static int
add_journal_entry(const struct store_journal_entry *entry, void *ctx)
{
	struct show *show = ctx;
	json_t *object = json_object();

	(void)json_object_set_new(object, "at", json_of_time(entry->at_ms));
	(void)json_object_set_new(object, "from", json_of_text(span_of(entry->from_state)));
	(void)json_object_set_new(object, "to", json_of_text(span_of(entry->to_state)));
	(void)json_object_set_new(object, "who", json_of_text(span_of(entry->who)));
	(void)json_object_set_new(object, "why", json_of_text(span_of(entry->why)));
	(void)json_object_set_new(object, "batch",
				  entry->batch != 0 ? json_integer(entry->batch) : NULL);
	(void)json_array_append_new(show->journal, object);
	return 0;
}

static int
print_object(const struct store_record *record, void *ctx)
{
	struct show *show = ctx;
	struct record_view view = view_of(record, show->now_ms);
	json_t *object = record_to_json(&view);

	(void)json_object_set(object, "facts", view.facts);
	(void)json_object_set(object, "journal", show->journal);
	if (json_array_size(show->sidecars) > 0)
		(void)json_object_set(object, "sidecars", show->sidecars);
	output_json_take(object);
	view_done(&view);
	return 0;
}

static int
add_sidecar(const struct store_sidecar *sidecar, void *ctx)
{
	struct show *show = ctx;

	(void)json_array_append_new(show->sidecars, json_of_text(span_of(sidecar->name)));
	return 0;
}

static int
show_json(struct show *show)
{
	struct error err = { 0 };
	int found = -1;

	show->journal = json_array();
	show->sidecars = json_array();
	if (store_journal(show->store, show->id, add_journal_entry, show, &err) >= 0 &&
	    store_sidecars(show->store, show->id, add_sidecar, show, &err) == 0)
		found = store_get(show->store, show->id, print_object, show, &err);
	json_decref(show->journal);
	json_decref(show->sidecars);
	if (found < 0)
		return store_refusal(&err);
	return found > 0 ? EX_OK : EXIT_REFUSED;
}

/* ---- the message itself ---------------------------------------------- */

/* Bytes on their way out, from the body or from what came beside it. */
struct raw {
	const char *sidecar;
	int (*write)(void *ctx, const void *data, size_t len, struct error *err);
	struct buffer *rest;
	struct error *err;
	int found; /* 1, 0, −1 */
};

static int
write_exact(void *ctx, const void *data, size_t len, struct error *err)
{
	(void)ctx;
	if (fwrite(data, 1, len, stdout) == len)
		return 0;
	return error_errno(err, "standard output cannot be written");
}

/* ctx is a struct buffer: what came after the last line end. */
static int
write_for_terminal(void *ctx, const void *data, size_t len, struct error *err)
{
	struct buffer *text = ctx;
	const char *end;
	size_t done = 0;

	buffer_add(text, data, len);
	while (done < text->len &&
	       (end = memchr(text->data + done, '\n', text->len - done)) != NULL) {
		struct span line = { text->data + done, (size_t)(end - text->data) - done };
		AUTO(freep) char *shown = NULL;

		done += line.len + 1;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		shown = text_for_people(line);
		if (puts(shown) < 0)
			return error_errno(err, "standard output cannot be written");
	}
	buffer_consume(text, done);
	return 0;
}

static int
write_raw(const struct store_sidecar *sidecar, void *ctx)
{
	struct raw *raw = ctx;

	if (strcmp(sidecar->name, raw->sidecar) != 0)
		return 0;
	raw->found =
		raw->write(raw->rest, sidecar->data.data, sidecar->data.len, raw->err) < 0 ? -1 : 1;
	return 1;
}

/* As store_read_body. */
static int
read_sidecar(const struct show *show, struct raw *raw)
{
	if (store_sidecars(show->store, show->id, write_raw, raw, raw->err) < 0)
		return -1;
	return raw->found;
}

static int
show_raw(struct show *show)
{
	AUTO(buffer_done) struct buffer rest = { 0 };
	struct error err = { 0 };
	struct raw raw = { .sidecar = show->sidecar,
			   .write = output_is_terminal() ? write_for_terminal : write_exact,
			   .rest = &rest,
			   .err = &err };
	int found = show->sidecar != NULL
			    ? read_sidecar(show, &raw)
			    : store_read_body(show->store, show->id, raw.write, &rest, &err);

	if (found < 0)
		return ferror(stdout) ? EX_IOERR : store_refusal(&err);
	if (found == 0)
		return EXIT_REFUSED;
	if (rest.len > 0)
		(void)write_for_terminal(&rest, "\n", 1, &err);
	return EX_OK;
}

static int
show_record(struct show *show)
{
	int rc;

	if (show->raw || show->sidecar != NULL)
		rc = show_raw(show);
	else
		rc = show->json ? show_json(show) : show_block(show);
	if (rc == EXIT_REFUSED && show->sidecar != NULL)
		complain("%lld: there is no such record, or it has no %s, or its text was purged",
			 (long long)show->id, show->sidecar);
	else if (rc == EXIT_REFUSED)
		complain("%lld: there is no such record%s", (long long)show->id,
			 show->raw ? ", or its text was purged" : "");
	return rc;
}

static int
read_one_id(int operands, char **operand, int64_t *ret_id)
{
	AUTO(ids_done) struct ids ids = { .items = NULL };
	struct error err = { 0 };
	int rc = ids_read(operands, operand, stdin, &ids, &err);

	if (rc != EX_OK) {
		complain("%s", err.text);
		return rc;
	}
	if (ids.len != 1) {
		complain("show: one id at a time");
		return EX_USAGE;
	}
	*ret_id = ids.items[0];
	return EX_OK;
}

int
cmd_show(const struct tool *tool, int argc, char **argv)
{
	AUTO(workplace_close) struct workplace place = { .settings = NULL };
	struct show show = { .now_ms = clock_now_ms(), .json = tool->json };
	int key, rc;

	while ((key = option_next(show_options, argc, argv)) != OPTION_END) {
		switch (key) {
		case OPTION_RAW:
			show.raw = true;
			break;
		case OPTION_SIDECAR:
			show.sidecar = optarg;
			break;
		case OPTION_JSON:
			show.json = true;
			break;
		case OPTION_HELP:
			return verb_help(argv[0]);
		default:
			return EX_USAGE;
		}
	}
	if ((rc = read_one_id(argc - optind, argv + optind, &show.id)) != EX_OK ||
	    (rc = workplace_open(tool, &place)) != EX_OK)
		return rc;
	show.store = place.store;
	return show_record(&show);
}
