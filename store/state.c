/*
 * state.c: the names of the states of a record.
 *
 * The names, not the numbers, are what the file holds: the enum may be put in
 * another order, a name may not be changed without a migration.
 */
#include "store/store.h"

#include <assert.h>
#include <string.h>

static const char *const names[RECORD_STATES] = {
	[RECORD_HELD] = "held",           [RECORD_DELETED] = "deleted",
	[RECORD_SENDING] = "sending",     [RECORD_SENT] = "sent",
	[RECORD_RELEASING] = "releasing", [RECORD_RELEASED] = "released",
	[RECORD_FAILED] = "failed",
};

const char *
record_state_name(enum record_state state)
{
	assert((unsigned)state < RECORD_STATES);
	return names[state];
}

int
record_state_from_name(const char *name, enum record_state *ret_state)
{
	for (int i = 0; i < RECORD_STATES; i++)
		if (strcmp(names[i], name) == 0) {
			*ret_state = (enum record_state)i;
			return 1;
		}
	return 0;
}
