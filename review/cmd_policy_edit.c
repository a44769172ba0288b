/*
 * cmd_policy_edit.c: changing what a policy says, from the command line.
 *
 *	ndrq policy allow DOMAIN          non-delivery reports are sent there
 *	ndrq policy deny DOMAIN           nothing is
 *	ndrq policy set DOMAIN KEY=VALUE…
 *
 * The text is changed where the value stands (policy/edit.h) and keeps
 * everything else. The new text is read as a policy before it takes the old
 * file's place in one rename, with its owner and mode. Whoever changes the
 * same folder's policies at the same time waits (flock on the folder). Then
 * ndrqd is told to read it, and its answer is the last line: what is in force
 * is for it to say.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "policy/edit.h"
#include "review/cmd_policy.h"
#include "review/daemon.h"
#include "review/output.h"

/* A hundred thousand domains take it two seconds. */
#define RELOAD_TIMEOUT_MS 15000

enum { OPTION_FILE = OPTION_OWN, OPTION_DRY_RUN };

const struct verb_option policy_change_options[] = {
	{ "file", OPTION_FILE, "FILE", "the policy, instead of the one in ndrq.conf" },
	{ "dry-run", OPTION_DRY_RUN, NULL, "only show what would be changed" },
	OPTION_ROW_HELP,
	{ .name = NULL },
};

struct change {
	char *path;  /* of policy.conf */
	char *store; /* of the ndrqd that reads it; NULL: some file that was given */
	char *domain;
	bool subtree;
	bool dry_run;
	struct policy_setting settings[POLICY_KEYS * (POLICY_PROOFS + 1)];
	size_t settings_len;
};

static void
change_done(struct change *c)
{
	free(c->path);
	free(c->store);
	free(c->domain);
}

/* ---- the file ------------------------------------------------------------------ */

static int
refuse(const struct error *err)
{
	policy_complain_lines(err->text);
	return err->class == ERROR_TEMP ? EX_NOINPUT : EX_CONFIG;
}

static int
cannot(const char *path)
{
	int status = errno == EACCES || errno == EPERM || errno == EROFS ? EX_NOPERM : EX_IOERR;

	complain("%s: %s", path, strerror(errno));
	return status;
}

static bool
write_copy(int fd, struct span text, const struct stat *like)
{
	struct error err = { 0 };

	return file_write_all(fd, text.data, text.len, &err) == 0 &&
	       fchown(fd, like->st_uid, like->st_gid) == 0 &&
	       fchmod(fd, like->st_mode & 07777) == 0 && fsync(fd) == 0;
}

/* In one step, behind symbolic links, with owner and mode of what was there. */
static int
replace_file(const char *path, struct span text)
{
	AUTO(freep) char *real = realpath(path, NULL);
	AUTO(freep) char *folder = real != NULL ? file_folder_of(real) : NULL;
	AUTO(freep) char *draft = folder != NULL ? xasprintf("%s/.ndrq-XXXXXX", folder) : NULL;
	AUTO(closep) int fd = draft != NULL ? mkostemp(draft, O_CLOEXEC) : -1;
	struct error err = { 0 };
	struct stat st;
	int status;

	if (fd < 0)
		return cannot(path);
	if (stat(real, &st) < 0 || !write_copy(fd, text, &st) || rename(draft, real) < 0) {
		status = cannot(path);
		(void)unlink(draft);
		return status;
	}
	if (file_sync_folder(folder, &err) < 0)
		complain("%s", err.text); /* it is there, and will be after a moment */
	return EX_OK;
}

static bool
next_line(struct span *rest, struct span *ret_line)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);

	if (rest->len == 0)
		return false;
	*ret_line = (struct span){ rest->data, len };
	*rest = (struct span){ rest->data + len + (end != NULL), rest->len - len - (end != NULL) };
	return true;
}

static bool
drop_last_line(struct span *text, struct span *ret_line)
{
	size_t start, end = text->len;

	if (end == 0)
		return false;
	end -= text->data[end - 1] == '\n';
	for (start = end; start > 0 && text->data[start - 1] != '\n';)
		start--;
	*ret_line = (struct span){ text->data + start, end - start };
	text->len = start;
	return true;
}

static void
print_lines(const char *file, unsigned number, char mark, struct span text)
{
	AUTO(freep) char *name = text_for_people(span_of(file));
	struct span line;

	while (next_line(&text, &line)) {
		AUTO(freep) char *shown = text_for_people(span_trim(line));

		if (shown[0] != '\0')
			(void)printf("%s:%u: %c %s\n", name, number, mark, shown);
		number++;
	}
}

/* The lines that were, and the lines that are: what lies between the same beginning and the same
 * end. */
static void
print_difference(const struct policy_edit *edit)
{
	struct span old = buffer_span(&edit->old_text), new = buffer_span(&edit->new_text);
	struct span a, b, old_rest = old, new_rest = new;
	unsigned number = 1;

	for (; next_line(&old_rest, &a) && next_line(&new_rest, &b) && span_equal(a, b); number++) {
		old = old_rest;
		new = new_rest;
	}
	old_rest = old;
	new_rest = new;
	while (drop_last_line(&old_rest, &a) && drop_last_line(&new_rest, &b) && span_equal(a, b)) {
		old = old_rest;
		new = new_rest;
	}
	print_lines(edit->file, number, '-', old);
	print_lines(edit->file, number, '+', new);
}

/* ---- the daemon ---------------------------------------------------------------- */

/* ndrqd judges by a revision: is it what the file says now? */
static int
compare_revision(const char *path, const char *in_force)
{
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(freep) char *shown = text_for_people(span_of(in_force));
	struct error err = { 0 };

	if (policy_read(path, &policy, NULL, &err) == 0 &&
	    strcmp(policy_revision(policy), in_force) == 0) {
		(void)printf("ndrqd uses it: policy %s\n", shown);
		return EX_OK;
	}
	complain("ndrqd reads another policy than %s, or somebody has changed it again: "
		 "it uses policy %s",
		 path, shown);
	return EXIT_REFUSED;
}

/* The file is changed whatever happens here. */
static int
tell_daemon(const struct change *c)
{
	AUTO(freep) char *text = NULL;

	if (c->store == NULL) {
		if (output_is_terminal())
			(void)puts("An ndrqd that reads this file takes it at: "
				   "systemctl reload ndrqd");
		return EX_OK;
	}
	(void)fflush(stdout);
	switch (daemon_reload(c->store, RELOAD_TIMEOUT_MS, &text)) {
	case RELOAD_DONE:
		return compare_revision(c->path, text);
	case RELOAD_KEPT:
		complain("ndrqd keeps its old policy:");
		policy_complain_lines(text);
		return EXIT_REFUSED;
	case RELOAD_NOBODY:
		(void)puts("no ndrqd is running; it uses it when it starts");
		return EX_OK;
	case RELOAD_FORBIDDEN:
		complain("no permission to tell ndrqd, which goes on with its old policy: "
			 "systemctl reload ndrqd");
		return EX_NOPERM;
	case RELOAD_SILENT:
		break;
	}
	complain("ndrqd has not answered; its log says which policy it uses");
	return EX_TEMPFAIL;
}

/* Whoever writes the file in another way than this takes no lock. */
static int
replace_if_current(const struct policy_edit *edit)
{
	struct error err = { 0 };

	if (policy_edit_is_current(edit, &err) == 0)
		return replace_file(edit->file, buffer_span(&edit->new_text));
	complain("%s", err.text);
	return EX_TEMPFAIL;
}

static int
change_file(const struct change *c)
{
	struct policy_edit edit = { 0 };
	struct error err = { 0 };
	int rc = EX_OK;

	if (policy_edit(c->path, c->domain, c->subtree, c->settings, c->settings_len, &edit, &err) <
	    0)
		return refuse(&err);
	if (span_equal(buffer_span(&edit.old_text), buffer_span(&edit.new_text))) {
		(void)puts("nothing to change");
		if (!c->dry_run && c->store != NULL)
			rc = tell_daemon(c); /* it may have missed the change that was */
	} else {
		if (!c->dry_run)
			rc = replace_if_current(&edit);
		if (rc == EX_OK)
			print_difference(&edit);
		if (rc == EX_OK && !c->dry_run)
			rc = tell_daemon(c);
	}
	policy_edit_done(&edit);
	if (output_finish() != EX_OK && rc == EX_OK)
		rc = EX_IOERR;
	return rc;
}

static int
change_under_lock(const struct change *c)
{
	AUTO(freep) char *folder = file_folder_of(c->path);
	AUTO(closep) int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* a folder that cannot be locked cannot be written either; the rename will say why */
	if (lock >= 0)
		while (flock(lock, LOCK_EX) < 0 && errno == EINTR)
			;
	return change_file(c);
}

/* ---- what is asked ---------------------------------------------------------------- */

static void
add_setting(struct change *c, enum policy_key key, enum policy_proof proof, int value)
{
	c->settings[c->settings_len++] = (struct policy_setting){ key, proof, value };
}

/* EX_OK with optind at the words behind the domain, -1 after help, or a status. */
static int
begin(const struct tool *tool, int argc, char **argv, const char *usage, struct change *c)
{
	const char *given = NULL;
	int option, rc;

	while ((option = option_next(policy_change_options, argc, argv)) != OPTION_END)
		switch (option) {
		case OPTION_FILE:
			given = optarg;
			break;
		case OPTION_DRY_RUN:
			c->dry_run = true;
			break;
		case OPTION_HELP:
			(void)puts(usage);
			options_print(policy_change_options, stdout);
			return -1;
		default:
			return EX_USAGE;
		}
	if (optind == argc) {
		complain("policy %s: which domain?", argv[0]);
		return EX_USAGE;
	}
	if ((rc = policy_argument(argv[optind++], &c->domain, &c->subtree)) != EX_OK)
		return rc;
	return given != NULL ? policy_path(tool, given, &c->path)
			     : policy_path_and_store(tool, &c->path, &c->store);
}

static int
no_more(int argc, char **argv)
{
	if (optind == argc)
		return EX_OK;
	complain("policy %s: one domain at a time", argv[0]);
	return EX_USAGE;
}

int
policy_allow(const struct tool *tool, int argc, char **argv)
{
	AUTO(change_done) struct change c = { .path = NULL };
	int rc = begin(tool, argc, argv,
		       "usage: ndrq policy allow DOMAIN\n"
		       "Non-delivery reports are sent to DOMAIN: sets ndr=send.",
		       &c);

	if (rc != EX_OK || (rc = no_more(argc, argv)) != EX_OK)
		return rc < 0 ? EX_OK : rc;
	add_setting(&c, POLICY_KEY_NDR, POLICY_PROOFS, POLICY_SEND);
	return change_under_lock(&c);
}

static bool
sends(const struct policy_view *view, enum policy_key key)
{
	for (enum policy_proof p = 0; p < POLICY_PROOFS; p++)
		if (view->values[key][p].value == POLICY_SEND)
			return true;
	return false;
}

/* ndr in any case, so that it stays so whatever is said for "*" later. */
int
policy_deny(const struct tool *tool, int argc, char **argv)
{
	AUTO(change_done) struct change c = { .path = NULL };
	AUTO(policy_unrefp) struct policy *policy = NULL;
	AUTO(policy_view_done) struct policy_view view = { .pattern = NULL };
	int rc = begin(tool, argc, argv,
		       "usage: ndrq policy deny DOMAIN\n"
		       "Nothing is sent to DOMAIN: sets ndr=hold, and so each other class that is "
		       "sent now.",
		       &c);

	if (rc != EX_OK || (rc = no_more(argc, argv)) != EX_OK)
		return rc < 0 ? EX_OK : rc;
	if ((rc = policy_load(c.path, &policy, NULL)) != EX_OK)
		return rc;
	if (c.domain != NULL)
		policy_view(policy, c.domain, c.subtree, &view);
	else
		policy_view_default(policy, &view);
	for (enum policy_key key = 0; key < POLICY_ACTION_KEYS; key++)
		if (key == POLICY_KEY_NDR || (key != POLICY_KEY_FORWARDED && sends(&view, key)))
			add_setting(&c, key, POLICY_PROOFS, POLICY_HOLD);
	return change_under_lock(&c);
}

static int
read_setting(const char *text, struct change *c)
{
	size_t len = strcspn(text, "=");
	enum policy_key key;
	enum policy_proof proof;
	int value;

	if (text[len] == '\0') {
		complain("policy set: KEY=VALUE is expected, not \"%s\"", text);
		return EX_USAGE;
	}
	if (policy_member_from_name((struct span){ text, len }, &key, &proof) == 0) {
		complain("policy set: there is no key \"%.*s\" (see policy.conf(5))", (int)len,
			 text);
		return EX_USAGE;
	}
	if (policy_value_from_name(key, span_of(text + len + 1), &value) == 0) {
		complain("policy set: %.*s: %s is expected, not \"%s\"", (int)len, text,
			 policy_values_expected(key), text + len + 1);
		return EX_USAGE;
	}
	if (c->settings_len == sizeof(c->settings) / sizeof(c->settings[0])) {
		complain("policy set: too many settings");
		return EX_USAGE;
	}
	add_setting(c, key, proof, value);
	return EX_OK;
}

int
policy_set(const struct tool *tool, int argc, char **argv)
{
	AUTO(change_done) struct change c = { .path = NULL };
	int rc = begin(tool, argc, argv,
		       "usage: ndrq policy set DOMAIN KEY=VALUE…\n"
		       "Sets keys of policy.conf(5) for DOMAIN, as in ndr=send, ndr.proved=send or "
		       "returned=headers.",
		       &c);

	if (rc == EX_OK && optind == argc) {
		complain("policy set: KEY=VALUE is expected");
		rc = EX_USAGE;
	}
	for (; rc == EX_OK && optind < argc; optind++)
		rc = read_setting(argv[optind], &c);
	if (rc != EX_OK)
		return rc < 0 ? EX_OK : rc;
	return change_under_lock(&c);
}
