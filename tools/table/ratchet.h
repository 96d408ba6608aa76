/*
 * What a till has learned of tables and does not forget when a table is deleted, for each key and
 * chain: the highest version it has taken (HOME/trust/ratchet), and the lowest it still takes
 * (HOME/trust/floors), which a recovery key sets to put an end to another key's tables.
 *
 * Both only go up.  The home's lock is the caller's.
 */
#ifndef TABLE_RATCHET_H
#define TABLE_RATCHET_H

#include "base/err.h"

/* Highest version taken from this key and chain, 0 for none.  GW_E_STORAGE, GW_E_INPUT. */
int gw_ratchet_get(const char *home, const char *key_id, const char *chain, long long *version,
		   struct gw_err *err);
/* Raises it; a lower one changes nothing. */
int gw_ratchet_set(const char *home, const char *key_id, const char *chain, long long version,
		   struct gw_err *err);

/* Lowest version still taken from this key and chain, 0 for any. */
int gw_floor_get(const char *home, const char *key_id, const char *chain, long long *version,
		 struct gw_err *err);
/* Raises it; a lower one changes nothing. */
int gw_floor_set(const char *home, const char *key_id, const char *chain, long long version,
		 struct gw_err *err);

#endif
