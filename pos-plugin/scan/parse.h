/*
 * Shared by the parsers of scan/ and nobody else: one decoding in progress, and how its parts
 * report.  Positions are counted from the first byte of the scan as it was handed in.
 */
#ifndef SCAN_PARSE_H
#define SCAN_PARSE_H

#include "base/err.h"
#include "scan/scan.h"

struct gw_scan_job {
	const struct gw_scan_config *config;
	const char *data; /* the whole scan */
	size_t len;
	struct gw_scan *out;
	struct gw_scan_elements *elements; /* or NULL */
};

/* Empties a result. */
void gw_scan_clear(struct gw_scan *out);

/* Turns the result into a refusal: everything but the symbology is cleared.  Gives GW_E_INPUT. */
int gw_scan_refuse(struct gw_scan *out, int at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Refuses a payment card: every byte of the result is overwritten first.  Gives GW_E_INPUT. */
int gw_scan_refuse_card(struct gw_scan *out);

#define GW_NOTHING_BEHIND "nothing behind the symbology identifier"

/* True if c is in the set; NUL never is. */
bool gw_scan_is_one_of(char c, const char *set);

/* Adds a warning; more than there is room for are dropped.  ai may be NULL. */
void gw_scan_warn(struct gw_scan *out, enum gw_scan_warning_code code, const char *ai, size_t at);

/*
 * Takes n = 8, 12, 13 or 14 digits with a good check digit as the product of this scan: class, key,
 * measure.  GW_E_INPUT (and a refusal) when the scan has named another product before.
 */
int gw_scan_take_gtin(struct gw_scan_job *job, const char *digits, size_t n, size_t at,
		      bool in_store);

/*
 * Keeps text as code and key of this kind: refuses controls and cards, turns what is too long into
 * GW_SCAN_OTHER, and does not keep free text.
 */
int gw_scan_take_code(struct gw_scan_job *job, enum gw_scan_kind kind, size_t from, size_t len);

/* rcn.c: reads the measure of an in-store number by the patterns and the region, zeroes it. */
void gw_scan_read_measure(const struct gw_scan_config *config, struct gw_scan *out, size_t at);

#endif
