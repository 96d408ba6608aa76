/*
 * A file system in memory that fails on demand, as an SQLite VFS: any write, sync, truncate, open
 * or delete can fail (before or after taking effect), and a power cut throws away what was not
 * synced, sector by sector, by lot.  Registered as the default VFS, so that all code of the program
 * meets it.
 *
 * One set of files for the whole program; no threads.
 */
#ifndef TESTS_CUT_VFS_H
#define TESTS_CUT_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum cut_mode {
	CUT_NONE,
	CUT_FAIL_BEFORE, /* the operation does nothing and fails */
	CUT_FAIL_AFTER,  /* the operation takes place and fails all the same */
	CUT_POWER        /* from this operation on nothing works any more */
};

void cut_register(void);

/* Forgets all files; seed draws which unsynced sectors survive a cut. */
void cut_reset(uint64_t seed);

/* From now on, operation number `at` (1-based) and the `count` - 1 after it fail in this way. */
void cut_arm(enum cut_mode mode, int at, int count);
/* Operations since cut_arm, and whether any failed. */
int cut_operations(void);
bool cut_happened(void);

/* After a power cut: the files as the disk has them now. */
void cut_restart(void);

#endif
