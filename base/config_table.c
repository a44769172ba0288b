/*
 * config_table.c: everything that walks a table of keys.
 *
 * What one value is, is in config_value.c. An unknown key names the nearest
 * known one. A table that does not hold its own fallbacks to its own bounds is
 * a bug (assert).
 */
#include "base/config_value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- unknown keys --------------------------------------------------------- */

#define KEY_MAX 64

/* How many letters to change, add or drop to make b of a (Levenshtein). */
static size_t
distance(const char *a, const char *b)
{
	size_t row[KEY_MAX + 1], a_len = strlen(a), b_len = strlen(b);

	if (a_len > KEY_MAX || b_len > KEY_MAX)
		return KEY_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
		}
	}
	return row[b_len];
}

static const char *
last_name(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot == NULL ? key : dot + 1;
}

struct nearest {
	const char *wanted;
	char key[KEY_MAX + 1];
	size_t distance;
};

static void
nearest_try(struct nearest *n, const char *key, size_t key_len)
{
	char candidate[KEY_MAX + 1];
	size_t d, elsewhere;

	if (key_len > KEY_MAX)
		return;
	memcpy(candidate, key, key_len);
	candidate[key_len] = '\0';
	d = distance(n->wanted, candidate);
	/* the right name in the wrong group */
	elsewhere = distance(last_name(n->wanted), last_name(candidate)) + 1;
	d = d < elsewhere ? d : elsewhere;
	if (d >= n->distance)
		return;
	n->distance = d;
	memcpy(n->key, candidate, key_len + 1);
}

static int
unknown_key(const struct config_file *file, const config_setting_t *setting, const char *key,
	    const struct config_item *items, size_t items_len, const char *const *others,
	    struct error *err)
{
	size_t len = strlen(last_name(key));
	struct nearest n = { .wanted = key, .distance = len / 3 + 2 };

	for (size_t i = 0; i < items_len; i++) {
		const char *dot = strchr(items[i].key, '.');

		nearest_try(&n, items[i].key, strlen(items[i].key));
		if (dot != NULL)
			nearest_try(&n, items[i].key, (size_t)(dot - items[i].key));
	}
	for (; others != NULL && *others != NULL; others++)
		nearest_try(&n, *others, strlen(*others));
	if (n.key[0] == '\0')
		return config_error(file, setting, err, "%.80s: unknown key", key);
	return config_error(file, setting, err, "%.80s: unknown key; is \"%s\" meant?", key, n.key);
}

/* ---- filling ------------------------------------------------------------- */

static void *
field_of(const struct config_item *item, void *target)
{
	return (char *)target + item->offset;
}

void
config_defaults(const struct config_item *items, size_t items_len, void *target)
{
	for (size_t i = 0; i < items_len; i++) {
		bool set;

		if (items[i].type == CONFIG_CHOICE)
			*(int *)field_of(&items[i], target) = -1;
		if (items[i].fallback == NULL)
			continue;
		set = config_value_from_text(&items[i], items[i].fallback,
					     field_of(&items[i], target));
		assert(set);
		(void)set;
	}
}

struct fill {
	const struct config_file *file;
	const struct config_item *items;
	size_t items_len;
	const char *const *others;
	void *target;
	struct error *err;
};

static bool
is_other(const struct fill *f, const char *key)
{
	for (const char *const *o = f->others; o != NULL && *o != NULL; o++)
		if (strcmp(*o, key) == 0)
			return true;
	return false;
}

static bool
is_group_key(const struct fill *f, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < f->items_len; i++)
		if (strncmp(f->items[i].key, key, len) == 0 && f->items[i].key[len] == '.')
			return true;
	return false;
}

static int fill_members(const struct fill *f, const config_setting_t *group, const char *prefix);

/* A key may be both an item and a group: one value, or { several }. */
static const struct config_item *
find_item(const struct fill *f, const config_setting_t *setting, const char *key)
{
	if (config_setting_is_group(setting) && is_group_key(f, key))
		return NULL;
	for (size_t i = 0; i < f->items_len; i++)
		if (strcmp(f->items[i].key, key) == 0)
			return &f->items[i];
	return NULL;
}

static int
fill_member(const struct fill *f, const config_setting_t *setting, const char *key)
{
	const struct config_item *item = find_item(f, setting, key);

	if (item != NULL && !config_value_from_setting(item, setting, field_of(item, f->target)))
		return config_value_error(f->file, item, setting, f->err);
	if (item != NULL)
		return 0;
	if (is_other(f, key))
		return 0;
	if (!is_group_key(f, key))
		return unknown_key(f->file, setting, key, f->items, f->items_len, f->others,
				   f->err);
	if (!config_setting_is_group(setting))
		return config_error(f->file, setting, f->err,
				    "%s: a group is expected: %s = { … };", key, key);
	return fill_members(f, setting, key);
}

static int
fill_members(const struct fill *f, const config_setting_t *group, const char *prefix)
{
	int len = config_setting_length(group);

	for (int i = 0; i < len; i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(member);
		AUTO(freep)
		char *key = prefix == NULL ? xstrdup(name) : xasprintf("%s.%s", prefix, name);

		if (fill_member(f, member, key) < 0)
			return -1;
	}
	return 0;
}

int
config_fill(const struct config_file *file, const config_setting_t *group,
	    const struct config_item *items, size_t items_len, const char *const *others,
	    void *target, struct error *err)
{
	const struct fill f = { .file = file,
				.items = items,
				.items_len = items_len,
				.others = others,
				.target = target,
				.err = err };

	return fill_members(&f, group != NULL ? group : config_top(file), NULL);
}

void
config_free_items(const struct config_item *items, size_t items_len, void *target)
{
	for (size_t i = 0; i < items_len; i++)
		config_value_free(&items[i], field_of(&items[i], target));
}

/* ---- showing ------------------------------------------------------------- */

void
config_show(const struct config_item *items, size_t items_len, const void *target, bool explained,
	    struct buffer *out)
{
	struct span open = { "", 0 }; /* the group that is open */

	for (size_t i = 0; i < items_len; i++) {
		const void *field = (const char *)target + items[i].offset;
		const char *name = last_name(items[i].key);
		struct span group = { items[i].key, name == items[i].key
							    ? 0
							    : (size_t)(name - items[i].key) - 1 };

		if (!config_value_is_set(&items[i], field))
			continue;
		if (!span_equal(open, group)) {
			buffer_add_str(out, open.len > 0 ? "};\n" : "");
			if (group.len > 0)
				buffer_printf(out, "%.*s = {\n", (int)group.len, group.data);
			open = group;
		}
		buffer_printf(out, "%s%s = ", group.len > 0 ? "\t" : "", name);
		config_value_show(&items[i], field, out);
		buffer_printf(out, ";%s%s\n", explained ? " # " : "",
			      explained ? items[i].help : "");
	}
	buffer_add_str(out, open.len > 0 ? "};\n" : "");
}
