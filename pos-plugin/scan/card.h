/*
 * Payment cards: finds out whether data could be the number or the magnetic stripe of one, so that
 * nothing of it is kept.  It errs on the side of refusing.  Pure function.
 */
#ifndef SCAN_CARD_H
#define SCAN_CARD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True if data[0..len) holds a run of 14-19 digits (blanks and hyphens between them allowed) that
 * begins like an issuer's and satisfies the Luhn formula (ISO/IEC 7812-1, annex B), or the
 * sentinels of track 1 or 2 (ISO/IEC 7813).
 */
bool gw_card_seen(const char *data, size_t len);

#endif
