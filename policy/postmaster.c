/*
 * postmaster.c: what the postmaster is told, and where.
 *
 * The keys are checked when the policy is read, the rows with them: a copy or
 * a digest needs somebody who gets it. Afterwards they are only lent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/count.h"
#include "policy/domain.h"
#include "policy/rule.h"

#define ADDRESS_BYTES_MAX 254 /* RFC 5321 4.5.3.1.3, without the brackets */

bool
policy_is_address(const char *text)
{
	const char *at = strrchr(text, '@');
	AUTO(freep) char *domain = NULL;
	const char *wrong;
	bool subtree;

	if (at == NULL || at == text || strlen(text) > ADDRESS_BYTES_MAX)
		return false;
	for (const char *s = text; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7F || (s < at && strchr("@<>()[],;:\\\"", *s) != NULL))
			return false;
	domain = domain_read(at + 1, &subtree, &wrong);
	return domain != NULL && !subtree;
}

static int
check_address(const struct config_file *file, const char *key, const char *text, struct error *err)
{
	AUTO(freep) char *shown = text != NULL ? text_to_printable(span_of(text)) : NULL;

	if (text == NULL || policy_is_address(text))
		return 0;
	return config_error(file, config_find(file, key), err,
			    "%s: \"%.80s\": an address is expected, as in "
			    "\"postmaster@example.org\"",
			    key, shown);
}

/* "07:00" as minutes; -1: it is none. */
static int
minute_of(const char *text)
{
	int hour, minute;

	if (strlen(text) != 5 || text[2] != ':')
		return -1;
	for (int i = 0; i < 5; i++)
		if (i != 2 && (text[i] < '0' || text[i] > '9'))
			return -1;
	hour = (text[0] - '0') * 10 + text[1] - '0';
	minute = (text[3] - '0') * 10 + text[4] - '0';
	return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

static int
read_digest(struct policy *policy, const struct config_file *file, struct error *err)
{
	struct policy_told *t = &policy->told;
	const config_setting_t *at = config_find(file, "digest");
	AUTO(freep) char *shown = NULL;

	if (at == NULL)
		return 0;
	if (t->digest_at == NULL)
		return config_error(file, at, err,
				    "digest: at: required: when it is sent, as in \"07:00\"");
	t->digest_minute = minute_of(t->digest_at);
	shown = text_to_printable(span_of(t->digest_at));
	if (t->digest_minute < 0)
		return config_error(file, config_find(file, "digest.at"), err,
				    "digest.at: \"%.80s\": a time of day is expected, as in "
				    "\"07:00\"",
				    shown);
	if (t->digest_to == NULL && t->postmaster == NULL)
		return config_error(file, at, err,
				    "digest: to: required, for there is no postmaster");
	return 0;
}

static int
read_limit(struct policy *policy, const struct config_file *file, struct error *err)
{
	struct policy_told *t = &policy->told;
	const char *wrong = count_read(t->copy_limit, &t->copy_max, &t->copy_window_ms);
	AUTO(freep) char *shown = text_to_printable(span_of(t->copy_limit));

	if (wrong == NULL)
		return 0;
	return config_error(file, config_find(file, "copy_limit"), err, "copy_limit: \"%.80s\": %s",
			    shown, wrong);
}

static int
check_statuses(const struct policy *policy, const struct config_file *file, struct error *err)
{
	const struct config_list *list = &policy->told.copy_status;

	for (size_t i = 0; i < list->len; i++) {
		AUTO(freep) char *shown = text_to_printable(span_of(list->items[i]));

		if (!policy_is_status_pattern(list->items[i]))
			return config_error(file, config_find(file, "copy_status"), err,
					    "copy_status: \"%.80s\": a status as 5.4.6, 5.4.* or "
					    "5.* is expected",
					    shown);
	}
	return 0;
}

int
policy_postmaster_read(struct policy *policy, const struct config_file *file, struct error *err)
{
	const struct policy_told *t = &policy->told;

	if (check_address(file, "postmaster", t->postmaster, err) < 0 ||
	    check_address(file, "digest.to", t->digest_to, err) < 0 ||
	    read_digest(policy, file, err) < 0 || check_statuses(policy, file, err) < 0)
		return -1;
	return read_limit(policy, file, err);
}

/* Which line says copy; of lines that share a row, the first. It looks through all. */
static unsigned
line_of(const struct policy *policy, const struct policy_row *row)
{
	unsigned line = row->source->origins[POLICY_KEY_COPY][0].line;

	for (size_t i = 0; line == 0 && i < policy->remote.len; i++) {
		const struct domain_entry *e = policy->remote.entries[i];

		if (&policy->rows[e->value] == row)
			line = e->line;
	}
	return line;
}

/* A row whose copies nobody would get. */
static int
check_row(const struct policy *policy, const struct policy_row *row, struct buffer *warnings,
	  struct error *err)
{
	enum policy_copy copy = (enum policy_copy)row->values[POLICY_KEY_COPY][0];
	unsigned said_in = row->source->origins[POLICY_KEY_COPY][0].file;

	if (copy == POLICY_COPY_NONE || said_in == 0)
		return 0;
	if (policy->told.postmaster == NULL)
		return error_set(err, ERROR_PERM,
				 "%s:%u: copy: needs postmaster = \"…\", who gets it",
				 policy->files[said_in - 1], line_of(policy, row));
	if (copy == POLICY_COPY_DIGEST && policy->told.digest_at == NULL && warnings != NULL)
		buffer_printf(warnings,
			      "%s:%u: copy: \"digest\" tells nobody without digest = { at = "
			      "\"07:00\"; }\n",
			      policy->files[said_in - 1], line_of(policy, row));
	return 0;
}

int
policy_postmaster_check(const struct policy *policy, struct buffer *warnings, struct error *err)
{
	for (size_t i = 0; i < policy->rows_len; i++)
		if (check_row(policy, &policy->rows[i], warnings, err) < 0)
			return -1;
	return 0;
}

struct policy_postmaster
policy_postmaster(const struct policy *policy)
{
	const struct policy_told *t = &policy->told;
	const char *digest_to = t->digest_to != NULL ? t->digest_to : t->postmaster;

	return (struct policy_postmaster){
		.address = t->postmaster,
		.copy_status = &t->copy_status,
		.digest_to = t->digest_at != NULL ? digest_to : NULL,
		.digest_minute = t->digest_minute,
		.copy_max = t->copy_max,
		.copy_window_ms = t->copy_window_ms,
	};
}

bool
policy_wants_copy(const struct policy *policy, const struct policy_decision *decision,
		  const struct facts *facts)
{
	const struct config_list *statuses = &policy->told.copy_status;

	if (decision->copy != POLICY_COPY_EACH || facts->class != FACTS_FAILED)
		return false;
	for (size_t i = 0; i < facts->recipients_len; i++)
		if (policy_status_in(statuses, facts->recipients[i].status))
			return true;
	return statuses->len == 0;
}
