/* room.h: pages, for those who free them. */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include "store/sql.h"

/* After a purge: gives some free pages of the file back to the disk when there are many of them, or
 * when the disk needs them. Never fails: it is tried again after the next purge. */
void room_give_back(struct store *store);

#endif
