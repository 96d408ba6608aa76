/*
 * One process at a time on a database: a lock on PATH.lock, held until the descriptor is closed (so
 * kill -9 lets go of it).  Never waits.
 */
#ifndef TOOLS_SYNC_LOCK_H
#define TOOLS_SYNC_LOCK_H

#include "base/err.h"

/* *fd < 0 when it fails.  GW_E_AGAIN with the sentence busy, GW_E_DENIED, GW_E_STORAGE. */
int lock_take(int *fd, const char *path, const char *busy, struct gw_err *err);

#endif
