/*
 * edit_text.h: one change in the text of one file.
 *
 * Each writes the whole new text to out. 1 done; 0 the text is not written in
 * a way that is understood here.
 */
#ifndef POLICY_EDIT_TEXT_H
#define POLICY_EDIT_TEXT_H

#include "policy/edit.h"

/* In the row for pattern, whose domain stands in that line. */
int edit_text_row(struct span text, unsigned line, const char *pattern,
		  const struct policy_setting *setting, struct buffer *out);

/* A new row at the end of remote_domains, which is there with rows or without, or not at all. */
int edit_text_add_row(struct span text, bool has_list, bool has_rows, const char *pattern,
		      const struct policy_setting *setting, struct buffer *out);

/* In that line of domains_file; and a new line at its end. */
int edit_text_line(struct span text, unsigned line, const struct policy_setting *setting,
		   struct buffer *out);
int edit_text_add_line(struct span text, const char *pattern, const struct policy_setting *setting,
		       struct buffer *out);

#endif
