/*
 * How a batch leaves the outbox: put aside, or thrown away because head office has its events.
 * File and row change together; a crash in between leaves a file too many, which seal_clean takes,
 * or a row whose file is gone, which the next push puts aside.
 */
#ifndef TOOLS_SYNC_OUTBOX_H
#define TOOLS_SYNC_OUTBOX_H

#include "tools/sync/state.h"
#include "tools/sync/sync.h"

/* Moves the file to outbox/quarantine/, with the reason in its row. */
int outbox_put_aside(const struct sync *s, struct state *state, struct batch_row *row,
		     const char *reason, struct gw_err *err);

/* Head office has its events: the file goes. */
int outbox_commit(const struct sync *s, struct state *state, struct batch_row *row,
		  struct gw_err *err);

#endif
