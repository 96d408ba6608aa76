/*
 * What `goeswith-sim replay` prints, for people and as one JSON object.  Writes to stdout.
 */
#ifndef TOOLS_SIM_REPLAY_PRINT_H
#define TOOLS_SIM_REPLAY_PRINT_H

#include "tools/sim/again.h"
#include "tools/sim/baskets.h"
#include "tools/sim/hits.h"

/* check: NULL when none was asked for. */
void gw_replay_print_baskets(bool json, const struct gw_baskets *run, const struct gw_till *till,
			     uint64_t took_ns, const struct gw_baskets_check *check);
void gw_replay_print_journal(bool json, const struct gw_again *again, const struct gw_till *till,
			     bool check);
void gw_replay_print_hits(bool json, const struct gw_hits *hits);

#endif
