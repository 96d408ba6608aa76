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
	int lock_fd;
	char path[GW_PATH_MAX];
	char room[GW_EVENT_ROOM];
};

/* The state of an epoch, all zero when there is none yet. */
void book_get_epoch(struct book *b, const char *till, const char *epoch, struct epoch_row *row);
int book_put_epoch(struct book *b, const char *till, const char *epoch, const struct epoch_row *row,
		   struct gw_err *err);

#endif
