/*
 * Arithmetic of the numbers on goods: check digits, GTIN-14 normalisation, UPC-E, the classes of
 * GS1 prefixes, and the older numbers that live inside EAN-13 (ISBN, ISSN).  Pure functions over
 * ASCII digits; nothing is stored or allocated.
 *
 * Formulas: GS1 General Specifications, sections 7.9 (check digits), 7.10 (UPC-E), 1.4 (prefixes).
 *
 *	char gtin[15];
 *	if (gw_gtin_normalise(gtin, "96385074", 8) == GW_OK) ...
 */
#ifndef SCAN_GTIN_H
#define SCAN_GTIN_H

#include <stdbool.h>
#include <stddef.h>

#define GW_GTIN_SIZE 15

enum gw_gtin_class {
	GW_CLASS_GTIN8,       /* GTIN-8 */
	GW_CLASS_GTIN12,      /* GTIN-12 (UPC-A) */
	GW_CLASS_GTIN13,      /* GTIN-13 */
	GW_CLASS_GTIN14,      /* GTIN-14 with an indicator digit */
	GW_CLASS_RCN_COMPANY, /* in-store number of one company: GTIN-8 0 and 2, prefixes 04, 40-49
			       */
	GW_CLASS_RCN_REGION,  /* in-store number by regional rules: prefixes 02, 20-29 */
	GW_CLASS_COUPON,      /* 05, 981-984, 99 */
	GW_CLASS_REFUND,      /* 980 */
	GW_CLASS_ISSN,        /* 977 */
	GW_CLASS_ISBN,        /* 978, 979 */
	GW_CLASS_ISMN,        /* 9790 */
};

/* True if digits[0..n) are all '0'-'9'; n may be 0. */
bool gw_digits_only(const char *digits, size_t n);

/* Check digit (0-9) of a payload without its check digit: weights 3, 1, 3, ... from the right. */
int gw_gtin_check_digit(const char *payload, size_t n);

/* True if the last digit of digits[0..n) is the check digit of the others.  n >= 2. */
bool gw_gtin_valid(const char *digits, size_t n);

/* Verifier digit of a price or weight field of 4 or 5 digits (GenSpecs 7.9.3, 7.9.4); else -1. */
int gw_gtin_verifier(const char *field, size_t n);

/*
 * GTIN-8, -12, -13 or -14 to 14 digits; blanks around it are skipped.  GW_E_INPUT: another length,
 * another character, or a wrong check digit.
 */
int gw_gtin_normalise(char out[GW_GTIN_SIZE], const char *digits, size_t n);

/*
 * UPC-E to 12 digits of UPC-A.  n = 8 with number system and check digit, 7 without check digit,
 * 6 without either.  GW_E_INPUT: number system other than 0 or 1, wrong check digit, or a spelling
 * that no UPC-A is shortened to.
 */
int gw_upce_expand(char out[13], const char *digits, size_t n);

/* UPC-A of 12 valid digits to the 8 of UPC-E.  GW_E_INPUT where it cannot be shortened. */
int gw_upce_shorten(char out[9], const char *upca);

/* Class of 14 valid digits. */
enum gw_gtin_class gw_gtin_class(const char *gtin14);

/* ISBN-10 (blanks and hyphens allowed) to 13 digits.  GW_E_INPUT. */
int gw_isbn10_to_13(char out[14], const char *text, size_t n);
/* ISSN "2049-3630" with a two-digit variant to 13 digits.  GW_E_INPUT. */
int gw_issn_to_13(char out[14], const char *text, size_t n, const char *variant);
/* EAN-13 977... to "1234-1231".  GW_E_INPUT. */
int gw_issn_from_13(char out[10], const char *ean13);

#endif
