/*
 * edit.h: changing one value of a policy in its text.
 *
 * The files keep their comments, their order and all that is not changed.
 */
#ifndef POLICY_EDIT_H
#define POLICY_EDIT_H

#include "policy/view.h"

struct policy_setting {
	enum policy_key key;
	enum policy_proof proof; /* POLICY_PROOFS: whatever the proof */
	int value;               /* policy/view.h */
};

struct policy_edit {
	char *file; /* the one to change: policy.conf, one it includes, or domains_file */
	struct buffer old_text, new_text;
};

/*
 * Sets values of the row or line for a domain (normalised; with subtree for
 * "*.domain"; NULL is the row for "*"), which is added when there is none: as a
 * line when the policy has a domains_file, else as a row. A new one begins with
 * what the row said that decided until now. Of two settings for the same the later one holds.
 * Nothing is written; the policy was read with the new text in place and says what was asked.
 * ERROR_PERM: the policy is not good as it is, or it has to be edited by hand.
 */
int policy_edit(const char *path, const char *domain, bool subtree,
		const struct policy_setting *settings, size_t settings_len,
		struct policy_edit *ret_edit, struct error *err);
void policy_edit_done(struct policy_edit *edit);

/* Is the file still what was read? 0: yes; -1: err (ERROR_TEMP), somebody else has changed it. */
int policy_edit_is_current(const struct policy_edit *edit, struct error *err);

#endif
