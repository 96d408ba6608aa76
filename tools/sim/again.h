/*
 * A journal once more: the inputs that must have caused its events are worked out and given to a
 * fresh engine at the same times, and what that engine does is compared with what the journal says.
 * Decisions (offers and ghosts) are compared bit for bit, in the form the journal keeps them.
 *
 * What a journal does not keep cannot be replayed: scans that were refused, changes of the local
 * time, and how late a scan from the dock's store came.  A sale in which the two differ is counted
 * once and left at that point.
 */
#ifndef TOOLS_SIM_AGAIN_H
#define TOOLS_SIM_AGAIN_H

#include "tools/sim/till.h"

#define GW_AGAIN_SHOWN 10

struct gw_again {
	uint64_t sales, lines;
	uint64_t decisions; /* offers and ghosts of the journal that were compared */
	uint64_t equal;     /* ... and were decided in the same way */
	uint64_t elsewhere; /* decided on another table than the one given; not compared */
	uint64_t astray;    /* sales in which the engine did something else */
	uint32_t shown;
	char differences[GW_AGAIN_SHOWN][400]; /* the first ones */
};

/* till: without a journal.  GW_E_INPUT (not a journal, a damaged event), GW_E_STORAGE ... */
int gw_again_run(struct gw_again *again, struct gw_till *till, const char *journal,
		 struct gw_err *err);

#endif
