/*
 * The file under a journal: schema, prepared statements, one transaction at a time.  Knows nothing
 * of failure and repair; that is journal.c.  Private to store/.
 *
 * Owns the connection.  Whoever calls holds the journal's lock.
 */
#ifndef STORE_JOURNAL_FILE_H
#define STORE_JOURNAL_FILE_H

#include "store/chain.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/project.h"

#define GW_EPOCH_MAX 17 /* 16 hex digits and a NUL */

enum {
	GW_JFILE_BEGIN,
	GW_JFILE_COMMIT,
	GW_JFILE_ROLLBACK,
	GW_JFILE_EVENT,
	GW_JFILE_META,
	GW_JFILE_DOCK,
	GW_JFILE_DOCK_NEXT,
	GW_JFILE_SCAN_SEQ,
	GW_JFILE_LAST,
	GW_JFILE_STATEMENTS
};

/* Where the chain of events ends; copied at the start of a transaction to go back to. */
struct gw_jfile_tail {
	int64_t seq;
	uint8_t chain[GW_CHAIN_LEN];
	uint32_t next_basket;
	bool boot_written;
	char cashier[GW_ID_MAX];
};

struct gw_jfile {
	sqlite3 *db;
	sqlite3_stmt *stmt[GW_JFILE_STATEMENTS];
	struct gw_project project;
	char store[GW_ID_MAX], terminal[GW_ID_MAX], epoch[GW_EPOCH_MAX];
	uint32_t boot; /* of this start: one more than the file says until boot_written */
	struct gw_jfile_tail tail;
	int wal_pages; /* not checkpointed */
	char *body;    /* GW_EVENT_BODY_MAX bytes */
};

/*
 * Opens and checks, makes the schema in an empty file.  Codes as gw_journal_open.  *f must not move
 * while it is open.
 */
int gw_jfile_open(struct gw_jfile *f, const struct gw_journal_config *config, struct gw_err *err);
void gw_jfile_close(struct gw_jfile *f);

/* SQLite result codes, SQLITE_OK when done. */
int gw_jfile_begin(struct gw_jfile *f);
int gw_jfile_commit(struct gw_jfile *f);
/* Undoes all since begin; *before is the tail as it was then. */
void gw_jfile_rollback(struct gw_jfile *f, const struct gw_jfile_tail *before);

/* A scan's number at its dock; session 0: none. */
struct gw_scan_id {
	uint32_t session, seq;
};

/*
 * Adds one event with its projections; the row carries this dock number, whatever the event says.
 * SQLITE_CONSTRAINT_UNIQUE: the number is there already, and nothing was written.
 */
int gw_jfile_add(struct gw_jfile *f, const struct gw_event *event, struct gw_scan_id scan);

/*
 * For salvage: a row as another journal had it, without projections, and that journal's epoch.
 * SQLite result codes.
 */
int gw_jfile_copy(struct gw_jfile *f, const struct gw_chain_row *row, const uint8_t *chain);
int gw_jfile_set_epoch(struct gw_jfile *f, const char *epoch);

/* Number of the event that carries a dock number, 0: none. */
int64_t gw_jfile_scan_seq(struct gw_jfile *f, struct gw_scan_id scan);

/* Moves the pages of the WAL into the file as far as readers allow. */
int gw_jfile_checkpoint(struct gw_jfile *f);

#endif
