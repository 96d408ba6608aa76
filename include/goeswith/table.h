/*
 * The rule table: items, rules, experiments and settings of one round, read from a table.db that
 * `goeswith-table install` made.  Immutable once loaded; may be shared by threads and engines.
 */
#ifndef GOESWITH_TABLE_H
#define GOESWITH_TABLE_H

#include "goeswith/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Loads a table.db.  GW_E_NOT_FOUND (no such file), GW_E_DENIED, GW_E_INPUT (not a table, or of a
 * newer schema), GW_E_STORAGE, GW_E_MEMORY.  *table is NULL on failure.
 */
GW_API int gw_table_load(struct gw_table **table, const char *path, struct gw_err *err);
GW_API void gw_table_free(struct gw_table *table);

/* Version as head office numbered it, "" for none; borrowed from the table. */
GW_API const char *gw_table_version(const struct gw_table *table);
GW_API size_t gw_table_item_count(const struct gw_table *table);
GW_API size_t gw_table_rule_count(const struct gw_table *table);

#ifdef __cplusplus
}
#endif

#endif
