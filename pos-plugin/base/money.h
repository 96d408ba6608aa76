/*
 * Money is an integer in minor units (cents) beside the number of decimals of its currency; it is
 * never a floating-point number.  Pure functions.
 */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stddef.h>
#include <stdint.h>

/* Longest text gw_money_format writes, NUL included. */
#define GW_MONEY_MAX 32

/*
 * Parses decimal text ("3.49", "-0.5", "12") into minor units of a currency with `decimals`
 * (0-4) decimals.  GW_E_INPUT: empty, a character that does not belong, more decimals than the
 * currency has (unless they are zero), or beyond +-10^15.
 */
int gw_money_parse(const char *text, size_t len, int decimals, int64_t *minor);

/* Writes "12.99" / "-0.50" / "1299" and returns out. */
char *gw_money_format(char out[GW_MONEY_MAX], int64_t minor, int decimals);

/* Decimals of an ISO 4217 alphabetic code: 0, 2 (also for an unknown code), 3 or 4. */
int gw_money_decimals(const char *currency);

#endif
