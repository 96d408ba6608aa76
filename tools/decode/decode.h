/*
 * The parts of goeswith-decode: reading scans from files and pipes, and writing one JSON object
 * for each.  Buffers both ways, and writes out before it waits for more input, so that it streams
 * millions of lines as well as it answers a person.
 */
#ifndef TOOLS_DECODE_DECODE_H
#define TOOLS_DECODE_DECODE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "scan/scan.h"

struct gw_decode {
	const struct gw_scan_config *config;
	bool bracketed;
	int64_t today_days; /* 0: dates are not checked */
	struct gw_scan_elements *elements;
	struct gw_text *out;
	int status; /* of writing */
	struct gw_err *err;
};

/* Decodes one scan and appends its line of JSON; scan is wiped if it was a card. */
void gw_decode_one(struct gw_decode *d, uint8_t *scan, size_t len);

/* The same for the data of an SSI packet, with Zebra's number of its symbology. */
void gw_decode_ssi(struct gw_decode *d, uint8_t code_type, uint8_t *scan, size_t len);

/* Appends {"ok":false,...} for a line that is no scan. */
void gw_decode_fault(struct gw_decode *d, const char *error, long at);

/* Writes the buffer to stdout; GW_E_STORAGE. */
int gw_decode_flush(struct gw_decode *d);

/* Reads lines of C-escaped scans from fd until its end. */
int gw_decode_lines(struct gw_decode *d, int fd);

/*
 * Takes the escapes (\xHH \\ \n \r \t \0) out of line[0..len) in place.  Returns the new length, or
 * -1 with the place of a faulty escape in *at.
 */
long gw_decode_unescape(uint8_t *line, size_t len, long *at);

#endif
