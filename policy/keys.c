/*
 * keys.c: the keys of a row of remote_domains, and the names of what they hold.
 *
 * One table; the words of the file, of the commands and of records are its.
 * Nothing here fails.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/rule.h"

const char *const policy_action_choices[] = { "send", "hold", "delete", NULL };
static const char *const flag_choices[] = { "true", "false", NULL };
static const char *const returned_choices[] = { "full", "headers", "none", NULL };
static const char *const copy_choices[] = { "none", "digest", "each", NULL };

/* In the order of enum policy_key. */
#define ALL(key)       offsetof(struct policy_row_text, all[key])
#define OF(key, proof) offsetof(struct policy_row_text, members[key][proof])
#define ONE(name, offset, fallback, help)                                                          \
	{                                                                                          \
		name, CONFIG_CHOICE, offset, fallback, 0, 0, policy_action_choices, help           \
	}
#define ACTION(name, key, fallback, help)                                                          \
	ONE(name, ALL(key), fallback, help),                                                       \
		ONE(name ".proved", OF(key, POLICY_PROOF_PROVED), NULL,                            \
		    "of a sender who was who he said"),                                            \
		ONE(name ".forged", OF(key, POLICY_PROOF_FORGED), NULL, "of one who was not"),     \
		ONE(name ".none", OF(key, POLICY_PROOF_NONE), NULL, "of one who is not known")
const struct config_item policy_row_items[] = {
	{ "name", CONFIG_TEXT, offsetof(struct policy_row_text, name), NULL, 1, 64, NULL,
	  "as records call it" },
	{ "domain", CONFIG_TEXT, offsetof(struct policy_row_text, domain), NULL, 1, 0, NULL,
	  "whose users it is about" },
	ACTION("ndr", POLICY_KEY_NDR, "hold", "non-delivery reports"),
	ACTION("delay", POLICY_KEY_DELAY, "hold", "warnings of delay"),
	ACTION("delivery_report", POLICY_KEY_DELIVERY_REPORT, "hold",
	       "delivered, relayed, expanded"),
	ACTION("receipt", POLICY_KEY_RECEIPT, "hold", "read receipts"),
	ACTION("auto_reply", POLICY_KEY_AUTO_REPLY, "hold", "out of office and the like"),
	ACTION("abuse_report", POLICY_KEY_ABUSE_REPORT, "hold", "complaints"),
	ACTION("unknown", POLICY_KEY_UNKNOWN, "hold", "null sender, none of these"),
	ACTION("forwarded", POLICY_KEY_FORWARDED, "send", "to a local user who forwards"),
	{ "ndr_diagnostics", CONFIG_BOOL, offsetof(struct policy_row_text, ndr_diagnostics), "true",
	  0, 0, NULL, "with what servers said, and which" },
	{ "returned", CONFIG_CHOICE, offsetof(struct policy_row_text, returned), "full", 0, 0,
	  returned_choices, "how much of the returned message goes along" },
	{ "copy", CONFIG_CHOICE, offsetof(struct policy_row_text, copy), "none", 0, 0, copy_choices,
	  "what the postmaster gets of it" },
};
const size_t policy_row_items_len = sizeof(policy_row_items) / sizeof(policy_row_items[0]);

#define KEYS_FROM     2 /* where the actions begin in the table */
#define ITEMS_PER_KEY 4

static const struct config_item *
item_of(enum policy_key key)
{
	size_t actions = key < POLICY_ACTION_KEYS ? (size_t)key : POLICY_ACTION_KEYS;

	return &policy_row_items[KEYS_FROM + ITEMS_PER_KEY * actions + (key - actions)];
}

const char *
policy_key_name(enum policy_key key)
{
	return item_of(key)->key;
}

int
policy_key_from_name(struct span name, enum policy_key *ret_key)
{
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		if (span_equal(name, span_of(policy_key_name(key)))) {
			*ret_key = key;
			return 1;
		}
	return 0;
}

const char *
policy_proof_name(enum policy_proof proof)
{
	switch (proof) {
	case POLICY_PROOF_NONE:
		return "none";
	case POLICY_PROOF_PROVED:
		return "proved";
	case POLICY_PROOF_FORGED:
		return "forged";
	}
	return "none";
}

int
policy_member_from_name(struct span name, enum policy_key *ret_key, enum policy_proof *ret_proof)
{
	const char *dot = memchr(name.data, '.', name.len);
	AUTO(freep) char *member = NULL;

	*ret_proof = POLICY_PROOFS;
	if (dot != NULL) {
		size_t len = (size_t)(dot - name.data);

		member = xstrndup(dot + 1, name.len - len - 1);
		name.len = len;
		if (policy_proof_from_name(member, ret_proof) == 0)
			return 0;
	}
	return policy_key_from_name(name, ret_key) == 1 &&
	       (dot == NULL || *ret_key < POLICY_ACTION_KEYS);
}

static const char *const *
choices_of(enum policy_key key)
{
	const struct config_item *item = item_of(key);

	return item->type == CONFIG_BOOL ? flag_choices : item->choices;
}

const char *
policy_value_name(enum policy_key key, int value)
{
	return choices_of(key)[value];
}

int
policy_value_from_name(enum policy_key key, struct span name, int *ret_value)
{
	const char *const *choices = choices_of(key);

	for (int value = 0; choices[value] != NULL; value++)
		if (span_equal(name, span_of(choices[value]))) {
			*ret_value = value;
			return 1;
		}
	return 0;
}

int
policy_action_from_name(struct span name, enum policy_action *ret_action)
{
	int value;

	if (policy_value_from_name(POLICY_KEY_NDR, name, &value) == 0)
		return 0;
	*ret_action = (enum policy_action)value;
	return 1;
}

const char *
policy_values_expected(enum policy_key key)
{
	const char *const *choices = choices_of(key);

	return choices == flag_choices       ? "true or false"
	       : choices == returned_choices ? "full, headers or none"
	       : choices == copy_choices     ? "none, digest or each"
					     : "send, hold or delete";
}

bool
policy_key_is_flag(enum policy_key key)
{
	return choices_of(key) == flag_choices;
}

int
policy_proof_from_name(const char *name, enum policy_proof *ret_proof)
{
	for (enum policy_proof proof = 0; proof < POLICY_PROOFS; proof++)
		if (strcmp(name, policy_proof_name(proof)) == 0) {
			*ret_proof = proof;
			return 1;
		}
	return 0;
}
