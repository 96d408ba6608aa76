/*
 * What is wrong with this scanner?  Looks at bytes captured at 8N1 and tells which settings would
 * have made sense of them: parity bits read as data, another speed, STX/ETX, Zebra's packets,
 * identifiers of a maker, a stand-in for GS.  For the scanner screen and goeswith-decode --capture.
 *
 * Pure; looks at the first GW_PROFILE_BYTES_MAX bytes.  Nothing of the captured data appears in the
 * reasons.
 *
 *	struct gw_profile_fit fits[GW_PROFILE_FITS_MAX];
 *	int n = gw_profile_guess(bytes, len, fits);
 *	show(fits[0].profile->name, fits[0].reason);
 */
#ifndef SCAN_PROFILE_H
#define SCAN_PROFILE_H

#include "scan/frame.h"

#define GW_PROFILE_BYTES_MAX 8192
#define GW_PROFILE_FITS_MAX  8

struct gw_profile {
	const char *name;  /* for the configuration: "olivetti" */
	const char *title; /* for people: "7E1, STX/ETX with ACK/NAK (Olivetti)" */
	uint8_t data_bits; /* 7 or 8 */
	char parity;       /* 'N', 'E', 'O', 'M', 'S' */
	enum gw_frame_style style;
	bool answer; /* the scanner waits for ACK or NAK */
};

struct gw_profile_fit {
	const struct gw_profile *profile;
	int score;        /* 0-100, of 100 for a perfect fit */
	int scans;        /* that these settings would have read */
	char reason[160]; /* why, in words */
};

/*
 * Ranks the profiles that fit at all, best first; returns how many (0 for an empty capture, and
 * where nothing fits: then the speed is wrong, as gw_profile_advice says).
 */
int gw_profile_guess(const uint8_t *bytes, size_t len,
		     struct gw_profile_fit fits[GW_PROFILE_FITS_MAX]);

/*
 * One more sentence of advice about the capture, or "": another speed, no terminator, a stand-in
 * for GS, a maker's identifiers.  Writes at most size bytes and returns out.
 */
char *gw_profile_advice(const uint8_t *bytes, size_t len, char *out, size_t size);

/* Row i of the table, NULL behind the last; rows by name. */
const struct gw_profile *gw_profile_at(size_t i);
const struct gw_profile *gw_profile_find(const char *name);

/*
 * Undoes a wrong word format in place: bytes that were 7 bits and parity, read as 8, lose the
 * parity bit.  Returns how many did not have the parity of the profile.
 */
size_t gw_profile_strip(const struct gw_profile *profile, uint8_t *bytes, size_t len);

#endif
