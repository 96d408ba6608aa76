/*
 * The tables that statistics read: sale, sale_line and offer, derived from events one by one.  The
 * journal writes them in the transaction of the event itself; the collector derives the same ones
 * with (terminal, epoch) in front; `goeswith-report rebuild` makes them anew, and must come out
 * equal.  Amounts unknown to the till are NULL.
 *
 * sale.utc_offset_min came later, so files of before lack it, and a program of before leaves it
 * NULL: then reports ask the sale's `open` event (store/ledger.c).
 *
 * Borrows the connection, owns its statements.  The thread of the connection.
 */
#ifndef STORE_PROJECT_H
#define STORE_PROJECT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/err.h"
#include "goeswith/event.h"

enum { /* one statement each: project.c */
       GW_PROJECT_OPEN,
       GW_PROJECT_CASHIER,
       GW_PROJECT_SEGMENT,
       GW_PROJECT_STATE,
       GW_PROJECT_LINE,
       GW_PROJECT_VOID,
       GW_PROJECT_UNKNOWN,
       GW_PROJECT_OFFER,
       GW_PROJECT_OUTCOME,
       GW_PROJECT_CLOSE,
       GW_PROJECT_COUNT
};

struct gw_project {
	sqlite3 *db;
	bool keyed; /* with (terminal, epoch) in front */
	sqlite3_stmt *stmt[GW_PROJECT_COUNT];
	char cashier[GW_ID_MAX]; /* who is logged in where no sale is open; a start forgets it */
};

/* Makes the tables; keyed: with terminal and epoch in front of every key. */
int gw_project_create(sqlite3 *db, bool keyed, struct gw_err *err);
/* Adds the columns that tables of before lack: quick, whatever their size.  Rows stay as they are.
 * GW_E_STORAGE. */
int gw_project_upgrade(sqlite3 *db, struct gw_err *err);
/* Whether the table sale of an open or attached database ("main", "source") has utc_offset_min. */
bool gw_project_has_offset(sqlite3 *db, const char *schema_name);
/* Empties them. */
int gw_project_clear(sqlite3 *db, struct gw_err *err);

int gw_project_init(struct gw_project *p, sqlite3 *db, bool keyed, struct gw_err *err);
void gw_project_release(struct gw_project *p);

/* keyed: sets whose events follow; the texts must live until the next call. */
void gw_project_terminal(struct gw_project *p, const char *terminal, const char *epoch);

/* Derives what one event changes.  An SQLite result code, SQLITE_OK when done. */
int gw_project_apply(struct gw_project *p, int64_t seq, const struct gw_event *event);

#endif
