/*
 * One input as a stream of bytes: a file, standard input ("-"), or a compressed file, which is
 * unpacked on the way (.gz by the gzip program, .zst in process).  Shows how far it has come when
 * stderr is a terminal.
 *
 * Owns the descriptor and the helper process.  One thread.
 */
#ifndef TOOLS_MINE_SOURCE_H
#define TOOLS_MINE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gw_source;

/* GW_E_NOT_FOUND, GW_E_DENIED, GW_E_STORAGE, GW_E_MEMORY; progress: show it on stderr. */
int gw_source_open(struct gw_source **source, const char *path, bool progress, struct gw_err *err);

/* A gw_csv_read_fn; ctx is the source.  0 at the end, negative with errno on failure. */
int64_t gw_source_read(void *ctx, char *room, size_t size);

/*
 * Frees the source.  GW_E_INPUT when a compressed file turned out damaged or cut off, which is
 * only known at its end; what was read before was good.
 */
int gw_source_close(struct gw_source *source, struct gw_err *err);

/* Name for messages: the path, or "standard input". */
const char *gw_source_name(const struct gw_source *source);

#endif
