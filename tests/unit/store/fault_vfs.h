/*
 * fault_vfs.h: a SQLite VFS that fails where it is told, and a disk that
 * forgets what was not synced.
 *
 * It stands in front of the system's VFS and becomes the default. Steps are
 * writes, truncations and syncs of any file, counted from fault_arm. For
 * tests only: its state is global, one process has one.
 */
#ifndef TESTS_STORE_FAULT_VFS_H
#define TESTS_STORE_FAULT_VFS_H

#include <stdbool.h>

struct fault_plan {
	int step;  /* the n-th step from now fails; 0: none */
	int code;  /* with this SQLite error */
	bool stay; /* and so does every step after it, until fault_disarm */
	bool torn; /* the first half of a failing write reaches the file */
};

void fault_install(void);
void fault_arm(const struct fault_plan *plan);
void fault_disarm(void);
bool fault_happened(void); /* since fault_arm */

/*
 * The power goes: of the writes that no sync has followed, some reach the
 * disk and some do not, as seed decides; seed 0: none does. Ends use of the
 * open files: to be called in a process about to exit.
 */
void fault_power_cut(unsigned seed);

#endif
