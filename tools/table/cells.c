/* Values in cells: one function per kind, each with a complaint that says what to write instead. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/money.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/when.h"
#include "scan/gtin.h"
#include "tools/table/read_set.h"
#include "tools/table/sheet.h"

/* A number of a GTIN's length, or complained of. */
static int read_gtin(const char *text, size_t len, char out[GW_CODE_MAX], struct gw_err *err)
{
	int digit;

	if (gw_gtin_normalise(out, text, len) == GW_OK)
		return GW_OK;
	digit = gw_gtin_check_digit(text, len - 1);
	return gw_err_set(err, GW_E_INPUT,
			  "the check digit of %s is %c, should be %d; correct the number, or write "
			  "internal:%s if it is no GTIN",
			  text, text[len - 1], digit, text);
}

/* Digits that would be a GTIN if a zero stood in front, as before a spreadsheet took it for a
 * number. */
static bool lost_zero(const char *text, size_t len)
{
	char zero[16] = "0";

	if (len != 7 && len != 11)
		return false;
	memcpy(zero + 1, text, len + 1);
	return gw_gtin_valid(zero, len + 1);
}

static bool looks_shortened(const char *text)
{
	size_t digits = strspn(text, "0123456789.,");

	return digits > 0 && (text[digits] == 'E' || text[digits] == 'e') &&
	       text[digits + 1] == '+' && strspn(text + digits + 2, "0123456789") > 0;
}

static int plain_code(const char *text, size_t len, char out[GW_CODE_MAX], struct gw_err *err)
{
	if (len == 0)
		return gw_err_set(err, GW_E_INPUT,
				  "the code is empty; give a GTIN or your own code");
	if (len >= GW_CODE_MAX)
		return gw_err_set(err, GW_E_INPUT, "the code is longer than %d bytes",
				  GW_CODE_MAX - 1);
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
			return gw_err_set(
				err, GW_E_INPUT,
				"the code may hold letters, digits and signs of ASCII only, "
				"no blanks, quotes or backslashes");
	memcpy(out, text, len + 1);
	return GW_OK;
}

int gw_code_read(const char *text, char out[GW_CODE_MAX], bool *doubt, struct gw_err *err)
{
	static const char internal[] = "internal:";
	size_t len = strlen(text);

	*doubt = false;
	out[0] = '\0';
	if (strncmp(text, internal, sizeof(internal) - 1) == 0)
		return plain_code(text + sizeof(internal) - 1, len - (sizeof(internal) - 1), out,
				  err);
	if (len > 0 && gw_digits_only(text, len)) {
		if (len == 8 || (len >= 12 && len <= 14))
			return read_gtin(text, len, out, err);
		*doubt = lost_zero(text, len);
	}
	if (looks_shortened(text))
		return gw_err_set(err, GW_E_INPUT,
				  "'%.40s' is a number that a spreadsheet shortened; format the "
				  "column as text and export again",
				  text);
	return plain_code(text, len, out, err);
}

int32_t gw_sheet_day(struct gw_sheet *sheet, int column, int32_t fallback)
{
	const char *text = gw_sheet_cell(sheet, column);
	int64_t day;

	if (text[0] == '\0')
		return fallback;
	if (gw_date_parse(text, strlen(text), &day) == GW_OK)
		return (int32_t)day;
	gw_sheet_error(sheet, column, "'%.40s' is not a day; write it as 2026-11-22", text);
	return fallback;
}

int64_t gw_sheet_minor(struct gw_sheet *sheet, int column, int decimals, int64_t fallback)
{
	const char *text = gw_sheet_cell(sheet, column);
	int64_t minor;

	if (text[0] == '\0')
		return fallback;
	if (gw_money_parse(text, strlen(text), decimals, &minor) == GW_OK && minor >= 0)
		return minor;
	gw_sheet_error(sheet, column,
		       "'%.40s' is not an amount; write it like %s, with a point and no currency",
		       text, decimals == 0 ? "349" : "3.49");
	return fallback;
}

int64_t gw_sheet_int(struct gw_sheet *sheet, int column, int64_t least, int64_t most,
		     int64_t fallback)
{
	const char *text = gw_sheet_cell(sheet, column);
	char *end;
	long long n;

	if (text[0] == '\0')
		return fallback;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && n >= least && n <= most)
		return n;
	gw_sheet_error(sheet, column, "'%.40s' must be a whole number from %lld to %lld", text,
		       (long long)least, (long long)most);
	return fallback;
}

double gw_sheet_real(struct gw_sheet *sheet, int column, double least, double most, double fallback)
{
	const char *text = gw_sheet_cell(sheet, column);
	char *end;
	double d;

	if (text[0] == '\0')
		return fallback;
	d = strtod(text, &end);
	if (strspn(text, "0123456789.+-eE") == strlen(text) && *end == '\0' && isfinite(d) &&
	    d >= least && d <= most)
		return d;
	gw_sheet_error(sheet, column, "'%.40s' must be a number from %g to %g like 0.25", text,
		       least, most);
	return fallback;
}

int gw_sheet_word(struct gw_sheet *sheet, int column, const char *const *words)
{
	const char *text = gw_sheet_cell(sheet, column);
	char room[100];
	struct gw_text list = gw_text_over(room, sizeof(room));

	if (text[0] == '\0')
		return 0;
	for (int i = 0; words[i] != NULL; i++) {
		if (strcasecmp(text, words[i]) == 0)
			return i;
		gw_text_addf(&list, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	gw_sheet_error(sheet, column, "'%.40s' is not one of %s", text, room);
	return 0;
}

const char *gw_sheet_text(struct gw_sheet *sheet, int column, char *room, size_t most)
{
	const char *text = gw_sheet_cell(sheet, column);
	size_t len = strlen(text);

	room[0] = '\0';
	if (!gw_utf8_valid(text, len))
		gw_sheet_error(sheet, column, "not UTF-8; save the file with the encoding UTF-8");
	else if (len > most)
		gw_sheet_error(sheet, column, "%zu bytes long; shorten it to %zu", len, most);
	else {
		gw_utf8_sanitize(room, most + 1, text, len);
		if (strcmp(room, text) != 0)
			gw_sheet_warning(sheet, column,
					 "control or invisible characters were taken out: '%s'",
					 room);
	}
	return room;
}

const char *gw_sheet_id(struct gw_sheet *sheet, int column, bool needed)
{
	const char *text = gw_sheet_cell(sheet, column);
	const char *name = sheet->columns[column].name;

	if (text[0] == '\0') {
		if (needed)
			gw_sheet_error(sheet, column, "%s is empty; give it a name", name);
		return "";
	}
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\\') {
			gw_sheet_error(sheet, column,
				       "%s may hold letters, digits and signs of ASCII only, no "
				       "blanks, quotes or backslashes",
				       name);
			return "";
		}
	if (strlen(text) >= GW_ID_MAX) {
		gw_sheet_error(sheet, column, "%s is longer than %d characters; shorten it", name,
			       GW_ID_MAX - 1);
		return "";
	}
	return text;
}
