/*
 * Putting a bundle in force in a home: signature before parsing, chain and version, size and hash,
 * rows, then a new table.db beside the old one, fsync, rename, fsync of the folder.  The table that
 * was in force stays as table.prev.db.  At every moment a table.db stands there whole.
 *
 * The register reads the new file between sales; nothing here talks to it.  One installer at a
 * time: the home is locked.
 */
#ifndef TABLE_INSTALL_H
#define TABLE_INSTALL_H

#include "tools/table/bundle.h"
#include "tools/table/ratchet.h"
#include "tools/table/trust.h"

struct gw_install {
	const char *home;
	bool rollback;     /* take a lower version than the one in force */
	const char *chain; /* move to this chain; NULL: stay on the one in force */
	int64_t now_ms;
};

struct gw_install_result {
	struct gw_manifest manifest;
	char before[GW_ID_MAX]; /* version that was in force, "" for none */
	char key[GW_KEY_ID_SIZE];
	bool unchanged; /* the very table was in force already */
};

/*
 * GW_E_DENIED (signature, version, chain), GW_E_INPUT (damaged bundle), GW_E_UNSUPPORTED (made for
 * a newer goeswith), GW_E_STORAGE, GW_E_MEMORY, GW_E_NOT_FOUND, GW_E_AGAIN (another installer is at
 * work).
 */
int gw_table_install(const struct gw_install *how, const char *bundle,
		     struct gw_install_result *result, struct gw_err *err);

/* Swaps table.db and table.prev.db.  GW_E_NOT_FOUND when there is no previous table. */
int gw_table_restore_previous(const char *home, struct gw_err *err);

#endif
