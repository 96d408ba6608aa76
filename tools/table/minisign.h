/*
 * Signatures in the format of minisign (jedisct1.github.io/minisign, "Signature format"), so that
 * head office can sign and check with that tool or with this one.  Only the prehashed form (`ED`:
 * Ed25519 over the BLAKE2b-512 of the file) is made and accepted.
 *
 * Key files as `minisign -G` makes them, with a password (scrypt) or without (-W).  Pure functions
 * over text; the caller wipes secrets with gw_minisign_wipe.  libsodium is set up on first use.
 */
#ifndef TABLE_MINISIGN_H
#define TABLE_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define GW_KEY_ID_SIZE         17 /* at most 16 hex digits, as minisign prints them */
#define GW_SIGNATURE_TEXT_MAX  2000
#define GW_TRUSTED_COMMENT_MAX 512

struct gw_public_key {
	unsigned char id[8];
	unsigned char key[32];
};

struct gw_secret_key {
	unsigned char id[8];
	unsigned char key[64];
};

/* A key file, or the one line of base64 in it.  GW_E_INPUT. */
int gw_public_key_read(struct gw_public_key *key, const char *text, struct gw_err *err);

/* True if the key file wants a password. */
bool gw_secret_key_is_locked(const char *text);
/*
 * password may be NULL for a key without one.  GW_E_INPUT (not a key), GW_E_DENIED (wrong
 * password), GW_E_MEMORY (scrypt asks for up to 1 GiB).
 */
int gw_secret_key_read(struct gw_secret_key *key, const char *text, const char *password,
		       struct gw_err *err);
void gw_minisign_wipe(void *p, size_t len);

/* Hex id as minisign shows it. */
void gw_key_id_format(const unsigned char id[8], char out[GW_KEY_ID_SIZE]);
/* Reads text[0..len) into the form that gw_key_id_format gives; false when it is no key's id. */
bool gw_key_id_parse(const char *text, size_t len, char out[GW_KEY_ID_SIZE]);

/* Id of the key that made a signature.  GW_E_INPUT. */
int gw_signature_key_id(const char *signature, unsigned char id[8], struct gw_err *err);

/*
 * Checks the signature text over data[0..len), and that of its trusted comment, which is copied to
 * comment (may be NULL).  GW_E_INPUT (not a signature), GW_E_DENIED (another key, or it does not
 * fit).
 */
int gw_minisign_verify(const struct gw_public_key *key, const void *data, size_t len,
		       const char *signature, char comment[GW_TRUSTED_COMMENT_MAX],
		       struct gw_err *err);

/*
 * Signs data[0..len); writes the signature file's text to out.  trusted_comment: one line.
 * GW_E_INPUT when the comment is too long or holds a line end.
 */
int gw_minisign_sign(const struct gw_secret_key *key, const void *data, size_t len,
		     const char *trusted_comment, char out[GW_SIGNATURE_TEXT_MAX],
		     struct gw_err *err);

#endif
