/*
 * A clock for how old a batch is.  The wall clock of a till may be wrong by decades for an hour; a
 * batch that was "90 days old" in that hour must not be given up.  This one goes on no faster than
 * time is seen to pass, and follows the wall clock when that is behind.
 *
 *	steady = min(wall, max(steady before + what has passed, head office's clock))
 *
 * What has passed is told by the clock since the machine was started, with 1 % for clocks that are
 * slow; over a restart a day is believed.  Head office's clock is that of its newest
 * acknowledgement.  So after a long holiday batches seem too young for a while, which keeps them.
 */
#ifndef TOOLS_SYNC_STEADY_H
#define TOOLS_SYNC_STEADY_H

#include "tools/sync/state.h"

/* Where it stood, and what the clock since the machine's start showed then. */
struct steady {
	int64_t ms, up_ms;
};

/* One step of it; all in milliseconds, office_ms 0 when head office has not been heard. */
int64_t steady_step(const struct steady *before, int64_t wall_ms, int64_t up_ms, int64_t office_ms);

/* Milliseconds since 1970; remembers where it stands.  Without a memory: the wall clock. */
int64_t steady_now_ms(struct state *state);

#endif
