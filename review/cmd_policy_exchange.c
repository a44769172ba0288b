/*
 * cmd_policy_exchange.c: a policy from Exchange's remote domains, and back.
 *
 *	ndrq policy import --exchange FILE [--local DOMAIN]…
 *	ndrq policy export --exchange [--file FILE]
 *
 * The result is on standard output, and was read as a policy before it was
 * printed. What has no place in it is said on standard error, line by line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"
#include "base/config_text.h"
#include "base/file.h"
#include "policy/exchange.h"
#include "review/cmd_policy.h"
#include "review/output.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define LOCALS_MAX     100

enum { OPTION_EXCHANGE = OPTION_OWN, OPTION_LOCAL, OPTION_FILE };

const struct verb_option policy_import_options[] = {
	{ "exchange", OPTION_EXCHANGE, "FILE",
	  "what Get-RemoteDomain, Get-TransportConfig printed, CSV or list" },
	{ "local", OPTION_LOCAL, "DOMAIN", "one of local_domains; may be there again" },
	OPTION_ROW_HELP,
	{ .name = NULL },
};
const struct verb_option policy_export_options[] = {
	{ "exchange", OPTION_EXCHANGE, NULL, "as lines for Set-RemoteDomain, Set-TransportConfig" },
	{ "file", OPTION_FILE, "FILE", "the policy, instead of the one in ndrq.conf" },
	OPTION_ROW_HELP,
	{ .name = NULL },
};

/* "FILE: note" a line. */
static void
complain_notes(const char *path, const struct buffer *notes)
{
	const char *line = notes->data;

	while (line != NULL && *line != '\0') {
		size_t len = strcspn(line, "\n");

		complain("%s: %.*s", path, (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static int
print_all(const struct buffer *text)
{
	(void)fwrite(text->data, 1, text->len, stdout);
	return output_finish();
}

static int
refuse_file(const char *path, const struct error *err)
{
	complain("%s: %s", path, err->text);
	return EX_DATAERR;
}

static int
import(const char *path, const char *const *local, size_t local_len)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(buffer_done) struct buffer notes = { 0 };
	AUTO(exchange_done) struct exchange_list list = { 0 };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	struct config_draft draft = { "policy", { NULL, 0 } };
	struct error err = { 0 };

	if (file_read(path, FILE_BYTES_MAX, &bytes, &err) < 0) {
		complain("%s", err.text);
		return EX_NOINPUT;
	}
	if (exchange_read(buffer_span(&bytes), &list, &err) < 0 ||
	    exchange_to_policy(&list, local, local_len, &text, &notes, &err) < 0)
		return refuse_file(path, &err);
	draft.text = buffer_span(&text);
	if (policy_read_draft(draft.path, &draft, &policy, NULL, &err) < 0)
		return refuse_file(path, &err);
	complain_notes(path, &notes);
	return print_all(&text);
}

int
policy_import(const struct tool *tool, int argc, char **argv)
{
	const char *path = NULL, *local[LOCALS_MAX];
	size_t local_len = 0;
	int option;

	(void)tool;
	while ((option = option_next(policy_import_options, argc, argv)) != OPTION_END)
		switch (option) {
		case OPTION_EXCHANGE:
			path = optarg;
			break;
		case OPTION_LOCAL:
			if (local_len == LOCALS_MAX) {
				complain("policy import: too many --local");
				return EX_USAGE;
			}
			local[local_len++] = optarg;
			break;
		case OPTION_HELP:
			(void)puts("usage: ndrq policy import --exchange FILE [--local DOMAIN]…\n"
				   "Prints a policy that does what Exchange's remote domains do.");
			options_print(policy_import_options, stdout);
			return EX_OK;
		default:
			return EX_USAGE;
		}
	if (path == NULL || optind < argc) {
		complain("policy import: --exchange FILE is expected");
		return EX_USAGE;
	}
	return import(path, local, local_len);
}

int
policy_export(const struct tool *tool, int argc, char **argv)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(freep) char *path = NULL;
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(buffer_done) struct buffer notes = { 0 };
	const char *given = NULL;
	bool exchange = false;
	int option, rc;

	while ((option = option_next(policy_export_options, argc, argv)) != OPTION_END)
		switch (option) {
		case OPTION_EXCHANGE:
			exchange = true;
			break;
		case OPTION_FILE:
			given = optarg;
			break;
		case OPTION_HELP:
			(void)puts("usage: ndrq policy export --exchange [--file FILE]\n"
				   "Prints the policy as lines for Exchange's Set-RemoteDomain.");
			options_print(policy_export_options, stdout);
			return EX_OK;
		default:
			return EX_USAGE;
		}
	if (!exchange || optind < argc) {
		complain("policy export: --exchange is expected");
		return EX_USAGE;
	}
	if ((rc = policy_path(tool, given, &path)) != EX_OK ||
	    (rc = policy_load(path, &policy, NULL)) != EX_OK)
		return rc;
	exchange_from_policy(policy, &text, &notes);
	complain_notes(path, &notes);
	return print_all(&text);
}
