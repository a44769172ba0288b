/*
 * config_value.h: the value of one key, as its row in a table says.
 *
 * field is the member of the struct that is filled.
 */
#ifndef BASE_CONFIG_VALUE_H
#define BASE_CONFIG_VALUE_H

#include "base/config.h"

/* Sets the field; false when the text or the setting is not of the key's type or bounds. A text is
 * a fallback or what stands in quotes. */
bool config_value_from_text(const struct config_item *item, const char *text, void *field);
bool config_value_from_setting(const struct config_item *item, const config_setting_t *setting,
			       void *field);
void config_value_free(const struct config_item *item, void *field);

/* Says what was expected instead of the setting. Returns -1. */
int config_value_error(const struct config_file *file, const struct config_item *item,
		       const config_setting_t *setting, struct error *err);

/* Is there anything to show? Then as it may stand in a file. */
bool config_value_is_set(const struct config_item *item, const void *field);
void config_value_show(const struct config_item *item, const void *field, struct buffer *out);

#endif
