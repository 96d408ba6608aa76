/*
 * Framed bytes as a scanner sends them: cutting and decoding them live, saving what came for
 * support, and guessing the settings that fit.
 *
 * A capture is text: a first line "# goeswith capture 1", more comment lines, then a line for each
 * scan or burst: milliseconds since the start, a blank, the bytes C-escaped.  A payment card is
 * left out ("# a payment card was left out").
 */
#ifndef TOOLS_DECODE_RAW_H
#define TOOLS_DECODE_RAW_H

#include <stdio.h>

#include "scan/profile.h"
#include "tools/decode/decode.h"

struct gw_raw {
	struct gw_decode *decode;
	const struct gw_profile *profile;
	int idle_ms;   /* a pause this long ends a scan */
	FILE *capture; /* or NULL */
};

/* Reads fd to its end, decodes the scans in it, saves the bytes where a capture is wanted. */
int gw_raw_run(struct gw_raw *raw, int fd);

/*
 * Reads raw bytes or a capture from fd and prints the profiles that fit, best first, one JSON
 * object a line, and last {"advice":...} where there is some.
 */
int gw_raw_guess(struct gw_decode *d, int fd);

/* Opens (replaces) a capture file, mode 0600, and writes its first lines.  GW_E_STORAGE. */
int gw_raw_capture_open(FILE **file, const char *path, struct gw_err *err);

#endif
