/*
 * folder_kind.c: the table of kinds.
 */
#include "admit/folder_kind.h"

#include <string.h>
#include <strings.h>

static const struct folder_kind *const kinds[] = {
	&folder_kind_maildir,         &folder_kind_iis_badmail,      &folder_kind_iis_drop,
	&folder_kind_exchange_replay, &folder_kind_exchange_badmail, &folder_kind_pickup,
};

const struct folder_kind *
folder_kind_find(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

bool
folder_name_ends(const char *name, const char *extension)
{
	size_t len = strlen(name), most = strlen(extension);

	return len > most && strcasecmp(name + len - most, extension) == 0;
}

bool
folder_name_is_temporary(const char *name)
{
	return folder_name_ends(name, ".tmp");
}
