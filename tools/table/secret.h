/*
 * A secret key from its file, unlocked: what signing a table and signing acknowledgements share.
 * The caller wipes the key with gw_minisign_wipe.  Keeps nothing; one thread.
 */
#ifndef TABLE_SECRET_H
#define TABLE_SECRET_H

#include "tools/table/minisign.h"

/*
 * The password of a locked key is the first line of password_file, or asked for on the terminal
 * when that is NULL.  GW_E_NOT_FOUND, GW_E_INPUT (no key), GW_E_DENIED (wrong password, or nobody
 * to ask), GW_E_STORAGE, GW_E_MEMORY.
 */
int gw_secret_key_load(struct gw_secret_key *key, const char *path, const char *password_file,
		       struct gw_err *err);

#endif
