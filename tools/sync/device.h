/*
 * The till's own key: signs the batches it seals, so that a file on a USB stick or in a shared
 * folder says who wrote it.  Ed25519 (RFC 8032, libsodium) over the BLAKE2b-256 of the file before
 * the signature; the signature travels inside the file as a skippable zstd frame, which every zstd
 * passes over, so that a batch stays one file put once.
 *
 * HOME/device/till.key holds the secret key (mode 0600), till.pub the public one: one line of
 * base64 over "Ed" . key id (8 bytes) . public key (32 bytes), as minisign writes it.
 */
#ifndef TOOLS_SYNC_DEVICE_H
#define TOOLS_SYNC_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DEVICE_TRAILER 80 /* frame header (8) . key id (8) . signature (64) */

struct device_key {
	uint8_t id[8], public_key[32], secret_key[64];
};

/* Reads the key in a folder, making both at the first call.  GW_E_DENIED, GW_E_STORAGE. */
int device_key_load(struct device_key *key, const char *folder, struct gw_err *err);

/* Reads a public key file.  GW_E_NOT_FOUND, GW_E_INPUT. */
int device_public_load(struct device_key *key, const char *path, struct gw_err *err);

void device_sign(uint8_t trailer[DEVICE_TRAILER], const struct device_key *key, const void *data,
		 size_t len);

/* GW_OK; GW_E_NOT_FOUND: the file carries no signature; GW_E_DENIED: by another key, or wrong. */
int device_verify(const struct device_key *key, const void *data, size_t len);

#endif
