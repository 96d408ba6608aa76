/*
 * table.db: a finished rule table as a SQLite file, made whole by gw_table_save and read whole by
 * gw_table_load (goeswith/table.h).  The file is never changed in place: a new table replaces it by
 * rename, so a reader needs no lock.
 *
 * Keeps no state and holds no file open between calls.
 */
#ifndef STORE_TABLE_DB_H
#define STORE_TABLE_DB_H

#include "base/err.h"
#include "goeswith/table.h"

#define GW_TABLE_DB_APPLICATION 0x67777431 /* "gwt1" */
#define GW_TABLE_DB_SCHEMA      1

/* Where a table came from, kept in the file beside it.  "" where unknown. */
struct gw_table_origin {
	char version[GW_ID_MAX]; /* of the table itself; saving ignores these two */
	char chain[GW_ID_MAX];
	char payload[65];     /* BLAKE2b-256 of the payload it was made from, in hex */
	char key[20];         /* id of the key that signed it */
	int64_t installed_ms; /* 0: unknown */
};

/*
 * Writes the table to a new file, which must not exist, and fsyncs it.  On failure nothing is left
 * behind.  GW_E_STORAGE, GW_E_DENIED.
 */
int gw_table_save(const struct gw_table *table, const struct gw_table_origin *origin,
		  const char *path, struct gw_err *err);

/* Reads only the origin.  Errors as gw_table_load. */
int gw_table_origin(struct gw_table_origin *origin, const char *path, struct gw_err *err);

#endif
