/*
 * Trade item numbers: the check digit and the 14-digit form that is the key of an item (GS1
 * General Specifications, section 7.9: weights 3 and 1 from the right, modulo 10).  Pure functions.
 */
#ifndef BASE_GTIN_H
#define BASE_GTIN_H

#include <stdbool.h>
#include <stddef.h>

#define GW_GTIN_SIZE 15 /* 14 digits and the NUL */

static inline bool gw_all_digits(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return len > 0;
}

/* The check digit that belongs behind digits[0..len), as a character. */
static inline char gw_gtin_check_digit(const char *digits, size_t len)
{
	int sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (digits[i] - '0') * ((len - i) % 2 == 1 ? 3 : 1);
	return (char)('0' + (10 - sum % 10) % 10);
}

/* True for the lengths a GTIN comes in: 8, 12, 13, 14. */
static inline bool gw_gtin_length(size_t len)
{
	return len == 8 || (len >= 12 && len <= 14);
}

/*
 * Pads a GTIN-8, -12, -13 or -14 to 14 digits.  False, and out is "", if digits[0..len) has
 * another length, holds something else, or its check digit is wrong.
 */
static inline bool gw_gtin_normalise(const char *digits, size_t len, char out[GW_GTIN_SIZE])
{
	size_t pad = 14 - len;

	out[0] = '\0';
	if (!gw_gtin_length(len) || !gw_all_digits(digits, len) ||
	    gw_gtin_check_digit(digits, len - 1) != digits[len - 1])
		return false;
	for (size_t i = 0; i < 14; i++)
		out[i] = i < pad ? '0' : digits[i - pad];
	out[14] = '\0';
	return true;
}

#endif
