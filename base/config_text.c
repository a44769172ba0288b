/*
 * config_text.c: gathering a configuration file and what it includes.
 *
 * All files are read here, each once, so that what is parsed twice is the
 * same both times and libconfig never touches the disk: its own @include ends
 * the process when a file cannot be read. A small scanner that knows only
 * comments, quotes, words and numbers finds the includes, and refuses what
 * libconfig would take without a word: a NUL byte (it stops there), a number
 * that does not fit (it keeps the low 32 bits), and a last line that is a
 * comment without a line end (the rest is still to be written).
 *
 * A list of pieces says for every line of the whole which file it came from.
 * Fails with "file:line: …"; ERROR_TEMP only when the first file itself
 * cannot be read.
 */
#include "base/config_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define FILE_BYTES_MAX  ((size_t)64 << 20)
#define TOTAL_BYTES_MAX ((size_t)128 << 20)
#define DEPTH_MAX       8

struct scan {
	struct config_text *text;
	const struct config_draft *draft; /* may be NULL */
	size_t file;                      /* index into text->files */
	struct span in;
	size_t at;
	unsigned line; /* of in.data[at] */
	int depth;
	struct error *err;
};

static int
scan_error(const struct scan *s, const char *what)
{
	return error_set(s->err, ERROR_PERM, "%s:%u: %s", s->text->files[s->file], s->line, what);
}

/* From here on, what is added comes from line s->line of s->file. */
static void
piece_begin(const struct scan *s)
{
	struct config_text *t = s->text;

	t->pieces = array_grow(t->pieces, &t->pieces_size, t->pieces_len, sizeof(*t->pieces));
	t->pieces[t->pieces_len++] =
		(struct config_piece){ .line = t->lines, .file_line = s->line, .file = s->file };
}

static void
copy_to(struct scan *s, size_t end)
{
	buffer_add(&s->text->bytes, s->in.data + s->at, end - s->at);
	for (; s->at < end; s->at++)
		if (s->in.data[s->at] == '\n') {
			s->line++;
			s->text->lines++;
		}
}

/* The end of the token at i; 0 when it has none. */
static size_t
comment_end(struct span in, size_t i)
{
	const char *end;

	if (in.data[i] == '#' || in.data[i + 1] == '/') {
		end = memchr(in.data + i, '\n', in.len - i);
		return end == NULL ? in.len : (size_t)(end - in.data);
	}
	end = memmem(in.data + i + 2, in.len - i - 2, "*/", 2);
	return end == NULL ? 0 : (size_t)(end - in.data) + 2;
}

static size_t
string_end(struct span in, size_t i)
{
	for (i++; i < in.len; i++) {
		if (in.data[i] == '\\')
			i++;
		else if (in.data[i] == '"')
			return i + 1;
	}
	return 0;
}

static size_t
word_end(struct span in, size_t i)
{
	while (i < in.len && in.data[i] != '\0' &&
	       (isalnum((unsigned char)in.data[i]) || strchr("_*-.", in.data[i]) != NULL))
		i++;
	return i;
}

/* Whether libconfig would keep the number as it is: 32 bits, or 64 with an L behind it. */
static bool
number_fits(struct span word)
{
	AUTO(freep) char *text = span_dup(word);
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, hex ? 16 : 10);
	if (*end == '\0')
		return errno == 0 && value <= INT32_MAX;
	if (strcmp(end, "L") == 0 || strcmp(end, "LL") == 0)
		return errno == 0 && value <= INT64_MAX;
	return true; /* a fraction, or no number: libconfig will say */
}

static int
scan_number(struct scan *s)
{
	size_t end = word_end(s->in, s->at);
	struct span word = { s->in.data + s->at, end - s->at };

	if (!number_fits(word))
		return error_set(s->err, ERROR_PERM,
				 "%s:%u: the number %.*s is too large; a size can be written as "
				 "\"10G\"",
				 s->text->files[s->file], s->line,
				 (int)(word.len < 40 ? word.len : 40), word.data);
	copy_to(s, end);
	return 0;
}

static int
scan_token(struct scan *s)
{
	const char *p = s->in.data + s->at;
	bool slash = p[0] == '/' && s->at + 1 < s->in.len && (p[1] == '/' || p[1] == '*');
	size_t end = s->at + 1;

	if (*p == '\0')
		return scan_error(s, "a NUL byte; this is no text file");
	if (isdigit((unsigned char)*p))
		return scan_number(s);
	if (*p == '"') {
		if ((end = string_end(s->in, s->at)) == 0)
			return scan_error(s, "a text begins here and its quote is never closed");
	} else if (*p == '#' || slash) {
		if ((end = comment_end(s->in, s->at)) == 0)
			return scan_error(s, "a comment begins here and is never closed");
		if (end == s->in.len && (*p == '#' || p[1] == '/'))
			return scan_error(s, "the file ends in this comment, without a line end; "
					     "is it whole?");
	} else if (isalpha((unsigned char)*p) || *p == '*') {
		end = word_end(s->in, s->at);
	}
	if (memchr(p, '\0', end - s->at) != NULL)
		return scan_error(s, "a NUL byte; this is no text file");
	copy_to(s, end);
	return 0;
}

/* Is there an @include at the start of this line? Its name, and where it ends. */
static bool
is_include(struct span in, size_t at, struct span *ret_name, size_t *ret_end)
{
	static const char word[] = "@include";
	const size_t word_len = sizeof(word) - 1;
	size_t i = at, start;

	if (at > 0 && in.data[at - 1] != '\n')
		return false;
	while (i < in.len && (in.data[i] == ' ' || in.data[i] == '\t'))
		i++;
	if (in.len - i <= word_len || memcmp(in.data + i, word, word_len) != 0)
		return false;
	for (start = i += word_len; i < in.len && (in.data[i] == ' ' || in.data[i] == '\t');)
		i++;
	if (i == start || i == in.len || in.data[i] != '"')
		return false;
	for (start = ++i; i < in.len && in.data[i] != '"'; i++)
		if (in.data[i] == '\n' || in.data[i] == '\0')
			return false;
	*ret_name = (struct span){ in.data + start, i - start };
	*ret_end = i + 1;
	return i < in.len;
}

static int scan_file(struct config_text *text, const struct config_draft *draft, char *path_take,
		     int depth, struct error *err);

static int
scan_include(struct scan *s, struct span name, size_t end)
{
	AUTO(freep) char *folder = file_folder_of(s->text->files[s->file]);
	char *path = name.len > 0 && name.data[0] == '/'
			     ? span_dup(name)
			     : xasprintf("%s/%.*s", folder, (int)name.len, name.data);
	size_t files_len = s->text->files_len;

	if (s->depth >= DEPTH_MAX) {
		free(path);
		return scan_error(s, "includes are nested too deep; does a file include itself?");
	}
	if (scan_file(s->text, s->draft, path, s->depth + 1, s->err) < 0) {
		if (s->text->files_len == files_len) /* it could not be read at all */
			(void)error_prefix(s->err, "%s:%u: @include", s->text->files[s->file],
					   s->line);
		if (s->err != NULL)
			s->err->class = ERROR_PERM;
		return -1;
	}
	s->at = end;
	piece_begin(s);
	return 0;
}

static int
scan_all(struct scan *s)
{
	struct span name;
	size_t end;

	while (s->at < s->in.len) {
		int rc = is_include(s->in, s->at, &name, &end) ? scan_include(s, name, end)
							       : scan_token(s);

		if (rc < 0)
			return -1;
		if (s->text->bytes.len > TOTAL_BYTES_MAX)
			return scan_error(s, "with all includes the file is too large");
	}
	return 0;
}

/* Adds one file. It gets its place in files only once it was read. */
static int
scan_file(struct config_text *text, const struct config_draft *draft, char *path_take, int depth,
	  struct error *err)
{
	AUTO(freep) char *path = path_take;
	AUTO(buffer_done) struct buffer bytes = { 0 };
	struct scan s = { .text = text, .draft = draft, .line = 1, .depth = depth, .err = err };

	if (draft != NULL && strcmp(draft->path, path) == 0)
		buffer_add(&bytes, draft->text.data, draft->text.len);
	else if (file_read(path, FILE_BYTES_MAX, &bytes, err) < 0)
		return -1;
	text->files =
		array_grow(text->files, &text->files_size, text->files_len, sizeof(*text->files));
	s.file = text->files_len++;
	text->files[s.file] = TAKE(path);
	s.in = buffer_span(&bytes);
	piece_begin(&s);
	if (s.in.len >= 3 && memcmp(s.in.data, "\xEF\xBB\xBF", 3) == 0)
		return scan_error(&s, "a byte order mark stands before the text; save the file "
				      "as UTF-8 without one");
	if (scan_all(&s) < 0)
		return -1;
	if (s.in.len > 0 && s.in.data[s.in.len - 1] != '\n') {
		buffer_add_char(&text->bytes, '\n');
		text->lines++;
	}
	return 0;
}

int
config_text_read(const char *path, const struct config_draft *draft, struct config_text *text,
		 struct error *err)
{
	*text = (struct config_text){ .lines = 1 };
	buffer_add_str(&text->bytes, ""); /* an empty file is a text too */
	if (scan_file(text, draft, xstrdup(path), 0, err) < 0) {
		config_text_done(text);
		return -1;
	}
	return 0;
}

void
config_text_done(struct config_text *text)
{
	buffer_done(&text->bytes);
	free(text->pieces);
	for (size_t i = 0; i < text->files_len; i++)
		free(text->files[i]);
	free(text->files);
	*text = (struct config_text){ 0 };
}

const char *
config_text_where(const struct config_text *text, unsigned line, unsigned *ret_line)
{
	size_t low = 0, high = text->pieces_len;
	const struct config_piece *p;

	/* the last piece that begins at or before line */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (text->pieces[middle].line <= line)
			low = middle;
		else
			high = middle;
	}
	p = &text->pieces[low];
	*ret_line = p->file_line + (line > p->line ? line - p->line : 0);
	return text->files[p->file];
}

struct span
config_text_line(const struct config_text *text, unsigned line)
{
	struct span rest = buffer_span(&text->bytes);
	const char *end;

	for (; line > 1; line--) {
		if ((end = memchr(rest.data, '\n', rest.len)) == NULL)
			return SPAN("");
		rest.len -= (size_t)(end + 1 - rest.data);
		rest.data = end + 1;
	}
	if ((end = memchr(rest.data, '\n', rest.len)) != NULL)
		rest.len = (size_t)(end - rest.data);
	return rest;
}
