/*
 * What was scanned: turns the bytes of one scan (framing already removed) into a product key, a
 * code, or a refusal with its reason.  Knows every retail carrier: EAN/UPC with add-ons, ITF-14,
 * GS1 element strings, GS1 Digital Link, in-store numbers with price, weight or count, coupons,
 * and plain codes, with or without an AIM symbology identifier in front.
 *
 * Owns nothing and keeps no state: a pure function of its arguments, no allocation, safe from any
 * thread.  Never follows a link, never logs, never lets one digit of a payment card number into
 * its result.
 *
 * Forgiving where a sale must go on (one bad application identifier is a warning), strict where
 * money could go wrong (a wrong check digit or two different GTINs is a refusal).
 *
 *	struct gw_scan scan;
 *	if (gw_scan_decode(NULL, data, len, &scan) != GW_OK)
 *		show(scan.error);
 *	else
 *		look_up(scan.key);
 *	if (scan.secret)
 *		gw_scan_wipe(data, len);
 */
#ifndef SCAN_SCAN_H
#define SCAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "goeswith/status.h"

/* Longest scan that is looked at; anything longer is refused whole. */
#define GW_SCAN_DATA_MAX 4096
/* Longest internal code; longer text is GW_SCAN_OTHER and not kept. */
#define GW_SCAN_CODE_MAX 48
/* Room for an internal code or the head of a link, NUL included. */
#define GW_SCAN_CODE_SIZE    128
#define GW_SCAN_WARNINGS_MAX 8
/* Element strings with more elements than this are refused. */
#define GW_SCAN_ELEMENTS_MAX 64

enum gw_scan_kind {
	GW_SCAN_PRODUCT, /* gtin and key */
	GW_SCAN_CODE,    /* internal code: code and key */
	GW_SCAN_ADDON,   /* a 2- or 5-digit add-on alone, waiting for its product: addon */
	GW_SCAN_COUPON,  /* gtin where it is an EAN/UPC, else the elements */
	GW_SCAN_URI,     /* a link without a product: the head of it in code, without its query */
	GW_SCAN_OTHER,   /* something else that was read well: elements, a short code, or nothing */
	GW_SCAN_REFUSED, /* error and at */
};

/* Variable-measure rules of GS1 member organisations for in-store numbers. */
enum gw_scan_region {
	GW_REGION_NONE, /* in-store numbers are opaque */
	GW_REGION_DENMARK,
	GW_REGION_ESTONIA,
	GW_REGION_FINLAND,
	GW_REGION_GERMANY,
	GW_REGION_GREAT_BRITAIN,
	GW_REGION_LATVIA,
	GW_REGION_LITHUANIA,
	GW_REGION_NORWAY,
	GW_REGION_SWEDEN,
	GW_REGION_UNITED_STATES,
};

enum gw_scan_measure_type {
	GW_MEASURE_NONE,
	GW_MEASURE_PRICE,
	GW_MEASURE_WEIGHT,
	GW_MEASURE_COUNT,
};

/* What 8 digits without a symbology identifier mean where they are valid as both. */
enum gw_scan_eight {
	GW_EIGHT_AUTO, /* UPC-E in the United States, else EAN-8 */
	GW_EIGHT_EAN8,
	GW_EIGHT_UPCE,
};

/* Code identifiers of a maker that stand before the data instead of an AIM identifier. */
enum gw_scan_code_ids {
	GW_CODE_IDS_NONE, /* never guessed */
	GW_CODE_IDS_ZEBRA,
	GW_CODE_IDS_HONEYWELL,
	GW_CODE_IDS_DATALOGIC,
};

#define GW_SCAN_PATTERN_MAX 14

/*
 * One shop rule for numbers with a measure, over 8, 12, 13 or 14 digits.  Fill with
 * gw_scan_pattern_parse; the members are private.
 */
struct gw_scan_pattern {
	uint8_t len;
	uint8_t type; /* enum gw_scan_measure_type */
	uint8_t decimals;
	char at[GW_SCAN_PATTERN_MAX +
		1]; /* '0'-'9' that digit, I item, N value, V verifier, C check */
	char unit[4];
};

/* All members zero is the sane default. */
struct gw_scan_config {
	enum gw_scan_region region;
	const struct gw_scan_pattern *patterns; /* borrowed; tried before the region's rules */
	int pattern_count;
	int year; /* current year, for two-digit years (0: 2026) */
	enum gw_scan_eight eight;
	enum gw_scan_code_ids code_ids;
	char gs;     /* a printable character the scanner sends for GS (FNC1); 0: none */
	bool strict; /* warn of missing mandatory companions of application identifiers too */
};

struct gw_scan_measure {
	enum gw_scan_measure_type type;
	int decimals;
	int64_t value; /* value / 10^decimals of unit */
	char unit[4];  /* "kg", "pcs", an ISO 4217 code, or "" where nobody says */
};

struct gw_scan_amount {
	int64_t value; /* -1: there is none */
	int decimals;
	char unit[6]; /* "kg", "lb", "tr oz"; of a price the ISO 4217 code or "" for the shop's own
		       */
};

/* X(name, text); the text follows "AI (nn): " where the warning belongs to an element. */
#define GW_SCAN_WARNING_MAP(X)                                                                     \
	X(GW_WARN_NONE, "")                                                                        \
	X(GW_WARN_EIGHT_DIGITS, "8 digits could be EAN-8 or UPC-E")                                \
	X(GW_WARN_VERIFIER, "the verifier digit of the price or weight is wrong")                  \
	X(GW_WARN_NOT_GTIN, "the check digit does not fit a GTIN, taken as an internal code")      \
	X(GW_WARN_LONG, "too long for an internal code, not kept")                                 \
	X(GW_WARN_EMPTY, "nothing behind the symbology identifier")                                \
	X(GW_WARN_SHORT_GTIN, "the GTIN is written with fewer than 14 digits")                     \
	X(GW_WARN_SHORT_EAN, "fewer digits than the 13 that belong to this identifier")            \
	X(GW_WARN_AI_UNKNOWN, "no such application identifier")                                    \
	X(GW_WARN_AI_EMPTY, "no value")                                                            \
	X(GW_WARN_AI_LENGTH, "the value has the wrong length")                                     \
	X(GW_WARN_AI_LONG, "the value is too long")                                                \
	X(GW_WARN_AI_DIGITS, "a character that is not a digit")                                    \
	X(GW_WARN_AI_CHARACTERS, "a character that may not stand here")                            \
	X(GW_WARN_AI_CHECK_DIGIT, "the check digit is wrong")                                      \
	X(GW_WARN_AI_CHECK_PAIR, "the check character pair is wrong")                              \
	X(GW_WARN_AI_DATE, "no such date")                                                         \
	X(GW_WARN_AI_TIME, "no such time")                                                         \
	X(GW_WARN_AI_COUNTRY, "no such country")                                                   \
	X(GW_WARN_AI_CURRENCY, "no such currency")                                                 \
	X(GW_WARN_AI_PREFIX, "no company prefix can begin like this")                              \
	X(GW_WARN_AI_VALUE, "a value that is not allowed")                                         \
	X(GW_WARN_AI_IBAN, "not an IBAN")                                                          \
	X(GW_WARN_AI_PERCENT, "a faulty percent escape")                                           \
	X(GW_WARN_AI_PADDING, "wrong padding")                                                     \
	X(GW_WARN_AI_PIECES, "no such piece of the total")                                         \
	X(GW_WARN_AI_COUPON, "the coupon is not built as it should be")                            \
	X(GW_WARN_AI_REPEATED, "stands there twice with different values")                         \
	X(GW_WARN_AI_PAIR, "may not stand together with another of these")                         \
	X(GW_WARN_AI_NEEDS, "needs a companion that is missing")                                   \
	X(GW_WARN_AI_SERIAL, "needs its serial part beside a digital signature")                   \
	X(GW_WARN_AI_LOT_DATE, "ends like a date: is a separator missing?")                        \
	X(GW_WARN_URI_NO_KEY, "a link without a product")                                          \
	X(GW_WARN_URI_ORDER, "does not belong at this place of the link")                          \
	X(GW_WARN_URI_QUERY, "belongs in the path of the link")                                    \
	X(GW_WARN_URI_TWICE, "stands in the link twice")                                           \
	X(GW_WARN_SEGMENT, "a second part of the scan could not be read")                          \
	X(GW_WARN_EXPIRED, "the use-by date is past")                                              \
	X(GW_WARN_BEST_BEFORE, "the best-before date is past")

enum gw_scan_warning_code {
#define GW_SCAN_WARNING_ENUM(name, text) name,
	GW_SCAN_WARNING_MAP(GW_SCAN_WARNING_ENUM)
#undef GW_SCAN_WARNING_ENUM
};

struct gw_scan_warning {
	uint8_t code; /* enum gw_scan_warning_code */
	char ai[5];   /* digits of the application identifier, or "" */
	uint16_t at;  /* 0-based byte of the scan */
};

/* The result.  Texts are NUL-terminated and hold no control character; "" means there is none. */
struct gw_scan {
	enum gw_scan_kind kind;
	bool secret;       /* payment card: nothing of this scan may be stored or shown */
	char symbology[4]; /* "]E0", or "" if the scanner sent none */
	char gtin[15];     /* 14 digits; the measure of a variable-measure number zeroed */
	char scanned[15];  /* the 14 digits as scanned, before the measure was zeroed */
	char key[GW_SCAN_CODE_SIZE];    /* what the catalogue is asked for: gtin, or the code */
	char code[GW_SCAN_CODE_SIZE];   /* internal code, link or text; safe to show and to store */
	char addon[6];                  /* 2 or 5 digits */
	char lot[21];                   /* AI 10 */
	char serial[21];                /* AI 21 */
	char expiry[11];                /* AI 17 or 7003, "YYYY-MM-DD" */
	char best_before[11];           /* AI 15 */
	char sell_by[11];               /* AI 16 */
	int32_t count;                  /* AI 30 or 37; -1: none */
	struct gw_scan_measure measure; /* of an in-store number */
	struct gw_scan_amount net_weight; /* AI 310n, 320n, 356n */
	struct gw_scan_amount price;      /* AI 392n, 393n: to pay for this piece */
	const char *carrier; /* static: "EAN/UPC", "GS1 DataBar", "QR Code", ... or "" */
	int warning_count;
	struct gw_scan_warning warnings[GW_SCAN_WARNINGS_MAX];
	char error[96]; /* why it was refused; never a digit of a card */
	int at;         /* 0-based byte where; -1: nowhere in particular */
};

struct gw_scan_element {
	char ai[5];
	uint16_t at, len; /* in text */
};

/* The elements of an element string or link, in the order of the message, faulty ones left out. */
struct gw_scan_elements {
	int count;
	struct gw_scan_element list[GW_SCAN_ELEMENTS_MAX];
	char text[GW_SCAN_DATA_MAX]; /* values, not NUL-terminated */
};

/*
 * Decodes data[0..len).  config may be NULL.  GW_OK, or GW_E_INPUT with out->kind
 * GW_SCAN_REFUSED.  O(len).
 */
int gw_scan_decode(const struct gw_scan_config *config, const uint8_t *data, size_t len,
		   struct gw_scan *out);

/* As gw_scan_decode, with the elements copied to *elements (may be NULL). */
int gw_scan_decode_elements(const struct gw_scan_config *config, const uint8_t *data, size_t len,
			    struct gw_scan *out, struct gw_scan_elements *elements);

/* Decodes "(01)09501101530003(10)AB12", as people write and type it; "\(" is a bracket in a value.
 */
int gw_scan_decode_bracketed(const struct gw_scan_config *config, const char *text, size_t len,
			     struct gw_scan *out, struct gw_scan_elements *elements);

/*
 * Adds a warning where the use-by or best-before date lies before today (days since 1970-01-01,
 * local).  Returns true if the use-by date is past.
 */
bool gw_scan_check_dates(struct gw_scan *scan, int64_t today_days);

/* Writes "AI (17): no such date"; cuts at size.  Returns out. */
char *gw_scan_warning_text(const struct gw_scan_warning *warning, char *out, size_t size);

/* Overwrites memory so that no compiler leaves it out. */
void gw_scan_wipe(void *p, size_t len);

/* "product", "code", ... static. */
const char *gw_scan_kind_name(enum gw_scan_kind kind);
/* "price", "weight", "count"; "" for none. */
const char *gw_scan_measure_name(enum gw_scan_measure_type type);

/*
 * Region by name ("germany", "Great Britain", "great_britain") or ISO 3166 code ("DE").
 * GW_E_NOT_FOUND.
 */
int gw_scan_region_find(const char *name, enum gw_scan_region *region);
/* Name in small letters, static; NULL behind the last one. */
const char *gw_scan_region_name(enum gw_scan_region region);

/*
 * Parses a shop's rule, e.g. "28IIIIVNNNNNC weight 3 kg" or "2IIIIIVPPPPC price 2 EUR": 8, 12, 13
 * or 14 places (a digit: that digit; I item; N, P or W value; V verifier digit of the value; X any
 * digit, zeroed in the key; C check digit), then price|weight|count, decimals 0-6 (else 2, 3, 0),
 * and a unit of up to three characters.  The measure may be left out with P (price) and W (weight).
 * "21.....{NNDDD}" is taken, too.  GW_E_INPUT with the reason in why[why_size].
 */
int gw_scan_pattern_parse(struct gw_scan_pattern *pattern, const char *text, char *why,
			  size_t why_size);

#endif
