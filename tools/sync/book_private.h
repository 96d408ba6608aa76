/*
 * What the parts of the book share: book.c (files and events), book_settle.c (statistics tables,
 * marks, acknowledgements).  Private to them.
 */
#ifndef TOOLS_SYNC_BOOK_PRIVATE_H
#define TOOLS_SYNC_BOOK_PRIVATE_H

#include <sqlite3.h>

#include "base/home.h"
#include "model/event_json.h"
#include "store/project.h"
#include "tools/sync/book.h"
#include "tools/sync/book_intake.h"

enum {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVE,
	SQL_RELEASE,
	SQL_BACK,
	SQL_FILE,
	SQL_PUT_FILE,
	SQL_BEFORE,
	SQL_AFTER,
	SQL_EVENT,
	SQL_SAME,
	SQL_EPOCH,
	SQL_PUT_EPOCH,
	SQL_SALE,
	SQL_COUNT
};

struct epoch_row {
	int64_t high, settled;
	char cashier[GW_ID_MAX];
	bool late; /* the statistics tables must be derived anew */
};

struct book {
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_COUNT];
	struct gw_project project;
	bool intake;
	struct book_archive archive;
	int lock_fd;
	char path[GW_PATH_MAX];
	char room[GW_EVENT_ROOM];
};

#define BOOK_INTAKE_ID 0x67776931 /* application_id of an intake, "gwi1" */

/* --- an intake (book_intake.c) --- */

/* Makes a book an intake, if it is none yet. */
int book_intake_make(struct book *b, struct gw_err *err);

/* Whether an event belongs to a sale that is no longer here. */
bool book_intake_misses_sale(struct book *b, const char *till, const char *epoch,
			     const struct gw_event *event);

/* Brings those events of a batch back that the archive has, so that they can be compared. */
int book_intake_bring_back(struct book *b, const struct gw_batch_header *header,
			   struct gw_err *err);

/* Brings a whole epoch back. */
int book_intake_bring_epoch(struct book *b, const char *till, const char *epoch,
			    struct gw_err *err);

/* Steps a statement that gives no rows, and resets it. */
int book_run(struct book *b, int which, struct gw_err *err);
/* Binds text that outlives the step; NULL binds NULL. */
void book_bind_text(sqlite3_stmt *stmt, int at, const char *text);

/*
 * Puts a batch's events, *fresh of them new.  GW_E_INPUT: a line that cannot be read, or an event
 * that is there already and says something else.
 */
int book_put_events(struct book *b, const struct gw_batch *batch, struct epoch_row *state,
		    int64_t *fresh, struct gw_err *err);

/* The state of an epoch, all zero when there is none yet. */
void book_get_epoch(struct book *b, const char *till, const char *epoch, struct epoch_row *row);
int book_put_epoch(struct book *b, const char *till, const char *epoch, const struct epoch_row *row,
		   struct gw_err *err);

#endif
