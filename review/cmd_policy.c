/*
 * cmd_policy.c: is a policy good, and what would it do?
 *
 *	ndrq policy check FILE
 *	ndrq policy test FILE --rcpt A [--orcpt A] [--from A]
 *		[[--class NAME] [--proof WHAT] | MESSAGE]
 *
 * Finds the verb, and has these two; the others are in files of their own.
 * Reads the file it is given and a message; knows neither the store nor the
 * daemon, so it can be tried before either is set up. What is wrong with a
 * policy is printed as it is found, "file:line: …", and the exit status is
 * EX_CONFIG; a file that cannot be read is EX_NOINPUT.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admit/altered.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/settings.h"
#include "base/text.h"
#include "facts/facts.h"
#include "policy/domain.h"
#include "policy/view.h"
#include "review/cmd_policy.h"
#include "review/output.h"

/* As the daemon does with its own default of limits.size (ndrq.conf(5)). */
#define MESSAGE_BYTES_MAX ((size_t)50 << 20)

static const char check_usage[] =
	"usage: ndrq policy check FILE\n"
	"Says nothing and exits with 0 when FILE is a good policy; otherwise prints\n"
	"what is wrong as \"file:line: …\" and exits with 78. Warnings do not change\n"
	"the exit status.\n";

static const char test_usage[] =
	"usage: ndrq policy test FILE --rcpt ADDRESS [OPTION…] [MESSAGE]\n"
	"Prints what the policy in FILE does with MESSAGE (- is standard input), or\n"
	"without one with any notification of a class:\n"
	"    ACTION rule=RULE domain=DOMAIN class=CLASS\n"
	"and of MESSAGE whether its sender was who he said: proof=proved, forged, none.\n"
	"Below stand the rules that count and could make it stricter, a line each.\n"
	"  --rcpt ADDRESS    the envelope recipient\n"
	"  --orcpt ADDRESS   the original recipient (ORCPT, Delivered-To)\n"
	"  --from ADDRESS    the envelope sender; without it the null sender\n"
	"  --class NAME      without MESSAGE: failed (the default), delayed, delivered,\n"
	"                    relayed, expanded, receipt, auto-reply, abuse-report,\n"
	"                    unknown, mail\n"
	"  --proof WHAT      without MESSAGE: proved, forged, or none (the default)\n"
	"  --json            the same as a JSON object\n";

static const char policy_usage[] =
	"usage: ndrq policy check FILE\n"
	"       ndrq policy test FILE --rcpt ADDRESS [OPTION…] [MESSAGE]\n"
	"       ndrq policy show [DOMAIN]\n"
	"       ndrq policy diff A B\n"
	"       ndrq policy replay NEW.conf [OPTION…]\n"
	"       ndrq policy allow DOMAIN\n"
	"       ndrq policy deny DOMAIN\n"
	"       ndrq policy set DOMAIN KEY=VALUE…\n"
	"       ndrq policy import --exchange FILE\n"
	"       ndrq policy export --exchange\n"
	"\"ndrq policy VERB --help\" says more.\n";

static int
usage(const char *text)
{
	(void)fputs(text, stderr);
	return EX_USAGE;
}

static int
help(const char *text)
{
	(void)fputs(text, stdout);
	return EX_OK;
}

void
policy_complain_lines(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		AUTO(freep) char *shown = text_to_printable((struct span){ text, len });

		(void)fprintf(stderr, "%s\n", shown);
		text += len + (text[len] == '\n');
	}
}

int
policy_load(const char *path, struct policy **ret_policy, struct buffer *warnings)
{
	struct error err = { 0 };

	if (policy_read(path, ret_policy, warnings, &err) == 0)
		return EX_OK;
	policy_complain_lines(err.text);
	return err.class == ERROR_TEMP ? EX_NOINPUT : EX_CONFIG;
}

int
policy_path_and_store(const struct tool *tool, char **ret_path, char **ret_store)
{
	AUTO(settings_freep) struct settings *settings = NULL;
	struct error err = { 0 };

	if (settings_read(tool->config_path, &settings, &err) < 0) {
		policy_complain_lines(err.text);
		return EX_CONFIG;
	}
	*ret_path = xstrdup(settings->policy);
	*ret_store = xstrdup(settings->store);
	return EX_OK;
}

int
policy_path(const struct tool *tool, const char *given, char **ret_path)
{
	AUTO(freep) char *store = NULL;

	if (given == NULL)
		return policy_path_and_store(tool, ret_path, &store);
	*ret_path = xstrdup(given);
	return EX_OK;
}

int
policy_argument(const char *text, char **ret_domain, bool *ret_subtree)
{
	const char *at = strrchr(text, '@'), *wrong;

	*ret_domain = NULL;
	*ret_subtree = false;
	if (strcmp(text, "*") == 0 || strcmp(text, "Default") == 0)
		return EX_OK;
	*ret_domain = domain_read(at != NULL ? at + 1 : text, ret_subtree, &wrong);
	if (*ret_domain != NULL)
		return EX_OK;
	complain("\"%s\": %s", text, wrong);
	return EX_USAGE;
}

static int
run_check(const struct tool *tool, int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	int c, rc;

	(void)tool; /* it has nothing to say but the exit status */
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		return c == 'h' ? help(check_usage) : usage(check_usage);
	if (argc - optind != 1)
		return usage(check_usage);
	rc = policy_load(argv[optind], &policy, &warnings);
	if (warnings.len > 0)
		policy_complain_lines(warnings.data);
	return rc;
}

/* ---- test -------------------------------------------------------------------- */

struct trial {
	const char *file, *rcpt, *orcpt, *from, *class_name, *proof_name, *message;
	enum policy_proof proof;
	int64_t size_bytes; /* of message */
	bool json;
	struct buffer *bytes; /* of the message */
};

/* 0, or an exit status: the arguments were wrong (EX_USAGE), or -1: help was asked for. */
static int
parse_trial(int argc, char **argv, struct trial *t)
{
	static const struct option options[] = {
		{ "rcpt", required_argument, NULL, 'r' },
		{ "orcpt", required_argument, NULL, 'o' },
		{ "from", required_argument, NULL, 'f' },
		{ "class", required_argument, NULL, 'c' },
		{ "proof", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			t->rcpt = optarg;
			break;
		case 'o':
			t->orcpt = optarg;
			break;
		case 'f':
			t->from = optarg;
			break;
		case 'c':
			t->class_name = optarg;
			break;
		case 'p':
			t->proof_name = optarg;
			break;
		case 'j':
			t->json = true;
			break;
		case 'h':
			return -1;
		default:
			return EX_USAGE;
		}
	}
	if (argc - optind < 1 || argc - optind > 2 || t->rcpt == NULL)
		return EX_USAGE;
	t->file = argv[optind];
	t->message = argv[optind + 1]; /* NULL behind the last */
	return t->message != NULL && (t->class_name != NULL || t->proof_name != NULL) ? EX_USAGE
										      : EX_OK;
}

static bool
read_all(int fd, struct buffer *bytes, bool *ret_truncated)
{
	char chunk[65536];
	ssize_t n;

	while (bytes->len <= MESSAGE_BYTES_MAX && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			buffer_add(bytes, chunk, (size_t)n);
	}
	*ret_truncated = bytes->len > MESSAGE_BYTES_MAX;
	return true;
}

/* The facts of the message, as the daemon would find them. */
static int
trial_facts(struct trial *t, const struct policy *policy, struct facts **ret_facts,
	    bool *ret_truncated)
{
	const struct facts_envelope envelope = { t->from, t->rcpt };
	const struct facts_site site = policy_site(policy);
	bool is_stdin = strcmp(t->message, "-") == 0;
	AUTO(closep) int fd = -1;

	fd = is_stdin ? dup(STDIN_FILENO) : open(t->message, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !read_all(fd, t->bytes, ret_truncated)) {
		AUTO(freep) char *shown = text_to_printable(span_of(t->message));

		(void)fprintf(stderr, "ndrq: %s: %s\n", shown, strerror(errno));
		return EX_NOINPUT;
	}
	t->size_bytes = (int64_t)t->bytes->len;
	facts_init();
	*ret_facts = facts_from_message_at(buffer_span(t->bytes), &envelope,
					   site.hosts_len > 0 ? &site : NULL);
	return EX_OK;
}

/* What a budget counts. */
static const char *
budget_phrase(enum policy_budget_kind kind)
{
	switch (kind) {
	case POLICY_BUDGET_LIMIT:
		return "sent";
	case POLICY_BUDGET_STORM:
		return "notifications";
	case POLICY_BUDGET_HARVEST:
		return "unknown recipients";
	}
	return "";
}

static json_t *
budgets_to_json(const struct policy_decision *d)
{
	json_t *list = d->budgets_len == 0 ? NULL : json_array();

	for (size_t i = 0; i < d->budgets_len; i++) {
		const struct policy_budget *b = &d->budgets[i];
		AUTO(freep) char *key = text_to_utf8(span_of(b->key));

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "rule", b->rule, "counts",
					policy_budget_name(b->kind), "max", (json_int_t)b->max,
					"window_ms", (json_int_t)b->window_ms, "shared", key,
					"else", policy_action_name(b->else_action)));
	}
	return list;
}

/* proof: NULL without a message. */
static int
print_json(const struct policy *policy, const struct policy_decision *d, enum facts_class class,
	   const char *proof)
{
	/* a domain libidn2 refuses may be any bytes */
	AUTO(freep) char *domain = d->domain != NULL ? text_to_utf8(span_of(d->domain)) : NULL;
	json_t *object = json_pack("{s:s, s:s, s:s*, s:s, s:s*, s:b, s:o*}", "action",
				   policy_action_name(d->action), "rule", d->rule, "domain", domain,
				   "class", facts_class_name(class), "proof", proof, "observe",
				   (int)policy_observes(policy), "budgets", budgets_to_json(d));
	int rc;

	if (d->no_diagnostics)
		(void)json_object_set_new(object, "ndr_diagnostics", json_false());
	if (d->returned != POLICY_RETURNED_FULL)
		(void)json_object_set_new(
			object, "returned",
			json_string(policy_value_name(POLICY_KEY_RETURNED, (int)d->returned)));
	rc = object == NULL ? -1 : json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
	(void)putchar('\n');
	return rc;
}

static void
print_value(const char *key, const char *value)
{
	AUTO(freep) char *shown = text_to_printable(span_of(value));
	const char *quote = strchr(shown, ' ') != NULL ? "\"" : "";

	(void)printf(" %s=%s%s%s", key, quote, shown, quote);
}

static void
print_budget(const struct policy_budget *b)
{
	AUTO(freep) char *key = text_to_printable(span_of(b->key));
	char window[AGE_SIZE];

	(void)printf("    %s beyond %lld %s in %s, %s:", policy_action_name(b->else_action),
		     (long long)b->max, budget_phrase(b->kind), format_age(b->window_ms, window),
		     key);
	print_value("rule", b->rule);
	(void)putchar('\n');
}

static void
print_plain(const struct policy *policy, const struct policy_decision *d, enum facts_class class,
	    const char *proof)
{
	(void)fputs(policy_action_name(d->action), stdout);
	print_value("rule", d->rule);
	print_value("domain", d->domain != NULL ? d->domain : "-");
	print_value("class", facts_class_name(class));
	if (proof != NULL)
		print_value("proof", proof);
	if (d->no_diagnostics)
		print_value("ndr_diagnostics", "false");
	if (d->returned != POLICY_RETURNED_FULL)
		print_value("returned", policy_value_name(POLICY_KEY_RETURNED, (int)d->returned));
	(void)puts(policy_observes(policy) ? " mode=observe" : "");
	for (size_t i = 0; i < d->budgets_len; i++)
		print_budget(&d->budgets[i]);
}

static int
decide_and_print(const struct trial *t, const struct policy *policy, const struct facts *facts,
		 bool truncated)
{
	const struct policy_subject subject = {
		.facts = facts,
		.rcpt = t->rcpt,
		.orcpt = t->orcpt,
		.truncated = truncated,
		.size_bytes = t->size_bytes,
		.received_at_ms = clock_now_ms(),
		.proof = t->proof,
	};
	struct altered_memo memo = { 0 };
	struct policy_decision d;
	const char *proof;
	int rc = 0;

	policy_decide(policy, &subject, &d);
	if (t->message != NULL)
		altered_judge(buffer_span(t->bytes), facts, &memo, &d);
	proof = t->message != NULL ? policy_proof_name(d.proof) : NULL;
	if (t->json)
		rc = print_json(policy, &d, facts->class, proof);
	else
		print_plain(policy, &d, facts->class, proof);
	policy_decision_done(&d);
	if (fflush(stdout) == 0 && rc == 0)
		return EX_OK;
	(void)fprintf(stderr, "ndrq: standard output: %s\n", strerror(errno));
	return EX_IOERR;
}

static int
run_test(const struct tool *tool, int argc, char **argv)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };
	struct trial t = { .from = "", .json = tool->json, .bytes = &bytes };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(facts_freep) struct facts *read = NULL;
	struct facts assumed = { .class = FACTS_FAILED };
	bool truncated = false;
	int rc = parse_trial(argc, argv, &t);

	if (rc < 0)
		return help(test_usage);
	if (rc == EX_OK && t.class_name != NULL &&
	    facts_class_from_name(t.class_name, &assumed.class) != 1)
		rc = EX_USAGE;
	if (rc == EX_OK && t.proof_name != NULL &&
	    policy_proof_from_name(t.proof_name, &t.proof) != 1)
		rc = EX_USAGE;
	if (rc != EX_OK)
		return usage(test_usage);
	if ((rc = policy_load(t.file, &policy, NULL)) != EX_OK)
		return rc;
	if (t.message != NULL && (rc = trial_facts(&t, policy, &read, &truncated)) != EX_OK)
		return rc;
	return decide_and_print(&t, policy, read != NULL ? read : &assumed, truncated);
}

int
cmd_policy(const struct tool *tool, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct tool *tool, int argc, char **argv);
	} verbs[] = {
		{ "check", run_check },      { "test", run_test },
		{ "show", policy_show },     { "diff", policy_diff },
		{ "replay", policy_replay }, { "allow", policy_allow },
		{ "deny", policy_deny },     { "set", policy_set },
		{ "import", policy_import }, { "export", policy_export },
	};
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help(policy_usage);
	optind = 0; /* glibc: begin anew */
	opterr = 0; /* the usage text says it better */
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(name, verbs[i].name) == 0)
			return verbs[i].run(tool, argc - 1, argv + 1);
	return usage(policy_usage);
}
