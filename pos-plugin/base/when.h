/*
 * Time as data: UTC milliseconds since 1970, the proleptic Gregorian calendar, RFC 3339 text.
 * Pure functions; nothing here reads a clock or a time zone.  Local time is UTC plus an offset
 * in minutes that the caller passes in.
 */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include <stddef.h>
#include <stdint.h>

#define GW_DAY_MS 86400000LL
/* "2026-11-22T09:41:12.345Z" and its NUL. */
#define GW_WHEN_MAX 25

struct gw_civil {
	int year;    /* 1..9999 */
	int month;   /* 1..12 */
	int day;     /* 1..31 */
	int hour;    /* 0..23 */
	int minute;  /* 0..59 */
	int second;  /* 0..59 */
	int ms;      /* 0..999 */
	int weekday; /* 0 = Monday .. 6 = Sunday */
};

/* Days since 1970-01-01 of a calendar day (H. Hinnant, "chrono-compatible low-level date
 * algorithms", days_from_civil). */
int64_t gw_days_from_civil(int year, int month, int day);
int gw_days_in_month(int year, int month);
struct gw_civil gw_civil_from_ms(int64_t ms);

/* Writes RFC 3339 UTC with milliseconds and returns out; years beyond 1..9999 are clamped. */
char *gw_when_format(char out[GW_WHEN_MAX], int64_t ms);

/*
 * Parses RFC 3339 ("2026-11-22T09:41:12.345Z", offset "+02:00", fraction optional, blank or 't'
 * for 'T').  GW_E_INPUT if it is anything else.
 */
int gw_when_parse(const char *text, size_t len, int64_t *ms);

/* Parses "YYYY-MM-DD" into days since 1970-01-01.  GW_E_INPUT if it is no such day. */
int gw_date_parse(const char *text, size_t len, int64_t *days);

#endif
