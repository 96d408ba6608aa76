/*
 * A text file line by line: a path, "-" for stdin, or a compressed file (.gz, .zst).
 *
 * Owns its buffer, which grows to the longest line (at most 16 MiB).  One thread.
 */
#ifndef TOOLS_SIM_LINES_H
#define TOOLS_SIM_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gw_lines;

/* GW_E_NOT_FOUND, GW_E_DENIED, GW_E_STORAGE, GW_E_MEMORY. */
int gw_lines_open(struct gw_lines **lines, const char *path, struct gw_err *err);

/*
 * 1: *line is the next one, NUL-terminated, without CR and LF, valid until the next call, and may
 * be written to; 0: the end; GW_E_INPUT (longer than 16 MiB), GW_E_STORAGE, GW_E_MEMORY.
 */
int gw_lines_next(struct gw_lines *lines, char **line, size_t *len, struct gw_err *err);

/* Frees it.  GW_E_INPUT when a compressed file turned out to be damaged. */
int gw_lines_close(struct gw_lines *lines, struct gw_err *err);

#endif
