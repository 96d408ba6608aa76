/*
 * Whose tables a till takes: the public keys in HOME/trust (any number of *.pub files, say the
 * online key and the recovery key).  What was taken of each is the ratchet's business.
 *
 * A home without keys takes unsigned tables: one shop needs none.  A home with keys takes only what
 * one of them signed.  The ratchet is per key, so that a stolen online key that signed an absurdly
 * high version does not lock the recovery key out; a recovery key (recovery*.pub) may set floors
 * under the other keys, and nobody may set one under it but another recovery key.
 */
#ifndef TABLE_TRUST_H
#define TABLE_TRUST_H

#include "tools/table/minisign.h"

#define GW_TRUST_KEYS_MAX 16

struct gw_trust {
	struct gw_public_key keys[GW_TRUST_KEYS_MAX];
	bool recovery[GW_TRUST_KEYS_MAX]; /* it may put an end to the tables of others */
	int count;
};

/* Reads HOME/trust; none there gives count 0.  GW_E_INPUT (a file that is no key), GW_E_STORAGE. */
int gw_trust_load(struct gw_trust *trust, const char *home, struct gw_err *err);
/* The same from any folder of *.pub files; a folder that is not there gives count 0. */
int gw_trust_load_folder(struct gw_trust *trust, const char *folder, struct gw_err *err);
/* Adds the key in a file, or written out as base64. */
int gw_trust_add(struct gw_trust *trust, const char *file_or_key, struct gw_err *err);

/*
 * Verifies DIR's signature over manifest[0..len) against the keys; key_id gets the signer.
 * GW_E_DENIED: no signature, of an unknown key, or one that does not fit.
 */
int gw_trust_verify(const struct gw_trust *trust, const char *dir, const char *manifest, size_t len,
		    char key_id[GW_KEY_ID_SIZE], char comment[GW_TRUSTED_COMMENT_MAX],
		    struct gw_err *err);

/*
 * The same for a signature at hand, whatever it is over.  GW_E_INPUT (not a signature), GW_E_DENIED
 * (an unknown key, or it does not fit).
 */
int gw_trust_check(const struct gw_trust *trust, const char *signature, const void *data,
		   size_t len, char key_id[GW_KEY_ID_SIZE], char comment[GW_TRUSTED_COMMENT_MAX],
		   struct gw_err *err);

/* Whether the file a key was read from is named recovery*.pub. */
bool gw_trust_is_recovery(const struct gw_trust *trust, const char *key_id);

#endif
