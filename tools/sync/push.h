/*
 * One round of pushing, as the verbs `push` and `run` do it.
 */
#ifndef TOOLS_SYNC_PUSH_H
#define TOOLS_SYNC_PUSH_H

#include "tools/sync/state.h"
#include "tools/sync/sync.h"
#include "tools/sync/target.h"

struct push_result {
	char till[GW_BATCH_TILL_MAX];
	int64_t sealed, sealed_events, sealed_bytes;
	int64_t sent, sent_events;       /* batches put, or found to be there */
	int64_t committed, quarantined;  /* batches, in this round */
	int64_t waiting, waiting_events; /* still to be put */
	int64_t unacknowledged;          /* put, but not committed yet */
	int64_t dropped_events;          /* the outbox was full */
	int64_t taken_back_events;       /* head office does not have them any more: sealed again */
	int64_t next_ms;                 /* wall clock of the next attempt wanted, 0: none */
	int64_t oldest_left_ms;          /* of events too young to seal, 0: none */
};

/*
 * Seals, puts, reads the acknowledgement.  patient: leaves alone what waits for its next attempt.
 * GW_E_DEVICE and the like when the place cannot be reached (the result holds what was done).
 */
int push_once(const struct sync *s, struct state *state, struct target *target, bool patient,
	      struct push_result *result, struct gw_err *err);

/* Milliseconds to wait after this many failures: 1 .. min(15 min, 1 s * 2^tries), uniform. */
int64_t push_backoff_ms(int64_t tries);

#endif
