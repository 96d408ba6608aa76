/*
 * Sealing: new events of the journal become batch files in the outbox, each complete, signed, named
 * by its content and chained to the one before.  A file is written first and remembered second, so
 * a file that nobody remembers was never sent and is thrown away.
 */
#ifndef TOOLS_SYNC_SEAL_H
#define TOOLS_SYNC_SEAL_H

#include "tools/sync/device.h"
#include "tools/sync/state.h"
#include "tools/sync/sync.h"

struct seal_result {
	char till[GW_BATCH_TILL_MAX], epoch[GW_BATCH_EPOCH_MAX];
	int64_t batches, events, bytes; /* sealed in this call */
	int64_t left;                   /* events too young to seal */
	int64_t oldest_left_ms;         /* wall clock of the oldest of them, 0: none */
};

/* Seals what is due by s->limits.  Codes as gw_reader_open. */
int seal_new(const struct sync *s, struct state *state, const struct device_key *key,
	     struct seal_result *result, struct gw_err *err);

/* Removes from the outbox what is not remembered. */
int seal_clean(const struct sync *s, struct state *state, struct gw_err *err);

/*
 * The file that tells head office that a batch will never come: packed into malloc'ed *data, named
 * in name.  Made from the same row it is the same file, so that it may be put again and again.
 */
int seal_gap(const struct device_key *key, const char *till, const struct batch_row *row,
	     char name[STATE_NAME_MAX], uint8_t **data, size_t *len, struct gw_err *err);

/* Keeps the outbox within its limits: the oldest goes, and a batch that tells the gap replaces it.
 */
int seal_cap(const struct sync *s, struct state *state, const struct device_key *key,
	     const char *till, int64_t *dropped, struct gw_err *err);

#endif
