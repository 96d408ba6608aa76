/*
 * A bundle: what head office publishes and a till takes.  A folder with
 *
 *	manifest                JSON, one object: see struct gw_manifest
 *	manifest.minisig        signature over the bytes of manifest, where there is one
 *	<hash>.ndjson.zst       the payload, named by the BLAKE2b-256 of its bytes
 *
 * The payload's name is its content, so that a cache or a half-done copy can never pair a manifest
 * with another payload.  Making writes beside the target and renames; reading checks size and hash
 * before a byte is decompressed or parsed.
 */
#ifndef TABLE_BUNDLE_H
#define TABLE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/home.h"
#include "goeswith/event.h"

struct gw_table;

#define GW_MANIFEST_MAX   65536
#define GW_MANIFEST_NAME  "manifest"
#define GW_SIGNATURE_NAME "manifest.minisig"
#define GW_HASH_HEX_SIZE  65

#define GW_FLOORS_MAX 16

/* Tables of another key, for the manifest's chain, that are taken from this version on only. */
struct gw_floor {
	char key[17]; /* its id, as minisign prints it */
	int64_t version;
};

struct gw_manifest {
	char chain[GW_ID_MAX];
	int64_t version;               /* >= 1; a till never takes a lower one unless told to */
	int64_t issued_ms, expires_ms; /* 0: not given */
	char min_program[16];          /* "" any */
	char hash[GW_HASH_HEX_SIZE];   /* BLAKE2b-256 of the payload's bytes */
	int64_t size, raw_size;        /* of the payload, packed and unpacked */
	int64_t items, rules;          /* for people; not relied upon */
	char payload[GW_HASH_HEX_SIZE + 16]; /* file name, always <hash>.ndjson.zst */
	/* Only of a recovery key's tables. */
	int floor_count;
	struct gw_floor floors[GW_FLOORS_MAX];
};

/* GW_E_INPUT with a sentence: not JSON, a member missing, of the wrong type or out of range. */
int gw_manifest_parse(struct gw_manifest *manifest, const char *text, size_t len,
		      struct gw_err *err);
/* Writes it as text with a newline at the end to room[size].  Returns the length. */
size_t gw_manifest_format(const struct gw_manifest *manifest, char *room, size_t size);

/* Hex BLAKE2b-256 of data[0..len). */
void gw_hash_hex(const void *data, size_t len, char out[GW_HASH_HEX_SIZE]);

/*
 * Writes the bundle of a table to a folder, which may not exist or must be a bundle (then replaced
 * in one step).  Fills in hash, sizes, counts and payload of *manifest; the rest is the caller's.
 * GW_E_STORAGE, GW_E_DENIED, GW_E_MEMORY, GW_E_INPUT (the folder holds something else).
 */
int gw_bundle_write(const char *dir, const struct gw_table *table, struct gw_manifest *manifest,
		    struct gw_err *err);

/* Reads and parses DIR/manifest, believing it.  GW_E_NOT_FOUND, GW_E_INPUT, GW_E_STORAGE. */
int gw_bundle_manifest(const char *dir, struct gw_manifest *manifest, struct gw_err *err);

/*
 * Checks a payload against its manifest (size, hash), unpacks and parses it.  *table is the
 * caller's.  GW_E_INPUT, GW_E_MEMORY, GW_E_UNSUPPORTED (made for a newer goeswith).
 */
int gw_bundle_open_payload(const struct gw_manifest *manifest, const char *packed, size_t len,
			   struct gw_table **table, struct gw_err *err);

/* The same for the payload that lies in a folder. */
int gw_bundle_payload(const char *dir, const struct gw_manifest *manifest, struct gw_table **table,
		      struct gw_err *err);
/* Manifest and payload of a folder, whoever made it. */
int gw_bundle_load(const char *dir, struct gw_manifest *manifest, struct gw_table **table,
		   struct gw_err *err);

#endif
