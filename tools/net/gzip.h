/*
 * Bytes packed with gzip into memory, piece by piece: the form in which ClickHouse takes rows.
 * (zlib, because every server since 18 takes gzip, and not every one takes zstd.)
 *
 * Owns the packed bytes.  One thread.
 */
#ifndef TOOLS_NET_GZIP_H
#define TOOLS_NET_GZIP_H

#include <stddef.h>

#include "base/err.h"

struct gw_gzip;

int gw_gzip_new(struct gw_gzip **z, struct gw_err *err);
void gw_gzip_free(struct gw_gzip *z);

/* GW_E_MEMORY, now and at the end. */
int gw_gzip_add(struct gw_gzip *z, const char *data, size_t len);
/* Bytes put in since the last clear. */
size_t gw_gzip_plain(const struct gw_gzip *z);
/* Ends the stream; the packed bytes are borrowed until the next call. */
int gw_gzip_end(struct gw_gzip *z, const void **data, size_t *len);
/* Ready for the next stream. */
void gw_gzip_clear(struct gw_gzip *z);

#endif
