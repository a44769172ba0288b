/*
 * settings_check.h: settings, between their file and whoever reads them.
 *
 * Of settings.c alone.
 */
#ifndef BASE_SETTINGS_CHECK_H
#define BASE_SETTINGS_CHECK_H

#include "base/settings.h"

struct settings_check {
	const struct config_file *file;
	struct settings *settings; /* filled by the table */
	const char *folder;        /* of the file; absolute */
	struct error *err;
};

/* Reads the directories and fills in what is made of other keys. -1: err, with its line. */
int settings_check(const struct settings_check *check);

#endif
