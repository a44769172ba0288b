/*
 * listed.c: the domains of domains_file.
 *
 * Thousands of domains, one a line, as another program writes them:
 *
 *	# comment
 *	fabrikam.example      ndr=send delay=send
 *	*.contoso.example     ndr=hold ndr.proved=send   # by proof
 *	adatum.example        row=Partners
 *
 * A line says the same as a row of remote_domains, without quotes: what it does not say comes
 * from the row for "*". With row=NAME it is one domain more of that row and
 * says nothing else. Lines that say the same share one row in memory, so that
 * a domain costs little more than its name.
 *
 * Read whole or not at all; a last line without its line end is taken for a
 * file that is still being written.
 */
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/config_text.h"
#include "base/file.h"
#include "base/text.h"
#include "policy/domain.h"
#include "policy/rule.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define LINE_BYTES_MAX 4096
#define LINES_MAX      2000000
#define WARNINGS_MAX   20

/* What a line says of each value: by key alone (ndr=), or by its member (ndr.none=). */
enum said { SAID_NOT, SAID_BY_KEY, SAID_BY_MEMBER };

struct line_row {
	enum said said[POLICY_KEYS][POLICY_PROOFS];
	int values[POLICY_KEYS][POLICY_PROOFS];
};

/* A row made for a line, for the next one that says the same. */
struct shared_row {
	struct line_row says;
	size_t index;
};

struct listing {
	struct policy *policy;
	const char *path;
	unsigned line;
	struct buffer *warnings;
	int warnings_len;
	struct shared_row *shared;
	size_t shared_len, shared_size;
	size_t last_named; /* the row that row= named last */
	struct error *err;
};

static int
line_error(const struct listing *l, struct span what, const char *wrong)
{
	AUTO(freep)
	char *shown = text_to_printable((struct span){ what.data, what.len < 80 ? what.len : 80 });

	return error_set(l->err, ERROR_PERM, "%s:%u: %s: %s", l->path, l->line, shown, wrong);
}

static void
line_warn(struct listing *l, const char *what, const char *wrong)
{
	if (l->warnings == NULL || ++l->warnings_len > WARNINGS_MAX)
		return;
	if (l->warnings_len == WARNINGS_MAX)
		buffer_printf(l->warnings, "%s:%u: more warnings are not shown\n", l->path,
			      l->line);
	else
		buffer_printf(l->warnings, "%s:%u: %s: %s\n", l->path, l->line, what, wrong);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word, with the blanks that stand in its quotes; empty at the end, or at a comment. */
static struct span
next_word(struct span *rest)
{
	struct span word;
	bool quoted = false;

	while (rest->len > 0 && is_blank(rest->data[0]))
		*rest = (struct span){ rest->data + 1, rest->len - 1 };
	word = (struct span){ rest->data, 0 };
	if (rest->len > 0 && rest->data[0] == '#')
		return word;
	for (; word.len < rest->len && (quoted || !is_blank(rest->data[word.len])); word.len++)
		quoted ^= rest->data[word.len] == '"';
	*rest = (struct span){ rest->data + word.len, rest->len - word.len };
	return word;
}

static int
value_error(const struct listing *l, struct span word, enum policy_key key)
{
	AUTO(freep)
	char *wrong = xasprintf("%s is expected behind the \"=\"", policy_values_expected(key));

	return line_error(l, word, wrong);
}

static int
read_setting(const struct listing *l, struct span word, struct line_row *says)
{
	const char *equals = memchr(word.data, '=', word.len);
	struct span name = { word.data, equals == NULL ? 0 : (size_t)(equals - word.data) };
	struct span value = { word.data + name.len + 1, word.len - name.len - 1 };
	enum policy_key key;
	enum policy_proof proof;
	int number;

	if (equals == NULL)
		return line_error(l, word, "key=value is expected, as in ndr=send");
	if (policy_member_from_name(name, &key, &proof) == 0)
		return line_error(l, name, "unknown key");
	if (policy_value_from_name(key, value, &number) == 0)
		return value_error(l, word, key);
	for (enum policy_proof p = 0; p < POLICY_PROOFS; p++) {
		enum said now = proof == POLICY_PROOFS ? SAID_BY_KEY : SAID_BY_MEMBER;

		if (proof != POLICY_PROOFS && proof != p)
			continue;
		if (says->said[key][p] >= now)
			return line_error(l, name, "is said already");
		says->said[key][p] = now;
		says->values[key][p] = number;
	}
	return 0;
}

static void
make_row(struct listing *l, const struct line_row *says)
{
	struct policy_row *row = policy_row_add(l->policy);

	row->source->origin.file = l->policy->listed_file;
	for (enum policy_key key = 0; key < POLICY_KEYS; key++)
		for (enum policy_proof p = 0; p < POLICY_PROOFS; p++) {
			if (says->said[key][p] == SAID_NOT)
				continue;
			row->values[key][p] = (uint8_t)says->values[key][p];
			row->source->origins[key][p] =
				(struct policy_origin){ .file = row->source->origin.file };
		}
	if (row->values[POLICY_KEY_UNKNOWN][POLICY_PROOF_NONE] == POLICY_DELETE ||
	    row->values[POLICY_KEY_UNKNOWN][POLICY_PROOF_PROVED] == POLICY_DELETE)
		line_warn(l, "unknown", "\"delete\" deletes what may be anything");
}

static size_t
row_that_says(struct listing *l, const struct line_row *says)
{
	for (size_t i = l->shared_len; i > 0; i--)
		if (memcmp(&l->shared[i - 1].says, says, sizeof(*says)) == 0)
			return l->shared[i - 1].index;
	l->shared = array_grow(l->shared, &l->shared_size, l->shared_len, sizeof(*l->shared));
	make_row(l, says);
	l->shared[l->shared_len++] = (struct shared_row){ *says, l->policy->rows_len - 1 };
	return l->policy->rows_len - 1;
}

/* row=NAME, or row="NAME" */
static int
read_row_name(struct listing *l, struct span value, size_t *ret_index)
{
	AUTO(freep) char *name = NULL;
	const struct policy_row *row = &l->policy->rows[l->last_named];

	if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
		value = (struct span){ value.data + 1, value.len - 2 };
	name = span_dup(value);
	if (strcmp(row->name, name) != 0)
		row = policy_row_named(l->policy, name);
	if (row == NULL)
		return line_error(l, value, "remote_domains has no row of this name");
	*ret_index = l->last_named = (size_t)(row - l->policy->rows);
	return 0;
}

static int
read_settings(struct listing *l, struct span rest, size_t *ret_index)
{
	struct span word = next_word(&rest);
	struct line_row says;

	memset(&says, 0, sizeof(says)); /* compared as bytes */
	if (word.len == 0)
		return line_error(l, SPAN("domain"),
				  "behind it key=value is expected, or row=NAME");
	if (word.len >= 4 && memcmp(word.data, "row=", 4) == 0) {
		struct span name = { word.data + 4, word.len - 4 };

		word = next_word(&rest);
		if (word.len > 0)
			return line_error(l, word, "a line with row= says nothing else");
		return read_row_name(l, name, ret_index);
	}
	for (; word.len > 0; word = next_word(&rest))
		if (read_setting(l, word, &says) < 0)
			return -1;
	*ret_index = row_that_says(l, &says);
	return 0;
}

static int
read_line(struct listing *l, struct span rest)
{
	struct span word = next_word(&rest);
	AUTO(freep) char *text = NULL;
	AUTO(freep) char *domain = NULL;
	const char *wrong;
	bool subtree;
	size_t index = 0;

	if (word.len == 0)
		return 0;
	text = span_dup(word);
	if (strcmp(text, "*") == 0)
		return line_error(l, word, "the row for all domains belongs into remote_domains");
	if ((domain = domain_read(text, &subtree, &wrong)) == NULL)
		return line_error(l, word, wrong);
	if (read_settings(l, rest, &index) < 0)
		return -1;
	if (policy_pattern_is_local(l->policy, domain, subtree))
		line_warn(l, domain, "is local, so this line is only for what SRS hides");
	domain_table_add_labelled(&l->policy->remote, domain, subtree, index,
				  l->policy->rows[index].name)
		->line = l->line;
	return 0;
}

static int
read_lines(struct listing *l, struct span text)
{
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);
		struct span line = { text.data, len };

		l->line++;
		if (end == NULL)
			return line_error(l, line,
					  "the last line has no line end; is the file whole?");
		if (l->line > LINES_MAX || len > LINE_BYTES_MAX)
			return line_error(l, (struct span){ line.data, 40 < len ? 40 : len },
					  "too many lines, or too long a line");
		if (memchr(line.data, '\0', len) != NULL)
			return line_error(l, line, "a NUL byte; this is no text file");
		if (len > 0 && line.data[len - 1] == '\r')
			line.len--;
		if (read_line(l, line) < 0)
			return -1;
		text = (struct span){ end + 1, text.len - len - 1 };
	}
	return 0;
}

/* What was listed belongs to the policy as its own text does. */
static void
note_digest(struct policy *policy, struct span bytes)
{
	struct sha256_ctx sha;
	uint8_t digest[SHA256_DIGEST_SIZE];
	char hex[2 * SHA256_DIGEST_SIZE + 1];

	sha256_init(&sha);
	sha256_update(&sha, bytes.len, (const uint8_t *)bytes.data);
	sha256_digest(&sha, sizeof(digest), digest);
	hex_encode(digest, sizeof(digest), hex);
	buffer_printf(&policy->text, "# SHA-256 of domains_file: %s\n", hex);
}

int
policy_listed_read(struct policy *policy, const char *path, const struct config_draft *draft,
		   struct buffer *warnings, struct error *err)
{
	AUTO(buffer_done) struct buffer bytes = { 0 };
	struct listing l = { .policy = policy, .path = path, .warnings = warnings, .err = err };
	struct span text;
	int rc;

	if (draft != NULL && strcmp(draft->path, path) == 0)
		buffer_add(&bytes, draft->text.data, draft->text.len);
	else if (file_read(path, FILE_BYTES_MAX, &bytes, err) < 0)
		return -1;
	policy->listed_file = policy_file_number(policy, path);
	text = buffer_span(&bytes);
	note_digest(policy, text);
	if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
		text = (struct span){ text.data + 3, text.len - 3 };
	rc = read_lines(&l, text);
	free(l.shared);
	return rc;
}
