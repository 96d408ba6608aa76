/*
 * The dictionary of GS1 application identifiers: what may stand behind each number, as constant
 * tables made from GS1's own Syntax Dictionary by tools/decode/ai_gen.py.  Read-only.
 */
#ifndef SCAN_AI_H
#define SCAN_AI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scan/scan.h"

/* Content checks a part can ask for; the names are those of GS1's linters. */
enum gw_ai_check {
	GW_AI_CHECK_NONE,
	GW_AI_CHECK_COUPONCODE,
	GW_AI_CHECK_COUPONPOSOFFER,
	GW_AI_CHECK_CSUM,
	GW_AI_CHECK_CSUMALPHA,
	GW_AI_CHECK_GCPPOS1,
	GW_AI_CHECK_GCPPOS2,
	GW_AI_CHECK_HASNONDIGIT,
	GW_AI_CHECK_HH,
	GW_AI_CHECK_HHMI,
	GW_AI_CHECK_HYPHEN,
	GW_AI_CHECK_IBAN,
	GW_AI_CHECK_IMPORTERIDX,
	GW_AI_CHECK_ISO3166,
	GW_AI_CHECK_ISO3166999,
	GW_AI_CHECK_ISO3166ALPHA2,
	GW_AI_CHECK_ISO4217,
	GW_AI_CHECK_ISO5218,
	GW_AI_CHECK_LATITUDE,
	GW_AI_CHECK_LONGITUDE,
	GW_AI_CHECK_MEDIATYPE,
	GW_AI_CHECK_MI,
	GW_AI_CHECK_NONZERO,
	GW_AI_CHECK_NOZEROPREFIX,
	GW_AI_CHECK_PACKAGETYPE,
	GW_AI_CHECK_PCENC,
	GW_AI_CHECK_PIECEOFTOTAL,
	GW_AI_CHECK_POSINSEQSLASH,
	GW_AI_CHECK_SS,
	GW_AI_CHECK_WINDING,
	GW_AI_CHECK_YESNO,
	GW_AI_CHECK_YYMMD0,
	GW_AI_CHECK_YYMMDD,
	GW_AI_CHECK_YYYYMMDD,
	GW_AI_CHECK_ZERO,
	GW_AI_CHECK_COUNT
};

/* Character sets of GenSpecs 7.11, as bits of gw_ai_sets[]. */
enum {
	GW_AI_SET_N = 1, /* digits */
	GW_AI_SET_X = 2, /* encodable character set 82 */
	GW_AI_SET_Y = 4, /* encodable character set 39 */
	GW_AI_SET_Z = 8, /* file-safe base64, '=' included */
};

#define GW_AI_PARTS_MAX 5

struct gw_ai_part {
	uint8_t set;
	uint8_t min, max; /* characters; only the last part of an identifier varies */
	bool optional;
	uint8_t checks[3]; /* enum gw_ai_check, GW_AI_CHECK_NONE ends them */
};

/* A number, or a group of them where the last digit varies ("310n" is 3100-3109 of 4 digits). */
struct gw_ai_range {
	uint16_t first, last;
	uint8_t digits;
};

struct gw_ai {
	struct gw_ai_range numbers;
	bool fixed;     /* predefined length: needs no separator behind it */
	bool attribute; /* may stand in the query of a Digital Link */
	bool key;       /* primary key of a Digital Link */
	uint8_t min, max;
	uint8_t part_count, exclude_count;
	const struct gw_ai_part *parts;
	const struct gw_ai_range *excludes; /* may not stand beside these */
	const char *qualifiers;             /* of a key: "22,10,21|235" */
	const char *needs;                  /* "01+21,02|03": one group of each '|' part */
	const char *title;
};

/* Source of the tables in words. */
extern const char gw_ai_source[];

extern const uint8_t gw_ai_sets[256];

/*
 * Identifier at the head of p[0..len): stores its number and gives its row; NULL where there is
 * none.  O(1): the first two digits say how many there are.
 */
const struct gw_ai *gw_ai_find(const char *p, size_t len, unsigned *number);

/* ISO 3166-1 and 4217, UN/ECE Recommendation 21. */
bool gw_ai_is_country(unsigned number);
bool gw_ai_is_country_alpha2(const char *p);
bool gw_ai_is_package_type(const char *p, size_t len);
/* Alphabetic code of an ISO 4217 number, static; NULL where there is none. */
const char *gw_ai_currency(unsigned number);

/*
 * Checks a value against its row.  GW_WARN_NONE, or what is wrong, with the offset of the fault in
 * *at.  year is the current one (two-digit years).
 */
enum gw_scan_warning_code gw_ai_check_value(const struct gw_ai *ai, const char *value, size_t len,
					    int year, size_t *at);

/* coupon.c: North American coupons, AI 8110 and 8112; false with the offset of the fault. */
bool gw_coupon_check_8110(const char *value, size_t len, int year, size_t *at);
bool gw_coupon_check_8112(const char *value, size_t len, size_t *at);

/* Year of two digits by the sliding window of GenSpecs 7.12: 49 back, 50 ahead. */
int gw_ai_full_year(int two_digits, int year);

#endif
