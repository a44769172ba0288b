/*
 * config_value.c: the value of one key.
 *
 * It is set in one place, from a text (fallbacks, quoted values) or from a
 * libconfig setting, and shown in one place; so what is shown reads back as
 * the same value. A bad value names what was expected with its bounds.
 *
 * Texts and lists belong to the struct that is filled.
 */
#include "base/config_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

struct unit {
	const char *name;
	int64_t size;
};
static const struct unit byte_units[] = {
	{ "T", INT64_C(1) << 40 }, { "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 }, { "", 1 },
};
static const struct unit span_units[] = {
	{ "d", CLOCK_DAY_MS },
	{ "h", CLOCK_HOUR_MS },
	{ "m", CLOCK_MINUTE_MS },
	{ "s", CLOCK_SECOND_MS },
	{ "ms", 1 },
};
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- setting it ---------------------------------------------------------- */

static void
list_clear(struct config_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct config_list){ 0 };
}

static void
list_add(struct config_list *list, const char *text)
{
	list->items = xrealloc(list->items, (list->len + 1) * sizeof(*list->items));
	list->items[list->len++] = xstrdup(text);
}

static bool
set_number(const struct config_item *item, int64_t number, void *field)
{
	if (number < item->min || number > item->max)
		return false;
	*(int64_t *)field = number;
	return true;
}

static bool
parse_number(const char *text, int base, int64_t *ret_number, const char **ret_rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret_number = strtoll(text, &end, base);
	*ret_rest = end;
	return errno == 0;
}

static bool
parse_bytes(const char *text, int64_t *ret_bytes)
{
	const char *rest;

	if (!parse_number(text, 10, ret_bytes, &rest))
		return false;
	for (size_t i = 0; i < LEN(byte_units); i++)
		if (strcmp(rest, byte_units[i].name) == 0)
			return !__builtin_mul_overflow(*ret_bytes, byte_units[i].size, ret_bytes);
	return false;
}

static bool
set_choice(const struct config_item *item, const char *text, int *field)
{
	for (int i = 0; item->choices[i] != NULL; i++)
		if (strcmp(item->choices[i], text) == 0) {
			*field = i;
			return true;
		}
	return false;
}

static bool
set_string(const struct config_item *item, const char *text, char **field)
{
	int64_t len = (int64_t)strlen(text);

	if (len < item->min || (item->max > 0 && len > item->max))
		return false;
	free(*field);
	*field = xstrdup(text);
	return true;
}

bool
config_value_from_text(const struct config_item *item, const char *text, void *field)
{
	const char *rest = "";
	int64_t number;

	switch (item->type) {
	case CONFIG_INT:
		return parse_number(text, 10, &number, &rest) && *rest == '\0' &&
		       set_number(item, number, field);
	case CONFIG_MODE:
		return parse_number(text, 8, &number, &rest) && *rest == '\0' &&
		       set_number(item, number, field);
	case CONFIG_BYTES:
		return parse_bytes(text, &number) && set_number(item, number, field);
	case CONFIG_SPAN:
		return clock_parse_span(text, &number, NULL) == 0 &&
		       set_number(item, number, field);
	case CONFIG_BOOL:
		*(bool *)field = strcmp(text, "true") == 0;
		return *(bool *)field || strcmp(text, "false") == 0;
	case CONFIG_TEXT:
		return set_string(item, text, field);
	case CONFIG_CHOICE:
		return set_choice(item, text, field);
	case CONFIG_LIST:
		list_clear(field);
		list_add(field, text);
		return true;
	}
	return false;
}

static bool
set_list(const config_setting_t *setting, struct config_list *field)
{
	int len = config_setting_length(setting);

	list_clear(field);
	for (int i = 0; i < len; i++) {
		const char *text = config_setting_get_string_elem(setting, i);

		if (text == NULL)
			return false;
		list_add(field, text);
	}
	return true;
}

bool
config_value_from_setting(const struct config_item *item, const config_setting_t *setting,
			  void *field)
{
	enum config_type type = item->type;
	int64_t number;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		return type != CONFIG_INT && type != CONFIG_BOOL &&
		       config_value_from_text(item, config_setting_get_string(setting), field);
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		number = config_setting_get_int64(setting);
		return (type == CONFIG_INT || type == CONFIG_BYTES ||
			(type == CONFIG_SPAN && number == 0)) &&
		       set_number(item, number, field);
	case CONFIG_TYPE_BOOL:
		if (type == CONFIG_BOOL)
			*(bool *)field = config_setting_get_bool(setting) != 0;
		return type == CONFIG_BOOL;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return type == CONFIG_LIST && set_list(setting, field);
	default: /* a float or a group, which no key takes */
		return false;
	}
}

void
config_value_free(const struct config_item *item, void *field)
{
	if (item->type == CONFIG_TEXT) {
		free(*(char **)field);
		*(char **)field = NULL;
	} else if (item->type == CONFIG_LIST) {
		list_clear(field);
	}
}

/* ---- what was expected, what was there ----------------------------------- */

/* In the largest unit that says it exactly. */
static void
add_in_units(struct buffer *out, int64_t number, const struct unit *units, size_t units_len)
{
	for (size_t i = 0; i < units_len; i++)
		if (number % units[i].size == 0 && (number != 0 || i + 1 == units_len)) {
			buffer_printf(out, "%" PRId64 "%s", number / units[i].size, units[i].name);
			return;
		}
}

static void
add_number(struct buffer *out, const struct config_item *item, int64_t number)
{
	if (item->type == CONFIG_MODE)
		buffer_printf(out, "%04" PRIo64, (uint64_t)number);
	else if (item->type == CONFIG_BYTES)
		add_in_units(out, number, byte_units, LEN(byte_units));
	else if (item->type == CONFIG_SPAN && number != 0)
		add_in_units(out, number, span_units, LEN(span_units));
	else
		buffer_printf(out, "%" PRId64, number);
}

static void
add_choices(struct buffer *out, const char *const *choices)
{
	for (int i = 0; choices[i] != NULL; i++) {
		const char *before = i == 0 ? "" : choices[i + 1] != NULL ? ", " : " or ";

		buffer_printf(out, "%s\"%s\"", before, choices[i]);
	}
}

static void
add_bounds(struct buffer *out, const struct config_item *item)
{
	buffer_add_str(out, " from ");
	add_number(out, item, item->min);
	buffer_add_str(out, " to ");
	add_number(out, item, item->max);
}

static void
add_expected(struct buffer *out, const struct config_item *item)
{
	switch (item->type) {
	case CONFIG_INT:
		buffer_add_str(out, "a whole number");
		add_bounds(out, item);
		return;
	case CONFIG_BYTES:
		buffer_add_str(out, "a size such as \"50M\"");
		add_bounds(out, item);
		return;
	case CONFIG_SPAN:
		buffer_add_str(out, "a time with its unit such as \"30s\" or \"7d\"");
		add_bounds(out, item);
		return;
	case CONFIG_MODE:
		buffer_add_str(out, "an octal mode in quotes such as \"0660\"");
		return;
	case CONFIG_BOOL:
		buffer_add_str(out, "true or false");
		return;
	case CONFIG_TEXT:
		buffer_add_str(out, "a text in quotes");
		if (item->max > 0)
			buffer_printf(out, " of %" PRId64 " to %" PRId64 " bytes", item->min,
				      item->max);
		else if (item->min > 0)
			buffer_add_str(out, ", not empty");
		return;
	case CONFIG_CHOICE:
		add_choices(out, item->choices);
		return;
	case CONFIG_LIST:
		buffer_add_str(out, "a list of texts: [ \"…\", \"…\" ]");
		return;
	}
}

static void
add_found(struct buffer *out, const config_setting_t *setting)
{
	struct span text;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		text = span_of(config_setting_get_string(setting));
		buffer_add_char(out, '"');
		text_add_printable(out, (struct span){ text.data, text.len < 60 ? text.len : 60 });
		buffer_add_str(out, text.len > 60 ? "…\"" : "\"");
		return;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		buffer_printf(out, "%lld", config_setting_get_int64(setting));
		return;
	case CONFIG_TYPE_FLOAT:
		buffer_printf(out, "%g", config_setting_get_float(setting));
		return;
	case CONFIG_TYPE_BOOL:
		buffer_add_str(out, config_setting_get_bool(setting) ? "true" : "false");
		return;
	case CONFIG_TYPE_GROUP:
		buffer_add_str(out, "a group { … }");
		return;
	default:
		buffer_add_str(out, "a list");
		return;
	}
}

/* What of a list is no text; NULL: the whole is no list. */
static const config_setting_t *
bad_element(const struct config_item *item, const config_setting_t *setting)
{
	int len = config_setting_is_group(setting) ? 0 : config_setting_length(setting);

	for (int i = 0; item->type == CONFIG_LIST && i < len; i++)
		if (config_setting_get_string_elem(setting, i) == NULL)
			return config_setting_get_elem(setting, (unsigned)i);
	return NULL;
}

int
config_value_error(const struct config_file *file, const struct config_item *item,
		   const config_setting_t *setting, struct error *err)
{
	AUTO(buffer_done) struct buffer text = { 0 };
	const config_setting_t *element = bad_element(item, setting);

	add_expected(&text, item);
	buffer_add_str(&text, " is expected, not ");
	buffer_add_str(&text, element != NULL ? "one with " : "");
	add_found(&text, element != NULL ? element : setting);
	buffer_add_str(&text, element != NULL ? " in it" : "");
	setting = element != NULL ? element : setting;
	return config_error(file, setting, err, "%s: %s", item->key, text.data);
}

/* ---- showing it ---------------------------------------------------------- */

void
config_show_text(const char *text, struct buffer *out)
{
	buffer_add_char(out, '"');
	for (; *text != '\0'; text++)
		if (*text == '"' || *text == '\\')
			buffer_printf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || *text == 0x7F)
			buffer_printf(out, "\\x%02x", (unsigned char)*text);
		else
			buffer_add_char(out, *text);
	buffer_add_char(out, '"');
}

static void
show_list(const struct config_list *list, struct buffer *out)
{
	buffer_add_str(out, "[ ");
	for (size_t i = 0; i < list->len; i++) {
		config_show_text(list->items[i], out);
		buffer_add_str(out, i + 1 < list->len ? ", " : " ");
	}
	buffer_add_str(out, "]");
}

bool
config_value_is_set(const struct config_item *item, const void *field)
{
	if (item->type == CONFIG_TEXT)
		return *(char *const *)field != NULL;
	if (item->type == CONFIG_LIST)
		return ((const struct config_list *)field)->len > 0;
	return item->type != CONFIG_CHOICE || *(const int *)field >= 0;
}

void
config_value_show(const struct config_item *item, const void *field, struct buffer *out)
{
	bool quoted = item->type == CONFIG_BYTES || item->type == CONFIG_SPAN ||
		      item->type == CONFIG_MODE;

	switch (item->type) {
	case CONFIG_INT:
	case CONFIG_BYTES:
	case CONFIG_SPAN:
	case CONFIG_MODE:
		buffer_add_str(out, quoted ? "\"" : "");
		add_number(out, item, *(const int64_t *)field);
		buffer_add_str(out, quoted ? "\"" : "");
		return;
	case CONFIG_BOOL:
		buffer_add_str(out, *(const bool *)field ? "true" : "false");
		return;
	case CONFIG_TEXT:
		config_show_text(*(char *const *)field, out);
		return;
	case CONFIG_CHOICE:
		config_show_text(item->choices[*(const int *)field], out);
		return;
	case CONFIG_LIST:
		show_list(field, out);
		return;
	}
}
