/*
 * manual_keys.h: a manual page of a configuration file against the tables of
 * its keys, both ways.
 */
#ifndef TESTS_UNIT_BASE_MANUAL_KEYS_H
#define TESTS_UNIT_BASE_MANUAL_KEYS_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/config.h"
#include "base/file.h"

struct manual_table {
	const struct config_item *items;
	size_t len;
	const char *section;  /* ".Ss …" behind which its keys stand; NULL: anywhere */
	bool groups_are_once; /* "ndr.proved" is told with "ndr" */
};

/* What the manual says under ".It Ic KEY", up to the next item; NULL when it does not. */
static inline char *
manual_entry(const char *manual, const char *key)
{
	AUTO(freep) char *head = xasprintf("\n.It Ic %s ", key);
	const char *entry = strstr(manual, head), *end;

	if (entry == NULL)
		return NULL;
	end = strstr(entry + 1, "\n.It ");
	return end == NULL ? xstrdup(entry) : xstrndup(entry, (size_t)(end - entry));
}

static inline void
manual_has_keys(const char *page, const char *manual, const struct manual_table *table)
{
	for (size_t i = 0; i < table->len; i++) {
		const struct config_item *item = &table->items[i];
		AUTO(freep) char *entry = manual_entry(manual, item->key);
		AUTO(freep) char *says = xasprintf("\n.Pq default Ql %s .", item->fallback);

		if (table->groups_are_once && strchr(item->key, '.') != NULL)
			continue;
		cr_expect_not_null(entry, "%s lacks %s", page, item->key);
		if (entry != NULL && item->fallback != NULL)
			cr_expect_not_null(strstr(entry, says), "%s: default of %s", page,
					   item->key);
	}
}

static inline bool
manual_key_exists(const struct manual_table *tables, const char *key)
{
	for (; tables->items != NULL; tables++)
		for (size_t i = 0; i < tables->len; i++)
			if (strcmp(tables->items[i].key, key) == 0)
				return true;
	return false;
}

/* page: "man/ndrq.conf.5". tables end with one without items, others (keys that are in no table)
 * with NULL. */
static inline void
manual_check_keys(const char *page, const struct manual_table *tables, const char *const *others)
{
	AUTO(freep) char *path = xasprintf("%s/%s", getenv("top_srcdir"), page);
	AUTO(buffer_done) struct buffer manual = { 0 };
	struct error err = { 0 };

	cr_assert_eq(file_read(path, 1 << 20, &manual, &err), 0, "%s", err.text);
	for (size_t i = 0; tables[i].items != NULL; i++) {
		const char *section = manual.data;

		if (tables[i].section != NULL)
			section = strstr(section, tables[i].section);
		cr_assert_not_null(section, "%s has no %s", page, tables[i].section);
		manual_has_keys(page, section, &tables[i]);
	}
	for (const char *at = manual.data; (at = strstr(at, "\n.It Ic ")) != NULL;) {
		AUTO(freep) char *key = NULL;
		bool exists;

		at += strlen("\n.It Ic ");
		key = xstrndup(at, strcspn(at, " \n"));
		exists = manual_key_exists(tables, key);
		for (size_t i = 0; !exists && others[i] != NULL; i++)
			exists = strcmp(others[i], key) == 0;
		cr_expect(exists, "%s has a key that does not exist: %s", page, key);
	}
}

#endif
