/*
 * Symbology identifiers (ISO/IEC 15424): the three characters "]Cm" that a scanner can send before
 * the data, what they stand for, and what the decoder does with data behind them.  One constant
 * table; also the code identifiers some makers send instead, which are only used when configured.
 */
#ifndef SCAN_SYMBOLOGY_H
#define SCAN_SYMBOLOGY_H

#include <stddef.h>

#include "scan/scan.h"

enum gw_sym_action {
	GW_SYM_EAN,     /* EAN-13, or UPC-A and UPC-E expanded to 13 digits */
	GW_SYM_ADDON2,  /* two-digit add-on alone */
	GW_SYM_ADDON5,  /* five-digit add-on alone */
	GW_SYM_JOINED,  /* EAN-13 and its add-on in one string */
	GW_SYM_EAN8,    /* EAN-8 */
	GW_SYM_UPCE,    /* UPC-E not expanded: from makers' identifiers only */
	GW_SYM_RETAIL,  /* some EAN or UPC, by its length: from makers' identifiers only */
	GW_SYM_ITF,     /* 14 digits are a GTIN, else an internal code */
	GW_SYM_ITF_CUT, /* the same with the check digit taken off by the scanner */
	GW_SYM_GS1,     /* element string */
	GW_SYM_BOOK,    /* Bookland ISBN-10, or anything */
	GW_SYM_CODE,    /* one-dimensional: an internal code */
	GW_SYM_FREE,    /* two-dimensional: a link, a code, or free text */
	GW_SYM_OTHER,   /* never on goods: loyalty cards, driving licences */
	GW_SYM_KEYED,   /* typed at the scanner: as without an identifier */
	GW_SYM_STRIPE,  /* magnetic stripe: always refused */
};

struct gw_symbology {
	char letter;
	const char *modifiers; /* the modifiers of this row */
	enum gw_sym_action action;
	const char *carrier;
};

/* Row of an identifier's letter and modifier; NULL where there is none. */
const struct gw_symbology *gw_symbology_find(char letter, char modifier);

/*
 * Row of a maker's code identifier at p[0..len); *used becomes its length.  NULL where the maker
 * has none like it.
 */
const struct gw_symbology *gw_symbology_of_maker(enum gw_scan_code_ids maker, const char *p,
						 size_t len, size_t *used);

/*
 * As gw_scan_decode_elements, for data whose symbology the scanner has named in another way; aim is
 * the identifier to report ("]E0", 4 bytes with its NUL).
 */
int gw_scan_decode_as(const struct gw_scan_config *config, const struct gw_symbology *symbology,
		      const char *aim, const uint8_t *data, size_t len, struct gw_scan *out,
		      struct gw_scan_elements *elements);

#endif
