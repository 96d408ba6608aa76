/*
 * Packs that carry both an EAN and a 2D code: some scanners send both, one behind the other.  The
 * second is not a second item.  Two scans are twins when one came from bars and the other from a
 * 2D code, within a short time, and both name the same GTIN.  In-store numbers differ where the 2D
 * code carries no measure: a region's rule makes them equal, and without one the first 8 of their
 * 14 digits must agree.
 *
 * Two scans of the same kind of code are never twins: that is how a second piece is sold.
 * Pure; the caller owns the struct and passes the time in.
 *
 *	struct gw_scan_twin twin = {0};
 *	if (gw_scan_is_twin(&twin, &scan, now_ms, GW_SCAN_TWIN_MS)) return;
 */
#ifndef SCAN_TWIN_H
#define SCAN_TWIN_H

#include "scan/scan.h"

#define GW_SCAN_TWIN_MS 1000

struct gw_scan_twin {
	char gtin[15]; /* of the scan before; "" if there is none */
	bool two_dimensional;
	int64_t at_ms;
};

/* True if scan repeats the one before; remembers it if not. */
bool gw_scan_is_twin(struct gw_scan_twin *last, const struct gw_scan *scan, int64_t now_ms,
		     int64_t window_ms);

#endif
