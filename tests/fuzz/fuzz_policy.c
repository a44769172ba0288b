/*
 * fuzz_policy.c: any bytes through every reader of policy/.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
 *		-std=gnu11 -D_GNU_SOURCE -I. $(pkg-config --cflags libconfig) -o fuzz_policy \
 *		tests/fuzz/fuzz_policy.c policy/[a-z]*.c base/bytes.c base/clock.c base/config*.c \
 *		base/error.c base/file.c base/text.c \
 *		BUILD/facts/libfacts.a \
 *		$(pkg-config --libs libconfig libidn2 libpsl nettle gmime-3.0 jansson)
 *	./fuzz_policy -max_total_time=180 -max_len=4096 -dict=tests/fuzz/policy.dict
 *
 * The first byte says which reader. What holds for every input: a refusal has
 * a text and class; a policy that was read decides for anyone, and is the same
 * read again; an edit that is made says what was asked (policy_edit checks it
 * itself, and is asked here for texts of any kind); results that a stranger
 * wrote below the border, or under no name of ours, prove nothing.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/config_text.h"
#include "policy/authres.h"
#include "policy/count.h"
#include "policy/domain.h"
#include "policy/edit_text.h"
#include "policy/exchange.h"
#include "policy/network.h"
#include "policy/proof.h"
#include "policy/recipient.h"
#include "policy/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
assert_refused(const struct error *err)
{
	assert(err->class != ERROR_NONE && err->text[0] != '\0');
}

static void
assert_budget(const struct policy_budget *b)
{
	assert(strchr(b->key, ' ') != NULL && b->else_action != POLICY_SEND);
	assert(b->max >= 1 && b->max <= COUNT_MAX && b->window_ms <= COUNT_WINDOW_MS);
	assert((int64_t)b->values_len <= b->max + 1);
}

static void
decide_for_all(const struct policy *policy)
{
	static const char *const rcpts[] = { "a@b.example", "a@ours.example", "a@x.b.example", "",
					     "SRS0=h=t=b.example=a@ours.example" };
	static char mta[] = "mx.ours.example", client[] = "2001:db8::9", id[] = "<1@x>";
	static char user[] = "prvs=1=u@ours.example", unknown[] = "5.1.1";
	static struct facts_recipient one = { .final = user, .status = unknown };
	const struct facts facts = {
		.class = FACTS_FAILED,
		.reporting_mta = mta,
		.reporting_mta_source = FACTS_SOURCE_DSN,
		.recipients = &one,
		.recipients_len = 1,
		.original = { .client_ip = client, .message_id = id, .walk = FACTS_WALK_BORDER }
	};

	for (size_t i = 0; i < sizeof(rcpts) / sizeof(rcpts[0]); i++) {
		const struct policy_subject subject = { .facts = &facts, .rcpt = rcpts[i] };
		struct policy_decision d;

		policy_decide(policy, &subject, &d);
		assert(d.rule[0] != '\0' && d.proof != POLICY_PROOF_PROVED);
		assert(d.budgets_len <= POLICY_BUDGETS_MAX);
		for (size_t b = 0; b < d.budgets_len; b++)
			assert_budget(&d.budgets[b]);
		policy_decision_done(&d);
	}
}

/* Reads the text as a policy; it forks a child, so this is the slow one. */
static void
read_policy(struct span in)
{
	const struct config_draft draft = { "fuzz", in };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(policy_unrefp) struct policy *again = NULL;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	struct error err = { 0 };

	if (policy_read_draft("fuzz", &draft, &policy, &warnings, &err) < 0) {
		assert_refused(&err);
		return;
	}
	decide_for_all(policy);
	assert(policy_read_draft("fuzz", &draft, &again, NULL, &err) == 0);
	assert(strcmp(policy_revision(policy), policy_revision(again)) == 0);
}

/* The list alone, into a policy of one row. */
static void
read_list(struct span in)
{
	const struct config_draft draft = { "list", in };
	AUTO(policy_unrefp) struct policy *policy = xcalloc(1, sizeof(*policy));
	const struct domain_entry *first, *second;
	AUTO(buffer_done) struct buffer warnings = { 0 };
	struct error err = { 0 };

	atomic_init(&policy->refs, 1);
	policy_row_add(policy)->name = "Default";
	if (policy_listed_read(policy, "list", &draft, &warnings, &err) < 0) {
		assert_refused(&err);
		return;
	}
	(void)domain_table_index(&policy->remote, &first, &second);
	policy_gather_says(policy);
	decide_for_all(policy);
	for (size_t i = 0; i < policy->remote.len; i++) {
		const struct domain_entry *e = policy->remote.entries[i];

		assert(e->subtree ? domain_table_find_subtree(&policy->remote, e->domain) != NULL
				  : domain_table_find(&policy->remote, e->domain) != NULL);
	}
}

static char host[] = "mx.ours.example";
static char *host_items[] = { host };

/* Each line of the input as one of every kind, above the border or below; with and without a name
 * of ours. */
static enum policy_proof
judge(struct span in, bool above, bool has_ids)
{
	struct policy policy = {
		.our_hosts = { host_items, 1 },
		.authserv_ids = { host_items, has_ids },
		.trusted_arc_sealers = { host_items, has_ids },
	};
	struct facts facts = { .class = FACTS_FAILED,
			       .reporting_mta = host,
			       .reporting_mta_source = FACTS_SOURCE_DSN,
			       .original = { .walk = FACTS_WALK_BORDER } };
	AUTO(freep) char *text = span_dup(in);
	struct facts_original *o = &facts.original;

	for (char *line = strtok(text, "\n"); line != NULL && o->proofs_len < FACTS_PROOFS_MAX;
	     line = strtok(NULL, "\n"), o->proofs_len++)
		o->proofs[o->proofs_len] =
			(struct facts_proof){ .kind = (enum facts_proof_kind)(o->proofs_len % 4),
					      .above_border = above,
					      .text = line };
	return proof_find(&policy, &facts, "b.example");
}

static void
read_results(struct span in)
{
	AUTO(freep) char *text = span_dup(in);

	for (int form = 0; form < 3; form++) {
		AUTO(authres_done) struct authres a = { 0 };
		bool read = form == 0   ? authres_read(text, &a)
			    : form == 1 ? authres_read_arc(text, &a)
					: authres_read_spf(text, &a);

		for (size_t i = 0; read && i < a.results_len; i++)
			assert(a.results[i].method != NULL && a.results[i].value != NULL);
	}
	(void)judge(in, true, true);
	assert(judge(in, false, true) == POLICY_PROOF_NONE);
	assert(judge(in, true, false) == POLICY_PROOF_NONE);
}

static void
read_exchange(struct span in)
{
	AUTO(exchange_done) struct exchange_list list = { 0 };
	AUTO(buffer_done) struct buffer text = { 0 };
	AUTO(buffer_done) struct buffer notes = { 0 };
	struct error err = { 0 };

	if (exchange_read(in, &list, &err) < 0 ||
	    exchange_to_policy(&list, NULL, 0, &text, &notes, &err) < 0)
		assert_refused(&err);
}

static void
edit_anything(struct span in)
{
	static const struct policy_setting settings[] = {
		{ POLICY_KEY_NDR_DIAGNOSTICS, POLICY_PROOFS, 1 },
		{ POLICY_KEY_NDR, POLICY_PROOFS, POLICY_SEND },
		{ POLICY_KEY_NDR, POLICY_PROOF_PROVED, POLICY_SEND },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		for (unsigned line = 1; line < 5; line++) {
			AUTO(buffer_done) struct buffer row = { 0 };
			AUTO(buffer_done) struct buffer listed = { 0 };
			AUTO(buffer_done) struct buffer new_row = { 0 };

			(void)edit_text_row(in, line, "b", &settings[i], &row);
			(void)edit_text_line(in, line, &settings[i], &listed);
			(void)edit_text_add_row(in, line % 2 != 0, line > 2, "b", &settings[i],
						&new_row);
		}
}

static void
read_words(struct span in)
{
	AUTO(domain_table_done) struct domain_table local = { 0 };
	AUTO(freep) char *text = span_dup(in);
	AUTO(freep) char *judged = NULL;
	AUTO(freep) char *read = NULL;
	AUTO(freep) char *address = NULL;
	const struct domain_entry *first, *second;
	enum recipient_kind kind;
	const char *wrong;
	struct network network;
	int64_t max, window_ms;
	bool subtree;

	(void)domain_table_add(&local, "ours.example", true, 0);
	(void)domain_table_index(&local, &first, &second);
	(void)recipient_read(text, &local, &judged);
	if (judged != NULL)
		(void)domain_table_find(&local, judged);
	address = recipient_address(text, &local, &kind);
	assert((address != NULL) == (kind == RECIPIENT_LOCAL || kind == RECIPIENT_REMOTE));
	assert(count_read(text, &max, &window_ms) != NULL || max >= 1);
	(void)clock_parse_rfc5322(text, &window_ms);
	read = domain_read(text, &subtree, &wrong);
	if (network_read(text, &network) == NULL)
		assert(network_holds(&network, &network.base));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct span in) = { read_list, read_results, read_exchange,
							   edit_anything, read_words };
	struct span in = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	if (data[0] == 'P') /* one byte in 256, as it is slow */
		read_policy(in);
	else
		readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](in);
	return 0;
}
