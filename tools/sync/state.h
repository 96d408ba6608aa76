/*
 * What goeswith-sync remembers (HOME/sync.db): which events are sealed into which file, and how far
 * each file has come.
 *
 *	sealed ──put──▶ sent ──acknowledged──▶ committed (its file is deleted, its row stays)
 *	   │ refused for good      │ rejected by head office
 *	   └──────────▶ quarantined ◀──┘
 *	sealed, outbox full ──▶ dropped, and a gap batch takes its place
 *
 * One process at a time holds it (a lock file); the register never touches it.
 */
#ifndef TOOLS_SYNC_STATE_H
#define TOOLS_SYNC_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/batch.h"

#define STATE_NAME_MAX   160
#define STATE_REASON_MAX 200

enum batch_state { BATCH_SEALED, BATCH_SENT, BATCH_COMMITTED, BATCH_QUARANTINED, BATCH_DROPPED };

const char *batch_state_word(enum batch_state state);

struct batch_row {
	char epoch[GW_BATCH_EPOCH_MAX];
	int64_t first, last;
	char name[STATE_NAME_MAX]; /* of the file: EPOCH-FIRST-LAST-HASH.ndjson.zst */
	char hash[GW_BATCH_HASH_MAX];
	int64_t size;
	enum batch_state state;
	int64_t sealed_ms, sent_ms; /* 0: not yet */
	int64_t tries, next_ms;     /* failed attempts, and when to try again */
	int64_t refusals;           /* of them answers that said it may be this file */
	char reason[STATE_REASON_MAX];
};

struct state;

/* GW_E_AGAIN: another goeswith-sync is at work.  GW_E_INPUT, GW_E_DENIED, GW_E_STORAGE. */
int state_open(struct state **state, const char *path, struct gw_err *err);
/* For looking only: no lock, no writing.  GW_E_NOT_FOUND when nothing was ever sealed. */
int state_open_read(struct state **state, const char *path, struct gw_err *err);
void state_close(struct state *state);

/* Last batch of an epoch by number.  GW_E_NOT_FOUND. */
int state_last(struct state *state, const char *epoch, struct batch_row *row, struct gw_err *err);

/* Whether a file of this name is one that is still to be sent or acknowledged. */
bool state_keeps(struct state *state, const char *name);

/* Durable when it returns. */
int state_put(struct state *state, const struct batch_row *row, struct gw_err *err);

/*
 * Calls each for every batch, oldest first.  It may call state_put for the row it was given.  A
 * negative result ends it and is returned.
 */
int state_each(struct state *state, int (*each)(void *ctx, const struct batch_row *row), void *ctx,
	       struct gw_err *err);

/* A remembered text, "" when there is none (servers' times, last acknowledgement ...). */
int state_note(struct state *state, const char *key, const char *value, struct gw_err *err);
void state_noted(struct state *state, const char *key, char *out, size_t size);

/*
 * Forgets committed batches but the last 500 of each epoch: the next one's chain needs the last,
 * and head office may be set back to one of the others.
 */
int state_prune(struct state *state, struct gw_err *err);

/* Last event of an epoch's committed batches, 0: none. */
int64_t state_committed(struct state *state, const char *epoch);
/* Whether a batch of the epoch ends with this event. */
bool state_ends_at(struct state *state, const char *epoch, int64_t last);
/* Forgets every batch of the epoch behind this event, so that they are sealed again. */
int state_forget_after(struct state *state, const char *epoch, int64_t last, struct gw_err *err);

#endif
