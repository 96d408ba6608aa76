/*
 * The journal of one till: every event on disk before its beep.  An SQLite file in WAL mode with
 * synchronous=FULL, written and checkpointed by this module alone, hash-chained (store/chain.h),
 * with the tables for statistics (store/project.h) kept in the same transaction.
 *
 * Owns the file, a lock file beside it (PATH.lock) and, while the disk fails, up to 1,000 events in
 * memory.  Never blocks on a reader, never deletes events, never creates threads; allocates at
 * opening only.  One thread at a time.
 *
 *	struct gw_journal *j;
 *	struct gw_journal_config config = {.path = p, .store = "S0042", .terminal = "T03",
 *					   .create = true};
 *	if (gw_journal_open(&j, &config, &err) < 0) ...
 *	gw_journal_each_open(j, restore, engine);
 *	n = gw_engine_events(engine, &events);
 *	rc = gw_journal_append(j, events, n, &seq, &err);
 *	... acknowledge the scan when rc >= 0; when gw_journal_deadline says so: gw_journal_tick ...
 *
 *	      open            append, tick: done
 *	  ──────────▶ GOOD ◀──────────────────────┐
 *	               │ append: SQLite fails      │
 *	               ▼ (its events are queued)   │
 *	            FAILING ── append, tick: reopen, compare the last row with what was written
 *	                       and with what was tried, then write the queue ──┘ or stay
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/err.h"
#include "goeswith/event.h"

#define GW_JOURNAL_ID 0x67776a31 /* PRAGMA application_id, "gwj1" */
/* PRAGMA user_version: raised by a change that programs of before could not work with.  A column
 * more is none: opening adds it, and a till that goes back to its old program still sells. */
#define GW_JOURNAL_SCHEMA 1

struct gw_journal;

struct gw_journal_config {
	const char *path;
	const char *store, *terminal; /* NULL: whatever the journal says */
	bool create;                  /* make it when it is not there */
	bool scratch;                 /* simulations: no fsync, so a power cut may lose all of it */
	const char *vfs;              /* tests: SQLite's VFS of this name */
};

/*
 * Opens the journal as its one writer.  GW_E_AGAIN: another register has it; GW_E_UNSUPPORTED: on a
 * network file system; GW_E_INPUT: not a journal, made by a newer goeswith, damaged, or of another
 * store or terminal; GW_E_NOT_FOUND, GW_E_DENIED, GW_E_MEMORY.  *journal is NULL on failure.
 *
 * When only the disk is at fault (full, I/O error) and store and terminal are given, it opens all
 * the same, failing: events wait in memory until the file can be opened.  Else GW_E_STORAGE.
 */
int gw_journal_open(struct gw_journal **journal, const struct gw_journal_config *config,
		    struct gw_err *err);
/* Checkpoints and closes; what still waits in memory is tried once more.  NULL is fine. */
void gw_journal_close(struct gw_journal *journal);

#define GW_JOURNAL_ALREADY 1

/*
 * Appends all events of one input (those the journal keeps) in one durable transaction.  Events of
 * a scan are unique on its dock number: a repeated one gives GW_JOURNAL_ALREADY, and nothing is
 * doubled.  *first_seq receives the number of the first event (0: none was kept).
 *
 * GW_E_STORAGE: not on disk but waiting in memory; every later append and tick tries again.
 * GW_E_FULL: memory is full too, the events are lost and counted (a gap event will say so).
 */
int gw_journal_append(struct gw_journal *journal, const struct gw_event *events, size_t count,
		      int64_t *first_seq, struct gw_err *err);

/*
 * The number of the next scan expected from a dock's session, all before it being durable.
 * GW_E_NOT_FOUND: nothing of this session is known.  GW_E_STORAGE.
 */
int gw_journal_dock_next(struct gw_journal *journal, uint32_t session, uint32_t *next_seq);

/* Remembers, durably, that all scans of a session before next_seq were dealt with without events.
 */
int gw_journal_dock_seen(struct gw_journal *journal, uint32_t session, uint32_t next_seq);

/*
 * Housekeeping outside the scan path: checkpoints 2 s after the last append or at 1,000 pages, and
 * tries failed storage again.  GW_E_STORAGE while it fails.
 */
int gw_journal_tick(struct gw_journal *journal, int64_t mono_ms);
/* mono_ms of the next tick wanted, -1: never. */
int64_t gw_journal_deadline(const struct gw_journal *journal);

struct gw_journal_state {
	bool failing;
	uint32_t waiting;     /* events in memory */
	uint64_t dropped;     /* events lost since the storage failed */
	char text[160];       /* why it fails, "" while it does not */
	int64_t last_seq;     /* durable */
	uint32_t boot;        /* number of this start, >= 1 */
	uint32_t next_basket; /* number of the next sale, >= 1 */
};
void gw_journal_state(const struct gw_journal *journal, struct gw_journal_state *state);

/* Store and terminal the journal belongs to, its epoch (16 hex digits); borrowed. */
const char *gw_journal_store(const struct gw_journal *journal);
const char *gw_journal_terminal(const struct gw_journal *journal);
const char *gw_journal_epoch(const struct gw_journal *journal);

/* Whether one of the last 20 sales was closed by the till's word: it will tell of the next as well.
 */
bool gw_journal_till_tenders(struct gw_journal *journal);

/*
 * Calls each for every event of every sale that was not closed, in order; its texts are valid
 * during the call.  Stops early at a negative result and returns it.
 */
int gw_journal_each_open(struct gw_journal *journal,
			 int (*each)(void *ctx, const struct gw_event *event), void *ctx);

/*
 * Makes the tables for statistics anew from the events.  GW_E_STORAGE, GW_E_INPUT (an event that
 * cannot be read; the tables are then as before).
 */
int gw_journal_rebuild(struct gw_journal *journal, struct gw_err *err);

#endif
