/*
 * kind_maildir.c: a Maildir, whose new/ holds whole files only.
 */
#include "admit/folder_file.h"

static bool
maildir_wants(const char *name)
{
	(void)name;
	return true;
}

static int
maildir_load(struct submission *s, struct error *err)
{
	struct folder_file *file = s->ctx;
	int result = folder_file_begin(file, err);

	return result <= 0 ? result : folder_file_spool(file, 0, err);
}

const struct folder_kind folder_kind_maildir = {
	.name = "maildir",
	.inside = "new",
	.wants = maildir_wants,
	.find = folder_find_one,
	.source = {
		.intake = "maildir",
		.load = maildir_load,
		.read_envelope = submission_read_header,
		.take = folder_file_take,
		.leaves_mail = true,
		.delivered_to_is_ours = true,
	},
};
