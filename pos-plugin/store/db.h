/*
 * What every SQLite file of goeswith shares: opening with the same care, errors in words, a small
 * statement helper.  Private to store/ and tools/sync/ (the only places that see sqlite3.h).
 *
 * A connection belongs to the thread that opened it.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum gw_db_mode {
	GW_DB_READ,  /* never writes, never checkpoints */
	GW_DB_WRITE, /* the file must be there */
	GW_DB_CREATE /* made with mode 0660 when it is not there */
};

/*
 * Opens path with the named VFS (NULL: the system's).  GW_E_NOT_FOUND, GW_E_DENIED, GW_E_INPUT (not
 * a database), GW_E_STORAGE, GW_E_MEMORY; *db is NULL on failure.  GW_DB_READ falls back to an
 * immutable view for a file at rest on read-only media.
 */
int gw_db_open(sqlite3 **db, const char *path, enum gw_db_mode mode, const char *vfs,
	       struct gw_err *err);
void gw_db_close(sqlite3 **db);

/*
 * Checks PRAGMA application_id and user_version.  1: the right kind, of a version <= newest; 0: an
 * empty file; GW_E_INPUT: a foreign or newer one, said in words; GW_E_STORAGE.
 */
int gw_db_identify(sqlite3 *db, const char *path, int32_t application_id, int newest,
		   const char *what, struct gw_err *err);

/* Runs statements that give no rows. */
int gw_db_exec(sqlite3 *db, const char *sql, struct gw_err *err);

/* Prepares one statement. */
int gw_db_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql, struct gw_err *err);

/* Fills err from the connection's last failure: "WHAT: sqlite's words".  Returns the GW_E_ code. */
int gw_db_fail(sqlite3 *db, struct gw_err *err, const char *what);

/* Writes the URI that opens the file of a GW_DB_READ connection again in the same way. */
void gw_db_uri(char *out, size_t size, sqlite3 *db);

/* Whether the file is a database with this application_id; false when it cannot be read. */
bool gw_db_is(const char *path, int32_t application_id);

/* GW_E_ code for an extended SQLite result code. */
int gw_db_code(int sqlite_rc);

/* The name of a network file system with this statfs type, NULL for any other. */
const char *gw_db_network_fs(unsigned long statfs_type);

/* GW_E_UNSUPPORTED if the folder of path lies on a network file system. */
int gw_db_check_place(const char *path, struct gw_err *err);

/* Writes the folder of path ("." where it has none). */
void gw_db_folder(char *out, size_t size, const char *path);

#endif
