/*
 * Private to table_db.c and table_save.c: a SQLite failure as a goeswith error.
 */
#ifndef STORE_TABLE_SQL_H
#define STORE_TABLE_SQL_H

#include <sqlite3.h>

#include "base/err.h"

/* Fills *err from the last failure of db (NULL: out of memory) and returns its code. */
int gw_table_sql_error(sqlite3 *db, const char *path, struct gw_err *err);

#endif
