/*
 * What an acknowledgement of head office settles at the till:
 *
 *	committed there     the batch's file is deleted
 *	arrived damaged     it is sent again, a few times
 *	sent, and later     it is sent again, ever more rarely: what lay there and was not collected
 *	ones are there      may be lost
 *	refused for good    it is put aside
 *	committed, and now  the acknowledgement of before was forged, or head office was restored
 *	not any more        from a backup: the events are sealed again from the journal, which has
 *	                    them all
 *
 * An acknowledgement is believed when it is signed by a key in HOME/trust/ack; without keys there,
 * or with `signed_acks = no`, every one is.  What an unsigned one does can be taken back as above.
 * An old one that is replayed settles nothing new.
 */
#ifndef TOOLS_SYNC_SETTLE_H
#define TOOLS_SYNC_SETTLE_H

#include "tools/sync/ack.h"
#include "tools/sync/state.h"
#include "tools/sync/sync.h"
#include "tools/sync/target.h"

struct settle_result {
	int64_t committed, quarantined; /* batches */
	int64_t taken_back;             /* events that are to be sealed again */
	int failure;                    /* it cannot be had, or is not believed: try later */
	struct gw_err why;              /* of failure */
};

/*
 * till and epoch: of the journal.  *ack becomes what is believed, all zero when there is nothing.
 * A negative code is a failure of ours, not of the place.
 */
int settle(const struct sync *s, struct state *state, struct target *target, const char *till,
	   const char *epoch, struct ack *ack, struct settle_result *result, struct gw_err *err);

#endif
