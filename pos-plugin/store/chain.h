/*
 * The hash chain over the events of a journal: each row's chain is BLAKE2b-256 (RFC 7693) over the
 * chain before it and all that the row says, so that an edited, removed or reordered row shows
 * (SQLite's integrity_check misses most single-bit flips in content).
 *
 * Bytes hashed, integers little-endian:
 *	chain before (32) . seq (8) . at_ms (8) . mono_ms (8) . boot (4) . scan_session (4) .
 *	scan_seq (4) . kind length (4) . kind . basket length (4) . basket . body length (4) . body
 * The chain before the first row is BLAKE2b-256("goeswith journal 1\n" epoch "\n" store "-"
 * terminal).  Pure functions, any thread.
 */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#define GW_CHAIN_LEN 32

struct gw_chain_row {
	int64_t seq, at_ms, mono_ms;
	uint32_t boot, scan_session, scan_seq;
	const char *kind, *basket, *body; /* borrowed; basket "" for none */
	size_t kind_len, basket_len, body_len;
};

void gw_chain_start(uint8_t chain[GW_CHAIN_LEN], const char *epoch, const char *store,
		    const char *terminal);
/* chain: of the row before on the way in, of this row on the way out. */
void gw_chain_next(uint8_t chain[GW_CHAIN_LEN], const struct gw_chain_row *row);

#endif
