/*
 * A batch of events as it travels: NDJSON, usually zstd-compressed, first line the header, then one
 * event a line (model/event_json.h).  This module reads and writes the form;
 * names, signatures and what to do with it are tools/sync's business.
 *
 * Reading has caps, so that a hostile file costs bounded memory and time.  One thread.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GW_BATCH_FORMAT    1
#define GW_BATCH_TILL_MAX  64 /* "S0042-T03", NUL included */
#define GW_BATCH_EPOCH_MAX 33
#define GW_BATCH_HASH_MAX  65          /* BLAKE2b-256 in hex, NUL included */
#define GW_BATCH_FILE_MAX  (4u << 20)  /* bytes as stored */
#define GW_BATCH_PLAIN_MAX (32u << 20) /* bytes once unpacked */
#define GW_BATCH_LINE_MAX  (1u << 16)  /* bytes of one line */
#define GW_BATCH_LINES_MAX 100000

struct gw_batch_header {
	int format; /* 1 */
	char program[32];
	char till[GW_BATCH_TILL_MAX];
	char epoch[GW_BATCH_EPOCH_MAX]; /* letters and digits; ours: 16 hex digits */
	int64_t first, last;
	char prev[GW_BATCH_HASH_MAX]; /* hash of the file before it, "" for the first */
	int64_t sealed_ms, sealed_mono_ms;
	uint32_t boot;
	/* "" but in a batch without lines, which tells that first..last are lost: the hash of the
	 * file that held them, to which the next one is chained. */
	char missing[GW_BATCH_HASH_MAX];
};

struct gw_batch; /* a batch in memory, unpacked */

/* Whether a file's first bytes say zstd, or a line that starts a header. */
bool gw_batch_is_one(const void *head, size_t len);

/*
 * Unpacks and checks the form: caps, header, and numbers first..last without a gap.  data is
 * borrowed during the call.  GW_E_INPUT with the line in err, GW_E_MEMORY.  A header of a newer
 * format is GW_E_UNSUPPORTED.
 */
int gw_batch_parse(struct gw_batch **batch, const void *data, size_t len, struct gw_err *err);
/* The same from a file; also GW_E_NOT_FOUND, GW_E_DENIED, GW_E_STORAGE. */
int gw_batch_load(struct gw_batch **batch, const char *path, struct gw_err *err);
void gw_batch_free(struct gw_batch *batch);

const struct gw_batch_header *gw_batch_header(const struct gw_batch *batch);
/* Number of event lines. */
size_t gw_batch_count(const struct gw_batch *batch);
/* Event line i, NUL-terminated, borrowed from the batch. */
const char *gw_batch_line(const struct gw_batch *batch, size_t i, size_t *len);

/* BLAKE2b-256 of a file's bytes, in hex. */
void gw_batch_hash(char out[GW_BATCH_HASH_MAX], const void *data, size_t len);

/* Writes the header line, line end included.  GW_E_FULL. */
int gw_batch_header_write(char *out, size_t size, const struct gw_batch_header *header,
			  size_t *len);

#endif
