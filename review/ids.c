/*
 * ids.c: reading record ids.
 *
 * All are read before anything is done, so that a bad line at the end of a
 * list changes nothing at all. They are then put in order, oldest first, and
 * doubles dropped: the same id twice is one order, not a refusal.
 */
#include "review/ids.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/text.h"

/* A record id is 1…2^63−1, in plain digits. */
static bool
parse_id(struct span word, int64_t *ret_id)
{
	int64_t id = 0;

	if (word.len == 0)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		int digit = word.data[i] - '0';

		if (digit < 0 || digit > 9 || id > (INT64_MAX - digit) / 10)
			return false;
		id = id * 10 + digit;
	}
	*ret_id = id;
	return id > 0;
}

static int
add_id(struct ids *ids, int64_t id, struct error *err)
{
	if (ids->len >= IDS_MAX) {
		(void)error_set(err, ERROR_PERM, "more than %zu ids at once", IDS_MAX);
		return EX_DATAERR;
	}
	ids->items = array_grow(ids->items, &ids->size, ids->len, sizeof(ids->items[0]));
	ids->items[ids->len++] = id;
	return EX_OK;
}

static int
read_line(struct ids *ids, struct span line, size_t number, struct error *err)
{
	const char *comment = line.len > 0 ? memchr(line.data, '#', line.len) : NULL;
	AUTO(freep) char *shown = NULL;
	int64_t id;

	if (comment != NULL)
		line.len = (size_t)(comment - line.data);
	line = span_trim(line);
	if (line.len == 0)
		return EX_OK;
	if (parse_id(line, &id))
		return add_id(ids, id, err);
	if (line.len > 64)
		line.len = 64;
	shown = text_to_printable(line);
	(void)error_set(err, ERROR_PERM, "standard input, line %zu: \"%s\" is no id", number,
			shown);
	return EX_DATAERR;
}

static int
read_list(struct ids *ids, FILE *in, struct error *err)
{
	AUTO(freep) char *line = NULL;
	size_t line_size = 0;
	ssize_t len;

	for (size_t number = 1; (len = getline(&line, &line_size, in)) >= 0; number++) {
		int rc = read_line(ids, (struct span){ line, (size_t)len }, number, err);

		if (rc != EX_OK)
			return rc;
	}
	if (ferror(in)) {
		(void)error_errno(err, "standard input cannot be read");
		return EX_IOERR;
	}
	return EX_OK;
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
sort_and_unite(struct ids *ids)
{
	size_t kept = 0;

	if (ids->len == 0)
		return;
	qsort(ids->items, ids->len, sizeof(ids->items[0]), compare_ids);
	for (size_t i = 1; i < ids->len; i++)
		if (ids->items[i] != ids->items[kept])
			ids->items[++kept] = ids->items[i];
	ids->len = kept + 1;
}

int
ids_read(int argc, char **argv, FILE *in, struct ids *ret_ids, struct error *err)
{
	AUTO(ids_done) struct ids ids = { 0 };
	int rc = EX_OK;

	if (argc == 0) {
		(void)error_set(err, ERROR_PERM,
				"which record? Give an id, or - for a list of ids "
				"on standard input");
		return EX_USAGE;
	}
	for (int i = 0; i < argc && rc == EX_OK; i++) {
		int64_t id;

		if (strcmp(argv[i], "-") == 0) {
			rc = read_list(&ids, in, err);
		} else if (parse_id(span_of(argv[i]), &id)) {
			rc = add_id(&ids, id, err);
		} else {
			AUTO(freep) char *shown = text_to_printable(span_of(argv[i]));

			(void)error_set(err, ERROR_PERM, "\"%.100s\" is no id", shown);
			rc = EX_USAGE;
		}
	}
	if (rc != EX_OK)
		return rc;
	sort_and_unite(&ids);
	*ret_ids = ids;
	ids = (struct ids){ 0 };
	return EX_OK;
}

void
ids_done(struct ids *ids)
{
	free(ids->items);
	*ids = (struct ids){ 0 };
}
